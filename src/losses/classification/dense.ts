import { where as select } from "../../autograd/elementwise.ts";
import { safePower } from "../../functional/numerics.ts";
import "../../functional/methods.ts";
import {
  expectBinary,
  expectNotEmpty,
  expectProbabilities,
  expectSameShape,
  floatTensor,
} from "../../tensor/checks.ts";
import { ValueError } from "../../tensor/errors.ts";
import { expectNonNegative, expectNumber, expectPositive, resolve } from "../../tensor/options.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { expectFraction } from "../scalar-option.ts";
import { sigmoidCrossEntropy } from "../sigmoid-cross-entropy.ts";

// Relatives of the focal loss for dense detection: every anchor or pixel is a binary problem, and few are positive.

/** Logits and targets in [0, 1] of one shape, checked. */
function elements(where: string, logits: TensorLike, name: string, targets: TensorLike): [x: Tensor, y: Tensor] {
  const x = floatTensor(where, "logits", logits);
  const y = asTensor(targets, x.dtype, where, name);
  expectSameShape(where, { logits: x, [name]: y });
  expectProbabilities(where, name, y, "map +-1 labels with labels.add(1).div(2)");
  return [x, y];
}

export interface FocalStarOptions {
  /** How steep the loss is, > 0. Default 1. */
  gamma?: number;
  /** An offset to the logits. Default 0. */
  beta?: number;
  /** Weight alpha for positives and 1 - alpha for negatives, in [0, 1]. Default null: none. */
  alpha?: number | null;
  reduction?: Reduction;
}

/**
 * FL*, the alternate form of the focal loss: -log sigmoid(gamma x_t + beta) / gamma, x_t = x (2 y - 1).
 *
 * logits, targets: the same shape, targets 0 or 1. Options: gamma (1), beta (0), alpha (none), reduction ("mean").
 * Lin et al. 2017, arXiv:1708.02002, appendix. Reference values: the formula, as in fvcore's sigmoid_focal_loss_star.
 */
export function focalStar(logits: TensorLike, targets: TensorLike, options: FocalStarOptions = {}): Tensor {
  const where = "focalStar";
  const { gamma, beta, alpha, reduction } = resolve<Required<FocalStarOptions>>(where, options, {
    gamma: 1,
    beta: 0,
    alpha: null,
    reduction: "mean",
  });
  expectPositive(where, "gamma", gamma);
  expectNumber(where, "beta", beta, "that is finite", Number.isFinite);
  if (alpha !== null) expectFraction(where, "alpha", alpha);
  const [x, y] = elements(where, logits, "targets", targets);
  expectBinary(where, "targets", y);
  const terms = x.mul(y.mul(2).sub(1)).mul(-gamma).sub(beta).softplus().div(gamma);
  return reduce(where, alpha === null ? terms : terms.mul(y.mul(2 * alpha - 1).add(1 - alpha)), reduction);
}

export interface ReducedFocalOptions {
  /** The power of the weight, >= 0. Default 2. */
  gamma?: number;
  /** The probability of the target below which a term has its full weight, in (0, 1). Default 0.5. */
  threshold?: number;
  /** Divide by the sum of the weights, in place of the count. Default false. */
  normalized?: boolean;
  reduction?: Reduction;
}

/**
 * The reduced focal loss: cross-entropy times ((1 - p_t) / threshold)^gamma where p_t >= threshold, times 1 below, so
 * that hard examples keep all of their pull.
 *
 * logits, targets: the same shape, targets 0 or 1. The weight jumps where p_t crosses a threshold other than 1/2, as
 * the paper's does.
 * Options: gamma (2), threshold (0.5), normalized (false), reduction ("mean").
 * Sergievskiy and Ponamarev 2019, arXiv:1903.01347. Reference values: the formula, as in segmentation_models_pytorch.
 */
export function reducedFocal(logits: TensorLike, targets: TensorLike, options: ReducedFocalOptions = {}): Tensor {
  const where = "reducedFocal";
  const { gamma, threshold, normalized, reduction } = resolve<Required<ReducedFocalOptions>>(where, options, {
    gamma: 2,
    threshold: 0.5,
    normalized: false,
    reduction: "mean",
  });
  expectNonNegative(where, "gamma", gamma);
  expectNumber(where, "threshold", threshold, "inside (0, 1)", (v) => v > 0 && v < 1);
  const [x, y] = elements(where, logits, "targets", targets);
  expectBinary(where, "targets", y);
  if (normalized && reduction !== "mean") {
    throw new ValueError(where, `normalized divides the mean; with reduction "${reduction}" leave it out`);
  }
  const z = x.mul(y.mul(2).sub(1)); // p_t = sigmoid(z), 1 - p_t = sigmoid(-z)
  const easy = z.sigmoid().ge(threshold);
  const weight = select(easy, safePower(z.neg().sigmoid().div(threshold), gamma), 1);
  const terms = weight.mul(z.neg().softplus());
  if (!normalized) return reduce(where, terms, reduction);
  expectNotEmpty(where, "logits", terms);
  const total = weight.sum();
  return terms.sum().div(total.maskedFill(total.eq(0), 1));
}

export interface QualityFocalOptions {
  /** The power of the distance from the quality, >= 0. Default 2. */
  beta?: number;
  reduction?: Reduction;
}

