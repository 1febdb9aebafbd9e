import type { FunctionBuilder } from "./assembler.ts";
import type { Local } from "./encoding.ts";
import { f32x4, i32x4, v128 } from "./instructions.ts";
import {
  exponentShift,
  float,
  pairedPolynomial,
  polynomial,
  type Vector,
  variable,
  withSign,
} from "./vector-polynomial.ts";

/*
 * e^x = 2^n e^r with n the nearest whole number to x / ln 2 and |r| <= ln 2 / 2. Adding 1.5 2^23 leaves no room for a
 * fraction: it rounds to a whole number and has that number in its low bits. ln 2 is subtracted in two parts, the first
 * so short that n times it is exact.
 */

const shifter = 1.5 * 2 ** 23;
export const ln2High = 0.693145751953125;
export const ln2Low = 1.42860682e-6;

/** (e^r - 1 - r) / r^2 for |r| <= ln 2 / 2. */
const expSeries = [0.49999997, 0.166665435, 0.0416672006, 0.00836652052, 0.00138825248];

/** What a float32's exponent is raised by. */
const bias = 127;

interface Reduction {
  /** Its low bits hold n + offset; those above them vanish when it is shifted to the place of an exponent. */
  readonly shifted: Local<"v128">;
  readonly r: Local<"v128">;
  /** e^r - 1 - r. */
  readonly rest: Vector;
}

function reduce(f: FunctionBuilder, value: Vector, offset: number): Reduction {
  const x = variable(f, value);
  const shifted = f.let(f32x4.add(f32x4.mul(x, float(f, Math.LOG2E)), float(f, shifter + offset)));
  const n = f.let(f32x4.sub(shifted, float(f, shifter + offset)));
  const high = f32x4.sub(x, f32x4.mul(n, float(f, ln2High)));
  const r = f.let(f32x4.sub(high, f32x4.mul(n, float(f, ln2Low))));
  return { shifted, r, rest: bendOfReduced(f, r) };
}

/** e^r - 1 - r for |r| <= ln 2 / 2. */
function bendOfReduced(f: FunctionBuilder, r: Local<"v128">): Vector {
  const square = f.let(f32x4.mul(r, r));
  return f32x4.mul(pairedPolynomial(f, r, square, expSeries), square);
}

/** e^r. */
const expOfRest = (f: FunctionBuilder, { r, rest }: Pick<Reduction, "r" | "rest">): Vector =>
  f32x4.add(f32x4.add(rest, r), float(f, 1));

/** e^r for |r| <= ln 2 / 2. */
export const expOfReduced = (f: FunctionBuilder, r: Local<"v128">): Vector =>
  expOfRest(f, { r, rest: bendOfReduced(f, r) });

/** What makes n the low bits that `timesTwoTo` takes. */
export const twoBiases = 2 * bias;

/**
 * 2^n x, where the low bits of `shifted` hold n + twoBiases. Neither 2^128 nor 2^-150 is a number of its own: the power
 * is multiplied in by halves, and rounds only where the result is not a normal number.
 */
export function timesTwoTo(f: FunctionBuilder, shifted: Local<"v128">, x: Vector): Vector {
  const half = f.let(i32x4.shrU(shifted, 1));
  const first = i32x4.shl(half, exponentShift);
  const second = i32x4.shl(i32x4.sub(shifted, half), exponentShift);
  return f32x4.mul(f32x4.mul(x, first), second);
}

// The variable comes first in both, so that NaN stays.
export const atLeast = (f: FunctionBuilder, x: Vector, low: number): Vector => f32x4.pmax(x, float(f, low));
export const atMost = (f: FunctionBuilder, x: Vector, high: number): Vector => f32x4.pmin(x, float(f, high));

/** 2^exponent e^x. */
function scaledExp(f: FunctionBuilder, x: Vector, exponent: number): Vector {
  // Beyond these limits it is 0 or Infinity.
  const reduction = reduce(f, f.let(atMost(f, atLeast(f, x, -105), 91)), twoBiases + exponent);
  return timesTwoTo(f, reduction.shifted, expOfRest(f, reduction));
}

/** e^x. */
export const exp = (f: FunctionBuilder, x: Vector): Vector => scaledExp(f, x, 0);

/** e^x = scale (1 + excess) for x <= 0 (or NaN), in fewer instructions; scale is a power of two. */
export function factorsOfExp(f: FunctionBuilder, x: Vector): { scale: Local<"v128">; excess: Local<"v128"> } {
  // 2^(n + 30) is always a normal number.
  const { shifted, r, rest } = reduce(f, f.let(atLeast(f, x, -105)), bias + 30);
  const scale = f32x4.mul(i32x4.shl(shifted, exponentShift), float(f, 2 ** -30));
  return { scale: f.let(scale), excess: f.let(f32x4.add(rest, r)) };
}

/** e^x for x <= 0 (or NaN). */
export function expOfNonPositive(f: FunctionBuilder, x: Vector): Vector {
  const { scale, excess } = factorsOfExp(f, x);
  return f32x4.mul(f32x4.add(excess, float(f, 1)), scale);
}

/** e^x for |x| <= 80 (or NaN), in fewer instructions. */
export function expOfModerate(f: FunctionBuilder, x: Vector): Vector {
  const reduction = reduce(f, x, bias);
  return f32x4.mul(expOfRest(f, reduction), i32x4.shl(reduction.shifted, exponentShift));
}

/** e^x - 1, accurate near 0. */
export function expm1(f: FunctionBuilder, value: Vector): Vector {
  const x = variable(f, value);
  // 2^(n-1), since 2^128 is not a number.
  const { shifted, r, rest } = reduce(f, f.let(atMost(f, atLeast(f, x, -30), 89)), bias - 1);
  const scale = f.let(i32x4.shl(shifted, exponentShift));
  // 2^n e^r - 1 = (2^n - 1) + 2^n r + 2^n (e^r - 1 - r): the first sum is exact wherever the two parts cancel.
  const first = f32x4.sub(f32x4.mul(scale, r), f32x4.sub(float(f, 0.5), scale));
  const half = f.let(f32x4.add(first, f32x4.mul(scale, rest)));
  // x itself where it is tiny, for -0 and the last bit of subnormal numbers.
  const tiny = f32x4.lt(f32x4.abs(x), float(f, 2 ** -26));
  return v128.bitselect(x, f32x4.add(half, half), tiny);
}

/** (sinh x - x) / x^3 in x^2 for |x| <= 1. */
const sinhSeries = [0.166666672, 0.00833331048, 0.000198428941, 2.78223024e-6];

/** (e^x - e^-x) / 2. */
export function sinh(f: FunctionBuilder, value: Vector): Vector {
  const x = variable(f, value);
  const magnitude = f.let(f32x4.abs(x));
  const half = f.let(scaledExp(f, magnitude, -1));
  const large = f.let(f32x4.sub(half, f32x4.div(float(f, 0.25), half)));
  const square = f.let(f32x4.mul(magnitude, magnitude));
  const cubed = f32x4.mul(f32x4.mul(magnitude, square), polynomial(f, square, sinhSeries));
  const isSmall = f32x4.lt(magnitude, float(f, 1));
  return withSign(f, v128.bitselect(f32x4.add(cubed, magnitude), large, isSmall), x);
}

/** (e^x + e^-x) / 2. */
export function cosh(f: FunctionBuilder, x: Vector): Vector {
  const half = f.let(scaledExp(f, f32x4.abs(x), -1));
  return f32x4.add(half, f32x4.div(float(f, 0.25), half));
}
