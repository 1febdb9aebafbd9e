"""Reference values and gradients of the ranking losses: writes losses-ranking.json beside itself.

    pip install --no-deps rax allRank sentence-transformers    (and what they import, but no other torch)
    python3 test/golden/losses-ranking.py

Libraries: torch 2.13.0, rax 0.4.0 on jax 0.10.2, allRank 1.4.3, sentence-transformers 6.2.0. Everything is computed in
float64; allRank and sentence-transformers ask for float32 in places, which Tensor.float and Tensor.type are made to ignore. What no
installed library has is written out: loops over lists and pairs, plain exponentials, ranks by counting. So are the
losses of TensorFlow Ranking 0.5.5, as read in its source, which needs TensorFlow to run. rax gives values only.
"""

import math
import os
import sys
import types

os.environ["JAX_ENABLE_X64"] = "1"
os.environ["JAX_PLATFORMS"] = "cpu"

import jax
import jax.numpy as jnp
import rax
import torch
import torch.nn.functional as F
from golden import FORMULA, TORCH, Golden, library

sys.modules["torchvision"] = None  # no loss needs it, and one built for another torch fails to load
# allRank's losses take a constant and a device from modules that import torchvision and the client of a cloud.
for name, content in {
    "allrank.data.dataset_loading": {"PADDED_Y_VALUE": -1},
    "allrank.models.model_utils": {"get_torch_device": lambda: torch.device("cpu")},
}.items():
    sys.modules[name] = types.ModuleType(name)
    vars(sys.modules[name]).update(content)
from allrank.models import losses as allrank
from sentence_transformers.cross_encoder import losses as st

torch.Tensor.float = torch.Tensor.double
torch.Tensor.type = lambda t, dtype: t.to(torch.float64 if dtype == torch.float32 else dtype)
jax.util = types.SimpleNamespace(wraps=lambda *_, **__: lambda fn: fn)  # which rax's approx_t12n asks for, and jax lost
RAX, ALLRANK, ST = library("rax"), library("allRank"), library("sentence-transformers")
TFR = "the formula of TensorFlow Ranking 0.5.5"

golden = Golden(__file__, seed=20)
s = golden.input("scores", golden.normal(3, 5, std=1.2))
y = golden.input("relevance", torch.tensor([[2, 0, 1, 3, 1], [0, 4, 0, 2, 1], [1, 0, 0, 0, 2]]))
untied = golden.input("untied", torch.tensor([[2, 0, 1, 3, 4], [3, 4, 0, 2, 1], [1, 4, 0, 3, 2]]))
binary = golden.input("binary", torch.tensor([[1, 0, 0, 0, 0], [0, 1, 0, 1, 0], [0, 0, 0, 0, 1]]))
graded = golden.input("graded", golden.uniform(3, 5))
padded = golden.input("padded", torch.tensor([[2, 0, -1, 1, -1], [-1, 3, 1, 0, 2], [0, 0, 0, -1, -1], [-1, -1, -1, -1, -1]]))
ps = golden.input("paddedScores", golden.normal(4, 5, std=1.2))
mask = golden.input("mask", torch.tensor([[1, 1, 0, 1, 1], [1, 1, 1, 1, 0], [0, 1, 1, 1, 1]]))
one = golden.input("one", golden.normal(4))
oneRelevance = golden.input("oneRelevance", torch.tensor([0, 2, 1, 0]))
padding = torch.tensor([[2, 0, -1, 1, -1], [-1, 3, 1, 0, 2], [0, 0, 0, -1, -1], [-1, -1, -1, -1, -1]])


def sp(x):
    return torch.log(1 + torch.exp(-x.abs())) + torch.clamp(x, min=0)


def lists(scores, relevance, mask=None):
    """The real items of each list: (scores [n], relevance [n], their places)."""
    scores, relevance = torch.atleast_2d(scores), torch.atleast_2d(relevance)
    real = relevance >= 0 if mask is None else (relevance >= 0) & (torch.atleast_2d(mask) > 0)
    for t, v, r in zip(scores, relevance, real):
        yield t[r], v[r].double(), r.nonzero().flatten()


def total(terms):
    return sum(terms, torch.tensor(0.0))


def per_list(term, over="relevant", reduction="mean"):
    """A loss from that of a list. `over` says which lists the mean counts."""

    def loss(scores, relevance, mask=None):
        terms, counted = [], 0
        for t, v, _ in lists(scores, relevance, mask):
            counts = {"relevant": bool((v > 0).any()), "real": len(v) > 0, "all": True}[over]
            terms.append(term(t, v) if counts and len(v) > 0 else 0 * scores.sum())
            counted += counts
        if reduction == "none":
            return torch.stack(terms)
        return total(terms) / (counted if reduction == "mean" else 1)

    return loss


def per_pair(term, reduction="mean", over="pairs", pair=lambda vi, vj, same: vi > vj):
    """A loss from that of a pair: term(list's scores, relevance, i, j)."""

    def loss(scores, relevance, mask=None):
        size = torch.atleast_2d(scores).shape
        matrix = [[[0 * scores.sum() for _ in range(size[1])] for _ in range(size[1])] for _ in range(size[0])]
        count = 0
        for row, (t, v, places) in enumerate(lists(scores, relevance, mask)):
            for i in range(len(t)):
                for j in range(len(t)):
                    if pair(v[i], v[j], i == j):
                        matrix[row][places[i]][places[j]] = term(t, v, i, j)
                        count += 1
        stacked = torch.stack([torch.stack([torch.stack(r) for r in m]) for m in matrix])
        if reduction == "none":
            return stacked if scores.ndim == 2 else stacked[0]
        divisor = {"sum": 1, "mean": count if over == "pairs" else size[0] * size[1]}[reduction]
        return stacked.sum() / max(divisor, 1)

    return loss


