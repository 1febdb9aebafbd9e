"""Values and gradients of the core operations, from PyTorch, and of special functions, from mpmath.

Writes core-*.json and special.json beside itself. Made with torch 2.13.0, numpy 2.4.6, mpmath 1.3.0.

A case of core-*.json is {name, args, dtype, inputs, output, gradients?}: the operation `name` called with `args`, in
which "$k" stands for input k. Gradients are those of sum(output * w), with w[i] = 1 + sin(i) / 2 over the flat output.
"""

import json
import math
from pathlib import Path

import mpmath
import numpy as np
import torch
import torch.nn.functional as F

here = Path(__file__).parent
rng = np.random.default_rng(0)
families = {"elementwise": [], "shapes": [], "images": []}
cases = families["elementwise"]


def number(v):
    v = float(v)
    if math.isnan(v):
        return "NaN"
    if math.isinf(v):
        return "Infinity" if v > 0 else "-Infinity"
    if v == 0 and math.copysign(1, v) < 0:
        return "-0"
    return int(v) if v == int(v) and abs(v) < 1e15 else v


def listed(t):
    t = np.asarray(t.detach())
    digits = 9 if t.dtype == np.float32 else 15
    return {"shape": list(t.shape), "data": [number(f"{float(v):.{digits}g}") for v in t.reshape(-1)]}


def case(name, args, inputs, fn, dtype=torch.float64, gradients=True, **extra):
    """`inputs` are numpy arrays (float ones become leaves); `fn` is the operation in PyTorch."""
    leaves = []
    for a in inputs:
        t = torch.tensor(np.asarray(a))
        leaves.append(t.to(dtype).requires_grad_(gradients) if t.is_floating_point() else t)
    out = fn(*leaves)
    entry = {"name": name, "args": args, "dtype": str(dtype).removeprefix("torch.")}
    entry |= {"inputs": [listed(t) | ({} if t.is_floating_point() else {"dtype": "int32"}) for t in leaves]}
    entry |= {"output": listed(out)} | extra
    if gradients:
        w = 1 + torch.sin(torch.arange(out.numel(), dtype=torch.float64)).reshape(out.shape) / 2
        (out * w.to(out.dtype)).sum().backward()
        entry["gradients"] = [listed(torch.zeros_like(t) if t.grad is None else t.grad) if t.requires_grad else None for t in leaves]
    cases.append(entry)


def random(*shape):
    return np.round(rng.standard_normal(shape), 4)


# Elementwise, at ordinary and at awkward arguments.
awkward = [math.nan, math.inf, -math.inf, 0.0, -0.0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 3.7, 1e-8, -1e-8, 1e-30, 30, -30, 90, -90, 1e10, -1e10]
double_only = [1e-300, -1e-300, 700, -700, 800, -800, 1e200, -1e200]
unary = {
    "neg": torch.neg, "abs": torch.abs, "sign": torch.sign, "square": torch.square, "sqrt": torch.sqrt,
    "rsqrt": torch.rsqrt, "reciprocal": torch.reciprocal, "exp": torch.exp, "expm1": torch.expm1, "log": torch.log,
    "log1p": torch.log1p, "sin": torch.sin, "cos": torch.cos, "tan": torch.tan, "asin": torch.asin, "acos": torch.acos,
    "atan": torch.atan, "sinh": torch.sinh, "cosh": torch.cosh, "tanh": torch.tanh, "erf": torch.erf, "erfc": torch.erfc,
    "floor": torch.floor, "ceil": torch.ceil, "round": torch.round, "relu": F.relu, "sigmoid": torch.sigmoid,
    "logSigmoid": F.logsigmoid, "softplus": lambda x: F.softplus(x, threshold=40), "silu": F.silu, "mish": F.mish,
    "gelu": F.gelu, "elu": F.elu, "leakyRelu": F.leaky_relu, "lgamma": torch.lgamma, "digamma": torch.digamma,
}
for name, fn in unary.items():
    # Where PyTorch is no reference: sign(NaN) = 0, vectorised gelu(inf) and elu'(NaN), its rough trigamma.
    start = {"abs": 1, "sign": 1, "elu": 1, "gelu": 3}.get(name, 0)
    case(name, ["$0"], [(awkward + double_only)[start:]], fn, gradients=name != "digamma")
    case(name, ["$0"], [awkward[start:]], fn, torch.float32, gradients=name != "digamma")
