"""What other libraries give, in float32, where naive forms of losses break: writes numerics.json beside itself.

    pip install torch torchvision optax keras; pip install --no-deps pytorch-metric-learning
    python3 test/golden/numerics.py

Made with torch 2.13.0, torchvision 0.29.1, pytorch-metric-learning 2.9.0, optax 0.2.8 on jax 0.10.2, keras 3.15.1 on torch.
An entry is {case, library, call, value, gradients}; `case` names the counterpart in registry/numerics.ts.
"""

import importlib
import importlib.util
import json
import math
import os
import pathlib
import sys
import types
from importlib.metadata import version

os.environ["KERAS_BACKEND"] = "torch"

import jax
import jax.numpy as jnp
import keras
import numpy as np
import optax
import torch
import torch.nn.functional as F
from pytorch_metric_learning import losses as pml

# torchvision's losses are plain Python; its compiled operators, which need the very torch they were built with, stay out.
base = importlib.util.find_spec("torchvision").submodule_search_locations[0]
for name, folder in [("torchvision", base), ("torchvision.ops", base + "/ops")]:
    module = types.ModuleType(name)
    module.__path__ = [folder]
    sys.modules[name] = module
utils = types.ModuleType("torchvision.utils")
utils._log_api_usage_once = lambda *_: None
sys.modules["torchvision.utils"] = utils
sigmoid_focal_loss = importlib.import_module("torchvision.ops.focal_loss").sigmoid_focal_loss
ciou_loss = importlib.import_module("torchvision.ops.ciou_loss").complete_box_iou_loss

entries = []
inf = float("inf")


def number(v):
    v = float(v)
    if math.isnan(v):
        return "NaN"
    if math.isinf(v):
        return "Infinity" if v > 0 else "-Infinity"
    return float(f"{v:.6g}") + 0.0


def flat(t):
    return [number(v) for v in np.asarray(t).reshape(-1)]


def with_torch(case, library, call, fn, *inputs):
    leaves = [torch.tensor(x, dtype=torch.float32, requires_grad=True) for x in inputs]
    value = fn(*leaves).sum()
    gradients = torch.autograd.grad(value, leaves, allow_unused=True)
    found = [flat(torch.zeros_like(t) if g is None else g) for g, t in zip(gradients, leaves)]
    entries.append(dict(case=case, library=f"{library} {version(library).split('+')[0]}", call=call, value=number(value.detach()), gradients=found))


def with_jax(case, call, fn, x):
    value, gradient = jax.value_and_grad(lambda z: jnp.sum(fn(z)))(jnp.array(x, dtype=jnp.float32))
    entries.append(dict(case=case, library=f"optax {optax.__version__}", call=call, value=number(value), gradients=[flat(gradient)]))


T = torch.tensor
one_hot = T([[1.0, 0.0]])

with_torch("softMargin", "torch", "soft_margin_loss(x = -100, y = 1)", lambda x: F.soft_margin_loss(x, T([1.0])), [-100.0])
with_torch("allIgnored", "torch", "cross_entropy, every label ignored", lambda x: F.cross_entropy(x, T([-100])), [[1.0, 2.0]])
with_torch("softTargetImpossible", "torch", "cross_entropy([1, -inf], [1, 0])", lambda x: F.cross_entropy(x, one_hot), [[1.0, -inf]])
with_jax("softTargetImpossible", "softmax_cross_entropy([1, -inf], [1, 0])", lambda x: optax.losses.softmax_cross_entropy(x, jnp.array([1.0, 0.0])), [1.0, -inf])
with_torch("klZeroPrediction", "torch", "kl_div([0, -inf], [1, 0])", lambda x: F.kl_div(x, one_hot, reduction="batchmean"), [[0.0, -inf]])
with_torch("klZeroTarget", "torch", "kl_div(log q, p = [1, 0]) by p", lambda p: F.kl_div(T([[-0.5, -1.0]]), p, reduction="batchmean"), [[1.0, 0.0]])
with_jax("klZeroTarget", "kl_divergence(log q, p = [1, 0]) by p", lambda p: optax.losses.kl_divergence(jnp.array([-0.5, -1.0]), p), [1.0, 0.0])
with_torch("focalSmallGamma", "torchvision", "sigmoid_focal_loss(x = 100, y = 1, gamma 0.5)", lambda x: sigmoid_focal_loss(x, T([1.0]), alpha=-1, gamma=0.5), [100.0])
with_torch("focalConfident", "torchvision", "sigmoid_focal_loss(x = 18, y = 1)", lambda x: sigmoid_focal_loss(x, T([1.0]), alpha=-1), [18.0])
with_torch("ctcImpossible", "torch", "ctc_loss: two equal labels in two steps", lambda x: F.ctc_loss(x.log_softmax(-1), T([[1, 1]]), T([2]), T([2])), np.zeros((2, 1, 3)))
with_torch("hingeEmbeddingLabels", "torch", "hinge_embedding_loss(x = 0.25, y = 0)", lambda x: F.hinge_embedding_loss(x, T([0.0])), [0.25])
with_jax("cosineZero", "cosine_distance of a zero vector", lambda x: optax.cosine_distance(x, jnp.array([1.0, 2.0])), [0.0, 0.0])
with_torch("cosineZero", "keras", "cosine_similarity of a zero vector", lambda x: keras.losses.cosine_similarity(T([[1.0, 2.0]]), x), [[0.0, 0.0]])
with_torch("emptyBox", "torchvision", "complete_box_iou_loss of two equal empty boxes", lambda x: ciou_loss(x, T([[1.0, 1, 1, 1]])), [[1.0, 1, 1, 1]])
with_torch("flatBox", "torchvision", "complete_box_iou_loss of a box without height", lambda x: ciou_loss(x, T([[0.0, 0, 2, 2]])), [[0.0, 1, 2, 1]])
arc_face = pml.ArcFaceLoss(2, 2)
with torch.no_grad():
    arc_face.W.copy_(torch.eye(2))
