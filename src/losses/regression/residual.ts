import { expectSameShape, expectShape, floatTensor } from "../../tensor/checks.ts";
import { ShapeError } from "../../tensor/errors.ts";
import { expectNonNegative, expectNumber, expectPositive, resolve } from "../../tensor/options.ts";
import { formatShape } from "../../tensor/shape.ts";
import { asTensor, type Tensor, type TensorLike, tensor } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";

export interface RegressionOptions {
  reduction?: Reduction;
}

/** prediction - target, element by element, of equal shapes. */
function residual(where: string, predictions: TensorLike, targets: TensorLike): Tensor {
  const p = floatTensor(where, "predictions", predictions);
  const t = asTensor(targets, p.dtype, where, "targets");
  expectSameShape(where, { predictions: p, targets: t });
  return p.sub(t);
}

/** The reduction of terms that depend on the residual and on no option. */
function ofResidual(
  where: string,
  predictions: TensorLike,
  targets: TensorLike,
  options: RegressionOptions,
  terms: (r: Tensor) => Tensor,
): Tensor {
  const { reduction } = resolve<Required<RegressionOptions>>(where, options, { reduction: "mean" });
  return reduce(where, terms(residual(where, predictions, targets)), reduction);
}

/**
 * The absolute error |r|, r = prediction - target, also called L1.
 *
 * predictions, targets: the same shape. The gradient where r = 0 is 0. Options: reduction ("mean").
 * Laplace 1774. Reference values: torch.nn.L1Loss.
 */
export function meanAbsoluteError(
  predictions: TensorLike,
  targets: TensorLike,
  options: RegressionOptions = {},
): Tensor {
  return ofResidual("meanAbsoluteError", predictions, targets, options, (r) => r.abs());
}

/** `meanAbsoluteError` by its short name. */
export const l1 = meanAbsoluteError;

/**
 * The squared error r^2, r = prediction - target, also called L2. `halfMeanSquaredError` has half of it.
 *
 * predictions, targets: the same shape. Options: reduction ("mean").
 * Legendre 1805, Gauss 1809. Reference values: torch.nn.MSELoss.
 */
export function meanSquaredError(
  predictions: TensorLike,
  targets: TensorLike,
  options: RegressionOptions = {},
): Tensor {
  return ofResidual("meanSquaredError", predictions, targets, options, (r) => r.square());
}

/** `meanSquaredError` by its short name. */
export const mse = meanSquaredError;

/**
 * r^2 / 2, r = prediction - target: the squared error whose gradient is r.
 *
 * predictions, targets: the same shape. Options: reduction ("mean").
 * Reference values: optax.losses.l2_loss, half of torch.nn.MSELoss.
 */
export function halfMeanSquaredError(
  predictions: TensorLike,
  targets: TensorLike,
  options: RegressionOptions = {},
): Tensor {
  return ofResidual("halfMeanSquaredError", predictions, targets, options, (r) => r.square().mul(0.5));
}

/** `halfMeanSquaredError` by its short name. */
export const halfMse = halfMeanSquaredError;

/**
 * slope r^2 / (2 threshold) where |r| <= threshold, slope (|r| - threshold / 2) beyond. No |r| inside the square: it would
 * take the curvature at r = 0 away.
 */
function squareThenLine(r: Tensor, threshold: number, slope: number): Tensor {
  const inner = r.clamp(-threshold, threshold);
  const line = r.sub(inner).abs().mul(slope);
  return inner
    .square()
    .div((2 * threshold) / slope)
    .add(line);
}

export interface SmoothL1Options extends RegressionOptions {
  /** Where the square turns into a line; 0 makes it the absolute error. Default 1. */
  beta?: number;
}

/**
 * Smooth L1: r^2 / (2 beta) where |r| <= beta, |r| - beta / 2 beyond, r = prediction - target. Its slope never exceeds 1.
 *
 * predictions, targets: the same shape. `huber` with delta = beta is beta times this.
 * Options: beta (1, at least 0), reduction ("mean").
 * Girshick 2015, "Fast R-CNN", arXiv:1504.08083. Reference values: torch.nn.SmoothL1Loss.
 */
export function smoothL1(predictions: TensorLike, targets: TensorLike, options: SmoothL1Options = {}): Tensor {
  const { beta, reduction } = resolve<Required<SmoothL1Options>>("smoothL1", options, { beta: 1, reduction: "mean" });
  expectNonNegative("smoothL1", "beta", beta);
  const r = residual("smoothL1", predictions, targets);
  return reduce("smoothL1", beta === 0 ? r.abs() : squareThenLine(r, beta, 1), reduction);
}

export interface HuberOptions extends RegressionOptions {
  /** Where the square turns into a line. Default 1. */
  delta?: number;
}

