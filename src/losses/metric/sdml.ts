import { distanceMatrix } from "../../functional/distances.ts";
import { xlogy } from "../../functional/numerics.ts";
import { expectAxes, expectSameShape, floatTensor } from "../../tensor/checks.ts";
import { eye } from "../../tensor/creation.ts";
import { ShapeError } from "../../tensor/errors.ts";
import { resolve } from "../../tensor/options.ts";
import { formatShape } from "../../tensor/shape.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { expectFraction } from "../scalar-option.ts";

export interface SDMLOptions {
  /** The share of the target that goes to the other rows, in [0, 1]. Default 0.3. */
  smoothing?: number;
  reduction?: Reduction;
}

/**
 * Smoothed deep metric learning: KL(t || softmax_j(-||x1_i - x2_j||^2)) for each row, t_ii = 1 - smoothing, and the
 * smoothing spread evenly over the other rows.
 *
 * x1, x2: [n, d], row i of one belongs to row i of the other; n >= 2. Returns [n] with reduction "none".
 *
 * Options: smoothing (0.3), reduction ("mean").
 * Bonadiman et al. 2019, "Large scale question paraphrase retrieval with smoothed deep metric learning", W-NUT,
 * arXiv:1905.12786. Reference values: the formula of Gluon's SDMLLoss.
 */
export function sdml(x1: TensorLike, x2: TensorLike, options: SDMLOptions = {}): Tensor {
  const where = "sdml";
  const { smoothing, reduction } = resolve<Required<SDMLOptions>>(where, options, {
    smoothing: 0.3,
    reduction: "mean",
  });
  expectFraction(where, "smoothing", smoothing);
  const [a, b] = [floatTensor(where, "x1", x1), floatTensor(where, "x2", x2)];
  expectAxes(where, "x1", a, ["n", "d"]);
  expectSameShape(where, { x1: a, x2: b });
  const n = a.shape[0];
  if (n < 2) throw new ShapeError(where, `x1 ${formatShape(a.shape)} needs at least 2 rows to tell apart`);
  const share = smoothing / (n - 1);
  const targets = eye(n, { dtype: a.dtype })
    .mul(1 - smoothing - share)
    .add(share);
  const logProbabilities = distanceMatrix(a, b, { squared: true }).neg().logSoftmax(1);
  return reduce(where, xlogy(targets, targets).sub(targets.mul(logProbabilities)).sum(1), reduction);
}
