import { where as select, stopGradient } from "../../autograd/elementwise.ts";
import { concat } from "../../autograd/movement.ts";
import { expectAxes, expectNotEmpty, expectSameShape, floatTensor } from "../../tensor/checks.ts";
import { arange, eye } from "../../tensor/creation.ts";
import { ShapeError, ValueError } from "../../tensor/errors.ts";
import { expectInteger, expectNonNegative, expectOneOf, resolve } from "../../tensor/options.ts";
import { formatShape } from "../../tensor/shape.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { scalarOption } from "../scalar-option.ts";

/** The logit of what is no candidate. Finite, so that `detectAnomaly` has nothing to find. */
const except = -1e38;

export interface InfoNCEOptions {
  /**
   * Further negatives: [m, d], shared by all queries (a memory bank, which the caller detaches), or [n, m, d], m for each.
   */
  negatives?: TensorLike;
  /** What the similarities are divided by, > 0; a number, or a learned tensor with one element. Default 0.07. */
  temperature?: number | Tensor;
  /** Also match each key with the queries, and average the two. Default false. */
  symmetric?: boolean;
  /** Whether the other pairs' keys are negatives. Default true; false leaves `negatives` only, as MoCo does. */
  inBatch?: boolean;
  /** Whether the other queries are negatives of a query too, and the other keys of a key, as in SimCLR. Default false. */
  sameView?: boolean;
  /** L2-normalise queries, keys and negatives, so that similarities are cosines. Default true. */
  normalize?: boolean;
  reduction?: Reduction;
}

/**
 * InfoNCE: -log e^(q_i . k_i / t) / sum over candidates c of e^(q_i . c / t).
 *
 * queries, keys: [n, d], row i of one belongs to row i of the other. The candidates of q_i are k_i and its negatives:
 * the other keys and what the options add. Returns a scalar ([n] with reduction "none"). One pair without negatives has
 * loss 0 and gradient 0. For one query, log(number of candidates) - loss bounds the mutual information from below:
 * `mutualInformationBound`. The gradient at a zero vector is that of v / max(||v||, 1e-12).
 *
 * van den Oord et al. 2018, arXiv:1807.03748; He et al. 2020, arXiv:1911.05722 (MoCo: a queue as `negatives`, inBatch
 * false). Reference values: torch.nn.functional.cross_entropy of the same logits.
 */
export function infoNCE(queries: TensorLike, keys: TensorLike, options: InfoNCEOptions = {}): Tensor {
  return matching("infoNCE", ["queries", queries], ["keys", keys], options);
}

type Named = readonly [name: string, rows: TensorLike];

function matching(where: string, queries: Named, keys: Named, options: InfoNCEOptions): Tensor {
  const { negatives, temperature, symmetric, inBatch, sameView, normalize, reduction } = matchingSettings(
    where,
    options,
  );
  const unit = (x: Tensor) => (normalize ? x.normalize({ axis: -1 }) : x);
  const similarity = (a: Tensor, b: Tensor) => a.matmul(b, { transposeB: true }).div(temperature);
  const sameViews = (x: Tensor) => (sameView ? [similarity(x, x).maskedFill(diagonalOf(x), except)] : []);
  const [q, k] = pairedRows(where, queries, keys).map(unit);
  const extra = negatives === undefined ? [] : [unit(negativesOf(where, q, negatives))];
  const pairs = inBatch ? similarity(q, k) : q.mul(k).sum(1, { keepDims: true }).div(temperature);
  const positive = inBatch ? pairs.diagonal() : pairs.squeeze(1);
  const added = extra.map((x) => similarityToEach(q, x).div(temperature));
  const rows = concat([pairs, ...sameViews(q), ...added], 1).logSumExp(1);
  if (!symmetric) return reduce(where, rows.sub(positive), reduction);
  const columns = concat([pairs.transpose(), ...sameViews(k)], 1).logSumExp(1);
  return reduce(where, rows.add(columns).div(2).sub(positive), reduction);
}

