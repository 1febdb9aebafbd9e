import { noGrad } from "../autograd/primitive.ts";
import "../functional/methods.ts";
import { floatTensor } from "../tensor/checks.ts";
import { full } from "../tensor/creation.ts";
import { ShapeError, ValueError } from "../tensor/errors.ts";
import { expectNonNegative, expectNumber, expectOneOf, expectPositive, resolve } from "../tensor/options.ts";
import * as random from "../tensor/random.ts";
import { formatShape } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import { anyGenerator } from "./generator.ts";

// Each fills a float tensor in place, outside any graph, and returns it. Formulas and defaults of torch.nn.init.

export interface InitOptions {
  generator?: random.Generator;
}

function expectTensor(where: string, t: unknown): void {
  if (!(t instanceof Tensor)) throw new ValueError(where, `needs a tensor to fill, got ${String(t)}`);
  floatTensor(where, "tensor", t);
}

function fill(where: string, t: Tensor, values: () => Tensor): Tensor {
  expectTensor(where, t);
  return noGrad(() => t.assign(values()));
}

/** Uniform on [low, high); defaults 0 and 1. */
export function uniform(t: Tensor, options: InitOptions & { low?: number; high?: number } = {}): Tensor {
  const { low, high, generator } = resolve("init.uniform", options, { low: 0, high: 1, generator: anyGenerator });
  return fill("init.uniform", t, () => random.uniform(t.shape, { low, high, dtype: t.dtype, generator }));
}

/** Normal; defaults mean 0 and std 1. */
export function normal(t: Tensor, options: InitOptions & { mean?: number; std?: number } = {}): Tensor {
  const { mean, std, generator } = resolve("init.normal", options, { mean: 0, std: 1, generator: anyGenerator });
  return fill("init.normal", t, () => random.normal(t.shape, { mean, std, dtype: t.dtype, generator }));
}

/** One value everywhere. */
export function constant(t: Tensor, value: number): Tensor {
  return fill("init.constant", t, () => full(t.shape, value, { dtype: t.dtype }));
}

export const zeros = (t: Tensor): Tensor => constant(t, 0);

export const ones = (t: Tensor): Tensor => constant(t, 1);

export interface TruncatedNormalOptions extends InitOptions {
  mean?: number;
  std?: number;
  /** Least value. Default -2, which is two standard deviations only when std is 1. */
  low?: number;
  /** Largest value. Default 2. */
  high?: number;
}

/**
 * Normal, drawn again until it lies in [low, high].
 * The interval must begin within two standard deviations of the mean, as PyTorch asks for too.
 */
export function truncatedNormal(t: Tensor, options: TruncatedNormalOptions = {}): Tensor {
  const where = "init.truncatedNormal";
  const defaults = { mean: 0, std: 1, low: -2, high: 2, generator: anyGenerator };
  const { mean, std, low, high, generator } = resolve(where, options, defaults);
  expectPositive(where, "std", std);
  if (!(low < high)) throw new ValueError(where, `low must be < high, got ${low} and ${high}`);
  if (mean < low - 2 * std || mean > high + 2 * std) {
    throw new ValueError(where, `[${low}, ${high}] must begin within two standard deviations (${std}) of mean ${mean}`);
  }
  const source = random.generatorOr(generator);
  // Where the density peaks inside the interval: the reference for accepting uniform draws.
  const peak = (Math.min(Math.max(mean, low), high) - mean) / std;
  const inNarrow = (): number => {
    for (;;) {
      const x = low + (high - low) * source.next();
      if (source.next() < Math.exp((peak ** 2 - ((x - mean) / std) ** 2) / 2)) return x;
    }
  };
  const inWide = (): number => {
    for (;;) {
      const x = source.normal([], { mean, std, dtype: "float64" }).item();
      if (x >= low && x <= high) return x;
    }
  };
  const draw = high - low < 2 * std ? inNarrow : inWide;
  return fill(where, t, () => new Tensor(t.data.slice().map(draw), t.shape, t.dtype));
}

/**
 * How many inputs one output sees and how many outputs one input feeds: weight [out, in, ...kernel] gives
 * in |kernel| and out |kernel|.
 */
function fans(where: string, t: Tensor): { fanIn: number; fanOut: number } {
  expectTensor(where, t);
  if (t.ndim < 2) {
    throw new ShapeError(where, `needs a weight [out, in, ...kernel], got shape ${formatShape(t.shape)}`);
  }
  const [out, inputs, ...kernel] = t.shape;
  const field = kernel.reduce((a, b) => a * b, 1);
  return { fanIn: inputs * field, fanOut: out * field };
}

export type Nonlinearity = "linear" | "sigmoid" | "tanh" | "relu" | "leakyRelu" | "selu";

const gains: Record<Nonlinearity, (slope: number) => number> = {
  linear: () => 1,
  sigmoid: () => 1,
  tanh: () => 5 / 3,
  relu: () => Math.SQRT2,
  leakyRelu: (slope) => Math.sqrt(2 / (1 + slope ** 2)),
  selu: () => 3 / 4,
};

