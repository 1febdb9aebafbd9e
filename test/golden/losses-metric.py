"""Reference values and gradients of the ranking and metric-learning losses: writes losses-metric.json beside itself.

    pip install --no-deps pytorch-metric-learning sentence-transformers   (and what they import, but no other torch)
    python3 test/golden/losses-metric.py

Everything is computed in float64. Where a library has the loss, it is the reference; where it has not, or deviates
from the paper, the reference is the paper's formula with explicit loops and acos, which the library avoids.
Gradients are those of sum(weights * value), weights 1 for a scalar and 1, 2, 3, ... / size for reduction "none".
"""

import itertools
import json
import math
import pathlib

import numpy
import pytorch_metric_learning as pml
import sentence_transformers
import torch
import torch.nn.functional as F
from pytorch_metric_learning import distances, losses, miners, reducers
from sentence_transformers.sentence_transformer import losses as st

torch.set_default_dtype(torch.float64)
torch.manual_seed(20240917)
PT, PML = f"torch {torch.__version__.split('+')[0]}", f"pytorch-metric-learning {pml.__version__}"
ST, FORMULA = f"sentence-transformers {sentence_transformers.__version__}", "formula with loops"

N, D, CLASSES = 5, 4, 3
round_ = lambda t: torch.round(t * 1000) / 1000  # short numbers, which float32 tests can hold as well
rand = lambda *shape: round_(torch.randn(*shape))
inputs = {
    "a": rand(N, D),
    "b": rand(N, D),
    "c": rand(N, D),
    "pool": rand(3, D),
    "each": rand(N, 2, D),
    "centres": rand(CLASSES, D),
    "speech": rand(3, 3, D),
    "batch": rand(7, D),
    "s": rand(N),
    "t": rand(N),
    "u": rand(N, 3),
    "distances": rand(N).abs() * 1.5,
    "signs": torch.tensor([1, -1, -1, 1, -1]),
    "binary": torch.tensor([1, 0, 0, 1, 0]),
    "labels": torch.tensor([2, 0, 1, 0, 2]),
    "batchLabels": torch.tensor([0, 1, 0, 1, 2, 0, 2]),
}
inputs["b"][0] = round_(inputs["a"][0] * 0.9 + 0.05)  # a near pair
opposed = inputs["a"].clone()  # embeddings whose angle to their centre is close to pi: theta + m > pi
for row, label in enumerate(inputs["labels"]):
    opposed[row] = round_(-inputs["centres"][label] * 1.3 + 0.2 * inputs["b"][row])
inputs["opposed"] = opposed

cases = []


def case(loss, args, options, reference, fn, wrt=None):
    """One call of the library's `loss`: fn(*args) computes the same. `wrt` names the arguments to differentiate by."""
    wrt = [x for x in args if inputs[x].is_floating_point()] if wrt is None else wrt
    leaves = {x: inputs[x].clone().requires_grad_() for x in wrt}
    value = fn(*[leaves.get(x, inputs[x]) for x in args])
    weights = torch.arange(1, value.numel() + 1).reshape(value.shape) / value.numel()
    gradients = torch.autograd.grad((value * weights).sum(), list(leaves.values()), allow_unused=True)
    zero = lambda g, x: torch.zeros_like(x) if g is None else g
    cases.append(
        dict(
            loss=loss,
            args=args,
            options=options,
            reference=reference,
            value=value.detach().tolist(),
            gradients={x: zero(g, inputs[x]).flatten().tolist() for x, g in zip(wrt, gradients)},
        )
    )


def reduce(terms, reduction):
    return dict(none=lambda: terms, mean=terms.mean, sum=terms.sum)[reduction]()


relu = lambda x: torch.clamp(x, min=0)
stack = lambda rows: torch.stack([torch.stack(row) if isinstance(row, list) else row for row in rows])

# Ranking

