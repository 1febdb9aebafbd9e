"""Reference values of losses over classes: for wrong labels, rare classes, levels in order, sparse predictions, and
several predictions or labels of one sample. Writes losses-noise-and-order.json beside itself.

    pip install torch numpy scipy optax entmax keras coral-pytorch pytorch_optimizer timm
    python3 test/golden/losses-noise-and-order.py

Written with torch 2.13.0, optax 0.2.8, entmax 1.3, keras 3.15.1, coral-pytorch 1.4.0, pytorch_optimizer 4.1.0,
timm 1.0.31 and scipy for roots. "The formula" is the paper's, in textbook form and with loops.
"""

import itertools
import math
import os

os.environ["KERAS_BACKEND"] = "torch"
os.environ["JAX_ENABLE_X64"] = "1"

import jax
import jax.numpy as jnp
import keras
import optax
import torch
import torch.nn.functional as F
from coral_pytorch.dataset import levels_from_labelbatch
from coral_pytorch.losses import coral_loss, corn_loss
from entmax.losses import entmax15_loss
from pytorch_optimizer.loss.bi_tempered import bi_tempered_logistic_loss
from pytorch_optimizer.loss.f1 import SoftF1Loss
from pytorch_optimizer.loss.focal import FocalCosineLoss
from pytorch_optimizer.loss.ldam import LDAMLoss
from scipy.optimize import brentq
from timm.loss import JsdCrossEntropy

from golden import FORMULA, TORCH, Golden, library

keras.config.set_floatx("float64")
golden = Golden(__file__, seed=20260801)
N, C = 5, 4

golden.input("logits", golden.normal(N, C, std=1.5))
golden.input("otherLogits", golden.normal(N, C, std=1.5))
golden.input("views", golden.normal(2, N, C, std=1.5))
golden.input("vector", golden.normal(C))
golden.input("map", golden.normal(2, C, 3, std=1.5))
golden.input("thresholdLogits", golden.normal(N, C - 1, std=1.5))
golden.input("thresholdMap", golden.normal(2, C - 1, 3))
golden.input("labels", torch.tensor([2, 0, 3, 1, 0]))
golden.input("ignoring", torch.tensor([2, -100, 3, -100, 0]))
golden.input("labelMap", torch.tensor([[0, 3, 1], [2, 2, 0]]))
golden.input("one", torch.tensor(2))
golden.input("grades", torch.tensor([0.0, 1.6, 3.0, 2.0, 0.25]))
golden.input(
    "soft", torch.tensor([[0.1, 0.2, 0.3, 0.4], [1.0, 0, 0, 0], [0.25] * 4, [0, 0, 0.5, 0.5], [0.125, 0.875, 0, 0]])
)
golden.input("counts", torch.tensor([500.0, 60.0, 12.0, 2.0]))
golden.input(
    "fourthPowers", torch.tensor([4096.0, 256.0, 16.0, 1.0])
)  # whose margins are exact in float32, as the library has them
golden.input("seen", torch.tensor([40.0, 9.0, 0.0, 3.0]))
golden.input("several", torch.tensor([[1.0, 0, 1, 0], [0, 0, 0, 0], [1, 1, 1, 1], [0, 0, 0, 1], [0.5, 0.25, 0, 0]]))
golden.input("probabilities", golden.uniform(N, C, low=0.05, high=0.95))
golden.input("multiHot", torch.tensor([[1.0, 0, 1, 0], [0, 0, 0, 1], [1, 1, 0, 1], [0, 0, 0, 1], [0, 1, 0, 0]]))
golden.input("scores", golden.normal(6, std=1.5))
golden.input("signs", torch.tensor([1.0, -1, 1, 1, -1, -1]))
golden.input("binary", torch.tensor([1.0, 0, 1, 1, 0, 0]))
classWeights = [1, 2, 0.5, 3]


