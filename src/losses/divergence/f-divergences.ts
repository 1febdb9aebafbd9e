import "../../functional/methods.ts";
import { safeSqrt } from "../../functional/numerics.ts";
import { expectPositive, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { type DivergenceOptions, divergenceDefaults, ofDistributions, relativeEntropy } from "./distributions.ts";

// Other ways to compare distributions. In all of them log q comes from the model, p is the target, and "none" gives the
// shape without the class axis.

/**
 * The total variation distance: sum_c |p_c - q_c| / 2, the largest difference of the probabilities of any event.
 *
 * logProbabilities = log q, target p (log p with logTarget): the same shape, [n, classes, ...] or one vector. In [0,
 * 1]. The gradient of |.| at 0 is 0. Options: logTarget (false), reduction ("mean").
 * Gibbs and Su 2002, "On choosing and bounding probability metrics". Reference values: the formula.
 */
export function totalVariation(
  logProbabilities: TensorLike,
  target: TensorLike,
  options: DivergenceOptions = {},
): Tensor {
  const settings = resolve("totalVariation", options, divergenceDefaults);
  return ofDistributions("totalVariation", logProbabilities, target, settings, (logq, logp, axis) =>
    logp.exp().sub(logq.exp()).abs().sum(axis).mul(0.5),
  );
}

export interface HellingerOptions extends DivergenceOptions {
  /** The square of the distance, which has a gradient everywhere. Default false. */
  squared?: boolean;
}

/**
 * Hellinger's distance: sqrt(sum_c (sqrt p_c - sqrt q_c)^2 / 2).
 *
 * logProbabilities = log q, target p (log p with logTarget): the same shape, [n, classes, ...] or one vector. In [0,
 * 1]. The gradient at distance 0 is 0. Options: squared (false), logTarget (false), reduction ("mean").
 * Hellinger 1909. Reference values: the formula.
 */
export function hellinger(logProbabilities: TensorLike, target: TensorLike, options: HellingerOptions = {}): Tensor {
  const { squared, ...rest } = resolve<Required<HellingerOptions>>("hellinger", options, {
    squared: false,
    ...divergenceDefaults,
  });
  return ofDistributions("hellinger", logProbabilities, target, rest, (logq, logp, axis) => {
    const roots = (x: Tensor) => x.mul(0.5).exp();
    const square = roots(logp).sub(roots(logq)).square().sum(axis).mul(0.5);
    return squared ? square : safeSqrt(square);
  });
}

/**
 * Bhattacharyya's distance: -log sum_c sqrt(p_c q_c).
 *
 * logProbabilities = log q, target p (log p with logTarget): the same shape, [n, classes, ...] or one vector. Infinite
 * where the two share no class, which counts as 5e29. Options: logTarget (false), reduction ("mean").
 * Bhattacharyya 1943. Reference values: the formula.
 */
export function bhattacharyya(
  logProbabilities: TensorLike,
  target: TensorLike,
  options: DivergenceOptions = {},
): Tensor {
  const settings = resolve("bhattacharyya", options, divergenceDefaults);
  return ofDistributions("bhattacharyya", logProbabilities, target, settings, (logq, logp, axis) =>
    logp.add(logq).mul(0.5).logSumExp(axis).neg(),
  );
}

/**
 * Pearson's chi-squared divergence: sum_c (p_c - q_c)^2 / q_c.
 *
 * logProbabilities = log q, target p (log p with logTarget): the same shape, [n, classes, ...] or one vector. It
 * overflows float32 where p_c / q_c exceeds about 1e19. Options: logTarget (false), reduction ("mean").
 * Pearson 1900. Reference values: the formula.
 */
export function chiSquared(logProbabilities: TensorLike, target: TensorLike, options: DivergenceOptions = {}): Tensor {
  const settings = resolve("chiSquared", options, divergenceDefaults);
  return ofDistributions("chiSquared", logProbabilities, target, settings, (logq, logp, axis) =>
    logp.sub(logq).expm1().square().mul(logq.exp()).sum(axis),
  );
}

export interface RenyiOptions extends DivergenceOptions {
  /** The order, > 0: 1 is Kullback and Leibler's divergence, 1/2 twice Bhattacharyya's. Default 0.5. */
  alpha?: number;
}

/**
 * Rényi's divergence of the prediction q from the target p: log(sum_c p_c^alpha q_c^(1 - alpha)) / (alpha - 1).
 *
 * logProbabilities = log q, target p (log p with logTarget): the same shape, [n, classes, ...] or one vector. It grows
 * with alpha; for alpha >= 1 it is infinite where q_c = 0 < p_c, and log q_c counts as -1e30.
 * Options: alpha (0.5), logTarget (false), reduction ("mean").
 * Rényi 1961, "On measures of entropy and information"; van Erven and Harremoës 2014, arXiv:1206.2459.
 * Reference values: the formula.
 */
export function renyi(logProbabilities: TensorLike, target: TensorLike, options: RenyiOptions = {}): Tensor {
  const { alpha, ...rest } = resolve<Required<RenyiOptions>>("renyi", options, { alpha: 0.5, ...divergenceDefaults });
  expectPositive("renyi", "alpha", alpha);
  return ofDistributions("renyi", logProbabilities, target, rest, (logq, logp, axis) => {
    if (alpha === 1) return relativeEntropy(logp, logq, axis);
    const logs = logp.mul(alpha).add(logq.mul(1 - alpha));
    return logs.logSumExp(axis).div(alpha - 1);
  });
}
