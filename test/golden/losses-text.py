"""Reference values of the contrastive losses of labels, texts and images: writes losses-text.json beside itself.

    pip install --no-deps sentence-transformers pytorch-metric-learning   (6.2.0 and 2.9.0, and what they import; torch 2.13)
    python3 test/golden/losses-text.py

sentence-transformers' losses embed texts themselves: their models here hand over the tensors of the case. The formulas of
SupContrast (without the 1e-9 in its logarithm) and SigLIP are written out by loops.
"""

import math

import torch
import torch.nn.functional as F
from golden import FORMULA, TORCH, Golden, library
from pytorch_metric_learning import losses as pml
from pytorch_metric_learning import reducers
from sentence_transformers import util
from sentence_transformers.sentence_transformer import losses as st
from sentence_transformers.sparse_encoder.losses import FlopsLoss
from sentence_transformers.sparse_encoder.losses.csr import CSRReconstructionLoss

PML, ST = library("pytorch-metric-learning"), library("sentence-transformers")
golden = Golden(__file__, seed=12)
case, normal = golden.case, golden.normal

N, D = 5, 4
a, b = golden.input("a", normal(N, D)), golden.input("b", normal(N, D))
odd1, odd2 = golden.input("odd1", normal(N, 3)), golden.input("odd2", normal(N, 3))
guide_a, guide_b = golden.input("guideA", normal(N, 3)), golden.input("guideB", normal(N, 3))
negatives, guide_negatives = golden.input("negatives", normal(2, D)), golden.input("guideNegatives", normal(2, 3))
grades = golden.input("grades", [0.9, 0.1, 0.5, 0.5, -0.2])
binary = golden.input("binary", [1.0, 0.0, 0.0, 1.0, 0.0])
groups = golden.input("groups", torch.tensor([3, 1, 3, 1, 3]))
single = golden.input("single", torch.tensor([3, 1, 3, 1, 7]))  # the last has no positive
weight = golden.input("weight", normal(3, 3 * D))
narrow = golden.input("narrow", normal(3, 2 * D))
bias = golden.input("bias", normal(3))
labels = golden.input("labels", torch.tensor([2, 0, 1, 0, 2]))
activations = golden.input("activations", F.relu(normal(4, 6)))
reductions = ["none", "mean", "sum"]


def reduce(terms, reduction="mean"):
    return dict(none=lambda: terms, mean=terms.mean, sum=terms.sum)[reduction]()


# Supervised contrastive


def sup_con(e, y, temperature=0.1, base=None, reduction="mean"):
    v = F.normalize(e)
    terms = []
    for i in range(len(v)):
        others = [j for j in range(len(v)) if j != i]
        total = sum(torch.exp(v[i] @ v[j] / temperature) for j in others)
        positives = [j for j in others if y[j] == y[i]]
        logs = [torch.log(torch.exp(v[i] @ v[p] / temperature) / total) for p in positives]
        terms.append(-sum(logs) / len(logs) if logs else None)
    factor = 1 if base is None else temperature / base
    if reduction == "none":
        return factor * torch.stack([e.sum() * 0 if t is None else t for t in terms])
    counted = torch.stack([t for t in terms if t is not None])
    return factor * reduce(counted, reduction)


def pml_sup_con(temperature):
    return lambda e, y: pml.SupConLoss(temperature=temperature)(e, y)


for y in [groups, single]:
    case("supCon", [a, y], {}, sup_con, FORMULA)
    case("supCon", [a, y], dict(preset="supContrast"), lambda e, y: sup_con(e, y, 0.07, 0.07), FORMULA)
    case("supCon", [a, y], dict(preset="supContrast", temperature=0.5), lambda e, y: sup_con(e, y, 0.5, 0.07), FORMULA)
    case("supCon", [a, y], dict(preset="pml"), pml_sup_con(0.1), PML)
    case("supCon", [a, y], dict(preset="pml", temperature=0.4), pml_sup_con(0.4), PML)
    case("supCon", [a, y], dict(temperature=0.4, reduction="meanNonZero"), pml_sup_con(0.4), PML)
    for reduction in ["none", "sum"]:
        options = dict(temperature=0.3, baseTemperature=0.1, reduction=reduction)
        case("supCon", [a, y], options, lambda e, y: sup_con(e, y, 0.3, 0.1, reduction), FORMULA)

# SigLIP


