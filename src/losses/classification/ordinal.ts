import { safeSqrt } from "../../functional/numerics.ts";
import "../../functional/methods.ts";
import {
  asIndices,
  expectAxes,
  expectIndices,
  expectNonNegativeElements,
  expectNotEmpty,
  expectShape,
  expectWithin,
  floatTensor,
} from "../../tensor/checks.ts";
import { arange } from "../../tensor/creation.ts";
import { expectOneOf, expectPositive, resolve } from "../../tensor/options.ts";
import { formatShape } from "../../tensor/shape.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { alongAxis, classAxis, classLabels, isLabelled, reduceWeighted } from "../classes.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { sigmoidCrossEntropy } from "../sigmoid-cross-entropy.ts";
import { distributionOf } from "./labelled.ts";

// Losses over levels 0 .. K - 1 that have an order. Those with thresholds take logits [n, K - 1, ...] or [K - 1], of
// which number k, from 0, says how surely the level is above k.

/** Logits of thresholds as a float tensor, their axis, and the numbers 0 .. K - 2 along it. */
function thresholds(where: string, logits: TensorLike): { x: Tensor; axis: number; k: Tensor } {
  const x = floatTensor(where, "logits", logits);
  const axis = classAxis(where, "logits", x);
  return { x, axis, k: alongAxis(arange(x.shape[axis]), x.ndim, axis) };
}

/** The shape of `x` without the axis of the classes. */
const shapeOfLabels = (x: Tensor, axis: number) => x.shape.filter((_, i) => i !== axis);

/** Level indices [n, ...] for logits of thresholds, checked, with an axis of size 1 for the thresholds. */
function levels(where: string, labels: TensorLike, x: Tensor, axis: number): Tensor {
  const y = asIndices(where, "labels", labels);
  expectShape(where, "labels", y, shapeOfLabels(x, axis));
  const of = `a scale with the ${x.shape[axis]} thresholds of logits ${formatShape(x.shape)}`;
  expectIndices(where, "labels", y, x.shape[axis] + 1, of);
  return y.unsqueeze(axis);
}

export interface CoralOptions {
  /** A factor for each threshold, [K - 1], >= 0. Default null: none. */
  importance?: TensorLike | null;
  reduction?: Reduction;
}

/**
 * CORAL, ordinal regression by K - 1 binary questions "is the level above k?": the sum over k of
 * importance_k times the binary cross-entropy of x_k with [y > k].
 *
 * logits [n, K - 1, ...] or [K - 1], labels int32 [n, ...] in 0 .. K - 1. Levels come out consistent when the logits
 * are one score plus K - 1 biases, as in the paper's layer: a Linear without bias, plus a parameter [K - 1]. "none"
 * gives the shape of the labels. Options: importance (none), reduction ("mean").
 * Cao, Mirjalili and Raschka 2020, arXiv:1901.07884. Reference values: coral_pytorch.losses.coral_loss.
 */
export function coral(logits: TensorLike, labels: TensorLike, options: CoralOptions = {}): Tensor {
  const { importance, reduction } = resolve<Required<CoralOptions>>("coral", options, {
    importance: null,
    reduction: "mean",
  });
  const { x, axis, k } = thresholds("coral", logits);
  const y = levels("coral", labels, x, axis);
  const weights = importance === null ? null : importanceOf(importance, x, axis);
  const terms = sigmoidCrossEntropy(x, y.gt(k).to(x.dtype));
  return reduce("coral", (weights === null ? terms : terms.mul(weights)).sum(axis), reduction);
}

/** A factor for each threshold, along their axis, checked. */
function importanceOf(importance: TensorLike, x: Tensor, axis: number): Tensor {
  const weights = asTensor(importance, x.dtype, "coral", "importance");
  expectShape("coral", "importance", weights, [x.shape[axis]]);
  expectNonNegativeElements("coral", "importance", weights);
  return alongAxis(weights, x.ndim, axis);
}

/**
 * CORN, ordinal regression by conditional questions: the binary cross-entropy of x_k with [y > k], of the samples with
 * y >= k alone. sigmoid(x_k) is P(y > k | y >= k), so the products of the first of them are P(y > k), in order by
 * themselves.
 *
 * logits [n, K - 1, ...] or [K - 1], labels int32 [n, ...] in 0 .. K - 1. "none" gives the shape of the logits, 0 where
 * a question is not asked; the mean divides by the number of questions asked. Options: reduction ("mean").
 * Shi, Cao and Raschka 2021, arXiv:2111.08851. Reference values: coral_pytorch.losses.corn_loss.
 */
export function corn(logits: TensorLike, labels: TensorLike, options: { reduction?: Reduction } = {}): Tensor {
  const { reduction } = resolve<{ reduction: Reduction }>("corn", options, { reduction: "mean" });
  const { x, axis, k } = thresholds("corn", logits);
  const y = levels("corn", labels, x, axis);
  const asked = y.ge(k).to(x.dtype);
  return reduceWeighted("corn", sigmoidCrossEntropy(x, y.gt(k).to(x.dtype)).mul(asked), asked, reduction);
}

export interface OrdinalOptions {
  /**
   * Whether a level between two whole ones counts in part for the threshold between them. Default false: it does not.
   */
  fractions?: boolean;
  reduction?: Reduction;
}

/**
 * Cumulative binary cross-entropy of graded targets: the sum over k of the binary cross-entropy of x_k with [y >= k +
 * 1]; with fractions, with y - k kept within [0, 1]. Of whole levels it is `coral`.
 *
 * logits [n, K - 1, ...] or [K - 1], targets float [n, ...] in [0, K - 1]. "none" gives the shape of the targets.
 * Options: fractions (false), reduction ("mean"). McCullagh 1980, "Regression models for ordinal data" (the model).
 * Reference values: the formula of tensorflow_ranking's OrdinalLoss.
 */
