import { expectNonNegative, expectPositive, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { reduce } from "../reduction.ts";
import { ofResidual, type RegressionOptions, residual, squareThenLine } from "./residual.ts";

export interface SmoothL1Options extends RegressionOptions {
  /** Where the square turns into a line; 0 makes it the absolute error. Default 1. */
  beta?: number;
}

/**
 * Smooth L1: r^2 / (2 beta) where |r| <= beta, |r| - beta / 2 beyond, r = prediction - target. Its slope never exceeds
 * 1.
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
 * log cosh r, r = prediction - target: r^2 / 2 near 0, |r| - log 2 far away, and smooth in between; its slope is tanh
 * r.
 *
 * predictions, targets: the same shape. Options: reduction ("mean"). Computed as log1p(sinh^2 r) / 2 where |r| < 1,
 * which keeps the digits of small errors, and as |r| + log1p(e^(-2|r|)) - log 2 elsewhere, which does not overflow.
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
