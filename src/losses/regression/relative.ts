import { where as select } from "../../autograd/elementwise.ts";
import { safeSqrt } from "../../functional/numerics.ts";
import { expectNonNegativeElements, expectNotEmpty, expectPositiveElements, expectShape } from "../../tensor/checks.ts";
import { ShapeError } from "../../tensor/errors.ts";
import { expectInteger, expectOneOf, expectPositive, resolve } from "../../tensor/options.ts";
import { formatShape } from "../../tensor/shape.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { maskOf } from "../mask.ts";
import { reduce } from "../reduction.ts";
import { expectFraction } from "../scalar-option.ts";
import { type RegressionOptions, residual } from "./residual.ts";

// Errors as a share of something: of the target, of both, of what a naive forecast errs, or as a difference of
// logarithms.

/** a / b, and 0, with gradient 0, where b = 0. */
function ratio(a: Tensor, b: Tensor): Tensor {
  const zero = b.eq(0);
  return select(zero, 0, a.div(select(zero, 1, b)));
}

export interface MeanAbsolutePercentageErrorOptions extends RegressionOptions {
  /** Smaller magnitudes of targets count as this, > 0. Default 1e-7, as in Keras. */
  eps?: number;
  /** Targets of 0: "clamp" to eps, or "ignore": their term is 0. Default "clamp". */
  zero?: "clamp" | "ignore";
  /** In percent, times 100, as in Keras; false gives the ratio. Default true. */
  percent?: boolean;
}

/**
 * The mean absolute percentage error: 100 |target - prediction| / max(|target|, eps).
 *
 * predictions, targets: the same shape. The gradient at an exact fit is 0. Options: eps (1e-7), zero ("clamp"), percent
 * (true), reduction ("mean"). Reference values: keras.losses.MeanAbsolutePercentageError; neuralforecast's MAPE is the
 * ratio with zero "ignore".
 */
export function meanAbsolutePercentageError(
  predictions: TensorLike,
  targets: TensorLike,
  options: MeanAbsolutePercentageErrorOptions = {},
): Tensor {
  const where = "meanAbsolutePercentageError";
  const { eps, zero, percent, reduction } = resolve<Required<MeanAbsolutePercentageErrorOptions>>(where, options, {
    eps: 1e-7,
    zero: "clamp",
    percent: true,
    reduction: "mean",
  });
  expectPositive(where, "eps", eps);
  expectOneOf(where, "zero", zero, ["clamp", "ignore"]);
  const r = residual(where, predictions, targets).abs();
  const t = asTensor(targets, r.dtype).abs();
  const terms = zero === "clamp" ? r.div(t.maximum(eps)) : ratio(r, t.maximum(eps).mul(t.ne(0)));
  return reduce(where, percent ? terms.mul(100) : terms, reduction);
}

export interface SymmetricMeanAbsolutePercentageErrorOptions extends RegressionOptions {
  /** In percent, times 100; false gives the ratio. Default true. */
  percent?: boolean;
}

/**
 * The symmetric mean absolute percentage error: 200 |target - prediction| / (|target| + |prediction|), in [0, 200].
 *
 * predictions, targets: the same shape. 0 against 0 is an error of 0 with gradient 0. Options: percent (true),
 * reduction ("mean"). Makridakis 1993, "Accuracy measures: theoretical and practical concerns". Reference values: the
 * formula; neuralforecast's SMAPE has percent false.
 */
export function symmetricMeanAbsolutePercentageError(
  predictions: TensorLike,
  targets: TensorLike,
  options: SymmetricMeanAbsolutePercentageErrorOptions = {},
): Tensor {
  const where = "symmetricMeanAbsolutePercentageError";
  const { percent, reduction } = resolve<Required<SymmetricMeanAbsolutePercentageErrorOptions>>(where, options, {
    percent: true,
    reduction: "mean",
  });
  const r = residual(where, predictions, targets);
  const size = asTensor(predictions, r.dtype).abs().add(asTensor(targets, r.dtype).abs());
  return reduce(where, ratio(r.abs(), size).mul(percent ? 200 : 2), reduction);
}

export interface MeanAbsoluteScaledErrorOptions extends RegressionOptions {
  /** How many steps ago the naive forecast looks: the length of a season. Default 1. */
  seasonality?: number;
}

/**
 * The mean absolute scaled error: |target - prediction| over what the naive forecast y_t = y_(t - m) errs on average in
 * the history.
 *
 * predictions, targets [..., horizon]; history [..., steps], the series up to there, steps > m. A history that repeats
 * exactly has no scale: its terms are 0. Options: seasonality m (1), reduction ("mean").
 * Hyndman and Koehler 2006, "Another look at measures of forecast accuracy". Reference values: the formula;
 * neuralforecast's MASE.
 */
