import { stopGradient } from "../../autograd/elementwise.ts";
import { concat } from "../../autograd/movement.ts";
import { safeSqrt } from "../../functional/numerics.ts";
import "../../functional/methods.ts";
import { expectAxes, expectShape, floatTensor } from "../../tensor/checks.ts";
import { ShapeError } from "../../tensor/errors.ts";
import { expectInteger, expectNonNegative, expectPositive, resolve } from "../../tensor/options.ts";
import { formatShape } from "../../tensor/shape.ts";
import { type Tensor, type TensorLike, tensor } from "../../tensor/tensor.ts";
import { expectFraction } from "../scalar-option.ts";
import { normalQuantiles } from "./normal-quantiles.ts";
import { batchOf, viewStack } from "./views.ts";

// Losses that want embeddings to be distributed as a standard Gaussian, seen along random directions.

export interface SIGRegOptions {
  /** Knots of the trapezoidal rule on [0, tMax], whole, >= 2. Default 17. */
  knots?: number;
  /** Where the integral ends, > 0. Default 3. */
  tMax?: number;
}

/**
 * SIGReg (sketched isotropic Gaussian regularisation): the mean over directions a of Epps and Pulley's statistic of the
 * projections x . a, n times the integral of |mean_i e^(i t x_i . a) - e^(-t^2 / 2)|^2 e^(-t^2 / 2) over |t| <= tMax.
 *
 * embeddings: [n, d]; directions: [d, slices], which are normalised here: draw them anew for each step,
 * random.normal([d, 1024]). Returns a scalar.
 * Options: knots (17), tMax (3).
 * Balestriero and LeCun 2025, arXiv:2511.08544 (LeJEPA). Reference values: the formula in
 * float64, with which lightly's SIGReg agrees to float32.
 */
export function sigReg(embeddings: TensorLike, directions: TensorLike, options: SIGRegOptions = {}): Tensor {
  const where = "sigReg";
  const settings = resolve<Required<SIGRegOptions>>(where, options, sigRegDefaults);
  expectSIGReg(where, settings);
  const x = batchOf(where, "embeddings", embeddings, 1);
  return eppsPulley(x, unitDirections(where, directions, x.shape[1]), settings);
}

const sigRegDefaults: Required<SIGRegOptions> = { knots: 17, tMax: 3 };

function expectSIGReg(where: string, { knots, tMax }: Required<SIGRegOptions>): void {
  expectInteger(where, "knots", knots, 2);
  expectPositive(where, "tMax", tMax);
}

/** directions [d, slices], at least one, with columns of norm 1; a column of zeros stays so. */
function unitDirections(where: string, directions: TensorLike, d: number): Tensor {
  const a = floatTensor(where, "directions", directions);
  expectAxes(where, "directions", a, ["d", "slices"]);
  if (a.shape[0] !== d || a.size === 0) {
    throw new ShapeError(where, `directions must be [${d}, slices], at least one, got ${formatShape(a.shape)}`);
  }
  return a.normalize({ axis: 0 });
}

/** The statistic of embeddings [..., n, d], its mean over directions and leading axes. */
function eppsPulley(x: Tensor, directions: Tensor, { knots, tMax }: Required<SIGRegOptions>): Tensor {
  const step = tMax / (knots - 1);
  const projections = x.matmul(directions); // [..., n, slices]
  const rows = projections.ndim - 2;
  // Both halves of the line at once, hence 2 step; a knot at a time, so that no array has knots as a further axis.
  const terms = Array.from({ length: knots }, (_, k) => {
    const t = k * step;
    const gaussian = Math.exp((-t * t) / 2);
    const angles = projections.mul(t);
    const distance = angles.cos().mean(rows).sub(gaussian).square().add(angles.sin().mean(rows).square());
    return distance.mean().mul(gaussian * step * (k === 0 || k === knots - 1 ? 1 : 2));
  });
  return terms.reduce((a, b) => a.add(b)).mul(x.shape[rows]);
}

export interface LeJEPAOptions extends SIGRegOptions {
  /** The weight of SIGReg; the prediction has 1 - lambda. In [0, 1]. Default 0.05. */
  lambda?: number;
}

/**
 * LeJEPA: lambda SIGReg of every view + (1 - lambda) mean (z - z_mean)^2, z over all views, z_mean the mean of the
 * global ones.
 *
 * globalViews: [views, n, d]; localViews: [localViews, n, d]; directions: [d, slices], as for `sigReg`. Returns a
 * scalar.
 * Options: knots (17), tMax (3), lambda (0.05).
 * Balestriero and LeCun 2025, arXiv:2511.08544. Reference values: the formula in float64, as
 * for `sigReg`.
 */
