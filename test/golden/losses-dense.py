"""Reference values and gradients of signed, multi-label and dense binary losses: writes losses-dense.json beside itself.

    pip install torch numpy scikit-learn; python3 test/golden/losses-dense.py

Made with torch 2.13.0. PyTorch where it has the loss; else the formula in float64, with probabilities and plain
logarithms, which is safe for the moderate logits here. What the papers hold constant is detached.
"""

import torch
import torch.nn.functional as F
from golden import FORMULA, TORCH, Golden

g = Golden(__file__, 11)
x = g.input("logits", g.normal(5, 4, std=1.5))
b = g.input("binary", g.integers(5, 4, high=2).double())
s = g.input("signs", g.integers(5, 4, high=2).double() * 2 - 1)
q = g.input("qualities", torch.where(g.uniform(5, 4) < 0.3, 0.0, g.uniform(5, 4)))
heat = g.input("heat", torch.where(g.uniform(5, 4) < 0.3, 1.0, g.uniform(5, 4)))
y = g.input("labels", torch.tensor([2, 0, 3, 1, 0]))
lists = g.input("lists", torch.tensor([[3, 0, -1, 1], [2, -1, -1, -1], [0, 1, 2, 3], [-1, 0, 0, 0], [1, 1, -1, 0]]))
r, t = g.input("predictions", g.normal(5, 4)), g.input("targets", g.normal(5, 4))
sigmoid, log = torch.sigmoid, torch.log


def reduced(terms, reduction="mean"):
    return {"mean": terms.mean, "sum": terms.sum, "none": lambda: terms}[reduction]()


def add(loss, args, term, *variants, reference=FORMULA):
    for options in [{}, *variants, {"reduction": "none"}, {"reduction": "sum"}]:
        o = {k: v for k, v in options.items() if k != "reduction"}
        g.case(loss, args, options, lambda *a, o=o, m=options.get("reduction", "mean"): reduced(term(*a, **o), m), reference)


def bce(p, y):
    return -(y * log(p) + (1 - y) * log(1 - p))


add("perceptron", [x, s], lambda x, t: torch.where(t * x < 0, -t * x, 0.0))
add("modifiedHuber", [x, s], lambda x, t: torch.where(t * x >= -1, torch.clamp(1 - t * x, min=0) ** 2, -4 * t * x))
add("exponential", [x, s], lambda x, t: torch.exp(-t * x))
add("savage", [x, s], lambda x, t: 1 / (1 + torch.exp(t * x)) ** 2)
add("tangent", [x, s], lambda x, t: (2 * torch.atan(t * x) - 1) ** 2)
for loss, term in [("perceptron", lambda x, t: torch.clamp(-(2 * t - 1) * x, min=0)), ("savage", lambda x, t: sigmoid(-(2 * t - 1) * x) ** 2)]:
    g.case(loss, [x, b], {"labels": "binary"}, lambda x, t, term=term: term(x, t).mean(), FORMULA)
add("multiclassPerceptron", [x, y], lambda x, y: x.max(1).values - x[torch.arange(5), y])

for reduction in ["mean", "sum", "none"]:
    g.case("multiLabelMargin", [x, lists], {"reduction": reduction}, lambda x, l, m=reduction: F.multilabel_margin_loss(x, l, reduction=m), TORCH)
    for weight in [None, [1.0, 0.0, 2.0, 0.5]]:
        options = {"reduction": reduction} | ({"weight": weight} if weight else {})
        g.case("multiLabelSoftMargin", [x, q], options, lambda x, y, m=reduction, w=weight: F.multilabel_soft_margin_loss(x, y, weight=None if w is None else torch.tensor(w), reduction=m), TORCH)


def asymmetric(x, y, gammaPositive=1, gammaNegative=4, clip=0.05, detachWeights=False):
    p = sigmoid(x)
    m = torch.clamp(p - clip, min=0)
    hold = (lambda t: t.detach()) if detachWeights else (lambda t: t)
    return -(y * hold((1 - p) ** gammaPositive) * log(p) + (1 - y) * hold(m**gammaNegative) * log(1 - m))


add("asymmetric", [x, b], asymmetric, {"gammaPositive": 0, "clip": 0}, {"gammaNegative": 2.5, "clip": 0.2}, {"gammaNegative": 0}, {"detachWeights": True})


def asymmetric_single(x, y, gammaPositive=0, gammaNegative=4, labelSmoothing=0.1):
    p, hot = torch.softmax(x, 1), F.one_hot(y, 4)
    soft = hot * (1 - labelSmoothing) + labelSmoothing / 4
    return -(soft * torch.where(hot == 1, (1 - p) ** gammaPositive, p**gammaNegative) * log(p)).sum(1)


