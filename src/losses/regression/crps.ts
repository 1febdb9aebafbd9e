import { concat } from "../../autograd/movement.ts";
import "../../functional/methods.ts";
import { safeSqrt } from "../../functional/numerics.ts";
import { expectAxes, expectSameShape, expectShape, floatTensor } from "../../tensor/checks.ts";
import { arange } from "../../tensor/creation.ts";
import { ShapeError } from "../../tensor/errors.ts";
import { expectNumber, resolve } from "../../tensor/options.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { parameter, predicted, targetsOf } from "./parameters.ts";

// Proper scoring rules other than the likelihood. They are in the units of the target, and an outlier costs them no
// more than its distance.

export interface CRPSOptions {
  reduction?: Reduction;
}

/** s f(z) for z = (t - location) / s, of a distribution with location and scale. */
function scaled(
  where: string,
  name: string,
  location: TensorLike,
  targets: TensorLike,
  spread: readonly [name: string, value: TensorLike],
  options: CRPSOptions,
  standard: (z: Tensor) => Tensor,
): Tensor {
  const { reduction } = resolve<Required<CRPSOptions>>(where, options, { reduction: "mean" });
  const [m, t] = predicted(where, name, location, targets);
  const s = parameter(where, spread[0], spread[1], m);
  return reduce(where, standard(t.sub(m).div(s)).mul(s), reduction);
}

/**
 * The continuous ranked probability score of a normal distribution, the integral of (F(y) - [y >= t])^2:
 * s (z (2 Phi(z) - 1) + 2 phi(z) - 1 / sqrt(pi)), z = (t - mean) / s. It tends to |t - mean| as s tends to 0.
 *
 * mean, targets: the same shape; standardDeviation = s > 0 broadcasts to it. Options: reduction ("mean").
 * Gneiting et al. 2005, "Calibrated probabilistic forecasting using ensemble model output statistics and minimum CRPS
 * estimation". Reference values: the integral.
 */
export function crpsGaussian(
  mean: TensorLike,
  targets: TensorLike,
  standardDeviation: TensorLike,
  options: CRPSOptions = {},
): Tensor {
  return scaled("crpsGaussian", "mean", mean, targets, ["standardDeviation", standardDeviation], options, (z) => {
    const twiceDensity = z
      .square()
      .mul(-0.5)
      .exp()
      .mul(Math.sqrt(2 / Math.PI));
    return z
      .mul(z.mul(Math.SQRT1_2).erf())
      .add(twiceDensity)
      .sub(1 / Math.sqrt(Math.PI));
  });
}

/**
 * The continuous ranked probability score of a logistic distribution: s (z + 2 softplus(-z) - 1), z = (t - location) /
 * s.
 *
 * location, targets: the same shape; scale = s > 0 broadcasts to it. Options: reduction ("mean").
 * Taillardat et al. 2016, "Calibrated ensemble forecasts using quantile regression forests and ensemble model output
 * statistics". Reference values: the integral.
 */
export function crpsLogistic(
  location: TensorLike,
  targets: TensorLike,
  scale: TensorLike,
  options: CRPSOptions = {},
): Tensor {
  return scaled("crpsLogistic", "location", location, targets, ["scale", scale], options, (z) =>
    z.add(z.neg().softplus().mul(2)).sub(1),
  );
}

/**
 * The continuous ranked probability score of Laplace's distribution: b (|z| + e^-|z| - 3/4), z = (t - location) / b.
 *
 * location, targets: the same shape; scale = b > 0 broadcasts to it. Smooth at z = 0 to first order, where the gradient
 * by the location is 0. Options: reduction ("mean").
 * Jordan et al. 2019, "Evaluating probabilistic forecasts with scoringRules". Reference values: the integral.
 */
export function crpsLaplace(
  location: TensorLike,
  targets: TensorLike,
  scale: TensorLike,
  options: CRPSOptions = {},
): Tensor {
  return scaled("crpsLaplace", "location", location, targets, ["scale", scale], options, (z) => {
    const distance = z.abs();
    return distance.add(distance.neg().exp()).sub(0.75);
  });
}

export interface CRPSEnsembleOptions extends CRPSOptions {
  /**
   * Divide the differences between the m members by m (m - 1) in place of m^2: what an ensemble of any size estimates
   * without bias. Default false.
   */
  fair?: boolean;
}

/**
 * The continuous ranked probability score of an ensemble x_1 ... x_m: mean_i |x_i - t| - mean_ij |x_i - x_j| / 2.
 *
 * members [..., m], targets [...]; "none" gives [...]. The second mean is taken over the sorted members, without pairs:
 * sum_ij |x_i - x_j| = 2 sum_i (2 i - m - 1) x_(i). Members that are equal are told apart by their place. The gradient
 * of |.| at 0 is 0; one member has the absolute error, and no fair score. Options: fair (false), reduction ("mean").
 * Gneiting and Raftery 2007, "Strictly proper scoring rules, prediction, and estimation"; Ferro 2014 (fair).
 * Reference values: the formula with loops.
 */
