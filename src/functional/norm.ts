import { asFloat } from "../autograd/cast.ts";
import { abs, eq, pow, square, where } from "../autograd/elementwise.ts";
import { type ReductionOptions, reductionAttributes, sum } from "../autograd/movement.ts";
import { max } from "../autograd/reduction.ts";
import { expectNumber, resolve } from "../tensor/options.ts";
import type { Tensor, TensorLike } from "../tensor/tensor.ts";
import { safeSqrt } from "./numerics.ts";

export interface NormOptions extends ReductionOptions {
  /** The power: any number >= 1, or Infinity for the largest magnitude. Default 2. */
  p?: number;
}

/** The norm as a part of the function `whole`, which errors name. */
export function normOf(
  whole: string,
  x: TensorLike,
  axis: number | readonly number[] | undefined,
  given: NormOptions,
): Tensor {
  const { p, keepDims } = resolve<Required<NormOptions>>(whole, given, { p: 2, keepDims: false });
  expectNumber(whole, "p", p, ">= 1 or Infinity", (v) => v >= 1);
  const t = asFloat(x);
  const options = { keepDims };
  const { axes } = reductionAttributes(whole, t, axis, options);
  if (p === 2) return safeSqrt(sum(square(t), axes, options));
  if (p === 1) return sum(abs(t), axes, options);
  if (p === Number.POSITIVE_INFINITY) return max(abs(t), axes, options);
  const total = sum(pow(abs(t), p), axes, options);
  const zero = eq(total, 0);
  return where(zero, 0, pow(where(zero, 1, total), 1 / p));
}
