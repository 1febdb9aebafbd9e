"""Reference values and gradients of the self-supervised losses: writes losses-self-supervised.json beside itself.

    pip install lightly monai        (without another torch)
    python3 test/golden/losses-self-supervised.py

lightly 1.6.0 and MONAI 1.6.1 where they are right; else the formulas of the papers, with plain exp and log and loops.
"""

import sys
import types
from statistics import NormalDist

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
from lightly.loss.hypersphere_loss import HypersphereLoss  # noqa: E402
from lightly.loss.regularizer import CO2Regularizer, DSERegularizer  # noqa: E402
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
    golden.case("alignment", TWO, {"alpha": alpha}, HypersphereLoss(alpha=alpha, lam=0), LIGHTLY)
for r in ["none", "sum"]:
    golden.case("alignment", TWO, {"normalize": False, "alpha": 1.5, "reduction": r}, lambda a, b: reduced((a - b).norm(dim=1) ** 1.5, r), FORMULA)
for t in [2, 1, 0.3]:
    golden.case("uniformity", [view1], {"t": t}, lambda x: HypersphereLoss(t=t)(x, x), LIGHTLY)
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
golden.case("negativeCosine", TWO, {"reduction": "sum"}, lambda p, z: -F.cosine_similarity(p, z.detach()).sum(), TORCH)
golden.case("negativeCosine", TWO, {"eps": 3.0, "reduction": "none"}, lambda p, z: -(p * z.detach()).sum(1) / (torch.clamp(p.norm(dim=1), min=3) * torch.clamp(z.detach().norm(dim=1), min=3)), FORMULA)

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

# --- self-distillation -----------------------------------------------------------------------------------------------

student = golden.input("student", normal(3, 5, 4, std=0.3))
teacher = golden.input("teacher", normal(2, 5, 4, std=0.3))
patches = golden.input("patches", normal(3, 5, 4, std=0.3))
centre = golden.input("centre", normal(4, std=0.2))


def dino(s, t, c, tt, ts):
    loss = li.DINOLoss(output_dim=4, teacher_temp=tt, student_temp=ts)
    loss.center = c.view(1, 1, -1)
    return loss(list(t.detach()), list(s))


for c, tt, ts in [(None, 0.04, 0.1), (centre, 0.04, 0.1), (centre, 0.5, 1.0)]:
    options = {"teacherTemperature": tt, "studentTemperature": ts, **({} if c is None else {"centre": c})}
    value = torch.zeros(4) if c is None else golden.inputs[c]
    golden.case("dino", [student, teacher], options, lambda s, t: dino(s, t, value, tt, ts), LIGHTLY)


def ibot(s, t, m, c, tt, ts, visible):
    m, t = m.detach() > 0, t.detach()
    if visible:
        loss = li.IBOTPlusPlusPatchLoss(output_dim=4, teacher_temp=tt, student_temp=ts)
        loss.center.center = c.view(1, -1)
        return loss(t, s, m, visible_loss_weight=visible)
    loss = li.IBOTPatchLoss(output_dim=4, teacher_temp=tt, student_temp=ts)
    loss.center.center = c.view(1, -1)
    return loss(t[m], s[m], m.unsqueeze(1))


for c, tt, ts, visible in [(None, 0.04, 0.1, 0), (centre, 0.04, 0.1, 0), (centre, 0.5, 1.0, 0.7)]:
    options = {"teacherTemperature": tt, "studentTemperature": ts, "visibleWeight": visible, **({} if c is None else {"centre": c})}
    value = torch.zeros(4) if c is None else golden.inputs[c]
    golden.case("iBOT", [student, patches, mask], options, lambda s, t, m: ibot(s, t, m, value, tt, ts, visible), LIGHTLY)


def ibot_terms(s, t, m):
    rows = []
    for i in range(3):
        ce = [-(torch.softmax(t[i, j].detach() / 0.04, 0) * torch.log_softmax(s[i, j] / 0.1, 0)).sum() for j in range(5) if m[i, j] > 0]
        rows.append(sum(ce) / len(ce) if ce else torch.zeros(()))
    return torch.stack(rows)