case("gelu", ["$0", {"approximate": "tanh"}], [random(5)], lambda x: F.gelu(x, approximate="tanh"))
case("elu", ["$0", 0.7], [random(5)], lambda x: F.elu(x, 0.7))
case("leakyRelu", ["$0", 0.2], [random(5)], lambda x: F.leaky_relu(x, 0.2))
case("clamp", ["$0", -1, 2], [[-2, -1, 0, 2, 3, math.inf, -math.inf]], lambda x: torch.clamp(x, -1, 2))
case("clamp", ["$0", "$1", "$2"], [random(6), [0.0] * 6, [0.5] * 6], torch.clamp)

grid = [math.nan, math.inf, -math.inf, 0.0, -0.0, 1, -1, 0.5, 2, -2.5, 3, 1e-30, 1e30]
left, right = (np.array(a).reshape(-1) for a in np.meshgrid(grid, grid, indexing="ij"))
binary = {
    "add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": torch.div, "pow": torch.pow, "atan2": torch.atan2,
    "maximum": torch.maximum, "minimum": torch.minimum, "logAddExp": torch.logaddexp,
}
# PyTorch hands gradients to operands that a NaN has beaten, and NaN to two equal infinities of logaddexp.
known = ~(np.isnan(left) | np.isnan(right) | (np.isinf(left) & (left == right)))
for name, fn in binary.items():
    kinked = name in ("maximum", "minimum", "logAddExp")
    case(name, ["$0", "$1"], [left, right], fn, gradients=not kinked)
    if kinked:
        case(name, ["$0", "$1"], [left[known], right[known]], fn)
    case(name, ["$0", "$1"], [random(2, 1, 3) + 3, random(4, 1) + 3], fn)
compared = {"eq": torch.eq, "ne": torch.ne, "lt": torch.lt, "le": torch.le, "gt": torch.gt, "ge": torch.ge,
            "logicalAnd": torch.logical_and, "logicalOr": torch.logical_or}
for name, fn in compared.items():
    case(name, ["$0", "$1"], [left, right], fn, gradients=False)
for name, fn in {"isNaN": torch.isnan, "isFinite": torch.isfinite, "logicalNot": torch.logical_not}.items():
    case(name, ["$0"], [grid], fn, gradients=False)
case("where", ["$0", "$1", "$2"], [np.array([[1], [0]]), random(2, 3), random(3)], lambda c, a, b: torch.where(c != 0, a, b))

cases = families["shapes"]

# Reductions; ties share the gradient of max and min.
x = random(2, 3, 4)
x[0, 1, 2] = x[0, 1, 3] = x[0, 2, 0] = 3
axes = [(None, None), (0, 0), (-1, -1), ([0, 2], (0, 2))]
reductions = {
    "sum": torch.sum, "mean": torch.mean, "max": torch.amax, "min": torch.amin, "variance": torch.var, "std": torch.std,
    "logSumExp": torch.logsumexp,
}
for name, fn in reductions.items():
    for axis, dim in axes:
        dim = tuple(range(3)) if dim is None else dim
        case(name, ["$0", axis, {"keepDims": True}], [x], lambda t: fn(t, dim=dim, keepdim=True))
        case(name, ["$0", axis], [x], lambda t: fn(t, dim=dim))
case("variance", ["$0", 1, {"correction": 0}], [x], lambda t: torch.var(t, dim=1, correction=0))
for p in [1, 2, 3, 1.5, math.inf]:
    given = "Infinity" if math.isinf(p) else p
    case("norm", ["$0", 1, {"p": given}], [x], lambda t: torch.linalg.vector_norm(t, p, dim=1))
    case("norm", ["$0", 0, {"p": given}], [np.zeros((2, 2))], lambda t: torch.linalg.vector_norm(t, p, dim=0))
zeros = np.array([[2.0, 0, 3, 0.5], [0, 1.5, 0, 2], [1, 2, 3, 4]])
case("prod", ["$0", 1], [zeros], lambda t: torch.prod(t, 1))
case("prod", ["$0"], [zeros + 1], torch.prod)
case("cumprod", ["$0", 1], [zeros], lambda t: torch.cumprod(t, 1))
case("cumsum", ["$0", -2], [x], lambda t: torch.cumsum(t, -2))
case("logCumSumExp", ["$0", 2], [x * 30], lambda t: torch.logcumsumexp(t, 2))
nan = np.array([[1, math.nan, 3, 2.0], [4, 2, 2, -1], [1, 1, math.inf, -math.inf]])
for name, fn in {"argmax": torch.argmax, "argmin": torch.argmin}.items():
    case(name, ["$0"], [x], fn, gradients=False)
    case(name, ["$0", 1], [nan], lambda t: fn(t, 1), gradients=False)
