"""Reference values of the losses with class centres, proxies and prototypes: writes losses-proxies.json beside itself.

    pip install --no-deps pytorch-metric-learning   (2.9.0, and what it imports; torch 2.13)
    python3 test/golden/losses-proxies.py

Where pytorch-metric-learning has the loss, it is the reference; margins of insightface, AdaFace, MagFace, CurricularFace
and ElasticFace are written out with acos, as their authors have them; the rest are the papers' formulas by loops.
"""

import math

import torch
import torch.nn.functional as F
from golden import FORMULA, Golden, library
from pytorch_metric_learning import losses, reducers, regularizers

PML = library("pytorch-metric-learning")
golden = Golden(__file__, seed=11)
case, normal = golden.case, golden.normal

N, D, CLASSES, K = 5, 4, 3, 2
x = golden.input("x", normal(N, D))
w = golden.input("w", normal(CLASSES, D))
y = golden.input("y", torch.tensor([2, 0, 1, 0, 2]))
two = golden.input("two", torch.tensor([0, 2, 2, 0, 2]))  # class 1 has no sample
sub = golden.input("sub", normal(CLASSES, K, D))
support = golden.input("support", normal(CLASSES, 3, D))
speech = golden.input("speech", normal(3, 3, D))
lengths = torch.tensor([9.0, 31.0, 58.0, 120.0, 4.0])
long = golden.input("long", torch.round(F.normalize(golden.inputs["x"]) * lengths[:, None] * 1000) / 1000)
opposed = golden.inputs["x"].clone()  # more than pi - 0.5 from the own centre
for row, label in enumerate([2, 0, 1, 0, 2]):
    opposed[row] = torch.round((-golden.inputs["w"][label] * 1.3 + 0.2 * golden.inputs["x"][row]) * 1000) / 1000
opposed = golden.input("opposed", opposed)
reductions = ["none", "mean", "sum"]


def reduce(terms, reduction="mean"):
    return dict(none=lambda: terms, mean=terms.mean, sum=terms.sum)[reduction]()


def owning(loss, name, value):
    """The library's loss with our centres, to which gradients flow, in place of its parameter."""
    del loss._parameters[name]
    setattr(loss, name, value)
    return loss


PML_REDUCERS = dict(none=reducers.DoNothingReducer, mean=reducers.MeanReducer, sum=reducers.SumReducer)


def pml(kind, name="W", transpose=True, reduction="mean", **kwargs):
    """fn(embeddings, centres, labels) by a loss of the library."""

    def fn(e, c, labels):
        loss = kind(num_classes=len(c), embedding_size=D, reducer=PML_REDUCERS[reduction](), **kwargs)
        found = owning(loss, name, c.t() if transpose else c)(e, labels)
        return found["loss"]["losses"] if reduction == "none" else found

    return fn


def cosines(e, c):
    return F.normalize(e) @ F.normalize(c).t()


def angles(e, c):
    return torch.acos(cosines(e, c).clamp(-1 + 1e-12, 1 - 1e-12))


def softmax(logits, labels, reduction="mean"):
    return F.cross_entropy(logits, labels, reduction=reduction)


# Margins that multiply the angle

for margin, scale, reduction in [(4, 1, "mean"), (1, 1, "sum"), (2, 0.5, "none"), (3, 1, "mean")]:
    options = dict(margin=margin, scale=scale, reduction=reduction)
    for e in [x, opposed]:
        case("sphereFace", [e, w, y], options, pml(losses.SphereFaceLoss, margin=margin, scale=scale, reduction=reduction), PML)
        case("largeMarginSoftmax", [e, w, y], options, pml(losses.LargeMarginSoftmaxLoss, margin=margin, scale=scale, reduction=reduction), PML)
case("sphereFace", [x, w, y], {}, pml(losses.SphereFaceLoss), PML)
case("largeMarginSoftmax", [x, w, y], {}, pml(losses.LargeMarginSoftmaxLoss), PML)

# Several centres a class