for r in ["none", "sum"]:
    golden.case("iBOT", [student, patches, mask], {"reduction": r}, lambda s, t, m: reduced(ibot_terms(s, t, m), r), FORMULA)

# --- assignments -----------------------------------------------------------------------------------------------------

crops = golden.input("crops", normal(2, 5, 4, std=0.3))
for t, eps, it in [(0.1, 0.05, 3), (0.5, 0.2, 1)]:
    swav = li.SwaVLoss(temperature=t, sinkhorn_iterations=it, sinkhorn_epsilon=eps)
    options = {"temperature": t, "epsilon": eps, "iterations": it}
    golden.case("swAV", [student], options, lambda s: swav(list(s), []).squeeze(0), LIGHTLY)
    small = golden.inputs[crops]
    golden.case("swAV", [student], {**options, "smallCrops": crops}, lambda s: swav(list(s), list(small)).squeeze(0), LIGHTLY)


def swav_terms(s, t=0.1, eps=0.05):
    """Matrices of plain exponentials, scaled by loops."""
    total = 0
    for i in range(3):
        q = torch.exp(s[i].detach() / eps)
        for _ in range(3):
            q = q / q.sum(0)
            q = q / q.sum(1, keepdim=True)
        for j in range(3):
            if j != i:
                e = torch.exp(s[j] / t)
                total = total - (q * torch.log(e / e.sum(1, keepdim=True))).sum(1)
    return total / 6


for r in ["none", "sum"]:
    golden.case("swAV", [student], {"reduction": r}, lambda s: reduced(swav_terms(s), r), FORMULA)

prototypes = golden.input("prototypes", normal(3, 4))
anchors = golden.input("anchors", normal(2, 5, 4))
for t, sharpening, it, weight in [(0.1, 0.25, 3, 1), (0.5, 1.0, 0, 2), (0.3, 0.5, 1, 0)]:
    options = {"temperature": t, "sharpening": sharpening, "iterations": it, "regularization": weight}
    loss = li.MSNLoss(temperature=t, sinkhorn_iterations=it, regularization_weight=weight)
    golden.case("msn", [anchors, view1, prototypes], options, lambda a, z, p: loss(a.reshape(10, 4), z, p, sharpening), LIGHTLY)
    for exponent in [0.25, 1]:
        # lightly's prior is float32: the custom loss takes it in float64.
        power = lambda mean: (k := torch.arange(1, len(mean) + 1.0) ** -exponent) / k.sum()
        loss = li.PMSNCustomLoss(power, temperature=t, sinkhorn_iterations=it, regularization_weight=weight)
        golden.case("pmsn", [anchors, view1, prototypes], {**options, "exponent": exponent}, lambda a, z, p: loss(a.reshape(10, 4), z, p, sharpening), LIGHTLY)


def capi_terms(s, t, tt, ts, iterations):
    q = torch.exp((t.detach() / tt))
    for _ in range(iterations):
        q = q / q.sum(0, keepdim=True)
        q = q / q.sum(2, keepdim=True)
    e = torch.exp(s / ts)
    return -(q * torch.log(e / e.sum(2, keepdim=True))).sum(2)


for tt, ts, it, r in [(0.06, 0.12, 3, "mean"), (0.5, 1.0, 1, "sum"), (0.06, 0.12, 3, "none")]:
    options = {"teacherTemperature": tt, "studentTemperature": ts, "iterations": it, "reduction": r}
    golden.case("capi", [student, patches], options, lambda s, t: reduced(capi_terms(s, t, tt, ts, it), r), FORMULA)

# --- whole covariances -----------------------------------------------------------------------------------------------

