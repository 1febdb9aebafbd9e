"""Optimizers: ten steps of each with several options, schedules over 25 steps, and gradient clipping, from PyTorch.

Writes optim.json beside itself. Made with torch 2.13.0. Lion is not in PyTorch: the class below is written after
algorithm 2 of Chen et al. 2023 (arXiv:2302.06675) and agrees with timm 1.0.31's Lion to the last bit.

`trajectories`: the parameters `start`, given `gradients` (one list a step; null is no gradient), after each step of
optim[optimizer](parameters, options); `groups` are options of the parameters' own groups.
`minimizations`: `step` of LBFGS on the Rosenbrock function from `start`: the values and how often the closure has run.
`searches`: the steps that its strong Wolfe line search tries along four functions, and the one it takes.
`schedules`: the learning rate of SGD with lr 0.5 and momentum 0.9 at the start and after each step.
"""

import json
import re
from pathlib import Path

import torch
from torch import optim
from torch.nn.utils import clip_grad_norm_, clip_grad_value_
from torch.optim import lr_scheduler
from torch.optim.lbfgs import _strong_wolfe

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)  # or NAdam would keep its product of momenta in float32
steps = 10
shapes = [(2, 3), (4,)]


class Lion(optim.Optimizer):
    def __init__(self, params, lr=1e-4, betas=(0.9, 0.99), weight_decay=0.0, maximize=False):
        super().__init__(params, dict(lr=lr, betas=betas, weight_decay=weight_decay, maximize=maximize))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                g = -p.grad if group["maximize"] else p.grad
                m = self.state[p].setdefault("exp_avg", torch.zeros_like(p))
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.add_(m.lerp(g, 1 - beta1).sign(), alpha=-group["lr"])
                m.lerp_(g, 1 - beta2)


def snake(options):
    special = {"tMax": "T_max", "strongWolfe": "strong_wolfe"}
    name = lambda s: special.get(s) or re.sub("[A-Z]", lambda c: "_" + c.group().lower(), s)
    return {name(k): name(v) if isinstance(v, str) else v for k, v in options.items()}


def numbers(t):
    return [float(f"{v:.15g}") for v in t.detach().reshape(-1).tolist()]


start = [torch.randn(shape) for shape in shapes]
gradients = [[torch.randn(shape).round(decimals=4) for shape in shapes] for _ in range(steps)]
gradients[3][1] = None
gradients[5][0] = torch.zeros(shapes[0])


def trajectory(name, options={}, groups=None):
    parameters = [t.clone().requires_grad_() for t in start]
    given = parameters if groups is None else [{"params": [p]} | snake(g) for p, g in zip(parameters, groups)]
    optimizer = (Lion if name == "Lion" else getattr(optim, name))(given, **snake(options))
    after = []
    for step in gradients:
        for p, g in zip(parameters, step):
            p.grad = None if g is None else g.clone()
        optimizer.step()
        after.append([numbers(p) for p in parameters])
    return {"optimizer": name, "options": options, "groups": groups, "after": after}