def by_rax(loss, **options):
    def fn(scores, relevance, mask=None):
        real = relevance >= 0 if mask is None else (relevance >= 0) & (mask > 0)
        j = lambda t: jnp.asarray(t.detach().numpy())
        return float(loss(j(scores), j(relevance).astype(jnp.float64), where=j(real), **options))

    return fn


def value_case(loss, args, options, fn, reference):
    golden.case(loss, args, options, fn, reference, gradients=False)


class Model:
    """A cross-encoder whose scores are given: what the losses of sentence-transformers ask of a model."""

    num_labels, device = 1, torch.device("cpu")

    def __init__(self, scores):
        self.scores, self.at = scores, 0

    def preprocess(self, pairs, **_):
        return {"count": len(pairs)}

    def __call__(self, tokens):
        start, self.at = self.at, self.at + tokens["count"]
        return {"scores": self.scores[start : self.at]}


def by_st(make):
    def fn(scores, relevance):
        listed = list(lists(scores, relevance))
        loss = make(Model(torch.cat([t for t, _, _ in listed])))
        documents = [["d"] * len(t) for t, _, _ in listed]
        return loss([["q"] * len(listed), documents], [v for _, v, _ in listed])

    return fn


def by_allrank(loss, **options):
    return lambda scores, relevance: loss(scores, relevance.double(), **options)


# Margins and pairs of scores

x1, x2 = golden.input("x1", golden.normal(5)), golden.input("x2", golden.normal(5))
signs = golden.input("signs", torch.tensor([1, -1, -1, 1, -1]))
negatives = golden.input("negatives", golden.normal(5, 3, std=2.0))
margins = golden.input("margins", golden.uniform(5))
for options in [{}, {"margin": 0.4}, {"margin": 0.4, "reduction": "none"}, {"margin": 1, "reduction": "sum"}]:
    golden.case("marginRanking", [x1, x2, signs], options, lambda a, b, t: F.margin_ranking_loss(a, b, t, **options), TORCH)


def graph(p, n, margin=1, pairs="all", score="distance", reduction="sum"):
    sign = 1 if score == "distance" else -1
    rows = [[torch.clamp(sign * (a - b) + margin, min=0) for b in (n if pairs == "all" else n[i].flatten())] for i, a in enumerate(p)]
    terms = torch.stack([torch.stack(r) for r in rows])
    return {"none": terms, "sum": terms.sum(), "mean": terms.mean()}[reduction]


for options in [{}, {"margin": 0.3, "reduction": "none"}, {"score": "similarity", "reduction": "mean"}]:
    golden.case("knowledgeGraphMarginRanking", [x1, x2], options, lambda a, b: graph(a, b, **options), FORMULA)
golden.case("knowledgeGraphMarginRanking", [x1, negatives], {"pairs": "aligned"}, lambda a, b: graph(a, b, pairs="aligned"), FORMULA)


def adversarial(p, n, margin=12, alpha=1, score="distance", reduction="mean"):
    sign = 1 if score == "distance" else -1
    terms = []
    for d, ds in zip(sign * p, sign * n):
        e = torch.exp(alpha * (margin - ds.detach()))
        w = e / e.sum()
        terms.append(-torch.log(torch.sigmoid(margin - d)) - (w * torch.log(torch.sigmoid(ds - margin))).sum())
    terms = torch.stack(terms)
    return {"none": terms, "sum": terms.sum(), "mean": terms.mean()}[reduction]


for options in [{}, {"margin": 1, "alpha": 0.5, "reduction": "none"}, {"alpha": 0, "margin": 0}, {"score": "similarity", "margin": 0.5, "reduction": "sum"}]:
    golden.case("selfAdversarial", [x1, negatives], options, lambda p, n: adversarial(p, n, **options), FORMULA)

logistic = lambda lead: -F.logsigmoid(lead)
golden.case("bradleyTerry", [x1, x2], {}, lambda a, b: logistic(a - b).mean(), TORCH)
golden.case("bradleyTerry", [x1, x2], {"margin": 0.7, "reduction": "none"}, lambda a, b: logistic(a - b - 0.7), TORCH)
golden.case("bradleyTerry", [x1, x2], {"margin": margins, "reduction": "sum"}, lambda a, b: logistic(a - b - golden.inputs["margins"]).sum(), TORCH)
golden.case("bradleyTerry", [x1, x2], {"centring": 0.01}, lambda a, b: logistic(a - b).mean() + 0.01 * torch.mean((a + b) ** 2), TORCH)
golden.case("bayesianPersonalizedRanking", [x1, x2], {}, lambda a, b: logistic(a - b).mean(), TORCH)
golden.case("bayesianPersonalizedRanking", [x1, negatives], {"reduction": "none"}, lambda a, b: logistic(a[:, None] - b), TORCH)
golden.case("bayesianPersonalizedRanking", [x1, negatives], {"reduction": "sum"}, lambda a, b: logistic(a[:, None] - b).sum(), TORCH)



def warp(p, n, margin=1, items=None, weight="harmonic", reduction="mean"):
    terms = []
    for f, fs in zip(p, n):
        hit = next((t for t in range(len(fs)) if margin - f + fs[t] > 0), None)
        r = 0 if hit is None else ((items or len(fs) + 1) - 1) // (hit + 1)
        w = sum(1 / j for j in range(1, r + 1)) if weight == "harmonic" else math.log(max(1, r))
        terms.append(0 * f if hit is None else w * (margin - f + fs[hit]))
    terms = torch.stack(terms)
    return {"none": terms, "sum": terms.sum(), "mean": terms.mean()}[reduction]


drawn = golden.input("drawn", golden.normal(5, 6, std=1.5) - 1)
for options in [{}, {"margin": 0.2, "items": 100, "reduction": "none"}, {"items": 40, "weight": "logarithmic"}, {"margin": 0, "reduction": "sum"}]:
    golden.case("warp", [x1, drawn], options, lambda p, n: warp(p, n, **options), FORMULA)