function matchingSettings(where: string, options: InfoNCEOptions) {
  const settings = resolve(where, options, {
    negatives: undefined as TensorLike | undefined,
    temperature: 0.07 as number | Tensor,
    symmetric: false,
    inBatch: true,
    sameView: false,
    normalize: true,
    reduction: "mean" as Reduction,
  });
  if (!settings.inBatch && (settings.negatives === undefined || settings.symmetric || settings.sameView)) {
    throw new ValueError(where, "inBatch false needs negatives, and neither symmetric nor sameView");
  }
  return { ...settings, temperature: scalarOption(where, "temperature", settings.temperature) };
}

const diagonalOf = (x: Tensor): Tensor => eye(x.shape[0], { dtype: "bool" });

/** Two tensors [n, d] of one shape, n at least 1. */
function pairedRows(where: string, [aName, a]: Named, [bName, b]: Named): [Tensor, Tensor] {
  const [x, y] = [floatTensor(where, aName, a), floatTensor(where, bName, b)];
  expectAxes(where, aName, x, ["n", "d"]);
  expectSameShape(where, { [aName]: x, [bName]: y });
  expectNotEmpty(where, aName, x);
  return [x, y];
}

/** Negatives [m, d] or [n, m, d] that fit queries [n, d]. */
function negativesOf(where: string, queries: Tensor, negatives: TensorLike): Tensor {
  const t = floatTensor(where, "negatives", negatives);
  const [n, d] = queries.shape;
  const fits = t.shape[t.ndim - 1] === d && (t.ndim === 2 || (t.ndim === 3 && t.shape[0] === n));
  if (!fits) {
    throw new ShapeError(
      where,
      `negatives must be [m, ${d}], shared by all, or [${n}, m, ${d}], m for each, got ${formatShape(t.shape)}`,
    );
  }
  return t;
}

/** q . c for candidates [m, d] or, a list for each query, [n, m, d]: [n, m]. */
const similarityToEach = (q: Tensor, candidates: Tensor): Tensor =>
  candidates.ndim === 2 ? q.matmul(candidates, { transposeB: true }) : candidates.matmul(q.unsqueeze(2)).squeeze(2);

/** log(candidates) - loss: how many nats of mutual information an InfoNCE loss with that many candidates a query shows. */
export function mutualInformationBound(loss: TensorLike, candidates: number): Tensor {
  expectInteger("mutualInformationBound", "candidates", candidates);
  return floatTensor("mutualInformationBound", "loss", loss).neg().add(Math.log(candidates));
}

export interface NTXentOptions {
  /** What the cosines are divided by, > 0; a number, or a learned tensor with one element. Default 0.5. */
  temperature?: number | Tensor;
  reduction?: Reduction;
}

/**
 * NT-Xent (SimCLR): each of the 2n views is matched with its other view among the 2n - 1 other views, by cosine over
 * temperature.
 *
 * view1, view2: [n, d]. Returns [2n] with reduction "none", the views of view1 first; "mean" is over those 2n. Equals
 * `infoNCE` with symmetric and sameView. One pair has loss 0 and gradient 0.
 * Chen et al. 2020, arXiv:2002.05709. Reference values: pytorch-metric-learning's NTXentLoss.
 */
export function ntXent(view1: TensorLike, view2: TensorLike, options: NTXentOptions = {}): Tensor {
  const where = "ntXent";
  const { temperature, reduction } = resolve<Required<NTXentOptions>>(where, options, {
    temperature: 0.5,
    reduction: "mean",
  });
  const t = scalarOption(where, "temperature", temperature);
  const [a, b] = pairedRows(where, ["view1", view1], ["view2", view2]);
  const views = concat([a, b]).normalize();
  const similarity = views.matmul(views, { transposeB: true }).div(t); // [2n, 2n]
  const positive = similarity.diagonal(a.shape[0]); // view i with view n + i
  const candidates = similarity.maskedFill(diagonalOf(views), except);
  return reduce(where, candidates.logSumExp(1).sub(concat([positive, positive])), reduction);
}