def over_labels(term, reduction="mean"):
    """A loss of [n, classes, ...] or [classes] from that of one row and its label; ignored rows are 0 and do not count."""

    def loss(x, y):
        rows = x.movedim(1, -1).reshape(-1, x.shape[1]) if x.ndim > 1 else x[None]
        labels = y.flatten().tolist()
        terms = torch.stack([rows.sum() * 0 if k == -100 else term(row, k) for row, k in zip(rows, labels)])
        if reduction == "none":
            return terms.reshape(y.shape)
        return terms.sum() / (sum(k != -100 for k in labels) if reduction == "mean" else 1)

    return loss


def cases(name, variants, term, reference=FORMULA):
    """Cases of a loss over labels: each set of options with the labels, one with ignored ones, one with further axes."""
    for i, options in enumerate(variants):
        t = lambda row, k: term(row, k, **options)
        reduction = ["mean", "none", "sum"][i % 3]
        golden.case(
            name, ["logits", "labels"], {**options, "reduction": reduction}, over_labels(t, reduction), reference
        )
    first = lambda row, k: term(row, k, **variants[0])
    golden.case(name, ["logits", "ignoring"], variants[0], over_labels(first), reference)
    golden.case(name, ["map", "labelMap"], {**variants[0], "reduction": "none"}, over_labels(first, "none"), reference)
    golden.case(name, ["vector", "one"], variants[0], over_labels(first), reference)


def softmax(row):
    e = row.exp()
    return e / e.sum()


# Wrong labels


def generalized(row, k, q=0.7, truncation=None):
    p = softmax(row)[k]
    if truncation is not None and p < truncation:
        p = p * 0 + truncation
    return (1 - p**q) / q


cases("generalizedCrossEntropy", [{}, {"q": 0.2}, {"q": 1}, {"truncation": 0.2}], generalized)
KERAS = library("keras")
gce = keras.losses.categorical_generalized_cross_entropy
golden.case(
    "generalizedCrossEntropy",
    ["logits", "labels"],
    {"q": 0.5, "reduction": "none"},
    lambda x, y: gce(y, x.softmax(1), 0.5),
    KERAS,
)

cases(
    "taylorCrossEntropy",
    [{}, {"terms": 1}, {"terms": 6}],
    lambda row, k, terms=2: sum((1 - softmax(row)[k]) ** j / j for j in range(1, terms + 1)),
)
cases(
    "probabilityMAE",
    [{}, {"factor": 2}],
    lambda row, k, factor=1: factor / 2 * sum(abs(p - float(c == k)) for c, p in enumerate(softmax(row))),
)


def reverse(row, k, logOfZero=-4):
    return -sum(p * (0 if c == k else logOfZero) for c, p in enumerate(softmax(row)))


cases("reverseCrossEntropy", [{}, {"logOfZero": math.log(1e-4)}], reverse)
cases(
    "symmetricCrossEntropy",
    [{}, {"alpha": 6, "beta": 0.1}, {"logOfZero": -2, "beta": 3}],
    lambda row, k, alpha=0.1, beta=1, logOfZero=-4: -alpha * softmax(row)[k].log() + beta * reverse(row, k, logOfZero),
)


def bootstrapped(row, k, beta=0.95, hard=False, detach=False):
    p = softmax(row)
    top = int(p.argmax())
    own = torch.tensor([float(c == top) for c in range(C)]) if hard else p.detach() if detach else p
    return -sum((beta * (c == k) + (1 - beta) * own[c]) * p[c].log() for c in range(C))


cases("bootstrap", [{}, {"beta": 0.8, "hard": True}, {"beta": 0.5, "detach": True}], bootstrapped)


def normalised_focal(row, k, gamma=0.5, detachPt=False):
    p = softmax(row)
    weight = (1 - (p.detach() if detachPt else p)) ** gamma
    losses = -weight * p.log()
    return losses[k] / losses.sum()


def normalised(row, k):
    return softmax(row)[k].log() / sum(p.log() for p in softmax(row))


cases("normalizedCrossEntropy", [{}], normalised)
cases("normalizedFocal", [{}, {"gamma": 2}, {"gamma": 0.5, "detachPt": True}], normalised_focal)