logQ, positiveLogQ = golden.input("logQ", -3 * golden.uniform(5, 6) - 0.5), golden.input("positiveLogQ", -3 * golden.uniform(5) - 0.5)
hits = golden.input("hits", (golden.uniform(5, 6) > 0.3).long())


def sampled(p, n, reduction="mean", q=None, mask=None):
    p, n = (p, n) if q is None else (p - golden.inputs["positiveLogQ"], n - golden.inputs["logQ"])
    n = n if mask is None else n.masked_fill(golden.inputs["hits"] == 0, -1e30)
    logits = torch.cat([p[:, None], n], 1)
    return F.cross_entropy(logits, torch.zeros(5, dtype=torch.long), reduction=reduction)


golden.case("sampledSoftmax", [x1, drawn], {}, sampled, TORCH)
golden.case("sampledSoftmax", [x1, drawn], {"positiveLogQ": positiveLogQ, "negativeLogQ": logQ, "reduction": "none"}, lambda p, n: sampled(p, n, "none", True), TORCH)
golden.case("sampledSoftmax", [x1, drawn], {"positiveLogQ": positiveLogQ, "negativeLogQ": logQ, "mask": hits}, lambda p, n: sampled(p, n, "mean", True, True), TORCH)
golden.case("sampledSoftmax", [x1, drawn], {"mask": hits, "reduction": "sum"}, lambda p, n: sampled(p, n, "sum", None, True), TORCH)

# Pairwise

weightings = {"none": lambda a, b: 1, "difference": lambda a, b: a - b, "squares": lambda a, b: a**2 - b**2}


def pair_cases(loss, term, rax_loss, options):
    """term(lead, options) for a pair's lead s_i - s_j."""
    weighted = lambda o: lambda t, v, i, j: term(t[i] - t[j], o) * weightings[o.get("weighting", "none")](v[i], v[j])
    run = lambda o: per_pair(weighted(o), o.get("reduction", "mean"), o.get("average", "pairs"))
    golden.case(loss, [s, y], {}, run({}), FORMULA)
    for o in [{}, {"reduction": "sum", "weighting": "squares"}, {"weighting": "difference"}, {"average": "items"}, *options]:
        golden.case(loss, [ps, padded], o, run(o), FORMULA)
    golden.case(loss, [ps, padded], {"preset": "tfRanking"}, run({"average": "items"}), TFR)
    golden.case(loss, [s, y], {"mask": mask}, lambda a, b: run({})(a, b, golden.inputs["mask"]), FORMULA)
    golden.case(loss, [one, oneRelevance], {"reduction": "none"}, run({"reduction": "none"}), FORMULA)
    for args in [[s, y], [ps, padded]]:
        value_case(loss, args, {"preset": "rax"}, by_rax(rax_loss), RAX)
        value_case(loss, args, {"weighting": "difference"}, by_rax(rax_loss, lambdaweight_fn=rax.labeldiff_lambdaweight), RAX)


pair_cases("pairwiseHinge", lambda x, o: torch.clamp(o.get("margin", 1) - x, min=0), rax.pairwise_hinge_loss, [{"margin": 0.3}])
base = lambda o: math.log(2) if o.get("logarithm") == "binary" else 1
pair_cases(
    "pairwiseLogistic",
    lambda x, o: torch.log(1 + torch.exp(-o.get("sigma", 1) * x)) / base(o),
    rax.pairwise_logistic_loss,
    [{"sigma": 2.5}, {"logarithm": "binary", "reduction": "sum"}],
)
pair_cases("pairwiseSoftZeroOne", lambda x, o: 1 / (1 + torch.exp(x)), rax.pairwise_soft_zero_one_loss, [])
for args in [[s, y], [ps, padded]]:
    golden.case("pairwiseLogistic", args, {"preset": "allRank"}, by_allrank(allrank.rankNet), ALLRANK)
    golden.case("pairwiseLogistic", args, {"weighting": "difference"}, by_allrank(allrank.rankNet_weightByGTDiff), ALLRANK)
    golden.case("pairwiseLogistic", args, {"weighting": "squares"}, by_allrank(allrank.rankNet_weightByGTDiff_pow), ALLRANK)
golden.case("pairwiseLogistic", [s, y], {"preset": "sentenceTransformers", "sigma": 0.7}, by_st(lambda m: st.RankNetLoss(m, sigma=0.7)), ST)

square = lambda t, v, i, j: ((t[i] - t[j]) - (v[i] - v[j])) ** 2
unequal = lambda vi, vj, same: not same
for args in [[ps, padded]]:
    for o in [{}, {"reduction": "none"}, {"reduction": "sum"}, {"average": "items"}]:
        golden.case("pairwiseMSE", args, o, per_pair(square, o.get("reduction", "mean"), o.get("average", "pairs"), unequal), FORMULA)
    golden.case("pairwiseMSE", args, {"preset": "tfRanking"}, per_pair(square, "mean", "items", unequal), TFR)
    golden.case("pairwiseMSE", args, {"selfPairs": True}, per_pair(square, pair=lambda *_: True), FORMULA)
    value_case("pairwiseMSE", args, {"preset": "rax"}, by_rax(rax.pairwise_mse_loss), RAX)


def quantile(q=0.5, squared=False):
    p = 2 if squared else 1
    cost = lambda r: q * torch.clamp(r, min=0) ** p + (1 - q) * torch.clamp(-r, min=0) ** p
    return lambda t, v, i, j: cost((v[i] - v[j]) - (t[i] - t[j]))


