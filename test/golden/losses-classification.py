"""Reference values and gradients of the losses of classification, regression, divergence and segmentation: writes
losses-classification.json beside itself.

    pip install torch numpy
    python3 test/golden/losses-classification.py

Everything is computed in float64. PyTorch is the reference where it has the loss; elsewhere the formula is written
out in another form than the library's, in textbook form and with loops, which is safe for the moderate inputs here.
The gradient is that of sum(weights * value) by the first argument, weights 1 for a scalar and (1, 2, 3, ...) / size
for reduction "none".
"""

import itertools
import json
import math
import pathlib

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.manual_seed(20241123)
TORCH, FORMULA = f"torch {torch.__version__.split('+')[0]}", "the formula"

N, C = 5, 4
short = lambda t: torch.round(t * 1000) / 1000  # short numbers, so that float32 tests start from almost the same ones
rand = lambda *shape: short(torch.randn(*shape) * 1.5)


def distribution(*shape):
    """Probabilities along axis 1 that still add up to 1 after rounding."""
    p = short(torch.softmax(torch.randn(*shape), 1))
    p[:, -1] += 1 - p.sum(1)
    return short(p)


inputs = {
    "logits": rand(N, C),
    "map": rand(2, C, 3),
    "vector": rand(C),
    "labels": torch.tensor([2, 0, 3, 1, 0]),
    "labelMap": torch.tensor([[0, 3, 1], [2, 2, 0]]),
    "ignoring": torch.tensor([2, -100, 3, -100, 0]),
    "ignoring3": torch.tensor([2, 3, 3, 1, 0]),
    "one": torch.tensor(2),
    "soft": distribution(N, C),
    "softMap": distribution(2, C, 3),
    "hard": F.one_hot(torch.tensor([2, 0, 3, 1, 0]), C).double(),
    "p": short(torch.rand(N, C) * 0.9 + 0.05),
    "saturated": torch.tensor([0.0, 0.0, 1.0, 1.0, 1e-20, 1e-20, 0.3, 0.0, 1.0]),
    "saturatedTargets": torch.tensor([0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.7, 0.25, 0.25]),
    "binary": (torch.rand(N, C) > 0.5).double(),
    "fractions": short(torch.rand(N, C)),
    "signs": (torch.rand(N, C) > 0.5).double() * 2 - 1,
    "targets": rand(N, C),
    "near": torch.tensor([1e-3, -1e-3, 0.01, -0.3, 0.999, 1.001, -2.5, 30.0, -40.0]),
    "zeros": torch.zeros(9),
    "column": rand(N),
    "logq": torch.log_softmax(rand(N, C), 1),
    "logp": torch.log_softmax(rand(N, C), 1),
    "sparse": torch.tensor([[0.0, 0.25, 0.75, 0.0], [1.0, 0.0, 0.0, 0.0], [0.25] * 4, [0, 0, 0.5, 0.5], [0.125, 0.875, 0, 0]]),
    "mask": torch.softmax(rand(2, 3, 6), 1),
    "maskLogits": rand(2, 3, 6),
    "maskLabels": torch.tensor([[0, 1, 2, 1, 1, 0], [2, 2, 0, 2, 0, 0]]),  # class 1 does not occur in sample 1
    "softMask": distribution(2, 3, 6),
}
inputs["maskTargets"] = F.one_hot(inputs["maskLabels"], 3).transpose(1, 2).double()

cases = []


def case(loss, args, options, fn, reference=FORMULA):
    """One call of the library's `loss`: fn(*args) computes the same."""
    tensors = [inputs[name].clone() for name in args]
    tensors[0].requires_grad_()
    value = fn(*tensors)
    weights = torch.ones(()) if value.dim() == 0 else torch.arange(1, value.numel() + 1) / value.numel()
    (value * weights.reshape(value.shape)).sum().backward()
    cases.append({
        "loss": loss, "args": args, "options": options, "reference": reference,
        "value": value.flatten().tolist(), "gradient": tensors[0].grad.flatten().tolist(),
    })


def reduced(loss, args, options, fn, reference=FORMULA, reductions=("none", "mean", "sum")):
    """A case for each reduction of the terms that fn computes."""
    for r in reductions:
        case(loss, args, {**options, "reduction": r}, lambda *a: {"none": lambda t: t, "mean": torch.mean, "sum": torch.sum}[r](fn(*a)), reference)