def sig_lip(u, v, scale=10.0, bias=-10.0, reduction="mean"):
    u, v = F.normalize(u), F.normalize(v)
    rows = []
    for i in range(len(u)):
        z = [1 if i == j else -1 for j in range(len(v))]
        rows.append(-sum(F.logsigmoid(z[j] * (scale * (u[i] @ v[j]) + bias)) for j in range(len(v))))
    return reduce(torch.stack(rows), reduction)


case("sigLIP", [a, b], {}, sig_lip, FORMULA)
for reduction in reductions:
    options = dict(scale=2, bias=-1, reduction=reduction)
    case("sigLIP", [a, b], options, lambda u, v: sig_lip(u, v, **options), FORMULA)


def by_torch(u, v):
    logits = 3 * F.normalize(u) @ F.normalize(v).t() + 0.5
    return F.binary_cross_entropy_with_logits(logits, torch.eye(len(u)), reduction="sum") / len(u)


case("sigLIP", [a, b], dict(scale=3, bias=0.5), by_torch, TORCH)

# Guided negatives


class Guided(st.GISTEmbedLoss):
    """The library's loss of embeddings in place of texts, for a model and a guide that hand them over."""

    def __init__(self, **options):
        torch.nn.Module.__init__(self)
        self.similarity_fct = torch.nn.CosineSimilarity(dim=-1)
        self.must_retokenize, self.gather_across_devices = False, False
        defaults = dict(temperature=0.01, margin_strategy="absolute", margin=0.0, contrast_anchors=True, contrast_positives=True)
        for name, value in {**defaults, **options}.items():
            setattr(self, name, value)
        self.model = self.guide = lambda features: {"sentence_embedding": features["embedding"]}
        self.reduction = "mean"

    def cross_entropy_loss(self, scores, own):
        return F.cross_entropy(scores, own, reduction=self.reduction)

    def __call__(self, embeddings, guides, reduction="mean"):
        import sentence_transformers.sentence_transformer.losses.gist_embed as module

        self.reduction = reduction
        found = iter([embeddings, guides])
        module.embed_columns = lambda model, features: next(found)
        return self.forward([{}] * len(embeddings), None)


def gist(reduction="mean", **options):
    return lambda x, p, ga, gp: Guided(**options)([x, p], [ga, gp], reduction)


quartet = [a, b, guide_a, guide_b]
case("gist", quartet, {}, gist(), ST)
for reduction in reductions:
    case("gist", quartet, dict(temperature=0.5, reduction=reduction), gist(reduction, temperature=0.5), ST)
for margin, strategy in [(0.2, "absolute"), (0.3, "relative")]:
    case("gist", quartet, dict(temperature=0.5, margin=margin, marginStrategy=strategy), gist(temperature=0.5, margin=margin, margin_strategy=strategy), ST)
case("gist", quartet, dict(temperature=0.5, contrastAnchors=False), gist(temperature=0.5, contrast_anchors=False), ST)
case("gist", quartet, dict(temperature=0.5, contrastPositives=False), gist(temperature=0.5, contrast_positives=False), ST)
hard, guide_hard = golden.inputs[negatives], golden.inputs[guide_negatives]
case(
    "gist", quartet, dict(temperature=0.5, negatives=negatives, guideNegatives=guide_negatives),
    lambda x, p, ga, gp: Guided(temperature=0.5)([x, p, hard], [ga, gp, guide_hard]), ST,
)

# Graded pairs


def graded(kind, **options):
    return lambda u, v, y: kind(None, **options).compute_loss_from_embeddings([u, v], y)


for loss, kind in [("coSENT", st.CoSENTLoss), ("anglE", st.AnglELoss)]:
    case(loss, [a, b, grades], {}, graded(kind), ST)
    case(loss, [a, b, grades], dict(scale=2), graded(kind, scale=2.0), ST)
    case(loss, [odd1, odd2, grades], dict(scale=3), graded(kind, scale=3.0), ST)
    case(loss, [a, b, binary], dict(scale=3), graded(kind, scale=3.0), ST)

for reduction in reductions:
    mse = torch.nn.MSELoss(reduction=reduction)
    # not by the library, which makes float32 of the targets
    case("cosineSimilarityMSE", [a, b, grades], dict(reduction=reduction), lambda u, v, y: mse(torch.cosine_similarity(u, v), y), TORCH)
case(
    "cosineSimilarityMSE", [a, b, binary], {},
    lambda u, v, y: st.CosineSimilarityLoss(None).compute_loss_from_embeddings([u, v], y), ST,
    gradients=False,  # the library's go through float32
)