export interface ClipOptions {
  /**
   * What the cosines are divided by, > 0. Default 0.07. CLIP learns it: with a parameter s that starts at log(1 / 0.07),
   * temperature s.clamp(undefined, Math.log(100)).neg().exp().
   */
  temperature?: number | Tensor;
  reduction?: Reduction;
}

/**
 * CLIP: the mean of matching each image with the texts of the batch and each text with its images; symmetric `infoNCE`.
 *
 * images, texts: embeddings [n, d], normalised here. Returns [n] with reduction "none".
 * Radford et al. 2021, arXiv:2103.00020. Reference values: torch.nn.functional.cross_entropy of the same logits.
 */
export function clip(images: TensorLike, texts: TensorLike, options: ClipOptions = {}): Tensor {
  const defaults: Required<ClipOptions> = { temperature: 0.07, reduction: "mean" };
  const settings = resolve("clip", options, defaults);
  return matching("clip", ["images", images], ["texts", texts], { ...settings, symmetric: true });
}

export type RankingDirection = "queryToDocument" | "queryToQuery" | "documentToQuery" | "documentToDocument";

export interface MultipleNegativesRankingOptions {
  /** Hard negatives: [n, k, d], k of each anchor, or [m, d], a pool that belongs to no anchor. All are candidates of all. */
  negatives?: TensorLike;
  /** The factor on the similarities (1 / temperature), > 0; a number, or a learned tensor with one element. Default 20. */
  scale?: number | Tensor;
  /** "cosine" (default), or "dot", with which a scale of 1 is usual. */
  similarity?: "cosine" | "dot";
  /**
   * What competes with the pair (anchor i is the query, positives and negatives are documents): query i with all documents
   * (always there), with the other queries; document i with all queries, with the documents of other queries.
   * Default ["queryToDocument"].
   */
  directions?: readonly RankingDirection[];
  /** One softmax over all directions ("joint", the default), or the mean of one for each ("perDirection"). */
  partition?: "joint" | "perDirection";
  /** Which logits of queryToDocument get + hardnessStrength stopGradient(similarity). Default "none". */
  hardness?: "none" | "inBatchNegatives" | "hardNegatives" | "allNegatives";
  /** >= 0. Default 0. */
  hardnessStrength?: number;
  reduction?: Reduction;
}

type ResolvedRanking = Required<Omit<MultipleNegativesRankingOptions, "negatives">> & {
  negatives: TensorLike | undefined;
};

/**
 * Multiple negatives ranking: -log softmax over candidates c of scale sim(a_i, c), at the positive p_i. The candidates are
 * all positives of the batch and all negatives.
 *
 * anchors, positives: [n, d], row i of one belongs to row i of the other. Returns [n] with reduction "none". One pair
 * without negatives has loss 0 and gradient 0. Equals `infoNCE` with temperature 1 / scale and all negatives in one pool.
 * Options: see `MultipleNegativesRankingOptions`. directions ["queryToDocument", "documentToQuery"] with partition
 * "perDirection" is the symmetric loss; all four directions are GTE's, where a joint softmax counts the pair twice, as the
 * reference does.
 *
 * Henderson et al. 2017, arXiv:1705.00652 (dot products, scale 1); Li et al. 2023, arXiv:2308.03281 (GTE); Lan et al.
 * 2025, arXiv:2503.04812 (hardness). Reference values: sentence-transformers 6's MultipleNegativesRankingLoss.
 */
