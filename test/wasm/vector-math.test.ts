import { describe, expect, it } from "vitest";
import * as eager from "../../src/autograd/elementwise.ts";
import { type Tensor, tensor } from "../../src/tensor/tensor.ts";
import { type FunctionBuilder, Module } from "../../src/wasm/assembler.ts";
import type { Expression, Local } from "../../src/wasm/encoding.ts";
import { i32, v128 } from "../../src/wasm/instructions.ts";
import * as math from "../../src/wasm/vector-math.ts";

type Vector = Expression<"v128">;
type Inline = (f: FunctionBuilder, x: Local<"v128">, y: Local<"v128">) => Vector;

const block = 1 << 12;

/** The function as a loop over arrays. */
function overArrays(inline: Inline): (x: Float32Array, y?: Float32Array) => Float32Array {
  const module = new Module();
  module.importMemory("env", "memory", 1);
  const run = module.function("run", { at: "i32", end: "i32" }, (f, { at, end }) => {
    f.doWhile(
      () => {
        const x = f.let(v128.load(at));
        const y = f.let(v128.load(at, 4 * block));
        f.do(v128.store(at, inline(f, x, y), 8 * block));
        f.set(at, i32.add(at, 16));
      },
      () => i32.ltU(at, end),
    );
  });
  module.export(run);
  const memory = new WebAssembly.Memory({ initial: 1 });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()), { env: { memory } });
  const [x, y, out] = [0, 1, 2].map((i) => new Float32Array(memory.buffer, 4 * block * i, block));
  return (xs, ys = xs) => {
    const result = new Float32Array(xs.length);
    for (let start = 0; start < xs.length; start += block) {
      const size = Math.min(block, xs.length - start);
      x.set(xs.subarray(start, start + size));
      y.set(ys.subarray(start, start + size));
      (instance.exports.run as (at: number, end: number) => void)(0, 4 * size);
      result.set(out.subarray(0, size), start);
    }
    return result;
  };
}

const float = new Float32Array(1);
const pattern = new Uint32Array(float.buffer);

/** The distance of neighbouring float32 where `exact` lies. */
function spacing(exact: number): number {
  const magnitude = Math.abs(exact);
  float[0] = Math.min(magnitude, 3.4e38);
  if (float[0] > magnitude) pattern[0]--;
  return 2 ** (Math.max(pattern[0] >>> 23, 1) - 150);
}

/** The error in units of the last place; Infinity as 2^128. */
function ulps(actual: number, exact: number): number {
  if (Number.isNaN(actual) && Number.isNaN(exact)) return 0;
  const finite = (x: number) => Math.max(-(2 ** 128), Math.min(2 ** 128, x));
  const error = Math.abs(finite(actual) - finite(exact));
  return error === 0 ? 0 : Number.isNaN(error) ? Number.POSITIVE_INFINITY : error / spacing(exact);
}

interface Worst {
  error: number;
  at: readonly number[];
}

/** The largest error in units of the last place that is also above `tolerance`. */
function worst(actual: Float32Array, exact: Tensor, inputs: readonly Float32Array[], tolerance = 0): Worst {
  const found: Worst = { error: 0, at: [] };
  for (let i = 0; i < actual.length; i++) {
    if (Math.abs(actual[i] - exact.data[i]) <= tolerance) continue;
    const error = ulps(actual[i], exact.data[i]);
    if (error > found.error) Object.assign(found, { error, at: inputs.map((x) => x[i]) });
  }
  return found;
}

const float64 = (x: Float32Array): Tensor => tensor(x, { dtype: "float64" });

/** Every `step`th bit pattern: all signs and exponents, subnormal numbers, infinities and NaN among them. */
function patterns(step: number): Float32Array {
  return new Float32Array(Uint32Array.from({ length: Math.ceil(2 ** 32 / step) }, (_, i) => i * step).buffer);
}

/** Evenly spaced numbers of [low, high]. */
const range = (low: number, high: number, count = 100_000): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => low + ((high - low) * i) / (count - 1));

const everywhere = patterns(4093);
const signed = [
  0, 1, 2, 3, 0.5, 1.5, 2.5, 88.8, 1e-20, 1e20, 3.4e38, 1.4e-45, 1.1754944e-38, 16777215, 16777216, 1.0000001,
  0.99999994,
];
const specials = Float32Array.of(...signed, ...signed.map((x) => -x), Infinity, -Infinity, Number.NaN);

type Range = [low: number, high: number];

/** A function, its bound in units in the last place (docs/vector-math.md), and where to look closely. */
const measured = <E>(name: string, inline: Inline, exact: E, bound: number, ...ranges: Range[]) => ({
  name,
  inline,
  exact,
  bound,
  ranges: ranges.map(([low, high]) => range(low, high)),
});