many1 = golden.input("many1", normal(8, 3))
many2 = golden.input("many2", golden.inputs["many1"] * 0.6 + normal(8, 3, std=0.5))
for eps in [0.0, 0.3]:
    whiten = li.WMSELoss(embedding_dim=3, eps=eps, w_size=8)
    golden.case("wMSE", [many1, many2], {"eps": eps}, lambda a, b: whiten(torch.cat([a, b])), LIGHTLY)

four = golden.input("four", normal(4, 4, 3))
for lam, unit in [(0.005, True), (0.5, False), (0, True)]:
    mmcr = li.MMCRLoss(lmda=lam)
    def capacity(z):
        z = (F.normalize(z, dim=-1) if unit else z).transpose(0, 1)
        return mmcr(z[:, :2], z[:, 2:])
    golden.case("mmcr", [four], {"lambda": lam, "normalize": unit}, capacity, LIGHTLY)

for eps, lam in [(0.2, 200), (2.0, 1)]:
    emp = li.EMPSSLLoss(tcr_eps=eps, inv_coef=lam)
    def coding(z):  # lightly's sum with the sign of its first term turned
        rate = sum(torch.linalg.eigvalsh(torch.eye(4) + 4 / (5 * eps) * v.T @ v).log().sum() / 2 for v in z) / len(z)
        return emp(list(z)) - 2 * rate
    golden.case("empSSL", [views], {"eps": eps, "invariance": lam}, coding, LIGHTLY + ", with the paper's sign")

for lam in [1, 3]:
    fro = li.FroSSLLoss(invariance_weight=lam)
    golden.case("froSSL", [views], {"invariance": lam}, lambda z: fro(list(z)), LIGHTLY)
    golden.case("froSSL", [tall], {"invariance": lam}, lambda z: fro(list(z)), LIGHTLY)

# --- running statistics, banks, adaptive temperatures ----------------------------------------------------------------

moments = golden.inputs["view2"].T @ golden.inputs["view2"] / 20
before = golden.input("before", torch.round(moments * 1000) / 1000)
for c, beta, rho in [(None, 0.9, 8), (before, 0.9, 8), (before, 0.5, 2)]:
    def tico(a, b):
        loss = li.TiCoLoss(beta=beta, rho=rho)
        loss.C = None if c is None else golden.inputs[c]
        return loss(a, b)
    golden.case("tiCo", TWO, {"beta": beta, "rho": rho, **({} if c is None else {"secondMoments": c})}, tico, LIGHTLY)

bank = golden.input("bank", normal(6, 4))
golden_bank = F.normalize(golden.inputs[bank])


def nnclr(q, k, b, t, reduction):
    q, k, b = F.normalize(q), F.normalize(k.detach()), F.normalize(b.detach())
    neighbours = torch.stack([b[int(torch.tensor([x @ y for y in b]).argmax())] for x in k])
    return F.cross_entropy(neighbours @ q.T / t, torch.arange(len(q)), reduction=reduction)


def ressl(q, k, b, ts, tt, reduction):
    q, k, b = F.normalize(q), F.normalize(k.detach()), F.normalize(b.detach())
    return F.cross_entropy(q @ b.T / ts, torch.softmax(k @ b.T / tt, 1), reduction=reduction)


for t, r in [(0.1, "mean"), (0.5, "sum"), (0.1, "none")]:
    golden.case("nnCLR", [view1, view2, bank], {"temperature": t, "reduction": r}, lambda q, k, b: nnclr(q, k, b, t, r), TORCH)
    options = {"studentTemperature": t, "teacherTemperature": 0.4 * t, "reduction": r}
    golden.case("reSSL", [view1, view2, bank], options, lambda q, k, b: ressl(q, k, b, t, 0.4 * t, r), TORCH)


