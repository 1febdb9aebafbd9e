import "../../functional/methods.ts";
import { floatTensor } from "../../tensor/checks.ts";
import { ShapeError } from "../../tensor/errors.ts";
import { expectNumber } from "../../tensor/options.ts";
import { formatShape } from "../../tensor/shape.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import {
  classAxis,
  classLabels,
  classProbabilities,
  ignoreIndexIsForLabels,
  isLabelled,
  type Labels,
  labelLogit,
  meansLabels,
  pick,
  reduceWeighted,
} from "../classes.ts";
import { type Reduction, reduce } from "../reduction.ts";

// Logits [n, classes, ...] or [classes] with their targets, and the reduction of losses [n, ...] of them.

/** Labels with this value count nowhere, unless the option ignoreIndex says otherwise. */
export const usualIgnoreIndex = -100;

/** Logits and the class labels that go with them, checked. */
export function labelledLogits(
  where: string,
  logits: TensorLike,
  labels: TensorLike,
  ignoreIndex?: number,
): { x: Tensor; target: Labels } {
  const x = floatTensor(where, "logits", logits);
  return { x, target: classLabels(where, "logits", x, labels, ignoreIndex) };
}

/** The reduction of terms [n, ...] in which ignored labels have 0 and do not count. */
export function reduceLabelled(where: string, terms: Tensor, { ignored }: Labels, reduction: Reduction): Tensor {
  const counted = ignored.logicalNot().to(terms.dtype);
  return reduceWeighted(where, terms.maskedFill(ignored, 0), counted, reduction);
}

/** -log p_y, p = softmax(x). */
export const labelCrossEntropy = (x: Tensor, target: Labels): Tensor => pick(x.logSoftmax(target.axis), target).neg();

/** 1 - p_y with all its digits, p = softmax(x). */
export const missOf = (x: Tensor, target: Labels): Tensor => labelLogit(x, target).neg().sigmoid();

/** A target as a distribution over the classes. */
export interface Distribution {
  axis: number;
  /** Of the shape of the scores; one-hot for labels. */
  y: Tensor;
  /** The reduction of terms [n, ...], without ignored labels. */
  reduceTerms(terms: Tensor, reduction: Reduction): Tensor;
}

/**
 * Labels or probabilities next to scores called `name`, as a distribution. `ignoreIndex` is what the caller gave, if
 * any.
 */
export function distributionOf(
  where: string,
  name: string,
  scores: Tensor,
  labelsOrProbabilities: TensorLike,
  ignoreIndex: number | undefined,
): Distribution {
  const axis = classAxis(where, name, scores);
  if (meansLabels(scores, labelsOrProbabilities)) {
    const target = classLabels(where, name, scores, labelsOrProbabilities, ignoreIndex ?? usualIgnoreIndex);
    return {
      axis,
      y: isLabelled(scores, target).to(scores.dtype),
      reduceTerms: (terms, reduction) => reduceLabelled(where, terms, target, reduction),
    };
  }
  if (ignoreIndex !== undefined) throw ignoreIndexIsForLabels(where);
  const y = classProbabilities(where, name, scores, labelsOrProbabilities);
  return { axis, y, reduceTerms: (terms, reduction) => reduce(where, terms, reduction) };
}

/** Throws unless `value` may stand for the logarithm of 0. */
export const expectLogOfZero = (where: string, value: unknown): void =>
  expectNumber(where, "logOfZero", value, "< 0 and finite", (v) => v < 0 && v > -Infinity);

/** Throws unless there are several classes to choose from. */
export function expectSeveralClasses(where: string, scores: Tensor, axis: number): void {
  if (scores.shape[axis] < 2)
    throw new ShapeError(where, `logits ${formatShape(scores.shape)} need at least two classes, on axis ${axis}`);
}
