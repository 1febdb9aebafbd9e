import { where as select } from "../../autograd/elementwise.ts";
import { maskedLogSumExp } from "../../functional/masks.ts";
import { expectAxes, expectBinary, expectSameShape, expectShape, floatTensor } from "../../tensor/checks.ts";
import { expectNonNegative, resolve } from "../../tensor/options.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { type BatchSimilarity, reduceValid, similarityBatch } from "./batch.ts";
import { dot } from "./distances.ts";

export interface NPairOptions {
  /** The factor of the squared lengths of anchor and positive, >= 0. Default 0. */
  l2?: number;
  /** "dot" (default), "cosine", or a function. */
  similarity?: BatchSimilarity;
  reduction?: Reduction;
}

/**
 * N-pair loss: log(1 + sum_{j != i} e^(a_i . p_j - a_i . p_i)), one anchor a and one positive p for each class.
 *
 * embeddings: [n, d]; labels: [n], int32. The first row of each class that has two is its anchor, the second its
 * positive; further rows have no part. Returns [n] with reduction "none", by anchor; rows that are no anchor have no
 * term: 0, and "mean" does not count them. `l2` adds l2 (|a|^2 + |p|^2) to each term, as the paper keeps embeddings
 * short.
 *
 * Options: l2 (0), similarity ("dot"), reduction ("mean").
 * Sohn 2016, "Improved deep metric learning with multi-class N-pair loss objective", NeurIPS. Reference values:
 * pytorch-metric-learning's NPairsLoss.
 */
export function nPair(embeddings: TensorLike, labels: TensorLike, options: NPairOptions = {}): Tensor {
  const where = "nPair";
  const { l2, reduction, ...batch } = resolve<Required<NPairOptions>>(where, options, {
    l2: 0,
    similarity: "dot",
    reduction: "mean",
  });
  expectNonNegative(where, "l2", l2);
  const { x, similarities, isPositive } = similarityBatch(where, embeddings, labels, batch);
  const before = isPositive.to(x.dtype).tril(-1).sum(1); // rows of the class that come earlier
  const isAnchor = before.eq(0).logicalAnd(isPositive.any(1));
  const isSecond = before.eq(1);
  const own = isPositive.logicalAnd(isSecond);
  const attraction = select(own, similarities, 0).sum(1);
  const lengths = x.square().sum(1);
  const penalty = lengths.add(select(own, lengths, 0).sum(1)).mul(l2);
  const terms = maskedLogSumExp(similarities, isSecond, 1).sub(attraction).add(penalty);
  return reduceValid(where, select(isAnchor, terms, 0), isAnchor, reduction);
}

export interface NPairMultilabelOptions {
  reduction?: Reduction;
}

/**
 * Multi-label N-pair loss: cross-entropy of softmax_j(a_i . p_j) with targets t_ij = y_i . y_j / sum_j y_i . y_j, which
 * spread over the positives by how many labels they share with the anchor.
 *
 * anchors, positives: [n, d]; labels: [n, classes], 0 or 1, of both. Returns [n] with reduction "none"; a row without
 * labels has loss 0, and "mean" counts it.
 *
 * Options: reduction ("mean").
 * Sohn 2016, NeurIPS; the multi-label form is TensorFlow Addons' npairs_multilabel_loss. Reference values: its formula.
 */
export function nPairMultilabel(
  anchors: TensorLike,
  positives: TensorLike,
  labels: TensorLike,
  options: NPairMultilabelOptions = {},
): Tensor {
  const where = "nPairMultilabel";
  const { reduction } = resolve<Required<NPairMultilabelOptions>>(where, options, { reduction: "mean" });
  const [a, p] = [floatTensor(where, "anchors", anchors), floatTensor(where, "positives", positives)];
  const y = asTensor(labels, a.dtype, where, "labels").to(a.dtype);
  expectAxes(where, "anchors", a, ["n", "d"]);
  expectSameShape(where, { anchors: a, positives: p });
  expectAxes(where, "labels", y, ["n", "classes"]);
  expectShape(where, "labels", y, [a.shape[0], y.shape[1]]);
  expectBinary(where, "labels", y);
  const shared = dot(y);
  const targets = shared.div(shared.sum(1, { keepDims: true }).maximum(1));
  return reduce(where, targets.mul(dot(a, p).logSoftmax(1)).sum(1).neg(), reduction);
}