export function ordinal(logits: TensorLike, targets: TensorLike, options: OrdinalOptions = {}): Tensor {
  const { fractions, reduction } = resolve<Required<OrdinalOptions>>("ordinal", options, {
    fractions: false,
    reduction: "mean",
  });
  const { x, axis, k } = thresholds("ordinal", logits);
  const y = asTensor(targets, x.dtype, "ordinal", "targets").to(x.dtype);
  expectShape("ordinal", "targets", y, shapeOfLabels(x, axis));
  expectWithin("ordinal", "targets", y, 0, x.shape[axis]);
  const above = y.unsqueeze(axis).sub(k);
  const reached = fractions ? above.clamp(0, 1) : above.ge(1).to(x.dtype);
  return reduce("ordinal", sigmoidCrossEntropy(x, reached).sum(axis), reduction);
}

export interface WeightedKappaOptions {
  /** How the disagreement of levels i and j grows: (i - j)^2 or |i - j|. Default "quadratic". */
  weighting?: "quadratic" | "linear";
  /** Take the logarithm, as the paper does; otherwise the loss is 1 - kappa. Default true. */
  log?: boolean;
  /** Added before the logarithm, > 0, which bounds the loss from below by its logarithm. Default 1e-6. */
  epsilon?: number;
}

/**
 * Weighted kappa: log(1 - kappa + epsilon), 1 - kappa = sum_i sum_c w(y_i, c) p_ic / (1/n sum_i sum_j sum_c w(y_i, c)
 * p_jc), the disagreement of predictions with levels over that of the same predictions dealt out by chance; p =
 * softmax(x).
 *
 * logits [n, K], labels int32 [n] in 0 .. K - 1. A statistic of the whole batch, so a scalar without reduction. Where
 * nothing can disagree, as when one level alone occurs and is predicted for certain, 1 - kappa is taken to be 0.
 * Options: weighting ("quadratic"), log (true), epsilon (1e-6).
 * de la Torre, Puig and Valls 2018, "Weighted kappa loss function for multi-class classification of ordinal data in
 * deep learning", Pattern Recognition Letters. Reference values: TensorFlow Addons' WeightedKappaLoss of softmax
 * outputs.
 */
export function weightedKappa(logits: TensorLike, labels: TensorLike, options: WeightedKappaOptions = {}): Tensor {
  const { weighting, log, epsilon } = resolve<Required<WeightedKappaOptions>>("weightedKappa", options, {
    weighting: "quadratic",
    log: true,
    epsilon: 1e-6,
  });
  expectOneOf("weightedKappa", "weighting", weighting, ["quadratic", "linear"]);
  expectPositive("weightedKappa", "epsilon", epsilon);
  const x = floatTensor("weightedKappa", "logits", logits);
  expectAxes("weightedKappa", "logits", x, ["n", "classes"]);
  expectNotEmpty("weightedKappa", "logits", x);
  const y = isLabelled(x, classLabels("weightedKappa", "logits", x, labels)).to(x.dtype);
  const p = x.softmax(1);
  const level = arange(x.shape[1]).to(x.dtype);
  const apart = level.unsqueeze(1).sub(level);
  const weights = weighting === "quadratic" ? apart.square() : apart.abs(); // [K, K]
  const observed = y.matmul(weights).mul(p).mean(0).sum();
  const expected = y.mean(0).matmul(weights).mul(p.mean(0)).sum();
  const never = expected.lt(1e-18); // its square, in the gradient, is still a float32
  const ratio = observed.div(expected.maskedFill(never, 1)).maskedFill(never, 0);
  return log ? ratio.add(epsilon).log() : ratio;
}

export interface SquaredEarthMoverOptions {
  /** Take the root of the mean over levels, as for aesthetic scores (NIMA); otherwise the sum. Default false. */
  root?: boolean;
  /** Labels with this value count nowhere; not for probabilities. Default -100. */
  ignoreIndex?: number;
  reduction?: Reduction;
}

/**
 * The squared earth mover's distance of distributions over levels in order: sum_k (P_k - Y_k)^2 of the running sums of
 * p = softmax(x) and y; with root, sqrt(1/K sum_k (P_k - Y_k)^2), whose gradient at equal distributions is 0.
 *
 * logits [n, K, ...] or [K]; the target is level indices, int32 [n, ...], or distributions of the shape of the logits.
 * "none" gives [n, ...], 0 where ignored; the mean is over the others.
 * Options: root (false), ignoreIndex (-100), reduction ("mean").
 * Hou, Yu and Samaras 2016, arXiv:1611.05916; Talebi and Milanfar 2018, arXiv:1709.05424 (root). Reference values: the
 * formula.
 */
export function squaredEarthMover(
  logits: TensorLike,
  labelsOrProbabilities: TensorLike,
  options: SquaredEarthMoverOptions = {},
): Tensor {
  const { root, reduction } = resolve<Required<SquaredEarthMoverOptions>>("squaredEarthMover", options, {
    root: false,
    ignoreIndex: -100,
    reduction: "mean",
  });
  const x = floatTensor("squaredEarthMover", "logits", logits);
  const target = distributionOf("squaredEarthMover", "logits", x, labelsOrProbabilities, options.ignoreIndex);
  const { axis, y } = target;
  const squares = x.softmax(axis).sub(y).cumsum(axis).square();
  return target.reduceTerms(root ? safeSqrt(squares.mean(axis)) : squares.sum(axis), reduction);
}