def sub_center(e, c, labels, scale=64, margin=0.5, overflow="taylor", reduction="mean"):
    theta = torch.stack([angles(e, c[:, k]) for k in range(c.shape[1])]).min(0).values
    own = F.one_hot(labels, len(c)).bool()
    moved = torch.cos(theta + margin)
    if overflow == "taylor":
        moved = torch.where(theta + margin > math.pi, torch.cos(theta) - margin * math.sin(margin), moved)
    if overflow == "easy":
        moved = torch.where(theta < math.pi / 2, moved, torch.cos(theta))
    return softmax(scale * torch.where(own, moved, torch.cos(theta)), labels, reduction)


def pml_sub_center(e, c, labels, scale, margin, reduction="mean"):
    loss = losses.SubCenterArcFaceLoss(
        num_classes=CLASSES, embedding_size=D, sub_centers=K, scale=scale, margin=math.degrees(margin),
        reducer=PML_REDUCERS[reduction](),
    )
    return owning(loss, "W", c.reshape(-1, D).t())(e, labels)


for scale, margin in [(64, 0.5), (8, 0.3)]:
    case("subCenterArcFace", [x, sub, y], dict(scale=scale, margin=margin), lambda e, c, l: pml_sub_center(e, c, l, scale, margin), PML)
for overflow, reduction in [("taylor", "none"), ("easy", "mean"), ("none", "sum")]:
    for e in [x, opposed]:
        options = dict(scale=6, margin=0.9, overflow=overflow, reduction=reduction)
        case("subCenterArcFace", [e, sub, y], options, lambda e, c, l: sub_center(e, c, l, **options), FORMULA)


def soft_triple(e, c, labels, scale=20, gamma=0.1, margin=0.01, tau=0.2, reduction="mean"):
    loss = losses.SoftTripleLoss(
        num_classes=CLASSES, embedding_size=D, centers_per_class=K, la=scale, gamma=gamma, margin=margin,
        reducer=PML_REDUCERS[reduction](),
    )
    flat = c.reshape(-1, D)
    found = owning(loss, "fc", flat.t())(e, labels)
    terms = found["loss"]["losses"] if reduction == "none" else found
    return terms + (tau * len(e) if reduction == "sum" else tau) * spread(c)


def spread(c):
    return regularizers.SparseCentersRegularizer(len(c), c.shape[1])(c.reshape(-1, c.shape[2]))


case("softTriple", [x, sub, y], {}, soft_triple, PML)
for options in [dict(scale=3, gamma=0.5, margin=0.2), dict(tau=0, scale=5), dict(tau=1, reduction="none", scale=5), dict(reduction="sum", scale=2)]:
    case("softTriple", [x, sub, y], options, lambda e, c, l: soft_triple(e, c, l, **options), PML)
case("sparseCenters", [sub], {}, spread, PML)
case("sparseCenters", [support], {}, spread, PML)

# Margins that depend on the sample


def ada_face(e, c, labels, scale=64, margin=0.4, h=0.333, mean=None, std=None, reduction="mean"):
    with torch.no_grad():
        norms = e.norm(dim=1).clip(0.001, 100)
        mu = norms.mean() if mean is None else mean
        sigma = norms.std() if std is None else std
        z = ((norms - mu) / (sigma + 1e-3) * h).clip(-1, 1)[:, None]
    own = F.one_hot(labels, len(c))
    theta = (angles(e, c) - own * margin * z).clip(0, math.pi)
    return softmax(scale * (torch.cos(theta) - own * (margin + margin * z)), labels, reduction)


for options in [
    {}, dict(scale=4, margin=0.2, h=1), dict(scale=4, h=0, reduction="sum"), dict(scale=4, mean=20, std=10, reduction="none"),
    dict(scale=2, mean=3, std=0.1, h=2), dict(scale=2, mean=200, std=1),
]:
    for e in [x, long, opposed]:
        case("adaFace", [e, w, y], options, lambda e, c, l: ada_face(e, c, l, **options), FORMULA)


