import { where as select } from "../../autograd/elementwise.ts";
import { maskedLogSumExp, maskedMean } from "../../functional/masks.ts";
import { expectNonNegative, expectNumber, expectOneOf, expectPositive, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { cosineOfSum } from "./angles.ts";
import { type BatchOptions, type BatchSimilarity, reduceValid, similarityBatch } from "./batch.ts";

export interface TupletMarginOptions extends BatchOptions {
  /** The angle by which a positive may be off, in radians, in [0, pi]. Default 0.1. */
  margin?: number;
  /** The scale of the cosines, > 0. Default 64. */
  scale?: number;
  reduction?: Reduction;
}

/**
 * Tuplet margin loss: log(1 + sum_n e^(scale (cos(theta_n) - cos(theta_p - margin)))) for each positive pair, of the
 * angles theta between the embeddings. cos(theta - margin) = cos(theta) cos(margin) + sin(theta) sin(margin), without
 * acos.
 *
 * embeddings: [n, d]; labels: [n], int32. Returns [n, n] with reduction "none", by anchor and positive, 0 where that is
 * no pair or the anchor has no negative; "mean" divides by the number of positive pairs. Where an anchor equals its
 * positive, the gradient of sin(theta) is 0.
 *
 * Options: margin (0.1), scale (64), references (null), pairs (null), reduction ("mean").
 * Yu and Tao 2019, "Deep metric learning with tuplet margin loss", ICCV. Reference values: pytorch-metric-learning's
 * TupletMarginLoss, whose margin is 5.73 degrees.
 */
export function tupletMargin(embeddings: TensorLike, labels: TensorLike, options: TupletMarginOptions = {}): Tensor {
  const where = "tupletMargin";
  const { margin, scale, reduction, ...batch } = resolve<Required<TupletMarginOptions>>(where, options, {
    margin: 0.1,
    scale: 64,
    references: null,
    pairs: null,
    reduction: "mean",
  });
  expectNumber(where, "margin", margin, "of radians in [0, pi]", (v) => v >= 0 && v <= Math.PI);
  expectPositive(where, "scale", scale);
  const {
    similarities: cosine,
    isPositive,
    isNegative,
  } = similarityBatch(where, embeddings, labels, { ...batch, similarity: "cosine" });
  const eased = cosineOfSum(cosine, -margin);
  const negatives = maskedLogSumExp(cosine.mul(scale), isNegative, 1, { keepDims: true });
  const valid = isPositive.logicalAnd(isNegative.any(1, { keepDims: true }));
  const terms = select(valid, negatives.sub(select(valid, eased, 0).mul(scale)).softplus(), 0);
  return reduceValid(where, terms, isPositive, reduction);
}

export interface IntraPairVarianceOptions extends BatchOptions {
  /** The share of the mean by which a positive may be less similar, >= 0. Default 0.01. */
  posEps?: number;
  /** The share of the mean by which a negative may be more similar, >= 0. Default 0.01. */
  negEps?: number;
  /** "cosine" (default), "dot", or a function. */
  similarity?: BatchSimilarity;
  /** Default "mean", which averages the positive and the negative pairs apart, and adds the two. */
  reduction?: Reduction;
}

/**
 * Intra-pair variance: [(1 - posEps) mean(s_p) - s_p]+^2 for positive pairs and [s_n - (1 + negEps) mean(s_n)]+^2 for
 * negative ones, of their similarities s and the means over the batch. An addition to another loss, which keeps the
 * similarities of either kind together.
 *
 * embeddings: [n, d]; labels: [n], int32. Returns [n, n] with reduction "none", 0 on the diagonal. The gradient is 0 at
 * the kinks; it passes the means.
 *
 * Options: posEps (0.01), negEps (0.01), similarity ("cosine"), references (null), pairs (null), reduction ("mean").
 * Yu and Tao 2019, "Deep metric learning with tuplet margin loss", ICCV. Reference values: pytorch-metric-learning's
 * IntraPairVarianceLoss.
 */
export function intraPairVariance(
  embeddings: TensorLike,
  labels: TensorLike,
  options: IntraPairVarianceOptions = {},
): Tensor {
  const where = "intraPairVariance";
  const { posEps, negEps, reduction, ...batch } = resolve<Required<IntraPairVarianceOptions>>(where, options, {
    posEps: 0.01,
    negEps: 0.01,
    similarity: "cosine",
    references: null,
    pairs: null,
    reduction: "mean",
  });
  expectNonNegative(where, "posEps", posEps);
  expectNonNegative(where, "negEps", negEps);
  expectOneOf(where, "reduction", reduction, ["none", "mean", "sum"]);
  const { similarities: s, isPositive, isNegative } = similarityBatch(where, embeddings, labels, batch);
  const below = maskedMean(s, isPositive)
    .mul(1 - posEps)
    .sub(s);
  const above = s.sub(maskedMean(s, isNegative).mul(1 + negEps));
  const positives = select(isPositive, below.relu().square(), 0);
  const negatives = select(isNegative, above.relu().square(), 0);
  if (reduction === "mean") return maskedMean(positives, isPositive).add(maskedMean(negatives, isNegative));
  return reduce(where, positives.add(negatives), reduction);
}
