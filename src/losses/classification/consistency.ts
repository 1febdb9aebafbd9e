import { concat } from "../../autograd/movement.ts";
import "../../functional/methods.ts";
import { expectSameShape, expectShape, floatTensor } from "../../tensor/checks.ts";
import { ShapeError } from "../../tensor/errors.ts";
import { expectNonNegative, resolve } from "../../tensor/options.ts";
import { formatShape } from "../../tensor/shape.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { pick } from "../classes.ts";
import type { Reduction } from "../reduction.ts";
import { expectFraction } from "../scalar-option.ts";
import { labelledLogits, reduceLabelled } from "./labelled.ts";

// Cross-entropy plus what several predictions for one sample differ by, or what a single one lacks in doubt.

export interface JensenShannonConsistencyOptions {
  /** The factor of the consistency, >= 0. Default 12. */
  alpha?: number;
  /** Targets of the cross-entropy become y (1 - labelSmoothing) + labelSmoothing / classes. Default 0. */
  labelSmoothing?: number;
  /** Labels with this value count nowhere. Default -100. */
  ignoreIndex?: number;
  reduction?: Reduction;
}

/**
 * AugMix: the cross-entropy of the clean image + alpha times the Jensen-Shannon divergence of the predictions for it
 * and for its augmented views, 1/V sum_v KL(p_v || M), M = 1/V sum_v p_v, the clean image among the V.
 *
 * logits [n, classes, ...] or [classes], of the clean images; augmentedLogits [views, ...shape of logits], two views in
 * the paper; labels int32 [n, ...] or a number. "none" gives the shape of the labels, 0 where ignored; the mean is over
 * the others. The mixture is taken in log space, without the clamp at 1e-7 that libraries need.
 * Options: alpha (12), labelSmoothing (0; timm's default is 0.1), ignoreIndex (-100), reduction ("mean").
 * Hendrycks et al. 2020, arXiv:1912.02781. Reference values: timm.loss.JsdCrossEntropy.
 */
export function jensenShannonConsistency(
  logits: TensorLike,
  augmentedLogits: TensorLike,
  labels: TensorLike,
  options: JensenShannonConsistencyOptions = {},
): Tensor {
  const where = "jensenShannonConsistency";
  const { alpha, labelSmoothing, ignoreIndex, reduction } = resolve<Required<JensenShannonConsistencyOptions>>(
    where,
    options,
    { alpha: 12, labelSmoothing: 0, ignoreIndex: -100, reduction: "mean" },
  );
  expectNonNegative(where, "alpha", alpha);
  expectFraction(where, "labelSmoothing", labelSmoothing);
  const { x, target } = labelledLogits(where, logits, labels, ignoreIndex);
  const augmented = floatTensor(where, "augmentedLogits", augmentedLogits);
  if (augmented.ndim === 0 || augmented.shape[0] === 0)
    throw new ShapeError(where, `augmentedLogits ${formatShape(augmented.shape)} must hold at least one view`);
  expectShape(where, "augmentedLogits", augmented, [augmented.shape[0], ...x.shape]);
  const { axis } = target;
  const logp = concat([x.unsqueeze(0), augmented]).logSoftmax(axis + 1);
  const mixture = logp.logSumExp(0).sub(Math.log(logp.shape[0]));
  const divergence = logp
    .exp()
    .mul(logp.sub(mixture))
    .sum(axis + 1)
    .mean(0);
  const clean = x.logSoftmax(axis);
  const smooth = clean.mean(axis).mul(-labelSmoothing);
  const crossEntropy = pick(clean, target)
    .mul(labelSmoothing - 1)
    .add(smooth);
  return reduceLabelled(where, crossEntropy.add(divergence.mul(alpha)), target, reduction);
}

export interface RDropOptions {
  /** The factor of the divergence, >= 0. Default 1; the paper takes 0.1 to 5. */
  alpha?: number;
  /** Labels with this value count nowhere. Default -100. */
  ignoreIndex?: number;
  reduction?: Reduction;
}

/**
 * R-Drop: the cross-entropies of two passes of one sample through a model with dropout, plus how far the passes are
 * apart: -log p_y - log q_y + alpha / 2 (KL(p || q) + KL(q || p)).
 *
 * logits, otherLogits: [n, classes, ...] or [classes], the two passes; labels int32 [n, ...] or a number. "none" gives
 * the shape of the labels, 0 where ignored; the mean is over the others. Both passes get gradients.
 * Options: alpha (1), ignoreIndex (-100), reduction ("mean").
 * Liang et al. 2021, arXiv:2106.14448. Reference values: the formula.
 */
export function rDrop(
  logits: TensorLike,
  otherLogits: TensorLike,
  labels: TensorLike,
  options: RDropOptions = {},
): Tensor {
  const { alpha, ignoreIndex, reduction } = resolve<Required<RDropOptions>>("rDrop", options, {
    alpha: 1,
    ignoreIndex: -100,
    reduction: "mean",
  });
  expectNonNegative("rDrop", "alpha", alpha);
  const { x, target } = labelledLogits("rDrop", logits, labels, ignoreIndex);
  const other = floatTensor("rDrop", "otherLogits", otherLogits);
  expectSameShape("rDrop", { logits: x, otherLogits: other });
  const [logp, logq] = [x, other].map((t) => t.logSoftmax(target.axis));
  const divergences = logp.exp().sub(logq.exp()).mul(logp.sub(logq)).sum(target.axis); // both directions
  const terms = pick(logp.add(logq), target)
    .neg()
    .add(divergences.mul(alpha / 2));
  return reduceLabelled("rDrop", terms, target, reduction);
}

export interface ConfidencePenaltyOptions {
  /** The factor of the entropy, >= 0. Default 0.1. */
  beta?: number;
  /** Labels with this value count nowhere. Default -100. */
  ignoreIndex?: number;
  reduction?: Reduction;
}

/**
 * Cross-entropy with a bonus for doubt: -log p_y - beta H(p), H(p) = -sum_c p_c log p_c, p = softmax(x). Negative where
 * a right prediction is in doubt.
 *
 * logits [n, classes, ...] or [classes], labels int32 [n, ...] or a number. "none" gives the shape of the labels, 0
 * where ignored; the mean is over the others. Options: beta (0.1), ignoreIndex (-100), reduction ("mean").
 * Pereyra et al. 2017, arXiv:1701.06548. Reference values: the formula.
 */
export function confidencePenalty(
  logits: TensorLike,
  labels: TensorLike,
  options: ConfidencePenaltyOptions = {},
): Tensor {
  const { beta, ignoreIndex, reduction } = resolve<Required<ConfidencePenaltyOptions>>("confidencePenalty", options, {
    beta: 0.1,
    ignoreIndex: -100,
    reduction: "mean",
  });
  expectNonNegative("confidencePenalty", "beta", beta);
  const { x, target } = labelledLogits("confidencePenalty", logits, labels, ignoreIndex);
  const logp = x.logSoftmax(target.axis);
  const terms = logp.exp().mul(logp).sum(target.axis).mul(beta).sub(pick(logp, target));
  return reduceLabelled("confidencePenalty", terms, target, reduction);
}
