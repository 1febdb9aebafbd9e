"""Reference values and gradients of the losses over labelled batches: writes losses-pairs.json beside itself.

    pip install --no-deps pytorch-metric-learning   (2.9.0, and what it imports, but no other torch)
    python3 test/golden/losses-pairs.py

pytorch-metric-learning in float64 where it has the loss and agrees with the paper, else the paper's formula with loops,
plain exp and log, and acos.
"""

import math

import torch
import torch.nn.functional as F
from golden import FORMULA, Golden, library
from pytorch_metric_learning import losses, reducers
from pytorch_metric_learning.distances import CosineSimilarity, DotProductSimilarity, LpDistance, SNRDistance

PML = library("pytorch-metric-learning")
golden = Golden(__file__, seed=11)

x = golden.input("x", golden.normal(6, 4))
y = golden.input("y", [0, 1, 0, 2, 1, 2])
odd = golden.input("odd", [0, 1, 0, 1, 2, 0])  # a class of three, and one of one
rows = golden.input("rows", list(range(6)))
r = golden.input("r", golden.normal(5, 4))
ry = golden.input("ry", [1, 0, 2, 0, 3])
views = golden.input("views", golden.normal(6, 4))
a1 = golden.input("a1", [0, 2, 1, 3, 5, 4])
p1 = golden.input("p1", [2, 0, 4, 5, 3, 1])
a2 = golden.input("a2", [0, 0, 1, 2, 3, 4, 5, 5])
n2 = golden.input("n2", [1, 3, 0, 5, 1, 5, 0, 4])
b = golden.input("b", golden.normal(6, 4))
c = golden.input("c", golden.normal(6, 4))
d4 = golden.input("d4", golden.normal(6, 4))
multi = golden.input("multi", torch.tensor([[1, 0, 1], [0, 1, 0], [1, 1, 0], [0, 0, 0], [0, 0, 1], [1, 1, 1]]))
similar = golden.input("similar", [1, 0, 0, 1, 1, 0])
alike = golden.input("alike", [1] * 6)
beta = golden.input("beta", [1.1, 0.9, 1.3, 0.7])
proxies = golden.input("proxies", golden.normal(3, 4))

T = golden.inputs
references = {"references": {"embeddings": r, "labels": ry}}
pairs = {"pairs": {"anchors": a1, "positives": p1, "negativeAnchors": a2, "negatives": n2}}
tuple_ = tuple(T[name] for name in (a1, p1, a2, n2))
dots = DotProductSimilarity(normalize_embeddings=False)  # it normalises unless told not to
mean, total, plain = reducers.MeanReducer, reducers.SumReducer, LpDistance(normalize_embeddings=False)


def pml(name, options, make, labels=(y,), **extra):
    """The library's loss of x, against references and with mined pairs where the options say so."""
    for label in labels:
        def fn(e, l):
            ref = dict(ref_emb=T[r], ref_labels=T[ry]) if "references" in options else {}
            return make()(e, l, tuple_ if "pairs" in options else None, **ref)
        golden.case(name, [x, label], options, fn, PML, **extra)


def pml_all(name, options, make, labels=(y, odd)):
    """Also with references and with pairs."""
    pml(name, options, make, labels)
    pml(name, {**options, **references}, make)
    pml(name, {**options, **pairs}, make)


def loops(name, options, fn, labels=(y, odd)):
    for label in labels:
        golden.case(name, [x, label], options, fn, FORMULA)


def groups(l):
    """For each row the others of its class, and those of other classes."""
    n = len(l)
    return [([j for j in range(n) if j != i and l[j] == l[i]], [j for j in range(n) if l[j] != l[i]]) for i in range(n)]


def euclid(u, v):
    return torch.sqrt(((u - v) ** 2).sum())


def average(terms):
    return sum(terms) / len(terms) if terms else torch.tensor(0.0)


def logsum(terms):
    return torch.log(sum(torch.exp(t) for t in terms))


def reduced(terms, reduction):
    return {"none": lambda: torch.stack(terms), "mean": lambda: average(terms), "sum": lambda: sum(terms)}[reduction]()


# Contrastive