def active_passive(
    row, k, active="normalizedCrossEntropy", passive="probabilityMAE", alpha=1, beta=1, gamma=0.5, logOfZero=-4
):
    a = normalised(row, k) if active == "normalizedCrossEntropy" else normalised_focal(row, k, gamma)
    return alpha * a + beta * (1 - softmax(row)[k] if passive == "probabilityMAE" else reverse(row, k, logOfZero))


cases(
    "activePassive",
    [
        {},
        {"active": "normalizedFocal", "gamma": 1, "alpha": 10, "beta": 0.1},
        {"passive": "reverseCrossEntropy", "logOfZero": -2},
        {"active": "normalizedFocal", "passive": "reverseCrossEntropy"},
    ],
    active_passive,
)


# Bi-tempered: the norm by a bracketed root, its gradient from the implicit function (the escort distribution)


class Norm(torch.autograd.Function):
    @staticmethod
    def forward(ctx, row, t):
        a = row.tolist()
        power = lambda u: math.exp(u) if t == 1 else (1 + (1 - t) * u) ** (1 / (1 - t))
        total = lambda norm: sum(power(v - norm) for v in a) - 1
        norm = brentq(total, max(a), max(a) + 60, xtol=1e-14, rtol=1e-15)
        escort = torch.tensor([power(v - norm) ** t for v in a])
        ctx.save_for_backward(escort / escort.sum())
        return torch.tensor(norm)

    @staticmethod
    def backward(ctx, g):
        return g * ctx.saved_tensors[0], None


def bi_tempered(row, y, t1=0.8, t2=1.2, labelSmoothing=0):
    u = row - Norm.apply(row, t2)
    p = u.exp() if t2 == 1 else (1 + (1 - t2) * u) ** (1 / (1 - t2))
    log_t = lambda v: v.log() if t1 == 1 else (v ** (1 - t1) - 1) / (1 - t1)
    y = y * (1 - labelSmoothing) + (1 - y) * labelSmoothing / (C - 1) if labelSmoothing else y
    terms = [
        (yc * (log_t(yc) - log_t(pc)) if yc > 0 else 0) - (yc ** (2 - t1) - pc ** (2 - t1)) / (2 - t1)
        for yc, pc in zip(y, p)
    ]
    return sum(terms)


temperatures = [
    {},
    {"t1": 0.2, "t2": 4},
    {"t1": 1, "t2": 1.05},
    {"t1": 0, "t2": 1},
    {"t1": 1, "t2": 1},
    {"labelSmoothing": 0.2},
]
cases(
    "biTempered",
    temperatures,
    lambda row, k, **options: bi_tempered(row, torch.eye(C)[k], **options),
)
for options in [{"t1": 0.5, "t2": 1.5}, {"t1": 1, "t2": 2}]:
    by_row = lambda x, y: torch.stack([bi_tempered(row, target, **options) for row, target in zip(x, y)])
    golden.case(
        "biTempered", ["logits", "soft"], {**options, "reduction": "none"}, lambda x, y: by_row(x, y.detach()), FORMULA
    )
    golden.cases[-1]["gradients"].pop("soft")
    library_loss = lambda x, y: bi_tempered_logistic_loss(x, y, options["t1"], options["t2"], num_iters=500)
    golden.case("biTempered", ["logits", "labels"], options, library_loss, library("pytorch_optimizer"))

# Sparse predictions

OPTAX = library("optax")


def through_jax(fn):
    return lambda *tensors: torch.tensor(float(fn(*[jnp.asarray(t.detach().numpy()) for t in tensors])))


def sparsemax(row):
    """By trying every support."""
    best = None
    for size in range(1, C + 1):
        for support in itertools.combinations(range(C), size):
            threshold = (sum(row[i] for i in support) - 1) / size
            if all((row[i] > threshold) == (i in support) for i in range(C)):
                best = torch.stack([row[i] - threshold if i in support else row[i] * 0 for i in range(C)])
    return best


def sparsemax_loss(row, y):
    p = sparsemax(row)
    return sum((p[c] - y[c]) * row[c] - p[c] ** 2 / 2 + y[c] ** 2 / 2 for c in range(C))


