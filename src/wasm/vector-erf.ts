import type { FunctionBuilder } from "./assembler.ts";
import { f32x4, f64x2, v128 } from "./instructions.ts";
import { exp64, inDouble } from "./vector-double.ts";
import { atLeast, atMost, expOfModerate } from "./vector-exp.ts";
import {
  double,
  float,
  pairedPolynomial,
  pairedPolynomial64,
  polynomial,
  type Vector,
  variable,
  withSign,
} from "./vector-polynomial.ts";

/** erf x / x - 1 in x^2 for |x| <= 1. */
const erfSeries = [0.128379166, -0.37612626, 0.112835787, -0.0268533472, 0.0051871622, -0.00079978531, 7.80690389e-5];

/** log erfc x for 1 <= x <= 4. */
const logErfcSeries = [
  -0.000341734645, -1.12708831, -0.638146341, -0.103105403, 0.0218373984, -0.00294748787, 0.000186361183,
];

/** 2 / sqrt(pi) times the integral of e^(-s^2) from 0 to x. */
export function erf(f: FunctionBuilder, value: Vector): Vector {
  const x = variable(f, value);
  // Beyond 4 it is 1.
  const magnitude = f.let(atMost(f, f32x4.abs(x), 4));
  const one = float(f, 1);
  const square = f.let(f32x4.mul(magnitude, magnitude));
  const logErfc = f.let(pairedPolynomial(f, magnitude, square, logErfcSeries));
  const large = f.let(f32x4.sub(one, expOfModerate(f, logErfc)));
  const small = f32x4.add(f32x4.mul(polynomial(f, square, erfSeries), magnitude), magnitude);
  return withSign(f, v128.bitselect(small, large, f32x4.lt(magnitude, one)), x);
}

/** erfc(x) e^(x^2) / t in t = 2 / (2 + x) for 0 <= x <= 10.2. */
const erfcSeries = [
  0.28208867439197066, 0.28224884002541084, 0.24521461094131364, 0.18539461493808457, 0.055590434582661212,
  0.033735211493125791, -0.019337661066908814, -0.29232065733549217, 0.38322519599836391, -0.19172115142230092,
  0.035881890895099459,
];

/** e^r for |r| <= ln 2 / 2, to 2e-9. */
const expSeries = [
  1.0000000005539351, 1.0000000363487376, 0.49999992080724487, 0.16666420058217474, 0.041668225306917911,
  0.0083748249977700223, 0.0013836874674674493,
];

/** 1 - erf x, without cancellation for large x. */
export const erfc = (f: FunctionBuilder, x: Vector): Vector =>
  // Beyond 10.1 it is 0, below -4 it is 2. x^2 has more digits than float32.
  inDouble(f, [atMost(f, atLeast(f, x, -4), 10.2)], (lanes) => {
    const magnitude = f.let(f64x2.abs(lanes));
    const t = f.let(f64x2.div(double(f, 2), f64x2.add(magnitude, double(f, 2))));
    const gaussian = exp64(f, f.let(f64x2.neg(f64x2.mul(lanes, lanes))), expSeries);
    const square = f.let(f64x2.mul(t, t));
    const tail = f.let(f64x2.mul(f64x2.mul(pairedPolynomial64(f, t, square, erfcSeries), t), gaussian));
    return v128.bitselect(f64x2.sub(double(f, 2), tail), tail, f64x2.lt(lanes, double(f, 0)));
  });