pml_all("batchContrastive", {"preset": "pml"}, losses.ContrastiveLoss)
pml_all("batchContrastive", {"preset": "pml", "posMargin": 0.6, "margin": 1.3},
        lambda: losses.ContrastiveLoss(pos_margin=0.6, neg_margin=1.3))
pml("batchContrastive", {"preset": "pml", "margin": 3, "distance": "manhattan", "normalize": False},
    lambda: losses.ContrastiveLoss(neg_margin=3, distance=LpDistance(p=1, normalize_embeddings=False)))
pml("batchContrastive", {"preset": "pml", "margin": 3, "distance": "squaredEuclidean"},
    lambda: losses.ContrastiveLoss(neg_margin=3, distance=LpDistance(power=2)))


def contrast(e, l, margin, posMargin, distance):
    terms = []
    for i, (ps, ns) in enumerate(groups(l)):
        terms += [F.relu(distance(e[i], e[j]) - posMargin) ** 2 for j in ps]
        terms += [F.relu(margin - distance(e[i], e[j])) ** 2 for j in ns]
    return average(terms)


cosine_distance = lambda u, v: 1 - (u / u.norm()) @ (v / v.norm())
loops("batchContrastive", {"margin": 2.4, "posMargin": 0.3}, lambda e, l: contrast(e, l, 2.4, 0.3, euclid))
loops("batchContrastive", {"distance": "cosine", "normalize": True}, lambda e, l: contrast(e, l, 1, 0, cosine_distance))
pml_all("snrContrastive", {"normalize": True}, losses.SignalToNoiseRatioContrastiveLoss)
pml_all("snrContrastive", {"margin": 4, "posMargin": 0.3}, lambda: losses.SignalToNoiseRatioContrastiveLoss(
    pos_margin=0.3, neg_margin=4, distance=SNRDistance(normalize_embeddings=False)))

# N-pair

pml("nPair", {}, lambda: losses.NPairsLoss(distance=dots), (y, odd))
pml("nPair", {"similarity": "cosine", "reduction": "sum"}, lambda: losses.NPairsLoss(distance=CosineSimilarity(), reducer=total()), (y, odd))


def n_pair(e, l, l2):
    first, second = {}, {}
    for i, label in enumerate(l.tolist()):
        (second if label in first else first).setdefault(label, i)
    terms = []
    for label, p in second.items():
        a = e[first[label]]
        others = sum(torch.exp(a @ e[q] - a @ e[p]) for other, q in second.items() if other != label)
        terms.append(torch.log(1 + others) + l2 * (a @ a + e[p] @ e[p]))
    return average(terms)


loops("nPair", {"l2": 0.05}, lambda e, l: n_pair(e, l, 0.05))


def n_pair_multilabel(e, f, labels, reduction):
    terms = []
    for i in range(len(e)):
        shared = labels @ labels[i]
        targets = shared / shared.sum() if shared.sum() > 0 else shared
        probabilities = torch.exp(f @ e[i]) / torch.exp(f @ e[i]).sum()
        terms.append(-(targets * torch.log(probabilities)).sum())
    return reduced(terms, reduction)


for reduction in ("mean", "none"):
    golden.case("nPairMultilabel", [x, b, multi], {"reduction": reduction},
                lambda e, f, m: n_pair_multilabel(e, f, m.double(), reduction), FORMULA)

# Lifted structure

for distance, normalize in ((plain, False), (LpDistance(), True)):
    options = {"normalize": normalize}
    pml("liftedStructure", options, lambda: losses.LiftedStructureLoss(distance=distance), (y, odd))
    pml("liftedStructure", {**options, "margin": 2, "posMargin": 0.2, **pairs},
        lambda: losses.LiftedStructureLoss(2, 0.2, distance=distance))
    pml("generalizedLiftedStructure", options, lambda: losses.GeneralizedLiftedStructureLoss(distance=distance))
    pml("generalizedLiftedStructure", {**options, "margin": 2, "posMargin": 0.2, **pairs},
        lambda: losses.GeneralizedLiftedStructureLoss(2, 0.2, distance=distance))