cases("sparsemax", [{}], lambda row, k: sparsemax_loss(row, torch.eye(C)[k]))
golden.case(
    "sparsemax",
    ["logits", "labels"],
    {},
    through_jax(lambda x, y: optax.losses.multiclass_sparsemax_loss(x, y).mean()),
    OPTAX,
    gradients=False,
)
golden.case(
    "sparsemax",
    ["logits", "soft"],
    {"reduction": "none"},
    lambda x, y: torch.stack([sparsemax_loss(row, target) for row, target in zip(x, y.detach())]),
    FORMULA,
)
golden.cases[-1]["gradients"].pop("soft")
for options, targets in [({}, "signs"), ({"labels": "binary", "reduction": "sum"}, "binary")]:

    def binary_sparsemax(x, t):
        total = 0
        for v in x * (t.detach() if targets == "signs" else 2 * t.detach() - 1):
            total = total + (0 * v if v >= 1 else (1 - v) ** 2 / 4 if v > -1 else -v)
        return total / (1 if "reduction" in options else len(x))

    golden.case("binarySparsemax", ["scores", targets], options, binary_sparsemax, FORMULA)
    golden.cases[-1]["gradients"].pop(targets)
golden.case(
    "binarySparsemax",
    ["scores", "binary"],
    {"labels": "binary"},
    through_jax(lambda x, y: optax.losses.sparsemax_loss(x, y.astype(int)).mean()),
    OPTAX,
    gradients=False,
)
ENTMAX = library("entmax")
cases("entmax15", [{}], lambda row, k: entmax15_loss(row[None], torch.tensor([k]))[0], ENTMAX)


def entmax15(row):
    """The distribution [x/2 - t]+^2 by bisection for t, then with the t of that support as a root of a quadratic."""
    a = (row / 2).tolist()
    t = brentq(lambda t: sum(max(v - t, 0) ** 2 for v in a) - 1, max(a) - 1, max(a), xtol=1e-15)
    support = [i for i in range(C) if a[i] > t]
    mean = sum(row[i] / 2 for i in support) / len(support)
    spread = sum((row[i] / 2 - mean) ** 2 for i in support)
    t = mean - ((1 - spread) / len(support)) ** 0.5
    return torch.stack([(row[i] / 2 - t) ** 2 if i in support else row[i] * 0 for i in range(C)])


def entmax15_of(row, y):
    p = entmax15(row)
    tsallis = lambda q: (1 - sum(v**1.5 for v in q if v > 0)) / 0.75
    return sum((p - y) * row) + tsallis(p) - tsallis(y)


golden.case(
    "entmax15",
    ["logits", "soft"],
    {"reduction": "none"},
    lambda x, y: torch.stack([entmax15_of(row, target) for row, target in zip(x, y.detach())]),
    FORMULA,
)
golden.cases[-1]["gradients"].pop("soft")
cases("fenchelYoung", [{}], lambda row, k: row.exp().sum().log() - row[k])
young = optax.losses.make_fenchel_young_loss(max_fun=jax.nn.logsumexp)
golden.case(
    "fenchelYoung",
    ["logits", "soft"],
    {},
    through_jax(lambda x, y: young(x, y).mean()),
    OPTAX,
    gradients=False,
)

# Rare classes


def with_counts(term, reduction="mean"):
    return lambda x, y, n: over_labels(lambda row, k: term(row, k, n.detach()), reduction)(x, y)


def counted(name, variants, term, counts="counts", reference=FORMULA):
    for i, options in enumerate(variants):
        t = lambda row, k, n: term(row, k, n, **options)
        reduction = ["mean", "none", "sum"][i % 3]
        golden.case(
            name,
            ["logits", "labels", counts],
            {**options, "reduction": reduction},
            with_counts(t, reduction),
            reference,
        )
        golden.cases[-1]["gradients"].pop(counts)
    first = lambda row, k, n: term(row, k, n, **variants[0])
    for args, reduction in [(["logits", "ignoring"], "mean"), (["map", "labelMap"], "none")]:
        golden.case(
            name, [*args, counts], {**variants[0], "reduction": reduction}, with_counts(first, reduction), reference
        )
        golden.cases[-1]["gradients"].pop(counts)


