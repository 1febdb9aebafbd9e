import {
  abs,
  add,
  div,
  eq,
  exp,
  expm1,
  ge,
  gt,
  le,
  lgamma,
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
  sub,
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

/**
 * x^power for x >= 0, with gradient 0 at 0, where powers below 1 have an infinite slope; x < 0 counts as 0. x^0 is 1.
 */
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

/**
 * log gamma(x) - ((x - 1/2) log x - x + log(2 pi) / 2) for x > 0: what Stirling's formula leaves, about 1 / (12 x).
 * Sums of log gamma that cancel keep their digits when only these remainders are added.
 */
export const stirlingRemainder: Unary = (x) => {
  const t = asTensor(x);
  const large = ge(t, 16);
  const near = where(large, 16, t);
  const direct = sub(add(sub(lgamma(near), mul(sub(near, 0.5), log(near))), near), Math.log(2 * Math.PI) / 2);
  const far = where(large, t, 16);
  const inverse = square(div(1, far));
  // Bernoulli numbers over 2k (2k - 1): at 16 the first term left out is below 1e-15.
  const series = stirlingSeries.reduceRight<Tensor | number>((sum, c) => add(mul(inverse, sum), c), 0) as Tensor;
  return where(large, div(series, far), direct);
};

const stirlingSeries = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360];

/** log gamma(x + h) - log gamma(x) for x > 0 and x + h > 0: the logarithm of x (x + 1) ... (x + h - 1) for whole h. */
export function logRisingFactorial(x: TensorLike, h: TensorLike): Tensor {
  const t = asTensor(x);
  const sum = add(t, h);
  const main = add(mul(sub(t, 0.5), log1p(div(h, t))), sub(mul(log(sum), h), h));
  return add(main, sub(stirlingRemainder(sum), stirlingRemainder(t)));
}

/** log of the beta function, log gamma(a) + log gamma(b) - log gamma(a + b), for a > 0 and b > 0. */
export function logBeta(a: TensorLike, b: TensorLike): Tensor {
  const smaller = lt(a, b);
  return sub(lgamma(where(smaller, a, b)), logRisingFactorial(where(smaller, b, a), where(smaller, a, b)));
}

/** Whether each element is NaN, as bool. */
export const isNaN: Unary = (x) => {
  const t = asTensor(x);
  return ne(t, t);
};

/** Whether each element is neither NaN nor infinite, as bool. */
export const isFinite: Unary = (x) => lt(abs(x), Number.POSITIVE_INFINITY);
