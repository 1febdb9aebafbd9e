import type { FunctionBuilder } from "./assembler.ts";
import type { Local } from "./encoding.ts";
import { f32x4, f64x2, i32x4, v128 } from "./instructions.ts";
import { exp64, halves, inDouble, joined, rounded } from "./vector-double.ts";
import { expOfReduced, timesTwoTo, twoBiases } from "./vector-exp.ts";
import { infinityBits, normalBits, normalParts, outside } from "./vector-log.ts";
import { bits, double, float, pairedPolynomial64, signBit, type Vector, variable } from "./vector-polynomial.ts";

/** log2((1 + s) / (1 - s)) / s in s^2 for |s| <= 3 - 2 sqrt 2, to 4e-12. */
const log2Series = [
  2.8853900817900864, 0.96179667334169727, 0.57708358498250845, 0.41167271816109019, 0.34073011780645857,
];

/** log((1 + x) / (1 - x)) in float64, from the polynomial of it over s in s^2. */
function log64(f: FunctionBuilder, s: Local<"v128">, series: readonly number[]): Vector {
  const square = f.let(f64x2.mul(s, s));
  const fourth = f.let(f64x2.mul(square, square));
  return f64x2.mul(pairedPolynomial64(f, square, fourth, series), s);
}

/** a to the power b: 2^(b log2 |a|) with the product in float64, and what C and IEEE 754 say of special operands. */
export function pow(f: FunctionBuilder, base: Vector, exponent: Vector): Vector {
  const [a, b] = [variable(f, base), variable(f, exponent)];
  const magnitude = f.let(f32x4.abs(a));
  // Added to the exponent of |a|.
  const lowered = f.local("v128");
  const special = v128.or(outside(f, a, normalBits, infinityBits), i32x4.gtS(f32x4.abs(b), bits(f, infinityBits - 1)));
  const isSpecial = f.let(v128.anyTrue(special));
  f.set(lowered, bits(f, 0));
  f.if(isSpecial, () => {
    const tiny = f.let(f32x4.lt(magnitude, float(f, 2 ** -126)));
    f.set(magnitude, v128.bitselect(f32x4.mul(magnitude, float(f, 2 ** 24)), magnitude, tiny));
    f.set(lowered, v128.and(bits(f, 24), tiny));
  });
  const result = f.let(powOfMagnitude(f, magnitude, lowered, b));
  f.if(isSpecial, () => f.set(result, specialPow(f, a, b, result)));
  return result;
}

function powOfMagnitude(f: FunctionBuilder, a: Vector, lowered: Vector, b: Vector): Vector {
  const { minusN, m } = normalParts(f, a);
  const [ms, ns, bs] = [m, i32x4.add(minusN, lowered), b].map((x) => halves(f, x));
  const [low, high] = [0, 1].map((i) => {
    const mantissa = f.let(f64x2.promoteLowF32x4(ms[i]));
    const s = f.let(f64x2.div(f64x2.sub(mantissa, double(f, 1)), f64x2.add(mantissa, double(f, 1))));
    const logarithm = f64x2.sub(log64(f, s, log2Series), f64x2.convertLowI32x4S(ns[i]));
    const product = f64x2.mul(f64x2.promoteLowF32x4(bs[i]), logarithm);
    // Beyond these limits it is 0 or Infinity.
    const z = f.let(f64x2.pmin(f64x2.pmax(product, double(f, -160)), double(f, 160)));
    const { shifted, integer } = rounded(f, z, twoBiases);
    return { shifted, r: f64x2.mul(f64x2.sub(z, integer), double(f, Math.LN2)) };
  });
  const r = f.let(joined(low.r, high.r));
  const shifted = f.let(f32x4.shuffle(low.shifted, high.shifted, [0, 2, 4, 6]));
  return timesTwoTo(f, shifted, expOfReduced(f, r));
}

/** a^b where a may be 0, negative or not finite and b not finite, from |a|^b. */
function specialPow(f: FunctionBuilder, a: Local<"v128">, b: Local<"v128">, ordinary: Vector): Vector {
  const [zero, one, infinity] = [0, 1, Infinity].map((x) => float(f, x));
  const magnitude = f.let(f32x4.abs(a));
  const isZero = f.let(f32x4.eq(magnitude, zero));
  const isInfinite = f32x4.eq(magnitude, infinity);
  const isLow = v128.xor(isZero, f32x4.lt(b, zero)); // 0^b or infinity^-b
  const result = f.let(v128.bitselect(v128.andNot(infinity, isLow), ordinary, v128.or(isZero, isInfinite)));
  // A negative number to an odd power is negative, to a fraction NaN.
  const half = f.let(f32x4.mul(b, float(f, 0.5)));
  const isWhole = f.let(f32x4.eq(f32x4.trunc(b), b));
  const isOdd = v128.andNot(isWhole, f32x4.eq(f32x4.trunc(half), half));
  f.set(result, v128.xor(result, v128.and(v128.and(a, bits(f, signBit)), isOdd)));
  const isImaginary = v128.andNot(v128.and(f32x4.lt(a, zero), f32x4.lt(magnitude, infinity)), isWhole);
  const isNaN = v128.or(v128.or(f32x4.ne(a, a), f32x4.ne(b, b)), isImaginary);
  const isOne = v128.or(
    v128.or(f32x4.eq(b, zero), f32x4.eq(a, one)),
    v128.and(f32x4.eq(magnitude, one), f32x4.eq(f32x4.abs(b), infinity)),
  );
  return v128.bitselect(one, v128.or(result, isNaN), isOne);
}

/** e^r for |r| <= ln 2 / 2. */
const expSeries = [
  1.0, 1.0000000000000064, 0.49999999999997286, 0.16666666666557634, 0.041666666668426042, 0.0083333333847026691,
  0.0013888888499157999, 0.00019841171338296889, 2.4801917617332791e-5, 2.7639787104703411e-6, 2.7488488996493065e-7,
];

/** log((1 + s) / (1 - s)) / s in s^2 for |s| <= 1/3. */
const logSeries = [
  2.0, 0.6666666666667771, 0.39999999996044766, 0.28571429058534648, 0.22222192876590688, 0.18182814878179682,
  0.1536428211629203, 0.1358644310707553, 0.099021578521530096, 0.17741172897401752,
];

/**
 * log(e^a + e^b), by the larger of the two. In float64, since that and the logarithm of 1 + e^-|a-b| may cancel: a
 * result near 0 has an error of 2^-52, which is what eager arithmetic has.
 */
export function logAddExp(f: FunctionBuilder, a: Vector, b: Vector): Vector {
  const second = variable(f, b);
  const sum = inDouble(f, [a, second], (x, y) => {
    // The gap of equal infinities is NaN and becomes 700, like all large ones.
    const gap = f64x2.pmin(double(f, 700), f64x2.abs(f64x2.sub(x, y)));
    const e = f.let(exp64(f, f.let(f64x2.neg(gap)), expSeries));
    const s = f.let(f64x2.div(e, f64x2.add(e, double(f, 2))));
    return f64x2.add(log64(f, s, logSeries), f64x2.pmax(x, y));
  });
  return v128.or(sum, f32x4.ne(second, second)); // pmax has kept only the NaN of a
}
