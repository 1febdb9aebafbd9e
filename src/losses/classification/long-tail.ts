import { stopGradient } from "../../autograd/elementwise.ts";
import "../../functional/methods.ts";
import { expectNonNegativeElements, expectShape } from "../../tensor/checks.ts";
import { expectNonNegative, expectNumber, expectOneOf, expectPositive, resolve } from "../../tensor/options.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { alongAxis, classWeights, isLabelled, reduceWeighted, weightOf } from "../classes.ts";
import type { Reduction } from "../reduction.ts";
import { countsOfClasses, effectiveWeights, expectBeta } from "./class-counts.ts";
import { labelCrossEntropy, labelledLogits, reduceLabelled } from "./labelled.ts";

// Losses over classes of which some are rare. All take logits [n, classes, ...] or [classes], class labels, int32
// [n, ...], and how many training samples each class has, [classes].

export interface LogitAdjustedOptions {
  /** How strongly the classes' frequencies count; 0 gives cross-entropy. Default 1. */
  tau?: number;
  /** Labels with this value count nowhere. Default -100. */
  ignoreIndex?: number;
  reduction?: Reduction;
}

/**
 * Logit-adjusted cross-entropy: cross-entropy of x_c + tau log pi_c, pi_c = n_c / sum n. Without the adjustment at test
 * time, the model's argmax then is the best for the balanced error.
 *
 * logits [n, classes, ...] or [classes], labels int32 [n, ...] or a number, classCounts [classes], each above 0 (only
 * their proportions matter). "none" gives the shape of the labels, 0 where ignored; the mean is over the others.
 * Options: tau (1), ignoreIndex (-100), reduction ("mean").
 * Menon et al. 2021, arXiv:2007.07314. Reference values: torch.nn.functional.cross_entropy of the adjusted logits.
 */
export function logitAdjusted(
  logits: TensorLike,
  labels: TensorLike,
  classCounts: TensorLike,
  options: LogitAdjustedOptions = {},
): Tensor {
  const { tau, ...rest } = resolve<Required<LogitAdjustedOptions>>("logitAdjusted", options, {
    tau: 1,
    ignoreIndex: -100,
    reduction: "mean",
  });
  expectNonNegative("logitAdjusted", "tau", tau);
  return adjustedCrossEntropy("logitAdjusted", logits, labels, classCounts, tau, rest);
}

export type BalancedSoftmaxOptions = Omit<LogitAdjustedOptions, "tau">;

/**
 * Balanced softmax: -log(n_y e^(x_y) / sum_c n_c e^(x_c)), cross-entropy of x_c + log n_c; `logitAdjusted` with tau 1.
 *
 * logits [n, classes, ...] or [classes], labels int32 [n, ...] or a number, classCounts [classes], each above 0. "none"
 * gives the shape of the labels, 0 where ignored; the mean is over the others.
 * Options: ignoreIndex (-100), reduction ("mean"). Ren et al. 2020, arXiv:2007.10740. Reference values:
 * torch.nn.functional.cross_entropy of the adjusted logits.
 */
export function balancedSoftmax(
  logits: TensorLike,
  labels: TensorLike,
  classCounts: TensorLike,
  options: BalancedSoftmaxOptions = {},
): Tensor {
  const settings = resolve<Required<BalancedSoftmaxOptions>>("balancedSoftmax", options, {
    ignoreIndex: -100,
    reduction: "mean",
  });
  return adjustedCrossEntropy("balancedSoftmax", logits, labels, classCounts, 1, settings);
}

function adjustedCrossEntropy(
  where: string,
  logits: TensorLike,
  labels: TensorLike,
  classCounts: TensorLike,
  tau: number,
  { ignoreIndex, reduction }: Required<BalancedSoftmaxOptions>,
): Tensor {
  const { x, target } = labelledLogits(where, logits, labels, ignoreIndex);
  const counts = countsOfClasses(where, classCounts, x);
  const prior = counts.div(counts.sum()).log().mul(tau);
  const adjusted = x.add(alongAxis(prior, x.ndim, target.axis));
  return reduceLabelled(where, labelCrossEntropy(adjusted, target), target, reduction);
}

