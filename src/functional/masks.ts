import { add, div, eq, exp, gt, log, maximum, ne, neg, stopGradient, sub, where } from "../autograd/elementwise.ts";
import { sum } from "../autograd/movement.ts";
import { max } from "../autograd/reduction.ts";
import { eye, onesLike } from "../tensor/creation.ts";
import { resolve } from "../tensor/options.ts";
import { asTensor, type Tensor, type TensorLike } from "../tensor/tensor.ts";
import { squeeze, unsqueeze } from "./shapes.ts";

// Reductions over the elements that a bool mask keeps, and the masks of pairs that share a label.

export interface MaskedLogSumExpOptions {
  /** Add 1 to the sum: log(1 + sum e^x), which is 0 where nothing is kept. Default false. */
  addOne?: boolean;
  /** The value where nothing is kept; the gradient there is 0. Default 0. */
  empty?: number;
  keepDims?: boolean;
}

/** So far below everything that its exponential is 0, and finite less anything: no infinity on the way. */
const leftOut = -1e38;

/**
 * log of the sum of e^x along an axis, over the elements where the mask is true. Finite, with finite gradients, for
 * finite x of any size and where nothing is kept; what is left out may be anything.
 *
 * x, mask (bool): shapes that broadcast to one another. Options: addOne (false), empty (0), keepDims (false).
 */
export function maskedLogSumExp(
  x: TensorLike,
  mask: TensorLike,
  axis: number,
  options: MaskedLogSumExpOptions = {},
): Tensor {
  const { addOne, empty, keepDims } = resolve<Required<MaskedLogSumExpOptions>>("maskedLogSumExp", options, {
    addOne: false,
    empty: 0,
    keepDims: false,
  });
  const kept = where(mask, x, leftOut);
  const top = stopGradient(max(kept, axis, { keepDims: true }));
  const shift = where(gt(top, leftOut), addOne ? maximum(top, 0) : top, 0);
  const total = sum(exp(sub(kept, shift)), axis, { keepDims: true });
  const none = eq(total, 0);
  const logOfTotal = add(log(where(none, 1, addOne ? add(total, exp(neg(shift))) : total)), shift);
  const result = addOne ? logOfTotal : where(none, empty, logOfTotal);
  return keepDims ? result : squeeze(result, axis);
}

/**
 * The mean along an axis (or of all) of the elements where the mask is true; 0, with gradient 0, where there are none.
 */
export function maskedMean(x: TensorLike, mask: TensorLike, axis?: number): Tensor {
  const values = where(mask, x, 0);
  const count = sum(where(mask, onesLike(values), 0), axis);
  return div(sum(values, axis), maximum(count, 1));
}

/**
 * Which rows share a label and which do not: bool [n, m] for labels [n] and references [m]. Without references the rows
 * are compared with themselves, and none is its own positive.
 */
export function labelMasks(labels: TensorLike, references?: TensorLike): { isPositive: Tensor; isNegative: Tensor } {
  const [a, b] = [asTensor(labels), asTensor(references ?? labels)];
  const [rows, columns] = [unsqueeze(a, 1), unsqueeze(b, 0)];
  const same = eq(rows, columns);
  return {
    isPositive: references === undefined ? gt(same, eye(a.size, { dtype: "bool" })) : same,
    isNegative: ne(rows, columns),
  };
}