def generalized(e, l, reduction):
    found = groups(l)
    terms = [F.relu(logsum([euclid(e[i], e[j]) for j in ps]) + logsum([1 - euclid(e[i], e[j]) for j in ns]))
             if ps else torch.tensor(0.0) for i, (ps, ns) in enumerate(found)]
    return reduced(terms, reduction) if reduction != "mean" else sum(terms) / sum(bool(ps) for ps, _ in found)


for reduction in ("mean", "none"):
    loops("generalizedLiftedStructure", {"reduction": reduction}, lambda e, l: generalized(e, l, reduction), (odd,))


def against(e, l, fn):
    """The mean over the rows that have positives and negatives among the references of fn(row, positives, negatives)."""
    terms = []
    for i in range(len(e)):
        ps = [T[r][j] for j in range(5) if T[ry][j] == l[i]]
        ns = [T[r][j] for j in range(5) if T[ry][j] != l[i]]
        terms += fn(e[i], ps, ns)
    return average(terms)


loops("liftedStructure", references, lambda e, l: against(e, l, lambda u, ps, ns: [
    F.relu(euclid(u, p) + logsum([1 - euclid(u, n) for n in ns])) ** 2 / 2 for p in ps]), (y,))
loops("generalizedLiftedStructure", references, lambda e, l: against(e, l, lambda u, ps, ns: [
    F.relu(logsum([euclid(u, p) for p in ps]) + logsum([1 - euclid(u, n) for n in ns]))]), (y,))

# Angular, multi-similarity, circle

# The library normalises anchors and positives, but not the negatives: here all come normalised.
unit = lambda e: e / e.norm(dim=1, keepdim=True)
for options, loss in (({}, losses.AngularLoss()), ({"angle": 55}, losses.AngularLoss(alpha=55)),
                      ({"angle": 30, "reduction": "sum"}, losses.AngularLoss(alpha=30, reducer=total()))):
    for label in (y, odd):
        golden.case("angular", [x, label], options, lambda e, l: loss(unit(e), l), PML)
golden.case("angular", [x, y], references, lambda e, l: losses.AngularLoss()(unit(e), l, ref_emb=unit(T[r]), ref_labels=T[ry]), PML)

pml_all("multiSimilarity", {}, losses.MultiSimilarityLoss)
pml_all("multiSimilarity", {"alpha": 1, "beta": 8, "base": 0.2}, lambda: losses.MultiSimilarityLoss(1, 8, 0.2))
pml("multiSimilarity", {"similarity": "dot", "beta": 3, "reduction": "sum"},
    lambda: losses.MultiSimilarityLoss(beta=3, distance=dots, reducer=total()))

pml_all("circle", {"reduction": "meanNonZero"}, losses.CircleLoss)
pml_all("circle", {"margin": 0.25, "gamma": 4, "reduction": "meanNonZero"}, lambda: losses.CircleLoss(0.25, 4))
pml("circle", {"gamma": 10}, lambda: losses.CircleLoss(gamma=10, reducer=mean()))
pml("circle", {"gamma": 10, "reduction": "sum"}, lambda: losses.CircleLoss(gamma=10, reducer=total()), (y, odd))


def circle(e, l, m, gamma):
    """The double sum of the paper, its weights detached."""
    u = e / e.norm(dim=1, keepdim=True)
    s = u @ u.T
    terms = []
    for i, (ps, ns) in enumerate(groups(l)):
        if not ps or not ns:
            continue
        weight_p = lambda j: F.relu(1 + m - s[i, j].detach())
        weight_n = lambda j: F.relu(s[i, j].detach() + m)
        terms.append(torch.log(1 + sum(
            torch.exp(gamma * (weight_n(n) * (s[i, n] - m) - weight_p(p) * (s[i, p] - 1 + m))) for p in ps for n in ns)))
    return average(terms)


loops("circle", {"gamma": 6, "margin": 0.3}, lambda e, l: circle(e, l, 0.3, 6))

# Margin

pml_all("margin", {"per": "triplet"}, losses.MarginLoss)
pml("margin", {"per": "triplet", "margin": 0.5, "beta": 0.8, "normalize": False},
    lambda: losses.MarginLoss(0.5, beta=0.8, distance=plain), (y, odd))


def learned_margin():
    loss = losses.MarginLoss(nu=0.1, learn_beta=True, num_classes=4)
    loss.beta.data = T[beta].clone()
    return loss


