import { stopGradient } from "../../autograd/elementwise.ts";
import { solveTriangular } from "../../functional/factorisations.ts";
import "../../functional/methods.ts";
import { logRisingFactorial } from "../../functional/numerics.ts";
import { expectAxes, expectPositiveElements, expectShape, floatTensor } from "../../tensor/checks.ts";
import { expectNonNegative, expectPositive, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { expectFraction } from "../scalar-option.ts";
import { gaussianTerms, halfLog2Pi, parameter, predicted, varianceOf } from "./parameters.ts";

// Likelihoods of a normal distribution whose spread is predicted as well.

export interface GaussianNLLOptions {
  /** The variance is given by its logarithm, which needs no floor and cannot leave its domain. Default false. */
  logVariance?: boolean;
  /** Add the constant log(2 pi) / 2. Default false. */
  full?: boolean;
  /** Variances below this count as this, > 0; the gradient passes all the same. Default 1e-6. */
  eps?: number;
  reduction?: Reduction;
}

/**
 * The negative log-likelihood of a normal distribution with predicted mean and variance v: (log v + (t - mean)^2 / v) /
 * 2.
 *
 * mean, targets: the same shape; variance >= 0 (log v with logVariance): that shape, or one that broadcasts to it, as a
 * number or [n, 1]. With logVariance, v below e^-88 overflows float32.
 * Options: logVariance (false), full (false), eps (1e-6), reduction ("mean").
 * Nix and Weigend 1994, "Estimating the mean and variance of the target probability distribution".
 * Reference values: torch.nn.GaussianNLLLoss.
 */
export function gaussianNLL(
  mean: TensorLike,
  targets: TensorLike,
  variance: TensorLike,
  options: GaussianNLLOptions = {},
): Tensor {
  const { logVariance, full, eps, reduction } = resolve<Required<GaussianNLLOptions>>("gaussianNLL", options, {
    logVariance: false,
    full: false,
    eps: 1e-6,
    reduction: "mean",
  });
  expectPositive("gaussianNLL", "eps", eps);
  const [m, t] = predicted("gaussianNLL", "mean", mean, targets);
  const v = parameter("gaussianNLL", "variance", variance, m, logVariance ? "any" : "nonNegative");
  const terms = gaussianTerms(t.sub(m), varianceOf(v, logVariance, eps));
  return reduce("gaussianNLL", full ? terms.add(halfLog2Pi) : terms, reduction);
}

export interface BetaNLLOptions extends GaussianNLLOptions {
  /** 0 is `gaussianNLL`, 1 gives the mean the gradient of the squared error; in [0, 1]. Default 0.5. */
  beta?: number;
}

/**
 * beta-NLL: `gaussianNLL` with each term weighted by v^beta, a constant for the gradient, so that points whose
 * predicted variance v is large still teach the mean.
 *
 * mean, targets, variance and the other options: as for `gaussianNLL`. Options: beta (0.5), logVariance (false),
 * full (false), eps (1e-6), reduction ("mean").
 * Seitzer et al. 2022, "On the pitfalls of heteroscedastic uncertainty estimation", arXiv:2203.09168.
 * Reference values: the formula.
 */
export function betaNLL(
  mean: TensorLike,
  targets: TensorLike,
  variance: TensorLike,
  options: BetaNLLOptions = {},
): Tensor {
  const { beta, logVariance, full, eps, reduction } = resolve<Required<BetaNLLOptions>>("betaNLL", options, {
    beta: 0.5,
    logVariance: false,
    full: false,
    eps: 1e-6,
    reduction: "mean",
  });
  expectFraction("betaNLL", "beta", beta);
  expectPositive("betaNLL", "eps", eps);
  const [m, t] = predicted("betaNLL", "mean", mean, targets);
  const v = parameter("betaNLL", "variance", variance, m, logVariance ? "any" : "nonNegative");
  const predictedVariance = varianceOf(v, logVariance, eps);
  const terms = gaussianTerms(t.sub(m), predictedVariance);
  const weight = stopGradient(predictedVariance.log.mul(beta).exp());
  return reduce("betaNLL", (full ? terms.add(halfLog2Pi) : terms).mul(weight), reduction);
}

export interface MultivariateGaussianNLLOptions {
  /** Add the constant d log(2 pi) / 2. Default false. */
  full?: boolean;
  reduction?: Reduction;
}

/**
 * The negative log-likelihood of a normal distribution in d dimensions with covariance L Lt, L lower triangular:
 * sum_i log L_ii + ||L^-1 (t - mean)||^2 / 2.
 *
 * mean, targets [n, d], scaleTril = L [n, d, d] with a diagonal above 0; what is above the diagonal is not read. "none"
 * gives [n]. The system is solved row by row, which suits the few dimensions for which one predicts a covariance.
 * Options: full (false), reduction ("mean"). Reference values: torch.distributions.MultivariateNormal.
 * Williams 1996, "Using neural networks to model conditional multivariate densities" (the Cholesky factor).
 */
export function multivariateGaussianNLL(
  mean: TensorLike,
  targets: TensorLike,
  scaleTril: TensorLike,
  options: MultivariateGaussianNLLOptions = {},
): Tensor {
  const { full, reduction } = resolve<Required<MultivariateGaussianNLLOptions>>("multivariateGaussianNLL", options, {
    full: false,
    reduction: "mean",
  });
  const [m, t] = predicted("multivariateGaussianNLL", "mean", mean, targets);
  expectAxes("multivariateGaussianNLL", "mean", m, ["n", "d"]);
  const factor = floatTensor("multivariateGaussianNLL", "scaleTril", scaleTril);
  const d = m.shape[1];
  expectShape("multivariateGaussianNLL", "scaleTril", factor, [m.shape[0], d, d]);
  const scales = factor.diagonal();
  expectPositiveElements("multivariateGaussianNLL", "the diagonal of scaleTril", scales);
  const terms = scales
    .log()
    .sum(1)
    .add(solveTriangular(factor, t.sub(m).unsqueeze(2)).squeeze(2).square().sum(1).mul(0.5));
  return reduce("multivariateGaussianNLL", full ? terms.add(d * halfLog2Pi) : terms, reduction);
}

export interface EvidentialRegressionOptions {
  /** How much evidence for wrong predictions costs: lambda >= 0. Default 0.01. */
  coefficient?: number;
  reduction?: Reduction;
}

/**
 * Evidential regression: mean and variance have a normal-inverse-gamma prior with the predicted parameters
 * (gamma, nu, alpha, beta), and the targets a Student t distribution. With omega = 2 beta (1 + nu),
 *
 *   log(pi / nu) / 2 - alpha log omega + (alpha + 1/2) log(nu (t - gamma)^2 + omega)
 *     + log gamma(alpha) - log gamma(alpha + 1/2) + lambda |t - gamma| (2 nu + alpha).
 *
 * mean = gamma and targets: the same shape; evidence = nu > 0, alpha > 0 (the paper keeps it above 1, where the
 * variance beta / (alpha - 1) exists) and beta > 0 broadcast to it. The gradient of |.| at 0 is 0.
 * Options: coefficient (0.01), reduction ("mean").
 * Amini et al. 2020, "Deep evidential regression", arXiv:1910.02600. Reference values: the formula.
 */
export function evidentialRegression(
  mean: TensorLike,
  targets: TensorLike,
  evidence: TensorLike,
  alpha: TensorLike,
  beta: TensorLike,
  options: EvidentialRegressionOptions = {},
): Tensor {
  const { coefficient, reduction } = resolve<Required<EvidentialRegressionOptions>>("evidentialRegression", options, {
    coefficient: 0.01,
    reduction: "mean",
  });
  expectNonNegative("evidentialRegression", "coefficient", coefficient);
  const [m, t] = predicted("evidentialRegression", "mean", mean, targets);
  const nu = parameter("evidentialRegression", "evidence", evidence, m);
  const a = parameter("evidentialRegression", "alpha", alpha, m);
  const b = parameter("evidentialRegression", "beta", beta, m);
  const r = t.sub(m);
  const omega = b.mul(nu.add(1)).mul(2);
  // alpha log((nu r^2 + omega) / omega) in one logarithm: the two cancel where r is small.
  const excess = r.square().mul(nu).div(omega).log1p();
  const terms = nu.log().neg().add(Math.log(Math.PI)).add(omega.log()).mul(0.5);
  const likelihood = terms.add(a.add(0.5).mul(excess)).sub(logRisingFactorial(a, 0.5));
  const penalty = r.abs().mul(nu.mul(2).add(a)).mul(coefficient);
  return reduce("evidentialRegression", likelihood.add(penalty), reduction);
}
