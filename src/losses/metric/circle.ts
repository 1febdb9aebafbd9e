import { where as select, stopGradient } from "../../autograd/elementwise.ts";
import { maskedLogSumExp } from "../../functional/masks.ts";
import { expectNumber, expectPositive, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import type { SparseReduction } from "../mean-non-zero.ts";
import { type BatchOptions, type BatchSimilarity, reduceValid, similarityBatch } from "./batch.ts";

export interface CircleOptions extends BatchOptions {
  /** How far from 1 and 0 similarities may stay, in [-1, 1]. Default 0.4, for retrieval; 0.25 for faces. */
  margin?: number;
  /** The scale gamma, > 0. Default 80, for retrieval; 256 for faces. */
  gamma?: number;
  /** "cosine" (default), "dot", or a function. */
  similarity?: BatchSimilarity;
  /** Default "mean", over the anchors that have a positive and a negative. */
  reduction?: SparseReduction;
}

/**
 * Circle loss: softplus(LSE_p(-gamma [1 + m - s_p]+ (s_p - 1 + m)) + LSE_n(gamma [s_n + m]+ (s_n - m))) for each
 * anchor, of its similarities to positives s_p and to negatives s_n. The weights [.]+ are constants: no gradient
 * passes.
 *
 * embeddings: [n, d]; labels: [n], int32. Returns [n] with reduction "none". An anchor without a positive or without a
 * negative has no term: 0, and "mean" does not count it.
 *
 * Options: margin (0.4), gamma (80), similarity ("cosine"), references (null), pairs (null), reduction ("mean").
 * Sun et al. 2020, "Circle loss: a unified perspective of pair similarity optimization", CVPR, arXiv:2002.10857.
 * Reference values: pytorch-metric-learning's CircleLoss. Keras's has the same value, but lets the gradient through the
 * weights.
 */
export function circle(embeddings: TensorLike, labels: TensorLike, options: CircleOptions = {}): Tensor {
  const where = "circle";
  const { margin, gamma, reduction, ...batch } = resolve<Required<CircleOptions>>(where, options, {
    margin: 0.4,
    gamma: 80,
    similarity: "cosine",
    references: null,
    pairs: null,
    reduction: "mean",
  });
  expectNumber(where, "margin", margin, "in [-1, 1]", (v) => v >= -1 && v <= 1);
  expectPositive(where, "gamma", gamma);
  const { similarities: s, isPositive, isNegative } = similarityBatch(where, embeddings, labels, batch);
  // With q = 1 - m - s for positives and s - m for negatives, both logits are gamma [q + 2 m]+ q.
  const sign = select(isPositive, -1, 1).to(s.dtype);
  const q = s.mul(sign).add(isPositive.to(s.dtype).sub(margin));
  const weight = stopGradient(q)
    .add(2 * margin)
    .relu()
    .mul(gamma);
  const logits = weight.mul(q);
  const valid = isPositive.any(1).logicalAnd(isNegative.any(1));
  const farthest = maskedLogSumExp(logits, isPositive, 1);
  const nearest = maskedLogSumExp(logits, isNegative, 1);
  return reduceValid(where, select(valid, farthest.add(nearest).softplus(), 0), valid, reduction);
}
