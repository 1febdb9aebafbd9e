import { add, div, gt, le, mul, relu, sqrt, square, stopGradient, sub, where } from "../autograd/elementwise.ts";
import { gatherOp } from "../autograd/indexing.ts";
import { reshape, sum } from "../autograd/movement.ts";
import { cumsum, max } from "../autograd/reduction.ts";
import { arange, onesLike } from "../tensor/creation.ts";
import { normalizeAxis } from "../tensor/shape.ts";
import { asTensor, type Tensor, type TensorLike } from "../tensor/tensor.ts";
import { sort } from "./selection.ts";

// Sparse relatives of softmax: [x - t]+ and [x - t]+^2, in which small scores get exactly 0. Sorting tells which scores
// are above the threshold t; given those, t is a smooth function of them, and its gradient is taken through that.

/**
 * Sparsemax along an axis (default the last): the distribution nearest to the scores, [x - t]+ with the t for which it
 * sums to 1. Martins and Astudillo 2016, arXiv:1602.02068.
 */
export function sparsemax(x: TensorLike, axis = -1): Tensor {
  const { scores, at, sums, rank } = ranked("sparsemax", x, axis);
  const threshold = max(div(sub(sums, 1), rank), at, { keepDims: true });
  const { total, count } = above(scores, threshold, at);
  return relu(sub(scores, div(sub(total, 1), count)));
}

/**
 * 1.5-entmax along an axis (default the last): [x / 2 - t]+^2 with the t for which it sums to 1, between softmax and
 * sparsemax. Peters, Niculae and Martins 2019, arXiv:1905.05702.
 */
export const entmax15 = (x: TensorLike, axis = -1): Tensor => square(rootOfEntmax15(x, axis));

/** The square root of `entmax15`, [x / 2 - t]+, whose powers have no infinite slope at 0. */
export function rootOfEntmax15(x: TensorLike, axis = -1): Tensor {
  const { scores, at, sorted, sums, rank } = ranked("entmax15", div(asTensor(x), 2), axis);
  const means = div(sums, rank);
  const spread = sub(cumsum(square(sorted), at), mul(sums, means)); // sum of (x - mean)^2 over the first `rank`
  const thresholds = sub(means, sqrt(relu(div(sub(1, spread), rank))));
  const size = sum(le(thresholds, sorted), at, { keepDims: true });
  const { isAbove, total, count } = above(scores, gatherOp(thresholds, sub(size, 1), { axis: at }), at);
  const mean = div(total, count);
  const deviations = where(isAbove, sub(scores, mean), 0);
  const variance = div(sub(1, sum(square(deviations), at, { keepDims: true })), count);
  return relu(sub(scores, sub(mean, sqrt(variance))));
}

/**
 * The scores less their maximum, their constants in falling order with running sums, and 1, 2, 3, ... along the axis.
 */
function ranked(where: string, x: TensorLike, axis: number) {
  const t = asTensor(x);
  const at = normalizeAxis(where, axis, t.ndim);
  const scores = sub(t, stopGradient(max(t, at, { keepDims: true })));
  const sorted = sort(stopGradient(scores), at, { descending: true });
  const rank = reshape(
    add(arange(t.shape[at]), 1),
    t.shape.map((size, i) => (i === at ? size : 1)),
  );
  return { scores, at, sorted, sums: cumsum(sorted, at), rank };
}

/** Which scores are above a threshold, their sum, and their count. */
function above(scores: Tensor, threshold: Tensor, at: number) {
  const isAbove = gt(stopGradient(scores), threshold);
  const total = sum(where(isAbove, scores, 0), at, { keepDims: true });
  const count = sum(where(isAbove, onesLike(scores), 0), at, { keepDims: true });
  return { isAbove, total, count };
}