/**
 * Huber's loss: r^2 / 2 where |r| <= delta, delta (|r| - delta / 2) beyond, r = prediction - target.
 *
 * predictions, targets: the same shape. Equals delta times `smoothL1` with beta = delta.
 * Options: delta (1, above 0), reduction ("mean").
 * Huber 1964, "Robust estimation of a location parameter". Reference values: torch.nn.HuberLoss.
 */
export function huber(predictions: TensorLike, targets: TensorLike, options: HuberOptions = {}): Tensor {
  const { delta, reduction } = resolve<Required<HuberOptions>>("huber", options, { delta: 1, reduction: "mean" });
  expectPositive("huber", "delta", delta);
  return reduce("huber", squareThenLine(residual("huber", predictions, targets), delta, delta), reduction);
}

/**
 * Pseudo-Huber, also Charbonnier's loss: delta^2 (sqrt(1 + (r / delta)^2) - 1), r = prediction - target;
 * r^2 / 2 near 0, delta |r| far away, and smooth to every order in between.
 *
 * predictions, targets: the same shape. Options: delta (1, above 0), reduction ("mean"). Computed as
 * r^2 / (sqrt(1 + (r / delta)^2) + 1), which does not cancel for small r.
 * Charbonnier et al. 1994, "Two deterministic half-quadratic regularization algorithms for computed imaging".
 * Reference values: the formula in float64; kornia.losses.charbonnier_loss for delta 1.
 */
export function pseudoHuber(predictions: TensorLike, targets: TensorLike, options: HuberOptions = {}): Tensor {
  const { delta, reduction } = resolve<Required<HuberOptions>>("pseudoHuber", options, { delta: 1, reduction: "mean" });
  expectPositive("pseudoHuber", "delta", delta);
  const square = residual("pseudoHuber", predictions, targets).square();
  const root = square
    .div(delta * delta)
    .add(1)
    .sqrt();
  return reduce("pseudoHuber", square.div(root.add(1)), reduction);
}

/**
 * log cosh r, r = prediction - target: r^2 / 2 near 0, |r| - log 2 far away, and smooth in between; its slope is tanh r.
 *
 * predictions, targets: the same shape. Options: reduction ("mean"). Computed as log1p(sinh^2 r) / 2 where |r| < 1, which
 * keeps the digits of small errors, and as |r| + log1p(e^(-2|r|)) - log 2 elsewhere, which does not overflow.
 * Reference values: keras.losses.LogCosh, optax.losses.log_cosh.
 */
export function logCosh(predictions: TensorLike, targets: TensorLike, options: RegressionOptions = {}): Tensor {
  return ofResidual("logCosh", predictions, targets, options, (r) => {
    const magnitude = r.abs();
    const small = magnitude.lt(1);
    const near = r.maskedFill(small.logicalNot(), 0).sinh().square().log1p().mul(0.5);
    const far = magnitude.add(magnitude.mul(-2).exp().log1p()).sub(Math.LN2);
    return near.add(far.maskedFill(small, 0));
  });
}

export interface QuantileOptions extends RegressionOptions {
  /** The quantile to predict, in (0, 1), or one for each entry of the predictions' last axis. Default 0.5. */
  quantile?: number | readonly number[];
}

/**
 * The pinball loss, minimal at a quantile q of the targets: q e where e >= 0, (q - 1) e where e < 0, e = target - prediction.
 *
 * predictions, targets: the same shape; with a list of quantiles predictions [..., quantiles] and targets [...].
 * Half of the absolute error for q = 0.5. The gradient where e = 0 is 0.
 * Options: quantile (0.5, inside (0, 1)), reduction ("mean", over the quantiles as well).
 * Koenker and Bassett 1978, "Regression quantiles". Reference values: tfa.losses.PinballLoss.
 */
export function quantile(predictions: TensorLike, targets: TensorLike, options: QuantileOptions = {}): Tensor {
  const { quantile: q, reduction } = resolve<Required<QuantileOptions>>("quantile", options, {
    quantile: 0.5,
    reduction: "mean",
  });
  for (const level of Array.isArray(q) ? q : [q]) {
    expectNumber("quantile", "quantile", level, "inside (0, 1)", (v) => v > 0 && v < 1);
  }
  const p = floatTensor("quantile", "predictions", predictions);
  const level = tensor(q, { dtype: p.dtype });
  const r = level.ndim === 0 ? residual("quantile", p, targets) : residuals(p, targets, level.size);
  return reduce("quantile", r.relu().mul(level.neg().add(1)).add(r.neg().relu().mul(level)), reduction);
}

/** Predictions [..., count] - targets [...]. */
function residuals(p: Tensor, targets: TensorLike, count: number): Tensor {
  if (p.shape.at(-1) !== count) {
    throw new ShapeError(
      "quantile",
      `predictions ${formatShape(p.shape)} must have a last axis with one entry for each of the ${count} quantiles`,
    );
  }
  const t = asTensor(targets, p.dtype, "quantile", "targets");
  expectShape("quantile", "targets", t, p.shape.slice(0, -1));
  return p.sub(t.unsqueeze(-1));
}
