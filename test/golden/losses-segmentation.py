"""Reference values and gradients of the losses over masks: writes losses-segmentation.json beside itself.

    pip install monai keras optax kornia scipy jax
    pip install --no-deps segmentation-models-pytorch
    python3 test/golden/losses-segmentation.py

Versions: monai 1.6.1, segmentation-models-pytorch 0.6.0, keras 3.15.1, optax 0.2.8, kornia 0.9.0, scipy 1.17.1. What they
compute in float32 whatever the input is made to be float64 here. Where no library has the loss, the reference is the formula
of the paper with loops over samples and classes; mmdetection's, DETR's and Flux's forms of Dice are written out likewise.
"""

import importlib.util
import math
import os
import sys
import types

os.environ["KERAS_BACKEND"] = "torch"

import jax
import jax.numpy as jnp
import keras
import kornia
import monai.losses as monai
import monai.losses.unified_focal_loss as unified
import optax
import scipy.ndimage
import scipy.special
import torch
import torch.nn.functional as F

from golden import FORMULA, Golden, library

# Only the losses of segmentation_models_pytorch: its encoders want torchvision.
package = types.ModuleType("segmentation_models_pytorch")
package.__path__ = list(importlib.util.find_spec("segmentation_models_pytorch").submodule_search_locations)
sys.modules["segmentation_models_pytorch"] = package
import segmentation_models_pytorch.losses as smp  # noqa: E402

jax.config.update("jax_enable_x64", True)
keras.config.set_floatx("float64")
torch.Tensor.float = torch.Tensor.double

MONAI, SMP, KERAS = library("monai"), library("segmentation-models-pytorch"), library("keras")
OPTAX, KORNIA, SCIPY = library("optax"), library("kornia"), library("scipy")

golden = Golden(__file__, seed=5)
case = golden.case
p = golden.input("p", golden.uniform(2, 3, 2, 3, low=0.03, high=0.97))
x = golden.input("x", golden.normal(2, 3, 2, 3, std=1.5))
labels = golden.integers(2, 2, 3, high=3)
labels[1][labels[1] == 2] = 1  # the second sample lacks class 2
y = golden.input("y", labels)
without = labels.clone()
without[0, 0, 1] = without[1, 1, 2] = 255
void = golden.input("void", without)
soft = golden.input("soft", golden.uniform(2, 3, 2, 3))
p1 = golden.input("p1", golden.uniform(2, 1, 2, 3, low=0.03, high=0.97))
x1 = golden.input("x1", golden.normal(2, 1, 2, 3, std=1.5))
y1 = golden.input("y1", golden.integers(2, 1, 2, 3, high=2).double())
weights = torch.tensor([1.0, 2.0, 0.5])
W = weights.tolist()


def one_hot(y, classes=3):
    """[n, ...pixels] -> [n, classes, ...pixels]; nothing where the label is no class."""
    return torch.stack([(y == c).double() for c in range(classes)], 1)


def counted(y):
    return (y != 255).unsqueeze(1)


def flat(v):
    """The losses of a MONAI loss with reduction "none", without its axes of size 1."""
    return v.reshape(v.shape[:2])


def each_class(p, t, axis, fn):
    """fn of the pixels of each class in each sample, [n, classes], or of each class, [classes]."""
    classes = range(p.shape[1])
    if axis == "all":
        return fn(p, t)
    if axis == "batch":
        return torch.stack([fn(p[:, c], t[:, c]) for c in classes])
    return torch.stack([torch.stack([fn(p[i, c], t[i, c]) for c in classes]) for i in range(len(p))])


