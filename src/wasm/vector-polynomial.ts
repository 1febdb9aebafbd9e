import type { FunctionBuilder } from "./assembler.ts";
import type { Expression, Local } from "./encoding.ts";
import { f32x4, f64x2, i32x4, v128 } from "./instructions.ts";

/** What the vector functions are built from. */

export type Vector = Expression<"v128">;

/** A number in all lanes. */
export const float = (f: FunctionBuilder, value: number): Local<"v128"> =>
  f.constant(f32x4.const(value, value, value, value));
export const double = (f: FunctionBuilder, value: number): Local<"v128"> => f.constant(f64x2.const(value, value));
export const bits = (f: FunctionBuilder, value: number): Local<"v128"> =>
  f.constant(i32x4.const(value, value, value, value));

/** The bit that holds a float32's sign. */
export const signBit = 0x80000000 | 0;

/** How far left a float32's exponent stands. */
export const exponentShift = 23;

/** An expression that is used more than once, as a variable; a variable is itself. */
export const variable = (f: FunctionBuilder, x: Vector): Local<"v128"> =>
  "index" in x ? (x as Local<"v128">) : f.let(x);

/** x, not negative, with the sign of `sign`. */
export const withSign = (f: FunctionBuilder, x: Vector, sign: Vector): Vector =>
  v128.or(x, v128.and(sign, bits(f, signBit)));

function evaluators({ add, mul }: Pick<typeof f32x4, "add" | "mul">, constant: typeof float) {
  /** c0 + c1 x + c2 x^2 + ... by Horner's rule. */
  const polynomial = (f: FunctionBuilder, x: Local<"v128">, coefficients: readonly number[]): Vector =>
    coefficients.map<Vector>((c) => constant(f, c)).reduceRight((sum, c) => add(mul(sum, x), c));

  /**
   * The same as (c0 + c1 x) + x^2 ((c2 + c3 x) + x^2 (...)): as many instructions, but half as many that wait for each
   * other. A function of 30 instructions in a row is bound by that and not by their number.
   */
  const pairedPolynomial = (
    f: FunctionBuilder,
    x: Local<"v128">,
    square: Local<"v128">,
    coefficients: readonly number[],
  ): Vector => {
    const pairs: Vector[] = [];
    for (let i = 0; i < coefficients.length; i += 2) pairs.push(polynomial(f, x, coefficients.slice(i, i + 2)));
    return pairs.reduceRight((sum, pair) => add(mul(sum, square), pair));
  };

  return { polynomial, pairedPolynomial };
}

export const { polynomial, pairedPolynomial } = evaluators(f32x4, float);
/** The same for two float64. */
export const { pairedPolynomial: pairedPolynomial64 } = evaluators(f64x2, double);