def adjusted(row, k, n, tau=1):
    e = [(n[c] / n.sum()) ** tau * row[c].exp() for c in range(C)]
    return -(e[k] / sum(e)).log()


counted("logitAdjusted", [{}, {"tau": 1.5}, {"tau": 0}], adjusted)
counted("balancedSoftmax", [{}], lambda row, k, n: -(n[k] * row[k].exp() / (n * row.exp()).sum()).log())


def ldam(row, k, n, maxMargin=0.5, scale=30):
    raw = [v**-0.25 for v in n.tolist()]
    margin = maxMargin * raw[k] / max(raw)
    return F.cross_entropy((scale * (row - margin * torch.eye(C)[k]))[None], torch.tensor([k]))


counted("ldam", [{"scale": 2}, {"maxMargin": 0.2, "scale": 1}, {}], ldam)
for options in [{}, {"maxMargin": 0.25, "scale": 4}]:
    loss = lambda x, y, n: LDAMLoss(
        n.tolist(),
        max_m=options.get("maxMargin", 0.5),
        weight=torch.tensor(classWeights, dtype=torch.float64),
        s=options.get("scale", 30),
    )(x, y)
    golden.case(
        "ldam",
        ["logits", "labels", "fourthPowers"],
        {**options, "weight": classWeights},
        loss,
        library("pytorch_optimizer"),
        gradients=False,
    )


def seesaw(row, k, n, p=0.8, q=2, epsilon=0.01):
    n, scores = n.clamp(min=1), softmax(row.detach())
    factors = [
        1 if c == k else min(1, n[c] / n[k]) ** p * max(1, scores[c] / max(scores[k], epsilon)) ** q for c in range(C)
    ]
    return -(row[k].exp() / sum(f * x.exp() for f, x in zip(factors, row))).log()


counted("seesaw", [{}, {"p": 0}, {"q": 0}, {"p": 1.5, "q": 0.5, "epsilon": 0.3}], seesaw, counts="seen")


def class_balanced(row, k, n, beta=0.9999, form="softmax", gamma=2):
    effective = [(1 - beta) / (1 - beta**v) for v in n.tolist()]
    weight = effective[k] * C / sum(effective)
    if form == "softmax":
        return -weight * softmax(row)[k].log()
    p = 1 / (1 + (-row).exp())
    right = [p[c] if c == k else 1 - p[c] for c in range(C)]
    return weight * sum(-((1 - r) ** (gamma if form == "focal" else 0)) * r.log() for r in right)


counted(
    "classBalanced",
    [{}, {"beta": 0.9, "form": "sigmoid"}, {"form": "focal"}, {"form": "focal", "gamma": 0.5, "beta": 0.99}],
    class_balanced,
)

# Levels in order

CORAL = library("coral-pytorch")
levels = lambda y: levels_from_labelbatch(y, C).double()
golden.case("coral", ["thresholdLogits", "labels"], {}, lambda x, y: coral_loss(x, levels(y)), CORAL)
golden.case(
    "coral",
    ["thresholdLogits", "labels"],
    {"reduction": "none"},
    lambda x, y: coral_loss(x, levels(y), reduction=None),
    CORAL,
)
importance = [1, 0.5, 2]
golden.case(
    "coral",
    ["thresholdLogits", "labels"],
    {"importance": importance, "reduction": "sum"},
    lambda x, y: coral_loss(x, levels(y), importance_weights=torch.tensor(importance), reduction="sum"),
    CORAL,
)
thresholded = lambda x: x.movedim(1, -1).reshape(-1, C - 1)
golden.case(
    "coral",
    ["thresholdMap", "labelMap"],
    {"reduction": "none"},
    lambda x, y: coral_loss(thresholded(x), levels(y.flatten()), reduction=None).reshape(y.shape),
    CORAL,
)
golden.case("corn", ["thresholdLogits", "labels"], {}, lambda x, y: corn_loss(x, y, C), CORAL)
golden.case("corn", ["thresholdMap", "labelMap"], {}, lambda x, y: corn_loss(thresholded(x), y.flatten(), C), CORAL)