/**
 * The quality focal loss: |q - p|^beta times the cross-entropy of p against the quality q, p = sigmoid(x).
 *
 * logits, qualities: the same shape, qualities in [0, 1], such as the IoU of a positive's box and 0 for negatives.
 * Value and gradient are 0 at p = q. Options: beta (2), reduction ("mean"; mmdetection adds the classes up). Li et al.
 * 2020, arXiv:2006.04388.
 * Reference values: the formula, as in mmdetection.
 */
export function qualityFocal(logits: TensorLike, qualities: TensorLike, options: QualityFocalOptions = {}): Tensor {
  const where = "qualityFocal";
  const { beta, reduction } = resolve<Required<QualityFocalOptions>>(where, options, { beta: 2, reduction: "mean" });
  expectNonNegative(where, "beta", beta);
  const [x, q] = elements(where, logits, "qualities", qualities);
  return reduce(where, safePower(q.sub(x.sigmoid()).abs(), beta).mul(sigmoidCrossEntropy(x, q)), reduction);
}

export interface VarifocalOptions {
  /** The weight of negatives, >= 0. Default 0.75. */
  alpha?: number;
  /** How strongly easy negatives are passed over, >= 0. Default 2. */
  gamma?: number;
  /** Weigh positives by their quality. Default true. */
  weighPositives?: boolean;
  reduction?: Reduction;
}

/**
 * The varifocal loss: q times the cross-entropy of p against q for positives (q > 0), alpha p^gamma times it for
 * negatives, p = sigmoid(x).
 *
 * logits, qualities: the same shape, qualities in [0, 1], 0 for negatives. Options: alpha (0.75), gamma (2),
 * weighPositives (true), reduction ("mean"). Zhang et al. 2021, arXiv:2008.13367. Reference values: the formula, as in
 * mmdetection.
 */
export function varifocal(logits: TensorLike, qualities: TensorLike, options: VarifocalOptions = {}): Tensor {
  const where = "varifocal";
  const { alpha, gamma, weighPositives, reduction } = resolve<Required<VarifocalOptions>>(where, options, {
    alpha: 0.75,
    gamma: 2,
    weighPositives: true,
    reduction: "mean",
  });
  expectNonNegative(where, "alpha", alpha);
  expectNonNegative(where, "gamma", gamma);
  const [x, q] = elements(where, logits, "qualities", qualities);
  const negative = x.softplus().sub(x).mul(-gamma).exp().mul(alpha); // p^gamma, log p = x - softplus(x)
  const weight = select(q.gt(0), weighPositives ? q : 1, negative);
  return reduce(where, weight.mul(sigmoidCrossEntropy(x, q)), reduction);
}

export interface GaussianFocalOptions {
  /** How strongly well-found pixels are passed over, >= 0. Default 2. */
  alpha?: number;
  /** How little pixels near a peak count as negatives, >= 0. Default 4. */
  gamma?: number;
  /**
   * What the mean divides by: the count (null), a number, or "peaks", the number of pixels of value 1 and at least 1.
   * Default null.
   */
  normalizer?: number | "peaks" | null;
  reduction?: Reduction;
}

/**
 * The focal loss of heat maps: -(1 - p)^alpha log p on peaks (y = 1), -(1 - y)^gamma p^alpha log(1 - p) elsewhere, p =
 * sigmoid(x).
 *
 * logits, heat: the same shape, heat in [0, 1], Gaussians around the peaks of value 1. From logits, where mmdetection
 * takes probabilities and adds 1e-12. Options: alpha (2), gamma (4), normalizer (the count; CornerNet's is "peaks"),
 * reduction ("mean").
 * Law and Deng 2018, arXiv:1808.01244. Reference values: the formula.
 */
export function gaussianFocal(logits: TensorLike, heat: TensorLike, options: GaussianFocalOptions = {}): Tensor {
  const where = "gaussianFocal";
  const { alpha, gamma, normalizer, reduction } = resolve<Required<GaussianFocalOptions>>(where, options, {
    alpha: 2,
    gamma: 4,
    normalizer: null,
    reduction: "mean",
  });
  expectNonNegative(where, "alpha", alpha);
  expectNonNegative(where, "gamma", gamma);
  const [x, y] = elements(where, logits, "heat", heat);
  const peak = y.eq(1);
  const [lossOfOne, lossOfZero] = [x.neg().softplus(), x.softplus()];
  const onPeak = lossOfZero.mul(-alpha).exp().mul(lossOfOne);
  const elsewhere = safePower(y.neg().add(1), gamma).mul(lossOfOne.mul(-alpha).exp()).mul(lossOfZero);
  const terms = select(peak, onPeak, elsewhere);
  if (normalizer === null) return reduce(where, terms, reduction);
  if (reduction !== "mean") {
    throw new ValueError(where, `normalizer divides the mean; with reduction "${reduction}" leave it out`);
  }
  if (normalizer !== "peaks")
    expectNumber(where, "normalizer", normalizer, '> 0 or "peaks"', (v) => v > 0 && v < Infinity);
  expectNotEmpty(where, "logits", terms);
  return terms.sum().div(normalizer === "peaks" ? peak.sum().clamp(1) : normalizer);
}
