"""What the scripts that write losses-*.json share.

    golden = Golden(__file__, seed=1)
    logits = golden.input("logits", normal(5, 4))
    golden.case("softMargin", [logits, signs], {"reduction": "sum"}, lambda x, y: F.soft_margin_loss(x, y, reduction="sum"), TORCH)
    golden.write()

A case is {loss, args, options, reference, value, gradients}: names of inputs, the options as the loss takes them (an
input among them as {"$input": name}), the library with its version or "the formula", the value in float64, and the
gradient by every float input among the arguments of sum(weights * value), weights 1 for a scalar and 1, 2, 3, ... / size
otherwise. Gradients come from PyTorch's autograd; for values from elsewhere pass gradients=False.
"""

import json
import math
import pathlib
from importlib.metadata import version

import torch

torch.set_default_dtype(torch.float64)
FORMULA = "the formula"


def library(name):
    """"torch 2.13.0", for the reference of a case."""
    return f"{name} {version(name).split('+')[0]}"


TORCH = library("torch")


class Input(str):
    """The name of an input; as an option it stands for the input itself."""


class Golden:
    def __init__(self, script, seed):
        self.path = pathlib.Path(script).with_suffix(".json")
        self.generator = torch.Generator().manual_seed(seed)
        self.inputs, self.cases = {}, []

    def normal(self, *shape, std=1.0):
        """Normal numbers of three decimals: float32 starts from almost the same ones."""
        return torch.round(torch.randn(*shape, generator=self.generator) * std * 1000) / 1000

    def uniform(self, *shape, low=0.0, high=1.0):
        return torch.round((torch.rand(*shape, generator=self.generator) * (high - low) + low) * 1000) / 1000

    def integers(self, *shape, high):
        return torch.randint(high, shape, generator=self.generator)

    def input(self, name, values):
        t = torch.as_tensor(values)
        self.inputs[name] = t if not t.is_floating_point() else t.double()
        return Input(name)

    def case(self, loss, args, options, fn, reference, gradients=True):
        """`fn` is called with the tensors of `args`, in their order; it returns a tensor or a number."""
        leaves = [self.inputs[a].clone() for a in args]
        floats = {a: t.requires_grad_() for a, t in zip(args, leaves) if t.is_floating_point() and gradients}
        value = torch.as_tensor(fn(*leaves), dtype=torch.float64)
        size = value.numel()
        found = {}
        if floats:
            weights = (torch.arange(size) + 1.0).reshape(value.shape) / size if value.ndim > 0 else 1.0
            grads = torch.autograd.grad((value * weights).sum(), list(floats.values()), allow_unused=True)
            found = {a: torch.zeros_like(t) if g is None else g for (a, t), g in zip(floats.items(), grads)}
        flat = value.detach().flatten().tolist()
        self.cases.append({
            "loss": loss,
            "args": list(args),
            "options": named(options),
            "reference": reference,
            "value": encode(flat if value.ndim > 0 else flat[0]),
            "gradients": {a: encode(g.flatten().tolist()) for a, g in found.items()},
        })

    def write(self):
        inputs = {
            name: {"shape": list(t.shape), "dtype": "float64" if t.is_floating_point() else "int32", "data": encode(t.flatten().tolist())}
            for name, t in self.inputs.items()
        }
        lines = ",\n".join(json.dumps(c) for c in self.cases)
        self.path.write_text(f'{{"inputs": {json.dumps(inputs)},\n"cases": [\n{lines}\n]}}\n')
        print(f"{self.path.name}: {len(self.cases)} cases of {len({c['loss'] for c in self.cases})} losses")


def named(option):
    """Inputs as {"$input": name}, also inside objects."""
    if isinstance(option, Input):
        return {"$input": str(option)}
    return {k: named(v) for k, v in option.items()} if isinstance(option, dict) else option


def encode(v):
    if isinstance(v, list):
        return [encode(x) for x in v]
    if isinstance(v, bool) or isinstance(v, int):
        return v
    if math.isnan(v):
        return "NaN"
    if math.isinf(v):
        return "Infinity" if v > 0 else "-Infinity"
    return int(v) if v == int(v) and abs(v) < 1e15 else float(f"{v:.15g}")