for margin, reduction in itertools.product([0, 0.4], ["none", "mean", "sum"]):
    case(
        "marginRanking", ["s", "t", "signs"], dict(margin=margin, reduction=reduction), PT,
        lambda x1, x2, y: F.margin_ranking_loss(x1, x2, y, margin=margin, reduction=reduction),
    )

for score, reduction in itertools.product(["distance", "similarity"], ["none", "sum", "mean"]):
    sign = 1 if score == "distance" else -1
    all_pairs = lambda p, n: reduce(stack([[relu(sign * (x - y) + 0.7) for y in n] for x in p]), reduction)
    case("knowledgeGraphMarginRanking", ["s", "t"], dict(margin=0.7, score=score, reduction=reduction), FORMULA, all_pairs)
    aligned = lambda p, n: reduce(stack([relu(sign * (x - y) + 1) for x, y in zip(p, n)]), reduction)
    case("knowledgeGraphMarginRanking", ["s", "t"], dict(pairs="aligned", score=score, reduction=reduction), FORMULA, aligned)
each = lambda p, n: sum(relu(x - y + 1) for x, row in zip(p, n) for y in row)
case("knowledgeGraphMarginRanking", ["s", "u"], dict(pairs="aligned"), FORMULA, each)

# Pairs


def contrastive(x1, x2, y, positive=1, margin=1.0, half=False, squared=True, pos_margin=0.0, reduction="mean", d=None):
    d = d or (lambda u, v: math.sqrt(1) * ((u - v) ** 2).sum().sqrt())
    terms = []
    for u, v, label in zip(x1, x2, y):
        gap = relu(d(u, v) - pos_margin) if label == positive else relu(margin - d(u, v))
        terms.append((gap**2 if squared else gap) * (0.5 if half else 1))
    return reduce(torch.stack(terms), reduction)


pairs = ["a", "b", "binary"]
for positive, half, squared in itertools.product([0, 1], [False, True], [False, True]):
    case(
        "contrastive", pairs, dict(positiveLabel=positive, half=half, squared=squared, margin=2.5), FORMULA,
        lambda x1, x2, y: contrastive(x1, x2, y, positive, 2.5, half, squared),
    )
for reduction in ["none", "sum"]:
    case(
        "contrastive", pairs, dict(preset="hadsell2006", margin=3, reduction=reduction), FORMULA,
        lambda x1, x2, y: contrastive(x1, x2, y, 0, 3, True, reduction=reduction),
    )
case("contrastive", pairs, dict(preset="siamese"), FORMULA, lambda x1, x2, y: contrastive(x1, x2, y))
case(
    "contrastive", pairs, dict(positiveLabel=1, posMargin=0.3, margin=3), FORMULA,
    lambda x1, x2, y: contrastive(x1, x2, y, 1, 3, pos_margin=0.3),
)
case(
    "contrastive", pairs, dict(positiveLabel=1, distance="manhattan", margin=5), FORMULA,
    lambda x1, x2, y: contrastive(x1, x2, y, 1, 5, d=lambda u, v: (u - v).abs().sum()),
)
st_model = torch.nn.Identity()
case(
    "contrastive", pairs, dict(positiveLabel=1, distance="cosine", half=True, margin=0.5), ST,
    lambda x1, x2, y: st.ContrastiveLoss(st_model).compute_loss_from_embeddings([x1, x2], y),
)


def pml_pairs(x1, x2, y, loss):
    """A library of labelled batches, told which pairs: row i with row n + i."""
    i, n = torch.arange(len(x1)), len(x1)
    similar, other = i[y == 1], i[y == 0]
    return loss(torch.cat([x1, x2]), indices_tuple=(similar, n + similar, other, n + other))


for options, kwargs in [({}, {}), (dict(margin=0.7, posMargin=0.2), dict(neg_margin=0.7, pos_margin=0.2))]:
    case(
        "contrastive", pairs, dict(preset="pml", **options), PML,
        lambda x1, x2, y: pml_pairs(x1, x2, y, losses.ContrastiveLoss(**kwargs)),
    )

