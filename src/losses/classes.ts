import { stopGradient } from "../autograd/elementwise.ts";
import { maskedLogSumExp } from "../functional/masks.ts";
import "../functional/methods.ts";
import {
  asIndices,
  expectIndices,
  expectNonNegativeElements,
  expectProbabilities,
  expectShape,
} from "../tensor/checks.ts";
import { arange } from "../tensor/creation.ts";
import { promote } from "../tensor/dtype.ts";
import { ShapeError, ValueError } from "../tensor/errors.ts";
import { expectNumber } from "../tensor/options.ts";
import { formatShape, type Shape, sameShape } from "../tensor/shape.ts";
import { asTensor, type Tensor, type TensorLike } from "../tensor/tensor.ts";
import { expectTerms, type Reduction, reduce } from "./reduction.ts";

// What losses over classes share: scores [n, classes, ...] or [classes], with labels or probabilities as targets.

/** Where the classes of a tensor lie: on axis 1, in a vector on axis 0. */
export function classAxis(where: string, name: string, scores: Tensor): number {
  if (scores.ndim === 0) throw new ShapeError(where, `${name} must be [n, classes, ...] or [classes], got a number`);
  return scores.ndim === 1 ? 0 : 1;
}

/**
 * Whether a target next to `scores` means class labels: an int32 one does, and one that lacks the class axis.
 * Anything else is a probability for each score.
 */
export function meansLabels(scores: Tensor, target: TensorLike): boolean {
  const t = asTensor(target);
  return t.dtype === "int32" || t.ndim === scores.ndim - 1;
}

/** Class labels that fit their scores. */
export interface Labels {
  /** The class axis of the scores. */
  axis: number;
  /** The labels with a class axis of size 1, and 0 in place of the ignored ones. */
  index: Tensor;
  /** Which labels are ignored, without the class axis. */
  ignored: Tensor;
}

/** Labels [n, ...] for scores [n, classes, ...], checked. `name` is that of the scores in errors. */
export function classLabels(
  where: string,
  name: string,
  scores: Tensor,
  labels: TensorLike,
  ignoreIndex?: number,
): Labels {
  const axis = classAxis(where, name, scores);
  const given = asIndices(where, "labels", labels);
  if (given.ndim > 0 && sameShape(given.shape, scores.shape)) {
    throw new ShapeError(
      where,
      `labels ${formatShape(given.shape)} are int32 class indices and need one axis fewer than ${name} ${formatShape(scores.shape)}; one-hot targets need a float dtype`,
    );
  }
  expectShape(where, "labels", given, withoutAxis(scores.shape, axis));
  if (ignoreIndex !== undefined) expectNumber(where, "ignoreIndex", ignoreIndex, "that is whole", Number.isInteger);
  const of = `the class axis of ${name} ${formatShape(scores.shape)}`;
  expectIndices(where, "labels", given, scores.shape[axis], of, ignoreIndex);
  const ignored = given.eq(ignoreIndex ?? -1);
  return { axis, index: given.maskedFill(ignored, 0).unsqueeze(axis), ignored };
}

export const ignoreIndexIsForLabels = (where: string): ValueError =>
  new ValueError(where, "ignoreIndex is for class labels; leave out the rows to ignore");

/** Probabilities of the shape of `scores`, at least as precise, checked. `what` is their name in errors. */
export function classProbabilities(
  where: string,
  name: string,
  scores: Tensor,
  target: TensorLike,
  what = "probabilities",
): Tensor {
  const t = asTensor(target, scores.dtype, where, what);
  if (!sameShape(t.shape, scores.shape)) {
    throw new ShapeError(
      where,
      `${what} ${formatShape(t.shape)} must have the shape of ${name}, ${formatShape(scores.shape)}; class labels need one axis fewer, ${formatShape(withoutAxis(scores.shape, classAxis(where, name, scores)))}`,
    );
  }
  expectProbabilities(where, what, t);
  return t.to(promote(t.dtype, scores.dtype));
}

const withoutAxis = (shape: Shape, axis: number): Shape => shape.filter((_, i) => i !== axis);

/** The score of the labelled class: [n, classes, ...] -> [n, ...]. */
export const pick = (scores: Tensor, { axis, index }: Labels): Tensor => scores.gather(axis, index).squeeze(axis);

/** Whether each score is that of the labelled class. */
export function isLabelled(scores: Tensor, { axis, index }: Labels): Tensor {
  return index.eq(alongAxis(arange(scores.shape[axis]), scores.ndim, axis));
}

/** A vector [size] as [1, .., size, .., 1], which broadcasts along one axis of a tensor. */
export const alongAxis = (vector: Tensor, ndim: number, axis: number): Tensor =>
  vector.reshape(Array.from({ length: ndim }, (_, i) => (i === axis ? vector.size : 1)));

/** The logarithm of a sum over no class: finite, so that multiples of it are. */
const none = -1e38;

/**
 * x_y - log sum_{c != y} e^{x_c}: the logit of the labelled class against all others, so that p_y = sigmoid of it
 * and 1 - p_y = sigmoid of its negative, each with all its digits.
 */
export function labelLogit(logits: Tensor, labels: Labels): Tensor {
  const shifted = logits.sub(stopGradient(logits.max(labels.axis, { keepDims: true })));
  const others = maskedLogSumExp(shifted, isLabelled(logits, labels).logicalNot(), labels.axis, { empty: none });
  return pick(shifted, labels).sub(others);
}

/** A weight for each class as a tensor [classes], or null; checked. */
export function classWeights(where: string, name: string, weight: TensorLike | null, scores: Tensor): Tensor | null {
  if (weight === null) return null;
  const w = asTensor(weight, scores.dtype, where, name);
  expectShape(where, name, w, [scores.shape[classAxis(where, "scores", scores)]]);
  expectNonNegativeElements(where, name, w);
  return w;
}

/** The weight of each label: [classes] -> [n, ...], 1 without weights, 0 where ignored. */
export function weightOf(weight: Tensor | null, { axis, index, ignored }: Labels, scores: Tensor): Tensor {
  const counted = ignored.logicalNot().to(scores.dtype);
  if (weight === null) return counted;
  return weight
    .indexSelect(0, index.reshape([-1]))
    .reshape(index.shape)
    .squeeze(axis)
    .mul(counted);
}

/** As `reduce`, with the sum of `weights` in place of the count: a weighted mean, 0 where the weights sum to 0. */
export function reduceWeighted(where: string, terms: Tensor, weights: Tensor, reduction: Reduction): Tensor {
  if (reduction !== "mean") return reduce(where, terms, reduction);
  expectTerms(where, terms);
  const total = weights.sum();
  return terms.sum().div(total.maskedFill(total.eq(0), 1));
}

/** y log p, 0 where both y = 0 and log p = -Infinity. */
export function expectation(y: Tensor, logp: Tensor): Tensor {
  const impossible = y.eq(0).logicalAnd(logp.eq(Number.NEGATIVE_INFINITY));
  return y.mul(logp.maskedFill(impossible, 0));
}
