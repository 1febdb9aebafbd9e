"""Golden values of the losses of sequences: PyTorch's ctc_loss behind log_softmax (its gradient assumes one), pytorch-crf,
PyTorch's cross_entropy of shifted tokens, and the transducer's recursion over t and u written out.

torch 2.13.0, pytorch-crf 0.7.2. Run: python test/golden/losses-sequence.py
"""

import torch
import torch.nn.functional as F
from golden import FORMULA, TORCH, Golden, library
from torchcrf import CRF as TorchCRF

golden = Golden(__file__, seed=7)


# CTC

x = golden.input("x", golden.normal(6, 4, 5))
y = golden.input("y", torch.tensor([[1, 2, 3], [4, 4, 1], [2, 0, 0], [0, 0, 0]]))
frames = golden.input("frames", torch.tensor([6, 5, 3, 4]))
counts = golden.input("counts", torch.tensor([3, 3, 1, 0]))
joined = golden.input("joined", torch.tensor([1, 2, 3, 4, 4, 1, 2]))
y_last = golden.input("yLast", torch.tensor([[1, 2, 3], [0, 0, 1], [2, 0, 0], [0, 0, 0]]))
y_middle = golden.input("yMiddle", torch.tensor([[1, 4, 3], [0, 0, 1], [3, 0, 0], [0, 0, 0]]))
short = golden.input("short", torch.tensor([6, 3, 0, 0]))  # the second and the third are impossible
single = golden.input("single", golden.normal(5, 4))
single_y = golden.input("singleY", torch.tensor([2, 2, 3]))
five, three = golden.input("five", torch.tensor(5)), golden.input("three", torch.tensor(3))


def torch_ctc(**options):
    return lambda x, y, n, m: F.ctc_loss(x.log_softmax(-1), y, n, m, **options)


for r in ["none", "mean", "sum"]:
    golden.case("ctc", [x, y, frames, counts], {"logits": True, "reduction": r}, torch_ctc(reduction=r), TORCH)
golden.case("ctc", [x, joined, frames, counts], {"logits": True}, torch_ctc(), TORCH)
golden.case("ctc", [x, y_last, frames, counts], {"logits": True, "blank": -1}, torch_ctc(blank=4), TORCH)
golden.case("ctc", [x, y_middle, frames, counts], {"logits": True, "blank": 2}, torch_ctc(blank=2), TORCH)
golden.case("ctc", [x, y, short, counts], {"logits": True, "zeroInfinity": True}, torch_ctc(zero_infinity=True), TORCH)
golden.case(
    "ctc", [x, y, short, counts], {"logits": True, "reduction": "none"}, torch_ctc(reduction="none"), TORCH, gradients=False
)
golden.case("ctc", [single, single_y, five, three], {"logits": True}, torch_ctc(), TORCH)
golden.case(
    "ctc",
    [x, y, frames, counts],
    {"logits": True, "divideByTargetLength": False},
    lambda x, y, n, m: torch_ctc(reduction="none")(x, y, n, m).mean(),
    TORCH,
)
first = golden.input("batchFirst", golden.normal(2, 5, 4))
first_y, first_n = golden.input("firstY", torch.tensor([[1, 2], [3, 3]])), golden.input("firstN", torch.tensor([5, 4]))
first_m = golden.input("firstM", torch.tensor([2, 2]))
golden.case(
    "ctc",
    [first, first_y, first_n, first_m],
    {"logits": True, "batchFirst": True},
    lambda x, *rest: torch_ctc()(x.transpose(0, 1), *rest),
    TORCH,
)
logp = golden.input("logProbabilities", golden.normal(6, 4, 5).log_softmax(-1))
golden.case("ctc", [logp, y, frames, counts], {}, lambda x, y, n, m: F.ctc_loss(x, y, n, m), TORCH, gradients=False)


# Transducer


def rnnt(logits, targets, n, m, blank, logits_given=True, fast_emit=0.0):
    logp = logits.log_softmax(-1) if logits_given else logits
    n, m, losses = n.tolist(), m.tolist(), []
    for b in range(len(n)):
        alpha = {}
        for t in range(n[b]):
            for u in range(m[b] + 1):
                ways = [torch.zeros(())] if t == u == 0 else []
                if t > 0:
                    ways.append(alpha[t - 1, u] + logp[b, t - 1, u, blank])
                if u > 0:
                    label = logp[b, t, u - 1, targets[b, u - 1]]
                    ways.append(alpha[t, u - 1] + label + fast_emit * (label - label.detach()))
                alpha[t, u] = torch.stack(ways).exp().sum().log()
        losses.append(-(alpha[n[b] - 1, m[b]] + logp[b, n[b] - 1, m[b], blank]))
    return torch.stack(losses)


