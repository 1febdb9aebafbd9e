import {
  abs,
  add,
  eq,
  exp,
  expm1,
  gt,
  le,
  log,
  log1p,
  lt,
  mul,
  ne,
  neg,
  pow,
  relu,
  sqrt,
  square,
  type Unary,
  where,
} from "../autograd/elementwise.ts";
import { type ReductionOptions, sum } from "../autograd/movement.ts";
import { asTensor, type Tensor, type TensorLike } from "../tensor/tensor.ts";

// Forms that stay finite, with finite gradients, where the textbook form does not. "Double where": the unsafe input is
// replaced before the function and the result after it, because 0 times an infinite inner gradient is NaN.

/** The square root with gradient 0 at 0, which is what a distance between equal points needs. */
export const safeSqrt: Unary = (x) => {
  const t = asTensor(x);
  const zero = eq(t, 0);
  return where(zero, 0, sqrt(where(zero, 1, t)));
};

/** The Euclidean norm along `axis`, with gradient 0 at the zero vector. */
export function safeNorm(x: TensorLike, axis?: number | readonly number[], options: ReductionOptions = {}): Tensor {
  return safeSqrt(sum(square(x), axis, options));
}

/** x^power for x >= 0, with gradient 0 at 0, where powers below 1 have an infinite slope; x < 0 counts as 0. x^0 is 1. */
export function safePower(x: TensorLike, power: number): Tensor {
  const t = asTensor(x);
  if (power === 0) return add(mul(t, 0), 1);
  if (power === 1) return relu(t);
  if (power === 2) return square(relu(t));
  const none = le(t, 0);
  return where(none, 0, pow(where(none, 1, t), power));
}

/** x log y, and 0 where x = 0 whatever y is, in value and in gradient. */
export function xlogy(x: TensorLike, y: TensorLike): Tensor {
  const a = asTensor(x);
  const zero = eq(a, 0);
  return where(zero, 0, mul(a, log(where(zero, 1, y))));
}

/** log(1 - e^x) for x <= 0: by expm1 near 0 and by log1p far from it (Maechler 2012). */
export const log1mexp: Unary = (x) => {
  const t = asTensor(x);
  const near = gt(t, -Math.LN2);
  return where(near, log(neg(expm1(where(near, t, -1)))), log1p(neg(exp(where(near, -1, t)))));
};

/** Whether each element is NaN, as bool. */
export const isNaN: Unary = (x) => {
  const t = asTensor(x);
  return ne(t, t);
};

/** Whether each element is neither NaN nor infinite, as bool. */
export const isFinite: Unary = (x) => lt(abs(x), Number.POSITIVE_INFINITY);
