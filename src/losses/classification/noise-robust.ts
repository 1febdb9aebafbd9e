import { stopGradient } from "../../autograd/elementwise.ts";
import "../../functional/methods.ts";
import { expectInteger, expectNonNegative, expectNumber, expectPositive, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { labelLogit, pick } from "../classes.ts";
import type { Reduction } from "../reduction.ts";
import { expectFraction } from "../scalar-option.ts";
import { expectLogOfZero, labelCrossEntropy, labelledLogits, missOf, reduceLabelled } from "./labelled.ts";

// Losses over classes for labels of which some are wrong: bounded, or growing more slowly than cross-entropy, so that a
// wrong label cannot pull without limit. All take logits [n, classes, ...] or [classes] and class labels, int32 [n,
// ...].

interface LabelOptions {
  /** Labels with this value count nowhere. Default -100. */
  ignoreIndex?: number;
  reduction?: Reduction;
}

export interface GeneralizedCrossEntropyOptions extends LabelOptions {
  /** In (0, 1]: towards 0 the loss is cross-entropy, at 1 it is 1 - p_y. Default 0.7. */
  q?: number;
  /**
   * In (0, 1) or null: the probability p_y below which the loss stays constant, so that such samples do not pull.
   * Default null.
   */
  truncation?: number | null;
}

/**
 * Generalised cross-entropy: (1 - p_y^q) / q, p = softmax(x).
 *
 * logits [n, classes, ...] or [classes], labels int32 [n, ...] or a number. "none" gives the shape of the labels, 0
 * where ignored; the mean is over the others. With a truncation k, p_y is at least k, and where it is lower the
 * gradient is 0.
 * Options: q (0.7), truncation (none), ignoreIndex (-100), reduction ("mean").
 * Zhang and Sabuncu 2018, arXiv:1805.07836. Reference values: keras.losses.CategoricalGeneralizedCrossEntropy (q 0.5).
 */
export function generalizedCrossEntropy(
  logits: TensorLike,
  labels: TensorLike,
  options: GeneralizedCrossEntropyOptions = {},
): Tensor {
  const { q, truncation, ignoreIndex, reduction } = resolve<Required<GeneralizedCrossEntropyOptions>>(
    "generalizedCrossEntropy",
    options,
    { q: 0.7, truncation: null, ignoreIndex: -100, reduction: "mean" },
  );
  expectNumber("generalizedCrossEntropy", "q", q, "in (0, 1]", (v) => v > 0 && v <= 1);
  if (truncation !== null)
    expectNumber("generalizedCrossEntropy", "truncation", truncation, "in (0, 1), or null", (v) => v > 0 && v < 1);
  const { x, target } = labelledLogits("generalizedCrossEntropy", logits, labels, ignoreIndex);
  const given = labelLogit(x, target).logSigmoid();
  const logp = truncation === null ? given : given.clamp(Math.log(truncation));
  return reduceLabelled("generalizedCrossEntropy", logp.mul(q).expm1().div(-q), target, reduction);
}

export interface TaylorCrossEntropyOptions extends LabelOptions {
  /** How many terms of the series: 1 gives 1 - p_y, many give cross-entropy. Default 2. */
  terms?: number;
}

/**
 * Taylor cross-entropy: sum over j = 1 .. terms of (1 - p_y)^j / j, the series of -log p_y broken off; p = softmax(x).
 *
 * logits [n, classes, ...] or [classes], labels int32 [n, ...] or a number. "none" gives the shape of the labels, 0
 * where ignored; the mean is over the others. Options: terms (2), ignoreIndex (-100), reduction ("mean").
 * Feng et al. 2020, "Can cross entropy loss be robust to label noise?", IJCAI. Reference values: the formula.
 */
export function taylorCrossEntropy(
  logits: TensorLike,
  labels: TensorLike,
  options: TaylorCrossEntropyOptions = {},
): Tensor {
  const { terms, ignoreIndex, reduction } = resolve<Required<TaylorCrossEntropyOptions>>(
    "taylorCrossEntropy",
    options,
    { terms: 2, ignoreIndex: -100, reduction: "mean" },
  );
  expectInteger("taylorCrossEntropy", "terms", terms);
  const { x, target } = labelledLogits("taylorCrossEntropy", logits, labels, ignoreIndex);
  const miss = missOf(x, target);
  let series = miss.div(terms);
  for (let j = terms - 1; j > 0; j--) series = series.add(1 / j).mul(miss); // Horner's rule
  return reduceLabelled("taylorCrossEntropy", series, target, reduction);
}

export interface ProbabilityMAEOptions extends LabelOptions {
  /** A factor, > 0: 1 gives 1 - p_y, 2 the sum over classes of |p_c - y_c|. Default 1. */
  factor?: number;
}

/**
 * The absolute error of the predicted distribution: factor (1 - p_y) = factor / 2 sum_c |p_c - y_c|, p = softmax(x).
 *
 * logits [n, classes, ...] or [classes], labels int32 [n, ...] or a number. "none" gives the shape of the labels, 0
 * where ignored; the mean is over the others. Robust to wrong labels, and slow to learn: its gradient vanishes where
 * p_y is near 0. Options: factor (1), ignoreIndex (-100), reduction ("mean").
 * Ghosh, Kumar and Sastry 2017, arXiv:1712.09482 (factor 2). Reference values: the formula.
 */
export function probabilityMAE(logits: TensorLike, labels: TensorLike, options: ProbabilityMAEOptions = {}): Tensor {
  const { factor, ignoreIndex, reduction } = resolve<Required<ProbabilityMAEOptions>>("probabilityMAE", options, {
    factor: 1,
    ignoreIndex: -100,
    reduction: "mean",
  });
  expectPositive("probabilityMAE", "factor", factor);
  const { x, target } = labelledLogits("probabilityMAE", logits, labels, ignoreIndex);
  return reduceLabelled("probabilityMAE", missOf(x, target).mul(factor), target, reduction);
}

export interface ReverseCrossEntropyOptions extends LabelOptions {
  /** What the logarithm of a target probability of 0 is taken to be, < 0. Default -4. */
  logOfZero?: number;
}

/**
 * Reverse cross-entropy, with prediction and label in each other's place: -sum_c p_c log y_c = -A (1 - p_y), where
 * p = softmax(x) and A stands for log 0.
 *
 * logits [n, classes, ...] or [classes], labels int32 [n, ...] or a number. "none" gives the shape of the labels, 0
 * where ignored; the mean is over the others. Options: logOfZero (-4), ignoreIndex (-100), reduction ("mean").
 * Wang et al. 2019, arXiv:1908.06112. Reference values: the authors' formula; code that clamps the labels at 1e-4 has
 * logOfZero log(1e-4) = -9.21.
 */
export function reverseCrossEntropy(
  logits: TensorLike,
  labels: TensorLike,
  options: ReverseCrossEntropyOptions = {},
): Tensor {
  const { logOfZero, ignoreIndex, reduction } = resolve<Required<ReverseCrossEntropyOptions>>(
    "reverseCrossEntropy",
    options,
    { logOfZero: -4, ignoreIndex: -100, reduction: "mean" },
  );
  expectLogOfZero("reverseCrossEntropy", logOfZero);
  const { x, target } = labelledLogits("reverseCrossEntropy", logits, labels, ignoreIndex);
  return reduceLabelled("reverseCrossEntropy", missOf(x, target).mul(-logOfZero), target, reduction);
}

export interface SymmetricCrossEntropyOptions extends ReverseCrossEntropyOptions {
  /** The factor of cross-entropy, >= 0. Default 0.1. */
  alpha?: number;
  /** The factor of reverse cross-entropy, >= 0. Default 1. */
  beta?: number;
}

/**
 * Symmetric cross-entropy: alpha cross-entropy + beta `reverseCrossEntropy`.
 *
 * logits [n, classes, ...] or [classes], labels int32 [n, ...] or a number. "none" gives the shape of the labels, 0
 * where ignored; the mean is over the others. Options: alpha (0.1), beta (1) and logOfZero (-4), the paper's for
 * CIFAR-10 (for CIFAR-100 alpha 6, beta 0.1), ignoreIndex (-100), reduction ("mean").
 * Wang et al. 2019, arXiv:1908.06112. Reference values: the authors' formula.
 */
export function symmetricCrossEntropy(
  logits: TensorLike,
  labels: TensorLike,
  options: SymmetricCrossEntropyOptions = {},
): Tensor {
  const { alpha, beta, logOfZero, ignoreIndex, reduction } = resolve<Required<SymmetricCrossEntropyOptions>>(
    "symmetricCrossEntropy",
    options,
    { alpha: 0.1, beta: 1, logOfZero: -4, ignoreIndex: -100, reduction: "mean" },
  );
  expectNonNegative("symmetricCrossEntropy", "alpha", alpha);
  expectNonNegative("symmetricCrossEntropy", "beta", beta);
  expectLogOfZero("symmetricCrossEntropy", logOfZero);
  const { x, target } = labelledLogits("symmetricCrossEntropy", logits, labels, ignoreIndex);
  const reverse = missOf(x, target).mul(-logOfZero);
  const terms = labelCrossEntropy(x, target).mul(alpha).add(reverse.mul(beta));
  return reduceLabelled("symmetricCrossEntropy", terms, target, reduction);
}

export interface BootstrapOptions extends LabelOptions {
  /** How far to trust the labels, in [0, 1]; 1 gives cross-entropy. Default 0.95; 0.8 is usual with hard. */
  beta?: number;
  /** Put the most probable class (the first of equals) in place of the predicted probabilities. Default false. */
  hard?: boolean;
  /**
   * Treat the predicted probabilities in the target as constants in the gradient; the paper does not. Default false.
   */
  detach?: boolean;
}

/**
 * Bootstrapped cross-entropy: -sum_c (beta y_c + (1 - beta) t_c) log p_c, p = softmax(x), where the target is corrected
 * by the prediction: t = p, or with hard the one-hot code of the most probable class.
 *
 * logits [n, classes, ...] or [classes], labels int32 [n, ...] or a number. "none" gives the shape of the labels, 0
 * where ignored; the mean is over the others. Options: beta (0.95), hard (false), detach (false), ignoreIndex (-100),
 * reduction ("mean"). Reed et al. 2015, arXiv:1412.6596. Reference values: the formula.
 */
export function bootstrap(logits: TensorLike, labels: TensorLike, options: BootstrapOptions = {}): Tensor {
  const { beta, hard, detach, ignoreIndex, reduction } = resolve<Required<BootstrapOptions>>("bootstrap", options, {
    beta: 0.95,
    hard: false,
    detach: false,
    ignoreIndex: -100,
    reduction: "mean",
  });
  expectFraction("bootstrap", "beta", beta);
  const { x, target } = labelledLogits("bootstrap", logits, labels, ignoreIndex);
  const { axis } = target;
  const logp = x.logSoftmax(axis);
  const p = detach ? stopGradient(logp.exp()) : logp.exp();
  const own = hard ? pick(logp, { ...target, index: x.argmax(axis, { keepDims: true }) }) : p.mul(logp).sum(axis);
  const terms = pick(logp, target)
    .mul(-beta)
    .sub(own.mul(1 - beta));
  return reduceLabelled("bootstrap", terms, target, reduction);
}
