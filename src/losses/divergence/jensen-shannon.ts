import "../../functional/methods.ts";
import { floatTensor } from "../../tensor/checks.ts";
import { ShapeError, ValueError } from "../../tensor/errors.ts";
import { expectNumber, resolve } from "../../tensor/options.ts";
import { formatShape } from "../../tensor/shape.ts";
import { type Tensor, type TensorLike, tensor } from "../../tensor/tensor.ts";
import { alongAxis } from "../classes.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { expectFraction } from "../scalar-option.ts";
import {
  type DivergenceOptions,
  divergenceDefaults,
  finiteLogs,
  logsOf,
  ofDistributions,
  relativeEntropy,
} from "./distributions.ts";

// Divergences from a mixture of the two distributions, which are finite where Kullback and Leibler's is not.

/** log((1 - weight) q + weight p). */
const logMixture = (logq: Tensor, logp: Tensor, weight: number): Tensor =>
  logq.add(Math.log1p(-weight)).logAddExp(logp.add(Math.log(weight)));

const towardsMixture =
  (weight: number) =>
  (logq: Tensor, logp: Tensor, axis: number): Tensor => {
    const logm = logMixture(logq, logp, weight);
    return relativeEntropy(logp, logm, axis)
      .mul(weight)
      .add(relativeEntropy(logq, logm, axis).mul(1 - weight));
  };

export interface JensenShannonOptions extends DivergenceOptions {
  /** The weight w of the target in the mixture, inside (0, 1). Default 0.5. */
  weight?: number;
}

/**
 * Jensen and Shannon's divergence: w D(p || m) + (1 - w) D(q || m) for the mixture m = w p + (1 - w) q. With w = 1/2 it
 * is symmetric and at most log 2.
 *
 * logProbabilities = log q, target p (log p with logTarget): the same shape, [n, classes, ...] or one vector. "none"
 * gives the shape without the class axis. Zeros on either side are finite; the gradient by a probability of 0 is given
 * as 0.
 * Options: weight (0.5), logTarget (false), reduction ("mean").
 * Lin 1991, "Divergence measures based on the Shannon entropy". Reference values: scipy.spatial.distance.jensenshannon,
 * squared.
 */
export function jensenShannon(
  logProbabilities: TensorLike,
  target: TensorLike,
  options: JensenShannonOptions = {},
): Tensor {
  const { weight, ...rest } = resolve<Required<JensenShannonOptions>>("jensenShannon", options, {
    weight: 0.5,
    ...divergenceDefaults,
  });
  expectNumber("jensenShannon", "weight", weight, "inside (0, 1)", (v) => v > 0 && v < 1);
  return ofDistributions("jensenShannon", logProbabilities, target, rest, towardsMixture(weight));
}

export interface MultiwayJensenShannonOptions {
  /** A weight >= 0 for each distribution, with sum 1. Default equal ones. */
  weights?: readonly number[] | null;
  reduction?: Reduction;
}

/**
 * Jensen and Shannon's divergence of k distributions: sum_i w_i D(p_i || m) for their mixture m = sum_i w_i p_i, at
 * most log k; the consistency of AugMix is that of an image and two distortions of it.
 *
 * logProbabilities [k, n, classes, ...] or [k, classes]. "none" gives the shape without the first and the class axis.
 * Options: weights (1 / k each), reduction ("mean").
 * Lin 1991, "Divergence measures based on the Shannon entropy"; Hendrycks et al. 2020, arXiv:1912.02781 (AugMix).
 * Reference values: the entropies of the mixture and its parts.
 */
export function multiwayJensenShannon(
  logProbabilities: TensorLike,
  options: MultiwayJensenShannonOptions = {},
): Tensor {
  const { weights, reduction } = resolve<Required<MultiwayJensenShannonOptions>>("multiwayJensenShannon", options, {
    weights: null,
    reduction: "mean",
  });
  const given = floatTensor("multiwayJensenShannon", "logProbabilities", logProbabilities);
  if (given.ndim < 2 || given.shape[0] === 0) {
    throw new ShapeError(
      "multiwayJensenShannon",
      `logProbabilities must be [k, n, classes, ...] or [k, classes], k at least 1, got ${formatShape(given.shape)}`,
    );
  }
  const k = given.shape[0];
  const w = tensor(weights ?? new Array(k).fill(1 / k), { dtype: given.dtype });
  if (weights !== null) expectWeights(weights, k);
  const along = alongAxis(w, given.ndim, 0);
  const logp = finiteLogs(given);
  const logm = logp.add(logsOf(along)).logSumExp(0, { keepDims: true });
  const divergences = relativeEntropy(logp, logm, given.ndim === 2 ? 1 : 2).mul(alongAxis(w, given.ndim - 1, 0));
  return reduce("multiwayJensenShannon", divergences.sum(0), reduction);
}

