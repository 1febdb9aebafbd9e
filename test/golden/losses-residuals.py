"""Reference values and gradients of losses of a residual: writes losses-residuals.json beside itself.

    pip install torch numpy kornia; python3 test/golden/losses-residuals.py

Made with torch 2.13.0 and kornia 0.9.0. PyTorch and kornia where they have the loss (and kornia's default scale of 1 is meant); the rest is
the textbook formula, in float64, with plain powers, logarithms and branches, which is safe for the moderate inputs here.
"""

import math

import torch
import torch.nn.functional as F
from golden import FORMULA, TORCH, Golden, library
from kornia.losses import cauchy_loss, geman_mcclure_loss, welsch_loss

g = Golden(__file__, 7)
p, t = g.input("p", g.normal(5, std=1.5)), g.input("t", g.normal(5, std=1.5))
pm, tm = g.input("pm", g.normal(3, 4)), g.input("tm", g.normal(3, 4))
bench = g.input("benchmark", g.normal(3, 4))
pos, post = g.input("positive", g.uniform(3, 4, low=0.2, high=3)), g.input("positiveTargets", g.uniform(3, 4, low=0.2, high=3))
unit = g.input("unit", g.uniform(5))
quantiles = g.input("quantiles", g.normal(5, 3))
history = g.input("history", g.normal(3, 7))
some = g.input("some", torch.tensor([1.0, 0.0, -2.0, 0.0, 0.5]))


def reduced(terms, reduction="mean"):
    return {"mean": terms.mean, "sum": terms.sum, "none": lambda: terms}[reduction]()


def add(loss, args, formula, *variants, reference=FORMULA):
    for options in [{}, *variants, {"reduction": "none"}]:
        g.case(loss, args, options, lambda *x, o=options: formula(*x, **o), reference)


def elementwise(loss, term, *variants, args=(p, t), reference=FORMULA):
    def formula(x, y, reduction="mean", **o):
        return reduced(term(x, y, **o), reduction)
    add(loss, list(args), formula, *variants, reference=reference)


elementwise("lp", lambda x, y, p=2: (x - y).abs() ** p, {"p": 1}, {"p": 0.5}, {"p": 2.7})
add("rootMeanSquaredError", [pm, tm], lambda x, y, axis=None, reduction="mean": F.mse_loss(x, y).sqrt() if axis is None else reduced(((x - y) ** 2).mean(axis).sqrt(), reduction), {"axis": 0}, {"axis": 1, "reduction": "sum"}, reference=TORCH)
g.case("relativeMeanSquaredError", [pm, tm, bench], {}, lambda x, y, b: F.mse_loss(x, y) / F.mse_loss(b, y), TORCH)

pin = lambda e, q: torch.maximum(q * e, (q - 1) * e)


def huber(e, d):
    return torch.where(e.abs() <= d, e**2 / 2, d * (e.abs() - d / 2))


elementwise("huberQuantile", lambda x, y, quantile=0.5, delta=1, divideByDelta=True: (quantile - (y < x).double()).abs() * huber(y - x, delta) / (delta if divideByDelta else 1), {"quantile": 0.1, "delta": 0.3}, {"quantile": 0.8, "delta": 2, "divideByDelta": False})
levels = [0.1, 0.5, 0.9]
for reduction in ["mean", "sum"]:
    g.case(
        "huberQuantile", [quantiles, t], {"quantile": levels, "reduction": reduction},
        lambda x, y, r=reduction: reduced(torch.stack([(levels[i] - (y < x[:, i]).double()).abs() * huber(y - x[:, i], 1.0) for i in range(3)], 1), r),
        FORMULA,
    )
elementwise("expectile", lambda x, y, expectile=0.5: torch.where(y >= x, expectile, 1 - expectile) * (y - x) ** 2, {"expectile": 0.9})
elementwise("epsilonInsensitive", lambda x, y, epsilon=0.1, squared=False: torch.where((x - y).abs() > epsilon, ((x - y).abs() - epsilon) ** (2 if squared else 1), 0.0), {"epsilon": 0.7}, {"squared": True})
for q in [[0.1, 0.5, 0.9], [0.2, 0.4, 0.95]]:
    g.case("weightedQuantile", [quantiles, t], {"quantile": q}, lambda x, y, q=q: sum(2 * pin(y - x[:, i], q[i]).sum() / y.abs().sum() for i in range(3)) / 3, FORMULA)

for name, fn in [("cauchy", cauchy_loss), ("gemanMcClure", geman_mcclure_loss), ("welsch", welsch_loss)]:
    for reduction in ["mean", "none"]:
        g.case(name, [p, t], {"reduction": reduction}, lambda x, y, fn=fn, r=reduction: fn(x, y, reduction=r), library("kornia"))
elementwise("cauchy", lambda x, y, scale=1: torch.log(1 + ((x - y) / scale) ** 2 / 2), {"scale": 0.4})
elementwise("gemanMcClure", lambda x, y, scale=1: 2 * (x - y) ** 2 / ((x - y) ** 2 + 4 * scale**2), {"scale": 0.4})
elementwise("welsch", lambda x, y, scale=1: 1 - torch.exp(-(((x - y) / scale) ** 2) / 2), {"scale": 0.4})
elementwise("tukey", lambda x, y, scale=4.685: torch.where((x - y).abs() <= scale, scale**2 / 6 * (1 - (1 - ((x - y) / scale) ** 2) ** 3), scale**2 / 6), {"scale": 1.1})


