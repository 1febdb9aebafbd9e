"""Layers: outputs, gradients and buffers from PyTorch.

Writes nn.json beside itself. Made with torch 2.13.0.

A case is {layer, args, training, state, inputs, output, gradients, after}: `new nn[layer](...args)` loaded with `state`
(PyTorch's names), switched to training or evaluation, called with `inputs`. `gradients` are those of
sum(output * w), w[i] = 1 + sin(i) / 2 over the flat output, by parameter name or "input0", "input1", ...; `after` is
the state of the buffers afterwards. All float64.
"""

import json
from pathlib import Path

import torch
from torch import nn

torch.manual_seed(0)
cases = []


def listed(t):
    values = t.detach().double().reshape(-1).tolist()
    entry = {"shape": list(t.shape), "data": [float(f"{v:.15g}") for v in values]}
    if t.dtype in (torch.int64, torch.int32):
        entry |= {"dtype": "int32", "data": [int(v) for v in values]}
    if t.dtype == torch.bool:
        entry |= {"dtype": "bool", "data": [int(v) for v in values]}
    return entry


def case(layer, args, module, *shapes_or_tensors, modes=(True,), call=None, js_masks=None):
    """`call(module, *inputs)` when it is not module(*inputs)."""
    module = module.double()
    for name, t in module.state_dict().items():
        if not t.is_floating_point():
            continue
        if name.endswith("running_var"):
            t.copy_(torch.rand_like(t) + 0.5)
        elif isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d, nn.LayerNorm, nn.GroupNorm)) or "bias" in name:
            t.copy_(torch.randn_like(t))
    for training in modes:
        module.train(training)
        module.zero_grad()
        inputs = [torch.randn(x).double() if isinstance(x, tuple) else x.clone() for x in shapes_or_tensors]
        for x in inputs:
            x.requires_grad_(x.is_floating_point())
        state = {name: listed(t) for name, t in module.state_dict().items()}
        out = module(*inputs) if call is None else call(module, *inputs)
        w = 1 + torch.sin(torch.arange(out.numel(), dtype=torch.float64)).reshape(out.shape) / 2
        (out * w).sum().backward()
        gradients = {name: listed(p.grad) for name, p in module.named_parameters()}
        gradients |= {f"input{i}": listed(x.grad) for i, x in enumerate(inputs) if x.requires_grad}
        after = {name: listed(t) for name, t in module.named_buffers()}
        entry = {"layer": layer, "args": args, "training": training, "state": state}
        entry |= {"inputs": [listed(x) for x in inputs], "output": listed(out)}
        entry |= {"gradients": gradients, "after": after}
        if js_masks is not None:
            entry["masks"] = {name: listed(mask) for name, mask in js_masks.items()}
        cases.append(entry)


case("Linear", [3, 4], nn.Linear(3, 4), (2, 3))
case("Linear", [3, 4, {"bias": False}], nn.Linear(3, 4, bias=False), (2, 2, 3))
case("Linear", [3, 2], nn.Linear(3, 2), (3,))

case("Conv2d", [2, 3, 3], nn.Conv2d(2, 3, 3), (2, 2, 5, 4))
case(
    "Conv2d",
    [2, 4, [3, 2], {"stride": [2, 1], "padding": [1, 2], "dilation": [1, 2], "groups": 2, "bias": False}],
    nn.Conv2d(2, 4, (3, 2), stride=(2, 1), padding=(1, 2), dilation=(1, 2), groups=2, bias=False),
    (2, 2, 5, 4),
)
case("Conv2d", [2, 2, 3, {"padding": "same"}], nn.Conv2d(2, 2, 3, padding="same"), (1, 2, 4, 5))
case("Conv1d", [2, 3, 3], nn.Conv1d(2, 3, 3), (2, 2, 6))
case(
    "Conv1d",
    [2, 4, 2, {"stride": 2, "padding": 1, "dilation": 2, "groups": 2}],
    nn.Conv1d(2, 4, 2, stride=2, padding=1, dilation=2, groups=2),
    (2, 2, 7),
)
case("Conv1d", [1, 2, 3, {"padding": "same"}], nn.Conv1d(1, 2, 3, padding="same"), (1, 1, 5))
case("ConvTranspose2d", [2, 3, 3], nn.ConvTranspose2d(2, 3, 3), (1, 2, 3, 4))
case(
    "ConvTranspose2d",
    [4, 2, [2, 3], {"stride": [2, 3], "padding": 1, "outputPadding": [1, 0], "groups": 2, "bias": False}],
    nn.ConvTranspose2d(4, 2, (2, 3), stride=(2, 3), padding=1, output_padding=(1, 0), groups=2, bias=False),
    (1, 4, 3, 3),
)
case("ConvTranspose2d", [2, 2, 2, {"dilation": 2}], nn.ConvTranspose2d(2, 2, 2, dilation=2), (1, 2, 2, 3))

case("MaxPool2d", [2], nn.MaxPool2d(2), (1, 2, 5, 4))
case("MaxPool2d", [3, {"stride": 2, "padding": 1}], nn.MaxPool2d(3, stride=2, padding=1), (1, 2, 5, 4))
case("AvgPool2d", [2], nn.AvgPool2d(2), (1, 2, 5, 4))
case(
    "AvgPool2d",
    [[3, 2], {"stride": [1, 2], "padding": 1, "countIncludePad": False}],
    nn.AvgPool2d((3, 2), stride=(1, 2), padding=1, count_include_pad=False),
    (1, 2, 4, 4),
)
case("AdaptiveAvgPool2d", [[2, 3]], nn.AdaptiveAvgPool2d((2, 3)), (1, 2, 5, 4))
case("AdaptiveAvgPool2d", [1], nn.AdaptiveAvgPool2d(1), (2, 2, 3, 3))