for args in [[s, y], [ps, padded]]:
    for o in [{}, {"quantile": 0.9, "reduction": "none"}, {"quantile": 0.2, "squared": True}, {"reduction": "sum"}]:
        term = quantile(o.get("quantile", 0.5), o.get("squared", False))
        golden.case("pairwiseQuantile", args, o, per_pair(term, o.get("reduction", "mean")), FORMULA)
    value_case("pairwiseQuantile", args, {"preset": "rax", "quantile": 0.9}, by_rax(rax.pairwise_qr_loss, tau=0.9), RAX)
    value_case("pairwiseQuantile", args, {"quantile": 0.3, "squared": True}, by_rax(rax.pairwise_qr_loss, tau=0.3, squared=True), RAX)

# LambdaLoss

D = lambda r: 1 / math.log2(1 + r)
gain_of = {"exponential": lambda v: 2.0**v - 1, "linear": lambda v: v}


def rank(t, i):
    return 1 + sum(1 for j in range(len(t)) if t[j] > t[i] or (t[j] == t[i] and j < i))


def ideal(v, gain="exponential", k=None):
    best = sorted([float(gain_of[gain](x)) for x in v], reverse=True)[:k]
    return sum(g * D(r + 1) for r, g in enumerate(best))


def lambda_loss(scheme="ndcgLoss2PP", k=None, cutoff="either", mu=10, sigma=1, logarithm="binary", gain="exponential", normalize=True, items=1, reduction="mean", average="pairs"):
    def term(t, v, i, j):
        ri, rj = rank(t, i), rank(t, j)
        among = [ri <= k, rj <= k] if k else [True]
        if not (any if cutoff == "either" else all)(among):
            return 0 * t.sum()
        scale = (ideal(v, gain, k) or 1) if normalize else 1
        gi, gj = (float(gain_of[gain](x)) / scale for x in (v[i], v[j]))
        d = abs(ri - rj)
        two = 0 if d == 0 else abs(gi - gj) * abs(D(d) - D(d + 1))
        rank_weight = abs(gi - gj) * abs(D(ri) - D(rj))
        w = {
            "ndcgLoss1": gi * D(ri), "ndcgLoss2": two, "lambdaRank": rank_weight, "ndcgLoss2PP": mu * two + rank_weight,
            "rankNet": 1, "rankNetByDifference": float(v[i] - v[j]), "rankNetBySquares": float(v[i] ** 2 - v[j] ** 2),
        }[scheme]
        return items * w * torch.log(1 + torch.exp(-sigma * (t[i] - t[j]))) / (math.log(2) if logarithm == "binary" else 1)

    pair = (lambda *_: True) if scheme == "ndcgLoss1" else (lambda vi, vj, same: vi > vj)
    return per_pair(term, reduction, average, pair)


schemes = ["ndcgLoss1", "ndcgLoss2", "lambdaRank", "ndcgLoss2PP", "rankNet", "rankNetByDifference", "rankNetBySquares"]
for scheme in schemes:
    golden.case("lambda", [s, y], {"scheme": scheme}, lambda_loss(scheme), FORMULA)
    golden.case("lambda", [ps, padded], {"scheme": scheme, "reduction": "sum", "k": 2, "cutoff": "both"}, lambda_loss(scheme, k=2, cutoff="both", reduction="sum"), FORMULA)
golden.case("lambda", [one, oneRelevance], {"reduction": "none"}, lambda_loss(reduction="none"), FORMULA)
for o in [{"mu": 2, "sigma": 0.5, "logarithm": "natural"}, {"gain": "linear"}, {"normalize": False, "reduction": "sum"}, {"average": "items"}]:
    golden.case("lambda", [s, y], o, lambda_loss(**o), FORMULA)
golden.case("lambda", [s, y], {"scaleByItems": True, "reduction": "sum"}, lambda_loss(items=5, reduction="sum"), FORMULA)
golden.case("lambda", [ps, padded], {"preset": "tfRanking"}, lambda_loss("ndcgLoss2", logarithm="natural", items=5, average="items"), TFR)
golden.case("lambda", [ps, padded], {"preset": "tfRanking", "scheme": "lambdaRank"}, lambda_loss("lambdaRank", logarithm="natural", items=5, average="items"), TFR)
mild = golden.input("mildScores", golden.normal(3, 5, std=0.2))  # of larger ones it clamps probabilities at 1e-10
allrank_schemes = {"rankNet": "rankNet_scheme", "rankNetByDifference": "rankNetWeightedByGTDiff_scheme", "rankNetBySquares": "rankNetWeightedByGTDiffPowed_scheme"}
for scheme in schemes:
    for k in [None, 3]:
        named = allrank_schemes.get(scheme, f"{scheme}_scheme")
        golden.case("lambda", [mild, y], {"preset": "allRank", "scheme": scheme, "k": k}, by_allrank(allrank.lambdaLoss, weighing_scheme=named, k=k), ALLRANK)
golden.case("lambda", [ps, padded], {"preset": "allRank", "logarithm": "natural", "sigma": 0.7}, by_allrank(allrank.lambdaLoss, weighing_scheme="ndcgLoss2PP_scheme", reduction_log="natural", sigma=0.7), ALLRANK)
st_schemes = {"ndcgLoss1": st.NDCGLoss1Scheme, "ndcgLoss2": st.NDCGLoss2Scheme, "lambdaRank": st.LambdaRankScheme, "ndcgLoss2PP": st.NDCGLoss2PPScheme}
some = golden.input("someScores", golden.normal(2, 5, std=1.2))
someRelevance = golden.input("someRelevance", torch.tensor([[2, 0, 1, -1, -1], [0, 3, 0, 2, 1]]))
for scheme, make in st_schemes.items():
    golden.case("lambda", [s, y], {"preset": "sentenceTransformers", "scheme": scheme}, by_st(lambda m: st.LambdaLoss(m, weighting_scheme=make())), ST)
