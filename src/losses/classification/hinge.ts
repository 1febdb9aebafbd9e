import "../../functional/methods.ts";
import { floatTensor } from "../../tensor/checks.ts";
import { expectNonNegative, expectOneOf, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import {
  classAxis,
  classLabels,
  classProbabilities,
  classWeights,
  isLabelled,
  meansLabels,
  pick,
  weightOf,
} from "../classes.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { agreement, type SignedOptions } from "./agreement.ts";

// Support vector machines, binary and over classes. Every [.]+ is relu, whose gradient at 0 is 0.

export interface HingeOptions extends SignedOptions {
  /** The agreement t x from which on the loss is 0, >= 0. Default 1. */
  margin?: number;
}

function hinged(where: string, scores: TensorLike, targets: TensorLike, options: HingeOptions) {
  const { margin, labels, reduction } = resolve<Required<HingeOptions>>(where, options, {
    margin: 1,
    labels: "signed",
    reduction: "mean",
  });
  expectNonNegative(where, "margin", margin);
  return { violation: agreement(where, scores, targets, labels).neg().add(margin).relu(), reduction };
}

/**
 * The binary hinge loss of support vector machines: [margin - t x]+.
 *
 * scores, targets: the same shape, targets 1 or -1 (1 or 0 with labels "binary"). The gradient at the kink is 0.
 * Options: margin (1), labels ("signed"), reduction ("mean").
 * Cortes and Vapnik 1995, "Support-vector networks". Reference values: optax.losses.hinge_loss, keras.losses.Hinge.
 */
export function hinge(scores: TensorLike, targets: TensorLike, options: HingeOptions = {}): Tensor {
  const { violation, reduction } = hinged("hinge", scores, targets, options);
  return reduce("hinge", violation, reduction);
}

/**
 * The squared hinge loss: [margin - t x]+^2, whose gradient has no jump.
 *
 * scores, targets: the same shape, targets 1 or -1 (1 or 0 with labels "binary").
 * Options: margin (1), labels ("signed"), reduction ("mean"). Reference values: keras.losses.SquaredHinge.
 */
export function squaredHinge(scores: TensorLike, targets: TensorLike, options: HingeOptions = {}): Tensor {
  const { violation, reduction } = hinged("squaredHinge", scores, targets, options);
  return reduce("squaredHinge", violation.square(), reduction);
}

/**
 * The logistic loss of signed targets: log(1 + e^{-t x}) = softplus(-t x), for scores of any size.
 *
 * scores, targets: the same shape, targets 1 or -1 (1 or 0 with labels "binary").
 * Options: labels ("signed"), reduction ("mean").
 * Reference values: torch.nn.SoftMarginLoss, where that does not overflow.
 */
export function softMargin(scores: TensorLike, targets: TensorLike, options: SignedOptions = {}): Tensor {
  const { labels, reduction } = resolve<Required<SignedOptions>>("softMargin", options, {
    labels: "signed",
    reduction: "mean",
  });
  return reduce("softMargin", agreement("softMargin", scores, targets, labels).neg().softplus(), reduction);
}

export interface MultiMarginOptions {
  /** The power of each violation, 1 or 2. Default 1. */
  p?: 1 | 2;
  /** By how much the labelled class must win, >= 0. Default 1. */
  margin?: number;
  /** A factor for each class, [classes]; the mean still divides by the count. */
  weight?: TensorLike | null;
  /** Divide by the number of classes, as PyTorch does and the paper does not. Default true. */
  divideByClasses?: boolean;
  reduction?: Reduction;
}

/**
 * The multi-class hinge loss of Weston and Watkins: w_y / classes sum_{j != y} [margin - x_y + x_j]+^p.
 *
 * scores [n, classes, ...] or [classes], labels int32 [n, ...] or a number. "none" gives the shape of the labels.
 * Options: p (1), margin (1), weight (none), divideByClasses (true), reduction ("mean").
 * Weston and Watkins 1999, "Support vector machines for multi-class pattern recognition".
 * Reference values: torch.nn.MultiMarginLoss.
 */
export function multiMargin(scores: TensorLike, labels: TensorLike, options: MultiMarginOptions = {}): Tensor {
  const { p, margin, weight, divideByClasses, reduction } = resolve<Required<MultiMarginOptions>>(
    "multiMargin",
    options,
    { p: 1, margin: 1, weight: null, divideByClasses: true, reduction: "mean" },
  );
  expectOneOf("multiMargin", "p", p, [1, 2]);
  expectNonNegative("multiMargin", "margin", margin);
  const x = floatTensor("multiMargin", "scores", scores);
  const target = classLabels("multiMargin", "scores", x, labels);
  const classWeight = classWeights("multiMargin", "weight", weight, x);
  const { axis } = target;
  const violation = x.sub(x.gather(axis, target.index)).add(margin).relu().maskedFill(isLabelled(x, target), 0);
  let terms = (p === 1 ? violation : violation.square()).sum(axis);
  if (divideByClasses) terms = terms.div(x.shape[axis]);
  if (classWeight !== null) terms = terms.mul(weightOf(classWeight, target, x));
  return reduce("multiMargin", terms, reduction);
}

export interface CrammerSingerOptions {
  /** By how much the labelled class must win, >= 0. Default 1. */
  margin?: number;
  reduction?: Reduction;
}

/**
 * The multi-class hinge loss of Crammer and Singer: max_j (x_j + margin [j != y]) - x_y, the worst violation alone.
 *
 * scores [n, classes, ...] or [classes], labels int32 [n, ...] or a number. "none" gives the shape of the labels.
 * Classes that tie for the maximum share its gradient evenly. Options: margin (1), reduction ("mean").
 * Crammer and Singer 2001, "On the algorithmic implementation of multiclass kernel-based vector machines".
 * Reference values: optax.losses.multiclass_hinge_loss.
 */
export function crammerSinger(scores: TensorLike, labels: TensorLike, options: CrammerSingerOptions = {}): Tensor {
  const { margin, reduction } = resolve<Required<CrammerSingerOptions>>("crammerSinger", options, {
    margin: 1,
    reduction: "mean",
  });
  expectNonNegative("crammerSinger", "margin", margin);
  const x = floatTensor("crammerSinger", "scores", scores);
  const target = classLabels("crammerSinger", "scores", x, labels);
  const handicap = isLabelled(x, target).logicalNot().to(x.dtype).mul(margin);
  return reduce("crammerSinger", x.add(handicap).max(target.axis).sub(pick(x, target)), reduction);
}

/**
 * Keras's categorical hinge: [1 + max_c (1 - y_c) x_c - sum_c y_c x_c]+.
 *
 * scores [n, classes, ...] or [classes]; the target is class labels, int32 [n, ...], or one-hot rows of the shape of
 * the scores. The labelled class takes part in the maximum with 0, so this is `crammerSinger` only where another class
 * scores at least 0. Classes that tie for the maximum share its gradient evenly; at the kink it is 0.
 * Options: reduction ("mean"). Reference values: keras.losses.CategoricalHinge.
 */
export function categoricalHinge(
  scores: TensorLike,
  labelsOrOneHot: TensorLike,
  options: { reduction?: Reduction } = {},
): Tensor {
  const { reduction } = resolve<{ reduction: Reduction }>("categoricalHinge", options, { reduction: "mean" });
  const x = floatTensor("categoricalHinge", "scores", scores);
  const axis = classAxis("categoricalHinge", "scores", x);
  const y = meansLabels(x, labelsOrOneHot)
    ? isLabelled(x, classLabels("categoricalHinge", "scores", x, labelsOrOneHot)).to(x.dtype)
    : classProbabilities("categoricalHinge", "scores", x, labelsOrOneHot, "targets");
  const others = y.neg().add(1).mul(x).max(axis);
  return reduce("categoricalHinge", others.sub(y.mul(x).sum(axis)).add(1).relu(), reduction);
}

/**
 * The perceptron loss over classes: max_j x_j - x_y, `crammerSinger` without a margin.
 *
 * scores [n, classes, ...] or [classes], labels int32 [n, ...] or a number. "none" gives the shape of the labels.
 * Classes that tie for the maximum share its gradient evenly. Options: reduction ("mean").
 * Collins 2002, "Discriminative training methods for hidden Markov models". Reference values:
 * optax.losses.multiclass_perceptron_loss.
 */
export function multiclassPerceptron(
  scores: TensorLike,
  labels: TensorLike,
  options: { reduction?: Reduction } = {},
): Tensor {
  const where = "multiclassPerceptron";
  const { reduction } = resolve<{ reduction: Reduction }>(where, options, { reduction: "mean" });
  const x = floatTensor(where, "scores", scores);
  const target = classLabels(where, "scores", x, labels);
  return reduce(where, x.max(target.axis).sub(pick(x, target)), reduction);
}