# Binary classification.
row = [0.5, 1.0, 2.0, 0.25]
for weight, r in itertools.product([None, row], ["none", "mean", "sum"]):
    w = None if weight is None else torch.tensor(weight)
    case("binaryCrossEntropy", ["p", "binary"], {"weight": weight, "reduction": r}, lambda p, y: F.binary_cross_entropy(p, y, w, reduction=r), TORCH)
case("binaryCrossEntropy", ["p", "fractions"], {}, F.binary_cross_entropy, TORCH)
case("binaryCrossEntropy", ["saturated", "saturatedTargets"], {"reduction": "none"}, lambda p, y: F.binary_cross_entropy(p, y, reduction="none"), TORCH)


def clipped(p, y, eps):
    q = torch.clip(p, eps, 1 - eps)
    return -torch.log(torch.where(y == 1, q, 1 - q))


reduced("binaryCrossEntropy", ["p", "binary"], {"clamp": {"eps": 0.2}}, lambda p, y: clipped(p, y, 0.2))
for weight, q, r in itertools.product([None, row], [None, 3.0, row], ["none", "mean", "sum"]):
    kw = {"weight": None if weight is None else torch.tensor(weight), "pos_weight": None if q is None else torch.tensor(q)}
    case("binaryCrossEntropyWithLogits", ["logits", "fractions"], {"weight": weight, "posWeight": q, "reduction": r},
         lambda x, y: F.binary_cross_entropy_with_logits(x, y, reduction=r, **kw), TORCH)
case("binaryCrossEntropyWithLogits", ["logits", "binary"], {"labelSmoothing": 0.2},
     lambda x, y: F.binary_cross_entropy_with_logits(x, torch.where(y == 1, 0.9, 0.1)), TORCH + " on smoothed targets")

# Classes.
weight = torch.tensor([0.5, 2.0, 0.0, 1.5])
for (x, y), w, ignore, r in itertools.product(
    [("logits", "labels"), ("map", "labelMap"), ("vector", "one"), ("logits", "ignoring")], [None, weight], [-100, 3], ["none", "mean", "sum"]
):
    if (y, ignore) in [("ignoring", 3), ("one", 3)] or (w is not None and y == "one"):
        continue
    options = {"weight": None if w is None else w.tolist(), "ignoreIndex": ignore, "reduction": r}
    log_softmax = lambda t: F.log_softmax(t, min(1, t.dim() - 1))
    case("crossEntropy", [x, y], options, lambda a, b: F.cross_entropy(a, b, w, ignore_index=ignore, reduction=r), TORCH)
    case("crossEntropy", [x, y], {**options, "labelSmoothing": 0.1},
         lambda a, b: F.cross_entropy(a, b, w, ignore_index=ignore, reduction=r, label_smoothing=0.1), TORCH)
    if x != "map" or r == "mean":
        case("negativeLogLikelihood", [x, y], options, lambda a, b: F.nll_loss(a, b, w, ignore_index=ignore, reduction=r), TORCH)
for (x, y), w, smoothing, r in itertools.product([("logits", "soft"), ("map", "softMap"), ("logits", "hard")], [None, weight], [0, 0.1], ["none", "mean", "sum"]):
    case("crossEntropy", [x, y], {"weight": None if w is None else w.tolist(), "labelSmoothing": smoothing, "reduction": r},
         lambda a, b: F.cross_entropy(a, b, w, reduction=r, label_smoothing=smoothing), TORCH)
case("crossEntropy", ["logits", "ignoring"], {"weight": weight.tolist(), "meanBy": "count"},
     lambda x, y: F.cross_entropy(x, y, weight, reduction="sum") / 3, TORCH + ", sum / count")
case("crossEntropy", ["logits", "hard"], {"weight": weight.tolist(), "meanBy": "weight"},
     lambda x, y: F.cross_entropy(x, inputs["labels"], weight), TORCH + " with labels")


def positive(t):
    return torch.where(t > 0, t, torch.zeros_like(t))


for margin in [1, 0.3]:
    reduced("hinge", ["logits", "signs"], {"margin": margin}, lambda x, t: positive(margin - t * x))
    reduced("squaredHinge", ["logits", "signs"], {"margin": margin}, lambda x, t: positive(margin - t * x) ** 2)