def co2_terms(a, b, negatives, t):
    a, b = F.normalize(a), F.normalize(b)
    def view(x, y, i):
        others = [y[j] for j in range(len(y)) if j != i] if negatives is None else list(golden_bank)
        e = torch.exp(torch.stack([x[i] @ c for c in [y[i], *others]]) / t)
        return e / e.sum()
    rows = []
    for i in range(len(a)):
        p, q = view(a, b, i), view(b, a, i)
        rows.append(((p * torch.log(p / q)).sum() + (q * torch.log(q / p)).sum()) / 2)
    return torch.stack(rows)


for negatives, t, r in [(None, 0.05, "mean"), (bank, 0.5, "mean"), (bank, 0.05, "none"), (None, 1.0, "sum")]:
    options = {"temperature": t, "reduction": r, **({} if negatives is None else {"bank": negatives})}
    golden.case("co2", TWO, options, lambda a, b: reduced(co2_terms(a, b, negatives, t), r), FORMULA)
regularizer = CO2Regularizer(alpha=1, t_consistency=0.05)
golden.case("co2", TWO, {}, regularizer, LIGHTLY, gradients=False)


def macl_terms(a, b, t, alpha, baseline):
    a, b = F.normalize(a), F.normalize(b)
    t = t * (1 + alpha * ((a * b).sum(1).mean().detach() - baseline))
    rows = []
    for x, y in [(a, b), (b, a)]:
        for i in range(len(x)):
            e = torch.exp(torch.stack([x[i] @ y[i]] + [x[i] @ v[j] for v in (x, y) for j in range(len(x)) if j != i]) / t)
            p = e[0] / e.sum()
            rows.append(-torch.log(p) / (1 - p).detach())
    return torch.stack(rows)


for t, alpha, baseline, r in [(0.1, 0.5, 0.0, "mean"), (0.5, 1.0, 0.3, "sum"), (0.1, 0.0, 0.0, "none")]:
    options = {"temperature": t, "alpha": alpha, "baseline": baseline, "reduction": r}
    golden.case("macl", TWO, options, lambda a, b: reduced(macl_terms(a, b, t, alpha, baseline), r), FORMULA)

# --- Gaussian embeddings ---------------------------------------------------------------------------------------------

directions = golden.input("directions", normal(4, 3))


def sigreg(x, a, knots, tmax):
    """The trapezoidal rule over complex exponentials, for each direction by itself."""
    total = 0
    for direction in a.T:
        projections = x @ direction / direction.norm()
        t = torch.linspace(-tmax, tmax, 2 * knots - 1)
        errors = torch.exp(1j * t[:, None] * projections).mean(1) - torch.exp(-t ** 2 / 2)
        total = total + len(x) * torch.trapezoid((errors.real ** 2 + errors.imag ** 2) * torch.exp(-t ** 2 / 2), t)
    return total / a.shape[1]


for knots, tmax in [(17, 3.0), (5, 2.0)]:
    golden.case("sigReg", [view1, directions], {"knots": knots, "tMax": tmax}, lambda x, a: sigreg(x, a, knots, tmax), FORMULA)
    for lam in [0.05, 0.6]:
        def lejepa(g, l, a):
            every = torch.cat([g, l])
            spread = ((every - g.mean(0)) ** 2).mean()
            return lam * sum(sigreg(v, a, knots, tmax) for v in every) / len(every) + (1 - lam) * spread
        golden.case("leJEPA", [anchors, student, directions], {"knots": knots, "tMax": tmax, "lambda": lam}, lejepa, FORMULA)

# --- regions ---------------------------------------------------------------------------------------------------------

regions1, regions2 = golden.input("regions1", normal(2, 3, 4)), golden.input("regions2", normal(2, 3, 4))
target1, target2 = golden.input("target1", normal(2, 3, 4)), golden.input("target2", normal(2, 3, 4))
masks1 = golden.input("masks1", torch.tensor([[0, 0, 2], [1, 3, 5]]))
masks2 = golden.input("masks2", torch.tensor([[0, 2, 4], [1, 1, 3]]))
for t in [0.1, 0.5]:
    golden.case("detCon", [regions1, regions2, masks1, masks2], {"temperature": t}, li.DetConSLoss(temperature=t, gather_distributed=False), LIGHTLY)
    targets = [golden.inputs["target1"], golden.inputs["target2"]]
    golden.case("detCon", [regions1, regions2, masks1, masks2], {"temperature": t, "targets": {"view1": target1, "view2": target2}}, lambda a, b, m, k, t=t: li.DetConBLoss(temperature=t, gather_distributed=False)(a, b, *targets, m, k), LIGHTLY)

