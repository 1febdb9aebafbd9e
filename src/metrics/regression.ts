import { expectSameShape } from "../tensor/checks.ts";
import { ShapeError } from "../tensor/errors.ts";
import { formatShape } from "../tensor/shape.ts";
import type { TensorLike } from "../tensor/tensor.ts";
import { numbers } from "./labels.ts";
import { mean, sum } from "./mean.ts";

// predictions and targets are [n], or [n, outputs]; then the metric of each output counts the same.

/** The residuals and targets of each output. */
function columnsOf(where: string, predictions: TensorLike, targets: TensorLike) {
  const p = numbers(where, "predictions", predictions);
  const t = numbers(where, "targets", targets);
  expectSameShape(where, { predictions: p, targets: t });
  if (p.ndim < 1 || p.ndim > 2) {
    throw new ShapeError(where, `predictions must be [n] or [n, outputs], got shape ${formatShape(p.shape)}`);
  }
  const [n, width = 1] = p.shape;
  return Array.from({ length: width }, (_, c) => ({
    residuals: Array.from({ length: n }, (_, i) => t.data[i * width + c] - p.data[i * width + c]),
    targets: Array.from({ length: n }, (_, i) => t.data[i * width + c]),
  }));
}

const squares = (values: readonly number[]): number[] => values.map((v) => v * v);

/** Mean of |target - prediction|. Semantics of sklearn.metrics.mean_absolute_error. */
export function meanAbsoluteError(predictions: TensorLike, targets: TensorLike): number {
  const columns = columnsOf("meanAbsoluteError", predictions, targets);
  return mean(columns.map(({ residuals }) => mean(residuals.map(Math.abs))));
}

/** Mean of (target - prediction)^2. Semantics of sklearn.metrics.mean_squared_error. */
export function meanSquaredError(predictions: TensorLike, targets: TensorLike): number {
  const columns = columnsOf("meanSquaredError", predictions, targets);
  return mean(columns.map(({ residuals }) => mean(squares(residuals))));
}

/** Square root of the mean of (target - prediction)^2. Semantics of sklearn.metrics.root_mean_squared_error. */
export function rootMeanSquaredError(predictions: TensorLike, targets: TensorLike): number {
  const columns = columnsOf("rootMeanSquaredError", predictions, targets);
  return mean(columns.map(({ residuals }) => Math.sqrt(mean(squares(residuals)))));
}

/**
 * The coefficient of determination, R^2 = 1 - sum (target - prediction)^2 / sum (target - mean of targets)^2.
 *
 * 1 is perfect, 0 no better than the mean of the targets. Constant targets give 1 when every prediction is right, else
 * 0; a single item gives NaN. Semantics of sklearn.metrics.r2_score.
 */
export function r2(predictions: TensorLike, targets: TensorLike): number {
  const scores = columnsOf("r2", predictions, targets).map(({ residuals, targets }) => {
    if (targets.length < 2) return Number.NaN;
    const centre = mean(targets);
    const unexplained = sum(squares(residuals));
    const total = sum(squares(targets.map((t) => t - centre)));
    if (total === 0) return unexplained === 0 ? 1 : 0;
    return 1 - unexplained / total;
  });
  return mean(scores);
}
