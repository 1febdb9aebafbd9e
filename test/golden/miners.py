"""What the miners of pytorch-metric-learning 2.9.0 select: writes miners.json beside itself.

    python3 test/golden/miners.py

A case is {miner, options, normalized, references, selected}: the columns that the miner gives for x and y, of unit vectors
or as they are, against the references or the batch, sorted by rows.
"""

import json
import pathlib

import torch
from pytorch_metric_learning import miners
from pytorch_metric_learning.distances import LpDistance

torch.manual_seed(3)
numbers = lambda *shape: torch.round(torch.randn(*shape) * 1000) / 1000
x, y = numbers(9, 3), torch.tensor([0, 1, 0, 2, 1, 0, 3, 2, 1])
r, ry = numbers(6, 3), torch.tensor([1, 0, 2, 0, 4, 2])
cases = []


def case(miner, options, library, normalized=False, references=False):
    e, f = (x / x.norm(dim=1, keepdim=True), r / r.norm(dim=1, keepdim=True)) if normalized else (x, r)
    found = library(e, y, f, ry) if references else library(e, y)
    columns = [found] if len(found) == 3 else [found[:2], found[2:]]
    selected = [sorted([int(v) for v in row] for row in zip(*part)) for part in columns]
    cases.append({"miner": miner, "options": options, "normalized": normalized, "references": references, "selected": selected})


plain = LpDistance(normalize_embeddings=False)
for references in (False, True):
    case("batchHard", {}, miners.BatchHardMiner(distance=plain), references=references)
    for epsilon in (0.1, 0.5):
        case("multiSimilarity", {"epsilon": epsilon}, miners.MultiSimilarityMiner(epsilon), references=references)
    case("pairMargin", {"posMargin": 1.5, "negMargin": 1.2}, miners.PairMarginMiner(1.5, 1.2, distance=plain), references=references)
    case("pairMargin", {}, miners.PairMarginMiner(), normalized=True, references=references)
    for kind, theirs in (("all", "all"), ("hard", "hard"), ("semiHard", "semihard"), ("easy", "easy")):
        case("tripletMargin", {"kind": kind, "margin": 0.4}, miners.TripletMarginMiner(0.4, theirs, distance=plain), references=references)
    case("hdc", {"fraction": 0.4}, miners.HDCMiner(0.4, distance=plain), references=references)  # an even number: pairs tie
for angle in (20, 40):
    case("angular", {"angle": angle}, miners.AngularMiner(angle), normalized=True)
strategies = {"easy": "easy", "hard": "hard", "semiHard": "semihard", "all": "all"}
for positive in strategies:
    for negative in strategies:
        if "semiHard" in (positive, negative) and (positive == negative or "all" in (positive, negative)):
            continue
        case("batchEasyHard", {"positive": positive, "negative": negative},
             miners.BatchEasyHardMiner(strategies[positive], strategies[negative], distance=plain))
case("batchEasyHard", {"positiveRange": [0.5, 2.5], "negativeRange": [1, 2]},
     miners.BatchEasyHardMiner(allowed_pos_range=(0.5, 2.5), allowed_neg_range=(1, 2), distance=plain))

lines = ",\n".join(json.dumps(c) for c in cases)
inputs = {"x": x.tolist(), "y": y.tolist(), "r": r.tolist(), "ry": ry.tolist()}
rounded = json.dumps({k: [[round(v, 3) for v in row] if isinstance(row, list) else row for row in t] for k, t in inputs.items()})
pathlib.Path(__file__).with_suffix(".json").write_text(f'{{"inputs": {rounded},\n"cases": [\n{lines}\n]}}\n')
print(f"{len(cases)} cases")
