"""Reference values and gradients of losses of boxes and of adversarial networks: writes losses-boxes.json beside itself.

    pip install torch torchvision; python3 test/golden/losses-boxes.py

Made with torch 2.13.0 and torchvision 0.29.1, whose losses are plain Python and run without its compiled operators. Where torchvision has
none, the formula in float64, box by box.
"""

import importlib
import importlib.util
import math
import sys
import types

import torch
import torch.nn.functional as F
from golden import FORMULA, TORCH, Golden, library

base = importlib.util.find_spec("torchvision").submodule_search_locations[0]
for name, folder in [("torchvision", base), ("torchvision.ops", base + "/ops")]:
    module = types.ModuleType(name)
    module.__path__ = [folder]
    sys.modules[name] = module
utils = types.ModuleType("torchvision.utils")
utils._log_api_usage_once = lambda *_: None
sys.modules["torchvision.utils"] = utils
TV = {
    "giou": importlib.import_module("torchvision.ops.giou_loss").generalized_box_iou_loss,
    "diou": importlib.import_module("torchvision.ops.diou_loss").distance_box_iou_loss,
    "ciou": importlib.import_module("torchvision.ops.ciou_loss").complete_box_iou_loss,
}

g = Golden(__file__, 5)
first, size = g.uniform(5, 2, high=1.5), g.uniform(5, 2, low=0.7, high=2)
p = g.input("boxes", torch.cat([first, first + size], 1))
first, size = g.uniform(5, 2, high=1.5), g.uniform(5, 2, low=0.7, high=2)
t = g.input("targets", torch.cat([first, first + size], 1))
far = g.input("apart", torch.cat([first + 5, first + size + 5], 1))
c, ct = g.input("centres", g.uniform(5, 4, low=0.2, high=1)), g.input("centreTargets", g.uniform(5, 4, low=0.2, high=1))
x, y = g.input("logits", g.normal(5, 6)), g.input("positions", torch.tensor([0.0, 0.25, 2.0, 4.75, 5.0]))
r, f = g.input("real", g.normal(5)), g.input("fake", g.normal(3))


def reduced(terms, reduction="mean"):
    return {"mean": terms.mean, "sum": terms.sum, "none": lambda: terms}[reduction]()


for name, fn in TV.items():
    for target in [t, far]:
        for reduction in ["mean", "sum", "none"]:
            g.case(name, [p, target], {"reduction": reduction}, lambda a, b, fn=fn, m=reduction: fn(a, b, reduction=m), library("torchvision"))
    if name != "ciou":  # torchvision hands its eps on to the others only
        g.case(name, [p, t], {"eps": 1e-2}, lambda a, b, fn=fn: fn(a, b, reduction="mean", eps=1e-2), library("torchvision"))


def iou_of(a, b, eps=1e-7):
    w = max(min(a[2], b[2]) - max(a[0], b[0]), torch.zeros(()))
    h = max(min(a[3], b[3]) - max(a[1], b[1]), torch.zeros(()))
    both = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1])
    return w * h / (both - w * h + eps)


forms = {"linear": lambda q: 1 - q, "log": lambda q: -torch.log(max(q, torch.tensor(1e-6))), "square": lambda q: 1 - q * q}
for mode, form in forms.items():
    for reduction in ["mean", "none"]:
        g.case("iou", [p, t], {"mode": mode, "reduction": reduction}, lambda a, b, form=form, m=reduction: reduced(torch.stack([form(iou_of(u, v)) for u, v in zip(a, b)]), m), FORMULA)


def efficient(a, b, eps=1e-7):
    rows = []
    for u, v in zip(a, b):
        width, height = max(u[2], v[2]) - min(u[0], v[0]), max(u[3], v[3]) - min(u[1], v[1])
        apart = sum((u[i] + u[i + 2] - v[i] - v[i + 2]) ** 2 for i in (0, 1)) / 4
        sides = [((u[i + 2] - u[i]) - (v[i + 2] - v[i])) ** 2 / (side**2 + eps) for i, side in enumerate((width, height))]
        rows.append(1 - iou_of(u, v, eps) + apart / (width**2 + height**2 + eps) + sum(sides))
    return torch.stack(rows)