def barron(x, y, alpha=1, scale=1):
    s = ((x - y) / scale) ** 2
    if alpha == 2:
        return s / 2
    if alpha == 0:
        return torch.log(s / 2 + 1)
    b = abs(alpha - 2)
    return b / alpha * ((s / b + 1) ** (alpha / 2) - 1)


elementwise("generalRobust", barron, {"alpha": 2}, {"alpha": 0}, {"alpha": -2, "scale": 0.6}, {"alpha": 3.5}, {"alpha": -0.5})
elementwise("wing", lambda x, y, width=10, epsilon=2: torch.where((x - y).abs() < width, width * torch.log(1 + (x - y).abs() / epsilon), (x - y).abs() - (width - width * math.log(1 + width / epsilon))), {"width": 1, "epsilon": 0.5})


def adaptive_wing(x, y, alpha=2.1, omega=14, epsilon=1, theta=0.5):
    d, a = (x - y).abs(), alpha - y
    slope = omega * (1 / (1 + (theta / epsilon) ** a)) * a * (theta / epsilon) ** (a - 1) / epsilon
    offset = theta * slope - omega * torch.log(1 + (theta / epsilon) ** a)
    return torch.where(d < theta, omega * torch.log(1 + (d / epsilon) ** a), slope * d - offset)


for options in [{}, {"alpha": 2.4, "omega": 3, "epsilon": 0.7, "theta": 1.2}, {"reduction": "none"}]:
    o = {k: v for k, v in options.items() if k != "reduction"}
    g.case("adaptiveWing", [p, unit], options, lambda x, y, o=o, r=options.get("reduction", "mean"): reduced(adaptive_wing(x, y, **o), r), FORMULA)
elementwise("balancedL1", lambda x, y, alpha=0.5, gamma=1.5, beta=1: (lambda d, b: torch.where(d < beta, alpha / b * (b * d + 1) * torch.log(b * d / beta + 1) - alpha * d, gamma * d + gamma / b - alpha * beta))((x - y).abs(), math.exp(gamma / alpha) - 1), {"alpha": 0.8, "gamma": 1.2, "beta": 0.6})
elementwise("reverseHuber", lambda x, y, share=0.2: (lambda d: (lambda c: torch.where(d <= c, d, (d**2 + c**2) / (2 * c)))(share * d.detach().max()))((x - y).abs()), {"share": 0.6})

elementwise("meanAbsolutePercentageError", lambda x, y, percent=True, eps=1e-7, zero="clamp": (100 if percent else 1) * (x - y).abs() / y.abs().clamp(min=eps), {"percent": False}, {"eps": 0.5})
g.case("meanAbsolutePercentageError", [p, some], {"zero": "ignore"}, lambda x, y: 100 * sum((x[i] - y[i]).abs() / y[i].abs() for i in [0, 2, 4]) / 5, FORMULA)
elementwise("symmetricMeanAbsolutePercentageError", lambda x, y, percent=True: (200 if percent else 2) * (x - y).abs() / (x.abs() + y.abs()), {"percent": False})
add("meanAbsoluteScaledError", [pm, tm, history], lambda x, y, h, seasonality=1, reduction="mean": reduced((x - y).abs() / (h[:, seasonality:] - h[:, :-seasonality]).abs().mean(1, keepdim=True), reduction), {"seasonality": 3})
elementwise("meanSquaredLogarithmicError", lambda x, y, preset="plain": ((torch.log(x + 2**-23) - torch.log(y + 2**-23)) if preset == "flux" else (torch.log(1 + x) - torch.log(1 + y))) ** 2, {"preset": "keras"}, {"preset": "flux"}, args=(pos, post))


def silog(x, y, reduction="mean", sqrt=False, **o):
    d = torch.log(x) - torch.log(y)
    terms = (d**2).mean(1) - o.get("lambda", 0.5) * d.mean(1) ** 2
    return reduced(terms.sqrt() if sqrt else terms, reduction)


add("scaleInvariantLog", [pos, post], silog, {"lambda": 1}, {"lambda": 0.85, "sqrt": True})
elementwise("cosineDistance", lambda x, y, axis=-1: 1 - F.cosine_similarity(x, y, dim=axis), {"axis": 0}, args=(pm, tm), reference=TORCH)
add("correlation", [pm, tm], lambda x, y, reduction="mean": reduced(torch.stack([1 - torch.corrcoef(torch.stack([a, b]))[0, 1] for a, b in zip(x, y)]), reduction), reference=TORCH)
for options in [{}, {"alpha": 1}, {"alpha": 0.2, "axis": 0}]:
    a, axis = options.get("alpha", 0.5), options.get("axis", -1)
    g.case("freDF", [pm, tm], options, lambda x, y, a=a, axis=axis: (1 - a) * F.mse_loss(x, y) + a * torch.fft.rfft(x - y, dim=axis).abs().mean(), TORCH)
g.write()