export interface LDAMOptions {
  /** The margin of the rarest class, >= 0. Default 0.5. */
  maxMargin?: number;
  /** The factor on the logits, > 0. Default 30. */
  scale?: number;
  /** A factor for each class, [classes]; the mean then divides by the sum of the labels' weights. */
  weight?: TensorLike | null;
  /** Labels with this value count nowhere. Default -100. */
  ignoreIndex?: number;
  reduction?: Reduction;
}

/**
 * Label-distribution-aware margins: cross-entropy of scale (x_c - [c = y] m_y), where the margin m_c is proportional to
 * n_c^(-1/4) and that of the rarest class is maxMargin.
 *
 * logits, usually cosines, [n, classes, ...] or [classes], labels int32 [n, ...] or a number, classCounts [classes],
 * each above 0. "none" gives the shape of the labels, 0 where ignored. The paper's deferred reweighting gives, late in
 * the training, the weights `classWeights.effectiveNumber`.
 * Options: maxMargin (0.5), scale (30), weight (none), ignoreIndex (-100), reduction ("mean").
 * Cao et al. 2019, arXiv:1906.07413. Reference values: pytorch_optimizer's LDAMLoss.
 */
export function ldam(
  logits: TensorLike,
  labels: TensorLike,
  classCounts: TensorLike,
  options: LDAMOptions = {},
): Tensor {
  const { maxMargin, scale, weight, ignoreIndex, reduction } = resolve<Required<LDAMOptions>>("ldam", options, {
    maxMargin: 0.5,
    scale: 30,
    weight: null,
    ignoreIndex: -100,
    reduction: "mean",
  });
  expectNonNegative("ldam", "maxMargin", maxMargin);
  expectPositive("ldam", "scale", scale);
  const { x, target } = labelledLogits("ldam", logits, labels, ignoreIndex);
  const counts = countsOfClasses("ldam", classCounts, x);
  const weights = weightOf(classWeights("ldam", "weight", weight, x), target, x);
  const margins = counts.min().div(counts).pow(0.25).mul(maxMargin);
  const own = isLabelled(x, target)
    .to(x.dtype)
    .mul(alongAxis(margins, x.ndim, target.axis));
  const terms = labelCrossEntropy(x.sub(own).mul(scale), target);
  return reduceWeighted("ldam", terms.maskedFill(target.ignored, 0).mul(weights), weights, reduction);
}

export interface SeesawOptions {
  /** How strongly the pull of frequent classes' samples on rarer classes is weakened, >= 0. Default 0.8. */
  p?: number;
  /** How strongly the pull on classes taken for the label is strengthened again, >= 0. Default 2. */
  q?: number;
  /** The least probability of the label that the strengthening reckons with, in (0, 1). Default 0.01. */
  epsilon?: number;
  /** Labels with this value count nowhere. Default -100. */
  ignoreIndex?: number;
  reduction?: Reduction;
}

/**
 * Seesaw loss: -log(e^(x_y) / (e^(x_y) + sum_{c != y} M_yc C_yc e^(x_c))), with the mitigation
 * M_yc = min(1, n_c / n_y)^p for classes rarer than the label and the compensation C_yc = max(1, p_c / max(p_y,
 * epsilon))^q for classes more probable than it, p = softmax(x). M and C are constants in the gradient.
 *
 * logits [n, classes, ...] or [classes], labels int32 [n, ...] or a number, classCounts [classes], >= 0: the samples
 * seen so far in the paper, and at least 1. `Seesaw` counts them. "none" gives the shape of the labels, 0 where
 * ignored; the mean is over the others. Options: p (0.8), q (2), epsilon (0.01), ignoreIndex (-100), reduction
 * ("mean").
 * Wang et al. 2021, arXiv:2008.10032. Reference values: mmdetection's formula.
 */