function expectWeights(weights: readonly number[], count: number): void {
  const sum = weights.reduce((a, b) => a + b, 0);
  if (weights.length !== count || !weights.every((w) => w >= 0) || Math.abs(sum - 1) > 1e-6) {
    throw new ValueError(
      "multiwayJensenShannon",
      `weights must be ${count} numbers >= 0 with sum 1, one for each distribution, got [${weights.join(", ")}]`,
    );
  }
}

export interface GeneralizedJensenShannonOptions extends DivergenceOptions {
  /** The weight of the target (teacher), in [0, 1]: 0 is D(p || q), 1 is D(q || p). Default 0.5. */
  beta?: number;
}

/**
 * The generalised Jensen-Shannon divergence of on-policy distillation: `jensenShannon` with weight beta, and the two
 * directions of Kullback and Leibler's divergence at its ends: D(p || q) for beta 0 and D(q || p) for beta 1.
 *
 * logProbabilities = log q of the student, target p (log p with logTarget) of the teacher: the same shape,
 * [n, classes, ...] or one vector. "none" gives the shape without the class axis. At the ends a log-probability of
 * -Infinity counts as -1e30. Options: beta (0.5), logTarget (false), reduction ("mean").
 * Agarwal et al. 2024, "On-policy distillation of language models", arXiv:2306.13649. Reference values: the formula of
 * trl's GKDTrainer.generalized_jsd_loss.
 */
export function generalizedJensenShannon(
  logProbabilities: TensorLike,
  target: TensorLike,
  options: GeneralizedJensenShannonOptions = {},
): Tensor {
  const { beta, ...rest } = resolve<Required<GeneralizedJensenShannonOptions>>("generalizedJensenShannon", options, {
    beta: 0.5,
    ...divergenceDefaults,
  });
  expectFraction("generalizedJensenShannon", "beta", beta);
  const towards = (logq: Tensor, logp: Tensor, axis: number): Tensor => {
    if (beta === 0) return relativeEntropy(logp, logq, axis);
    if (beta === 1) return relativeEntropy(logq, logp, axis);
    return towardsMixture(beta)(logq, logp, axis);
  };
  return ofDistributions("generalizedJensenShannon", logProbabilities, target, rest, towards);
}

export interface SkewedKLOptions extends DivergenceOptions {
  /** How much of the first distribution is mixed into the second, inside (0, 1). Default 0.1. */
  alpha?: number;
  /** D(q || alpha q + (1 - alpha) p) in place of D(p || alpha p + (1 - alpha) q). Default false. */
  reverse?: boolean;
}

/**
 * The skewed Kullback-Leibler divergence of the prediction q from the target p: D(p || alpha p + (1 - alpha) q), at
 * most -log alpha.
 *
 * logProbabilities = log q, target p (log p with logTarget): the same shape, [n, classes, ...] or one vector. "none"
 * gives the shape without the class axis. Options: alpha (0.1), reverse (false), logTarget (false), reduction ("mean").
 * Lee 2001, "On the effectiveness of the skew divergence for statistical language analysis"; Ko et al. 2024 (DistiLLM),
 * arXiv:2402.03898. Reference values: torch.nn.KLDivLoss of the mixture.
 */
export function skewedKL(logProbabilities: TensorLike, target: TensorLike, options: SkewedKLOptions = {}): Tensor {
  const { alpha, reverse, ...rest } = resolve<Required<SkewedKLOptions>>("skewedKL", options, {
    alpha: 0.1,
    reverse: false,
    ...divergenceDefaults,
  });
  expectNumber("skewedKL", "alpha", alpha, "inside (0, 1)", (v) => v > 0 && v < 1);
  return ofDistributions("skewedKL", logProbabilities, target, rest, (logq, logp, axis) =>
    reverse
      ? relativeEntropy(logq, logMixture(logp, logq, alpha), axis)
      : relativeEntropy(logp, logMixture(logq, logp, alpha), axis),
  );
}