export function leJEPA(
  globalViews: TensorLike,
  localViews: TensorLike,
  directions: TensorLike,
  options: LeJEPAOptions = {},
): Tensor {
  const where = "leJEPA";
  const settings = resolve<Required<LeJEPAOptions>>(where, options, { ...sigRegDefaults, lambda: 0.05 });
  expectSIGReg(where, settings);
  expectFraction(where, "lambda", settings.lambda);
  const whole = viewStack(where, "globalViews", globalViews, 1, 1);
  const local = viewStack(where, "localViews", localViews, 1, 1);
  expectShape(where, "localViews", local, [local.shape[0], ...whole.shape.slice(1)]);
  const slices = unitDirections(where, directions, whole.shape[2]);
  const all = concat([whole, local]);
  const prediction = all.sub(whole.mean(0)).square().mean();
  return eppsPulley(all, slices, settings)
    .mul(settings.lambda)
    .add(prediction.mul(1 - settings.lambda));
}

export interface VISRegOptions {
  /** The weight of the regularisation; the prediction has 1 - lambda. In [0, 1]. Default 0.9. */
  lambda?: number;
  /** The weight of the deviations being 1, >= 0. Default 1. */
  scaleWeight?: number;
  /** The weight of the projections being normal, >= 0. Default 1. */
  shapeWeight?: number;
  /** The weight of the means being 0, >= 0. Default 1. */
  centerWeight?: number;
  /** Added to the deviations that the shape is normalised by, > 0. Default 1e-4. */
  eps?: number;
}

/**
 * VISReg: (1 - lambda) mean (z - z_mean)^2 + lambda (scale + shape + center), for each view: scale the mean of (1 -
 * deviation)^2, center that of mean^2, over dimensions, and shape the squared distance of the sorted projections of (z
 * - mean) / deviation from the quantiles of a normal distribution at i / (n + 1). The deviation in the shape, and the
 * order, have no gradient.
 *
 * globalViews: [views, n, d], n at least 2; localViews: [localViews, n, d]; directions: [d, slices], columns normalised
 * here, drawn anew for each step. Returns a scalar. Deviations divide by n; that of equal rows has gradient 0.
 * Options: lambda (0.9), scaleWeight (1), shapeWeight (1), centerWeight (1), eps (0.0001).
 * Wu et al. 2026, arXiv:2606.02572. Reference values: lightly's VISRegLoss.
 */
export function visReg(
  globalViews: TensorLike,
  localViews: TensorLike,
  directions: TensorLike,
  options: VISRegOptions = {},
): Tensor {
  const where = "visReg";
  const { lambda, scaleWeight, shapeWeight, centerWeight, eps } = resolve<Required<VISRegOptions>>(where, options, {
    lambda: 0.9,
    scaleWeight: 1,
    shapeWeight: 1,
    centerWeight: 1,
    eps: 1e-4,
  });
  expectFraction(where, "lambda", lambda);
  for (const [name, weight] of Object.entries({ scaleWeight, shapeWeight, centerWeight })) {
    expectNonNegative(where, name, weight);
  }
  expectPositive(where, "eps", eps);
  const whole = viewStack(where, "globalViews", globalViews, 1, 2);
  const local = viewStack(where, "localViews", localViews, 1, 2);
  expectShape(where, "localViews", local, [local.shape[0], ...whole.shape.slice(1)]);
  const slices = unitDirections(where, directions, whole.shape[2]);
  const all = concat([whole, local]);
  const mean = all.mean(1, { keepDims: true });
  const deviation = safeSqrt(all.sub(mean).square().mean(1, { keepDims: true }));
  const projections = all.sub(mean).div(stopGradient(deviation).add(eps)).matmul(slices);
  const normal = tensor(normalQuantiles(all.shape[1]), { dtype: all.dtype }).unsqueeze(1);
  const shape = projections.sort(1).sub(normal).square().mean();
  const scale = deviation.neg().add(1).square().mean();
  const regularisation = scale.mul(scaleWeight).add(shape.mul(shapeWeight)).add(mean.square().mean().mul(centerWeight));
  const prediction = all.sub(whole.mean(0)).square().mean();
  return prediction.mul(1 - lambda).add(regularisation.mul(lambda));
}