pml("margin", {"per": "triplet", "nu": 0.1, "beta": beta}, learned_margin, (y, odd))


def margin(e, l, nu, boundaries, reduction):
    u = e / e.norm(dim=1, keepdim=True)
    terms, active = [], 0
    for i, (ps, ns) in enumerate(groups(l)):
        bound = boundaries[l[i]]
        pairs_ = [F.relu(euclid(u[i], u[j]) - bound + 0.2) for j in ps] + [F.relu(bound - euclid(u[i], u[j]) + 0.2) for j in ns]
        active += sum(float(t > 0) for t in pairs_)
        terms.append(sum(pairs_) + (nu * bound if ps and ns else 0))
    return sum(terms) / max(active, 1) if reduction == "mean" else reduced(terms, reduction)


loops("margin", {}, lambda e, l: margin(e, l, 0, [1.2] * 4, "mean"))
loops("margin", {"nu": 0.1, "beta": beta}, lambda e, l: margin(e, l, 0.1, T[beta], "mean"))
loops("margin", {"nu": 0.1, "beta": beta, "reduction": "none"}, lambda e, l: margin(e, l, 0.1, T[beta], "none"))

# Average precision

pml("fastAP", {}, losses.FastAPLoss, (y, odd))
pml("fastAP", {"bins": 4}, lambda: losses.FastAPLoss(4), (y, odd))
pml("fastAP", {"bins": 23, "reduction": "sum"}, lambda: losses.FastAPLoss(23, reducer=total()), (y, odd))
# The library takes the number of classes for the size of a class: here both are 2.
four, twos = golden.input("four", golden.normal(4, 4)), golden.input("twos", [0, 0, 1, 1])
for temperature in (0.01, 0.3):
    golden.case("smoothAP", [four, twos], {"includeQuery": True, "temperature": temperature},
                lambda e, l: losses.SmoothAPLoss(temperature)(e, l), PML)


def cosines(e):
    u = e / e.norm(dim=1, keepdim=True)
    return u @ u.T


def smooth_ap(e, l, temperature, reduction):
    s, terms, count = cosines(e), [], 0
    for i, (ps, ns) in enumerate(groups(l)):
        step = lambda j, p: 1 / (1 + torch.exp((s[i, p] - s[i, j]) / temperature))
        precision = [(1 + sum(step(j, p) for j in ps if j != p)) / (1 + sum(step(j, p) for j in ps + ns if j != p)) for p in ps]
        terms.append(1 - average(precision) if ps else torch.tensor(0.0))
        count += bool(ps)
    return sum(terms) / count if reduction == "mean" else reduced(terms, reduction)


loops("smoothAP", {"temperature": 0.1}, lambda e, l: smooth_ap(e, l, 0.1, "mean"))
loops("smoothAP", {"temperature": 0.2, "reduction": "none"}, lambda e, l: smooth_ap(e, l, 0.2, "none"))


def pnp(e, l, variant, temperature):
    s, terms = cosines(e), []
    f = {"O": lambda k: k, "Ds": lambda k: torch.log(1 + k), "Dq": lambda k: 1 - 1 / (1 + k) ** 2,
         "Iu": lambda k: (1 + k) * torch.log(1 + k), "Ib": lambda k: (3 * k - torch.log(1 + 3 * k)) / 9}[variant]
    for i, (ps, ns) in enumerate(groups(l)):
        if ps:
            terms.append(average([f(sum(1 / (1 + torch.exp((s[i, p] - s[i, n]) / temperature)) for n in ns)) for p in ps]))
    return average(terms)


for variant in ("O", "Ds", "Dq", "Iu", "Ib"):
    pml("pnp", {"variant": variant, "b": 3, "alpha": 2, "temperature": 0.1, "includeQuery": True},
        lambda: losses.PNPLoss(b=3, alpha=2, anneal=0.1, variant=variant))
    loops("pnp", {"variant": variant, "b": 3, "alpha": 2, "temperature": 0.1}, lambda e, l: pnp(e, l, variant, 0.1), (odd,))
pml("pnp", {"includeQuery": True}, losses.PNPLoss, (y, odd))