for margin, reduction in itertools.product([1, 0.5], ["none", "mean", "sum"]):
    case(
        "hingeEmbedding", ["distances", "signs"], dict(margin=margin, reduction=reduction), PT,
        lambda x, y: F.hinge_embedding_loss(x, y, margin=margin, reduction=reduction),
    )
for margin, reduction in itertools.product([0, -0.5, 0.3], ["none", "mean", "sum"]):
    case(
        "cosineEmbedding", ["a", "b", "signs"], dict(margin=margin, reduction=reduction), PT,
        lambda x1, x2, y: F.cosine_embedding_loss(x1, x2, y, margin=margin, reduction=reduction),
    )

# Triplets

three = ["a", "b", "c"]
for p, margin, swap in itertools.product([1, 2, 3, 1.5], [1, 2.5], [False, True]):
    case(
        "triplet", three, dict(p=p, margin=margin, swap=swap), PT,
        lambda a, p_, n: F.triplet_margin_loss(a, p_, n, margin=margin, p=p, swap=swap),
    )
for reduction in ["none", "sum"]:
    case(
        "triplet", three, dict(reduction=reduction, preset="torch"), PT,
        lambda a, p, n: F.triplet_margin_loss(a, p, n, reduction=reduction),
    )
case("triplet", three, dict(eps=1e-3), PT, lambda a, p, n: F.triplet_margin_loss(a, p, n, eps=1e-3))


def triplet(a, p, n, d, margin):
    return torch.stack([relu(d(x, y) - d(x, z) + margin) for x, y, z in zip(a, p, n)]).mean()


square = lambda u, v: sum((ui - vi) ** 2 for ui, vi in zip(u, v))
case("triplet", three, dict(preset="facenet"), FORMULA, lambda a, p, n: triplet(a, p, n, square, 0.2))
case(
    "triplet", three, dict(preset="facenet", normalize=True, margin=0.5), FORMULA,
    lambda a, p, n: triplet(*[x / x.norm(dim=1, keepdim=True) for x in (a, p, n)], square, 0.5),
)
for p in [2, 3]:  # optax and MLX add eps to the sum of powers
    inner = lambda u, v: (sum(abs(ui - vi) ** p for ui, vi in zip(u, v)) + 0.01) ** (1 / p)
    case(
        "triplet", three, dict(p=p, eps=0.01, epsPlacement="sum"), FORMULA,
        lambda a, p_, n: triplet(a, p_, n, inner, 1),
    )


def pml_triplets(a, p, n, loss):
    i, size = torch.arange(len(a)), len(a)
    return loss(torch.cat([a, p, n]), indices_tuple=(i, size + i, 2 * size + i))


euclidean = lambda: distances.LpDistance(normalize_embeddings=False)
for swap, soft in itertools.product([False, True], [False, True]):
    case(
        "triplet", three, dict(margin=0.4, swap=swap, soft=soft, eps=0, reduction="meanNonZero"), PML,
        lambda a, p, n: pml_triplets(
            a, p, n, losses.TripletMarginLoss(margin=0.4, swap=swap, smooth_loss=soft, distance=euclidean())
        ),
    )
case(
    "triplet", three, dict(soft=True, eps=0), PML,
    lambda a, p, n: pml_triplets(a, p, n, losses.TripletMarginLoss(margin=0, smooth_loss=True, distance=euclidean())),
)

of_batch = ["batch", "batchLabels"]
st_distance = st.BatchHardTripletLossDistanceFunction
for margin, squared in itertools.product([0.3, 1, 5], [False, True]):
    metric = lambda x: st_distance.euclidean_distance(x, squared=squared)
    for name, loss in [
        ("batchAllTriplet", st.BatchAllTripletLoss),
        ("batchHardTriplet", st.BatchHardTripletLoss),
        ("semiHardTriplet", st.BatchSemiHardTripletLoss),
    ]:
        case(
            name, of_batch, dict(margin=margin, squared=squared), ST,
            lambda x, y: loss(st_model, metric, margin).compute_loss_from_embeddings([x], y),
        )