with_torch("arcFaceOnCentre", "pytorch-metric-learning", "ArcFaceLoss, an embedding on its centre", lambda x: arc_face(x, T([0])), [[2.0, 0.0]])
opposite = [[1.0, 0.0], [-0.8, 0.6], [1.0, 0.0], [-0.8, 0.6]]
with_torch("ntXentCold", "pytorch-metric-learning", "NTXentLoss(temperature 0.01), positives nearly opposite", lambda x: pml.NTXentLoss(temperature=0.01)(x, T([0, 0, 1, 1])), opposite)
with_torch("ncaFar", "pytorch-metric-learning", "NCALoss(softmax_scale 200), positives nearly opposite", lambda x: pml.NCALoss(softmax_scale=200)(x, T([0, 0, 1, 1])), opposite)
with_jax("tripletOddPower", "triplet_margin_loss(norm_degree 3)", lambda x: optax.losses.triplet_margin_loss(x, jnp.array([[1.0, 2.0]]), jnp.array([[3.0, 4.0]]), norm_degree=3), [[0.0, 0.0]])
with_jax("logCoshSmall", "log_cosh(1e-4)", lambda x: optax.losses.log_cosh(x, jnp.array([0.0])), [1e-4])
with_torch("logCoshSmall", "keras", "log_cosh(1e-4)", lambda x: keras.losses.log_cosh(T([[0.0]]), x), [[1e-4]])
with_torch("binaryMiss", "keras", "binary_focal_crossentropy(x = -100, y = 1), from logits", lambda x: keras.losses.binary_focal_crossentropy(T([[1.0]]), x, from_logits=True), [[-100.0]])
with_torch("softmaxFocalMiss", "keras", "categorical_focal_crossentropy([-100, 100], [1, 0]), from logits, alpha 1", lambda x: keras.losses.categorical_focal_crossentropy(one_hot, x, alpha=1.0, from_logits=True), [[-100.0, 100.0]])
with_torch("categoricalHinge", "keras", "categorical_hinge([-1, -3, -4], class 0)", lambda x: keras.losses.categorical_hinge(T([[1.0, 0.0, 0.0]]), x), [[-1.0, -3.0, -4.0]])
with_torch("generalizedMiss", "keras", "categorical_generalized_cross_entropy([0, 1], class 0)", lambda p: keras.losses.categorical_generalized_cross_entropy(T([0]), p, q=0.5), [[0.0, 1.0]])
with_torch("probabilityMiss", "keras", "binary_crossentropy(p = 1e-10, y = 1)", lambda p: keras.losses.binary_crossentropy(T([[1.0]]), p), [[1e-10]])

lines = ",\n".join(json.dumps(e) for e in entries)
pathlib.Path(__file__).with_suffix(".json").write_text(f"[\n{lines}\n]\n")
print(f"{len(entries)} entries")