const unary = [
  measured("exp", math.exp, eager.exp, 1.1, [-105, -86], [-1, 1], [87, 90]),
  measured("expm1", math.expm1, eager.expm1, 1.4, [-2, 2], [0.3, 0.7], [87, 90]),
  measured("log", math.log, eager.log, 1, [0.5, 2], [0.99, 1.01]),
  measured("log1p", math.log1p, eager.log1p, 1.6, [-1, 2], [-0.3, -0.28], [0.4, 0.5]),
  measured("sigmoid", math.sigmoid, eager.sigmoid, 1.9, [-10, 10], [-105, -86]),
  measured("softplus", math.softplus, eager.softplus, 2, [-10, 10], [-1, 1]),
  measured("tanh", math.tanh, eager.tanh, 1.4, [-1, 1], [0.6, 0.65], [5, 10]),
  measured("sin", math.sin, eager.sin, 1.6, [-4, 4], [-400, 400], [399, 420]),
  measured("cos", math.cos, eager.cos, 1.6, [-4, 4], [-400, 400], [399, 420]),
  measured("tan", math.tan, eager.tan, 1.9, [-4, 4], [-400, 400], [399, 420]),
  measured("asin", math.asin, eager.asin, 1.2, [-1, 1], [0.49, 0.6]),
  measured("acos", math.acos, eager.acos, 1.2, [-1, 1], [0.99, 1]),
  measured("atan", math.atan, eager.atan, 1.5, [-2, 2], [0.99, 1.01]),
  measured("sinh", math.sinh, eager.sinh, 1.7, [-2, 2], [88, 90]),
  measured("cosh", math.cosh, eager.cosh, 1.5, [-2, 2], [88, 90]),
  measured("erf", math.erf, eager.erf, 1.4, [-4, 4], [0.9, 1.1]),
  measured("erfc", math.erfc, eager.erfc, 0.6, [-4, 4], [9, 10.3]),
  measured("rsqrt", math.rsqrt, eager.rsqrt, 1.5, [1, 4]),
  measured("reciprocal", math.reciprocal, eager.reciprocal, 0.5, [1, 2]),
  measured("round", math.round, eager.round, 0, [-10, 10]),
  measured("sign", math.sign, eager.sign, 0),
];

/**
 * The first input whose results differ: as numbers by more than 2 units of the last place, NaN, infinities, signs of 0.
 */
function firstDifference(actual: Float32Array, expected: Tensor, inputs: readonly Float32Array[]) {
  const i = actual.findIndex((value, k) => {
    const other = expected.data[k];
    return value === 0 || other === 0 ? !Object.is(value, other) : ulps(value, other) > 2;
  });
  return i < 0 ? undefined : [...inputs.map((x) => x[i]), actual[i], expected.data[i]];
}

describe.each(unary)("$name", ({ name, inline, exact, bound, ranges }) => {
  const run = overArrays(inline);

  it(`is within ${bound} units in the last place of the exact value`, () => {
    for (const x of [everywhere, ...ranges]) {
      const { error, at } = worst(run(x), exact(float64(x)), [x]);
      expect(error, `at ${at}`).toBeLessThanOrEqual(bound);
    }
  });

  it("treats special values as the eager function does", () => {
    // Eager erf(-0) is +0.
    const x = name === "erf" ? specials.filter((value) => !Object.is(value, -0)) : specials;
    expect(firstDifference(run(x), exact(tensor(x)), [x])).toBeUndefined();
  });
});

/** All pairs of the values. */
function pairs(first: Float32Array, second = first): [Float32Array, Float32Array] {
  const n = second.length;
  const length = first.length * n;
  return [
    Float32Array.from({ length }, (_, i) => first[Math.floor(i / n)]),
    Float32Array.from({ length }, (_, i) => second[i % n]),
  ];
}

const binary = [
  { ...measured("pow", math.pow, eager.pow, 1.1, [0, 3], [-3, 3], [0.9, 1.1], [-200, 200]), tolerance: 0 },
  { ...measured("atan2", math.atan2, eager.atan2, 1.6, [-1, 1], [-100, 100]), tolerance: 0 },
  // Where the two terms cancel, the reference has an error of 2^-52 as well.
  {
    ...measured("logAddExp", math.logAddExp, eager.logAddExp, 0.6, [-1, 1], [-0.7, -0.69], [-100, 100]),
    tolerance: 2 ** -51,
  },
];

describe.each(binary)("$name", ({ inline, exact, bound, ranges, tolerance }) => {
  const run = overArrays(inline);

  it(`is within ${bound} units in the last place of the exact value`, () => {
    const operands = [patterns(2 ** 32 / 401), ...ranges.map((x) => x.filter((_, i) => i % 331 === 0))];
    for (const first of operands) {
      for (const second of operands) {
        const [x, y] = pairs(first, second);
        const { error, at } = worst(run(x, y), exact(float64(x), float64(y)), [x, y], tolerance);
        expect(error, `at ${at}`).toBeLessThanOrEqual(bound);
      }
    }
  });

  it("treats special values as the eager function does", () => {
    const [x, y] = pairs(specials);
    expect(firstDifference(run(x, y), exact(tensor(x), tensor(y)), [x, y])).toBeUndefined();
  });
});

describe("a form for part of the range", () => {
  const agrees = (inline: Inline, general: Inline, x: Float32Array, bound: number) => {
    const { error, at } = worst(overArrays(inline)(x), float64(overArrays(general)(x)), [x]);
    expect(error, `at ${at}`).toBeLessThanOrEqual(bound);
  };

  it("of exp is as exact as exp", () => {
    const negative = everywhere.map((x) => -Math.abs(x));
    expect(worst(overArrays(math.expOfNonPositive)(negative), eager.exp(float64(negative)), []).error).toBeLessThan(
      1.1,
    );
    const moderate = range(-80, 80);
    expect(worst(overArrays(math.expOfModerate)(moderate), eager.exp(float64(moderate)), []).error).toBeLessThan(1.1);
  });

  it("gives sigmoid and softplus with the bits that each has alone", () => {
    agrees((f, x) => math.sigmoidAndSoftplus(f, x).sigmoid, math.sigmoid, everywhere, 0);
    agrees((f, x) => math.sigmoidAndSoftplus(f, x).softplus, math.softplus, everywhere, 0);
  });
});
