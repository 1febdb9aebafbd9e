"""Reference values and gradients of divergences and of distillation: writes losses-divergence.json.

    python3 test/golden/losses-divergence.py      with torch 2.13, optax 0.2, scipy 1.17, geomloss 0.3

Where a library has the loss, it is the reference, in float64; where it has not, the reference is the paper's formula on
plain probabilities, with loops over pairs, and is checked here against SciPy or geomloss where they have it.
"""

import itertools
import math

import geomloss
import jax
import numpy
import optax
import scipy.spatial
import scipy.stats
import torch
import torch.distributions as D
import torch.nn.functional as F

from golden import FORMULA, TORCH, Golden, library

jax.config.update("jax_enable_x64", True)
OPTAX, SCIPY = library("optax"), library("scipy")
g = Golden(__file__, seed=32)
logq = g.input("logq", g.normal(5, 4, std=1.5).log_softmax(1))
p = g.input("p", g.normal(5, 4).softmax(1))
logp = g.input("logp", g.normal(5, 4, std=2).log_softmax(1))
sparse = g.input("sparse", torch.tensor([[0.5, 0.5, 0, 0], [1, 0, 0, 0], [0.2, 0, 0.3, 0.5], [0, 0, 1, 0], [0.25, 0.25, 0.25, 0.25]]))
measure = g.input("measure", torch.tensor([[0, 2.5, 1, 0.25], [3, 0, 0.125, 1], [0.5, 0.5, 4, 0]]))
logMeasure = g.input("logMeasure", g.normal(3, 4))
maps = g.input("maps", g.normal(2, 3, 2, 2).log_softmax(1))
mapTargets = g.input("mapTargets", g.normal(2, 3, 2, 2).softmax(1))
vector, vectorTarget = g.input("vector", g.normal(4).log_softmax(0)), g.input("vectorTarget", g.normal(4).softmax(0))


def plain(x, y):
    """x log(x / y), 0 where x = 0."""
    return torch.where(x > 0, x * (torch.where(x > 0, x, 1.0) / y).log(), 0 * x)


def reduced(terms, reduction):
    return {"none": lambda: terms, "mean": terms.mean, "sum": terms.sum, "batchMean": lambda: terms.sum() / len(terms)}[reduction]()


def every(loss, args, options, fn, reference, reductions=("none", "mean", "sum"), **kwargs):
    for r in reductions:
        g.case(loss, args, {**options, "reduction": r}, lambda *a: reduced(fn(*a), r), reference, **kwargs)


ALL = ("none", "mean", "sum", "batchMean")

# By elements
every("generalizedKL", [logMeasure, measure], {}, lambda x, t: plain(t, x.exp()) + x.exp() - t, FORMULA, ["none", "mean", "sum", "batchMean"], gradients=False)
g.case("generalizedKL", [logMeasure, measure], {}, lambda x, t: numpy.asarray(optax.losses.generalized_kl_divergence(x.detach().numpy(), t.detach().numpy())).mean(), OPTAX, gradients=False)
every("generalizedKL", [logMeasure, logMeasure], {"logTarget": True}, lambda x, t: plain(t.exp(), x.exp()) + x.exp() - t.exp(), FORMULA, ALL)
target = g.input("target", g.uniform(3, 4, low=0.2, high=3))
every("generalizedKL", [logMeasure, target], {}, lambda x, t: plain(t, x.exp()) + x.exp() - t, FORMULA, ALL)
for r in ALL:
    torchName = {"batchMean": "batchmean"}.get(r, r)
    both = lambda x, t: F.kl_div(x, t, reduction=torchName) + F.kl_div(t.log(), x.exp(), reduction=torchName)
    g.case("symmetricKL", [logq, p], {"reduction": r}, both, TORCH)
    g.case("symmetricKL", [logq, logp], {"reduction": r, "logTarget": True}, lambda x, t: both(x, t.exp()), TORCH)
g.case("symmetricKL", [vector, vectorTarget], {}, lambda x, t: F.kl_div(x, t, reduction="sum") + F.kl_div(t.log(), x.exp(), reduction="sum"), TORCH)
for r in ALL:
    g.case("klDivergence", [maps, mapTargets], {"reduction": r}, lambda x, t: F.kl_div(x, t, reduction={"batchMean": "batchmean"}.get(r, r)), TORCH)

