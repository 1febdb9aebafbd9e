import { where as select } from "../../autograd/elementwise.ts";
import { expectNonNegative, expectNumber, expectOneOf, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { meanNonZero, type SparseReduction } from "../mean-non-zero.ts";
import { type BatchOptions, type BatchSimilarity, reduceValid, similarityBatch } from "./batch.ts";

export interface ThresholdConsistentMarginOptions extends BatchOptions {
  /** The similarity below which positive pairs have a loss, in [-1, 1]. Default 0.9. */
  posMargin?: number;
  /** The similarity above which negative pairs have a loss, in [-1, 1]. Default 0.5. */
  negMargin?: number;
  /** The factor of the positive pairs, >= 0. Default 1. */
  posWeight?: number;
  /** The factor of the negative pairs, >= 0. Default 1. */
  negWeight?: number;
  /** "cosine" (default), "dot", or a function. */
  similarity?: BatchSimilarity;
  /** Default "meanNonZero", which averages the positive and the negative pairs with a loss apart, and adds the two. */
  reduction?: SparseReduction;
}

/**
 * Threshold-consistent margin: posWeight [posMargin - s]+ for positive pairs, negWeight [s - negMargin]+ for negative
 * ones, of their similarities s. An addition to another loss, so that one threshold of similarity suits all classes.
 *
 * embeddings: [n, d]; labels: [n], int32. Returns [n, n] with reduction "none", 0 on the diagonal, which "mean" does
 * not count. The gradient is 0 at the kinks.
 *
 * Options: posMargin (0.9), negMargin (0.5), posWeight (1), negWeight (1), similarity ("cosine"), references (null),
 * pairs (null), reduction ("meanNonZero").
 * Zhang et al. 2024, "Threshold-consistent margin loss for open-world deep metric learning", ICLR, arXiv:2307.04047.
 * Reference values: pytorch-metric-learning's ThresholdConsistentMarginLoss.
 */
export function thresholdConsistentMargin(
  embeddings: TensorLike,
  labels: TensorLike,
  options: ThresholdConsistentMarginOptions = {},
): Tensor {
  const where = "thresholdConsistentMargin";
  const settings = resolve<Required<ThresholdConsistentMarginOptions>>(where, options, {
    posMargin: 0.9,
    negMargin: 0.5,
    posWeight: 1,
    negWeight: 1,
    similarity: "cosine",
    references: null,
    pairs: null,
    reduction: "meanNonZero",
  });
  const { posMargin, negMargin, posWeight, negWeight, reduction, ...batch } = settings;
  for (const [name, value] of Object.entries({ posMargin, negMargin })) {
    expectNumber(where, name, value, "in [-1, 1]", (v) => v >= -1 && v <= 1);
  }
  expectNonNegative(where, "posWeight", posWeight);
  expectNonNegative(where, "negWeight", negWeight);
  expectOneOf(where, "reduction", reduction, ["none", "mean", "sum", "meanNonZero"]);
  const { similarities: s, isPositive, isNegative } = similarityBatch(where, embeddings, labels, batch);
  const pull = select(isPositive, s.neg().add(posMargin).relu(), 0).mul(posWeight);
  const push = select(isNegative, s.sub(negMargin).relu(), 0).mul(negWeight);
  if (reduction === "meanNonZero") return meanNonZero(pull).add(meanNonZero(push));
  return reduceValid(where, pull.add(push), isPositive.logicalOr(isNegative), reduction);
}