def mag_face(
    e, c, labels, scale=64, lowerNorm=10, upperNorm=110, lowerMargin=0.45, upperMargin=0.8, **rest
):
    rest = {**{"lambda": 35, "overflow": "easy", "reduction": "mean"}, **rest}
    a = e.norm(dim=1, keepdim=True).clamp(lowerNorm, upperNorm)
    m = (upperMargin - lowerMargin) / (upperNorm - lowerNorm) * (a - lowerNorm) + lowerMargin
    theta = angles(e, c)
    moved = torch.cos(theta + m)
    if rest["overflow"] == "easy":
        moved = torch.where(torch.cos(theta) > 0, moved, torch.cos(theta))
    if rest["overflow"] == "taylor":
        moved = torch.where(theta + m > math.pi, torch.cos(theta) - m * torch.sin(math.pi - m), moved)
    own = F.one_hot(labels, len(c)).bool()
    terms = softmax(scale * torch.where(own, moved, torch.cos(theta)), labels, "none")
    g = 1 / upperNorm**2 * a + 1 / a
    return reduce(terms + rest["lambda"] * g[:, 0], rest["reduction"])


for options in [
    {}, {"lambda": 2, "scale": 4, "reduction": "none"}, {"scale": 4, "overflow": "taylor", "reduction": "sum"},
    {"scale": 4, "overflow": "none", "lowerMargin": 0.2, "upperMargin": 0.3}, {"scale": 4, "lowerNorm": 0.5, "upperNorm": 2.5},
]:
    for e in [long, opposed]:
        case("magFace", [e, w, y], options, lambda e, c, l: mag_face(e, c, l, **options), FORMULA)


def curricular_face(e, c, labels, scale=64, margin=0.5, t=0, reduction="mean"):
    theta = angles(e, c)
    rows = []
    for i, label in enumerate(labels):
        own = theta[i, label]
        logits = []
        for k in range(len(c)):
            cos = torch.cos(theta[i, k])
            if k == label:
                logits.append(torch.cos(own + margin) if own + margin < math.pi else cos - margin * math.sin(margin))
            else:
                logits.append(cos * (t + cos) if cos > torch.cos(own + margin) else cos)
        rows.append(torch.stack(logits))
    return softmax(scale * torch.stack(rows), labels, reduction)


for options in [{}, dict(scale=4, t=0.4), dict(scale=4, margin=0.2, t=1, reduction="none"), dict(scale=3, t=0.1, reduction="sum")]:
    for e in [x, opposed]:
        case("curricularFace", [e, w, y], options, lambda e, c, l: curricular_face(e, c, l, **options), FORMULA)


def elastic_face(e, c, labels, scale=64, margin=None, std=0, variant="arc", reduction="mean"):
    own = F.one_hot(labels, len(c))
    if variant == "arc":
        logits = torch.cos(angles(e, c) + own * (0.5 if margin is None else margin))
    else:
        logits = cosines(e, c) - own * (0.35 if margin is None else margin)
    return softmax(scale * logits, labels, reduction)


for options in [dict(std=0), dict(std=0, variant="cos", scale=4), dict(std=0, margin=0.2, scale=4, reduction="none")]:
    case("elasticFace", [x, w, y], options, lambda e, c, l: elastic_face(e, c, l, **options), FORMULA)

# Proxies


def proxy_nca(e, p, labels, scale=1, include=False, reduction="mean"):
    terms = []
    for v, label in zip(F.normalize(e), labels):
        d = [((v - u) ** 2).sum() for u in F.normalize(p)]
        others = [torch.exp(-scale * d[c]) for c in range(len(p)) if include or c != label]
        terms.append(-torch.log(torch.exp(-scale * d[label]) / sum(others)))
    return reduce(torch.stack(terms), reduction)


for reduction in reductions:
    case("proxyNCA", [x, w, y], dict(reduction=reduction), lambda e, p, l: proxy_nca(e, p, l, reduction=reduction), FORMULA)
    case("proxyNCA", [x, w, y], dict(preset="plusPlus", reduction=reduction), lambda e, p, l: proxy_nca(e, p, l, 9, True, reduction), FORMULA)