# By distributions


def mixed(q, t, w, axis=1):
    m = w * t + (1 - w) * q
    return w * plain(t, m).sum(axis) + (1 - w) * plain(q, m).sum(axis)


numpy.testing.assert_allclose(mixed(g.inputs["logq"].exp(), g.inputs["sparse"], 0.5), scipy.spatial.distance.jensenshannon(g.inputs["logq"].exp(), g.inputs["sparse"], axis=1) ** 2)
every("jensenShannon", [logq, p], {}, lambda x, t: mixed(x.exp(), t, 0.5), FORMULA)
every("jensenShannon", [logq, sparse], {}, lambda x, t: torch.as_tensor(scipy.spatial.distance.jensenshannon(x.detach().exp().numpy(), t.detach().numpy(), axis=1) ** 2), SCIPY, gradients=False)
every("jensenShannon", [logq, logp], {"logTarget": True, "weight": 0.2}, lambda x, t: mixed(x.exp(), t.exp(), 0.2), FORMULA)
every("jensenShannon", [maps, mapTargets], {"weight": 0.7}, lambda x, t: mixed(x.exp(), t, 0.7), FORMULA, ["none", "mean"])
g.case("jensenShannon", [vector, vectorTarget], {}, lambda x, t: mixed(x.exp(), t, 0.5, 0), FORMULA)

views = g.input("views", g.normal(3, 4, 3).log_softmax(2))


def entropies(x, w):
    """The entropy of the mixture less the mean entropy of its parts."""
    weights, entropy = torch.tensor(w).reshape(-1, 1, 1), lambda q: -(q * q.log()).sum(-1)
    return entropy((weights * x.exp()).sum(0)) - (weights[:, :, 0] * entropy(x.exp())).sum(0)


every("multiwayJensenShannon", [views], {}, lambda x: entropies(x, [1 / 3] * 3), FORMULA)
every("multiwayJensenShannon", [views], {"weights": [0.5, 0.25, 0.25]}, lambda x: entropies(x, [0.5, 0.25, 0.25]), FORMULA)
every("multiwayJensenShannon", [views], {"weights": [0.5, 0, 0.5]}, lambda x: mixed(x[0].exp(), x[2].exp(), 0.5, -1), FORMULA)
flat = g.input("flat", g.normal(2, 4).log_softmax(1))
g.case("multiwayJensenShannon", [flat], {}, lambda x: mixed(x[0].exp(), x[1].exp(), 0.5, 0), FORMULA)

for beta in [0, 0.1, 0.5, 1]:
    # As trl's GKDTrainer.generalized_jsd_loss has it.
    def gkd(x, t, beta=beta):
        if beta == 0:
            return F.kl_div(x, t, reduction="none", log_target=True).sum(1)
        if beta == 1:
            return F.kl_div(t, x, reduction="none", log_target=True).sum(1)
        m = torch.logsumexp(torch.stack([x + math.log(1 - beta), t + math.log(beta)]), 0)
        return beta * F.kl_div(m, t, reduction="none", log_target=True).sum(1) + (1 - beta) * F.kl_div(m, x, reduction="none", log_target=True).sum(1)

    every("generalizedJensenShannon", [logq, logp], {"beta": beta, "logTarget": True}, gkd, TORCH, ["none"])
    g.case("generalizedJensenShannon", [logq, p], {"beta": beta}, lambda x, t: gkd(x, t.log()).mean(), TORCH)

for alpha in [0.1, 0.5]:
    every("skewedKL", [logq, p], {"alpha": alpha}, lambda x, t: F.kl_div((alpha * t + (1 - alpha) * x.exp()).log(), t, reduction="none").sum(1), TORCH, ["none", "sum"])
    every("skewedKL", [logq, sparse], {"alpha": alpha}, lambda x, t: F.kl_div((alpha * t + (1 - alpha) * x.exp()).log(), t, reduction="none").sum(1), TORCH, gradients=False)
    every("skewedKL", [logq, logp], {"alpha": alpha, "reverse": True, "logTarget": True}, lambda x, t: F.kl_div((alpha * x.exp() + (1 - alpha) * t.exp()).log(), x, reduction="none", log_target=True).sum(1), TORCH, ["none"])