reduced("hinge", ["logits", "binary"], {"labels": "binary"}, lambda x, y: torch.where(y == 1, positive(1 - x), positive(1 + x)))
for r in ["none", "mean", "sum"]:
    case("softMargin", ["logits", "signs"], {"reduction": r}, lambda x, t: F.soft_margin_loss(x, t, reduction=r), TORCH)
case("softMargin", ["logits", "binary"], {"labels": "binary"}, lambda x, y: F.soft_margin_loss(x, y * 2 - 1), TORCH)
for p, margin, w, r in itertools.product([1, 2], [1, 0.4], [None, weight], ["none", "mean", "sum"]):
    options = {"p": p, "margin": margin, "weight": None if w is None else w.tolist(), "reduction": r}
    fn = lambda x, y: F.multi_margin_loss(x, y, p, margin, w, reduction=r)
    case("multiMargin", ["logits", "labels"], options, fn, TORCH)
    if r != "sum":
        case("multiMargin", ["logits", "labels"], {**options, "divideByClasses": False}, lambda x, y: fn(x, y) * C, TORCH + " times the classes")
case("multiMargin", ["vector", "one"], {}, F.multi_margin_loss, TORCH)


def crammer_singer(x, y, margin):
    rows = [torch.stack([x[i, j] - x[i, k] + (0 if j == k else margin) for j in range(C)]).max() for i, k in enumerate(y.tolist())]
    return torch.stack(rows)


def keras_categorical_hinge(x, y):
    return positive(((1 - y) * x).amax(1) - (y * x).sum(1) + 1)


for margin in [1, 0.3]:
    reduced("crammerSinger", ["logits", "labels"], {"margin": margin}, lambda x, y: crammer_singer(x, y, margin))
reduced("categoricalHinge", ["logits", "hard"], {}, keras_categorical_hinge)
case("categoricalHinge", ["logits", "labels"], {}, lambda x, y: keras_categorical_hinge(x, inputs["hard"]).mean())

# Focal and poly: probabilities, powers and logarithms as they are written.


def binary_terms(x, y):
    p = torch.sigmoid(x)
    return -(y * torch.log(p) + (1 - y) * torch.log(1 - p)), p * (1 - y) + (1 - p) * y


def label_terms(x, y):
    p = torch.softmax(x, 1).gather(1, y.unsqueeze(1)).squeeze(1)
    return -torch.log(p), 1 - p


def sigmoid_focal(x, y, gamma, alpha=None):
    ce, miss = binary_terms(x, y)
    return ce * miss**gamma * (1 if alpha is None else alpha * y + (1 - alpha) * (1 - y))


for y, alpha, gamma, r in itertools.product(["binary", "fractions"], [None, 0.25, [0.1, 0.5, 0.9, 0.25]], [0, 0.5, 2], ["none", "mean"]):
    a = None if alpha is None else torch.tensor(alpha)
    case("sigmoidFocal", ["logits", y], {"alpha": alpha, "gamma": gamma, "reduction": r},
         lambda x, t: (lambda l: l if r == "none" else l.mean())(sigmoid_focal(x, t, gamma, a)))
detached = lambda x, y: binary_terms(x, y)[0] * binary_terms(x, y)[1].detach() ** 2
case("sigmoidFocal", ["logits", "binary"], {"detachPt": True}, lambda x, y: detached(x, y).mean())
case("sigmoidFocal", ["logits", "binary"], {"normalizer": "positives", "alpha": 0.25}, lambda x, y: sigmoid_focal(x, y, 2, 0.25).sum() / y.sum())
case("sigmoidFocal", ["logits", "binary"], {"normalizer": 7}, lambda x, y: sigmoid_focal(x, y, 2).sum() / 7)


def softmax_focal(x, y, gamma, alpha=None):
    ce, miss = label_terms(x, y)
    return ce * miss**gamma * (1 if alpha is None else alpha if alpha.dim() == 0 else alpha[y])


for (x, y), alpha, gamma, r in itertools.product([("logits", "labels"), ("map", "labelMap")], [None, 0.25, weight.tolist()], [0, 0.5, 2], ["none", "mean"]):
    a = None if alpha is None else torch.tensor(alpha)
    case("softmaxFocal", [x, y], {"alpha": alpha, "gamma": gamma, "reduction": r},
         lambda t, l: (lambda v: v if r == "none" else v.mean())(softmax_focal(t, l, gamma, a)))