trajectories = [
    trajectory("SGD"),
    trajectory("SGD", {"lr": 0.1, "momentum": 0.9, "maximize": True}),
    trajectory("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.3, "weightDecay": 0.05}),
    trajectory("SGD", {"lr": 0.1, "momentum": 0.8, "nesterov": True, "weightDecay": 0.01}),
    trajectory("SGD", {"lr": 0.1, "momentum": 0.5}, [{"lr": 0.01}, {"weightDecay": 0.1, "momentum": 0}]),
    trajectory("Adam"),
    trajectory("Adam", {"lr": 0.1, "betas": [0.7, 0.9], "eps": 1e-3, "weightDecay": 0.1, "maximize": True}),
    trajectory("Adam", {"lr": 0.1, "betas": [0.5, 0.6], "amsgrad": True}),
    trajectory("AdamW"),
    trajectory("AdamW", {"lr": 0.1, "betas": [0.5, 0.6], "weightDecay": 0.3, "amsgrad": True}),
    trajectory("AdamW", {"lr": 0.1}, [{}, {"lr": 0.01, "weightDecay": 0}]),
    trajectory("NAdam"),
    trajectory("NAdam", {"lr": 0.1, "betas": [0.8, 0.9], "weightDecay": 0.1, "momentumDecay": 0.05}),
    trajectory("NAdam", {"lr": 0.1, "weightDecay": 0.2, "decoupledWeightDecay": True, "maximize": True}),
    trajectory("RAdam"),
    trajectory("RAdam", {"lr": 0.1, "betas": [0.8, 0.9], "weightDecay": 0.1}),
    trajectory("RAdam", {"lr": 0.1, "betas": [0.8, 0.95], "weightDecay": 0.2, "decoupledWeightDecay": True}),
    trajectory("RMSprop"),
    trajectory("RMSprop", {"lr": 0.02, "alpha": 0.8, "momentum": 0.7, "weightDecay": 0.1}),
    trajectory("RMSprop", {"lr": 0.02, "alpha": 0.9, "centered": True, "eps": 1e-4, "maximize": True}),
    trajectory("Adagrad"),
    trajectory("Adagrad", {"lr": 0.2, "lrDecay": 0.1, "weightDecay": 0.1, "initialAccumulatorValue": 0.3, "eps": 1e-3}),
    trajectory("Adadelta"),
    trajectory("Adadelta", {"lr": 0.5, "rho": 0.6, "eps": 1e-3, "weightDecay": 0.1, "maximize": True}),
    trajectory("Lion"),
    trajectory("Lion", {"lr": 0.05, "betas": [0.6, 0.8], "weightDecay": 0.2, "maximize": True}),
]


def minimization(options, count):
    x = torch.tensor([-1.2, 1.0, -0.5, 0.8], requires_grad=True)
    first = numbers(x)
    optimizer = optim.LBFGS([x], **snake(options))
    calls = 0

    def closure():
        nonlocal calls
        calls += 1
        optimizer.zero_grad()
        loss = (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()
        loss.backward()
        return loss

    after = []
    for _ in range(count):
        loss = optimizer.step(closure)
        after.append({"loss": loss.item(), "x": numbers(x), "calls": calls})
    return {"options": options, "start": first, "after": after}


minimizations = [
    minimization({"lr": 1e-3, "maxIter": 5}, 6),
    minimization({"lr": 0.5, "historySize": 2, "maxIter": 3}, 4),
    minimization({"lineSearchFn": "strongWolfe", "maxIter": 4}, 6),
    minimization({"lr": 0.7, "lineSearchFn": "strongWolfe", "historySize": 3, "maxIter": 30}, 1),
    minimization({"lineSearchFn": "strongWolfe", "maxIter": 10, "maxEval": 6, "toleranceGrad": 0.01}, 12),
]


lines = {
    "kink": lambda t: torch.sqrt((t - 0.9) ** 2 + 1e-4),
    "wall": lambda t: torch.exp(20 * (t - 1)) - t,
    "basin": lambda t: -t / (t**2 + 2),  # functions 1 and 2 of More and Thuente 1994
    "cliff": lambda t: (t + 0.004) ** 5 - 2 * (t + 0.004) ** 4,
}


def search(name, first, most):
    tried = []

    def evaluate(_, t, __):
        at = torch.tensor([float(t)], requires_grad=True)
        f = lines[name](at)
        tried.append(float(t))
        return f.item(), torch.autograd.grad(f, at)[0]

    f, g = evaluate(None, 0.0, None)
    _, _, t, _ = _strong_wolfe(evaluate, None, first, torch.ones(1), f, g, g.dot(torch.ones(1)), max_ls=most)
    return {"line": name, "first": first, "most": most, "tried": tried[1:], "taken": float(t)}


searches = [search(name, first, 25) for name in lines for first in (1e-3, 0.1, 1.0, 10.0)]
searches += [search("basin", 30.0, 25), search("wall", 3.0, 2), search("cliff", 1e-3, 2)]


def schedule(name, options, make=None, metrics=None):
    p = torch.zeros(1, requires_grad=True)
    optimizer = optim.SGD([p], lr=0.5, momentum=0.9)
    s = (make or getattr(lr_scheduler, name))(optimizer, **({} if make else snake(options)))
    group = optimizer.param_groups[0]
    lrs, momenta = [group["lr"]], [group["momentum"]]
    for i in range(25):
        optimizer.step()
        s.step(*([] if metrics is None else [metrics[i]]))
        lrs.append(group["lr"])
        momenta.append(group["momentum"])
    entry = {"schedule": name, "options": options, "lr": lrs, "momentum": momenta}
    return entry if metrics is None else entry | {"metrics": metrics}


warm = lambda **options: lambda optimizer: lr_scheduler.LinearLR(optimizer, **options)
wave = [round(v, 4) for v in (2 * torch.exp(-torch.arange(25) / 4) + 0.3 * torch.sin(torch.arange(25))).tolist()]
schedules = [
    schedule("StepLR", {"stepSize": 4}),
    schedule("StepLR", {"stepSize": 7, "gamma": 0.5}),
    schedule("MultiStepLR", {"milestones": [3, 8, 8, 20], "gamma": 0.3}),
    schedule("ExponentialLR", {"gamma": 0.9}),
    schedule("CosineAnnealingLR", {"tMax": 10}),
    schedule("CosineAnnealingLR", {"tMax": 25, "etaMin": 0.05}),
    schedule("LinearWarmup", {}, warm()),
    schedule("LinearWarmup", {"startFactor": 0.1, "endFactor": 0.8, "totalIters": 12},
             warm(start_factor=0.1, end_factor=0.8, total_iters=12)),  # fmt: skip
    schedule("OneCycleLR", {"maxLr": 2, "totalSteps": 25}),
    schedule("OneCycleLR", {"maxLr": 1, "epochs": 5, "stepsPerEpoch": 6, "pctStart": 0.25, "annealStrategy": "linear",
                            "cycleMomentum": False, "divFactor": 10, "finalDivFactor": 100}),  # fmt: skip
    schedule("OneCycleLR", {"maxLr": 1, "totalSteps": 30, "threePhase": True, "baseMomentum": 0.7, "maxMomentum": 0.99}),
    schedule("ReduceLROnPlateau", {"patience": 2, "factor": 0.5}, metrics=wave),
    schedule("ReduceLROnPlateau", {"mode": "max", "patience": 1, "cooldown": 3, "minLr": 0.01}, metrics=wave),
    schedule("ReduceLROnPlateau", {"thresholdMode": "abs", "threshold": 0.2, "patience": 0, "eps": 0.001}, metrics=wave),
]


def warmup_then_cosine(optimizer):
    parts = [lr_scheduler.LinearLR(optimizer, total_iters=5), lr_scheduler.CosineAnnealingLR(optimizer, T_max=20)]
    return lr_scheduler.SequentialLR(optimizer, parts, milestones=[5])


after = schedule("LinearWarmup then CosineAnnealingLR", {}, warmup_then_cosine)["lr"]


def clipped(what, *args, **options):
    parameters = [t.clone().requires_grad_() for t in start]
    for p, g in zip(parameters, gradients[0]):
        p.grad = g.clone()
    norm = (clip_grad_norm_ if what == "norm" else clip_grad_value_)(parameters, *args, **options)
    return {"norm": None if norm is None else norm.item(), "gradients": [numbers(p.grad) for p in parameters]}


clips = {
    "norm2": clipped("norm", 1.5),
    "norm3": clipped("norm", 0.5, norm_type=3),
    "normInfinity": clipped("norm", 0.7, norm_type=float("inf")),
    "loose": clipped("norm", 100),
    "value": clipped("value", 0.4),
}

golden = {
    "start": [numbers(t) for t in start],
    "gradients": [[None if g is None else numbers(g) for g in step] for step in gradients],
    "trajectories": trajectories,
    "minimizations": minimizations,
    "searches": searches,
    "schedules": schedules,
    "warmupThenCosine": after,
    "clips": clips,
}
text = json.dumps(golden, separators=(",", ":"))
for key in ('{"optimizer"', '{"schedule"', '"minimizations"', '"schedules"', '"clips"'):
    text = text.replace(key, "\n" + key)
Path(__file__).with_name("optim.json").write_text(text + "\n")
print(len(text), "bytes")