golden.case("lambda", [some, someRelevance], {"k": 2, "logarithm": "natural"}, by_st(lambda m: st.LambdaLoss(m, k=2, reduction_log="natural")), ST)
for args in [[s, y], [ps, padded]]:
    value_case("lambda", args, {"preset": "rax"}, by_rax(rax.pairwise_logistic_loss, lambdaweight_fn=rax.dcg2_lambdaweight), RAX)
    value_case("lambda", args, {"preset": "rax", "scheme": "lambdaRank"}, by_rax(rax.pairwise_logistic_loss, lambdaweight_fn=rax.dcg_lambdaweight), RAX)


def yeti(gain="exponential", normalize=False, sigma=1, reduction="mean", average="items", size=5):
    def term(t, v, i, j):
        if abs(rank(t, i) - rank(t, j)) != 1:
            return 0 * t.sum()
        w = float(gain_of[gain](v[i]) - gain_of[gain](v[j])) / ((ideal(v, gain) or 1) if normalize else 1)
        return size * w * (D(1) - D(2)) * torch.log(1 + torch.exp(-sigma * (t[i] - t[j])))

    return per_pair(term, reduction, average)


quiet = {"noise": 0, "samples": 2}
for o in [{}, {"reduction": "none"}, {"gain": "linear", "normalize": True, "sigma": 2}, {"reduction": "sum"}]:
    golden.case("yetiLogistic", [ps, padded], {**quiet, **o}, yeti(**o), TFR)

# Listwise

lsm = lambda t: torch.log(torch.exp(t) / torch.exp(t).sum())
softmax = lambda t: torch.exp(t) / torch.exp(t).sum()


def list_cases(loss, make, options=({},), presets={}):
    golden.case(loss, [s, y], {}, per_list(make({})), FORMULA)
    for o in options:
        golden.case(loss, [ps, padded], o, per_list(make(o)), FORMULA)
    golden.case(loss, [ps, padded], {"reduction": "none"}, per_list(make({}), reduction="none"), FORMULA)
    golden.case(loss, [s, y], {"reduction": "sum"}, per_list(make({}), reduction="sum"), FORMULA)
    golden.case(loss, [ps, padded], {"average": "real"}, per_list(make({}), "real"), FORMULA)
    golden.case(loss, [ps, padded], {"average": "all"}, per_list(make({}), "all"), FORMULA)
    golden.case(loss, [s, y], {"mask": mask}, lambda a, b: per_list(make({}))(a, b, golden.inputs["mask"]), FORMULA)
    golden.case(loss, [one, oneRelevance], {}, per_list(make({})), FORMULA)
    for preset, (o, over) in presets.items():
        golden.case(loss, [ps, padded], {"preset": preset}, per_list(make(o), over), TFR if preset == "tfRanking" else FORMULA)


net = lambda t, v: -(softmax(v) * lsm(t)).sum()
for args in [[s, y], [ps, padded], [s, graded]]:
    golden.case("listNet", args, {}, per_list(net, "real"), FORMULA)
golden.case("listNet", [ps, padded], {"reduction": "none"}, per_list(net, "real", "none"), FORMULA)
golden.case("listNet", [s, y], {"mask": mask, "reduction": "sum"}, lambda a, b: per_list(net, "real", "sum")(a, b, golden.inputs["mask"]), FORMULA)
value_case("listNet", [s, y], {}, by_allrank(allrank.listNet), ALLRANK)
value_case("listNet", [some, someRelevance], {}, by_allrank(allrank.listNet), ALLRANK)
golden.case("listNet", [s, y], {}, by_st(lambda m: st.ListNetLoss(m)), ST)

share = lambda v: v / v.sum() if v.sum() > 0 else v
list_cases(
    "listwiseSoftmax",
    lambda o: lambda t, v: -((share(v) if o.get("normalize") else v) * lsm(t)).sum(),
    [{}, {"normalize": True}],
    {"tfRanking": ({}, "all"), "allRank": ({"normalize": True}, "all")},
)
value_case("listwiseSoftmax", [s, binary], {"preset": "allRank"}, by_allrank(allrank.binary_listNet), ALLRANK)


def poly(o):
    def term(t, v):
        missed = 1 - (share(v) * softmax(t)).sum()
        return -(v * lsm(t)).sum() + o.get("epsilon", 1) * missed * (v.sum() if o.get("weighted") else 1)

    return lambda t, v: term(t, v) if v.sum() > 0 else 0 * t.sum()


list_cases("polySoftmax", poly, [{}, {"epsilon": -0.5}, {"weighted": True, "epsilon": 2}], {"tfRanking": ({"weighted": True}, "all")})


def unique(o):
    def term(t, v):
        losses = []
        for i in range(len(t)):
            below = total([torch.exp(t[j]) for j in range(len(t)) if v[j] < v[i]])
            losses.append(-gain_of[o.get("gain", "exponential")](v[i]) * torch.log(torch.exp(t[i]) / (torch.exp(t[i]) + below)))
        return total(losses)

    return term


list_cases("uniqueSoftmax", unique, [{}, {"gain": "linear"}], {"tfRanking": ({}, "all")})


def calibrated(o):
    virtual = o.get("virtualLabel", 0)
    return lambda t, v: -(v * torch.log(torch.exp(t) / (1 + torch.exp(t).sum()))).sum() + virtual * torch.log(1 + torch.exp(t).sum())


list_cases("calibratedSoftmax", calibrated, [{}], {"tfRanking": ({}, "all")})
for args in [[s, y], [ps, padded]]:
    golden.case("calibratedSoftmax", args, {"virtualLabel": 0.3}, per_list(calibrated({"virtualLabel": 0.3}), "real"), FORMULA)
for args in [[s, y], [ps, padded]]:
    value_case("listwiseSoftmax", args, {"preset": "rax"}, by_rax(rax.softmax_loss), RAX)
    value_case("uniqueSoftmax", args, {"preset": "rax"}, by_rax(rax.unique_softmax_loss), RAX)
    value_case("listMLE", args, {"preset": "rax"}, by_rax(rax.listmle_loss), RAX)