export function crpsEnsemble(members: TensorLike, targets: TensorLike, options: CRPSEnsembleOptions = {}): Tensor {
  const { fair, reduction } = resolve<Required<CRPSEnsembleOptions>>("crpsEnsemble", options, {
    fair: false,
    reduction: "mean",
  });
  const x = floatTensor("crpsEnsemble", "members", members);
  const m = membersOf("crpsEnsemble", "members", x, -1, fair);
  const given = asTensor(targets, x.dtype, "crpsEnsemble", "targets");
  expectShape("crpsEnsemble", "targets", given, x.shape.slice(0, -1));
  const t = given.to(x.dtype).unsqueeze(-1);
  const ranks = arange(m, undefined, undefined, { dtype: x.dtype })
    .mul(2)
    .sub(m - 1);
  const spread = x
    .sort(-1)
    .mul(ranks)
    .sum(-1)
    .div(m * (fair ? m - 1 : m));
  return reduce("crpsEnsemble", x.sub(t).abs().mean(-1).sub(spread), reduction);
}

/** How many members an ensemble has along an axis: at least one, and two for a fair score. */
function membersOf(where: string, name: string, x: Tensor, axis: number, fair: boolean): number {
  const m = x.shape.at(axis) ?? 0;
  if (m < (fair ? 2 : 1))
    throw new ShapeError(where, `${name} are ${m}; ${fair ? "a fair score needs two" : "it needs one"}`);
  return m;
}

export interface EnergyScoreOptions extends CRPSEnsembleOptions {
  /** The power of the distances, inside (0, 2). Default 1. */
  beta?: number;
}

/**
 * The energy score of an ensemble of vectors, the CRPS in d dimensions:
 * mean_i ||x_i - t||^beta - mean_ij ||x_i - x_j||^beta / 2.
 *
 * samples [n, m, d], targets [n, d]; "none" gives [n]. The gradient at distance 0 is 0.
 * Options: beta (1), fair (false), reduction ("mean").
 * Gneiting and Raftery 2007, "Strictly proper scoring rules, prediction, and estimation".
 * Reference values: the formula with loops.
 */
export function energyScore(samples: TensorLike, targets: TensorLike, options: EnergyScoreOptions = {}): Tensor {
  const { beta, fair, reduction } = resolve<Required<EnergyScoreOptions>>("energyScore", options, {
    beta: 1,
    fair: false,
    reduction: "mean",
  });
  expectNumber("energyScore", "beta", beta, "inside (0, 2)", (v) => v > 0 && v < 2);
  const x = floatTensor("energyScore", "samples", samples);
  expectAxes("energyScore", "samples", x, ["n", "m", "d"]);
  const m = membersOf("energyScore", "samples", x, 1, fair);
  const given = asTensor(targets, x.dtype, "energyScore", "targets");
  expectShape("energyScore", "targets", given, [x.shape[0], x.shape[2]]);
  const toTarget = poweredNorm(x.sub(given.unsqueeze(1)), beta).mean(1);
  // Member i against member i + k, round and round: m - 1 passes and no [n, m, m, d] array.
  let between = toTarget.mul(0);
  for (let k = 1; k < m; k++) {
    const turned = concat([x.slice([null, { start: k }]), x.slice([null, { stop: k }])], 1);
    between = between.add(poweredNorm(x.sub(turned), beta).sum(1));
  }
  return reduce("energyScore", toTarget.sub(between.div(2 * m * (fair ? m - 1 : m))), reduction);
}

/** ||v||^beta along the last axis, with gradient 0 at the zero vector. */
function poweredNorm(v: Tensor, beta: number): Tensor {
  const norm = safeSqrt(v.square().sum(-1));
  if (beta === 1) return norm;
  const zero = norm.eq(0);
  return norm.maskedFill(zero, 1).pow(beta).maskedFill(zero, 0);
}

export interface IntervalScoreOptions extends CRPSOptions {
  /** The interval is meant to hold the target with probability 1 - alpha; inside (0, 1). Default 0.1. */
  alpha?: number;
}

/**
 * The interval score of Winkler: the width u - l, and 2 / alpha times the distance by which the target lies outside.
 * The least on average has the quantiles alpha / 2 and 1 - alpha / 2 as its ends.
 *
 * lower, upper, targets: the same shape; ends that have changed places are no error. The gradient at the ends is that
 * of the inside. Options: alpha (0.1), reduction ("mean").
 * Winkler 1972, "A decision-theoretic approach to interval estimation". Reference values: the formula.
 */
export function intervalScore(
  lower: TensorLike,
  upper: TensorLike,
  targets: TensorLike,
  options: IntervalScoreOptions = {},
): Tensor {
  const { alpha, reduction } = resolve<Required<IntervalScoreOptions>>("intervalScore", options, {
    alpha: 0.1,
    reduction: "mean",
  });
  expectNumber("intervalScore", "alpha", alpha, "inside (0, 1)", (v) => v > 0 && v < 1);
  const l = floatTensor("intervalScore", "lower", lower);
  const u = floatTensor("intervalScore", "upper", upper);
  expectSameShape("intervalScore", { lower: l, upper: u });
  const t = targetsOf("intervalScore", "lower", l, targets);
  const outside = l.sub(t).relu().add(t.sub(u).relu());
  return reduce("intervalScore", u.sub(l).add(outside.mul(2 / alpha)), reduction);
}