for name, fn in {"max": torch.amax, "min": torch.amin, "sum": torch.sum, "mean": torch.mean}.items():
    case(name, ["$0", 1], [nan], lambda t: fn(t, 1), gradients=False)
case("median", ["$0", 1], [x], lambda t: torch.median(t, 1).values, gradients=False)
case("median", ["$0", 1], [nan], lambda t: torch.median(t, 1).values, gradients=False)
case("median", ["$0"], [x], torch.median, gradients=False)
case("sort", ["$0", 1], [nan], lambda t: torch.sort(t, dim=1, stable=True).values, gradients=False)
for descending in [False, True]:
    case("sort", ["$0", 1, {"descending": descending}], [x], lambda t: torch.sort(t, 1, descending=descending).values)
    case("argsort", ["$0", 1, {"descending": descending}], [nan],
         lambda t: torch.argsort(t, dim=1, descending=descending, stable=True), gradients=False)
case("any", ["$0", 1], [zeros * [[1], [0], [1]]], lambda t: torch.any(t, 1), gradients=False)
case("all", ["$0", 1], [zeros], lambda t: torch.all(t, 1), gradients=False)

# Rows.
case("softmax", ["$0", 1], [x], lambda t: F.softmax(t, 1))
case("softmax", ["$0"], [x * 100], lambda t: F.softmax(t, -1))
case("logSoftmax", ["$0"], [x * 100], lambda t: F.log_softmax(t, -1))
case("logSoftmax", ["$0", 0], [x], lambda t: F.log_softmax(t, 0))
for p in [1, 2, 3, math.inf]:
    given = "Infinity" if math.isinf(p) else p
    case("normalize", ["$0", {"p": given}], [random(3, 4)], lambda t: F.normalize(t, p))
case("pairwiseDistance", ["$0", "$1", {"p": 3}], [random(3, 4), random(3, 4)], lambda a, b: F.pairwise_distance(a, b, 3))
case("pairwiseDistance", ["$0", "$1"], [random(3, 4), random(3, 4)], F.pairwise_distance)
case("cosineSimilarity", ["$0", "$1"], [random(3, 4), random(3, 4)], F.cosine_similarity)
case("cosineSimilarity", ["$0", "$1"], [random(3, 4), random(4)], F.cosine_similarity)
case("cosineSimilarity", ["$0", "$1", {"axis": -1}], [random(3, 1, 4), random(5, 4)], lambda a, b: F.cosine_similarity(a, b, -1))
case("distanceMatrix", ["$0", "$1"], [random(3, 4), random(5, 4)], torch.cdist)

# Shape.
case("reshape", ["$0", [4, -1]], [x], lambda t: t.reshape(4, -1))
case("flatten", ["$0", 1], [x], lambda t: t.flatten(1))
case("transpose", ["$0", [2, 0, 1]], [x], lambda t: t.permute(2, 0, 1))
case("transpose", ["$0"], [x], lambda t: t.permute(2, 1, 0))
case("swapAxes", ["$0", 0, -1], [x], lambda t: t.swapaxes(0, -1))
case("squeeze", ["$0"], [random(1, 2, 1)], torch.squeeze)
case("unsqueeze", ["$0", -2], [x], lambda t: t.unsqueeze(-2))
case("broadcastTo", ["$0", [2, 3, 4]], [random(3, 1)], lambda t: t.broadcast_to(2, 3, 4))
case("slice", ["$0", [{"start": 1}, None, {"start": -3, "stop": -1}]], [x], lambda t: t[1:, :, -3:-1])
case("slice", ["$0", [0, {"step": 2}, {"start": 1, "step": 3}]], [x], lambda t: t[0, ::2, 1::3])
case("slice", ["$0", [{"start": 5}, -1]], [x], lambda t: t[5:, -1])
case("slice", ["$0", [{"start": -9, "stop": 9}]], [x], lambda t: t[-9:9])
case("pad", ["$0", [[1, 0], [0, 2], [1, 1]], {"value": 5}], [x], lambda t: F.pad(t, (1, 1, 0, 2, 1, 0), value=5))
case("flip", ["$0", [0, -1]], [x], lambda t: t.flip(0, -1))
case("tile", ["$0", [2, 1, 3, 1]], [x], lambda t: t.tile(2, 1, 3, 1))
case("tile", ["$0", [2]], [x], lambda t: t.tile(2))
case("repeat", ["$0", 3, 1], [x], lambda t: t.repeat_interleave(3, 1))
case("repeat", ["$0", 2], [x], lambda t: t.repeat_interleave(2))
for offset in [0, 1, -1, 3, -2, 9]:
    case("diagonal", ["$0", offset], [x], lambda t: torch.diagonal(t, offset, -2, -1))
    case("tril", ["$0", offset], [x], lambda t: torch.tril(t, offset))
    case("triu", ["$0", offset], [x], lambda t: torch.triu(t, offset))