value_case("polySoftmax", [s, y], {"preset": "rax", "epsilon": 0.7}, by_rax(rax.poly1_softmax_loss, epsilon=0.7), RAX)

# Likelihoods of orders


def mle(o, weight=lambda k, n: 1):
    def term(t, v):
        order = sorted(range(len(t)), key=lambda i: (-float(v[i]), i))
        picked = t[order]
        n = len(order)
        k = min(o.get("k") or n, n)
        return total([weight(p + 1, n) * (torch.log(torch.exp(picked[p:]).sum()) - picked[p]) for p in range(k)])

    return term


list_cases("listMLE", mle, [{}, {"k": 2}, {"k": 9}], {"tfRanking": ({}, "all")})
for args in [[s, untied]]:
    golden.case("listMLE", args, {}, by_allrank(allrank.listMLE), ALLRANK)
    golden.case("listMLE", args, {}, by_st(lambda m: st.ListMLELoss(m, respect_input_order=False)), ST)
    golden.case("pListMLE", args, {"preset": "sentenceTransformers"}, by_st(lambda m: st.PListMLELoss(m, respect_input_order=False)), ST)


def plist(o):
    raw = {"exponential": lambda k, n: 2.0 ** (n - k) - 1, "logarithmic": lambda k, n: D(k)}
    given = o.get("positionWeights", "exponential")
    weight = raw[given] if isinstance(given, str) else lambda k, n: given[k - 1]
    norm = lambda n: (sum(weight(k, n) for k in range(1, n + 1)) or 1) if o.get("normalize", True) else 1
    return mle(o, lambda k, n: weight(k, n) / norm(n))


for o in [{}, {"normalize": False}, {"positionWeights": "logarithmic"}, {"positionWeights": "logarithmic", "normalize": False, "reduction": "sum"}, {"positionWeights": [5, 3, 2, 0.5, 0.25]}]:
    for args in [[s, y], [ps, padded]]:
        golden.case("pListMLE", args, o, per_list(plist(o), reduction=o.get("reduction", "mean")), FORMULA)
golden.case("pListMLE", [ps, padded], {"reduction": "none"}, per_list(plist({}), reduction="none"), FORMULA)
golden.case("pListMLE", [s, y], {"mask": mask}, lambda a, b: per_list(plist({}))(a, b, golden.inputs["mask"]), FORMULA)
golden.case("pListMLE", [ps, padded], {"preset": "tfRanking"}, per_list(plist({"positionWeights": "logarithmic", "normalize": False}), "all"), TFR)

teacher = golden.input("teacher", golden.normal(3, 5, std=2.0))
for o in [{}, {"k": 2}, {"k": 3, "reduction": "none"}, {"mask": mask}]:
    def distil(scores, _, o=o):
        shifted = golden.inputs["teacher"] + 100
        real = golden.inputs["mask"] if "mask" in o else None
        return per_list(mle(o), "real", o.get("reduction", "mean"))(scores, shifted, real)

    golden.case("coupledRankDistil", [s, teacher], {"noise": 0, "samples": 2, **o}, distil, FORMULA)

# Smooth ranks


def soft_rank(t, i, temperature):
    return 1 + total([1 / (1 + torch.exp((t[i] - t[j]) / temperature)) for j in range(len(t)) if j != i])


def approx_ndcg(o):
    def term(t, v):
        gain = o.get("gain", "exponential")
        dcg = total([gain_of[gain](v[i]) / torch.log2(1 + soft_rank(t, i, o.get("temperature", 0.1))) for i in range(len(t))])
        return (0 if o.get("negate") else 1) - dcg / ideal(v, gain)

    return lambda t, v: term(t, v) if v.sum() > 0 else 0 * t.sum()


negated = {"negate": True}
list_cases("approxNDCG", approx_ndcg, [{}, {"temperature": 1}, {"gain": "linear", "negate": True, "temperature": 0.5}], {"tfRanking": (negated, "all"), "rax": ({"negate": True, "temperature": 1}, "real")})
golden.case("approxNDCG", [s, y], {"preset": "allRank"}, by_allrank(allrank.approxNDCGLoss), ALLRANK)
for o in [{}, {"temperature": 1, "gain": "linear"}, {"negate": True}]:
    golden.case("gumbelApproxNDCG", [ps, padded], {**quiet, **o}, per_list(approx_ndcg(o)), FORMULA)
golden.case("gumbelApproxNDCG", [ps, padded], {**quiet, "reduction": "none"}, per_list(approx_ndcg({}), reduction="none"), FORMULA)
golden.case("gumbelApproxNDCG", [s, y], {"noise": 0, "preset": "tfRanking"}, per_list(approx_ndcg(negated), "all"), TFR)
for args in [[s, y], [ps, padded]]:
    value_case("approxNDCG", args, {"preset": "rax"}, by_rax(rax.approx_t12n(rax.ndcg_metric)), RAX)
    value_case("approxNDCG", args, {"preset": "rax", "temperature": 0.3}, by_rax(rax.approx_t12n(rax.ndcg_metric, temperature=0.3)), RAX)


def approx_mrr(o):
    def term(t, v):
        mrr = total([v[i] / soft_rank(t, i, o.get("temperature", 0.1)) for i in range(len(t))]) / v.sum()
        return (0 if o.get("negate") else 1) - mrr

    return lambda t, v: term(t, v) if v.sum() > 0 else 0 * t.sum()


list_cases("approxMRR", approx_mrr, [{}, {"temperature": 1}, {"negate": True}], {"tfRanking": (negated, "all")})


