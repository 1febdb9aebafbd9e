import type { FunctionBuilder } from "./assembler.ts";
import type { Local } from "./encoding.ts";
import { f32x4, f64x2, i64x2 } from "./instructions.ts";
import { double, pairedPolynomial64, type Vector, variable } from "./vector-polynomial.ts";

/** What float32 is too coarse for: the same on two pairs of float64. */

/** The lower two of four lanes, then the upper two. */
export const halves = (f: FunctionBuilder, x: Vector): readonly [Vector, Vector] => {
  const vector = variable(f, x);
  return [vector, f32x4.shuffle(vector, vector, [2, 3, 2, 3])];
};

/** Two pairs of float64, rounded to four float32. */
export const joined = (low: Vector, high: Vector): Vector =>
  f32x4.shuffle(f32x4.demoteF64x2Zero(low), f32x4.demoteF64x2Zero(high), [0, 1, 4, 5]);

/** `body` of the lanes of `inputs` as float64, rounded to float32. */
export function inDouble(
  f: FunctionBuilder,
  inputs: readonly Vector[],
  body: (...lanes: Local<"v128">[]) => Vector,
): Vector {
  const split = inputs.map((x) => halves(f, x));
  const [low, high] = [0, 1].map((i) => body(...split.map((pair) => f.let(f64x2.promoteLowF32x4(pair[i])))));
  return joined(low, high);
}

/** 1.5 2^52: added to a number, it leaves the nearest whole number in the low bits. */
const shifter = 1.5 * 2 ** 52;
const bias = 1023;
const exponentShift = 52;

/** The number whose low bits hold round(x) + offset, and round(x). */
export function rounded(f: FunctionBuilder, x: Vector, offset = 0): { shifted: Local<"v128">; integer: Vector } {
  const shifted = f.let(f64x2.add(x, double(f, shifter + offset)));
  return { shifted, integer: f64x2.sub(shifted, double(f, shifter + offset)) };
}

/** e^x for -700 <= x <= 700, to the accuracy of `series`, the polynomial of e^r for |r| <= ln 2 / 2. */
export function exp64(f: FunctionBuilder, x: Local<"v128">, series: readonly number[]): Vector {
  const { shifted, integer } = rounded(f, f64x2.mul(x, double(f, Math.LOG2E)), bias);
  const r = f.let(f64x2.sub(x, f64x2.mul(integer, double(f, Math.LN2))));
  const square = f.let(f64x2.mul(r, r));
  return f64x2.mul(pairedPolynomial64(f, r, square, series), i64x2.shl(shifted, exponentShift));
}
