import { where as select, stopGradient } from "../../autograd/elementwise.ts";
import { log1mexp } from "../../functional/numerics.ts";
import "../../functional/methods.ts";
import { expectNonNegative, expectOneOf, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { isLabelled, type Labels, labelLogit, pick } from "../classes.ts";
import type { Reduction } from "../reduction.ts";
import { expectLogOfZero, expectSeveralClasses, labelledLogits, missOf, reduceLabelled } from "./labelled.ts";

// Losses over what they would be for all labels together: bounded by 1, and robust to wrong labels for that reason.

export interface NormalizedCrossEntropyOptions {
  /** Labels with this value count nowhere. Default -100. */
  ignoreIndex?: number;
  reduction?: Reduction;
}

/** f_y / sum_c f_c, where f holds the loss of each label. */
const normalized = (f: Tensor, target: Labels): Tensor => pick(f, target).div(f.sum(target.axis));

/**
 * Normalised cross-entropy: log p_y / sum_c log p_c, in [0, 1], p = softmax(x).
 *
 * logits [n, classes, ...] or [classes], at least two classes; labels int32 [n, ...] or a number. "none" gives the
 * shape of the labels, 0 where ignored; the mean is over the others. Options: ignoreIndex (-100), reduction ("mean").
 * Ma et al. 2020, arXiv:2006.13554. Reference values: the authors' formula.
 */
export function normalizedCrossEntropy(
  logits: TensorLike,
  labels: TensorLike,
  options: NormalizedCrossEntropyOptions = {},
): Tensor {
  const { ignoreIndex, reduction } = resolve<Required<NormalizedCrossEntropyOptions>>(
    "normalizedCrossEntropy",
    options,
    { ignoreIndex: -100, reduction: "mean" },
  );
  const { x, target } = labelledLogits("normalizedCrossEntropy", logits, labels, ignoreIndex);
  expectSeveralClasses("normalizedCrossEntropy", x, target.axis);
  const terms = normalized(x.logSoftmax(target.axis), target);
  return reduceLabelled("normalizedCrossEntropy", terms, target, reduction);
}

export interface NormalizedFocalOptions extends NormalizedCrossEntropyOptions {
  /** How strongly well-classified examples are passed over, >= 0; 0 gives normalised cross-entropy. Default 0.5. */
  gamma?: number;
  /** Treat the factors (1 - p_c)^gamma as constants in the gradient, as the authors' code does. Default false. */
  detachPt?: boolean;
}

/**
 * Normalised focal loss: (1 - p_y)^gamma log p_y / sum_c (1 - p_c)^gamma log p_c, in [0, 1], p = softmax(x).
 *
 * logits [n, classes, ...] or [classes], at least two classes; labels int32 [n, ...] or a number. "none" gives the
 * shape of the labels, 0 where ignored; the mean is over the others.
 * Options: gamma (0.5), detachPt (false), ignoreIndex (-100), reduction ("mean").
 * Ma et al. 2020, arXiv:2006.13554. Reference values: the authors' formula.
 */
export function normalizedFocal(logits: TensorLike, labels: TensorLike, options: NormalizedFocalOptions = {}): Tensor {
  const { gamma, detachPt, ignoreIndex, reduction } = resolve<Required<NormalizedFocalOptions>>(
    "normalizedFocal",
    options,
    { gamma: 0.5, detachPt: false, ignoreIndex: -100, reduction: "mean" },
  );
  expectNonNegative("normalizedFocal", "gamma", gamma);
  const { x, target } = labelledLogits("normalizedFocal", logits, labels, ignoreIndex);
  expectSeveralClasses("normalizedFocal", x, target.axis);
  const terms = normalized(focalOfEach(x, target.axis, gamma, detachPt), target);
  return reduceLabelled("normalizedFocal", terms, target, reduction);
}

/** (1 - p_c)^gamma log p_c of each class. */
function focalOfEach(x: Tensor, axis: number, gamma: number, detachPt: boolean): Tensor {
  const logp = x.logSoftmax(axis);
  const miss = logOfMiss(x, logp, axis).mul(gamma).exp();
  return logp.mul(detachPt ? stopGradient(miss) : miss);
}

/**
 * log(1 - p_c) of each class; that of the most probable one from its logit against the others, as its p may round to 1.
 */
function logOfMiss(x: Tensor, logp: Tensor, axis: number): Tensor {
  const top = { axis, index: x.argmax(axis, { keepDims: true }), ignored: x };
  const isTop = isLabelled(x, top);
  const missOfTop = labelLogit(x, top).neg().logSigmoid().unsqueeze(axis);
  return select(isTop, missOfTop, log1mexp(logp.maskedFill(isTop, -1)));
}

export interface ActivePassiveOptions extends NormalizedCrossEntropyOptions {
  /** The active loss, which raises the probability of the label. Default "normalizedCrossEntropy". */
  active?: "normalizedCrossEntropy" | "normalizedFocal";
  /** The passive loss, which lowers those of the others. Default "probabilityMAE". */
  passive?: "probabilityMAE" | "reverseCrossEntropy";
  /** The factor of the active loss, >= 0. Default 1. */
  alpha?: number;
  /** The factor of the passive loss, >= 0. Default 1. */
  beta?: number;
  /** Of `normalizedFocal`, >= 0. Default 0.5. */
  gamma?: number;
  /** Of `reverseCrossEntropy`, < 0. Default -4. */
  logOfZero?: number;
}

/**
 * Active passive loss: alpha times a normalised loss + beta times a passive one; by default
 * alpha `normalizedCrossEntropy` + beta `probabilityMAE`. Each is robust to wrong labels, and together they learn well.
 *
 * logits [n, classes, ...] or [classes], at least two classes; labels int32 [n, ...] or a number. "none" gives the
 * shape of the labels, 0 where ignored; the mean is over the others. Options: active, passive, alpha (1), beta (1; the
 * authors take 10 and 0.1 for CIFAR-100), gamma (0.5), logOfZero (-4), ignoreIndex (-100), reduction ("mean").
 * Ma et al. 2020, arXiv:2006.13554. Reference values: the authors' formula.
 */
export function activePassive(logits: TensorLike, labels: TensorLike, options: ActivePassiveOptions = {}): Tensor {
  const where = "activePassive";
  const { active, passive, alpha, beta, gamma, logOfZero, ignoreIndex, reduction } = resolve<
    Required<ActivePassiveOptions>
  >(where, options, {
    active: "normalizedCrossEntropy",
    passive: "probabilityMAE",
    alpha: 1,
    beta: 1,
    gamma: 0.5,
    logOfZero: -4,
    ignoreIndex: -100,
    reduction: "mean",
  });
  expectOneOf(where, "active", active, ["normalizedCrossEntropy", "normalizedFocal"]);
  expectOneOf(where, "passive", passive, ["probabilityMAE", "reverseCrossEntropy"]);
  for (const [name, value] of Object.entries({ alpha, beta, gamma })) expectNonNegative(where, name, value);
  expectLogOfZero(where, logOfZero);
  const { x, target } = labelledLogits(where, logits, labels, ignoreIndex);
  expectSeveralClasses(where, x, target.axis);
  const { axis } = target;
  const losses = active === "normalizedFocal" ? focalOfEach(x, axis, gamma, false) : x.logSoftmax(axis);
  const miss = missOf(x, target).mul(passive === "probabilityMAE" ? 1 : -logOfZero);
  return reduceLabelled(where, normalized(losses, target).mul(alpha).add(miss.mul(beta)), target, reduction);
}