for target in [t, far]:
    g.case("eiou", [p, target], {}, lambda a, b: efficient(a, b).mean(), FORMULA)
g.case("eiou", [p, t], {"eps": 1e-2, "reduction": "none"}, lambda a, b: efficient(a, b, 1e-2), FORMULA)


def bounded(a, b, beta=0.2, eps=1e-3):
    rows = []
    for u, v in zip(a, b):
        row = []
        for i in (0, 1):
            size, shift = v[i + 2] - v[i], abs((v[i] + v[i + 2]) / 2 - (u[i] + u[i + 2]) / 2)
            row.append(1 - max((size - 2 * shift) / (size + 2 * shift + eps), torch.zeros(())))
        for i in (0, 1):
            s, q = v[i + 2] - v[i], u[i + 2] - u[i]
            row.append(1 - min(s / (q + eps), q / (s + eps)))
        rows.append(torch.stack([z * z / (2 * beta) if z < beta else z - beta / 2 for z in row]))
    return torch.stack(rows)


for options in [{}, {"beta": 0.5, "eps": 1e-2}, {"reduction": "none"}]:
    o = {k: v for k, v in options.items() if k != "reduction"}
    g.case("boundedIoU", [p, t], options, lambda a, b, o=o, m=options.get("reduction", "mean"): reduced(bounded(a, b, **o), m), FORMULA)

for reduction in ["mean", "none"]:
    def dfl(x, y, m=reduction):
        logp, terms = torch.log_softmax(x, 1), []
        for row, v in zip(logp, y):
            low = min(int(v), 4)
            terms.append(-(low + 1 - v) * row[low] - (v - low) * row[low + 1])
        return reduced(torch.stack(terms), m)
    g.case("distributionFocal", [x, y], {"reduction": reduction}, dfl, FORMULA)


def corners(b):
    return torch.cat([b[:, :2] - b[:, 2:] / 2, b[:, :2] + b[:, 2:] / 2], 1)


for options in [{}, {"l1Weight": 1, "giouWeight": 3, "reduction": "sum"}, {"reduction": "none"}]:
    a, b = options.get("l1Weight", 5), options.get("giouWeight", 2)
    g.case("detrBox", [c, ct], options, lambda u, v, a=a, b=b, m=options.get("reduction", "mean"): reduced(a * F.l1_loss(u, v, reduction="none").sum(1) + b * TV["giou"](corners(u), corners(v), reduction="none"), m), library("torchvision"))

log, sigmoid = torch.log, torch.sigmoid
games = {
    "nonSaturating": (lambda r, s: -(s * log(sigmoid(r)) + (1 - s) * log(1 - sigmoid(r))), lambda f: -log(1 - sigmoid(f)), lambda f: -log(sigmoid(f))),
    "minimax": (lambda r, s: -(s * log(sigmoid(r)) + (1 - s) * log(1 - sigmoid(r))), lambda f: -log(1 - sigmoid(f)), lambda f: log(1 - sigmoid(f))),
    "leastSquares": (lambda r, s: (r - s) ** 2, lambda f: f**2, lambda f: (f - 1) ** 2),
    "hinge": (lambda r, s: torch.clamp(1 - r, min=0), lambda f: torch.clamp(1 + f, min=0), lambda f: -f),
    "wasserstein": (lambda r, s: -r, lambda f: f, lambda f: -f),
}
for form, (on_real, on_fake, on_generated) in games.items():
    for options in [{}, {"realTarget": 0.9}, {"reduction": "sum"}]:
        m = options.get("reduction", "mean")
        g.case("adversarialDiscriminator", [r, f], {"form": form} | options, lambda r, f, a=on_real, b=on_fake, s=options.get("realTarget", 1), m=m: reduced(a(r, s), m) + reduced(b(f), m), FORMULA)
    for reduction in ["mean", "none"]:
        g.case("adversarialGenerator", [f], {"form": form, "reduction": reduction}, lambda f, fn=on_generated, m=reduction: reduced(fn(f), m), FORMULA)

for case in g.cases:  # targets are constants
    case["gradients"] = {k: v for k, v in case["gradients"].items() if k not in ("targets", "apart", "centreTargets", "positions")}
g.write()
