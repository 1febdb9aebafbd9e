import type { FunctionBuilder } from "./assembler.ts";
import { f32x4 } from "./instructions.ts";
import { atLeast, atMost } from "./vector-exp.ts";
import { float, type Vector } from "./vector-polynomial.ts";

/** -1, 0 or 1 as x is; zeros keep their sign, NaN stays. */
export function sign(f: FunctionBuilder, x: Vector): Vector {
  // Even the smallest subnormal number times 2^200 is large.
  const large = f32x4.mul(f32x4.mul(x, float(f, 2 ** 100)), float(f, 2 ** 100));
  return atMost(f, atLeast(f, large, -1), 1);
}

/** The nearest whole number, halves to even. */
export const round = (_: FunctionBuilder, x: Vector): Vector => f32x4.nearest(x);

/** 1 / sqrt x. */
export const rsqrt = (f: FunctionBuilder, x: Vector): Vector => f32x4.div(float(f, 1), f32x4.sqrt(x));

/** 1 / x. */
export const reciprocal = (f: FunctionBuilder, x: Vector): Vector => f32x4.div(float(f, 1), x);
