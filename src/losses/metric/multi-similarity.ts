import { maskedLogSumExp } from "../../functional/masks.ts";
import { expectNumber, expectPositive, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { type BatchOptions, type BatchSimilarity, similarityBatch } from "./batch.ts";

export interface MultiSimilarityOptions extends BatchOptions {
  /** How much the least similar positives outweigh the others, > 0. Default 2. */
  alpha?: number;
  /** How much the most similar negatives outweigh the others, > 0. Default 50. */
  beta?: number;
  /** The similarity that parts positives from negatives. Default 0.5. */
  base?: number;
  /** "cosine" (default), "dot", or a function. */
  similarity?: BatchSimilarity;
  reduction?: Reduction;
}

/**
 * Multi-similarity: log(1 + sum_p e^(-alpha (s_p - base))) / alpha + log(1 + sum_n e^(beta (s_n - base))) / beta for
 * each anchor, of its similarities to positives s_p and to negatives s_n.
 *
 * embeddings: [n, d]; labels: [n], int32. Returns [n] with reduction "none". An anchor without positives (or negatives)
 * lacks that half. The paper mines pairs first: see `losses.miners.multiSimilarity` and the option `pairs`.
 *
 * Options: alpha (2), beta (50), base (0.5), similarity ("cosine"), references (null), pairs (null), reduction
 * ("mean").
 * Wang et al. 2019, "Multi-similarity loss with general pair weighting", CVPR, arXiv:1904.06627. Reference values:
 * pytorch-metric-learning's MultiSimilarityLoss.
 */
export function multiSimilarity(
  embeddings: TensorLike,
  labels: TensorLike,
  options: MultiSimilarityOptions = {},
): Tensor {
  const where = "multiSimilarity";
  const { alpha, beta, base, reduction, ...batch } = resolve<Required<MultiSimilarityOptions>>(where, options, {
    alpha: 2,
    beta: 50,
    base: 0.5,
    similarity: "cosine",
    references: null,
    pairs: null,
    reduction: "mean",
  });
  expectPositive(where, "alpha", alpha);
  expectPositive(where, "beta", beta);
  expectNumber(where, "base", base, "that is finite", Number.isFinite);
  const { similarities, isPositive, isNegative } = similarityBatch(where, embeddings, labels, batch);
  const above = similarities.sub(base);
  const pull = maskedLogSumExp(above.mul(-alpha), isPositive, 1, { addOne: true }).div(alpha);
  const push = maskedLogSumExp(above.mul(beta), isNegative, 1, { addOne: true }).div(beta);
  return reduce(where, pull.add(push), reduction);
}
