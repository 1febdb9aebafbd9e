import type { FunctionBuilder } from "./assembler.ts";
import type { Local } from "./encoding.ts";
import { f32x4, f64x2, i32, i32x4, v128 } from "./instructions.ts";
import { bits, float, polynomial, signBit, type Vector, variable } from "./vector-polynomial.ts";

/*
 * |x| = n pi/2 + r with |r| <= pi/4; the last two bits of n say which of +-sin r, +-cos r is asked for.
 *
 * Up to |x| = 400, n has 8 bits and times each of the first two parts of pi/2 (16 bits) is exact. Beyond, r needs up to
 * 150 bits of 2/pi: a rare lane that large sends its vector down a slow path in float64.
 */

const shifter = 1.5 * 2 ** 23;
const moderate = 400;
const halfPi = [1.570770263671875, 2.6063062250614166e-5, 6.07710063e-11];

/** 2/pi in pieces of 24 bits. */
const twoOverPi = [0xa2f983, 0x6e4e44, 0x1529fc, 0x2757d1, 0xf534dd, 0xc0db62, 0x95993c, 0x439041];

interface Angle {
  /** Its low bits hold n. */
  readonly shifted: Local<"v128">;
  readonly r: Local<"v128">;
  /** What r was rounded by. */
  readonly low: Local<"v128">;
}

/** Adds `quarters` to n. */
function reduce(f: FunctionBuilder, magnitude: Local<"v128">, quarters = 0): Angle {
  const shifted = f.let(f32x4.add(f32x4.mul(magnitude, float(f, 2 / Math.PI)), float(f, shifter)));
  const n = f.let(f32x4.sub(shifted, float(f, shifter)));
  const [first, second, third] = halfPi.map((part) => f.let(f32x4.mul(n, float(f, part))));
  const coarse = f.let(f32x4.sub(magnitude, first)); // exact
  const fine = f.let(f32x4.sub(coarse, second));
  // What that difference was rounded by, nothing where it is small, goes into the next.
  const rest = f.let(f32x4.sub(f32x4.sub(f32x4.sub(coarse, fine), second), third));
  const r = f.let(f32x4.add(fine, rest));
  const low = f.let(f32x4.sub(rest, f32x4.sub(r, fine)));
  const isHuge = f.let(f32x4.gt(magnitude, float(f, moderate)));
  f.if(v128.anyTrue(isHuge), () => {
    const exact = reduceHuge(f, magnitude);
    f.set(shifted, v128.bitselect(exact.shifted, shifted, isHuge));
    f.set(r, v128.bitselect(exact.r, r, isHuge));
    f.set(low, v128.bitselect(exact.low, low, isHuge));
  });
  if (quarters > 0) f.set(shifted, i32x4.add(shifted, bits(f, quarters)));
  return { shifted, r, low };
}

/**
 * The same for any magnitude. x times a piece of 2/pi is exact in float64, and so is what remains of it modulo 4; the
 * remains are summed with the rounding error of every addition.
 */