case(
    "batchHardTriplet", of_batch, dict(soft=True), ST,
    lambda x, y: st.BatchHardSoftMarginTripletLoss(st_model).compute_loss_from_embeddings([x], y),
)
for reduction, reducer in [
    ("meanNonZero", reducers.AvgNonZeroReducer()), ("mean", reducers.MeanReducer()), ("sum", reducers.SumReducer()),
]:
    for soft in [False, True]:
        case(
            "batchAllTriplet", of_batch, dict(margin=0.2, normalize=True, soft=soft, reduction=reduction), PML,
            lambda x, y: losses.TripletMarginLoss(margin=0.2, smooth_loss=soft, reducer=reducer)(x, y),
        )

found = {}
batch, batch_labels = inputs["batch"], inputs["batchLabels"]
a, p, n = miners.BatchHardMiner(distance=euclidean())(batch, batch_labels)[:3]
found["batchHard"] = [x.tolist() for x in (a, p, n)]
for margin in [0.2, 1]:
    mined = miners.TripletMarginMiner(margin, "semihard", distance=euclidean())(batch, batch_labels)
    found[f"semiHard {margin}"] = [x.tolist() for x in mined]
found["batchAll"] = [x.tolist() for x in pml.utils.loss_and_miner_utils.get_all_triplets_indices(batch_labels)]

# Softmax with margins


def pml_softmax(x, w, y, loss):
    loss = loss.double()
    del loss.W
    loss.W = w.t()
    loss.cast_types = lambda *_: None
    return loss(x, y)


classes = ["a", "centres", "labels"]
for temperature in [0.05, 0.5]:
    for option in [dict(temperature=temperature), dict(scale=1 / temperature)]:
        case(
            "normalizedSoftmax", classes, option, PML,
            lambda x, w, y: pml_softmax(x, w, y, losses.NormalizedSoftmaxLoss(CLASSES, D, temperature)),
        )
for scale, margin in itertools.product([64, 5], [0.35, 0]):
    case(
        "cosFace", classes, dict(scale=scale, margin=margin), PML,
        lambda x, w, y: pml_softmax(x, w, y, losses.CosFaceLoss(CLASSES, D, margin=margin, scale=scale)),
    )
for args, scale, margin in itertools.product([classes, ["opposed", *classes[1:]]], [64, 5], [0.5, 0.1, 1.5]):
    case(
        "arcFace", args, dict(scale=scale, margin=margin), PML,
        lambda x, w, y: pml_softmax(x, w, y, losses.ArcFaceLoss(CLASSES, D, margin=math.degrees(margin), scale=scale)),
    )


def margin_softmax(x, w, y, scale, m1, m2, m3, overflow, reduction="mean"):
    terms = []
    for e, label in zip(x, y):
        cosines = [(e * c).sum() / (e.norm() * c.norm()) for c in w]
        own = cosines[label]
        angle = torch.acos(own)
        moved = torch.cos(m1 * angle + m2)
        if overflow == "taylor" and m1 * angle + m2 > math.pi:
            moved = own - m2 * math.sin(m2)
        if overflow == "easy" and own <= 0:
            moved = own
        logits = torch.stack([scale * (moved - m3 if k == label else c) for k, c in enumerate(cosines)])
        terms.append(-F.log_softmax(logits, 0)[label])
    return reduce(torch.stack(terms), reduction)


for args, options, (m1, m2, m3), overflow in [
    (classes, dict(easyMargin=True), (1, 0.5, 0), "easy"),
    (classes, dict(overflow="easy", reduction="none"), (1, 0.5, 0), "easy"),
    (["opposed", *classes[1:]], dict(overflow="none"), (1, 0.5, 0), "none"),
    (["opposed", *classes[1:]], dict(reduction="sum"), (1, 0.5, 0), "taylor"),
]:
    case(
        "arcFace", args, dict(scale=10, **options), FORMULA,
        lambda x, w, y: margin_softmax(x, w, y, 10, m1, m2, m3, overflow, options.get("reduction", "mean")),
    )
