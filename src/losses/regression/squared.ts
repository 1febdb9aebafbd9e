import { where as select } from "../../autograd/elementwise.ts";
import { safeSqrt } from "../../functional/numerics.ts";
import { expectNotEmpty, expectSameShape } from "../../tensor/checks.ts";
import { expectPositive, type NoOptions, resolve } from "../../tensor/options.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { reduce } from "../reduction.ts";
import { ofResidual, type RegressionOptions, residual } from "./residual.ts";

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

export interface RootMeanSquaredErrorOptions extends RegressionOptions {
  /** The axis, or axes, that the mean of the squares is over; `reduction` is of the rest. Default null: all of them. */
  axis?: number | readonly number[] | null;
}

/**
 * The root of the mean squared error: sqrt(mean r^2), r = prediction - target, in the unit of the targets.
 *
 * predictions, targets: the same shape. The gradient at an exact fit is 0. Options: axis (null: all, which gives a
 * scalar whatever the reduction), reduction ("mean", of the roots along the other axes). Reference values: the square
 * root of torch.nn.MSELoss.
 */
export function rootMeanSquaredError(
  predictions: TensorLike,
  targets: TensorLike,
  options: RootMeanSquaredErrorOptions = {},
): Tensor {
  const where = "rootMeanSquaredError";
  const { axis, reduction } = resolve<Required<RootMeanSquaredErrorOptions>>(where, options, {
    axis: null,
    reduction: "mean",
  });
  const r = residual(where, predictions, targets);
  if (r.size === 0) return reduce(where, r, reduction);
  return reduce(where, safeSqrt(r.square().mean(axis ?? undefined)), reduction);
}

export interface LpOptions extends RegressionOptions {
  /** The power, > 0. Default 2. */
  p?: number;
}

/**
 * |r|^p, r = prediction - target: the absolute error for p = 1, the squared one for p = 2, flatter near 0 above.
 *
 * predictions, targets: the same shape. Below p = 1 the slope at r = 0 is infinite; the gradient there is given as 0.
 * Options: p (2), reduction ("mean"). Reference values: the formula; burn's LpLoss.
 */
export function lp(predictions: TensorLike, targets: TensorLike, options: LpOptions = {}): Tensor {
  const { p, reduction } = resolve<Required<LpOptions>>("lp", options, { p: 2, reduction: "mean" });
  expectPositive("lp", "p", p);
  const r = residual("lp", predictions, targets);
  if (p === 1 || p === 2) return reduce("lp", p === 1 ? r.abs() : r.square(), reduction);
  const zero = r.eq(0);
  return reduce("lp", select(zero, 0, select(zero, 1, r.abs()).pow(p)), reduction);
}

/**
 * The squared error relative to that of a benchmark: sum (prediction - target)^2 / sum (benchmark - target)^2; below 1
 * where the prediction is better.
 *
 * predictions, targets, benchmark: the same shape; the benchmark is another forecast, such as the last value. Always a
 * scalar; an exact benchmark counts as an error of 1. Reference values: the formula; neuralforecast's RelMSE adds 1e-5.
 */
export function relativeMeanSquaredError(
  predictions: TensorLike,
  targets: TensorLike,
  benchmark: TensorLike,
  options: NoOptions = {},
): Tensor {
  const where = "relativeMeanSquaredError";
  resolve(where, options, {});
  const r = residual(where, predictions, targets);
  const b = asTensor(benchmark, r.dtype, where, "benchmark");
  expectSameShape(where, { targets: r, benchmark: b });
  expectNotEmpty(where, "predictions", r);
  const theirs = b.sub(targets).square().sum();
  return r
    .square()
    .sum()
    .div(theirs.maskedFill(theirs.eq(0), 1));
}