def adr(alpha=1, reduction="mean"):
    def loss(scores, relevance, mask=None):
        terms, count = torch.zeros(torch.atleast_2d(scores).shape), 0
        for row, (t, v, places) in enumerate(lists(scores, relevance, mask)):
            for i in range(len(t)):
                tied = [r + 1 for r, x in enumerate(sorted(v.tolist(), reverse=True)) if x == v[i]]
                wanted = sum(tied) / len(tied)
                terms[row, places[i]] = (wanted - soft_rank(t, i, 1 / alpha)) ** 2 * D(wanted)
                count += 1
        return {"none": terms, "sum": terms.sum(), "mean": terms.sum() / count}[reduction]

    return loss


for args in [[s, y], [ps, padded]]:
    for o in [{}, {"alpha": 3, "reduction": "none"}, {"reduction": "sum"}]:
        golden.case("adrMSE", args, o, adr(**o), FORMULA)
golden.case("adrMSE", [s, y], {"mask": mask}, lambda a, b: adr()(a, b, golden.inputs["mask"]), FORMULA)
golden.case("adrMSE", [s, y], {}, by_st(lambda m: st.ADRMSELoss(m)), ST)
golden.case("adrMSE", [some, someRelevance], {"alpha": 2}, by_st(lambda m: st.ADRMSELoss(m, alpha=2)), ST)

# Smooth permutations


def permutation(t, temperature=1):
    n = len(t)
    rows = []
    for r in range(1, n + 1):
        rows.append(softmax(torch.stack([((n + 1 - 2 * r) * t[k] - total([(t[k] - t[j]).abs() for j in range(n)])) / temperature for k in range(n)])))
    return torch.stack(rows)


def sort_cross_entropy(o):
    term = lambda t, v: -(permutation(v) * torch.log(permutation(t, o.get("temperature", 1)))).sum() / len(t)
    return lambda t, v: term(t, v) if v.sum() > 0 else 0 * t.sum()


golden.case("neuralSortCrossEntropy", [s, y], {"average": "real"}, per_list(sort_cross_entropy({}), "real"), FORMULA)
list_cases("neuralSortCrossEntropy", sort_cross_entropy, [{}, {"temperature": 2.5}], {"tfRanking": ({}, "all")})


def sinkhorn(p, iterations):
    for _ in range(iterations):
        p = p / p.sum(0, keepdim=True)
        p = p / p.sum(1, keepdim=True)
    return p


def sort_ndcg(o, iterations=0):
    def term(t, v):
        gain, n = o.get("gain", "exponential"), len(t)
        k = min(o.get("k") or n, n)
        p = sinkhorn(permutation(t, o.get("temperature", 1)), o.get("iterations", iterations))
        dcg = total([D(r + 1) * p[r, i] * gain_of[gain](v[i]) for r in range(k) for i in range(n)])
        return (0 if o.get("negate") else 1) - dcg / ideal(v, gain, k)

    return lambda t, v: term(t, v) if v.sum() > 0 else 0 * t.sum()


list_cases("neuralSortNDCG", sort_ndcg, [{}, {"temperature": 0.5, "k": 2}, {"gain": "linear", "negate": True}], {"tfRanking": (negated, "all")})
list_cases(
    "neuralNDCG",
    lambda o: sort_ndcg(o, 50),
    [{}, {"temperature": 0.5, "k": 2}, {"gain": "linear", "iterations": 3}, {"transposed": True}, {"transposed": True, "iterations": 2, "k": 3}],
    {"allRank": (negated, "relevant")},
)

# Circle loss


def circle(o):
    gamma, m = o.get("gamma", 64), o.get("margin", 0.25)

    def term(t, v):
        t = t.clamp(0, 1) if o.get("clamp", True) else t
        a, b = torch.clamp(1 + m - t.detach(), min=0), torch.clamp(t.detach() + m, min=0)
        terms = [torch.exp(gamma * (a[i] * (1 - m - t[i]) + b[j] * (t[j] - m))) for i in range(len(t)) for j in range(len(t)) if v[i] > v[j]]
        return torch.log(1 + total(terms))

    return term


similar = golden.input("similarities", golden.uniform(3, 5))
for o in [{}, {"gamma": 3, "margin": 0.1}, {"gamma": 2, "clamp": False}]:
    golden.case("rankingCircle", [similar, y], o, per_list(circle(o)), FORMULA)
    golden.case("rankingCircle", [ps, padded], o, per_list(circle(o)), FORMULA)
golden.case("rankingCircle", [similar, y], {"reduction": "none"}, per_list(circle({}), reduction="none"), FORMULA)
golden.case("rankingCircle", [similar, binary], {"preset": "tfRanking"}, per_list(circle({}), "all"), TFR)
golden.case("rankingCircle", [similar, y], {"mask": mask}, lambda a, b: per_list(circle({}))(a, b, golden.inputs["mask"]), FORMULA)

# Pointwise


def per_item(term, reduction="mean", over="real"):
    def loss(scores, relevance, mask=None):
        real = relevance >= 0 if mask is None else (relevance >= 0) & (mask > 0)
        rows = [[term(scores[i, j], relevance[i, j].double()) if real[i, j] else 0 * scores.sum() for j in range(relevance.shape[1])] for i in range(relevance.shape[0])]
        terms = torch.stack([torch.stack(r) for r in rows])
        count = real.sum() if over == "real" else relevance.numel()
        return {"none": terms, "sum": terms.sum(), "mean": terms.sum() / count}[reduction]

    return loss


def item_cases(loss, term, all_args, options=({},)):
    for args in all_args:
        for o in options:
            golden.case(loss, args, o, per_item(term(o)), FORMULA)
        golden.case(loss, args, {"reduction": "none"}, per_item(term({}), "none"), FORMULA)
        golden.case(loss, args, {"average": "all"}, per_item(term({}), "mean", "all"), FORMULA)
        golden.case(loss, args, {"preset": "tfRanking"}, per_item(term({}), "mean", "all"), TFR)
    golden.case(loss, all_args[0], {"mask": mask, "reduction": "sum"}, lambda a, b: per_item(term({}), "sum")(a, b, golden.inputs["mask"]), FORMULA)