def variation(q, t):
    return (q - t).abs().sum(1) / 2


def hellinger2(q, t):
    return sum((q[:, c].sqrt() - t[:, c].sqrt()) ** 2 for c in range(q.shape[1])) / 2


formulas = [
    ("totalVariation", {}, variation),
    ("hellinger", {}, lambda q, t: hellinger2(q, t).sqrt()),
    ("hellinger", {"squared": True}, hellinger2),
    ("bhattacharyya", {}, lambda q, t: -(q * t).sqrt().sum(1).log()),
    ("chiSquared", {}, lambda q, t: ((t - q) ** 2 / q).sum(1)),
    ("renyi", {}, lambda q, t: -2 * (q * t).sqrt().sum(1).log()),
    ("renyi", {"alpha": 2}, lambda q, t: (t**2 / q).sum(1).log()),
    ("renyi", {"alpha": 0.3}, lambda q, t: (t**0.3 * q**0.7).sum(1).log() / -0.7),
    ("renyi", {"alpha": 1}, lambda q, t: plain(t, q).sum(1)),
]
for loss, options, fn in formulas:
    every(loss, [logq, p], options, lambda x, t: fn(x.exp(), t), FORMULA, ["none", "sum"])
    g.case(loss, [logq, logp], {**options, "logTarget": True}, lambda x, t: fn(x.exp(), t.exp()).mean(), FORMULA)
    g.case(loss, [logq, sparse], options, lambda x, t: fn(x.exp(), t).mean(), FORMULA, gradients=False)

# Gaussians
mean, logVariance = g.input("mean", g.normal(4, 3)), g.input("logVariance", g.normal(4, 3))
standard = lambda m, s: D.kl_divergence(D.Normal(m, (s / 2).exp()), D.Normal(0.0, 1.0))
every("gaussianKL", [mean, logVariance], {}, standard, TORCH, ALL)
every("gaussianKL", [mean, logVariance], {"freeNats": 0.5}, lambda m, s: torch.where(standard(m, s) > 0.5, standard(m, s), 0.5), TORCH, ALL)

# Distillation: the teacher is a constant
student, teacher = g.input("student", g.normal(5, 4, std=2)), g.input("teacher", g.normal(5, 4, std=2))
labels = g.input("labels", torch.tensor([2, 0, 3, 1, 1]))


def softened(s, t, temperature, axis=1):
    return F.kl_div((s / temperature).log_softmax(axis), (t.detach() / temperature).softmax(axis), reduction="none").sum(axis)


for temperature, rescale in [(4, True), (1, True), (2.5, False)]:
    factor = temperature**2 if rescale else 1
    options = {"temperature": temperature, "rescale": rescale}
    every("knowledgeDistillation", [student, teacher], options, lambda s, t: softened(s, t, temperature) * factor, TORCH)
    every("rankingDistillation", [student, teacher], options, lambda s, t: softened(s, t, temperature) * factor, TORCH, ["none", "mean"])
g.case("knowledgeDistillation", [student, teacher], {}, lambda s, t: F.kl_div((s / 4).log_softmax(1), (t.detach() / 4).softmax(1), reduction="batchmean") * 16, TORCH)
g.case("rankingDistillation", [student, teacher], {}, lambda s, t: F.kl_div(s.log_softmax(1), t.detach().softmax(1), reduction="batchmean"), TORCH)
pixels, pixelTeacher = g.input("pixels", g.normal(2, 3, 2, 2)), g.input("pixelTeacher", g.normal(2, 3, 2, 2))
every("knowledgeDistillation", [pixels, pixelTeacher], {}, lambda s, t: softened(s, t, 4) * 16, TORCH, ["none", "mean"])
edges, edgeTeacher = g.input("edges", g.normal(2, 4, 5, std=2)), g.input("edgeTeacher", g.normal(2, 4, 5, std=2))
every("localizationDistillation", [edges, edgeTeacher], {}, lambda s, t: softened(s, t, 10, 2) * 100, TORCH)
g.case("localizationDistillation", [edges, edgeTeacher], {"temperature": 3, "rescale": False}, lambda s, t: softened(s, t, 3, 2).mean(), TORCH)
g.case("localizationDistillation", [edges, edgeTeacher], {"divideByBins": True}, lambda s, t: F.kl_div((s / 10).log_softmax(2), (t.detach() / 10).softmax(2), reduction="mean") * 100, TORCH)


