"""Reference values and gradients of preference and policy losses: writes losses-preference.json beside itself.

    pip install torch; python3 test/golden/losses-preference.py

Made with torch 2.13.0. The formulas of the papers in float64, with plain sigmoids, exponentials and loops; where TRL 1.16
computes the loss (inside its trainers, which need models), the formula is the one that it has.
"""

import math

import torch
from golden import FORMULA, Golden

g = Golden(__file__, 3)
names = ["policyChosen", "policyRejected", "referenceChosen", "referenceRejected"]
four = [g.input(name, g.normal(5, std=3)) for name in names]
w, l = g.input("chosen", -g.uniform(5, low=0.05, high=3)), g.input("rejected", -g.uniform(5, low=0.05, high=3))
good = g.input("desirable", torch.tensor([1.0, 0, 1, 1, 0]))
now, old = g.input("now", g.normal(4, 3, std=0.5)), g.input("old", g.normal(4, 3, std=0.5))
adv, ret = g.input("advantages", g.normal(4)), g.input("returns", g.normal(4, 3))
full = g.input("allAdvantages", g.normal(4, 3))
ref = g.input("reference", g.normal(4, 3, std=0.5))
mask = [[1, 1, 1], [1, 1, 0], [1, 0, 0], [0, 0, 0]]
s = lambda x: 1 / (1 + torch.exp(-x))
nls = lambda x: torch.log(1 + torch.exp(-x))


def reduced(terms, reduction="mean"):
    return {"mean": terms.mean, "sum": terms.sum, "none": lambda: terms}[reduction]()


def add(loss, args, term, *variants):
    for options in [{}, *variants, {"reduction": "none"}]:
        o = {k: v for k, v in options.items() if k != "reduction"}
        g.case(loss, args, options, lambda *a, o=o, m=options.get("reduction", "mean"): reduced(term(*a, **o), m), FORMULA)


def ratios(term):
    return lambda pc, pr, rc, rr, **o: term(pc - rc, pr - rr, **o)


def dpo(c, r, beta=0.1, labelSmoothing=0, robust=False, divergence="reverseKL", alpha=0.5):
    slope = {
        "reverseKL": lambda t: t,
        "forwardKL": lambda t: 1 - torch.exp(-t),
        "jensenShannon": lambda t: torch.log(2 * torch.exp(t) / (torch.exp(t) + 1)),
        "alpha": lambda t: (torch.exp(t) ** (alpha - 1) - 1) / (alpha - 1),
    }[divergence]
    z, e = beta * (slope(c) - slope(r)), labelSmoothing
    if robust:
        return ((1 - e) * nls(z) - e * nls(-z)) / (1 - 2 * e)
    return (1 - e) * nls(z) + e * nls(-z)


add("directPreference", four, ratios(dpo), {"beta": 0.5, "labelSmoothing": 0.1}, {"labelSmoothing": 0.2, "robust": True}, {"divergence": "forwardKL"}, {"divergence": "jensenShannon", "beta": 1}, {"divergence": "alpha", "alpha": 0.7})
add("identityPreference", four, ratios(lambda c, r, beta=0.1: (c - r - 1 / (2 * beta)) ** 2), {"beta": 0.5})
add("hingePreference", four, ratios(lambda c, r, beta=0.1: torch.clamp(1 - beta * (c - r), min=0)), {"beta": 0.5})
add("noiseContrastivePreference", four, ratios(lambda c, r, beta=0.1: nls(beta * c) + 0.5 * nls(-beta * c) + 0.5 * nls(-beta * r)), {"beta": 0.5})
add("binaryClassifierPreference", four, ratios(lambda c, r, beta=0.1, shift=0: nls(beta * c - shift) + nls(shift - beta * r)), {"beta": 0.5, "shift": -0.3})
add("selfPlayPreference", four, ratios(lambda c, r, beta=0.1: (c - 0.5 / beta) ** 2 + (r + 0.5 / beta) ** 2), {"beta": 0.5})


def exo(c, r, beta=0.1, labelSmoothing=1e-3):
    p = s(beta * (c - r))
    return p * torch.log(p / (1 - labelSmoothing)) + (1 - p) * torch.log((1 - p) / labelSmoothing)


add("exactPreference", four, ratios(exo), {"beta": 0.5, "labelSmoothing": 0.1})
add("anchoredPreference", four, ratios(lambda c, r, beta=0.1, variant="zero": 1 - s(beta * c) + s(beta * r) if variant == "zero" else s(beta * c) + 1 - s(beta * (c - r))), {"beta": 0.5, "variant": "down"})


def aot(pc, pr, rc, rr, beta=0.1, labelSmoothing=0, paired=True):
    a, b = (pc - pr, rc - rr) if paired else (pc - rc, pr - rr)
    d = beta * (a.sort().values - b.sort().values)
    return (1 - labelSmoothing) * nls(d) + labelSmoothing * nls(-d)


add("transportPreference", four, aot, {"beta": 0.5, "paired": False}, {"labelSmoothing": 0.1})
add("discoveredPreference", four, ratios(lambda c, r, beta=0.1, tau=0.05: (lambda z, m: (1 - m) * nls(z) + m * torch.exp(-z))(beta * (c - r), s(beta * (c - r) / tau))), {"beta": 0.5, "tau": 0.5})