pml("histogram", {}, losses.HistogramLoss, (y, odd))
pml("histogram", {"bins": 10}, lambda: losses.HistogramLoss(10), (y, odd))

# Ranked list

pml("rankedList", {"preset": "pml"}, lambda: losses.RankedListLoss(0.4, 10), (y, odd))
pml("rankedList", {"preset": "pml", "alpha": 1.4, "margin": 0.6, "negativeTemperature": 2, "positiveTemperature": 1, "balance": 0.3},
    lambda: losses.RankedListLoss(0.6, 2, imbalance=0.3, alpha=1.4, Tp=1), (y, odd))


def ranked_list(e, l, alpha, margin, tn, tp, balance, reduction="mean"):
    u = e / e.norm(dim=1, keepdim=True)
    terms = []
    for i, (ps, ns) in enumerate(groups(l)):
        def weighted(violations, temperature):
            kept = [v for v in violations if v > 0]
            weights = [torch.exp(temperature * v.detach()) for v in kept]
            return sum(w * v for w, v in zip(weights, kept)) / sum(weights) if kept else torch.tensor(0.0)
        terms.append((1 - balance) * weighted([euclid(u[i], u[j]) - alpha + margin for j in ps], tp)
                     + balance * weighted([alpha - euclid(u[i], u[j]) for j in ns], tn))
    return reduced(terms, reduction)


loops("rankedList", {}, lambda e, l: ranked_list(e, l, 1.2, 0.4, 10, 0, 0.5))
loops("rankedList", {"alpha": 1.5, "margin": 0.8, "negativeTemperature": 3, "positiveTemperature": 1, "balance": 0.2, "reduction": "none"},
      lambda e, l: ranked_list(e, l, 1.5, 0.8, 3, 1, 0.2, "none"))

# Tuplet margin, intra-pair variance, threshold-consistent margin

pml("tupletMargin", {"margin": math.radians(5.73)}, losses.TupletMarginLoss, (y, odd))
pml_all("tupletMargin", {"margin": math.radians(20), "scale": 5}, lambda: losses.TupletMarginLoss(20, 5))
pml_all("intraPairVariance", {}, losses.IntraPairVarianceLoss)
pml_all("intraPairVariance", {"posEps": 0.2, "negEps": 0.3}, lambda: losses.IntraPairVarianceLoss(0.2, 0.3))
pml("intraPairVariance", {"similarity": "dot", "reduction": "sum"},
    lambda: losses.IntraPairVarianceLoss(distance=dots, reducer=total()))
pml("thresholdConsistentMargin", {}, losses.ThresholdConsistentMarginLoss, (y, odd))
pml("thresholdConsistentMargin", {"posMargin": 0.6, "negMargin": -0.3, "posWeight": 2, "negWeight": 0.5, **pairs},
    lambda: losses.ThresholdConsistentMarginLoss(2, 0.5, 0.6, -0.3))


def consistent(e, l):
    s = cosines(e)
    return average([F.relu(0.9 - s[i, j]) if l[i] == l[j] else F.relu(s[i, j] - 0.1)
                    for i in range(6) for j in range(6) if i != j])


loops("thresholdConsistentMargin", {"negMargin": 0.1, "reduction": "mean"}, consistent)

# Neighbourhood components

pml("nca", {"normalize": True}, losses.NCALoss, (y, odd))
pml("nca", {"scale": 0.4}, lambda: losses.NCALoss(0.4, distance=LpDistance(power=2, normalize_embeddings=False)), (y, odd))
pml("nca", {"distance": "euclidean", **references}, lambda: losses.NCALoss(distance=plain))

# Dynamic soft margin; the library writes into the output of cdist, which has no gradient then

own = {"references": {"embeddings": views, "labels": rows}}
golden.case("dynamicSoftMargin", [x, rows], own, lambda e, l: losses.DynamicSoftMarginLoss()(e, ref_emb=T[views]), PML, gradients=False)
golden.case("dynamicSoftMargin", [x, rows], {"bins": 7, **own}, lambda e, l: losses.DynamicSoftMarginLoss(num_bins=7)(e, ref_emb=T[views]), PML, gradients=False)