bce = lambda x, v: -v * torch.log(torch.sigmoid(x)) - (1 - v) * torch.log(1 - torch.sigmoid(x))
paddedBinary = golden.input("paddedBinary", torch.clamp(padding, max=1))
item_cases("pointwiseSigmoid", lambda o: bce, [[s, graded], [ps, paddedBinary]])
golden.case("pointwiseSigmoid", [s, y], {"clamp": True}, per_item(lambda x, v: bce(x, v.clamp(max=1))), FORMULA)
item_cases("pointwiseMSE", lambda o: lambda x, v: (x - v) ** 2, [[s, y], [ps, padded]])
for args in [[s, y], [ps, padded]]:
    value_case("pointwiseSigmoid", args, {"preset": "rax"}, by_rax(rax.pointwise_sigmoid_loss), RAX)
    value_case("pointwiseMSE", args, {"preset": "rax"}, by_rax(rax.pointwise_mse_loss), RAX)


def rmse(levels=1):
    return lambda t, v: torch.sqrt(((levels * t - v) ** 2).mean())


for o in [{}, {"levels": 4}]:
    for args in [[s, y], [ps, padded]]:
        golden.case("pointwiseRMSE", args, o, per_list(rmse(**o), "real"), FORMULA)
golden.case("pointwiseRMSE", [ps, padded], {"reduction": "none"}, per_list(rmse(), "real", "none"), FORMULA)
golden.case("pointwiseRMSE", [s, y], {"levels": 4}, by_allrank(allrank.pointwise_rmse, no_of_levels=4), ALLRANK)
golden.case("pointwiseRMSE", [some, someRelevance], {}, by_allrank(allrank.pointwise_rmse, no_of_levels=1), ALLRANK)

levels = golden.input("levels", golden.normal(3, 5, 3))
paddedLevels = golden.input("paddedLevels", golden.normal(4, 5, 3))
target = lambda v, l, fractions: min(max(float(v) - l + 1, 0), 1) if fractions else float(v >= l)
item_cases(
    "pointwiseOrdinal",
    lambda o: lambda x, v: total([bce(x[l], target(v, l + 1, o.get("fractions"))) for l in range(3)]),
    [[levels, y], [paddedLevels, padded]],
    [{}, {"fractions": True}],
)
fractional = golden.input("fractional", golden.uniform(3, 5, high=3))
value_case("pointwiseOrdinal", [levels, fractional], {"fractions": True}, per_item(lambda x, v: total([bce(x[l], target(v, l + 1, True)) for l in range(3)])), FORMULA)
value_case("pointwiseOrdinal", [levels, fractional], {}, per_item(lambda x, v: total([bce(x[l], target(v, l + 1, False)) for l in range(3)])), FORMULA)

# Clicks


def click_em(examination=1, relevance=1, reduction="mean", over="real"):
    def loss(e, r, clicks, mask=None):
        real = (clicks >= 0) if mask is None else (clicks >= 0) & (mask > 0)
        terms = torch.zeros(e.shape)
        for i, j in real.nonzero().tolist():
            pe, pr = torch.sigmoid(e[i, j].detach()), torch.sigmoid(r[i, j].detach())
            qe = 1.0 if clicks[i, j] == 1 else pe * (1 - pr) / (1 - pe * pr)
            qr = 1.0 if clicks[i, j] == 1 else pr * (1 - pe) / (1 - pe * pr)
            terms[i, j] = examination * bce(e[i, j], qe) + relevance * bce(r[i, j], qr)
        count = real.sum() if over == "real" else terms.numel()
        return {"none": terms, "sum": terms.sum(), "mean": terms.sum() / count}[reduction]

    return loss


other = golden.input("other", golden.normal(4, 5))
golden.case("clickEM", [s, teacher, binary], {}, click_em(), TFR)
golden.case("clickEM", [s, teacher, binary], {"mask": mask}, lambda e, r, c: click_em()(e, r, c, golden.inputs["mask"]), TFR)
golden.case("clickEM", [ps, other, paddedBinary], {"examinationWeight": 0.5, "relevanceWeight": 2}, click_em(0.5, 2), TFR)
golden.case("clickEM", [ps, other, paddedBinary], {"reduction": "none"}, click_em(reduction="none"), TFR)
golden.case("clickEM", [ps, other, paddedBinary], {"reduction": "sum"}, click_em(reduction="sum"), TFR)
golden.case("clickEM", [ps, other, paddedBinary], {"preset": "tfRanking"}, click_em(over="all"), TFR)


def mixture(alpha=1):
    def term(t, v):
        losses = torch.stack([total([bce(t[i, m], v[i]) for i in range(len(v))]) for m in range(t.shape[1])])
        q = torch.exp(-alpha * losses.detach())
        return (q / q.sum() * losses).sum() if v.sum() > 0 else 0 * t.sum()

    return term


def mixture_loss(alpha=1, over="relevant", reduction="mean"):
    def loss(logits, clicks):
        terms, counted = [], 0
        for t, v in zip(logits, clicks):
            real = v >= 0
            counts = {"relevant": bool((v > 0).any()), "real": bool(real.any()), "all": True}[over]
            terms.append(mixture(alpha)(t[real], v[real].double()) if real.any() else 0 * t.sum())
            counted += counts
        terms = torch.stack(terms)
        return {"none": terms, "sum": terms.sum(), "mean": terms.sum() / counted}[reduction]

    return loss


for o in [{}, {"alpha": 0}, {"alpha": 0.3, "reduction": "none"}]:
    golden.case("mixtureEM", [levels, binary], o, mixture_loss(**o), TFR)
    golden.case("mixtureEM", [paddedLevels, paddedBinary], o, mixture_loss(**o), TFR)
golden.case("mixtureEM", [paddedLevels, paddedBinary], {"preset": "tfRanking"}, mixture_loss(over="all"), TFR)

golden.write()
