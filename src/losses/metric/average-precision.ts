import { where as select } from "../../autograd/elementwise.ts";
import { maskedMean } from "../../functional/masks.ts";
import { eye } from "../../tensor/creation.ts";
import { expectInteger, expectOneOf, expectPositive, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import type { Reduction } from "../reduction.ts";
import { type BatchOptions, distanceBatch, reduceValid, similarityBatch } from "./batch.ts";
import { softHistogram } from "./soft-histogram.ts";

// Each row of a batch queries the others; what is learned is the average precision of the answer.

export interface FastAPOptions extends BatchOptions {
  /** The number of bins between the squared distances 0 and 4, >= 1. Default 10. */
  bins?: number;
  /** Default "mean", over the queries that have a positive. */
  reduction?: Reduction;
}

/**
 * FastAP: 1 - AP for each query, AP = (1 / positives) sum_r h+_r H+_r / H_r, from a histogram h+ of the squared
 * distances to positives, its running sum H+, and the running sum H over positives and negatives; triangular bins.
 *
 * embeddings: [n, d], normalised here; labels: [n], int32. Returns [n] with reduction "none". A query without a
 * positive has no term: 0, and "mean" does not count it. Where a squared distance lies on a node, the gradient is that
 * of the bin above.
 *
 * Options: bins (10), references (null), pairs (null), reduction ("mean").
 * Cakir et al. 2019, "Deep metric learning to rank", CVPR. Reference values: pytorch-metric-learning's FastAPLoss.
 */
export function fastAP(embeddings: TensorLike, labels: TensorLike, options: FastAPOptions = {}): Tensor {
  const where = "fastAP";
  const { bins, reduction, ...batch } = resolve<Required<FastAPOptions>>(where, options, {
    bins: 10,
    references: null,
    pairs: null,
    reduction: "mean",
  });
  expectInteger(where, "bins", bins);
  const { distances, isPositive, isNegative } = distanceBatch(where, embeddings, labels, {
    ...batch,
    distance: "squaredEuclidean",
    normalize: true,
  });
  const masks = [isPositive, isNegative].map((mask) => mask.to(distances.dtype));
  const [positives, negatives] = softHistogram(distances, masks, { low: 0, step: 4 / bins, bins });
  const [upTo, all] = [positives.cumsum(1), positives.add(negatives).cumsum(1)];
  const precision = upTo.div(select(all.gt(0), all, 1));
  const relevant = masks[0].sum(1);
  const terms = positives.mul(precision).sum(1).div(relevant.maximum(1)).neg().add(1);
  const valid = relevant.gt(0);
  return reduceValid(where, select(valid, terms, 0), valid, reduction);
}

export interface SmoothAPOptions extends BatchOptions {
  /** The width of the sigmoid that replaces the step, > 0. Default 0.01. */
  temperature?: number;
  /** Count the query among its own answers, as the authors' code does. Default false. */
  includeQuery?: boolean;
  /** Default "mean", over the queries that have a positive. */
  reduction?: Reduction;
}

/**
 * Smooth-AP: 1 - AP for each query, AP the mean over positives p of (1 + sum_{positives j} S_jp) / (1 + sum_{all j}
 * S_jp), S_jp = sigmoid((s_j - s_p) / temperature) of the cosines s to the query, j other than p.
 *
 * embeddings: [n, d]; labels: [n], int32. Returns [n] with reduction "none". A query without a positive has no term: 0,
 * and "mean" does not count it. Takes n^3 memory.
 *
 * Options: temperature (0.01), includeQuery (false), references (null), pairs (null), reduction ("mean").
 * Brown et al. 2020, "Smooth-AP: smoothing the path towards large-scale image retrieval", ECCV, arXiv:2007.12163.
 * Reference values: the formula with loops; pytorch-metric-learning's SmoothAPLoss, which is includeQuery: true.
 */
export function smoothAP(embeddings: TensorLike, labels: TensorLike, options: SmoothAPOptions = {}): Tensor {
  const where = "smoothAP";
  const { temperature, includeQuery, reduction, ...batch } = resolve<Required<SmoothAPOptions>>(where, options, {
    temperature: 0.01,
    includeQuery: false,
    references: null,
    pairs: null,
    reduction: "mean",
  });
  expectPositive(where, "temperature", temperature);
  const query = queries(where, embeddings, labels, batch, includeQuery);
  const above = aboveEach(query.similarities, temperature); // [n, p, j]
  const others = eye(above.shape[1], { dtype: "bool" }).logicalNot();
  const rank = (counted: Tensor) => select(counted.unsqueeze(1).logicalAnd(others), above, 0).sum(2).add(1);
  const precision = rank(query.isPositive).div(rank(query.isPositive.logicalOr(query.isNegative)));
  return meanOverPositives(where, precision, query, reduction, (mean) => mean.neg().add(1));
}

export interface PNPOptions extends BatchOptions {
  /** How the number k of negatives before a positive counts: see `pnp`. Default "O". */
  variant?: "O" | "Ds" | "Dq" | "Iu" | "Ib";
  /** The b of variant "Ib", > 0. Default 2. */
  b?: number;
  /** The power of variant "Dq", > 0. Default 1. */
  alpha?: number;
  /** The width of the sigmoid that replaces the step, > 0. Default 0.01. */
  temperature?: number;
  /** Count the query among its own answers, as the authors' code does. Default false. */
  includeQuery?: boolean;
  /** Default "mean", over the queries that have a positive. */
  reduction?: Reduction;
}

/**
 * Penalising negatives before positives: for each query the mean over its positives of a function of
 * k = sum_{negatives j} sigmoid((s_j - s_p) / temperature), the number of negatives that are more similar, of cosines
 * s.
 *
 * embeddings: [n, d]; labels: [n], int32. Returns [n] with reduction "none". A query without a positive has no term: 0,
 * and "mean" does not count it. Takes n^3 memory. The variants:
 * - "O": k.
 * - "Iu": (1 + k) log(1 + k), "Ib": (b k - log(1 + b k)) / b^2; their gradients grow with k.
 * - "Ds": log(1 + k), "Dq": 1 - (1 + k)^-alpha; their gradients fall with k, so that outliers count less.
 *
 * Options: variant ("O"), b (2), alpha (1), temperature (0.01), includeQuery (false), references (null), pairs (null),
 * reduction ("mean").
 * Li et al. 2022, "Rethinking the optimization of average precision: only penalizing negative instances before positive
 * ones is enough", AAAI, arXiv:2102.04640. Reference values: pytorch-metric-learning's PNPLoss, which is
 * includeQuery: true.
 */
export function pnp(embeddings: TensorLike, labels: TensorLike, options: PNPOptions = {}): Tensor {
  const where = "pnp";
  const { variant, b, alpha, temperature, includeQuery, reduction, ...batch } = resolve<Required<PNPOptions>>(
    where,
    options,
    {
      variant: "O",
      b: 2,
      alpha: 1,
      temperature: 0.01,
      includeQuery: false,
      references: null,
      pairs: null,
      reduction: "mean",
    },
  );
  expectOneOf(where, "variant", variant, ["O", "Ds", "Dq", "Iu", "Ib"]);
  expectPositive(where, "b", b);
  expectPositive(where, "alpha", alpha);
  expectPositive(where, "temperature", temperature);
  const query = queries(where, embeddings, labels, batch, includeQuery);
  const above = aboveEach(query.similarities, temperature); // [n, p, j]
  const k = select(query.isNegative.unsqueeze(1), above, 0).sum(2);
  const penalties = {
    O: () => k,
    Ds: () => k.log1p(),
    Dq: () => k.log1p().mul(-alpha).expm1().neg(),
    Iu: () => k.add(1).mul(k.log1p()),
    Ib: () =>
      k
        .mul(b)
        .sub(k.mul(b).log1p())
        .div(b * b),
  };
  return meanOverPositives(where, penalties[variant](), query, reduction, (mean) => mean);
}

/** The cosines of a batch, with the query itself among its positives where it counts. */
function queries(
  where: string,
  embeddings: TensorLike,
  labels: TensorLike,
  batch: Required<BatchOptions>,
  includeQuery: boolean,
) {
  const found = similarityBatch(where, embeddings, labels, { ...batch, similarity: "cosine" });
  if (!includeQuery || batch.references !== null) return found;
  const self = eye(found.x.shape[0], { dtype: "bool" }).logicalAnd(found.isPositive.any(1, { keepDims: true }));
  return { ...found, isPositive: found.isPositive.logicalOr(self) };
}

/** By how much j is more similar to query i than p is, as a smooth step: [i, p, j]. */
const aboveEach = (s: Tensor, temperature: number): Tensor =>
  s.unsqueeze(1).sub(s.unsqueeze(2)).div(temperature).sigmoid();

/** The mean over the positives of each query of what is [query, positive]. */
function meanOverPositives(
  where: string,
  values: Tensor,
  { isPositive }: { isPositive: Tensor },
  reduction: Reduction,
  loss: (mean: Tensor) => Tensor,
): Tensor {
  const valid = isPositive.any(1);
  const terms = loss(maskedMean(values, isPositive, 1));
  return reduceValid(where, select(valid, terms, 0), valid, reduction);
}