def dynamic_views(e, l):
    u, v = [t / t.norm(dim=1, keepdim=True) for t in (e, T[views])]
    differences = []
    for i in range(6):
        others = [j for j in range(6) if j != i]
        near = min([euclid(u[i], v[j]) for j in others] + [euclid(u[j], v[i]) for j in others])
        differences.append(euclid(u[i], v[i]) - near)
    nodes = [sum(F.relu(1 - abs((t.detach() + 2) / 0.4 - k)) for t in differences) for k in range(11)]
    return sum(sum(nodes[: math.floor((t.item() + 2) / 0.4) + 1]) / 6 * t for t in differences) / 6


golden.case("dynamicSoftMargin", [x, rows], own, dynamic_views, FORMULA)


def dynamic(e, l, histogram, reduction):
    u = e / e.norm(dim=1, keepdim=True)
    found, bins = groups(l), len(histogram) - 1
    terms, count = [], 0
    for i in range(6):
        for j in range(6):
            if j not in found[i][0]:
                terms.append(torch.tensor(0.0))
                continue
            near = min([euclid(u[i], u[k]) for k in found[i][1]] + [euclid(u[j], u[k]) for k in found[j][1]])
            difference = euclid(u[i], u[j]) - near
            node = math.floor((difference.item() + 2) / 4 * bins)
            terms.append(sum(histogram[: node + 1]) / sum(histogram) * difference)
            count += 1
    return sum(terms) / count if reduction == "mean" else torch.stack(terms).reshape(6, 6)


for reduction in ("mean", "none"):
    loops("dynamicSoftMargin", {"bins": 4, "histogram": [1, 0, 2, 3, 1], "reduction": reduction},
          lambda e, l: dynamic(e, l, [1, 0, 2, 3, 1], reduction))

# Manifold similarity


def manifold(e, p, l, alpha, margin, weight, reduction):
    s = torch.exp(cosines(torch.cat([e, p])).clamp(min=0) / 0.5)
    s = s - torch.diag(torch.diag(s))
    half = torch.diag(s.sum(1) ** -0.5)
    walks = (1 - alpha) * torch.linalg.inv(torch.eye(len(s)) - alpha * half @ s @ half)
    n, terms = len(e), []
    for i in range(n):
        along = [walks[i, n + k] for k in range(len(p))]
        contexts = [F.cosine_similarity(walks[i], walks[n + k], dim=0) for k in range(len(p))]
        loss = 0
        for scores, factor in ((along, 1), (contexts, weight)):
            above = [v - scores[l[i]] + margin for k, v in enumerate(scores) if k != l[i]]
            loss = loss + factor * torch.log(sum((torch.exp(v) for v in above if v >= 0), torch.tensor(1.0)))
        terms.append(loss)
    return reduced(terms, reduction)


for options in ({}, {"alpha": 0.5, "margin": 0.05, "contextWeight": 0.4}, {"reduction": "none"}):
    o = {"alpha": 0.8, "margin": 5e-4, "contextWeight": 1, "reduction": "mean", **options}
    golden.case("manifoldSimilarity", [x, proxies, y], options,
                lambda e, p, l: manifold(e, p, l, o["alpha"], o["margin"], o["contextWeight"], o["reduction"]), FORMULA)

# Pairs and quadruplets given one by one


def online(e, f, l, margin, distance, reduction):
    d = torch.stack([distance(u, v) for u, v in zip(e, f)])
    ps, ns = d[l == 1], d[l == 0]
    least = (ns.min() if len(ns) else ps.mean()).detach()
    most = (ps.max() if len(ps) else ns.mean()).detach()
    terms = [(v**2 if v > least else v * 0) if t == 1 else (F.relu(margin - v) ** 2 if v < most else v * 0) for v, t in zip(d, l)]
    hard = sum(int(v > least) if t == 1 else int(v < most) for v, t in zip(d, l))
    return sum(terms) / max(hard, 1) if reduction == "mean" else reduced(terms, reduction)


