import type { Primitive } from "../../../src/autograd/primitive.ts";
import { type PrimitiveName, primitives, type Tensor, tensor } from "../../../src/index.ts";

/**
 * How an operation rounds. "exactly": it moves, chooses or compares. "each": every element of the result by itself.
 * "terms": it adds many terms, whose roundings are relative to the terms and not to what is left of them.
 */
type Rounding = "exactly" | "each" | "terms";

const rounding: { [P in PrimitiveName]: Rounding } = {
  cast: "exactly",
  stopGradient: "exactly",
  where: "exactly",
  add: "each",
  sub: "each",
  mul: "each",
  div: "each",
  pow: "each",
  atan2: "each",
  maximum: "exactly",
  minimum: "exactly",
  logAddExp: "each",
  eq: "exactly",
  ne: "exactly",
  lt: "exactly",
  le: "exactly",
  gt: "exactly",
  ge: "exactly",
  logicalAnd: "exactly",
  logicalOr: "exactly",
  neg: "exactly",
  abs: "exactly",
  sign: "exactly",
  floor: "exactly",
  ceil: "exactly",
  round: "exactly",
  square: "each",
  sqrt: "each",
  rsqrt: "each",
  reciprocal: "each",
  exp: "each",
  expm1: "each",
  log: "each",
  log1p: "each",
  sin: "each",
  cos: "each",
  tan: "each",
  asin: "each",
  acos: "each",
  atan: "each",
  sinh: "each",
  cosh: "each",
  tanh: "each",
  relu: "exactly",
  sigmoid: "each",
  softplus: "each",
  erf: "each",
  erfc: "each",
  lgamma: "each",
  polygamma: "each",
  reshape: "exactly",
  transpose: "exactly",
  flip: "exactly",
  broadcastTo: "exactly",
  slice: "exactly",
  pad: "exactly",
  concat: "exactly",
  sum: "terms",
  max: "exactly",
  min: "exactly",
  argmax: "exactly",
  argmin: "exactly",
  cumsum: "terms",
  argsort: "exactly",
  gather: "exactly",
  scatter: "terms",
  indexSelect: "exactly",
  indexAdd: "terms",
  matmul: "terms",
  conv2d: "terms",
  conv2dInputGradient: "terms",
  conv2dWeightGradient: "terms",
  poolArgmax: "exactly",
  sumPool: "terms",
  spreadPool: "terms",
};

const arithmetic: ReadonlySet<PrimitiveName> = new Set(["add", "sub", "mul", "square"]);

/** Four roundings of each dtype, relative. */
const widths = { float32: 2 ** -22, float64: 2 ** -51, int32: 0, bool: 0 };

/** Small multiples of 2^-10 are computed without rounding by every implementation of + and x. */
const isExact = (v: number): boolean => Math.abs(v) < 4096 && Number.isInteger(v * 1024);

const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);

/** A number in [-1, 1) that the value and the salt decide. */
function noiseOf(value: number, salt: number): number {
  double[0] = value;
  let h = words[0] ^ Math.imul(words[1], 0x9e3779b1) ^ Math.imul(salt, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  h = Math.imul(h ^ (h >>> 12), 0x297a2d39);
  return ((h ^ (h >>> 15)) | 0) / 2 ** 31;
}

function disturbed(t: Tensor, salt: number): Tensor {
  const width = widths[t.dtype];
  const other = tensor(t);
  const { data } = other;
  for (let i = 0; i < data.length; i++) data[i] *= 1 + width * noiseOf(data[i], salt + i);
  return other;
}

type Kernel = Primitive["kernel"];

/** Runs `fn` with other kernels. */
export function withKernels<T>(replace: (name: PrimitiveName, kernel: Kernel) => Kernel, fn: () => T): T {
  const originals = Object.entries(primitives).map(([name, p]) => [name, p, p.kernel] as const);
  for (const [name, p, kernel] of originals) (p as Primitive).kernel = replace(name as PrimitiveName, kernel as Kernel);
  try {
    return fn();
  } finally {
    for (const [, p, kernel] of originals) (p as Primitive).kernel = kernel as Kernel;
  }
}

/**
 * Runs `fn` while every operation makes rounding errors of up to four units, other ones for each `salt`. How far
 * results move says how well they are determined, gradients included. With `ties`, equal values get equal errors, so
 * that ties stay ties; without, every element of every operation gets its own, and nothing cancels by luck.
 */
export function withNoise<T>(salt: number, fn: () => T, ties = true): T {
  let index = 0;
  let runs = 0;
  return withKernels((name, kernel) => {
    const how = rounding[name];
    const seed = salt * 1000 + index++;
    if (how === "exactly") return kernel;
    return (out, inputs, attributes) => {
      const width = widths[out.dtype];
      if (width === 0) return kernel(out, inputs, attributes);
      const { data } = out;
      const known = (how === "terms" || arithmetic.has(name)) && inputs.every((t) => t.data.every(isExact));
      kernel(out, how === "terms" && !known ? inputs.map((t, i) => disturbed(t, seed * 64 + i)) : inputs, attributes);
      const own = ties ? 0 : 7919 * ++runs;
      for (let i = 0; i < data.length; i++) {
        if (known && isExact(data[i])) continue;
        const noise = noiseOf(data[i], ties ? seed : seed + own + i);
        data[i] *= 1 + width * noise;
        // Of the smallest numbers a rounding error is not relative, and may leave nothing.
        if (data[i] !== 0 && Math.abs(data[i]) < 2 ** -140 && out.dtype === "float32") data[i] += 2 ** -147 * noise;
      }
    };
  }, fn);
}