def pair_softmax(bias=None, concatenation=True, difference=True, product=False, reduction="mean"):
    def fn(u, v, w, y):
        parts = [u, v] * concatenation + [torch.abs(u - v)] * difference + [u * v] * product
        return F.cross_entropy(F.linear(torch.cat(parts, 1), w, bias), y, reduction=reduction)

    return fn


triple = [a, b, weight, labels]
for reduction in reductions:
    case("sentencePairSoftmax", triple, dict(reduction=reduction), pair_softmax(reduction=reduction), TORCH)
case("sentencePairSoftmax", triple, dict(bias=bias), pair_softmax(golden.inputs[bias]), TORCH)
case("sentencePairSoftmax", triple, dict(difference=False, product=True), pair_softmax(difference=False, product=True), TORCH)
case(
    "sentencePairSoftmax", [a, b, narrow, labels], dict(concatenation=False, product=True),
    pair_softmax(concatenation=False, product=True), TORCH,
)

# Contrastive tension

for reduction in reductions:
    case(
        "contrastiveTension", [a, b, binary], dict(reduction=reduction),
        lambda u, v, y: F.binary_cross_entropy_with_logits((u * v).sum(1), y, reduction=reduction), TORCH,
    )


def in_batch(u, v, scale=20, reduction="mean"):
    scores = util.cos_sim(u, v) * scale
    own = torch.arange(len(u))
    return (F.cross_entropy(scores, own, reduction=reduction) + F.cross_entropy(scores.t(), own, reduction=reduction)) / 2


case("contrastiveTensionInBatch", [a, b], {}, in_batch, TORCH)
for reduction in reductions:
    case("contrastiveTensionInBatch", [a, b], dict(scale=3, reduction=reduction), lambda u, v: in_batch(u, v, 3, reduction), TORCH)

# Presets of multiple negatives ranking, as the library's directions


def ranking(u, v, directions, partition, scale):
    loss = st.MultipleNegativesRankingLoss(None, scale=scale, directions=directions, partition_mode=partition)
    return loss.compute_loss_from_embeddings([u, v], None)


symmetric = ("query_to_doc", "doc_to_query")
gte = ("query_to_doc", "query_to_query", "doc_to_query", "doc_to_doc")
case("multipleNegativesRanking", [a, b], dict(preset="symmetric", scale=3), lambda u, v: ranking(u, v, symmetric, "per_direction", 3.0), ST)
case("multipleNegativesRanking", [a, b], dict(preset="gte", scale=3), lambda u, v: ranking(u, v, gte, "joint", 3.0), ST)

# Regularisers


def orthogonal(mean=1.0, second=1.0):
    def fn(e):
        loss = st.GlobalOrthogonalRegularizationLoss(None, mean_weight=mean, second_moment_weight=second)
        return sum(loss.compute_loss_from_embeddings([e]).values())

    return fn


case("globalOrthogonal", [a], {}, orthogonal(), ST)
case("globalOrthogonal", [a], dict(meanWeight=2, secondMomentWeight=0.5), orthogonal(2.0, 0.5), ST)
case("globalOrthogonal", [a], dict(meanWeight=0), orthogonal(0), ST)
case("globalOrthogonal", [a], dict(secondMomentWeight=0), orthogonal(second=0), ST)

# at 0 the library's gradient is that of a, ours that of |a|
positive = golden.input("positive", golden.uniform(4, 6, low=0.1, high=2))
case("flops", [positive], {}, lambda x: FlopsLoss(None).compute_loss_from_embeddings(x), ST)
for threshold in [0, 2, 3]:
    case("flops", [activations], dict(threshold=threshold), lambda x: FlopsLoss(None, threshold).compute_loss_from_embeddings(x), ST, gradients=False)

# Sparse autoencoder

aux, before = golden.input("aux", normal(N, D, std=0.5)), golden.input("before", normal(N, D))


def csr(beta=0.1, auxiliary=None, pre_bias=None):
    def fn(narrow, wide, x):
        features = dict(
            sentence_embedding_backbone=x, decoded_embedding_k=narrow, decoded_embedding_4k=wide,
            decoded_embedding_aux=auxiliary, decoded_embedding_k_pre_bias=pre_bias,
        )
        return sum(CSRReconstructionLoss(None, beta).compute_loss_from_embeddings([features]).values())

    return fn


wide = golden.input("wide", normal(N, D))
case("csrReconstruction", [a, wide, b], {}, csr(), ST)
for beta in [0.1, 2]:
    options = dict(auxiliary=aux, withoutBias=before, beta=beta)
    case("csrReconstruction", [a, wide, b], options, csr(beta, golden.inputs[aux], golden.inputs[before]), ST)

golden.write()