for labels in (similar, alike):
    for options in ({}, {"margin": 1.5, "reduction": "mean"}, {"margin": 3, "distance": "euclidean", "reduction": "none"}):
        o = {"margin": 0.5, "distance": "cosine", "reduction": "sum", **options}
        golden.case("onlineContrastive", [x, b, labels], options,
                    lambda e, f, l: online(e, f, l, o["margin"], euclid if o["distance"] == "euclidean" else cosine_distance, o["reduction"]), FORMULA)


def mega(e, f, pos, neg, reduction):
    cos = lambda u, v: 1 - cosine_distance(u, v)
    return reduced([F.relu(pos - cos(e[i], f[i])) + F.relu(max(cos(e[i], f[j]) for j in range(6) if j != i) - neg)
                    for i in range(6)], reduction)


golden.case("megaBatchMargin", [x, b], {}, lambda e, f: mega(e, f, 0.8, 0.3, "mean"), FORMULA)
golden.case("megaBatchMargin", [x, b], {"posMargin": 0.2, "negMargin": -0.5, "reduction": "none"}, lambda e, f: mega(e, f, 0.2, -0.5, "none"), FORMULA)


def sdml(e, f, smoothing, reduction):
    terms = []
    for i in range(6):
        weights = torch.stack([torch.exp(-((e[i] - v) ** 2).sum()) for v in f])
        q = weights / weights.sum()
        targets = [1 - smoothing if j == i else smoothing / 5 for j in range(6)]
        terms.append(sum(t * (math.log(t) - torch.log(q[j])) for j, t in enumerate(targets) if t > 0))
    return reduced(terms, reduction)


for options in ({}, {"smoothing": 0, "reduction": "sum"}, {"smoothing": 0.6, "reduction": "none"}):
    o = {"smoothing": 0.3, "reduction": "mean", **options}
    golden.case("sdml", [x, b], options, lambda e, f: sdml(e, f, o["smoothing"], o["reduction"]), FORMULA)


def quadruplet(a, p, n, m, margin, margin2, distance, power, reduction):
    terms = [F.relu(distance(a[i], p[i]) ** power - distance(a[i], n[i]) ** power + margin)
             + F.relu(distance(a[i], p[i]) ** power - distance(n[i], m[i]) ** power + margin2) for i in range(6)]
    if reduction == "meanNonZero":
        return sum(terms) / sum(float(t > 0) for t in terms)
    return reduced(terms, reduction)


for options in ({}, {"margin": 0.2, "negativesMargin": 2, "squared": False, "reduction": "none"}, {"distance": "cosine", "reduction": "meanNonZero"}):
    o = {"margin": 1, "negativesMargin": 0.5, "squared": True, "distance": "euclidean", "reduction": "mean", **options}
    golden.case("quadruplet", [x, b, c, d4], options, lambda a, p, n, m: quadruplet(
        a, p, n, m, o["margin"], o["negativesMargin"], euclid if o["distance"] == "euclidean" else cosine_distance, 2 if o["squared"] else 1, o["reduction"]), FORMULA)

# Triplets of a batch, against references and of mined pairs

for options in ({"margin": 0.05, "normalize": True}, {"margin": 0.7}):
    normalized = options.get("normalize", False)
    pml_all("batchAllTriplet", options, lambda: losses.TripletMarginLoss(options["margin"], distance=LpDistance(normalize_embeddings=normalized)))
pml("batchAllTriplet", {"soft": True, "reduction": "mean", **references},
    lambda: losses.TripletMarginLoss(0, smooth_loss=True, distance=plain, reducer=mean()))
pml("batchAllTriplet", {"margin": 0.5, "reduction": "sum", **pairs}, lambda: losses.TripletMarginLoss(0.5, distance=plain, reducer=total()))
loops("batchHardTriplet", references, lambda e, l: against(e, l, lambda u, ps, ns: [
    F.relu(max(euclid(u, p) for p in ps) - min(euclid(u, n) for n in ns) + 1)]), (y,))


def semi_hard(u, p, ns):
    beyond = [euclid(u, n) for n in ns if euclid(u, n) > euclid(u, p)]
    return F.relu(euclid(u, p) - (min(beyond) if beyond else max(euclid(u, n) for n in ns)) + 1)


loops("semiHardTriplet", references, lambda e, l: against(e, l, lambda u, ps, ns: [semi_hard(u, p, ns) for p in ps]), (y,))

golden.write()
