"""Reference values and gradients of the self-supervised losses: writes losses-self-supervised.json beside itself.

    pip install lightly monai        (without another torch)
    python3 test/golden/losses-self-supervised.py

lightly 1.6.0 and MONAI 1.6.1 where they are right; else the formulas of the papers, with plain exp and log and loops.
"""

import sys
import types

import torch
import torch.nn.functional as F
from golden import FORMULA, TORCH, Golden, library


def absent(name):
    """A module whose names are all empty classes: lightly imports torchvision, of which no loss here needs anything."""
    module = types.ModuleType(name)
    module.__path__ = []
    module.__getattr__ = lambda attribute: type(attribute, (), {})
    sys.modules[name] = module


for part in ["torchvision", "torchvision.ops", "torchvision.transforms", "torchvision.models"]:
    absent(part)
from lightly import loss as li  # noqa: E402
from monai.losses import BarlowTwinsLoss as MonaiBarlowTwins  # noqa: E402

LIGHTLY, MONAI = library("lightly"), library("monai")

golden = Golden(__file__, seed=11)
normal = golden.normal
view1 = golden.input("view1", normal(5, 4))
view2 = golden.input("view2", golden.inputs["view1"] * 0.6 + normal(5, 4, std=0.5))
views = golden.input("views", normal(3, 5, 4))
tall = golden.input("tall", normal(2, 3, 4))
TWO = [view1, view2]


def reduced(terms, reduction):
    return {"none": terms, "mean": terms.mean(), "sum": terms.sum()}[reduction]


# --- contrastive -----------------------------------------------------------------------------------------------------

for t in [0.1, 0.5]:
    golden.case("decoupledContrastive", TWO, {"temperature": t}, li.DCLLoss(temperature=t), LIGHTLY)
    for sigma in [0.5, 2.0]:
        golden.case("decoupledContrastive", TWO, {"temperature": t, "sigma": sigma}, li.DCLWLoss(temperature=t, sigma=sigma), LIGHTLY)


def dcl(a, b, t=0.1):
    a, b = a / a.norm(dim=1, keepdim=True), b / b.norm(dim=1, keepdim=True)
    def one_way(x, y):
        terms = []
        for i in range(len(x)):
            others = [x[i] @ v[j] for v in (x, y) for j in range(len(x)) if j != i]
            terms.append(-(x[i] @ y[i]) / t + torch.log(sum(torch.exp(s / t) for s in others)))
        return torch.stack(terms)
    return (one_way(a, b) + one_way(b, a)) / 2


for r in ["none", "sum"]:
    golden.case("decoupledContrastive", TWO, {"reduction": r}, lambda a, b: reduced(dcl(a, b), r), FORMULA)


def hard_negative(a, b, t, prior, beta):
    """As in the authors' repositories: out of exponentials."""
    a, b = F.normalize(a), F.normalize(b)
    n = len(a)
    out = torch.cat([a, b])
    keep = ~torch.eye(n, dtype=torch.bool).repeat(2, 2)
    neg = torch.exp(out @ out.T / t)[keep].view(2 * n, -1)
    pos = torch.exp((a * b).sum(1) / t).repeat(2)
    count = 2 * n - 2
    imp = (beta * neg.log()).exp()
    reweighted = (imp * neg).sum(1) / imp.mean(1)
    ng = (-prior * count * pos + reweighted) / (1 - prior)
    ng = torch.clamp(ng, min=count * torch.e ** (-1 / t))
    return -torch.log(pos / (pos + ng))


for t, prior, r in [(0.5, 0.1, "mean"), (0.2, 0.0, "none"), (0.5, 0.3, "sum")]:
    options = {"temperature": t, "positivePrior": prior, "reduction": r}
    golden.case("debiased", TWO, options, lambda a, b: reduced(hard_negative(a, b, t, prior, 0), r), FORMULA)
    for beta in [1, 2.5]:
        golden.case("hardNegative", TWO, {**options, "concentration": beta}, lambda a, b: reduced(hard_negative(a, b, t, prior, beta), r), FORMULA)

# --- statistics of the batch -----------------------------------------------------------------------------------------

golden.case("barlowTwins", TWO, {"preset": "lightly"}, li.BarlowTwinsLoss(), LIGHTLY)
golden.case("barlowTwins", TWO, {}, li.BarlowTwinsLoss(lambda_param=0.0051), LIGHTLY)
golden.case("barlowTwins", TWO, {"lambda": 0.3}, li.BarlowTwinsLoss(lambda_param=0.3), LIGHTLY)
golden.case("barlowTwins", TWO, {"preset": "monai"}, MonaiBarlowTwins(lambd=5e-3), MONAI)
golden.case("barlowTwins", TWO, {"preset": "monai", "lambda": 0.2}, MonaiBarlowTwins(lambd=0.2), MONAI)