export function meanAbsoluteScaledError(
  predictions: TensorLike,
  targets: TensorLike,
  history: TensorLike,
  options: MeanAbsoluteScaledErrorOptions = {},
): Tensor {
  const where = "meanAbsoluteScaledError";
  const { seasonality, reduction } = resolve<Required<MeanAbsoluteScaledErrorOptions>>(where, options, {
    seasonality: 1,
    reduction: "mean",
  });
  expectInteger(where, "seasonality", seasonality);
  const r = residual(where, predictions, targets);
  const h = asTensor(history, r.dtype, where, "history");
  if (r.ndim === 0) throw new ShapeError(where, "predictions must be [..., horizon], got a number");
  const steps = h.shape.at(-1) ?? 0;
  if (steps <= seasonality) {
    throw new ShapeError(
      where,
      `history ${formatShape(h.shape)} needs more than ${seasonality} steps for that seasonality`,
    );
  }
  expectShape(where, "history", h, [...r.shape.slice(0, -1), steps]);
  const before = h.shape.slice(0, -1).map(() => null);
  const change = h.slice([...before, { start: seasonality }]).sub(h.slice([...before, { stop: steps - seasonality }]));
  return reduce(where, ratio(r.abs(), change.abs().mean(-1, { keepDims: true })), reduction);
}

export interface MeanSquaredLogarithmicErrorOptions extends RegressionOptions {
  /**
   * "plain" (default); "keras" clips both at 1e-7, where the gradient ends; "flux" takes log(x + eps) of both, without
   * the 1, for positive predictions.
   */
  preset?: "plain" | "keras" | "flux";
}

/**
 * The squared difference of logarithms: (log(1 + prediction) - log(1 + target))^2.
 *
 * predictions, targets: the same shape, targets >= 0. A prediction below 0, where the logarithm soon ends, counts as
 * itself, the logarithm's tangent at 0: the loss stays smooth and keeps its gradient there.
 * Options: preset ("plain"), reduction ("mean"). Reference values: keras.losses.MeanSquaredLogarithmicError; Flux.msle.
 */
export function meanSquaredLogarithmicError(
  predictions: TensorLike,
  targets: TensorLike,
  options: MeanSquaredLogarithmicErrorOptions = {},
): Tensor {
  const where = "meanSquaredLogarithmicError";
  const { preset, reduction } = resolve<Required<MeanSquaredLogarithmicErrorOptions>>(where, options, {
    preset: "plain",
    reduction: "mean",
  });
  expectOneOf(where, "preset", preset, ["plain", "keras", "flux"]);
  const { dtype } = residual(where, predictions, targets);
  const [p, t] = [asTensor(predictions, dtype), asTensor(targets, dtype)];
  expectNonNegativeElements(where, "targets", t);
  const logarithm = {
    plain: (x: Tensor) => x.relu().log1p().sub(x.neg().relu()),
    keras: (x: Tensor) => x.clamp(1e-7).log1p(),
    flux: (x: Tensor) => x.add(2 ** -23).log(), // Flux's eps(Float32)
  }[preset];
  return reduce(where, logarithm(p).sub(logarithm(t)).square(), reduction);
}

export interface ScaleInvariantLogOptions extends RegressionOptions {
  /** How much of a common factor is forgiven, in [0, 1]: at 1 all of it. Default 0.5. */
  lambda?: number;
  /** The square root of it, as mmsegmentation takes; its gradient at an exact fit is 0. Default false. */
  sqrt?: boolean;
  /** Which pixels have a depth; bool of the shape of the targets. Default null: all. */
  mask?: TensorLike | null;
}

/**
 * The scale-invariant error of depth maps: mean d^2 - lambda (mean d)^2, d = log prediction - log target, the means
 * over the pixels of an image.
 *
 * predictions, targets [n, ...], above 0 where the mask counts them; a vector is one image. Returns [n] with reduction
 * "none". An image without counted pixels is 0. Options: lambda (0.5), sqrt (false), mask (all), reduction ("mean").
 * Eigen et al. 2014, arXiv:1406.2283. Reference values: the formula; mmsegmentation's SILogLoss pools the batch.
 */
export function scaleInvariantLog(
  predictions: TensorLike,
  targets: TensorLike,
  options: ScaleInvariantLogOptions = {},
): Tensor {
  const where = "scaleInvariantLog";
  const { lambda, sqrt, mask, reduction } = resolve<Required<ScaleInvariantLogOptions>>(where, options, {
    lambda: 0.5,
    sqrt: false,
    mask: null,
    reduction: "mean",
  });
  expectFraction(where, "lambda", lambda);
  const r = residual(where, predictions, targets);
  expectNotEmpty(where, "predictions", r);
  const kept = maskOf(where, mask, { predictions: r });
  const valid = (name: string, x: TensorLike) => {
    const t = select(kept, asTensor(x, r.dtype), 1);
    expectPositiveElements(where, name, t);
    return t.log().reshape([r.ndim < 2 ? 1 : r.shape[0], -1]);
  };
  const d = valid("predictions", predictions).sub(valid("targets", targets));
  const count = kept.reshape(d.shape).sum(1).maximum(1);
  const mean = d.sum(1).div(count);
  const spread = d.sub(mean.unsqueeze(1)).square().mul(kept.reshape(d.shape)).sum(1).div(count);
  const terms = spread.add(mean.square().mul(1 - lambda)); // mean d^2 = variance + (mean d)^2, without cancellation
  return reduce(where, sqrt ? safeSqrt(terms) : terms, reduction);
}
