import { expectInteger, expectPositive, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { densityWeights } from "../gradient-density.ts";
import { reduce } from "../reduction.ts";
import { type RegressionOptions, residual } from "./residual.ts";

export interface GradientHarmonisedRegressionOptions extends RegressionOptions {
  /** Where the parabola turns into a line, > 0. Default 0.02. */
  mu?: number;
  /** Into how many classes of gradient size residuals fall, >= 1. Default 10. */
  bins?: number;
}

/**
 * GHM-R: sqrt(r^2 + mu^2) - mu, r = prediction - target, in which residuals with gradients of one size share their
 * pull.
 *
 * predictions, targets: the same shape. The size of a gradient is |r| / sqrt(r^2 + mu^2); the weights,
 * N / (bins in use x count of the bin), have no gradient. Computed as r^2 / (sqrt(r^2 + mu^2) + mu), which keeps the
 * digits of small residuals. Options: mu (0.02), bins (10), reduction ("mean").
 * Li, Liu and Wang 2019, arXiv:1811.05181. Reference values: the formula, as in mmdetection without momentum.
 */
export function ghmR(
  predictions: TensorLike,
  targets: TensorLike,
  options: GradientHarmonisedRegressionOptions = {},
): Tensor {
  const { mu, bins, reduction } = resolve<Required<GradientHarmonisedRegressionOptions>>("ghmR", options, {
    mu: 0.02,
    bins: 10,
    reduction: "mean",
  });
  expectPositive("ghmR", "mu", mu);
  expectInteger("ghmR", "bins", bins);
  const r = residual("ghmR", predictions, targets);
  const root = r
    .square()
    .add(mu * mu)
    .sqrt();
  const terms = r.square().div(root.add(mu));
  return reduce("ghmR", terms.mul(densityWeights(r.abs().div(root), bins)), reduction);
}
