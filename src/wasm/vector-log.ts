import type { FunctionBuilder } from "./assembler.ts";
import type { Local } from "./encoding.ts";
import { f32x4, i32x4, v128 } from "./instructions.ts";
import { ln2High, ln2Low } from "./vector-exp.ts";
import { bits, exponentShift, float, pairedPolynomial, type Vector, variable } from "./vector-polynomial.ts";

/*
 * log x = n ln 2 + log(1 + t) with 1 + t in [sqrt 1/2, sqrt 2). Lanes that need more than that (0, below 0, not finite,
 * subnormal) are rare and cost a branch that is not taken.
 */

const oneBits = 0x3f800000;
const rootHalfBits = 0x3f3504f3;

/** (log(1 + t) - t) / t^2 for 1 + t in [sqrt 1/2, sqrt 2). */
const log1pSeries = [
  -0.499999881, 0.333333254, -0.250015855, 0.200019762, -0.166090533, 0.141817689, -0.132431909, 0.129049003,
  -0.0762183666,
];

/** (log(1 + t) - t) / t^2 for 0 <= t <= 1. */
const unitLog1pSeries = [
  -0.499999315, 0.333304644, -0.24958019, 0.196921021, -0.153448805, 0.106611282, -0.057457231, 0.0200862419,
  -0.00329046859,
];

/** log(1 + t) - n ln 2. Where t and n are zeros, n of them +0, the result is t. */
function combine(f: FunctionBuilder, t: Local<"v128">, n: Local<"v128">): Vector {
  const square = f.let(f32x4.mul(t, t));
  const bend = f32x4.mul(pairedPolynomial(f, t, square, log1pSeries), square);
  const low = f32x4.sub(bend, f32x4.mul(n, float(f, ln2Low)));
  return f32x4.sub(f32x4.add(low, t), f32x4.mul(n, float(f, ln2High)));
}

/** A normal positive number as 2^n m, m in [sqrt 1/2, sqrt 2). */
export function normalParts(f: FunctionBuilder, x: Vector): { minusN: Local<"v128">; m: Vector } {
  const above = i32x4.sub(bits(f, rootHalfBits + 0x7fffff), x);
  const minusN = f.let(i32x4.shrS(above, exponentShift));
  return { minusN, m: i32x4.add(x, i32x4.shl(minusN, exponentShift)) };
}

/** log(2^-exponent x) of normal positive numbers. */
function logOfNormal(f: FunctionBuilder, x: Local<"v128">, exponent = 0): Vector {
  const { minusN, m } = normalParts(f, x);
  const t = f.let(f32x4.sub(m, float(f, 1)));
  const minusAll = exponent === 0 ? minusN : i32x4.add(minusN, bits(f, exponent));
  return combine(f, t, f.let(f32x4.convertI32x4S(minusAll)));
}

/** Ones where the bits of a lane, as an unsigned integer, are not in [low, high). */
export function outside(f: FunctionBuilder, x: Vector, low: number, high: number): Vector {
  // Shifted down to begin at the smallest integer, the range is one comparison of signed integers.
  const smallest = -(2 ** 31);
  const shifted = i32x4.add(x, bits(f, (smallest - low) | 0));
  return i32x4.gtS(shifted, bits(f, smallest + high - low - 1));
}

/** Bits of the smallest normal number and of Infinity. */
export const [normalBits, infinityBits] = [0x00800000, 0x7f800000];

/** The logarithms of 0 (-Infinity), Infinity, numbers below 0 (NaN) and NaN. */
const logOfExtreme = (f: FunctionBuilder, x: Vector): Vector =>
  f32x4.sub(f32x4.sqrt(x), f32x4.div(float(f, 1), f32x4.abs(x)));

/** log x. */
export function log(f: FunctionBuilder, value: Vector): Vector {
  const x = variable(f, value);
  const result = f.let(logOfNormal(f, x));
  f.if(v128.anyTrue(outside(f, x, normalBits, infinityBits)), () => {
    const tiny = f32x4.lt(x, float(f, 2 ** -126));
    const scaled = f.let(f32x4.mul(x, float(f, 2 ** 24)));
    f.set(result, v128.bitselect(logOfNormal(f, scaled, 24), result, tiny));
    const isOrdinary = v128.and(f32x4.gt(x, float(f, 0)), f32x4.lt(x, float(f, Infinity)));
    f.set(result, v128.bitselect(result, logOfExtreme(f, x), isOrdinary));
  });
  return result;
}

/** log(1 + x), accurate near 0. */
export function log1p(f: FunctionBuilder, value: Vector): Vector {
  const x = variable(f, value);
  const sum = f.let(f32x4.add(x, float(f, 1)));
  // n comes from the rounded sum, but (1 + x) 2^-n - 1 = x 2^-n - (1 - 2^-n) from x itself.
  const { minusN } = normalParts(f, sum);
  const scale = f.let(i32x4.add(i32x4.shl(minusN, exponentShift), bits(f, oneBits)));
  const t = f.let(f32x4.sub(f32x4.mul(x, scale), f32x4.sub(float(f, 1), scale)));
  const result = f.let(combine(f, t, f.let(f32x4.convertI32x4S(minusN))));
  // Beyond 2^100, where 1 + x is x, 2^-n could be a subnormal number.
  const largeBits = oneBits + (100 << exponentShift);
  f.if(v128.anyTrue(outside(f, sum, normalBits, largeBits)), () => {
    const isLarge = f32x4.ge(x, float(f, 2 ** 100));
    f.set(result, v128.bitselect(logOfNormal(f, x), result, isLarge));
    const isOrdinary = v128.and(f32x4.gt(sum, float(f, 0)), f32x4.lt(sum, float(f, Infinity)));
    f.set(result, v128.bitselect(result, logOfExtreme(f, sum), isOrdinary));
  });
  return result;
}

/** log(1 + x) for 0 <= x <= 1 (or NaN), in fewer instructions. */
export function log1pOfUnit(f: FunctionBuilder, value: Vector): Vector {
  const x = variable(f, value);
  return f32x4.add(log1pBendOfUnit(f, x), x);
}

/** log(1 + x) - x for 0 <= x <= 1 (or NaN). */
export function log1pBendOfUnit(f: FunctionBuilder, value: Vector): Vector {
  const x = variable(f, value);
  const square = f.let(f32x4.mul(x, x));
  const [first, ...others] = unitLog1pSeries;
  const series = f32x4.add(f32x4.mul(pairedPolynomial(f, x, square, others), x), float(f, first));
  return f32x4.mul(series, square);
}