def simpo(c, r, beta=2, margin=0.5, alpha=0, labelSmoothing=0):
    reward = (lambda t: t) if alpha == 0 else (lambda t: (1 - torch.exp(t) ** -alpha) / alpha)
    z = beta * (reward(c) - reward(r) - margin / beta)
    return (1 - labelSmoothing) * nls(z) + labelSmoothing * nls(-z)


add("simplePreference", [w, l], simpo, {"beta": 0.5, "margin": 1, "labelSmoothing": 0.1}, {"alpha": 0.3}, {"alpha": -0.5})
add("contrastivePreference", [w, l], lambda c, r, beta=0.1, nllWeight=1, labelSmoothing=0: (1 - labelSmoothing) * nls(beta * (c - r)) + labelSmoothing * nls(-beta * (c - r)) - nllWeight * c, {"beta": 0.5, "nllWeight": 0.3, "labelSmoothing": 0.1})


def orpo(c, r, **o):
    odds = lambda t: torch.exp(t) / (1 - torch.exp(t))
    return -c + o.get("lambda", 0.1) * nls(torch.log(odds(c) / odds(r)))


add("oddsRatioPreference", [w, l], orpo, {"lambda": 1})


def kto(p, q, y, beta=0.1, desirableWeight=1, undesirableWeight=1, divergence=0):
    z = max(divergence, 0)
    return torch.where(y == 1, desirableWeight * (1 - s(beta * (p - q - z))), undesirableWeight * (1 - s(beta * (z - p + q))))


add("kahnemanTversky", [four[0], four[2], good], kto, {"beta": 0.5, "desirableWeight": 1.3, "undesirableWeight": 0.7}, {"divergence": 2}, {"divergence": -1})

ppo = lambda n, o, a, e=0.2: -torch.minimum(torch.exp(n - o) * a, torch.clamp(torch.exp(n - o), 1 - e, 1 + e) * a)
add("clippedSurrogate", [now, old, full], lambda n, o, a, epsilon=0.2: ppo(n, o, a, epsilon), {"epsilon": 0.5})
add("clippedValue", [now, old, ret], lambda v, o, r, epsilon=0.2: torch.maximum((v - r) ** 2, (o + torch.clamp(v - o, -epsilon, epsilon) - r) ** 2) / 2, {"epsilon": 1})


def grpo(n, o, a, form="grpo", low=0.2, high=None, m=None, reference=None, kl=0, longest=3, tp=1, tn=1.05):
    high = low if high is None else high
    rows, tokens = [], 0
    for i in range(4):
        kept = [t for t in range(3) if m is None or m[i][t]]
        tokens += len(kept)
        level = sum(n[i, t] - o[i, t] for t in kept) / max(len(kept), 1)
        terms = []
        for t in kept:
            ratio = torch.exp(level if form == "gspo" else n[i, t] - o[i, t])
            if form == "cispo":
                term = -torch.clamp(ratio, max=1 + high).detach() * a[i] * n[i, t]
            elif form == "sapo":
                k = tp if a[i] > 0 else tn
                term = -4 * s(k * (ratio - 1)) / k * a[i]
            else:
                term = -torch.minimum(ratio * a[i], torch.clamp(ratio, 1 - low, 1 + high) * a[i])
            if reference is not None:
                d = reference[i, t] - n[i, t]
                term = term + kl * (torch.exp(d) - d - 1)
            terms.append(term)
        rows.append(terms)
    if form in ("grpo", "gspo", "sapo"):
        return sum(sum(r) / max(len(r), 1) for r in rows) / 4
    total = sum(sum(r) for r in rows)
    return total / (4 * longest) if form == "drGRPO" else total / tokens


for form in ["grpo", "bnpo", "drGRPO", "dapo", "gspo", "cispo", "sapo"]:
    g.case("groupRelativePolicy", [now, old, adv], {"form": form}, lambda n, o, a, f=form: grpo(n, o, a, f), FORMULA)
    g.case("groupRelativePolicy", [now, old, adv], {"form": form, "mask": mask, "epsilonLow": 0.1, "epsilonHigh": 0.3}, lambda n, o, a, f=form: grpo(n, o, a, f, 0.1, 0.3, mask), FORMULA)
g.case("groupRelativePolicy", [now, old, adv], {"reference": ref, "klWeight": 0.5, "mask": mask}, lambda n, o, a: grpo(n, o, a, m=mask, reference=g.inputs["reference"], kl=0.5), FORMULA)
g.case("groupRelativePolicy", [now, old, adv], {"form": "drGRPO", "maxLength": 7}, lambda n, o, a: grpo(n, o, a, "drGRPO", longest=7), FORMULA)
g.case("groupRelativePolicy", [now, old, adv], {"form": "sapo", "temperaturePositive": 2, "temperatureNegative": 3}, lambda n, o, a: grpo(n, o, a, "sapo", tp=2, tn=3), FORMULA)

learned = {"policyChosen", "policyRejected", "chosen", "rejected", "now"}
for case in g.cases:  # the rest is constant: what the policies are compared with, and what actions were worth
    case["gradients"] = {k: v if k in learned else [0.0] * len(v) for k, v in case["gradients"].items()}
g.write()