for args, (m1, m2, m3), overflow in itertools.product(
    [classes, ["opposed", *classes[1:]]],
    [(1, 0.5, 0), (1, 0.3, 0.2), (1.35, 0, 0), (1.2, 0.4, 0.1), (2, 0.1, 0)], ["taylor", "easy", "none"],
):
    if m1 == 1 or overflow != "taylor":
        case(
            "combinedMargin", args, dict(scale=8, m1=m1, m2=m2, m3=m3, overflow=overflow), FORMULA,
            lambda x, w, y: margin_softmax(x, w, y, 8, m1, m2, m3, overflow),
        )

# GE2E, as the paper writes it


def ge2e(e, w=10.0, b=-5.0, variant="softmax", exclude=True, reduction="sum"):
    speakers, utterances = e.shape[:2]
    cos = lambda u, v: (u * v).sum() / (u.norm() * v.norm())
    terms = []
    for j in range(speakers):
        row = []
        for i in range(utterances):
            scores = []
            for k in range(speakers):
                members = [e[k, m] for m in range(utterances) if not (exclude and k == j and m == i)]
                scores.append(w * cos(e[j, i], sum(members) / len(members)) + b)
            if variant == "softmax":
                row.append(-scores[j] + torch.log(sum(torch.exp(s) for s in scores)))
            else:
                others = [torch.sigmoid(s) for k, s in enumerate(scores) if k != j]
                row.append(1 - torch.sigmoid(scores[j]) + (max(others) if others else 0))
        terms.append(row)
    return reduce(stack(terms), reduction)


for variant, exclude, reduction in itertools.product(["softmax", "contrast"], [True, False], ["sum", "mean", "none"]):
    case(
        "ge2e", ["speech"], dict(variant=variant, excludeSelf=exclude, reduction=reduction), FORMULA,
        lambda e: ge2e(e, variant=variant, exclude=exclude, reduction=reduction),
    )
    if reduction == "sum":
        case(
            "ge2e", ["speech"], dict(variant=variant, excludeSelf=exclude, w=2.5, b=0.5), FORMULA,
            lambda e: ge2e(e, 2.5, 0.5, variant, exclude),
        )

# InfoNCE and its kin

unit = lambda x: F.normalize(x, dim=-1)
diagonal = torch.arange(N)


def info_nce(q, k, extra=None, temperature=0.07, symmetric=False, same=False, in_batch=True, norm=True, reduction="mean"):
    if norm:
        q, k, extra = unit(q), unit(k), None if extra is None else unit(extra)

    def direction(x, y, more):
        terms = []
        for i in range(len(x)):
            candidates = [y[i]] + [y[j] for j in range(len(y)) if in_batch and j != i]
            candidates += [x[j] for j in range(len(x)) if same and j != i]
            if more is not None:
                candidates += list(more if more.dim() == 2 else more[i])
            logits = torch.stack([(x[i] * c).sum() / temperature for c in candidates])
            terms.append(F.cross_entropy(logits[None], torch.tensor([0])))
        return torch.stack(terms)

    terms = direction(q, k, extra)
    if symmetric:
        terms = (terms + direction(k, q, None)) / 2
    return reduce(terms, reduction)


two = ["a", "b"]
for temperature, symmetric, same in itertools.product([0.07, 0.8], [False, True], [False, True]):
    case(
        "infoNCE", two, dict(temperature=temperature, symmetric=symmetric, sameView=same), PT,
        lambda q, k: info_nce(q, k, None, temperature, symmetric, same),
    )
for reduction, norm in itertools.product(["none", "sum"], [True, False]):
    case(
        "infoNCE", two, dict(temperature=0.5, normalize=norm, reduction=reduction), PT,
        lambda q, k: info_nce(q, k, temperature=0.5, norm=norm, reduction=reduction),
    )