/** The factor by which weights grow to make up for a nonlinearity; `slope` (default 0.01) is leakyRelu's. */
export function gain(nonlinearity: Nonlinearity, slope = 0.01): number {
  expectOneOf("init.gain", "nonlinearity", nonlinearity, Object.keys(gains) as Nonlinearity[]);
  return gains[nonlinearity](slope);
}

export interface KaimingOptions extends InitOptions {
  /** The negative slope of the leakyRelu that follows. Default 0. */
  a?: number;
  /** Keep the variance of the activations ("fanIn", the default) or of the gradients ("fanOut"). */
  mode?: "fanIn" | "fanOut";
  /** What follows. Default "leakyRelu", which with a = 0 is relu. */
  nonlinearity?: Nonlinearity;
}

function kaimingStd(where: string, t: Tensor, options: KaimingOptions) {
  const o = resolve(where, options, {
    a: 0,
    mode: "fanIn" as "fanIn" | "fanOut",
    nonlinearity: "leakyRelu" as Nonlinearity,
    generator: anyGenerator,
  });
  expectOneOf(where, "mode", o.mode, ["fanIn", "fanOut"]);
  expectNumber(where, "a", o.a, "", Number.isFinite);
  return { std: gain(o.nonlinearity, o.a) / Math.sqrt(fans(where, t)[o.mode]), generator: o.generator };
}

/** Uniform on +-gain sqrt(3 / fan). He et al. 2015, arXiv:1502.01852. */
export function kaimingUniform(t: Tensor, options: KaimingOptions = {}): Tensor {
  const { std, generator } = kaimingStd("init.kaimingUniform", t, options);
  const bound = Math.sqrt(3) * std;
  return uniform(t, { low: -bound, high: bound, generator });
}

/** Normal with std gain / sqrt(fan). He et al. 2015, arXiv:1502.01852. */
export function kaimingNormal(t: Tensor, options: KaimingOptions = {}): Tensor {
  return normal(t, kaimingStd("init.kaimingNormal", t, options));
}

export interface GainOptions extends InitOptions {
  /** Default 1; `init.gain` has the usual ones. */
  gain?: number;
}

function xavierStd(where: string, t: Tensor, options: GainOptions) {
  const { gain, generator } = resolve(where, options, { gain: 1, generator: anyGenerator });
  expectNonNegative(where, "gain", gain);
  const { fanIn, fanOut } = fans(where, t);
  return { std: gain * Math.sqrt(2 / (fanIn + fanOut)), generator };
}

/** Uniform on +-gain sqrt(6 / (fanIn + fanOut)). Glorot and Bengio 2010. */
export function xavierUniform(t: Tensor, options: GainOptions = {}): Tensor {
  const { std, generator } = xavierStd("init.xavierUniform", t, options);
  const bound = Math.sqrt(3) * std;
  return uniform(t, { low: -bound, high: bound, generator });
}

/** Normal with std gain sqrt(2 / (fanIn + fanOut)). Glorot and Bengio 2010. */
export function xavierNormal(t: Tensor, options: GainOptions = {}): Tensor {
  return normal(t, xavierStd("init.xavierNormal", t, options));
}

/**
 * A random (semi-)orthogonal matrix times `gain`: as [out, in * kernel] its rows, or when there are more rows than
 * columns its columns, are orthonormal. Saxe et al. 2014, arXiv:1312.6120.
 */
export function orthogonal(t: Tensor, options: GainOptions = {}): Tensor {
  const where = "init.orthogonal";
  const { gain, generator } = resolve(where, options, { gain: 1, generator: anyGenerator });
  fans(where, t);
  const rows = t.shape[0];
  const cols = t.size / rows;
  const [count, length] = [Math.min(rows, cols), Math.max(rows, cols)];
  const vectors = Array.from({ length: count }, () => {
    return random.normal([length], { dtype: "float64", generator }).data as Float64Array;
  });
  orthonormalize(vectors);
  const values = new Float64Array(t.size);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < length; j++) values[rows <= cols ? i * cols + j : j * cols + i] = gain * vectors[i][j];
  }
  return fill(where, t, () => new Tensor(values, t.shape, "float64"));
}

/** Gram-Schmidt, which is QR with a positive diagonal of R; each vector is projected twice against rounding. */
function orthonormalize(vectors: readonly Float64Array[]): void {
  const dot = (a: Float64Array, b: Float64Array) => a.reduce((total, v, i) => total + v * b[i], 0);
  vectors.forEach((v, i) => {
    for (let pass = 0; pass < 2; pass++) {
      for (const u of vectors.slice(0, i)) {
        const along = dot(u, v);
        for (let j = 0; j < v.length; j++) v[j] -= along * u[j];
      }
    }
    const length = Math.sqrt(dot(v, v));
    for (let j = 0; j < v.length; j++) v[j] /= length;
  });
}