def corn_terms(x, y):
    terms = x * 0
    for i, k in itertools.product(range(N), range(C - 1)):
        if y[i] >= k:
            p = torch.sigmoid(x[i, k])
            terms[i, k] = terms[i, k] - (p if y[i] > k else 1 - p).log()
    return terms


golden.case("corn", ["thresholdLogits", "labels"], {"reduction": "none"}, corn_terms, FORMULA)


def ordinal(x, y, fractions):
    rows = []
    for row, level in zip(x, y.tolist()):
        wanted = [min(max(level - k, 0), 1) if fractions else float(level >= k + 1) for k in range(C - 1)]
        p = torch.sigmoid(row)
        rows.append(-sum(w * p[k].log() + (1 - w) * (1 - p[k]).log() for k, w in enumerate(wanted)))
    return torch.stack(rows)


for options in [{}, {"fractions": True, "reduction": "none"}]:
    golden.case(
        "ordinal",
        ["thresholdLogits", "grades"],
        options,
        lambda x, y: ordinal(x, y, "fractions" in options) if "reduction" in options else ordinal(x, y, False).mean(),
        FORMULA,
    )
    golden.cases[-1]["gradients"].pop("grades")


def kappa(x, y, weighting="quadratic", log=True, epsilon=1e-6):
    p = torch.stack([softmax(row) for row in x])
    w = lambda a, b: (a - b) ** 2 if weighting == "quadratic" else abs(a - b)
    labels = y.tolist()
    observed = sum(w(labels[i], c) * p[i, c] for i in range(N) for c in range(C))
    expected = sum(w(labels[i], c) * p[j, c] for i in range(N) for j in range(N) for c in range(C)) / N
    return (observed / expected + epsilon).log() if log else observed / expected


for options in [{}, {"weighting": "linear"}, {"log": False}, {"epsilon": 0.1}]:
    golden.case("weightedKappa", ["logits", "labels"], options, lambda x, y: kappa(x, y, **options), FORMULA)


def earth_mover(row, y, root=False):
    p = softmax(row)
    squares = [(sum(p[: k + 1]) - sum(y[: k + 1])) ** 2 for k in range(C)]
    return (sum(squares) / C) ** 0.5 if root else sum(squares)


cases("squaredEarthMover", [{}, {"root": True}], lambda row, k, **options: earth_mover(row, torch.eye(C)[k], **options))
golden.case(
    "squaredEarthMover",
    ["logits", "soft"],
    {"root": True, "reduction": "none"},
    lambda x, y: torch.stack([earth_mover(row, target, True) for row, target in zip(x, y.detach())]),
    FORMULA,
)
golden.cases[-1]["gradients"].pop("soft")

# Several predictions of one sample

TIMM = library("timm")
for options, smoothing in [({}, 0), ({"alpha": 3, "labelSmoothing": 0.1}, 0.1)]:
    jsd = JsdCrossEntropy(num_splits=3, alpha=options.get("alpha", 12), smoothing=smoothing)
    together = lambda x, v, y: jsd(torch.cat([x, v[0], v[1]]), torch.cat([y, y, y]))
    golden.case("jensenShannonConsistency", ["logits", "views", "labels"], options, together, TIMM)


def consistency(x, v, y, alpha=12):
    p = [t.softmax(-1) for t in [x, *v]]
    mixture = sum(p) / len(p)
    terms = []
    for i, k in enumerate(y.tolist()):
        kl = sum((q[i] * (q[i] / mixture[i]).log()).sum() for q in p) / len(p)
        terms.append(x.sum() * 0 if k == -100 else alpha * kl - p[0][i, k].log())
    return torch.stack(terms)


golden.case("jensenShannonConsistency", ["logits", "views", "ignoring"], {"reduction": "none"}, consistency, FORMULA)


def r_drop(x, z, y, alpha):
    terms = []
    for a, b, k in zip(x, z, y.tolist()):
        p, q = softmax(a), softmax(b)
        kl = (p * (p / q).log()).sum() + (q * (q / p).log()).sum()
        terms.append(x.sum() * 0 if k == -100 else -p[k].log() - q[k].log() + alpha / 2 * kl)
    return torch.stack(terms)


