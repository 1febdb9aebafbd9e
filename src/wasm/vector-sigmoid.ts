import type { FunctionBuilder } from "./assembler.ts";
import type { Local } from "./encoding.ts";
import { f32x4, i32x4, v128 } from "./instructions.ts";
import { atMost, expOfModerate, factorsOfExp } from "./vector-exp.ts";
import { log1pBendOfUnit } from "./vector-log.ts";
import { bits, float, polynomial, signBit, type Vector, variable, withSign } from "./vector-polynomial.ts";

/** What is made of one exponential that cannot overflow. */

interface Exponential {
  readonly x: Local<"v128">;
  /** e^-|x| = scale (1 + excess), scale a power of two. */
  readonly e: Local<"v128">;
  readonly scale: Local<"v128">;
  readonly excess: Local<"v128">;
}

function expOfMinusMagnitude(f: FunctionBuilder, value: Vector): Exponential {
  const x = variable(f, value);
  const { scale, excess } = factorsOfExp(f, v128.or(x, bits(f, signBit)));
  return { x, e: f.let(f32x4.mul(f32x4.add(excess, float(f, 1)), scale)), scale, excess };
}

/** 1 / (1 + e), or e / (1 + e) where x is negative. */
function sigmoidFrom(f: FunctionBuilder, { x, e, scale, excess }: Exponential): Vector {
  const one = float(f, 1);
  const sum = f.let(f32x4.add(e, one));
  // What the sum has lost is taken off the numerator: otherwise the error would reach 2.4 units in the last place.
  const lost = f32x4.sub(e, f32x4.sub(sum, one));
  const numerator = f32x4.mul(f32x4.add(f32x4.sub(excess, lost), one), scale);
  const oneWherePositive = v128.andNot(one, i32x4.shrS(x, 31));
  return f32x4.div(f32x4.pmax(numerator, oneWherePositive), sum);
}

/** max(x, 0) + log(1 + e). */
const softplusFrom = (f: FunctionBuilder, { x, e }: Exponential): Vector =>
  f32x4.add(f32x4.add(log1pBendOfUnit(f, e), f32x4.pmax(x, float(f, 0))), e);

/** 1 / (1 + e^-x). */
export const sigmoid = (f: FunctionBuilder, x: Vector): Vector => sigmoidFrom(f, expOfMinusMagnitude(f, x));

/** log(1 + e^x). */
export const softplus = (f: FunctionBuilder, x: Vector): Vector => softplusFrom(f, expOfMinusMagnitude(f, x));

/** Both, from one exponential. */
export function sigmoidAndSoftplus(f: FunctionBuilder, x: Vector): { sigmoid: Vector; softplus: Vector } {
  const exponential = expOfMinusMagnitude(f, x);
  return { sigmoid: sigmoidFrom(f, exponential), softplus: softplusFrom(f, exponential) };
}

/** (tanh x - x) / x^3 in x^2 for |x| <= 0.625. */
const tanhSeries = [-0.333332807, 0.133314058, -0.0537365153, 0.0206281655, -0.00569229061];

/** tanh x: 1 - 2 / (e^(2x) + 1), and a series near 0. */
export function tanh(f: FunctionBuilder, value: Vector): Vector {
  const x = variable(f, value);
  // Beyond 9.1 it is 1.
  const magnitude = f.let(atMost(f, f32x4.abs(x), 9.1));
  const e = expOfModerate(f, f.let(f32x4.add(magnitude, magnitude)));
  const large = f.let(f32x4.sub(float(f, 1), f32x4.div(float(f, 2), f32x4.add(e, float(f, 1)))));
  const square = f.let(f32x4.mul(magnitude, magnitude));
  const cubed = f32x4.mul(f32x4.mul(magnitude, square), polynomial(f, square, tanhSeries));
  const isSmall = f32x4.lt(magnitude, float(f, 0.625));
  return withSign(f, v128.bitselect(f32x4.add(cubed, magnitude), large, isSmall), x);
}