export function multipleNegativesRanking(
  anchors: TensorLike,
  positives: TensorLike,
  options: MultipleNegativesRankingOptions = {},
): Tensor {
  const where = "multipleNegativesRanking";
  const settings = rankingSettings(where, options);
  const unit = (x: Tensor) => (settings.similarity === "cosine" ? x.normalize({ axis: -1 }) : x);
  const [queries, documents] = pairedRows(where, ["anchors", anchors], ["positives", positives]).map(unit);
  const hard = settings.negatives === undefined ? undefined : unit(negativesOf(where, queries, settings.negatives));
  if (settings.hardness === "hardNegatives" && hard?.ndim !== 3) {
    throw new ValueError(where, 'hardness "hardNegatives" needs negatives [n, k, d], k for each anchor');
  }
  const all = hard === undefined ? documents : concat([documents, hard.reshape([-1, hard.shape[hard.ndim - 1]])]);
  const own = ownDocuments(documents.shape[0], all.shape[0], hard?.ndim === 3 ? hard.shape[1] : 0);
  const logits = rankingLogits(queries, documents, all, own, settings);
  const positive = logits.queryToDocument().diagonal();
  const candidates = settings.directions.map((direction) => logits[direction]());
  const partitions =
    settings.partition === "joint"
      ? concat(candidates, 1).logSumExp(1)
      : candidates
          .map((x) => x.logSumExp(1))
          .reduce((a, b) => a.add(b))
          .div(candidates.length);
  return reduce(where, partitions.sub(positive), settings.reduction);
}

/** The logits [n, candidates] of each direction, as functions: only those asked for are computed. */
function rankingLogits(
  queries: Tensor,
  documents: Tensor,
  all: Tensor,
  own: Tensor,
  { scale, hardness, hardnessStrength }: ResolvedRanking,
): Record<RankingDirection, () => Tensor> {
  const times = (a: Tensor, b: Tensor) => a.matmul(b, { transposeB: true });
  const forward = times(queries, all);
  const isPositive = arange(all.shape[0]).eq(arange(queries.shape[0]).unsqueeze(1));
  const harder = {
    none: () => null,
    inBatchNegatives: () => own.logicalNot(),
    hardNegatives: () => own.logicalAnd(isPositive.logicalNot()),
    allNegatives: () => isPositive.logicalNot(),
  }[hardness]();
  const queryToDocument =
    harder === null
      ? forward.mul(scale)
      : forward.mul(scale).add(select(harder, stopGradient(forward).mul(hardnessStrength), 0));
  return {
    queryToDocument: () => queryToDocument,
    queryToQuery: () => times(queries, queries).mul(scale).maskedFill(diagonalOf(queries), except),
    documentToQuery: () => times(documents, queries).mul(scale),
    documentToDocument: () => times(documents, all).mul(scale).maskedFill(own, except),
  };
}

/** Which of m documents belong to which of n queries: document i < n to query i, then k in a row to each; bool [n, m]. */
function ownDocuments(n: number, m: number, k: number): Tensor {
  const [document, query] = [arange(m), arange(n).unsqueeze(1)];
  const isPositive = document.eq(query);
  const first = query.mul(k).add(n);
  return isPositive.logicalOr(document.ge(first).logicalAnd(document.lt(first.add(k))));
}

function rankingSettings(where: string, options: MultipleNegativesRankingOptions): ResolvedRanking {
  const settings = resolve<ResolvedRanking>(where, options, {
    negatives: undefined,
    scale: 20,
    similarity: "cosine",
    directions: ["queryToDocument"],
    partition: "joint",
    hardness: "none",
    hardnessStrength: 0,
    reduction: "mean",
  });
  const { directions, partition } = settings;
  expectOneOf(where, "similarity", settings.similarity, ["cosine", "dot"]);
  expectOneOf(where, "partition", partition, ["joint", "perDirection"]);
  expectOneOf(where, "hardness", settings.hardness, ["none", "inBatchNegatives", "hardNegatives", "allNegatives"]);
  expectNonNegative(where, "hardnessStrength", settings.hardnessStrength);
  if (!Array.isArray(directions) || !directions.includes("queryToDocument"))
    throw new ValueError(where, 'directions must be a list that has "queryToDocument", which holds the pair');
  for (const direction of directions) {
    expectOneOf(where, "directions", direction, [
      "queryToDocument",
      "queryToQuery",
      "documentToQuery",
      "documentToDocument",
    ]);
    if (partition === "perDirection" && (direction === "queryToQuery" || direction === "documentToDocument")) {
      throw new ValueError(
        where,
        `partition "perDirection" needs the pair among each direction's candidates, and "${direction}" lacks it; use "joint"`,
      );
    }
  }
  return { ...settings, scale: scalarOption(where, "scale", settings.scale), directions: [...new Set(directions)] };
}