def decoupled(s, t, y, alpha, beta, T):
    """As the authors' code has it: the labelled class and the rest, then the other classes alone."""
    own = F.one_hot(y, s.shape[1]).bool()
    ps, pt = (s / T).softmax(1), (t.detach() / T).softmax(1)
    two = lambda p: torch.stack([p[own], (p * ~own).sum(1)], 1)
    others = lambda x: x[~own].reshape(len(x), -1)
    tckd = F.kl_div(two(ps).log(), two(pt), reduction="none").sum(1)
    nckd = F.kl_div(others(s / T).log_softmax(1), others(t.detach() / T).softmax(1), reduction="none").sum(1)
    return T**2 * (alpha * tckd + beta * nckd)


for alpha, beta, T in [(1, 8, 4), (0, 1, 1), (2, 0, 3)]:
    every("decoupledKnowledgeDistillation", [student, teacher, labels], {"alpha": alpha, "beta": beta, "temperature": T}, lambda s, t, y: decoupled(s, t, y, alpha, beta, T), FORMULA)

sp, sn, tp, tn = g.input("sp", g.normal(5)), g.input("sn", g.normal(5)), g.input("tp", g.normal(5)), g.input("tn", g.normal(5))
hard, hardTeacher = g.input("hard", g.normal(5, 3)), g.input("hardTeacher", g.normal(5, 3))
for r in ["none", "mean", "sum"]:
    g.case("marginMSE", [sp, sn, tp, tn], {"reduction": r}, lambda a, b, c, d: F.mse_loss(a - b, (c - d).detach(), reduction=r), TORCH)
    g.case("marginMSE", [sp, hard, tp, hardTeacher], {"reduction": r}, lambda a, b, c, d: F.mse_loss(a[:, None] - b, (c[:, None] - d).detach(), reduction=r), TORCH)

# Features
wide = g.input("wide", g.normal(5, 3))
every("embeddingDistillation", [student, teacher], {}, lambda s, t: 1 - F.cosine_similarity(s, t.detach()), TORCH)
every("embeddingDistillation", [student, teacher], {"distance": "squared"}, lambda s, t: F.mse_loss(s, t.detach(), reduction="none").mean(1), TORCH)
every("embeddingDistillation", [student, teacher], {"distance": "euclidean"}, lambda s, t: (s - t.detach()).norm(dim=1), TORCH)


def relational(s, t, distanceWeight, angleWeight):
    smooth = lambda r: 0.5 * r**2 if r.abs() < 1 else r.abs() - 0.5
    t, n, distances, cosines = t.detach(), len(s), 0, 0
    pairs = [(i, j) for i in range(n) for j in range(n) if i != j]
    length = lambda x, i, j: ((x[i] - x[j]) ** 2).sum().sqrt()
    mean = lambda x: sum(length(x, i, j) for i, j in pairs) / len(pairs)
    ms, mt = mean(s), mean(t)
    for i, j in pairs:
        distances = distances + smooth(length(s, i, j) / ms - length(t, i, j) / mt)
    for i, j, k in itertools.product(range(n), repeat=3):
        if i != j and i != k:
            cos = lambda x: ((x[j] - x[i]) @ (x[k] - x[i])) / length(x, i, j) / length(x, i, k)
            cosines = cosines + smooth(cos(s) - cos(t))
    return distanceWeight * distances / n**2 + angleWeight * cosines / n**3


for a, b in [(25, 50), (1, 0), (0, 1)]:
    g.case("relationalDistillation", [student, wide], {"distanceWeight": a, "angleWeight": b}, lambda s, t: relational(s, t, a, b), FORMULA)
similar = lambda x: F.normalize(x @ x.T, p=2, dim=1)
every("similarityPreserving", [student, wide], {}, lambda s, t: (similar(s) - similar(t.detach())) ** 2, FORMULA)
attention = lambda x: F.normalize(x.pow(2).mean(1).flatten(1))
channels = g.input("channels", g.normal(2, 2, 2, 2))
every("attentionTransfer", [pixels, channels], {}, lambda s, t: ((attention(s) - attention(t.detach())) ** 2).mean(1), FORMULA)