golden.case("rDrop", ["logits", "otherLogits", "labels"], {}, lambda x, z, y: r_drop(x, z, y, 1).mean(), FORMULA)
golden.case(
    "rDrop",
    ["logits", "otherLogits", "labels"],
    {"alpha": 5, "reduction": "sum"},
    lambda x, z, y: r_drop(x, z, y, 5).sum(),
    FORMULA,
)
golden.case(
    "rDrop", ["logits", "otherLogits", "ignoring"], {"reduction": "none"}, lambda x, z, y: r_drop(x, z, y, 1), FORMULA
)
cases(
    "confidencePenalty",
    [{}, {"beta": 1}],
    lambda row, k, beta=0.1: -softmax(row)[k].log() + beta * sum(p * p.log() for p in softmax(row)),
)


def focal_cosine(row, k, focalWeight=0.1, gamma=2):
    loss = FocalCosineLoss(gamma=gamma, focal_weight=focalWeight)
    return loss(row[None], torch.tensor([k]))


cases("focalCosine", [{}, {"focalWeight": 1, "gamma": 0.5}], focal_cosine, library("pytorch_optimizer"))

# Several labels of one sample


def multi_positive(x, y):
    terms = []
    for row, wanted in zip(x, y.detach()):
        total = wanted.sum()
        terms.append(F.cross_entropy(row, wanted / total) if total > 0 else row.sum() * 0)
    return torch.stack(terms)


golden.case("multiPositiveCrossEntropy", ["logits", "several"], {"reduction": "none"}, multi_positive, TORCH)
golden.cases[-1]["gradients"].pop("several")
golden.case("multiPositiveCrossEntropy", ["logits", "several"], {}, lambda x, y: multi_positive(x, y).sum() / 4, TORCH)
golden.cases[-1]["gradients"].pop("several")


def f_beta(p, y, beta, smooth=0):
    hits = misses = false = 0
    for a, b in zip(p.flatten(), y.detach().flatten()):
        hits, misses, false = hits + a * b, misses + (1 - a) * b, false + a * (1 - b)
    return 1 - ((1 + beta**2) * hits + smooth) / ((1 + beta**2) * hits + beta**2 * misses + false + smooth)


soft_f1 = SoftF1Loss(eps=0)
soft_f1_of = lambda p, y: soft_f1(p, y)
golden.case("softFBeta", ["probabilities", "multiHot"], {}, soft_f1_of, library("pytorch_optimizer"), gradients=False)
for options, fn in [
    ({"beta": 2}, lambda p, y: f_beta(p, y, 2)),
    (
        {"beta": 0.5, "average": "macro", "reduction": "none"},
        lambda p, y: torch.stack([f_beta(p[:, c], y[:, c], 0.5) for c in range(C)]),
    ),
    ({"average": "samples", "smooth": 1}, lambda p, y: sum(f_beta(p[i], y[i], 1, 1) for i in range(N)) / N),
]:
    golden.case("softFBeta", ["probabilities", "multiHot"], options, fn, FORMULA)
    golden.cases[-1]["gradients"].pop("multiHot")

# Other scores of one prediction

cases("brier", [{}], lambda row, k: sum((p - float(c == k)) ** 2 for c, p in enumerate(softmax(row))))
golden.case(
    "brier",
    ["logits", "soft"],
    {"reduction": "none"},
    lambda x, y: torch.stack([((softmax(row) - target) ** 2).sum() for row, target in zip(x, y.detach())]),
    FORMULA,
)
golden.cases[-1]["gradients"].pop("soft")


def hard_examples(x, y, fraction=0.25, threshold=0, reduction="mean"):
    rows = x.movedim(1, -1).reshape(-1, C)
    terms = F.cross_entropy(rows, y.flatten(), reduction="none", ignore_index=-100)
    counted = [i for i, k in enumerate(y.flatten().tolist()) if k != -100]
    order = sorted(counted, key=lambda i: -terms[i].item())
    kept = set(order[: math.ceil(fraction * len(counted))]) | {
        i for i in counted if math.exp(-terms[i].item()) < threshold
    }
    mask = torch.tensor([float(i in kept) for i in range(len(rows))])
    return (terms * mask).reshape(y.shape) if reduction == "none" else (terms * mask).sum() / len(kept)