export function seesaw(
  logits: TensorLike,
  labels: TensorLike,
  classCounts: TensorLike,
  options: SeesawOptions = {},
): Tensor {
  const { p, q, epsilon, ignoreIndex, reduction } = resolve<Required<SeesawOptions>>("seesaw", options, {
    p: 0.8,
    q: 2,
    epsilon: 0.01,
    ignoreIndex: -100,
    reduction: "mean",
  });
  expectNonNegative("seesaw", "p", p);
  expectNonNegative("seesaw", "q", q);
  expectNumber("seesaw", "epsilon", epsilon, "inside (0, 1)", (v) => v > 0 && v < 1);
  const { x, target } = labelledLogits("seesaw", logits, labels, ignoreIndex);
  const { axis } = target;
  const counts = asTensor(classCounts, x.dtype, "seesaw", "classCounts").to(x.dtype);
  expectShape("seesaw", "classCounts", counts, [x.shape[axis]]);
  expectNonNegativeElements("seesaw", "classCounts", counts);
  const logCounts = counts.clamp(1).log();
  const own = weightOf(logCounts, target, x).unsqueeze(axis);
  const logMitigation = alongAxis(logCounts, x.ndim, axis).sub(own).clamp(undefined, 0).mul(p);
  const logp = stopGradient(x).logSoftmax(axis);
  const logCompensation = logp
    .sub(logp.gather(axis, target.index).clamp(Math.log(epsilon)))
    .relu()
    .mul(q);
  const adjusted = x.add(logMitigation.add(logCompensation).maskedFill(isLabelled(x, target), 0));
  return reduceLabelled("seesaw", labelCrossEntropy(adjusted, target), target, reduction);
}

export interface ClassBalancedOptions {
  /** In (0, 1): towards 0 all classes weigh the same, towards 1 a class weighs 1 / its count. Default 0.9999. */
  beta?: number;
  /**
   * The loss that is weighted: cross-entropy, the sum over classes of binary cross-entropies, or that of binary focal
   * losses. Default "softmax".
   */
  form?: "softmax" | "sigmoid" | "focal";
  /** Of the focal loss, >= 0. Default 2. */
  gamma?: number;
  /** Labels with this value count nowhere. Default -100. */
  ignoreIndex?: number;
  reduction?: Reduction;
}

/**
 * Class-balanced loss: w_y times a loss, where w_c is proportional to (1 - beta) / (1 - beta^n_c) and adds up to the
 * number of classes; these weights alone are `classWeights.effectiveNumber`.
 *
 * logits [n, classes, ...] or [classes], labels int32 [n, ...] or a number, classCounts [classes], each above 0. "none"
 * gives the shape of the labels, 0 where ignored; the mean divides by the count of the others.
 * Options: beta (0.9999), form ("softmax"), gamma (2), ignoreIndex (-100), reduction ("mean").
 * Cui et al. 2019, arXiv:1901.05555. Reference values: the formula. Code in circulation divides the sigmoid form by the
 * number of classes too, the focal form by the number of samples; its "softmax" is the binary cross-entropy of softmax
 * outputs.
 */
export function classBalanced(
  logits: TensorLike,
  labels: TensorLike,
  classCounts: TensorLike,
  options: ClassBalancedOptions = {},
): Tensor {
  const { beta, form, gamma, ignoreIndex, reduction } = resolve<Required<ClassBalancedOptions>>(
    "classBalanced",
    options,
    { beta: 0.9999, form: "softmax", gamma: 2, ignoreIndex: -100, reduction: "mean" },
  );
  expectBeta("classBalanced", beta);
  expectOneOf("classBalanced", "form", form, ["softmax", "sigmoid", "focal"]);
  expectNonNegative("classBalanced", "gamma", gamma);
  const { x, target } = labelledLogits("classBalanced", logits, labels, ignoreIndex);
  const weights = weightOf(effectiveWeights(countsOfClasses("classBalanced", classCounts, x), beta), target, x);
  const agreement = x.mul(isLabelled(x, target).to(x.dtype).mul(2).sub(1)); // the logit of each binary label
  const binary = agreement.neg().softplus();
  const terms = {
    softmax: () => labelCrossEntropy(x, target),
    sigmoid: () => binary.sum(target.axis),
    focal: () => agreement.softplus().mul(-gamma).exp().mul(binary).sum(target.axis),
  }[form]();
  return reduceLabelled("classBalanced", terms.mul(weights), target, reduction);
}
