import { expectShape, floatTensor } from "../../tensor/checks.ts";
import { ShapeError, ValueError } from "../../tensor/errors.ts";
import { expectNonNegative, expectNumber, expectPositive, resolve } from "../../tensor/options.ts";
import { formatShape } from "../../tensor/shape.ts";
import { asTensor, type Tensor, type TensorLike, tensor } from "../../tensor/tensor.ts";
import { reduce } from "../reduction.ts";
import { type RegressionOptions, residual, squareThenLine } from "./residual.ts";

export interface QuantileOptions extends RegressionOptions {
  /** The quantile to predict, in (0, 1), or one for each entry of the predictions' last axis. Default 0.5. */
  quantile?: number | readonly number[];
}

/**
 * The pinball loss, minimal at a quantile q of the targets: q e where e >= 0, (q - 1) e where e < 0, e = target -
 * prediction.
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
  const { r, level } = levels("quantile", predictions, targets, q);
  return reduce("quantile", r.relu().mul(level.neg().add(1)).add(r.neg().relu().mul(level)), reduction);
}

/** The residuals prediction - target of each quantile, and the quantiles, checked. */
function levels(where: string, predictions: TensorLike, targets: TensorLike, quantiles: number | readonly number[]) {
  for (const q of Array.isArray(quantiles) ? quantiles : [quantiles]) {
    expectNumber(where, "quantile", q, "inside (0, 1)", (v) => v > 0 && v < 1);
  }
  const p = floatTensor(where, "predictions", predictions);
  const level = tensor(quantiles, { dtype: p.dtype });
  if (level.ndim === 0) return { r: residual(where, p, targets), level };
  if (p.shape.at(-1) !== level.size) {
    throw new ShapeError(
      where,
      `predictions ${formatShape(p.shape)} must have a last axis with one entry for each of the ${level.size} quantiles`,
    );
  }
  const t = asTensor(targets, p.dtype, where, "targets");
  expectShape(where, "targets", t, p.shape.slice(0, -1));
  return { r: p.sub(t.unsqueeze(-1)), level };
}

export interface HuberQuantileOptions extends QuantileOptions {
  /** Where the square turns into a line, > 0. Default 1. */
  delta?: number;
  /** Divide by delta, as the paper does, so that the slopes far away are those of `quantile`. Default true. */
  divideByDelta?: boolean;
}

/**
 * The quantile regression loss of QR-DQN: |q - [e < 0]| huber(e) / delta, e = target - prediction; `quantile` with a
 * parabola in place of its kink.
 *
 * Shapes as in `quantile`. Options: quantile (0.5), delta (1), divideByDelta (true), reduction ("mean").
 * Dabney et al. 2018, arXiv:1710.10044. Reference values: the formula; neuralforecast's HuberQLoss has divideByDelta
 * false.
 */
export function huberQuantile(
  predictions: TensorLike,
  targets: TensorLike,
  options: HuberQuantileOptions = {},
): Tensor {
  const where = "huberQuantile";
  const {
    quantile: q,
    delta,
    divideByDelta,
    reduction,
  } = resolve<Required<HuberQuantileOptions>>(where, options, {
    quantile: 0.5,
    delta: 1,
    divideByDelta: true,
    reduction: "mean",
  });
  expectPositive(where, "delta", delta);
  const { r, level } = levels(where, predictions, targets, q);
  const above = squareThenLine(r.relu(), delta, divideByDelta ? 1 : delta).mul(level.neg().add(1));
  const below = squareThenLine(r.neg().relu(), delta, divideByDelta ? 1 : delta).mul(level);
  return reduce(where, above.add(below), reduction);
}

export interface ExpectileOptions extends RegressionOptions {
  /** The expectile to predict, inside (0, 1). Default 0.5. */
  expectile?: number;
}

/**
 * Asymmetric least squares: |q - [e < 0]| e^2, e = target - prediction, minimal at the q-expectile of the targets.
 *
 * predictions, targets: the same shape. Half of the squared error for q = 0.5. Options: expectile (0.5), reduction
 * ("mean").
 * Newey and Powell 1987, "Asymmetric least squares estimation and testing". Reference values: the formula.
 */
export function expectile(predictions: TensorLike, targets: TensorLike, options: ExpectileOptions = {}): Tensor {
  const { expectile: q, reduction } = resolve<Required<ExpectileOptions>>("expectile", options, {
    expectile: 0.5,
    reduction: "mean",
  });
  expectNumber("expectile", "expectile", q, "inside (0, 1)", (v) => v > 0 && v < 1);
  const r = residual("expectile", predictions, targets);
  const terms = r
    .relu()
    .square()
    .mul(1 - q)
    .add(r.neg().relu().square().mul(q));
  return reduce("expectile", terms, reduction);
}

export interface EpsilonInsensitiveOptions extends RegressionOptions {
  /** Errors up to this cost nothing, >= 0. Default 0.1. */
  epsilon?: number;
  /** Square what exceeds epsilon. Default false. */
  squared?: boolean;
}

/**
 * The loss of support vector regression: [|r| - epsilon]+, r = prediction - target, or its square.
 *
 * predictions, targets: the same shape. The gradient at |r| = epsilon is 0. Options: epsilon (0.1), squared (false),
 * reduction ("mean"). Vapnik 1995, "The nature of statistical learning theory". Reference values: scikit-learn's
 * SGDRegressor losses.
 */
export function epsilonInsensitive(
  predictions: TensorLike,
  targets: TensorLike,
  options: EpsilonInsensitiveOptions = {},
): Tensor {
  const where = "epsilonInsensitive";
  const { epsilon, squared, reduction } = resolve<Required<EpsilonInsensitiveOptions>>(where, options, {
    epsilon: 0.1,
    squared: false,
    reduction: "mean",
  });
  expectNonNegative(where, "epsilon", epsilon);
  const excess = residual(where, predictions, targets).abs().sub(epsilon).relu();
  return reduce(where, squared ? excess.square() : excess, reduction);
}

export interface WeightedQuantileOptions {
  /** The quantiles that the predictions' last axis holds, each inside (0, 1). Default [0.1, 0.5, 0.9]. */
  quantile?: readonly number[];
}

/**
 * The weighted quantile loss of forecasting, a scaled CRPS: the mean over quantiles of
 * 2 sum pinball_q(prediction_q, target) / sum |target|.
 *
 * predictions [..., quantiles], targets [...]. Always a scalar, without a unit; 0 targets throughout count as a sum of
 * 1.
 * Options: quantile ([0.1, 0.5, 0.9]). Gasthaus et al. 2019, "Probabilistic forecasting with spline quantile function
 * RNNs". Reference values: the formula; neuralforecast's sCRPS adds 1e-5 to the denominator.
 */
export function weightedQuantile(
  predictions: TensorLike,
  targets: TensorLike,
  options: WeightedQuantileOptions = {},
): Tensor {
  const where = "weightedQuantile";
  const { quantile: q } = resolve<Required<WeightedQuantileOptions>>(where, options, { quantile: [0.1, 0.5, 0.9] });
  if (!Array.isArray(q)) throw new ValueError(where, `quantile must be a list of quantiles, got ${String(q)}`);
  const { r, level } = levels(where, predictions, targets, q);
  const pinball = r.relu().mul(level.neg().add(1)).add(r.neg().relu().mul(level));
  const scale = asTensor(targets, r.dtype).abs().sum();
  return pinball
    .sum()
    .mul(2 / q.length)
    .div(scale.maskedFill(scale.eq(0), 1));
}