case("concat", [["$0", "$1"], 1], [random(2, 1, 2), random(2, 3, 2)], lambda a, b: torch.cat([a, b], 1))
case("stack", [["$0", "$1"], -1], [random(2, 3), random(2, 3)], lambda a, b: torch.stack([a, b], -1))

# Indexing.
picks = np.array([[0, 2, 2, 1, 0], [1, 1, 0, 2, 2]])
case("gather", ["$0", 1, "$1"], [random(2, 3), picks], lambda t, i: t.gather(1, i))
case("gather", ["$0", 0, "$1"], [random(3, 5), picks], lambda t, i: t.gather(0, i))
case("indexSelect", ["$0", 1, "$1"], [x, np.array([2, 0, 2, 2])], lambda t, i: t.index_select(1, i))
case("scatterAdd", ["$0", 1, "$1", "$2"], [random(2, 3), picks, random(2, 5)], lambda t, i, s: t.scatter_add(1, i, s))
case("maskedFill", ["$0", "$1", -7], [random(2, 3), np.array([1, 0, 1])], lambda t, m: t.masked_fill(m != 0, -7))
case("oneHot", ["$0", 4], [np.array([[0, 3], [1, 1]])], lambda i: F.one_hot(i, 4), gradients=False)

# Products.
for a, b in [((2, 3), (3, 4)), ((3,), (3,)), ((3,), (3, 2)), ((2, 3), (3,)), ((5, 2, 3), (3, 4)), ((2, 3), (5, 3, 4)),
             ((5, 1, 2, 3), (4, 3, 2)), ((5, 2, 3), (3,)), ((3,), (5, 3, 2)), ((2, 3, 0), (0, 4)), ((0, 2), (2, 3)), ((0, 2, 3), (3, 1))]:
    case("matmul", ["$0", "$1"], [random(*a), random(*b)], torch.matmul)
case("dot", ["$0", "$1"], [random(4), random(4)], torch.dot)
case("outer", ["$0", "$1"], [random(3), random(2)], torch.outer)
case("matmul", ["$0", "$1"], [random(33, 40), random(40, 17)], torch.matmul, torch.float32)
for equation, *shapes in [
    ("ij,jk->ik", (2, 3), (3, 4)), ("ij,jk", (2, 3), (3, 4)), ("ij,kj->ki", (2, 3), (4, 3)), ("ij->ji", (2, 3)),
    ("ba", (2, 3)), ("ii", (3, 3)), ("ii->i", (3, 3)), ("iij->j", (2, 2, 3)), ("iji->j", (2, 3, 2)), ("ij->", (2, 3)), ("ij->i", (2, 3)),
    ("i,j->ij", (2,), (3,)), ("i,i", (3,), (3,)), ("i,i->i", (3,), (3,)), ("bij,bjk->bik", (2, 3, 4), (2, 4, 2)),
    ("bhqd,bhkd->bhqk", (2, 2, 3, 4), (2, 2, 5, 4)), ("...ij,...jk->...ik", (2, 1, 3, 2), (3, 2, 2)),
    ("...i,...i", (2, 3), (3,)), ("i...,i...->...", (2, 3), (2, 3)), ("b...->...b", (2, 3, 4)), ("ij,jk,kl->il", (2, 3), (3, 2), (2, 4)),
    ("ij,ik,il->jkl", (2, 3), (2, 2), (2, 4)), ("ij,j->", (2, 3), (3,)), ("ijk,k->ij", (2, 3, 4), (4,)), ("ij,kl->", (2, 3), (2, 2)),
    ("i,ij,j", (2,), (2, 3), (3,)), ("bn,anm,bm->ba", (2, 3), (5, 3, 4), (2, 4)), ("ab,ac->abc", (2, 3), (2, 2)), ("abc,cb->a", (2, 3, 4), (4, 3)),
    ("ij,jk->ik", (2, 0), (0, 3)), ("ij,jk->ik", (0, 2), (2, 3)), ("i,->i", (3,), ()), ("iJ,Jk->ki", (2, 3), (3, 2)), ("abcd->dbca", (1, 2, 3, 2)),
]:
    case("einsum", [equation, *[f"${i}" for i in range(len(shapes))]], [random(*s) for s in shapes], lambda *t: torch.einsum(equation, *t))