case("softmaxFocal", ["logits", "ignoring3"], {"ignoreIndex": 3}, lambda x, y: softmax_focal(x[y != 3], y[y != 3], 2).mean())
case("softmaxFocal", ["logits", "labels"], {"detachPt": True}, lambda x, y: (label_terms(x, y)[0] * label_terms(x, y)[1].detach() ** 2).mean())
for alpha in [None, 0.25]:
    case("softmaxFocal", ["logits", "ignoring"], {"normalizer": "positives", "alpha": alpha},
         lambda x, y: softmax_focal(x[y >= 0], y[y >= 0], 2).sum() * (1 if alpha is None else alpha) / 3)
    case("softmaxFocal", ["map", "labelMap"], {"normalizer": 7, "alpha": alpha}, lambda x, y: softmax_focal(x, y, 2).sum() * (1 if alpha is None else alpha) / 7)


def soft_focal(x, y, gamma, alpha=None):  # keras.losses.CategoricalFocalCrossentropy
    p = torch.softmax(x, 1)
    a = 1 if alpha is None else alpha if alpha.dim() == 0 else alpha.reshape(-1, *[1] * (x.dim() - 2))
    return (a * (1 - p) ** gamma * -y * torch.log(p)).sum(1)


for (x, y), alpha, gamma in itertools.product([("logits", "soft"), ("map", "softMap"), ("logits", "hard")], [None, 0.25, weight.tolist()], [0, 0.5, 2]):
    a = None if alpha is None else torch.tensor(alpha)
    reduced("softmaxFocal", [x, y], {"alpha": alpha, "gamma": gamma}, lambda t, s: soft_focal(t, s, gamma, a), reductions=["none", "mean"])
case("softmaxFocal", ["logits", "soft"], {"normalizer": "positives"}, lambda x, y: soft_focal(x, y, 2).sum() / y.sum())


def poly_terms(ce, miss, epsilon, divide):
    return ce + sum(e * miss**j / (j if divide else 1) for j, e in enumerate(epsilon, 1))


def soft_terms(x, y):
    p = torch.softmax(x, 1)
    return -(y * torch.log(p)).sum(1), (y * (1 - p)).sum(1)


for epsilon, divide in itertools.product([0, 2, -1, [1, 1], [0.5, -0.25, 3]], [False, True]):
    e = epsilon if isinstance(epsilon, list) else [epsilon]
    options = {"epsilon": epsilon, "divideByIndex": divide}
    reduced("poly", ["logits", "labels"], options, lambda x, y: poly_terms(*label_terms(x, y), e, divide), reductions=["none", "mean"])
    case("poly", ["logits", "soft"], options, lambda x, y: poly_terms(*soft_terms(x, y), e, divide).mean())
    case("sigmoidPoly", ["logits", "fractions"], options, lambda x, y: poly_terms(*binary_terms(x, y), e, divide).mean())
reduced("poly", ["map", "labelMap"], {}, lambda x, y: poly_terms(*label_terms(x, y), [1], False))
case("poly", ["logits", "ignoring3"], {"ignoreIndex": 3}, lambda x, y: poly_terms(*label_terms(x[y != 3], y[y != 3]), [1], False).mean())
for epsilon, gamma, alpha in itertools.product([1, -0.5], [2, 0.5], [None, 0.25]):
    a = None if alpha is None else torch.tensor(alpha)
    options = {"epsilon": epsilon, "gamma": gamma, "alpha": alpha}
    case("polyFocal", ["logits", "binary"], options, lambda x, y: (sigmoid_focal(x, y, gamma, a) + epsilon * binary_terms(x, y)[1] ** (gamma + 1)).mean())
    case("polyFocal", ["logits", "labels"], options, lambda x, y: (softmax_focal(x, y, gamma, a) + epsilon * label_terms(x, y)[1] ** (gamma + 1)).mean())
case("polyFocal", ["logits", "binary"], {"detachPt": True}, lambda x, y: (detached(x, y) + binary_terms(x, y)[1] ** 3).mean())
case("polyFocal", ["logits", "binary"], {"normalizer": "positives"}, lambda x, y: (sigmoid_focal(x, y, 2) + binary_terms(x, y)[1] ** 3).sum() / y.sum())
case("polyFocal", ["logits", "ignoring"], {"normalizer": "positives"},
     lambda x, y: (softmax_focal(x[y >= 0], y[y >= 0], 2) + label_terms(x[y >= 0], y[y >= 0])[1] ** 3).sum() / 3)