for options in [{}, {"fraction": 0.6}, {"fraction": 0.1, "threshold": 0.4}, {"fraction": 0.5, "reduction": "none"}]:
    for args in [["logits", "labels"], ["logits", "ignoring"], ["map", "labelMap"]]:
        golden.case("hardExampleCrossEntropy", args, options, lambda x, y: hard_examples(x, y, **options), TORCH)


def evidential(row, k, divergenceWeight=1):
    """By the moments of the Dirichlet distribution."""
    a = row + 1
    dirichlet = torch.distributions.Dirichlet(a)
    score = ((torch.eye(C)[k] - dirichlet.mean) ** 2 + dirichlet.variance).sum()
    b = torch.where(torch.arange(C) == k, torch.ones(C), a)
    flat = torch.distributions.Dirichlet(torch.ones(C))
    return score + divergenceWeight * torch.distributions.kl_divergence(torch.distributions.Dirichlet(b), flat)


golden.input("evidence", golden.uniform(N, C, low=0, high=6))
for options in [{}, {"divergenceWeight": 0.3, "reduction": "none"}, {"divergenceWeight": 0}]:
    weight, how = options.get("divergenceWeight", 1), options.get("reduction", "mean")
    for target in ["labels", "ignoring"]:
        fn = over_labels(lambda row, k: evidential(row, k, weight), how)
        golden.case("evidentialClassification", ["evidence", target], options, fn, TORCH)


def positive_unlabelled(x, t, prior, surrogate="sigmoid", nonNegative=True, beta=0, gamma=1):
    loss = lambda v: torch.sigmoid(-v) if surrogate == "sigmoid" else (1 + (-v).exp()).log()
    positives, unlabelled = x[t.detach() == 1], x[t.detach() == 0]
    risk_of_positives = prior * loss(positives).mean()
    risk_of_negatives = loss(-unlabelled).mean() - prior * loss(-positives).mean()
    if not nonNegative or risk_of_negatives >= -beta:
        return risk_of_positives + risk_of_negatives
    ascent = -gamma * risk_of_negatives
    return (risk_of_positives - beta - ascent).detach() + ascent


golden.input("positiveScores", torch.tensor([2.0, -1.5, 1.25, 0.5, -2.0, -0.75]))
for options in [
    {"prior": 0.4},
    {"prior": 0.9},
    {"prior": 0.9, "beta": 0.02, "gamma": 0.5},
    {"prior": 0.9, "nonNegative": False},
    {"prior": 0.3, "surrogate": "logistic"},
]:
    for scores in ["scores", "positiveScores"]:
        golden.case(
            "positiveUnlabelled",
            [scores, "binary"],
            options,
            lambda x, t: positive_unlabelled(x, t, **options),
            FORMULA,
        )
        golden.cases[-1]["gradients"].pop("binary")


def deep_svdd(f, c, radius=None, nu=0.1):
    squares = [sum((a - b) ** 2 for a, b in zip(row, c.detach())) for row in f]
    return torch.stack([s if radius is None else radius**2 + torch.relu(s - radius**2) / nu for s in squares])


golden.input("embeddings", golden.normal(N, 3))
golden.input("center", golden.normal(3, std=0.3))
for options in [{}, {"radius": 1.5}, {"radius": 0.8, "nu": 0.5}]:
    golden.case("deepSVDD", ["embeddings", "center"], options, lambda f, c: deep_svdd(f, c, **options).mean(), FORMULA)
    golden.cases[-1]["gradients"].pop("center")
golden.case(
    "deepSVDD", ["embeddings", "center"], {"radius": 1, "reduction": "none"}, lambda f, c: deep_svdd(f, c, 1), FORMULA
)
golden.cases[-1]["gradients"].pop("center")

golden.write()