def from_jax(fn):
    """fn of JAX arrays, as a value to which PyTorch knows the gradient by the first argument."""

    class Bridge(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            a, b = jnp.asarray(a.detach().numpy()), jnp.asarray(b.detach().numpy())
            value, ctx.back = jax.vjp(lambda a: fn(a, b), a)
            return torch.tensor(value.tolist())

        @staticmethod
        def backward(ctx, g):
            return torch.tensor(ctx.back(jnp.asarray(g.numpy()))[0].tolist()), None

    return Bridge.apply


# Dice: the library of each preset, run.
def dice(p, t, squared=False, smooth=(0.0, 0.0), soft_label=False):
    overlap = torch.minimum(p, t).sum() if soft_label else (p * t).sum()
    below = (p * p + t * t).sum() if squared else (p + t).sum()
    return 1 - (2 * overlap + smooth[0]) / (below + smooth[1])


for reduction in ["none", "mean", "sum"]:
    shape = flat if reduction == "none" else (lambda v: v)
    case("dice", [p, y], {"preset": "monai", "reduction": reduction},
         lambda p, y: shape(monai.DiceLoss(reduction=reduction)(p, one_hot(y))), MONAI)
case("dice", [p, soft], {"preset": "monai"}, lambda p, t: monai.DiceLoss()(p, t), MONAI)
case("dice", [p, soft], {"preset": "monai", "softLabel": True}, lambda p, t: monai.DiceLoss(soft_label=True)(p, t), MONAI)
case("dice", [p, y], {"preset": "monai", "squared": True, "axis": "batch"},
     lambda p, y: monai.DiceLoss(squared_pred=True, batch=True)(p, one_hot(y)), MONAI)
case("dice", [p, y], {"preset": "monai", "classWeight": W}, lambda p, y: monai.DiceLoss(weight=weights)(p, one_hot(y)), MONAI)
case("dice", [p, y], {"preset": "monai", "classWeight": W, "includeBackground": False},
     lambda p, y: monai.DiceLoss(weight=weights[1:], include_background=False)(p, one_hot(y)), MONAI)
case("dice", [p, y], {"preset": "monai", "smoothNumerator": 0.1, "smoothDenominator": 0.3},
     lambda p, y: monai.DiceLoss(smooth_nr=0.1, smooth_dr=0.3)(p, one_hot(y)), MONAI)
case("dice", [x, y], {"preset": "monai", "activation": "softmax"}, lambda x, y: monai.DiceLoss(softmax=True)(x, one_hot(y)), MONAI)
case("dice", [x, y], {"preset": "monai", "activation": "sigmoid"}, lambda x, y: monai.DiceLoss(sigmoid=True)(x, one_hot(y)), MONAI)
case("dice", [p, void], {"preset": "monai", "ignoreIndex": 255},
     lambda p, y: monai.DiceLoss(to_onehot_y=True, ignore_index=255)(p, y.unsqueeze(1)), MONAI)
case("dice", [p, y], {"preset": "keras"}, lambda p, y: keras.losses.dice(one_hot(y), p), KERAS)
case("dice", [p, soft], {"preset": "keras"}, lambda p, t: keras.losses.dice(t, p), KERAS)
case("dice", [p, y], {"preset": "keras", "axis": "sample", "reduction": "none"},
     lambda p, y: keras.losses.dice(one_hot(y), p, axis=(2, 3)), KERAS)
for log in [False, True]:
    more = {"log": True, "smooth": 0.5} if log else {}
    case("dice", [x, y], {"preset": "smp", "activation": "softmax", **more},
         lambda x, y: smp.DiceLoss("multiclass", log_loss=log, smooth=0.25 if log else 0.0)(x, y), SMP)
case("dice", [p1, y1], {"preset": "smp"}, lambda p, t: smp.DiceLoss("binary", from_logits=False)(p, t), SMP)
case("dice", [p, soft], {"preset": "smp"}, lambda p, t: smp.DiceLoss("multilabel", from_logits=False)(p, t), SMP)
case("dice", [p, void], {"preset": "smp", "ignoreIndex": 255},
     lambda p, y: smp.DiceLoss("multiclass", from_logits=False, ignore_index=255)(p, y), SMP)
last = lambda a: jnp.moveaxis(a, 1, -1)
case("dice", [x, y], {"preset": "optax", "activation": "softmax"},
     lambda x, y: from_jax(lambda x, t: optax.losses.dice_loss(last(x), last(t)).mean())(x, one_hot(y)), OPTAX)
case("dice", [x1, y1], {"preset": "optax", "activation": "sigmoid"},
     lambda x, t: from_jax(lambda x, t: optax.losses.dice_loss(last(x), last(t)).mean())(x, t.detach()), OPTAX, gradients=False)
case("dice", [x, y], {"preset": "detr", "activation": "sigmoid", "reduction": "none"},
     lambda x, y: each_class(torch.sigmoid(x), one_hot(y), "sample", lambda p, t: dice(p, t, smooth=(1.0, 1.0))), FORMULA)
case("dice", [p, y], {"preset": "mmdet"},
     lambda p, y: each_class(p, one_hot(y), "sample", lambda p, t: dice(p, t, True, (0.0, 2e-3))).mean(), FORMULA)
case("dice", [p, y], {"preset": "flux"}, lambda p, y: dice(p, one_hot(y), True, (1.0, 1.0)), FORMULA)
for axis in ["sample", "batch", "all"]:
    case("logCoshDice", [p, y], {"axis": axis, "reduction": "none"},
         lambda p, y: each_class(p, one_hot(y), axis, lambda p, t: torch.log(torch.cosh(dice(p, t, smooth=(1.0, 1.0))))), FORMULA)
case("logCoshDice", [p, y], {"squared": True, "smooth": 0.3, "classWeight": W},
     lambda p, y: (weights * each_class(p, one_hot(y), "sample", lambda p, t: torch.log(torch.cosh(dice(p, t, True, (0.3, 0.3)))))).mean(), FORMULA)

# Jaccard and Tversky.
case("jaccard", [p, y], {"preset": "monai"}, lambda p, y: monai.DiceLoss(jaccard=True)(p, one_hot(y)), MONAI)
case("jaccard", [p, y], {"preset": "monai", "squared": True, "axis": "batch", "reduction": "sum"},
     lambda p, y: monai.DiceLoss(jaccard=True, squared_pred=True, batch=True, reduction="sum")(p, one_hot(y)), MONAI)
case("jaccard", [p, soft], {"preset": "monai", "softLabel": True},
     lambda p, t: monai.DiceLoss(jaccard=True, soft_label=True)(p, t), MONAI)
case("jaccard", [p, y], {"smoothNumerator": 0.1, "smoothDenominator": 0.3, "classWeight": W, "reduction": "none"},
     lambda p, y: flat(monai.DiceLoss(jaccard=True, smooth_nr=0.2, smooth_dr=0.6, weight=weights, reduction="none")(p, one_hot(y))), MONAI)
case("jaccard", [x, y], {"preset": "smp", "activation": "softmax"}, lambda x, y: smp.JaccardLoss("multiclass")(x, y), SMP)
case("jaccard", [x, y], {"preset": "smp", "activation": "softmax", "log": True, "smooth": 0.5},
     lambda x, y: smp.JaccardLoss("multiclass", log_loss=True, smooth=0.5)(x, y), SMP)
case("jaccard", [p, soft], {"preset": "smp"}, lambda p, t: smp.JaccardLoss("multilabel", from_logits=False)(p, t), SMP)
case("jaccard", [p, y], {"axis": "all", "includeBackground": False},
     lambda p, y: 1 - (p * one_hot(y))[:, 1:].sum() / (p + one_hot(y) - p * one_hot(y))[:, 1:].sum(), FORMULA)

ab = {"alpha": 0.3, "beta": 0.9}
for reduction in ["none", "mean", "sum"]:
    case("tversky", [p, y], {"preset": "monai", **ab, "reduction": reduction},
         lambda p, y: monai.TverskyLoss(**ab, reduction=reduction)(p, one_hot(y)), MONAI)
case("tversky", [p, soft], {"preset": "monai", **ab, "softLabel": True}, lambda p, t: monai.TverskyLoss(**ab, soft_label=True)(p, t), MONAI)
case("tversky", [x, y], {"preset": "monai", "activation": "softmax", "axis": "batch", "includeBackground": False},
     lambda x, y: monai.TverskyLoss(softmax=True, batch=True, include_background=False)(x, one_hot(y)), MONAI)
case("tversky", [p, y], {"smoothNumerator": 0.1, "smoothDenominator": 0.3, "alpha": 2},
     lambda p, y: monai.TverskyLoss(alpha=2, smooth_nr=0.1, smooth_dr=0.3)(p, one_hot(y)), MONAI)
case("tversky", [p, void], {"preset": "monai", **ab, "ignoreIndex": 255},
     lambda p, y: monai.TverskyLoss(**ab, to_onehot_y=True, ignore_index=255)(p, y.unsqueeze(1)), MONAI)
# Keras's code weighs false negatives by alpha, against its documentation.
case("tversky", [p, y], {"preset": "keras", **ab}, lambda p, y: keras.losses.tversky(one_hot(y), p, alpha=0.3, beta=0.9), KERAS)
case("tversky", [x, y], {"preset": "smp", "activation": "softmax", **ab}, lambda x, y: smp.TverskyLoss("multiclass", **ab)(x, y), SMP)
case("tversky", [p, soft], {"preset": "smp", **ab}, lambda p, t: smp.TverskyLoss("multilabel", from_logits=False, **ab)(p, t), SMP)


def tversky(p, t, alpha, beta, smooth=0.0):
    tp, fp, fn = (p * t).sum(), ((1 - t) * p).sum(), ((1 - p) * t).sum()
    return 1 - (tp + smooth) / (tp + alpha * fp + beta * fn + smooth)


case("focalTversky", [p, y], {"smooth": 1, "reduction": "none"},
     lambda p, y: each_class(p, one_hot(y), "sample", lambda p, t: tversky(p, t, 0.3, 0.7, 1.0)) ** 0.75, FORMULA)
case("focalTversky", [p, y], {**ab, "gamma": 0.5, "axis": "batch", "classWeight": W},
     lambda p, y: (weights * each_class(p, one_hot(y), "batch", lambda p, t: tversky(p, t, 0.3, 0.9)) ** 2).mean(), FORMULA)

# Generalised Dice.
for w_type in ["square", "simple", "uniform"]:
    for axis in ["sample", "batch"]:
        case("generalizedDice", [p, y], {"preset": "monai", "weighting": w_type, "axis": axis, "reduction": "none"},
             lambda p, y: monai.GeneralizedDiceLoss(w_type=w_type, batch=axis == "batch", reduction="none")(p, one_hot(y)).squeeze(), MONAI)
case("generalizedDice", [x, y], {"preset": "monai", "includeBackground": False, "activation": "softmax"},
     lambda x, y: monai.GeneralizedDiceLoss(include_background=False, softmax=True)(x, one_hot(y)), MONAI)
case("generalizedDice", [p, soft], {"smoothNumerator": 0.1, "smoothDenominator": 0.3, "softLabel": True, "reduction": "sum"},
     lambda p, t: monai.GeneralizedDiceLoss(smooth_nr=0.1, smooth_dr=0.3, soft_label=True, reduction="sum")(p, t), MONAI, gradients=False)
case("generalizedDice", [p, y], {"smooth": 0}, lambda p, y: monai.GeneralizedDiceLoss(smooth_nr=0, smooth_dr=0)(p, one_hot(y)), MONAI)
tree = torch.tensor([[0.0, 2.0, 2.0], [2.0, 0.0, 1.0], [2.0, 1.0, 0.0]])
distances = golden.input("distances", tree)
for mode, weighting in [("default", "foreground"), ("GDL", "volume")]:
    for reduction in ["none", "mean"]:
        case("generalizedWassersteinDice", [x, y, distances],
             {"activation": "softmax", "weighting": weighting, "smooth": 1e-5, "reduction": reduction},
             lambda x, y, m: monai.GeneralizedWassersteinDiceLoss(tree, mode, reduction)(x, y), MONAI, gradients=False)


def wasserstein(p, y, m, smooth):
    tp = errors = 0
    for r in range(y.shape[0]):
        for c in range(y.shape[1]):
            w = sum(m[y[r, c], k] * p[k, r, c] for k in range(3))
            errors = errors + w
            tp = tp + (1 - w if y[r, c] > 0 else 0)
    return 1 - (2 * tp + smooth[0]) / (2 * tp + errors + smooth[1])


case("generalizedWassersteinDice", [p, y, distances], {"smoothNumerator": 0.1, "smoothDenominator": 0.3},
     lambda p, y, m: torch.stack([wasserstein(p[i], y[i], m / m.amax(), (0.1, 0.3)) for i in range(2)]).mean(), FORMULA)

# An overlap plus a loss of each pixel.
s5 = {"smooth": 1e-5}
for reduction in ["mean", "sum"]:
    case("diceCrossEntropy", [x, y], {**s5, "reduction": reduction},
         lambda x, y: monai.DiceCELoss(softmax=True, to_onehot_y=True, reduction=reduction)(x, y.unsqueeze(1)), MONAI)
case("diceCrossEntropy", [x, soft], {**s5, "labelSmoothing": 0.2, "squared": True, "jaccard": False},
     lambda x, t: monai.DiceCELoss(softmax=True, squared_pred=True, label_smoothing=0.2)(x, t), MONAI)
case("diceCrossEntropy", [x, y], {"smooth": 0.5e-5, "jaccard": True, "axis": "batch", "diceWeight": 0.3, "crossEntropyWeight": 2},
     lambda x, y: monai.DiceCELoss(softmax=True, to_onehot_y=True, jaccard=True, batch=True, lambda_dice=0.3, lambda_ce=2.0)(x, y.unsqueeze(1)), MONAI)
case("diceCrossEntropy", [x, y], {**s5, "classWeight": W, "includeBackground": False},
     lambda x, y: monai.DiceCELoss(softmax=True, to_onehot_y=True, include_background=False, weight=weights)(x, y.unsqueeze(1)), MONAI)
case("diceCrossEntropy", [x1, y1], {**s5, "activation": "sigmoid"}, lambda x, t: monai.DiceCELoss(sigmoid=True)(x, t), MONAI)
case("diceCrossEntropy", [x, void], {"ignoreIndex": 255, "smoothNumerator": 0.1, "smoothDenominator": 0.2},
     lambda x, y: monai.DiceLoss(softmax=True, to_onehot_y=True, smooth_nr=0.1, smooth_dr=0.2, ignore_index=255)(x, y.unsqueeze(1))
     + F.cross_entropy(x, y, ignore_index=255), MONAI)
for reduction, scale in [("mean", 1), ("sum", 6)]:  # MONAI's sum is over classes and samples of means over the 6 pixels
    case("diceFocal", [x, y], {"smooth": 0.1, "reduction": reduction},
         lambda x, y: monai.DiceLoss(softmax=True, smooth_nr=0.1, smooth_dr=0.1, reduction=reduction)(x, one_hot(y))
         + scale * monai.FocalLoss(reduction=reduction)(x, one_hot(y)), MONAI)
case("diceFocal", [x, y], {**s5, "gamma": 1.5, "classWeight": W, "diceWeight": 0.5, "focalWeight": 3, "alpha": 0.3},
     lambda x, y: monai.DiceFocalLoss(softmax=True, gamma=1.5, weight=weights, lambda_dice=0.5, lambda_focal=3.0, alpha=0.3)(x, one_hot(y)), MONAI)
case("diceFocal", [x, y], {**s5, "activation": "sigmoid", "includeBackground": False, "squared": True},
     lambda x, y: monai.DiceFocalLoss(sigmoid=True, include_background=False, squared_pred=True)(x, one_hot(y)), MONAI)
case("diceFocal", [x, void], {"ignoreIndex": 255, **s5},
     lambda x, y: monai.DiceLoss(softmax=True, to_onehot_y=True, ignore_index=255)(x, y.unsqueeze(1))
     + (monai.FocalLoss(reduction="none")(x, one_hot(y)) * counted(y)).sum() / (3 * counted(y).sum()), MONAI)
case("generalizedDiceFocal", [x, y], {**s5}, lambda x, y: monai.GeneralizedDiceFocalLoss(softmax=True)(x, one_hot(y)), MONAI)
case("generalizedDiceFocal", [x, y], {**s5, "activation": "sigmoid", "weighting": "simple", "axis": "batch", "gamma": 1, "classWeight": W,
     "diceWeight": 0.5, "focalWeight": 3},
     lambda x, y: monai.GeneralizedDiceFocalLoss(sigmoid=True, w_type="simple", batch=True, gamma=1.0, weight=weights, lambda_gdl=0.5, lambda_focal=3.0)(x, one_hot(y)), MONAI)


def clipped(p):
    return torch.maximum(p, torch.tensor(1e-7))


def combo(p, t, alpha, beta, smooth):
    entropy = -(beta * t * torch.log(clipped(p)) + (1 - beta) * (1 - t) * torch.log(clipped(1 - p))).mean()
    return alpha * entropy - (1 - alpha) * (1 - each_class(p, t, "sample", lambda p, t: dice(p, t, smooth=(smooth, smooth)))).mean()


case("combo", [p, y], {}, lambda p, y: combo(p, one_hot(y), 0.5, 0.5, 1.0), FORMULA)
case("combo", [x, y], {"alpha": 0.3, "beta": 0.8, "smooth": 0.2, "activation": "sigmoid"},
     lambda x, y: combo(torch.sigmoid(x), one_hot(y), 0.3, 0.8, 0.2), FORMULA)


def exponential(p, t, w, dice_weight, entropy_weight, g, h, smooth):
    coefficient = 1 - each_class(p, t, "sample", lambda p, t: dice(p, t, smooth=(smooth, smooth)))
    pixels = sum(w[c] * t[:, c] * (-torch.log(p[:, c])) ** h for c in range(3))
    return dice_weight * ((-torch.log(coefficient)) ** g).mean() + entropy_weight * pixels.mean()


case("exponentialLogarithmic", [p, y], {}, lambda p, y: exponential(p, one_hot(y), [1, 1, 1], 0.8, 0.2, 0.3, 0.3, 1.0), FORMULA)
case("exponentialLogarithmic", [x, y],
     {"diceWeight": 0.5, "crossEntropyWeight": 2, "diceGamma": 1.5, "crossEntropyGamma": 0.6, "smooth": 0.2, "classWeight": W, "activation": "softmax"},
     lambda x, y: exponential(torch.softmax(x, 1), one_hot(y), W, 0.5, 2, 1.5, 0.6, 0.2), FORMULA)

# Lovasz.
xb = golden.input("xb", golden.normal(2, 3, 4, std=1.5))
tb = golden.input("tb", golden.integers(2, 3, 4, high=2))
voided = golden.inputs[tb].clone()
voided[0, 1, 1] = voided[1, 2, 0] = 255
vb = golden.input("vb", voided)
for axis in ["sample", "batch"]:
    for target, ignore in [(tb, None), (vb, 255)]:
        case("lovaszHinge", [xb, target], {"axis": axis, **({"ignoreIndex": 255} if ignore else {})},
             lambda x, t: smp.LovaszLoss("binary", per_image=axis == "sample", ignore_index=ignore)(x, t), SMP)
    case("lovaszSoftmax", [x, y], {"axis": axis, "activation": "softmax"},
         lambda x, y: smp.LovaszLoss("multiclass", per_image=axis == "sample")(x, y), SMP)
case("lovaszSoftmax", [x, void], {"activation": "softmax", "ignoreIndex": 255},
     lambda x, y: smp.LovaszLoss("multiclass", ignore_index=255)(x, y), SMP)


def jaccard_of(wrong, t):
    """The Jaccard loss of predictions that are wrong at some pixels."""
    predicted = t ^ wrong
    union = (predicted | t).sum()
    return 0.0 if union == 0 else 1 - ((predicted & t).sum() / union).item()


def extension(errors, t):
    """The Lovasz extension by its definition: sum over the errors in falling order of (error - next error) Jaccard(set)."""
    order = sorted(range(len(errors)), key=lambda i: -errors[i].item())
    total, wrong = 0.0, torch.zeros(len(errors), dtype=torch.bool)
    for k, i in enumerate(order):
        wrong[i] = True
        following = errors[order[k + 1]] if k + 1 < len(order) else 0.0
        total = total + (errors[i] - following) * jaccard_of(wrong, t)
    return total


def lovasz_classes(p, y, w=(1, 1, 1)):
    return torch.stack([w[c] * extension((one_hot(y)[:, c] - p[:, c]).abs().reshape(-1), (y == c).reshape(-1)) for c in range(3)])


case("lovaszHinge", [xb, tb], {"reduction": "none"},
     lambda x, t: torch.stack([extension(F.relu(1 - x[i] * (2 * t[i] - 1)).reshape(-1), t[i].reshape(-1) == 1) for i in range(2)]), FORMULA)
case("lovaszSoftmax", [p, y], {"classes": "all", "reduction": "none", "classWeight": W}, lambda p, y: lovasz_classes(p, y, W), FORMULA)
case("lovaszSoftmax", [p, y], {"classes": "all", "includeBackground": False}, lambda p, y: lovasz_classes(p, y)[1:].mean(), FORMULA)
case("lovaszSoftmax", [p, y], {"axis": "sample", "reduction": "sum"},
     lambda p, y: lovasz_classes(p[:1], y[:1]).sum() + lovasz_classes(p[1:], y[1:])[:2].sum(), FORMULA)

# All four counts.
case("matthews", [p1, y1], {"smooth": 1e-5, "axis": "all"}, lambda p, t: smp.MCCLoss()(p, t), SMP)
for reduction in ["none", "mean", "sum"]:
    case("matthews", [p, y], {"smoothDenominator": 1e-5, "reduction": reduction}, lambda p, y: monai.MCCLoss(reduction=reduction)(p, one_hot(y)), MONAI)
case("matthews", [x, y], {"smoothNumerator": 0.2, "smoothDenominator": 0.1, "axis": "batch", "includeBackground": False, "activation": "softmax"},
     lambda x, y: monai.MCCLoss(softmax=True, smooth_nr=0.2, smooth_dr=0.1, batch=True, include_background=False)(x, one_hot(y)), MONAI)


def matthews(p, t):
    """Pearson's correlation of two binary variables, by their joint probabilities."""
    both, first, second = (p * t).mean(), p.mean(), t.mean()
    return 1 - (both - first * second) / (torch.sqrt(first * (1 - first)) * torch.sqrt(second * (1 - second)))


case("matthews", [p, soft], {"reduction": "none"}, lambda p, t: each_class(p, t, "sample", matthews), FORMULA)
seen = lambda p, y: (p.movedim(1, -1)[y != 255].T.reshape(1, 3, -1), y[y != 255].reshape(1, -1))
case("matthews", [p, void], {"axis": "batch", "ignoreIndex": 255},
     lambda p, y: each_class(seen(p, y)[0], one_hot(seen(p, y)[1]), "batch", matthews).mean(), FORMULA)


def sensitivity(p, t, s):
    error = (t - p) ** 2
    part = lambda w: 0 if w.sum() == 0 else (error * w).sum() / w.sum()
    return s * part(t) + (1 - s) * part(1 - t)


case("sensitivitySpecificity", [p, y], {"reduction": "none"}, lambda p, y: each_class(p, one_hot(y), "sample", lambda p, t: sensitivity(p, t, 0.05)), FORMULA)
case("sensitivitySpecificity", [x, y], {"sensitivity": 0.4, "axis": "batch", "includeBackground": False, "activation": "softmax"},
     lambda x, y: each_class(torch.softmax(x, 1), one_hot(y), "batch", lambda p, t: sensitivity(p, t, 0.4))[1:].mean(), FORMULA)
case("sensitivitySpecificity", [p, void], {"axis": "batch", "ignoreIndex": 255},
     lambda p, y: each_class(seen(p, y)[0], one_hot(seen(p, y)[1]), "batch", lambda p, t: sensitivity(p, t, 0.05)).mean(), FORMULA)

# Asymmetric and unified focal: MONAI has two classes.
q = golden.input("q", torch.round(torch.softmax(golden.normal(2, 2, 2, 3, std=1.5), 1) * 1000) / 1000)
yq = golden.input("yq", golden.integers(2, 2, 3, high=2))
for delta, gamma in [(0.7, 2), (0.4, 0.5)]:
    given = {"delta": delta, "gamma": gamma}
    case("asymmetricFocal", [q, yq], given, lambda p, y: 2 * unified.AsymmetricFocalLoss(**given)(p, one_hot(y, 2)), f"twice {MONAI}")
case("asymmetricFocal", [q, yq], {"reduction": "none"},
     lambda p, y: unified.AsymmetricFocalLoss(reduction="none")(p, one_hot(y, 2)).sum(1), MONAI)


def asymmetric(p, y, delta=0.7, gamma=2.0):
    terms = [(1 - delta) * (1 - p[:, 0]) ** gamma * -torch.log(p[:, 0])] + [-delta * torch.log(p[:, c]) for c in (1, 2)]
    return sum(one_hot(y)[:, c] * terms[c] for c in range(3))


case("asymmetricFocal", [x, y], {"activation": "softmax", "reduction": "none"}, lambda x, y: asymmetric(torch.softmax(x, 1), y), FORMULA)
case("asymmetricFocal", [x, void], {"activation": "sigmoid", "ignoreIndex": 255},
     lambda x, y: asymmetric(torch.sigmoid(x), y).sum() / counted(y).sum(), FORMULA)
for given in [{}, {"delta": 0.3, "gamma": 0.2}, {"reduction": "none"}, {"reduction": "sum"}]:
    case("asymmetricFocalTversky", [q, yq], given, lambda p, y: unified.AsymmetricFocalTverskyLoss(**given)(p, one_hot(y, 2)), MONAI)
case("asymmetricFocalTversky", [p, y], {"smooth": 0.1},
     lambda p, y: (each_class(p, one_hot(y), "sample", lambda p, t: tversky(p, t, 0.3, 0.7, 0.1)) ** torch.tensor([1, 0.25, 0.25])).mean(), FORMULA)
# MONAI's mean of the focal part is half of that over pixels: w / 2 focal + (1 - w) Tversky = (1 - w / 2) (v focal + (1 - v) Tversky).
for w, given in [(0.5, {"delta": 0.7}), (0.8, {"delta": 0.4, "gamma": 0.3})]:
    case("unifiedFocal", [q, yq], {"weight": w / 2 / (1 - w / 2), **given},
         lambda p, y: monai.AsymmetricUnifiedFocalLoss(weight=w, **given)(p, one_hot(y, 2)) / (1 - w / 2), f"{MONAI}, rescaled")
case("unifiedFocal", [p, y], {"reduction": "sum"},
     lambda p, y: 0.5 * asymmetric(p, y, 0.6, 0.5).sum()
     + 0.5 * (each_class(p, one_hot(y), "sample", lambda p, t: tversky(p, t, 0.4, 0.6, 1e-7)) ** torch.tensor([1, 0.5, 0.5])).sum(), FORMULA)

# Shapes: skeletons, distances, boundaries. The prediction is a disturbed target, so that erosions leave something.
def distinct(*shape):
    """Numbers in [0, 1), no two alike, so that no gradient depends on how ties are broken."""
    size = math.prod(shape)
    return (torch.randperm(size, generator=golden.generator) / size).reshape(shape)


round4 = lambda v: torch.round(v * 10000) / 10000
tubes = torch.zeros(1, 2, 5, 6)
tubes[0, 1, 1:4, 1:5] = 1
tubes[0, 1, 2, 5] = 1
tubes[0, 0] = 1 - tubes[0, 1]
yt = golden.input("yt", tubes[:, 1].long())
shape = golden.input("shape", round4(tubes * 0.6 + 0.02 + 0.3 * distinct(1, 2, 5, 6)))
wrong = golden.input("wrong", round4(0.98 - tubes * 0.93 - 0.04 * distinct(1, 2, 5, 6)))
hot = lambda y: one_hot(y, 2)
case("clDice", [shape, yt], {"epsilon": 1e-4}, lambda p, y: monai.SoftclDiceLoss()(p, hot(y)), MONAI)
case("clDice", [wrong, yt], {"epsilon": 1e-4, "iterations": 1, "smooth": 0.3, "includeBackground": False, "reduction": "none"},
     lambda p, y: monai.SoftclDiceLoss(iter_=1, smooth_nr=0.3, smooth_dr=0.3, include_background=False, reduction="none")(p, hot(y)), MONAI)
case("clDice", [shape, yt], {"reduction": "sum"}, lambda p, y: monai.SoftclDiceLoss(smooth=1e-300, reduction="sum")(p, hot(y)), MONAI)
for reduction in ["mean", "sum"]:
    case("diceClDice", [shape, yt], {"epsilon": 1e-4, "reduction": reduction}, lambda p, y: monai.SoftDiceclDiceLoss(reduction=reduction)(p, hot(y)), MONAI)
case("diceClDice", [wrong, yt], {"epsilon": 1e-4, "alpha": 0.2, "iterations": 2, "smooth": 0.3},
     lambda p, y: monai.SoftDiceclDiceLoss(iter_=2, alpha=0.2, smooth_nr=0.3, smooth_dr=0.3)(p, hot(y)), MONAI)

for prediction in [shape, wrong]:
    case("hausdorffDistanceTransform", [prediction, yt], {}, lambda p, y: monai.HausdorffDTLoss(include_background=True)(p, hot(y)), MONAI)
noise = golden.input("noise", golden.uniform(2, 2, 5, 4))
noiseLabels = golden.input("noiseLabels", golden.integers(2, 5, 4, high=2))
for reduction in ["none", "sum"]:
    pick = flat if reduction == "none" else (lambda v: v)
    case("hausdorffDistanceTransform", [noise, noiseLabels], {"alpha": 1.5, "reduction": reduction},
         lambda p, y: pick(monai.HausdorffDTLoss(alpha=1.5, include_background=True, reduction=reduction)(p, hot(y))), MONAI)
case("hausdorffDistanceTransform", [noise, noiseLabels], {"log": True, "includeBackground": False, "reduction": "none"},
     lambda p, y: flat(monai.LogHausdorffDTLoss(reduction="none")(p, hot(y))), MONAI)
case("hausdorffDistanceTransform", [noise, noiseLabels], {"axis": "batch"},
     lambda p, y: monai.HausdorffDTLoss(include_background=True, batch=True)(p, hot(y)), MONAI)


def to_other(mask):
    field = torch.zeros_like(mask)
    for i in range(mask.shape[0]):
        for c in range(mask.shape[1]):
            m = (mask[i, c] > 0.5).numpy()
            edt = scipy.ndimage.distance_transform_edt
            field[i, c] = torch.tensor(edt(m) + edt(~m)) if m.any() and not m.all() else 0
    return field


predicted = golden.input("predictedDistances", to_other(golden.inputs["noise"]))
target = golden.input("targetDistances", to_other(hot(golden.inputs["noiseLabels"])))
case("hausdorffDistanceTransform", [noise, noiseLabels], {"predictedDistances": predicted, "targetDistances": target},
     lambda p, y: ((p - hot(y)) ** 2 * (to_other(p.detach()) ** 2 + to_other(hot(y)) ** 2)).mean(), SCIPY)
channels = lambda v: v[:, :, 0].transpose(0, 1)  # [classes, n, 1, h, w] -> [n, classes, h, w]
case("hausdorffErosion", [wrong, yt], {}, lambda p, y: kornia.losses.HausdorffERLoss()(p, y.unsqueeze(1)), KORNIA)
case("hausdorffErosion", [wrong, yt], {"alpha": 1.5, "erosions": 3, "reduction": "none"},
     lambda p, y: channels(kornia.losses.HausdorffERLoss(1.5, 3, "none")(p, y.unsqueeze(1))), KORNIA)
case("hausdorffErosion", [wrong, yt], {"reduction": "sum", "includeBackground": False},
     lambda p, y: kornia.losses.HausdorffERLoss(reduction="none")(p, y.unsqueeze(1))[1:].sum(), KORNIA)
solid = torch.zeros(1, 2, 3, 4, 4)
solid[0, 1, :, 1:4, 0:3] = 1
solid[0, 0] = 1 - solid[0, 1]
ys = golden.input("ys", solid[:, 1].long())
inverse = golden.input("inverse", round4(0.98 - solid * 0.93 - 0.04 * distinct(1, 2, 3, 4, 4)))
case("hausdorffErosion", [inverse, ys], {"erosions": 2}, lambda p, y: kornia.losses.HausdorffERLoss3D(k=2)(p, y.unsqueeze(1)), KORNIA)
case("clDice", [inverse, ys], {"epsilon": 1e-4, "iterations": 1}, lambda p, y: monai.SoftclDiceLoss(iter_=1)(p, hot(y)), MONAI)


def signed(mask):
    field = torch.zeros_like(mask)
    for i in range(mask.shape[0]):
        for c in range(mask.shape[1]):
            m = mask[i, c].numpy() > 0.5
            edt = scipy.ndimage.distance_transform_edt
            field[i, c] = torch.tensor(edt(~m) * ~m - (edt(m) - 1) * m) if m.any() and not m.all() else 0
    return field


field = golden.input("signedDistances", signed(hot(golden.inputs["noiseLabels"])))
boundary = lambda p, d: torch.stack([torch.stack([(p[i, c] * d.detach()[i, c]).sum() / 20 for c in range(2)]) for i in range(2)])
theirs = monai.BoundaryLoss(reduction="none")(golden.inputs[noise], hot(golden.inputs[noiseLabels]))  # of float32 distances
assert torch.allclose(theirs, boundary(golden.inputs[noise], golden.inputs[field]), atol=1e-7)
case("boundary", [noise, field], {"reduction": "none"}, boundary, FORMULA)
case("boundary", [noise, field], {}, lambda p, d: boundary(p, d).mean(), FORMULA)
case("boundary", [noise, field], {"includeBackground": False, "activation": "sigmoid", "reduction": "sum"},
     lambda p, d: boundary(torch.sigmoid(p), d)[:, 1].sum(), FORMULA)


def balanced(x, t):
    positives, negatives = (t == 1).sum(), (t == 0).sum()
    weight = torch.where(t == 1, negatives / (positives + negatives), positives / (positives + negatives))
    return F.binary_cross_entropy_with_logits(x, t.double(), weight, reduction="none")


case("boundaryCrossEntropy", [xb, tb], {"reduction": "none"}, balanced, FORMULA)
case("boundaryCrossEntropy", [xb, tb], {}, lambda x, t: balanced(x, t).mean(), FORMULA)
case("boundaryCrossEntropy", [xb, tb], {"axis": "sample", "reduction": "sum"}, lambda x, t: sum(balanced(x[i], t[i]).sum() for i in range(2)), FORMULA)

# Neighbour-aware calibration.
xn = golden.input("xn", golden.normal(1, 3, 4, 5, std=1.5))
yn = golden.input("yn", golden.integers(1, 4, 5, high=3))
for size, distance in [(3, "l1"), (3, "l2"), (5, "l1")]:
    loss = monai.NACLLoss(3, 2, kernel_size=size, distance_type=distance)
    loss.svls_layer.filter = torch.ones(size, size) / size**2  # theirs is of float32
    case("nacl", [xn, yn], {"kernelSize": size, "distance": distance}, lambda x, y: loss(x, y), MONAI)


def gaussian_nacl(x, y, sigma, alpha):
    reach = int(max(4 * sigma, 0.5) + 0.5)
    kernel = [scipy.special.ndtr((i + 0.5) / sigma) - scipy.special.ndtr((i - 0.5) / sigma) for i in range(-reach, reach + 1)]
    around = scipy.ndimage.convolve1d(one_hot(y).numpy(), kernel, axis=2, mode="constant")
    around = torch.tensor(scipy.ndimage.convolve1d(around, kernel, axis=3, mode="constant"))
    value = F.cross_entropy(x, y, reduction="none") + alpha * (x - around).abs().mean(1)
    theirs = monai.NACLLoss(3, 2, kernel_ops="gaussian", sigma=sigma, alpha=alpha)(x, y)
    assert abs(value.mean() - theirs) < 1e-6, (value.mean(), theirs)
    return value


for sigma in [1.0, 0.6]:
    case("nacl", [xn, yn], {"smoothing": "gaussian", "sigma": sigma, "alpha": 0.7, "reduction": "none"},
         lambda x, y: gaussian_nacl(x, y, sigma, 0.7), SCIPY)

golden.write()