def vis_reg(g, l, a, eps=1e-4, scaleWeight=1, shapeWeight=1, centerWeight=1, **o):
    z, lam = torch.cat([g, l]), o.get("lambda", 0.9)
    n = z.shape[1]
    q = torch.tensor([NormalDist().inv_cdf(i / (n + 1)) for i in range(1, n + 1)])
    scale, shape, center = [], [], []
    for view in z:
        mean, std = view.mean(0), view.std(0, unbiased=False)
        scale.append(((1 - std) ** 2).mean())
        center.append((mean**2).mean())
        projected = ((view - mean) / (std.detach() + eps)) @ (a / a.norm(dim=0))
        shape.append(((projected.sort(0).values - q[:, None]) ** 2).mean())
    total = lambda terms: sum(terms) / len(terms)
    prediction = ((z - g.mean(0)) ** 2).mean()
    return (1 - lam) * prediction + lam * (scaleWeight * total(scale) + shapeWeight * total(shape) + centerWeight * total(center))


# lightly draws its directions and has its quantiles in float32: it is asked once, with ours, to agree to that precision.
randn = torch.randn
torch.randn = lambda *shape, **_: golden.inputs["directions"]
asked = li.visreg_loss.VISRegLoss(num_slices=3)(local_proj=golden.inputs["student"], global_proj=golden.inputs["anchors"])
torch.randn = randn
ours = vis_reg(golden.inputs["anchors"], golden.inputs["student"], golden.inputs["directions"])
assert abs(getattr(asked, "total", asked) - ours) < 1e-6
for options in [{}, {"lambda": 0.6, "scaleWeight": 2, "shapeWeight": 0.3, "centerWeight": 0.5}, {"shapeWeight": 3, "eps": 1e-2}]:
    golden.case("visReg", [anchors, student, directions], options, lambda g, l, a, o=options: vis_reg(g, l, a, **o), FORMULA)

maps = golden.input("maps", normal(2, 5, 4, 3))
places = golden.input("places", normal(2, 5, 4, 2))
pair = golden.input("pair", normal(2, 5, 4))
cropped = [golden.input(name, normal(*shape)) for name, shape in [("cropFeatures", (1, 5, 4)), ("cropMaps", (1, 5, 2, 3)), ("cropPlaces", (1, 5, 2, 2))]]


def vicregl(features, maps, places, crops=None, **options):
    def views(features, maps, places):
        grid = lambda x: [m.unsqueeze(2) for m in x]  # [n, places, 1, k]: lightly has places in rows and columns
        return list(zip(features, grid(maps))), grid(places)

    whole, grids = views(features, maps, places)
    local, local_grids = (None, None) if crops is None else views(*crops)
    return li.VICRegLLoss(**options)(whole, grids, local, local_grids).squeeze()


LOCAL = [pair, maps, places]
golden.case("vicRegL", LOCAL, {}, vicregl, LIGHTLY)
golden.case("vicRegL", LOCAL, {"matches": [3, 2], "alpha": 0.4}, lambda *x: vicregl(*x, num_matches=(3, 2), alpha=0.4), LIGHTLY)
golden.case("vicRegL", LOCAL, {"invariance": 2, "variance": 3, "covariance": 0.7, "eps": 0.01}, lambda *x: vicregl(*x, lambda_param=2, mu_param=3, nu_param=0.7, eps=0.01), LIGHTLY)
golden.case("vicRegL", LOCAL, {"crops": {"features": {"$input": "cropFeatures"}, "maps": {"$input": "cropMaps"}, "locations": {"$input": "cropPlaces"}}}, lambda *x: vicregl(*x, crops=[golden.inputs[c] for c in cropped]), LIGHTLY)