both = (True, False)
case("BatchNorm1d", [3], nn.BatchNorm1d(3), (4, 3), modes=(True, True, False))
case("BatchNorm1d", [2, {"eps": 0.01, "momentum": 0.3}], nn.BatchNorm1d(2, eps=0.01, momentum=0.3), (3, 2, 4), modes=both)
case("BatchNorm2d", [2], nn.BatchNorm2d(2), (2, 2, 3, 2), modes=both)
case("BatchNorm2d", [2, {"momentum": None}], nn.BatchNorm2d(2, momentum=None), (2, 2, 2, 2), modes=(True, True, False))
case("BatchNorm2d", [2, {"affine": False}], nn.BatchNorm2d(2, affine=False), (2, 2, 2, 2), modes=both)
case(
    "BatchNorm2d",
    [2, {"trackRunningStats": False}],
    nn.BatchNorm2d(2, track_running_stats=False),
    (2, 2, 2, 2),
    modes=both,
)
case("LayerNorm", [4], nn.LayerNorm(4), (3, 4))
case("LayerNorm", [[2, 3], {"eps": 0.1}], nn.LayerNorm((2, 3), eps=0.1), (2, 2, 3))
case("LayerNorm", [4, {"bias": False}], nn.LayerNorm(4, bias=False), (2, 4))
case("LayerNorm", [4, {"elementwiseAffine": False}], nn.LayerNorm(4, elementwise_affine=False), (2, 4))
case("GroupNorm", [2, 4], nn.GroupNorm(2, 4), (2, 4, 3))
case("GroupNorm", [4, 4, {"eps": 0.01, "affine": False}], nn.GroupNorm(4, 4, eps=0.01, affine=False), (2, 4, 2, 2))

case("Dropout", [0.4], nn.Dropout(0.4), (3, 4), modes=(False,))
case("Embedding", [5, 3], nn.Embedding(5, 3), torch.tensor([[0, 4, 0], [2, 2, 1]]))
case("Embedding", [5, 2, {"paddingIndex": 2}], nn.Embedding(5, 2, padding_idx=2), torch.tensor([2, 0, 2, 3]))
case("Flatten", [], nn.Flatten(), (2, 3, 2))
case("Flatten", [0, 1], nn.Flatten(0, 1), (2, 3, 2))

spread = torch.tensor([-30.0, -3.0, -1.0, -0.1, 0.0, 0.2, 1.5, 40.0]).double().reshape(2, 4)
for layer, args, module in [
    ("ReLU", [], nn.ReLU()),
    ("LeakyReLU", [], nn.LeakyReLU()),
    ("LeakyReLU", [0.2], nn.LeakyReLU(0.2)),
    ("ELU", [], nn.ELU()),
    ("ELU", [0.5], nn.ELU(0.5)),
    ("GELU", [], nn.GELU()),
    ("GELU", [{"approximate": "tanh"}], nn.GELU("tanh")),
    ("SiLU", [], nn.SiLU()),
    ("Mish", [], nn.Mish()),
    ("Sigmoid", [], nn.Sigmoid()),
    ("LogSigmoid", [], nn.LogSigmoid()),
    ("Tanh", [], nn.Tanh()),
    ("Softplus", [], nn.Softplus(threshold=1e9)),
    ("Softplus", [2.5], nn.Softplus(beta=2.5, threshold=1e9)),
    ("Softmax", [], nn.Softmax(-1)),
    ("Softmax", [0], nn.Softmax(0)),
    ("LogSoftmax", [], nn.LogSoftmax(-1)),
]:
    # PyTorch overflows to inf where its Softplus has no threshold; ours does not, so 40 is left out there.
    case(layer, args, module, spread.clamp(max=10) if layer == "Softplus" else spread)

attend = lambda **options: lambda m, *x: m(*(x * 3 if len(x) == 1 else x), **options)[0]
attention = lambda *args, **options: nn.MultiheadAttention(*args, batch_first=True, **options)
case("MultiHeadAttention", [4, 2], attention(4, 2), (2, 3, 4), call=attend())
case("MultiHeadAttention", [6, 3, {"bias": False}], attention(6, 3, bias=False), (2, 2, 6), (2, 3, 6), (2, 3, 6), call=attend())
padding = torch.tensor([[False, False, True], [False, True, False]])
causal = torch.ones(3, 3, dtype=torch.bool).triu(1)
case("MultiHeadAttention", [4, 1], attention(4, 1), (2, 3, 4), call=attend(key_padding_mask=padding),
     js_masks={"keyPaddingMask": padding})  # fmt: skip
case("MultiHeadAttention", [4, 2], attention(4, 2), (1, 3, 4), call=attend(attn_mask=causal),
     js_masks={"attentionMask": causal})  # fmt: skip
added = torch.randn(4, 2, 3).double()
case("MultiHeadAttention", [4, 2], attention(4, 2), (2, 2, 4), (2, 3, 4), (2, 3, 4),
     call=attend(attn_mask=added), js_masks={"attentionMask": added})  # fmt: skip

nested = nn.Sequential(nn.Linear(3, 2), nn.Sequential(nn.BatchNorm1d(2), nn.ReLU()), nn.Linear(2, 1, bias=False))
entry = {"keys": list(nested.state_dict()), "shapes": [list(t.shape) for t in nested.state_dict().values()]}

golden = {"cases": cases, "sequential": entry}
text = json.dumps(golden, separators=(",", ":")).replace('{"layer"', '\n{"layer"')
Path(__file__).with_name("nn.json").write_text(text + "\n")
print(len(cases), "cases", len(text), "bytes")