def cka(x, y):
    """By the n x n kernel matrices, centred on both sides."""
    n = len(x)
    h = torch.eye(n) - 1 / n
    k, l = h @ x @ x.T @ h, h @ y @ y.T @ h
    return 1 - (k * l).sum() / ((k * k).sum() * (l * l).sum()).sqrt()


g.case("centeredKernelAlignment", [student, wide], {}, lambda s, t: cka(s, t.detach()), FORMULA)

# Samples
x, y = g.input("x", g.normal(5, 2)), g.input("y", g.normal(4, 2) + 0.5)


def mmd(x, y, widths, unbiased):
    k = lambda a, b: sum(torch.exp(-((a - b) ** 2).sum() / (2 * w * w)) for w in widths) / len(widths)
    n, m = len(x), len(y)
    within = lambda s: sum(k(s[i], s[j]) for i in range(len(s)) for j in range(len(s)) if not (unbiased and i == j)) / (len(s) * (len(s) - unbiased))
    return within(x) + within(y) - 2 * sum(k(a, b) for a in x for b in y) / (n * m)


pooled = torch.cat([g.inputs["x"], g.inputs["y"]])
median = float(torch.pdist(pooled).median())
for unbiased in [False, True]:
    for widths, given in [([median], "median"), ([1.5], 1.5), ([0.5, 1, 2], [0.5, 1, 2])]:
        g.case("maximumMeanDiscrepancy", [x, y], {"bandwidth": given, "unbiased": unbiased}, lambda a, b: mmd(a, b, widths, unbiased), FORMULA)
g.case("deepCoral", [x, y], {}, lambda a, b: ((a.T.cov() - b.T.cov()) ** 2).sum() / 16, TORCH)

sets, others = g.input("sets", g.normal(3, 5)), g.input("others", g.normal(3, 5))
for power in [1, 2, 3]:
    every("wasserstein1D", [sets, others], {"p": power}, lambda a, b: (a.sort(1).values - b.sort(1).values).abs().pow(power).mean(1), FORMULA)
every("wasserstein1D", [sets, others], {}, lambda a, b: torch.tensor([scipy.stats.wasserstein_distance(u.detach(), v.detach()) for u, v in zip(a, b)]), SCIPY, gradients=False)
cloud, shifted = g.input("cloud", g.normal(5, 2)), g.input("shifted", g.normal(5, 2) + 1)
directions = g.input("directions", g.normal(2, 4))


def sliced(a, b, power):
    total = 0
    for direction in F.normalize(g.inputs["directions"], dim=0).T:
        # The cheapest of all ways to pair the projections.
        costs = [sum((u - v[i]).abs() ** power for u, i in zip(a @ direction, order)) for v in [b @ direction] for order in itertools.permutations(range(5))]
        total = total + min(costs) / 5
    return total / 4


for power in [2, 1, 3]:
    g.case("slicedWasserstein", [cloud, shifted], {"directions": directions, "p": power}, lambda a, b: sliced(a, b, power), FORMULA)



def transport(x, y, epsilon, p):
    """The dual value after many updates, through all of which autograd goes."""
    cost = torch.stack([torch.stack([((u - v) ** 2).sum() for v in y]) for u in x])
    cost = cost / 2 if p == 2 else torch.where(cost > 0, torch.where(cost > 0, cost, 1.0).sqrt(), 0.0)
    g = torch.zeros(len(y))
    for _ in range(400):
        f = -epsilon * torch.log(torch.exp((g - cost) / epsilon).mean(1))
        g = -epsilon * torch.log(torch.exp((f[:, None] - cost) / epsilon).mean(0))
    return f.mean() + g.mean()


for epsilon, p in [(0.5, 2), (1, 2), (0.5, 1)]:
    def sinkhorn(x, y):
        value = transport(x, y, epsilon, p) - (transport(x, x, epsilon, p) + transport(y, y, epsilon, p)) / 2
        other = geomloss.SamplesLoss("sinkhorn", p=p, blur=epsilon ** (1 / p), scaling=0.999, backend="tensorized")(x, y)
        numpy.testing.assert_allclose(value.detach(), other.detach(), rtol=1e-3)
        return value

    g.case("sinkhornDivergence", [x, y], {"epsilon": epsilon, "p": p, "iterations": 400}, sinkhorn, FORMULA)

g.write()
