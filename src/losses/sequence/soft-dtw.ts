import { concat, narrow } from "../../autograd/movement.ts";
import "../../functional/methods.ts";
import { stack } from "../../functional/shapes.ts";
import { expectAxes, expectNotEmpty, expectShape, floatTensor } from "../../tensor/checks.ts";
import { arange, full } from "../../tensor/creation.ts";
import { expectPositive, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { impossible, steps } from "./alignment.ts";

export interface SoftDTWOptions {
  /** The temperature of the minimum, > 0; towards 0 it is dynamic time warping. Default 1. */
  gamma?: number;
  /** Subtract the mean of the distances of each series from itself: >= 0, and 0 for equal series. Default false. */
  divergence?: boolean;
  reduction?: Reduction;
}

/**
 * Soft dynamic time warping: the soft minimum -gamma log sum e^(-cost / gamma) over all monotone alignments, the cost
 * of one the sum of squared distances of the points that it joins:
 * r(i, j) = d(i, j) + softmin(r(i-1, j), r(i, j-1), r(i-1, j-1)), by anti-diagonals.
 *
 * predictions [n, T, d], targets [n, S, d], of lengths of their own. "none" gives [n]. May be negative, and is not
 * least at equal series; with `divergence` it is both. Options: gamma (1), divergence (false), reduction ("mean", over
 * n).
 * Cuturi and Blondel 2017, arXiv:1703.01541; Blondel, Mensch and Vert 2021, arXiv:2010.08354 (divergence).
 */
export function softDTW(predictions: TensorLike, targets: TensorLike, options: SoftDTWOptions = {}): Tensor {
  const { gamma, divergence, reduction } = resolve<Required<SoftDTWOptions>>("softDTW", options, {
    gamma: 1,
    divergence: false,
    reduction: "mean",
  });
  expectPositive("softDTW", "gamma", gamma);
  const x = floatTensor("softDTW", "predictions", predictions);
  const y = floatTensor("softDTW", "targets", targets);
  expectAxes("softDTW", "predictions", x, ["n", "T", "d"]);
  expectAxes("softDTW", "targets", y, ["n", "S", "d"]);
  expectShape("softDTW", "targets", y, [x.shape[0], y.shape[1], x.shape[2]]);
  for (const [name, t] of Object.entries({ predictions: x, targets: y })) expectNotEmpty("softDTW", name, t);
  const distance = (a: Tensor, b: Tensor) => alignmentCost(squaredDistances(a, b), gamma);
  const terms = divergence ? distance(x, y).sub(distance(x, x).add(distance(y, y)).div(2)) : distance(x, y);
  return reduce("softDTW", terms, reduction);
}

/** ||a_i - b_j||^2: [n, T, S]. By differences: a product of matrices loses the digits of small distances. */
const squaredDistances = (a: Tensor, b: Tensor): Tensor => a.unsqueeze(2).sub(b.unsqueeze(1)).square().sum(3);

/** The soft minimum over alignments of costs [n, T, S]: [n]. `best` is it over -gamma: the log of a sum. */
function alignmentCost(costs: Tensor, gamma: number): Tensor {
  const [n, time, columns] = costs.shape;
  const diagonals = time + columns - 1;
  const t = arange(diagonals).unsqueeze(1).sub(arange(columns).unsqueeze(0)); // the row of each column on a diagonal
  const inside = t.ge(0).logicalAnd(t.lt(time)).unsqueeze(1);
  const index = t
    .maximum(0)
    .minimum(time - 1)
    .mul(columns)
    .add(arange(columns).unsqueeze(0))
    .reshape([-1]);
  const skewed = costs
    .div(-gamma)
    .reshape([n, time * columns])
    .indexSelect(1, index)
    .reshape([n, diagonals, columns]);
  const scores = steps(skewed.swapAxes(0, 1).maskedFill(inside.logicalNot(), impossible));

  // Columns are one to the right, behind one that no alignment enters but to begin.
  const nowhere = full([n, columns + 1], impossible, { dtype: costs.dtype });
  const outside = narrow(nowhere, 1, { stop: 1 });
  let [before, last] = [concat([outside.mul(0), narrow(nowhere, 1, { start: 1 })], 1), nowhere];
  for (const score of scores) {
    const left = narrow(last, 1, { stop: columns });
    const above = narrow(last, 1, { start: 1 });
    const across = narrow(before, 1, { stop: columns });
    const best = stack([left, above, across], 0).logSumExp(0).add(score);
    [before, last] = [last, concat([outside, best], 1)];
  }
  return narrow(last, 1, columns).mul(-gamma);
}