for negatives, options in itertools.product(["pool", "each"], [{}, dict(inBatch=False), dict(symmetric=True)]):
    case(
        "infoNCE", [*two, negatives], dict(temperature=0.5, **options), PT,
        lambda q, k, extra: info_nce(
            q, k, extra, 0.5, options.get("symmetric", False), in_batch=options.get("inBatch", True)
        ),
    )
for temperature in [0.5, 0.07]:
    pair_labels = torch.cat([diagonal, diagonal])
    case(
        "ntXent", two, dict(temperature=temperature), PML,
        lambda x, y: losses.NTXentLoss(temperature)(torch.cat([x, y]), pair_labels),
    )
for temperature in [0.07, 0.5]:
    logits = lambda x, y: unit(x) @ unit(y).t() / temperature
    case(
        "clip", two, dict(temperature=temperature), PT,
        lambda x, y: (F.cross_entropy(logits(x, y), diagonal) + F.cross_entropy(logits(y, x), diagonal)) / 2,
    )

dot = lambda x, y: x @ y.t()
names = dict(
    queryToDocument="query_to_doc", queryToQuery="query_to_query",
    documentToQuery="doc_to_query", documentToDocument="doc_to_doc",
)
st_cos = st.MultipleNegativesRankingLoss(st_model).similarity_fct


def mnr(options, *embeddings):
    loss = st.MultipleNegativesRankingLoss(
        st_model,
        scale=options.get("scale", 20),
        similarity_fct=dot if options.get("similarity") == "dot" else st_cos,
        directions=tuple(names[d] for d in options.get("directions", ["queryToDocument"])),
        partition_mode=dict(joint="joint", perDirection="per_direction")[options.get("partition", "joint")],
        hardness_mode=dict(
            none=None, inBatchNegatives="in_batch_negatives", hardNegatives="hard_negatives", allNegatives="all_negatives"
        )[options.get("hardness", "none")],
        hardness_strength=options.get("hardnessStrength", 0.0),
    )
    columns = [c for e in embeddings for c in (e.unbind(1) if e.dim() == 3 else [e])]
    return loss.compute_loss_from_embeddings(columns, None)


everything = list(names)
for options in [
    {}, dict(scale=5), dict(scale=1, similarity="dot"),
    dict(directions=["queryToDocument", "documentToQuery"], partition="perDirection"),
    dict(directions=["queryToDocument", "queryToQuery"], scale=7), dict(directions=everything),
    dict(hardness="inBatchNegatives", hardnessStrength=9.0),
]:
    case("multipleNegativesRanking", two, options, ST, lambda x, y: mnr(options, x, y))
for options in [
    {}, dict(directions=everything, scale=3), dict(hardness="inBatchNegatives", hardnessStrength=9.0, scale=3),
    dict(hardness="hardNegatives", hardnessStrength=5.0, scale=3), dict(hardness="allNegatives", hardnessStrength=2.0),
]:
    case("multipleNegativesRanking", [*two, "each"], options, ST, lambda x, y, z: mnr(options, x, y, z))

header = dict(
    script="test/golden/losses-metric.py",
    versions=dict(torch=torch.__version__, numpy=numpy.__version__,
                  pytorchMetricLearning=pml.__version__, sentenceTransformers=sentence_transformers.__version__),
)
described = {
    name: dict(shape=list(t.shape), dtype="float64" if t.is_floating_point() else "int32", data=t.flatten().tolist())
    for name, t in inputs.items()
}
path = pathlib.Path(__file__).with_suffix(".json")
lines = ",\n".join(json.dumps(c) for c in cases)
path.write_text(
    f'{{"header": {json.dumps(header)},\n"inputs": {json.dumps(described)},\n"miners": {json.dumps(found)},\n"cases": [\n{lines}\n]}}\n'
)
print(f"{len(cases)} cases, {path.stat().st_size / 1000:.0f} kB")
