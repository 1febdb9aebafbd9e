"""The adaptive softmax: losses, gradients and log-probabilities from PyTorch.

    pip install torch; python3 test/golden/adaptive-softmax.py

Writes adaptive-softmax.json beside itself. Made with torch 2.13.0, all in float64: `state` by PyTorch's names, `terms`
-log p of each label, `gradients` of their sum weighted 1/n, 2/n, ..., by the state and by the features.
"""

import json
from pathlib import Path

import torch
from torch import nn

torch.manual_seed(5)
listed = lambda t: {"shape": list(t.shape), "data": [float(f"{v:.15g}") for v in t.detach().flatten().tolist()]}
cases = []
for cutoffs, options in [([3, 6], {}), ([2], {"divValue": 2, "headBias": True})]:
    module = nn.AdaptiveLogSoftmaxWithLoss(
        16, 10, cutoffs, div_value=options.get("divValue", 4.0), head_bias=options.get("headBias", False)
    ).double()
    x = torch.randn(6, 16, dtype=torch.float64, requires_grad=True)
    labels = torch.tensor([0, 9, 2, 4, 7, 3])
    output, loss = module(x, labels)
    (-output * torch.arange(1, 7) / 6).sum().backward()
    cases.append({
        "cutoffs": cutoffs,
        "options": options,
        "state": {name: listed(t) for name, t in module.state_dict().items()},
        "features": listed(x),
        "labels": labels.tolist(),
        "terms": listed(-output),
        "loss": loss.item(),
        "gradients": {"features": listed(x.grad), **{name: listed(p.grad) for name, p in module.named_parameters()}},
        "logProbabilities": listed(module.log_prob(x)),
        "predicted": module.predict(x).tolist(),
    })
Path(__file__).with_suffix(".json").write_text(json.dumps(cases) + "\n")