# Regression.
for r in ["none", "mean", "sum"]:
    for args in [["logits", "targets"], ["near", "zeros"]]:
        case("meanAbsoluteError", args, {"reduction": r}, lambda p, t: F.l1_loss(p, t, reduction=r), TORCH)
        case("meanSquaredError", args, {"reduction": r}, lambda p, t: F.mse_loss(p, t, reduction=r), TORCH)
        case("halfMeanSquaredError", args, {"reduction": r}, lambda p, t: F.mse_loss(p, t, reduction=r) / 2, TORCH + " / 2")
        for d in [0.5, 1, 2]:
            case("smoothL1", args, {"beta": d, "reduction": r}, lambda p, t: F.smooth_l1_loss(p, t, beta=d, reduction=r), TORCH)
            case("huber", args, {"delta": d, "reduction": r}, lambda p, t: F.huber_loss(p, t, delta=d, reduction=r), TORCH)
        case("smoothL1", args, {"beta": 0, "reduction": r}, lambda p, t: F.smooth_l1_loss(p, t, beta=0, reduction=r), TORCH)
for d in [0.5, 1, 2]:
    reduced("pseudoHuber", ["logits", "targets"], {"delta": d}, lambda p, t: d * (torch.hypot(p - t, torch.full_like(p, d)) - d))
reduced("logCosh", ["logits", "targets"], {}, lambda p, t: torch.log(torch.cosh(p - t)))
reduced("logCosh", ["near", "zeros"], {}, lambda p, t: torch.where((p - t).abs() < 0.02, (p - t) ** 2 / 2 - (p - t) ** 4 / 12 + (p - t) ** 6 / 45, F.softplus(2 * (p - t)) - (p - t) - math.log(2)))


def pinball(p, t, q):
    e = t - p
    return torch.where(e >= 0, q * e, (q - 1) * e)


for q in [0.5, 0.1]:
    reduced("quantile", ["logits", "targets"], {"quantile": q}, lambda p, t: pinball(p, t, q))
levels = [0.1, 0.5, 0.75, 0.9]
reduced("quantile", ["logits", "column"], {"quantile": levels}, lambda p, t: torch.stack([pinball(p[:, i], t, q) for i, q in enumerate(levels)], 1))

# Divergences.
for target, log_target, r in itertools.product(["soft", "sparse", "logp"], [False, True], ["none", "mean", "sum", "batchMean"]):
    if log_target == (target == "logp"):
        case("klDivergence", ["logq", target], {"logTarget": log_target, "reduction": r},
             lambda q, p: F.kl_div(q, p, reduction="sum", log_target=log_target) / q.numel() if r == "mean" else F.kl_div(q, p, reduction=r.lower(), log_target=log_target), TORCH)
case("klDivergence", ["logq", "soft"], {}, lambda q, p: F.kl_div(q, p, reduction="batchmean"), TORCH)
for target in ["soft", "logp"]:
    log_p = lambda p: torch.log(p) if target == "soft" else p
    options = {"reverse": True, "logTarget": target == "logp"}
    case("klDivergence", ["logq", target], options, lambda q, p: F.kl_div(log_p(p), q, reduction="batchmean", log_target=True), TORCH + " with exchanged arguments")
reduced("entropy", ["soft"], {}, lambda p: torch.special.entr(p).sum(1), TORCH)
reduced("entropy", ["mask"], {"axis": -1}, lambda p: torch.special.entr(p).sum(-1), TORCH)

# Dice, class by class.
forms = {  # squared, numerator, denominator, axis, empty, log, soft label
    "vnet": (True, 0, 0, "sample", "zero"),
    "monai": (False, 1e-5, 1e-5, "sample", "zero"),
    "keras": (False, 0, 1e-7, "all", "one"),
    "smp": (False, 0, 0, "batch", "mask", False, True),
    "mmdet": (True, 0, 2e-3, "sample", "one"),
    "detr": (False, 1, 1, "sample", "zero"),
    "optax": (False, 2, 2, "sample", "zero"),
    "flux": (True, 1, 1, "all", "zero"),
}