add("asymmetricSingleLabel", [x, y], asymmetric_single, {"gammaPositive": 1, "gammaNegative": 2, "labelSmoothing": 0.2}, {"labelSmoothing": 0})
add("zlpr", [x, b], lambda x, y: log(1 + (torch.exp(x) * (1 - y)).sum(1)) + log(1 + (torch.exp(-x) * y).sum(1)))


def one_versus_all(x, y, labelSmoothing=0.1, targetThreshold=None, sumClasses=False):
    soft = F.one_hot(y, 4) * (1 - labelSmoothing) + labelSmoothing / 4 if y.dtype == torch.int64 else y
    if targetThreshold is not None:
        soft = (soft > targetThreshold).double()
    terms = F.binary_cross_entropy_with_logits(x, soft, reduction="none")
    return terms.sum(1) if sumClasses else terms


add("oneVersusAll", [x, y], one_versus_all, {"labelSmoothing": 0, "sumClasses": True}, {"targetThreshold": 0.2})
g.case("oneVersusAll", [x, q], {"targetThreshold": 0.5}, lambda x, y: one_versus_all(x, y, targetThreshold=0.5).mean(), FORMULA)


def focal_star(x, y, gamma=1, beta=0, alpha=None):
    terms = -log(sigmoid(gamma * x * (2 * y - 1) + beta)) / gamma
    return terms if alpha is None else terms * (alpha * y + (1 - alpha) * (1 - y))


add("focalStar", [x, b], focal_star, {"gamma": 2, "beta": 1, "alpha": 0.25})


def reduced_focal(x, y, gamma=2, threshold=0.5):
    pt = torch.where(y == 1, sigmoid(x), 1 - sigmoid(x))
    return -torch.where(pt >= threshold, ((1 - pt) / threshold) ** gamma, 1.0) * log(pt)


add("reducedFocal", [x, b], reduced_focal, {"gamma": 0.5}, {"gamma": 3, "threshold": 0.7})
def normalized(x, y):
    pt = torch.where(y == 1, sigmoid(x), 1 - sigmoid(x))
    return reduced_focal(x, y).sum() / torch.where(pt >= 0.5, ((1 - pt) / 0.5) ** 2, 1.0).sum()
g.case("reducedFocal", [x, b], {"normalized": True}, normalized, FORMULA)
add("qualityFocal", [x, q], lambda x, q, beta=2: (q - sigmoid(x)).abs() ** beta * bce(sigmoid(x), q), {"beta": 1.5}, {"beta": 0.5})
add("varifocal", [x, q], lambda x, q, alpha=0.75, gamma=2, weighPositives=True: torch.where(q > 0, q if weighPositives else torch.ones_like(q), alpha * sigmoid(x) ** gamma) * bce(sigmoid(x), q), {"alpha": 0.5, "gamma": 1.5, "weighPositives": False})
gaussian = lambda x, y, alpha=2, gamma=4: torch.where(y == 1, -((1 - sigmoid(x)) ** alpha) * log(sigmoid(x)), -((1 - y) ** gamma) * sigmoid(x) ** alpha * log(1 - sigmoid(x)))
add("gaussianFocal", [x, heat], gaussian, {"alpha": 1.5, "gamma": 3})
g.case("gaussianFocal", [x, heat], {"normalizer": "peaks"}, lambda x, y: gaussian(x, y).sum() / (y == 1).sum(), FORMULA)
g.case("gaussianFocal", [x, heat], {"normalizer": 7}, lambda x, y: gaussian(x, y).sum() / 7, FORMULA)


def density(size, bins):
    flat = size.detach().flatten()
    which = [min(int(v * bins), bins - 1) for v in flat.tolist()]
    used = len(set(which))
    return torch.tensor([len(which) / (which.count(i) * used) for i in which]).reshape(size.shape)


add("ghmC", [x, b], lambda x, y, bins=10: density((sigmoid(x) - y).abs(), bins) * bce(sigmoid(x), y), {"bins": 4})


def ghm_r(p, t, mu=0.02, bins=10):
    root = torch.sqrt((p - t) ** 2 + mu**2)
    return density(((p - t) / root).abs(), bins) * (root - mu)


add("ghmR", [r, t], ghm_r, {"mu": 1, "bins": 4})

# Targets are constants to these losses.
for case in g.cases:
    case["gradients"] = {k: v for k, v in case["gradients"].items() if k in ("logits", "predictions")}
g.write()
