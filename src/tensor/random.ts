import seedrandom from "seedrandom";
import { type CreationOptions, created, fed } from "./creation.ts";
import { type DType, isFloat, isInt32 } from "./dtype.ts";
import { DTypeError, ValueError } from "./errors.ts";
import { expectInteger, expectNonNegative, expectOptions, resolve } from "./options.ts";
import type { Shape } from "./shape.ts";
import type { Tensor } from "./tensor.ts";
import { expectOutside } from "./tracing.ts";

const inside = "inside a compiled function this would happen while it is traced, and at no later call";

/**
 * A stream of random numbers that its seed decides entirely: the same seed gives the same bits.
 * Every random thing in the library draws from one of these, by default from the global one.
 */
export class Generator {
  #random!: () => number;

  constructor(seed: string | number) {
    this.seed(seed);
  }

  /** Restarts the stream. */
  seed(seed: string | number): void {
    expectSeed("Generator", seed);
    expectOutside("Generator", `${inside}; make and seed generators outside`);
    this.#random = seedrandom(String(seed));
  }

  /** One float64 uniform on [0, 1). */
  next(): number {
    expectOutside("Generator", `${inside}; use uniform, normal or integers, which draw at every call`);
    return this.#random();
  }

  /** Uniform on [low, high). */
  uniform(shape: Shape, options: UniformOptions = {}): Tensor {
    const { low, high, dtype, requiresGrad } = resolve("uniform", options, uniformDefaults);
    if (!(low <= high)) throw new ValueError("uniform", `low must be <= high, got ${low} and ${high}`);
    expectFloat("uniform", dtype);
    const round = dtype === "float32" ? Math.fround : (x: number) => x;
    return this.#fill("uniform", shape, { dtype, requiresGrad }, () => {
      let value: number;
      // Rounding can reach `high`, about once in 30 million float32 draws.
      do value = round(low + (high - low) * this.#random());
      while (value >= high && low < high);
      return value;
    });
  }

  /** Normal with the given mean and standard deviation (the polar method of Marsaglia and Bray, 1964). */
  normal(shape: Shape, options: NormalOptions = {}): Tensor {
    const { mean, std, dtype, requiresGrad } = resolve("normal", options, normalDefaults);
    expectNonNegative("normal", "std", std);
    expectFloat("normal", dtype);
    let spare = 0; // the method gives two numbers at a time
    return this.#fill("normal", shape, { dtype, requiresGrad }, (i) => {
      if (i % 2 === 1) return mean + std * spare;
      let u = 0;
      let v = 0;
      let s = 0;
      do {
        u = 2 * this.#random() - 1;
        v = 2 * this.#random() - 1;
        s = u * u + v * v;
      } while (s >= 1 || s === 0);
      const scale = Math.sqrt((-2 * Math.log(s)) / s);
      spare = v * scale;
      return mean + std * u * scale;
    });
  }

  /** Whole numbers uniform on low, ..., high - 1, as int32. */
  integers(shape: Shape, options: IntegersOptions): Tensor {
    const { low, high } = resolve<Required<IntegersOptions>>("integers", options ?? {}, integersDefaults);
    if (!isInt32(low) || !isInt32(high) || low >= high) {
      throw new ValueError("integers", `low and high must be int32 values with low < high, got ${low} and ${high}`);
    }
    return this.#fill("integers", shape, { dtype: "int32" }, () => low + Math.floor((high - low) * this.#random()));
  }

  /** 0, ..., n - 1 in random order, as int32 (Fisher and Yates). */
  permutation(n: number): Tensor {
    expectInteger("permutation", "n", n, 0);
    return fed([n], "int32", (order) => {
      for (let i = 0; i < n; i++) {
        const j = Math.floor(this.#random() * (i + 1));
        order[i] = order[j];
        order[j] = i;
      }
    });
  }

  #fill(where: string, shape: Shape, options: CreationOptions, draw: (i: number) => number): Tensor {
    return created(where, shape, options, (dtype) =>
      fed([...shape], dtype, (data) => {
        for (let i = 0; i < data.length; i++) data[i] = draw(i);
      }),
    );
  }
}

function expectSeed(where: string, seed: unknown): void {
  if (typeof seed !== "string" && !Number.isFinite(seed)) {
    throw new ValueError(where, `seed must be a string or a finite number, got ${String(seed)}`);
  }
}

function expectFloat(where: string, dtype: DType): void {
  if (!isFloat(dtype)) throw new DTypeError(where, `dtype must be float32 or float64, got ${String(dtype)}`);
}

interface FromGenerator {
  /** Draws from this generator instead of the global one. */
  generator?: Generator;
}

export interface UniformOptions extends CreationOptions {
  low?: number;
  high?: number;
}

export interface NormalOptions extends CreationOptions {
  mean?: number;
  std?: number;
}

export interface IntegersOptions {
  low?: number;
  /** Exclusive. */
  high: number;
}

const uniformDefaults = { low: 0, high: 1, dtype: "float32" as DType, requiresGrad: false };
const integersDefaults = { low: 0, high: undefined as unknown as number }; // `high` must be given
const normalDefaults = { mean: 0, std: 1, dtype: "float32" as DType, requiresGrad: false };

const shared = new Generator(0);

/** Restarts the global generator; until it is called the seed is 0. */
export function manualSeed(seed: string | number): void {
  expectSeed("manualSeed", seed);
  shared.seed(seed);
}

/** The generator given, or the global one. */
export function generatorOr(generator: Generator | undefined): Generator {
  if (generator === undefined || generator === null) return shared;
  if (generator instanceof Generator) return generator;
  throw new ValueError(
    "random",
    `generator must be a Generator, got ${String(generator)}; make one with new random.Generator(seed)`,
  );
}

/** The generator among the options, or the global one, and the other options. */
function drawing<O extends FromGenerator>(
  where: string,
  options: O,
  defaults: object,
): [Generator, Omit<O, "generator">] {
  expectOptions(where, options, defaults);
  const { generator, ...rest } = options;
  return [generatorOr(generator), rest];
}

/** Uniform on [low, high); `low` 0 and `high` 1 by default. */
export function uniform(shape: Shape, options: UniformOptions & FromGenerator = {}): Tensor {
  const [source, rest] = drawing("uniform", options, uniformDefaults);
  return source.uniform(shape, rest);
}

/** Normal; `mean` 0 and `std` 1 by default. */
export function normal(shape: Shape, options: NormalOptions & FromGenerator = {}): Tensor {
  const [source, rest] = drawing("normal", options, normalDefaults);
  return source.normal(shape, rest);
}

/** Whole numbers low (default 0), ..., high - 1, as int32. */
export function integers(shape: Shape, options: IntegersOptions & FromGenerator): Tensor {
  const [source, range] = drawing("integers", options ?? {}, integersDefaults);
  return source.integers(shape, range);
}

/** 0, ..., n - 1 in random order, as int32. */
export function permutation(n: number, options: FromGenerator = {}): Tensor {
  const { generator } = resolve<FromGenerator>("permutation", options, { generator: undefined });
  return generatorOr(generator).permutation(n);
}
