import "../../functional/methods.ts";
import { logBeta, stirlingRemainder } from "../../functional/numerics.ts";
import { expectNonNegativeElements, expectPositiveElements } from "../../tensor/checks.ts";
import { expectNumber, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { halfLog2Pi, parameter, predicted } from "./parameters.ts";

// Likelihoods of targets that are positive, or bounded on both sides.

export interface PositiveNLLOptions {
  reduction?: Reduction;
}

const ofReduction = (where: string, options: PositiveNLLOptions): Reduction =>
  resolve<Required<PositiveNLLOptions>>(where, options, { reduction: "mean" }).reduction;

/**
 * The negative log-likelihood of the gamma distribution with mean m and shape k, whose variance is m^2 / k:
 * log gamma(k) - k log(k / m) - (k - 1) log t + k t / m.
 *
 * mean > 0, targets > 0: the same shape; shape > 0 broadcasts to it. Computed as half the deviance,
 * k (t / m - 1 - log(t / m)), and what Stirling's formula leaves of the rest, which does not cancel for large k.
 * Options: reduction ("mean"). McCullagh and Nelder 1989, "Generalized linear models".
 * Reference values: torch.distributions.Gamma.
 */
export function gammaNLL(
  mean: TensorLike,
  targets: TensorLike,
  shape: TensorLike,
  options: PositiveNLLOptions = {},
): Tensor {
  const reduction = ofReduction("gammaNLL", options);
  const [m, t] = predicted("gammaNLL", "mean", mean, targets, "positive");
  expectPositiveElements("gammaNLL", "targets", t);
  const k = parameter("gammaNLL", "shape", shape, m);
  const ratio = t.div(m);
  const deviance = ratio.sub(1).sub(ratio.log());
  const constant = stirlingRemainder(k).sub(k.log().mul(0.5)).add(halfLog2Pi);
  return reduce("gammaNLL", deviance.mul(k).add(constant).add(t.log()), reduction);
}

/**
 * The negative log-likelihood of the exponential distribution with rate e^x: e^x t - x.
 *
 * logRates, targets >= 0: the same shape. e^x overflows float32 for x > 88. Options: reduction ("mean").
 * Reference values: torch.distributions.Exponential. Feigl and Zelen 1965, "Estimation of exponential survival
 * probabilities with concomitant information".
 */
export function exponentialNLL(logRates: TensorLike, targets: TensorLike, options: PositiveNLLOptions = {}): Tensor {
  const reduction = ofReduction("exponentialNLL", options);
  const [x, t] = predicted("exponentialNLL", "logRates", logRates, targets);
  expectNonNegativeElements("exponentialNLL", "targets", t);
  return reduce("exponentialNLL", x.exp().mul(t).sub(x), reduction);
}

/**
 * The negative log-likelihood of the log-normal distribution: log(t s) + log(2 pi) / 2 + z^2 / 2,
 * z = (log t - location) / s.
 *
 * location, targets > 0: the same shape; scale = s > 0 broadcasts to it. The median is e^location.
 * Options: reduction ("mean"). Galton 1879. Reference values: torch.distributions.LogNormal.
 */
export function logNormalNLL(
  location: TensorLike,
  targets: TensorLike,
  scale: TensorLike,
  options: PositiveNLLOptions = {},
): Tensor {
  const reduction = ofReduction("logNormalNLL", options);
  const [m, t] = predicted("logNormalNLL", "location", location, targets);
  expectPositiveElements("logNormalNLL", "targets", t);
  const s = parameter("logNormalNLL", "scale", scale, m);
  const z = t.log().sub(m).div(s);
  return reduce("logNormalNLL", z.square().mul(0.5).add(s.log()).add(t.log()).add(halfLog2Pi), reduction);
}

/**
 * The negative log-likelihood of Weibull's distribution with scale l and shape k: e^w - w - log(k / t), w = k log(t /
 * l).
 *
 * scale > 0, targets > 0: the same shape; shape > 0 broadcasts to it. e^w overflows float32 for w > 88: where a target
 * is far beyond the scale and the shape large. Options: reduction ("mean").
 * Weibull 1951. Reference values: torch.distributions.Weibull.
 */
export function weibullNLL(
  scale: TensorLike,
  targets: TensorLike,
  shape: TensorLike,
  options: PositiveNLLOptions = {},
): Tensor {
  const reduction = ofReduction("weibullNLL", options);
  const [l, t] = predicted("weibullNLL", "scale", scale, targets, "positive");
  expectPositiveElements("weibullNLL", "targets", t);
  const k = parameter("weibullNLL", "shape", shape, l);
  const w = t.div(l).log().mul(k);
  return reduce("weibullNLL", w.exp().sub(w).sub(k.log()).add(t.log()), reduction);
}

export interface TweedieOptions extends PositiveNLLOptions {
  /** The variance grows as mean^power, inside (1, 2): 1 is Poisson's distribution, 2 the gamma. Default 1.5. */
  power?: number;
  /** The input is the logarithm of the mean. Default true. */
  logInput?: boolean;
  /**
   * Twice the loss, less its value at mean = target: the unit deviance, which is 0 where the fit is exact. Default
   * false.
   */
  deviance?: boolean;
}

/**
 * Tweedie's loss for targets that are 0 or positive, as claims and rainfall are: the negative log-likelihood of a
 * compound Poisson-gamma distribution up to what does not depend on its mean m, -t m^(1 - p) / (1 - p) + m^(2 - p) / (2
 * - p).
 *
 * input, targets >= 0: the same shape; the input is log m, or m > 0 without logInput. Powers of m are exponentials,
 * which overflow float32 for |log m| beyond 88 / max(p - 1, 2 - p).
 * Options: power (1.5), logInput (true), deviance (false), reduction ("mean").
 * Tweedie 1984; Jørgensen 1987, "Exponential dispersion models". Reference values:
 * sklearn.metrics.mean_tweedie_deviance.
 */
export function tweedie(input: TensorLike, targets: TensorLike, options: TweedieOptions = {}): Tensor {
  const { power, logInput, deviance, reduction } = resolve<Required<TweedieOptions>>("tweedie", options, {
    power: 1.5,
    logInput: true,
    deviance: false,
    reduction: "mean",
  });
  expectNumber("tweedie", "power", power, "inside (1, 2)", (v) => v > 1 && v < 2);
  const [given, t] = predicted("tweedie", "input", input, targets, logInput ? "any" : "positive");
  expectNonNegativeElements("tweedie", "targets", t);
  const x = logInput ? given : given.log();
  const [first, second] = [1 - power, 2 - power];
  const terms = x.mul(second).exp().div(second).sub(x.mul(first).exp().mul(t).div(first));
  if (!deviance) return reduce("tweedie", terms, reduction);
  return reduce("tweedie", terms.add(t.pow(second).div(first * second)).mul(2), reduction);
}

/**
 * The negative log-likelihood of the beta distribution with mean sigmoid(x) and precision f, the regression of
 * fractions: log B(a, b) - (a - 1) log t - (b - 1) log(1 - t), a = f sigmoid(x), b = f sigmoid(-x).
 *
 * logits = x, targets inside (0, 1): the same shape; precision > 0 broadcasts to it. At targets 0 and 1 the density is
 * 0 or infinite, so move those inside: (t (n - 1) + 1/2) / n. log B overflows float32 for x beyond about 80.
 * Options: reduction ("mean"). Ferrari and Cribari-Neto 2004, "Beta regression for modelling rates and proportions".
 * Reference values: torch.distributions.Beta.
 */
export function betaDistributionNLL(
  logits: TensorLike,
  targets: TensorLike,
  precision: TensorLike,
  options: PositiveNLLOptions = {},
): Tensor {
  const reduction = ofReduction("betaDistributionNLL", options);
  const [x, t] = predicted("betaDistributionNLL", "logits", logits, targets);
  const others = t.neg().add(1);
  expectPositiveElements("betaDistributionNLL", "targets", t);
  expectPositiveElements("betaDistributionNLL", "1 - targets", others);
  const f = parameter("betaDistributionNLL", "precision", precision, x);
  const [a, b] = [x.sigmoid().mul(f), x.neg().sigmoid().mul(f)];
  const terms = logBeta(a, b).sub(a.sub(1).mul(t.log())).sub(b.sub(1).mul(others.log()));
  return reduce("betaDistributionNLL", terms, reduction);
}