def barlow(a, b, lam, correction, eps, on):
    def standard(x):
        d = x - x.mean(0)
        v = (d * d).sum(0) / (len(x) - correction)
        return d / ((v + eps) ** 0.5 if on == "variance" else v ** 0.5 + eps)
    x, y = standard(a), standard(b)
    total = 0
    for i in range(x.shape[1]):
        for j in range(x.shape[1]):
            c = (x[:, i] * y[:, j]).sum() / len(x)
            total = total + ((1 - c) ** 2 if i == j else lam * c ** 2)
    return total


for correction, on in [(1, "variance"), (0, "deviation")]:
    options = {"lambda": 0.1, "correction": correction, "eps": 0.02, "epsOn": on}
    golden.case("barlowTwins", TWO, options, lambda a, b: barlow(a, b, 0.1, correction, 0.02, on), FORMULA)

golden.case("vicReg", TWO, {}, li.VICRegLoss(), LIGHTLY)
golden.case("vicReg", TWO, {"invariance": 2, "variance": 3, "covariance": 0.7, "eps": 0.01}, li.VICRegLoss(lambda_param=2, mu_param=3, nu_param=0.7, eps=0.01), LIGHTLY)


def vicreg(a, b, gamma, correction):
    total = 25 * ((a - b) ** 2).mean()
    n, d = a.shape
    for z in (a, b):
        m = z - z.sum(0) / n
        cov = sum(torch.outer(row, row) for row in m) / (n - correction)
        total = total + 12.5 * sum(torch.clamp(gamma - torch.sqrt(cov[j, j] + 1e-4), min=0) for j in range(d)) / d
        total = total + sum(cov[i, j] ** 2 for i in range(d) for j in range(d) if i != j) / d
    return total


for gamma, correction in [(2.0, 1), (1.0, 0)]:
    golden.case("vicReg", TWO, {"deviation": gamma, "correction": correction}, lambda a, b: vicreg(a, b, gamma, correction), FORMULA)

# --- alignment, uniformity, entropy ----------------------------------------------------------------------------------

for alpha in [2, 1, 3]:
    golden.case("alignment", TWO, {"alpha": alpha}, li.HypersphereLoss(alpha=alpha, lam=0), LIGHTLY)
for r in ["none", "sum"]:
    golden.case("alignment", TWO, {"normalize": False, "alpha": 1.5, "reduction": r}, lambda a, b: reduced((a - b).norm(dim=1) ** 1.5, r), FORMULA)
for t in [2, 1, 0.3]:
    golden.case("uniformity", [view1], {"t": t}, lambda x: li.HypersphereLoss(t=t)(x, x), LIGHTLY)
golden.case("uniformity", [view1], {"normalize": False}, lambda x: torch.log(torch.exp(-2 * F.pdist(x) ** 2).mean()), TORCH)


def koleo(x, eps=1e-8, unit=True):
    x = x / x.norm(dim=1, keepdim=True) if unit else x
    return torch.stack([-torch.log(min((x[i] - x[j]).norm() for j in range(len(x)) if j != i) + eps) for i in range(len(x))])


golden.case("koLeo", [view1], {}, lambda x: koleo(x).mean(), FORMULA)
golden.case("koLeo", [view1], {"eps": 0.2, "normalize": False, "reduction": "none"}, lambda x: koleo(x, 0.2, False), FORMULA)
golden.case("koLeo", [view1], {"reduction": "sum"}, lambda x: koleo(x).sum(), FORMULA)

# --- prediction ------------------------------------------------------------------------------------------------------

golden.case("negativeCosine", TWO, {}, lambda p, z: li.NegativeCosineSimilarity()(p, z.detach()), LIGHTLY)
golden.case("negativeCosine", TWO, {"detachTargets": False}, li.NegativeCosineSimilarity(), LIGHTLY)
golden.case("negativeCosine", TWO, {"eps": 3.0, "reduction": "none"}, lambda p, z: -F.cosine_similarity(p, z.detach(), eps=3.0), TORCH)

targets = golden.input("targets", normal(3, 5, 4))
mask = golden.input("mask", torch.tensor([[1.0, 0, 0, 1, 0], [0, 0, 0, 0, 0], [1, 1, 1, 0, 1]]))


def mae(p, t, m, eps, standardise, reduction):
    total, count, terms = 0, 0, []
    for i in range(3):
        for j in range(5):
            x = (t[i, j] - t[i, j].mean()) / (t[i, j].var() + eps) ** 0.5 if standardise else t[i, j]
            terms.append(m[i, j].detach() * ((p[i, j] - x) ** 2).mean())
    terms = torch.stack(terms).view(3, 5)
    return terms.sum() / m.detach().sum() if reduction == "mean" else reduced(terms, reduction)


for standardise, eps, r in [(False, 1e-6, "mean"), (True, 1e-6, "mean"), (True, 0.1, "none"), (False, 1e-6, "sum")]:
    options = {"normalizePatches": standardise, "eps": eps, "reduction": r}
    golden.case("maskedReconstruction", [views, targets, mask], options, lambda p, t, m: mae(p, t, m, eps, standardise, r), FORMULA)

golden.write()