def dice(p, t, squared, numerator, denominator, axis, empty, log=False, soft_label=False):
    def one(a, b):
        if empty == "mask" and b.sum() == 0:
            return a.sum() * 0
        overlap = (torch.minimum(a, b) if soft_label else a * b).sum()
        below = (a * a + b * b).sum() if squared else (a + b).sum()
        ratio = (2 * overlap + numerator) / (below + denominator)
        return -torch.log(ratio) if log else 1 - ratio

    if axis == "all":
        return one(p, t)
    classes = range(p.shape[1])
    if axis == "batch":
        return torch.stack([one(p[:, c], t[:, c]) for c in classes])
    return torch.stack([torch.stack([one(p[i, c], t[i, c]) for c in classes]) for i in range(p.shape[0])])


for preset, form in forms.items():
    for targets in ["maskTargets", "softMask"]:
        reduced("dice", ["mask", targets], {"preset": preset}, lambda p, t: dice(p, t, *form), reductions=["none", "mean"])
case("dice", ["mask", "maskTargets"], {}, lambda p, t: dice(p, t, *forms["vnet"]).mean())
case("dice", ["mask", "maskLabels"], {}, lambda p, t: dice(p, inputs["maskTargets"], *forms["vnet"]).mean())
for squared, smooth, axis in itertools.product([True, False], [0, 0.5], ["sample", "batch", "all"]):
    case("dice", ["mask", "maskTargets"], {"squared": squared, "smooth": smooth, "axis": axis}, lambda p, t: dice(p, t, squared, smooth, smooth, axis, "zero").mean())
base = {"squared": False, "smoothNumerator": 0.25, "smoothDenominator": 0.5}
for axis in ["sample", "batch"]:
    case("dice", ["mask", "maskTargets"], {**base, "axis": axis}, lambda p, t: dice(p, t, False, 0.25, 0.5, axis, "zero").mean())
    case("dice", ["mask", "maskTargets"], {**base, "axis": axis, "includeBackground": False}, lambda p, t: dice(p[:, 1:], t[:, 1:], False, 0.25, 0.5, axis, "zero").mean())
    case("dice", ["mask", "maskTargets"], {**base, "axis": axis, "classWeight": [1, 2, 0.5]},
         lambda p, t: (dice(p, t, False, 0.25, 0.5, axis, "zero") * torch.tensor([1, 2, 0.5])).mean())
    case("dice", ["mask", "maskTargets"], {**base, "axis": axis, "classWeight": [1, 2, 0.5], "includeBackground": False},
         lambda p, t: (dice(p[:, 1:], t[:, 1:], False, 0.25, 0.5, axis, "zero") * torch.tensor([2, 0.5])).mean())
    case("dice", ["mask", "maskTargets"], {**base, "axis": axis, "log": True}, lambda p, t: dice(p, t, False, 0.25, 0.5, axis, "zero", log=True).mean())
    case("dice", ["mask", "softMask"], {**base, "axis": axis, "softLabel": True}, lambda p, t: dice(p, t, False, 0.25, 0.5, axis, "zero", soft_label=True).mean())
case("dice", ["maskLogits", "maskTargets"], {"activation": "softmax"}, lambda x, t: dice(torch.softmax(x, 1), t, *forms["vnet"]).mean())
case("dice", ["maskLogits", "maskTargets"], {"activation": "sigmoid"}, lambda x, t: dice(torch.sigmoid(x), t, *forms["vnet"]).mean())


def stored(t):
    dtype = "int32" if t.dtype == torch.int64 else "float64"
    return {"shape": list(t.shape), "dtype": dtype, "data": t.flatten().tolist()}


def encode(value):
    """Short numbers, with what JSON has no literal for as strings."""
    if isinstance(value, dict):
        return {k: encode(v) for k, v in value.items()}
    if isinstance(value, list):
        return [encode(v) for v in value]
    if isinstance(value, float):
        return float(f"{value:.12g}") if math.isfinite(value) else {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, "NaN")
    return value


golden = {
    "versions": {"torch": torch.__version__.split("+")[0]},
    "inputs": {name: stored(t) for name, t in inputs.items()},
    "cases": [{**c, "value": encode(c["value"]), "gradient": encode(c["gradient"])} for c in cases],
}
path = pathlib.Path(__file__).with_name("losses-classification.json")
text = json.dumps(golden, separators=(",", ":")).replace('},{"loss"', '},\n{"loss"').replace('"cases":[', '"cases":[\n')
path.write_text(text + "\n")
print(f"{len(cases)} cases, {path.stat().st_size / 1000:.0f} kB")
