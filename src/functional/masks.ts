import {
  add,
  div,
  eq,
  exp,
  log,
  logicalAnd,
  logicalNot,
  maximum,
  neg,
  stopGradient,
  sub,
  where,
} from "../autograd/elementwise.ts";
import { sum } from "../autograd/movement.ts";
import { max } from "../autograd/reduction.ts";
import { eye, onesLike } from "../tensor/creation.ts";
import { resolve } from "../tensor/options.ts";
import { asTensor, type Tensor, type TensorLike } from "../tensor/tensor.ts";
import { any } from "./reductions.ts";
import { squeeze, unsqueeze } from "./shapes.ts";

// Reductions over the elements that a bool mask keeps, and the masks of pairs that share a label.

export interface MaskedLogSumExpOptions {
  /** Add 1 to the sum: log(1 + sum e^x), which is 0 where nothing is kept. Default false. */
  addOne?: boolean;
  /** The value where nothing is kept; the gradient there is 0. Default 0. */
  empty?: number;
  keepDims?: boolean;
}

/**
 * log of the sum of e^x along an axis, over the elements where the mask is true. Finite, with finite gradients, for finite
 * x of any size and where nothing is kept; what is left out may be anything.
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
  const values = where(mask, x, 0);
  const some = any(where(mask, onesLike(values), 0), axis, { keepDims: true });
  const top = stopGradient(max(where(mask, x, -1e38), axis, { keepDims: true }));
  const shift = where(some, addOne ? maximum(top, 0) : top, 0);
  const terms = where(mask, exp(where(mask, sub(values, shift), 0)), 0);
  const total = sum(terms, axis, { keepDims: true });
  const logOfTotal = add(log(where(some, addOne ? add(total, exp(neg(shift))) : total, 1)), shift);
  const result = addOne ? logOfTotal : where(some, logOfTotal, empty);
  return keepDims ? result : squeeze(result, axis);
}

/** The mean along an axis (or of all) of the elements where the mask is true; 0, with gradient 0, where there are none. */
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
  const same = eq(unsqueeze(a, 1), unsqueeze(b, 0));
  const self = eye(a.size, { dtype: "bool" });
  return {
    isPositive: references === undefined ? logicalAnd(same, logicalNot(self)) : same,
    isNegative: logicalNot(same),
  };
}
