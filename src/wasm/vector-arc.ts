import type { FunctionBuilder } from "./assembler.ts";
import type { Local } from "./encoding.ts";
import { f32x4, i32x4, v128 } from "./instructions.ts";
import {
  bits,
  float,
  pairedPolynomial,
  polynomial,
  signBit,
  type Vector,
  variable,
  withSign,
} from "./vector-polynomial.ts";

/** pi / 2 as the nearest float32 and what that lacks. */
const [halfPi, halfPiRest] = [Math.fround(Math.PI / 2), Math.PI / 2 - Math.fround(Math.PI / 2)];

/** (asin s - s) / s^3 in s^2 for |s| <= 1/2. */
const asinSeries = [0.166667521, 0.0749530867, 0.0454693027, 0.0241838042, 0.0421602689];

/** (atan t - t) / t^3 in t^2 for |t| <= 1. */
const atanSeries = [
  -0.333332986, 0.199985296, -0.142640159, 0.109509312, -0.0840047151, 0.0579357706, -0.0311991535, 0.0109542264,
  -0.00180943182,
];

interface HalfArc {
  /** |x| > 1/2. */
  readonly isLarge: Local<"v128">;
  /** |x|, or sqrt((1 - |x|) / 2) where that is large: the sine of half the angle to the pole. */
  readonly s: Local<"v128">;
  /** asin s - s. */
  readonly bend: Vector;
}

function halfArc(f: FunctionBuilder, x: Vector): HalfArc {
  const magnitude = f.let(f32x4.abs(x));
  const isLarge = f.let(f32x4.gt(magnitude, float(f, 0.5)));
  const square = f.let(
    v128.bitselect(
      f32x4.mul(f32x4.sub(float(f, 1), magnitude), float(f, 0.5)),
      f32x4.mul(magnitude, magnitude),
      isLarge,
    ),
  );
  const s = f.let(v128.bitselect(f32x4.sqrt(square), magnitude, isLarge));
  return { isLarge, s, bend: f32x4.mul(f32x4.mul(polynomial(f, square, asinSeries), square), s) };
}

/** asin x: asin s with the sign of x; pi / 2 - 2 asin s where |x| > 1/2. */
export function asin(f: FunctionBuilder, value: Vector): Vector {
  const x = variable(f, value);
  const { isLarge, s, bend: once } = halfArc(f, x);
  const bend = f.let(once);
  const twice = f.let(f32x4.add(s, s));
  const fromPole = f.let(f32x4.sub(float(f, halfPi), twice));
  const lost = f32x4.sub(f32x4.sub(float(f, halfPi), fromPole), twice);
  const large = f32x4.add(fromPole, f32x4.sub(f32x4.add(lost, float(f, halfPiRest)), f32x4.add(bend, bend)));
  return withSign(f, v128.bitselect(large, f32x4.add(s, bend), isLarge), x);
}

/** acos x: pi / 2 - asin x, 2 asin s where x > 1/2, and 2 (pi / 2 - asin s) where x < -1/2. */
export function acos(f: FunctionBuilder, value: Vector): Vector {
  const x = variable(f, value);
  const { isLarge, s, bend } = halfArc(f, x);
  const sign = f.let(v128.and(v128.xor(x, isLarge), bits(f, signBit)));
  const isNearOne = f.let(v128.andNot(isLarge, i32x4.shrS(x, 31)));
  const correction = f32x4.sub(v128.xor(bend, sign), v128.andNot(float(f, halfPiRest), isNearOne));
  const arc = f32x4.add(correction, v128.xor(s, sign));
  const angle = f.let(f32x4.sub(v128.andNot(float(f, halfPi), isNearOne), arc));
  return f32x4.add(angle, v128.and(angle, isLarge));
}

/** atan t - t for |t| <= 1. */
function atanBend(f: FunctionBuilder, t: Local<"v128">): Vector {
  const square = f.let(f32x4.mul(t, t));
  const fourth = f.let(f32x4.mul(square, square));
  return f32x4.mul(f32x4.mul(pairedPolynomial(f, square, fourth, atanSeries), square), t);
}

/** atan x: pi / 2 - atan 1 / x where |x| > 1. */
export function atan(f: FunctionBuilder, value: Vector): Vector {
  const x = variable(f, value);
  const one = float(f, 1);
  const magnitude = f.let(f32x4.abs(x));
  const isSteep = f.let(f32x4.gt(magnitude, one));
  const t = f.let(f32x4.div(f32x4.pmin(magnitude, one), f32x4.pmax(magnitude, one)));
  return withSign(
    f,
    fromAxis(f, t, isSteep, v128.and(float(f, halfPi), isSteep), v128.and(float(f, halfPiRest), isSteep)),
    x,
  );
}

/** base + rest +- atan t, minus where `isBelow`. */
function fromAxis(f: FunctionBuilder, t: Local<"v128">, isBelow: Vector, base: Vector, rest: Vector): Vector {
  const sign = f.let(v128.and(isBelow, bits(f, signBit)));
  const correction = f32x4.add(v128.xor(atanBend(f, t), sign), rest);
  return f32x4.add(f32x4.add(correction, v128.xor(t, sign)), base);
}

/** The angle of the point (x, y), in [-pi, pi]. */
export function atan2(f: FunctionBuilder, ordinate: Vector, abscissa: Vector): Vector {
  const [y, x] = [variable(f, ordinate), variable(f, abscissa)];
  const [height, width] = [f.let(f32x4.abs(y)), f.let(f32x4.abs(x))];
  // Both take their first operand when one is NaN, so that the quotient is NaN.
  const quotient = f32x4.div(f32x4.pmin(height, width), f32x4.pmax(width, height));
  // Two equal ones may be infinities; two zeros count as the quotient 0.
  const unit = v128.and(float(f, 1), f32x4.gt(width, float(f, 0)));
  const t = f.let(v128.bitselect(unit, quotient, f32x4.eq(height, width)));
  const isSteep = f.let(f32x4.gt(height, width));
  const isLeft = f.let(i32x4.shrS(x, 31));
  const choose = (steep: number, left: number) =>
    v128.bitselect(float(f, steep), v128.and(float(f, left), isLeft), isSteep);
  const [base, rest] = [choose(halfPi, 2 * halfPi), choose(halfPiRest, 2 * halfPiRest)];
  return withSign(f, fromAxis(f, t, v128.xor(isSteep, isLeft), base, rest), y);
}