j = golden.input("joiner", golden.normal(3, 4, 3, 4))
ju = golden.input("ju", torch.tensor([[1, 2], [0, 0], [2, 0]]))
ju0 = golden.input("ju0", torch.tensor([[1, 2], [3, 3], [2, 0]]))
jn, jm = golden.input("jn", torch.tensor([4, 3, 2])), golden.input("jm", torch.tensor([2, 2, 1]))
jm0 = golden.input("jm0", torch.tensor([0, 1, 0]))
args = [j, ju, jn, jm]
golden.case("rnnT", args, {"reduction": "none"}, lambda *a: rnnt(*a, 3), FORMULA)
golden.case("rnnT", args, {}, lambda *a: rnnt(*a, 3).mean(), FORMULA)
golden.case("rnnT", args, {"reduction": "sum"}, lambda *a: rnnt(*a, 3).sum(), FORMULA)
golden.case("rnnT", [j, ju0, jn, jm], {"blank": 0}, lambda *a: rnnt(*a, 0).mean(), FORMULA)
golden.case("rnnT", args, {"fastEmit": 0.3}, lambda *a: rnnt(*a, 3, fast_emit=0.3).mean(), FORMULA)
golden.case("rnnT", args, {"logits": False}, lambda *a: rnnt(*a, 3, logits_given=False).mean(), FORMULA)
golden.case("rnnT", [j, ju, jn, jm0], {}, lambda *a: rnnt(*a, 3).mean(), FORMULA)


# CRF

CRF_LIBRARY = library("pytorch-crf")
e = golden.input("emissions", golden.normal(3, 4, 3))
tags = golden.input("tags", torch.tensor([[0, 1, 2, 0], [2, 2, 1, 0], [1, 0, 0, 0]]))
moves = golden.input("transitions", golden.normal(3, 3))
start, end = golden.input("start", golden.normal(3)), golden.input("end", golden.normal(3))
mask = golden.input("mask", torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0], [1, 0, 0, 0]]))


def torch_crf(reduction, mask=None, start=None, end=None, batch_first=True):
    def loss(e, tags, moves):
        model = TorchCRF(3, batch_first=batch_first)
        none = torch.zeros(3)
        for name, value in [("transitions", moves), ("start_transitions", start), ("end_transitions", end)]:
            delattr(model, name)
            setattr(model, name, none if value is None else value)
        return -model(e, tags, mask=None if mask is None else golden.inputs[mask].bool(), reduction=reduction)

    return loss


ends = {"start": start, "end": end}
given = {k: golden.inputs[v] for k, v in ends.items()}
for ours, theirs in [("none", "none"), ("mean", "mean"), ("sum", "sum"), ("tokenMean", "token_mean")]:
    golden.case("crf", [e, tags, moves], {**ends, "mask": mask, "reduction": ours}, torch_crf(theirs, mask, **given), CRF_LIBRARY)
golden.case("crf", [e, tags, moves], {}, torch_crf("mean"), CRF_LIBRARY)
golden.case("crf", [e, tags, moves], {"mask": mask}, torch_crf("mean", mask), CRF_LIBRARY)
golden.case("crf", [e, tags, moves], {"timeFirst": True}, torch_crf("mean", batch_first=False), CRF_LIBRARY)


# Tokens

words = golden.input("words", golden.normal(2, 4, 5))
tokens = golden.input("tokens", torch.tensor([[1, 2, 4, -100], [0, 3, -100, -100]]))


def causal(x, y, **options):
    return F.cross_entropy(x[:, :-1].transpose(1, 2), y[:, 1:], **options)


golden.case("tokenCrossEntropy", [words, tokens], {}, causal, TORCH)
golden.case("tokenCrossEntropy", [words, tokens], {"count": 12}, lambda x, y: causal(x, y, reduction="sum") / 12, TORCH)
for r in ["none", "sum"]:
    golden.case("tokenCrossEntropy", [words, tokens], {"reduction": r}, lambda x, y: causal(x, y, reduction=r), TORCH)
golden.case(
    "tokenCrossEntropy", [words, tokens], {"labelSmoothing": 0.2}, lambda x, y: causal(x, y, label_smoothing=0.2), TORCH
)
golden.case(
    "tokenCrossEntropy",
    [words, tokens],
    {"causal": False},
    lambda x, y: F.cross_entropy(x.transpose(1, 2), y),
    TORCH,
)


# Beside the cross-entropy