centroids = golden.input("centroids", normal(5, 4))
fine = golden.input("clusters", torch.tensor([0, 3, 1, 4, 3]))
both = golden.input("clustersOfBoth", torch.tensor([[0, 1], [1, 0], [1, 2], [0, 2], [1, 1]]))
phi = golden.input("concentrations", golden.uniform(5, low=0.1, high=0.6))
unit = lambda x: F.normalize(x, dim=1)


def proto_nce(q, k, c, s, t=0.1, counts=None, phi=None, bank=None):
    q, k, c = unit(q), unit(k), unit(c.detach())
    keys = k if bank is None else torch.cat([k, unit(bank)])
    terms = F.cross_entropy(q @ keys.T / t, torch.arange(len(q)), reduction="none")
    counts, s = counts or [len(c)], s.reshape(len(q), -1)
    start = 0
    for m, count in enumerate(counts):
        at = slice(start, start + count)
        terms = terms + F.cross_entropy(q @ c[at].T / (t if phi is None else phi[at]), s[:, m], reduction="none") / len(counts)
        start += count
    return terms


for reduction in ["none", "mean", "sum"]:
    golden.case("protoNCE", [*TWO, centroids, fine], {"reduction": reduction}, lambda *x, r=reduction: reduced(proto_nce(*x), r), TORCH)
golden.case("protoNCE", [*TWO, centroids, both], {"counts": [2, 3], "temperature": 0.5}, lambda *x: proto_nce(*x, t=0.5, counts=[2, 3]).mean(), TORCH)
golden.case("protoNCE", [*TWO, centroids, both], {"counts": [2, 3], "concentrations": {"$input": "concentrations"}, "bank": {"$input": "centroids"}}, lambda *x: proto_nce(*x, counts=[2, 3], phi=golden.inputs[phi], bank=golden.inputs[centroids]).mean(), TORCH)

# lightly finds the clusters itself: it is given ours, with their means.
places = golden.input("placeFeatures", normal(4, 5, 4))
in_image = golden.input("imageClusters", torch.tensor([[0, 1, 0, 2, 1], [0, 0, 0, 0, 0], [2, 1, 2, 1, 0], [1, 1, 2, 2, 2]]))
in_batch = golden.input("batchClusters", torch.tensor([[3, 0, 3, 1, 0], [2, 2, 0, 3, 3], [1, 0, 1, 0, 2], [0, 0, 1, 3, 1]]))
in_group = golden.input("groupClusters", torch.tensor([[0, 1, 0, 1, 1], [1, 0, 0, 0, 1], [1, 0, 1, 0, 0], [0, 0, 1, 1, 1]]))


def dse(x, image, batch, group_size=4, normalize=True, counts=(3, 4)):
    class Given(DSERegularizer):
        def _kmeans(self, points, count):
            labels = self.given.pop(0)
            used = torch.unique(labels)  # empty clusters have no centre, which lightly never meets
            return torch.stack([points[labels == k].mean(0) for k in used]), torch.searchsorted(used, labels)

    count = 1 if group_size == 4 else 2
    regularizer = Given(normalize=normalize, local_clusters=1, global_clusters=group_size)
    regularizer.given = [*image, *batch.reshape(count, -1)]
    return regularizer(x)


for options, given in [({"counts": [3, 4]}, {}), ({"counts": [3, 4], "normalize": False}, {"normalize": False})]:
    golden.case("denseStructure", [places, in_image, in_batch], options, lambda *x, g=given: dse(*x, **g), LIGHTLY)
golden.case("denseStructure", [places, in_image, in_group], {"counts": [3, 2], "groupSize": 2}, lambda *x: dse(*x, group_size=2), LIGHTLY)
golden.write()