function reduceHuge(f: FunctionBuilder, magnitude: Local<"v128">): Angle {
  const constant = (value: number) => f64x2.const(value, value);
  const pair = f.let(magnitude);
  const shifted = f.local("v128");
  const r = f.local("v128");
  const low = f.local("v128");
  const half = f.let(i32.const(0));
  f.doWhile(
    () => {
      const x = f.let(f64x2.promoteLowF32x4(pair));
      const sum = f.let(constant(0));
      const error = f.let(constant(0));
      twoOverPi.forEach((piece, i) => {
        const product = f.let(f64x2.mul(x, constant(piece * 2 ** (-24 * (i + 1)))));
        const turns = f64x2.nearest(f64x2.mul(product, constant(0.25)));
        const part = f.let(f64x2.sub(product, f64x2.mul(turns, constant(4))));
        const next = f.let(f64x2.add(sum, part));
        const added = f.let(f64x2.sub(next, sum));
        const lost = f64x2.add(f64x2.sub(sum, f64x2.sub(next, added)), f64x2.sub(part, added));
        f.set(error, f64x2.add(error, lost));
        f.set(sum, next);
      });
      const integer = f.let(f64x2.add(sum, constant(1.5 * 2 ** 52)));
      const rest = f64x2.add(f64x2.sub(sum, f64x2.sub(integer, constant(1.5 * 2 ** 52))), error);
      const angle = f.let(f64x2.mul(rest, constant(Math.PI / 2)));
      const rounded = f.let(f32x4.demoteF64x2Zero(angle));
      const remainder = f32x4.demoteF64x2Zero(f64x2.sub(angle, f64x2.promoteLowF32x4(rounded)));
      // The first pass leaves its two lanes in the upper half, the second moves them down.
      f.set(r, f32x4.shuffle(r, rounded, [2, 3, 4, 5]));
      f.set(low, f32x4.shuffle(low, remainder, [2, 3, 4, 5]));
      f.set(shifted, f32x4.shuffle(shifted, integer, [2, 3, 4, 6]));
      f.set(pair, f32x4.shuffle(pair, pair, [2, 3, 0, 1]));
      f.set(half, i32.add(half, 1));
    },
    () => i32.ltU(half, 2),
  );
  return { shifted, r, low };
}

/** All ones where the lowest bit of n is set. */
const isOdd = ({ shifted }: Angle): Vector => i32x4.shrS(i32x4.shl(shifted, 31), 31);

const sinSeries = [-0.166666552, 0.00833218917, -0.000195182874];
const cosSeries = [0.0416666456, -0.00138873095, 2.44323273e-5];
const tanSeries = [0.333333492, 0.133326754, 0.0540589131, 0.0212862082, 0.0108274445, 9.82426427e-5, 0.00437270012];

/** sin |x| for quarters = 0, cos x for 1, without the sign that the sine takes from x. */
function sine(f: FunctionBuilder, magnitude: Local<"v128">, quarters: number): Vector {
  const angle = reduce(f, magnitude, quarters);
  const { shifted, r } = angle;
  const square = f.let(f32x4.mul(r, r));
  const sin = f.let(f32x4.add(f32x4.mul(f32x4.mul(polynomial(f, square, sinSeries), square), r), r));
  const bend = f32x4.mul(f32x4.mul(polynomial(f, square, cosSeries), square), square);
  const cos = f32x4.add(f32x4.sub(bend, f32x4.mul(square, float(f, 0.5))), float(f, 1));
  // Bit 1 of n is the sign.
  const sign = v128.and(i32x4.shl(shifted, 30), bits(f, signBit));
  return v128.xor(v128.bitselect(cos, sin, isOdd(angle)), sign);
}

/** x with the sign of `sign` multiplied in. */
const timesSign = (f: FunctionBuilder, x: Vector, sign: Vector): Vector =>
  v128.xor(x, v128.and(sign, bits(f, signBit)));

export function sin(f: FunctionBuilder, value: Vector): Vector {
  const x = variable(f, value);
  return timesSign(f, sine(f, f.let(f32x4.abs(x)), 0), x);
}

export const cos = (f: FunctionBuilder, x: Vector): Vector => sine(f, f.let(f32x4.abs(x)), 1);

export function tan(f: FunctionBuilder, value: Vector): Vector {
  const x = variable(f, value);
  const angle = reduce(f, f.let(f32x4.abs(x)));
  const { r, low } = angle;
  const square = f.let(f32x4.mul(r, r));
  const bend = f32x4.mul(f32x4.mul(polynomial(f, square, tanSeries), square), r);
  const tangent = f.let(f32x4.add(f32x4.add(bend, low), r));
  const cotangent = f32x4.div(float(f, -1), tangent);
  return timesSign(f, v128.bitselect(cotangent, tangent, isOdd(angle)), x);
}