case("proxyNCA", [x, w, y], dict(preset="pml"), pml(losses.ProxyNCALoss, "proxies", False), PML)
case("proxyNCA", [x, w, y], dict(scale=3, includePositive=True), pml(losses.ProxyNCALoss, "proxies", False, softmax_scale=3), PML)
case("proxyNCA", [x, w, y], dict(scale=3), lambda e, p, l: proxy_nca(e, p, l, 3), FORMULA)


def proxy_anchor(margin=0.1, alpha=32):
    def fn(e, p, labels):
        loss = losses.ProxyAnchorLoss(num_classes=len(p), embedding_size=D, margin=margin, alpha=alpha)
        return owning(loss, "proxies", p)(e, labels)

    return fn


for labels in [y, two]:
    case("proxyAnchor", [x, w, labels], {}, proxy_anchor(), PML)
    case("proxyAnchor", [x, w, labels], dict(margin=0.3, alpha=4), proxy_anchor(0.3, 4), PML)

# Squared errors


def center(e, c, labels, reduction="mean"):
    return reduce(torch.stack([0.5 * ((v - c[label]) ** 2).sum() for v, label in zip(e, labels)]), reduction)


def one_hot_cosines(e, c, labels, reduction="mean"):
    return F.mse_loss(cosines(e, c), F.one_hot(labels, len(c)).double(), reduction=reduction)


for reduction in reductions:
    case("center", [x, w, y], dict(reduction=reduction), lambda e, c, l: center(e, c, l, reduction), FORMULA)
    case("p2sGrad", [x, w, y], dict(reduction=reduction), lambda e, c, l: one_hot_cosines(e, c, l, reduction), FORMULA)
    for radius in [1, 2.5]:
        options = dict(radius=radius, reduction=reduction)
        case("ring", [x], options, lambda e: reduce(0.5 * (e.norm(dim=1) - radius) ** 2, reduction), FORMULA)

# The batch's own embeddings


def instance(scale=64, reduction="mean"):
    def fn(e):
        loss = losses.InstanceLoss(gamma=scale, reducer=PML_REDUCERS[reduction]())
        found = loss(e, torch.arange(len(e)))
        return found["loss"]["losses"] if reduction == "none" else found

    return fn


case("instance", [x], {}, instance(), PML)
for reduction in reductions:
    case("instance", [x], dict(scale=3, reduction=reduction), instance(3, reduction), PML)


def prototypical(q, s, labels, scale=1, reduction="mean"):
    logits = torch.stack([torch.stack([-scale * ((v - examples.mean(0)) ** 2).sum() for examples in s]) for v in q])
    return softmax(logits, labels, reduction)


def angular_prototypical(e, w=10, b=-5, reduction="mean"):
    cos = torch.stack([torch.stack([F.cosine_similarity(a[0], c[1:].mean(0), dim=0) for c in e]) for a in e])
    return softmax(w * cos + b, torch.arange(len(e)), reduction)


for reduction in reductions:
    case("prototypical", [x, support, y], dict(scale=0.3, reduction=reduction), lambda q, s, l: prototypical(q, s, l, 0.3, reduction), FORMULA)
    case("angularPrototypical", [speech], dict(w=3, reduction=reduction), lambda e: angular_prototypical(e, 3, reduction=reduction), FORMULA)
case("prototypical", [x, support, y], {}, prototypical, FORMULA)
case("angularPrototypical", [speech], {}, angular_prototypical, FORMULA)

# Regularisers


def regularizer(kind, reduction="mean", **kwargs):
    def fn(rows):
        found = kind(reducer=PML_REDUCERS[reduction](), **kwargs)(rows)
        return found["loss"]["losses"] if reduction == "none" else found

    return fn


for reduction in reductions:
    for name, kind in [
        ("lpNorm", regularizers.LpRegularizer), ("zeroMean", regularizers.ZeroMeanRegularizer),
        ("centerInvariant", regularizers.CenterInvariantRegularizer), ("regularFace", regularizers.RegularFaceRegularizer),
    ]:
        case(name, [x], dict(reduction=reduction), regularizer(kind, reduction), PML)
for p, power in [(1, 1), (3, 2), (2, 2)]:
    case("lpNorm", [x], dict(p=p, power=power), regularizer(regularizers.LpRegularizer, p=p, power=power), PML)

golden.write()