# Convolution and pooling.
cases = families["images"]
image = np.round(random(2, 4, 6, 5), 2)
for options in [{}, {"stride": 2}, {"padding": [2, 1]}, {"stride": [2, 1], "padding": 1, "dilation": [1, 2]}, {"groups": 2}, {"padding": "same"}, {"groups": 4, "stride": 3}]:
    groups = options.get("groups", 1)
    kernel = random(4, 4 // groups, 3, 2)
    case("conv2d", ["$0", "$1", options | {"bias": "$2"}], [image, kernel, random(4)], lambda a, w, b: F.conv2d(a, w, b, **options))
    case("conv2d", ["$0", "$1", options], [image, kernel], lambda a, w: F.conv2d(a, w, **options), torch.float32)
for options in [{}, {"stride": 2}, {"stride": [3, 2], "padding": 1, "outputPadding": [2, 0]}, {"groups": 2, "dilation": 2}]:
    named = {{"outputPadding": "output_padding"}.get(k, k): v for k, v in options.items()}
    kernel = random(4, 3, 3, 2)
    case("convTranspose2d", ["$0", "$1", options | {"bias": "$2"}], [image[:, :, :3, :2], kernel, random(3 * options.get("groups", 1))],
         lambda a, w, b: F.conv_transpose2d(a, w, b, **named))
ties = np.round(image)
for kernel, options in [(2, {}), (3, {"stride": 2, "padding": 1}), ([2, 3], {"stride": [1, 2]})]:
    case("maxPool2d", ["$0", kernel, options], [ties], lambda a: F.max_pool2d(a, kernel, **options))
    case("avgPool2d", ["$0", kernel, options], [image], lambda a: F.avg_pool2d(a, kernel, **options))
    case("avgPool2d", ["$0", kernel, options | {"countIncludePad": False}], [image], lambda a: F.avg_pool2d(a, kernel, **options, count_include_pad=False))
for size in [1, [2, 3], [4, 7]]:
    case("adaptiveAvgPool2d", ["$0", size], [image], lambda a: F.adaptive_avg_pool2d(a, size))

# Special functions over a wide range.
positive = np.concatenate([10.0 ** np.linspace(-300, 6, 40), np.linspace(0.01, 12, 60), 1 + np.array([-1e-8, 1e-8, 1e-3, -1e-3]), 2 + np.array([-1e-8, 1e-8])])
negative = -np.concatenate([np.linspace(0.013, 9.97, 50), [1e-12, 33.3, 170.6, 999.7]])
signed = np.concatenate([-positive[positive < 30], positive[positive < 30], np.linspace(-6, 26, 65)])
both = np.concatenate([positive, negative])
moderate = positive[positive > 1e-5]
references = {
    "erf": (mpmath.erf, signed),
    "erfc": (mpmath.erfc, signed),
    "lgamma": (lambda v: mpmath.re(mpmath.loggamma(v)), both),
    "digamma": (mpmath.digamma, both),
    "polygamma1": (lambda v: mpmath.polygamma(1, v), np.concatenate([moderate, negative])),
    "polygamma2": (lambda v: mpmath.polygamma(2, v), np.concatenate([moderate, negative])),
    "polygamma3": (lambda v: mpmath.polygamma(3, v), moderate),
}
mpmath.mp.dps = 40


def write(name, rows):
    (here / name).write_text("[\n" + ",\n".join(json.dumps(r, separators=(",", ":")) for r in rows) + "\n]\n")


for family, cases in families.items():
    write(f"core-{family}.json", cases)
special = [{"name": k, "x": [number(v) for v in x], "value": [number(f(mpmath.mpf(float(v)))) for v in x]} for k, (f, x) in references.items()]
write("special.json", special)