z = golden.input("z", golden.normal(3, 4))
avoid = golden.input("avoid", torch.tensor([[1, 0, 0, 1], [0, 0, 0, 0], [0, 1, 0, 0]]))
weights = golden.input("risks", golden.normal(3, 4))


def reduced(values, reduction):
    return {"none": values, "mean": values.mean(), "sum": values.sum()}[reduction]


def unlikelihood(x, c, r):
    return reduced(-((1 - x.softmax(1)).log() * c).sum(1), r)


def load_balance(x, k):
    chosen = torch.zeros_like(x).scatter(1, x.topk(k, 1).indices, 1.0)
    return x.shape[1] * (chosen.mean(0) * x.softmax(1).mean(0)).sum()


def minimum_risk(x, w, r="mean", scale=1.0, baseline=True):
    q = x.mul(scale).exp()
    return reduced((q / q.sum(1, keepdim=True) * (w - (w.mean(1, keepdim=True) if baseline else 0))).sum(1), r)


for r in ["none", "mean", "sum"]:
    golden.case("unlikelihood", [z, avoid], {"reduction": r}, lambda x, c: unlikelihood(x, c, r), FORMULA)
    golden.case("zLoss", [z], {"reduction": r}, lambda x: reduced(1e-4 * x.exp().sum(1).log() ** 2, r), FORMULA)
    golden.case("minimumRisk", [z, weights], {"reduction": r}, lambda x, w: minimum_risk(x, w, r), FORMULA)
golden.case("zLoss", [z], {"coefficient": 0.5}, lambda x: (0.5 * x.exp().sum(1).log() ** 2).mean(), FORMULA)
golden.case(
    "minimumRisk",
    [z, weights],
    {"scale": 0.3, "baseline": False},
    lambda x, w: minimum_risk(x, w, scale=0.3, baseline=False),
    FORMULA,
)
golden.case("loadBalance", [z], {}, lambda x: load_balance(x, 1), FORMULA)
golden.case("loadBalance", [z], {"topK": 2}, lambda x: load_balance(x, 2), FORMULA)


# Samplers

right, drawn = golden.input("right", golden.normal(3)), golden.input("drawn", golden.normal(3, 4))
q_right, q_drawn = golden.input("qRight", golden.normal(3)), golden.input("qDrawn", golden.normal(3, 4))


def nce(s, t, p, q, r):
    data = torch.sigmoid(s - p - torch.log(torch.tensor(4.0))).log()
    noise = (1 - torch.sigmoid(t - q - torch.log(torch.tensor(4.0)))).log()
    return reduced(-data - noise.sum(1), r)


every = [right, drawn, q_right, q_drawn]
for r in ["none", "mean", "sum"]:
    golden.case(
        "negativeSampling",
        [right, drawn],
        {"reduction": r},
        lambda s, t: reduced(-s.sigmoid().log() - (-t).sigmoid().log().sum(1), r),
        FORMULA,
    )
    golden.case("noiseContrastive", every, {"reduction": r}, lambda *a: nce(*a, r), FORMULA)


# Soft-DTW


def soft_dtw(a, b, gamma):
    """The recursion over rows and columns; exp and log as they are."""
    cost = {}
    for i in range(len(a)):
        for j in range(len(b)):
            ways = [cost[k] for k in [(i - 1, j), (i, j - 1), (i - 1, j - 1)] if k in cost]
            least = -gamma * torch.stack([(-w / gamma).exp() for w in ways]).sum().log() if ways else 0.0
            cost[i, j] = ((a[i] - b[j]) ** 2).sum() + least
    return cost[len(a) - 1, len(b) - 1]


def soft_dtw_batch(x, y, r="mean", gamma=1.0, divergence=False):
    def loss(a, b):
        own = (soft_dtw(a, a, gamma) + soft_dtw(b, b, gamma)) / 2 if divergence else 0.0
        return soft_dtw(a, b, gamma) - own

    return reduced(torch.stack([loss(a, b) for a, b in zip(x, y)]), r)


series, other_series = golden.input("series", golden.normal(2, 4, 2)), golden.input("otherSeries", golden.normal(2, 3, 2))
pair = [series, other_series]
for r in ["none", "mean", "sum"]:
    golden.case("softDTW", pair, {"reduction": r}, lambda x, y: soft_dtw_batch(x, y, r), FORMULA)
golden.case("softDTW", pair, {"gamma": 0.2}, lambda x, y: soft_dtw_batch(x, y, gamma=0.2), FORMULA)
golden.case("softDTW", pair, {"divergence": True}, lambda x, y: soft_dtw_batch(x, y, divergence=True), FORMULA)

golden.write()
