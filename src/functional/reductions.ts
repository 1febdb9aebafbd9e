import { asFloat } from "../autograd/cast.ts";
import {
  add,
  cast,
  div,
  eq,
  exp,
  log,
  logAddExp,
  mul,
  ne,
  square,
  stopGradient,
  sub,
  to,
  where,
} from "../autograd/elementwise.ts";
import {
  concat,
  keptDims,
  narrow,
  type ReductionOptions,
  reducedShape,
  reductionAttributes,
  reshape,
  sum,
} from "../autograd/movement.ts";
import { lanesOf, max } from "../autograd/reduction.ts";
import { full } from "../tensor/creation.ts";
import { ShapeError } from "../tensor/errors.ts";
import { expectNonNegative, type NoOptions, resolve } from "../tensor/options.ts";
import { asTensor, type Tensor, type TensorLike } from "../tensor/tensor.ts";
import { type NormOptions, normOf } from "./norm.ts";
import { isFinite, isNaN, safeSqrt } from "./numerics.ts";
import { sort } from "./selection.ts";

export type { NormOptions } from "./norm.ts";

type Axes = number | readonly number[];

const countOver = (t: Tensor, axes: readonly number[]): number => axes.reduce((n, axis) => n * t.shape[axis], 1);

/** The mean over one axis, several, or all; NaN over nothing. Whole numbers give float32. */
export function mean(x: TensorLike, axis?: Axes, options: ReductionOptions = {}): Tensor {
  const t = asFloat(x);
  const { axes } = reductionAttributes("mean", t, axis, options);
  return div(sum(t, axes, options), countOver(t, axes));
}

export interface VarianceOptions extends ReductionOptions {
  /** The divisor is the count less this: 1 (the default, as in PyTorch) is unbiased, 0 the population's variance. */
  correction?: number;
}

/** sum (x - mean)^2 / (count - correction) over one axis, several, or all. */
export function variance(x: TensorLike, axis?: Axes, options: VarianceOptions = {}): Tensor {
  return varianceOf("variance", x, axis, options);
}

function varianceOf(where: string, x: TensorLike, axis: Axes | undefined, options: VarianceOptions): Tensor {
  const { correction, keepDims } = resolve(where, options, { correction: 1, keepDims: false });
  expectNonNegative(where, "correction", correction);
  const t = asFloat(x);
  const { axes } = reductionAttributes(where, t, axis, { keepDims });
  const deviation = sub(t, mean(t, axes, { keepDims: true }));
  return div(sum(square(deviation), axes, { keepDims }), Math.max(0, countOver(t, axes) - correction));
}

/** The square root of `variance`; its gradient where all values are equal is 0. */
export function std(x: TensorLike, axis?: Axes, options: VarianceOptions = {}): Tensor {
  return safeSqrt(varianceOf("std", x, axis, options));
}

/**
 * log sum e^x over one axis, several, or all, by the maximum: finite whenever the true value is.
 * -Infinity where all are (or there are none), with gradient 0 there.
 */
export function logSumExp(x: TensorLike, axis?: Axes, options: ReductionOptions = {}): Tensor {
  const t = asFloat(x);
  const { axes, keepDims } = reductionAttributes("logSumExp", t, axis, options);
  if (countOver(t, axes) === 0) return log(sum(t, axes, { keepDims }));
  const largest = stopGradient(max(t, axes, { keepDims: true }));
  const shift = where(isFinite(largest), largest, 0);
  const total = sum(exp(sub(t, shift)), axes, { keepDims: true });
  const empty = eq(total, 0);
  const result = where(empty, Number.NEGATIVE_INFINITY, add(log(where(empty, 1, total)), shift));
  return keepDims ? result : reshape(result, reducedShape(t.shape, axes, false));
}

/** (sum |x|^p)^(1/p) over one axis, several, or all. The gradient at the zero vector is 0. */
export function norm(x: TensorLike, axis?: Axes, options: NormOptions = {}): Tensor {
  return normOf("norm", x, axis, options);
}

/**
 * The product over one axis, several, or all; 1 over nothing. Multiplied in pairs, halving the length each time, so
 * that the gradients need no division and are right where elements are 0.
 */
export function prod(x: TensorLike, axis?: Axes, options: ReductionOptions = {}): Tensor {
  const t = asTensor(x);
  const { axes, keepDims } = reductionAttributes("prod", t, axis, options);
  let product = t.dtype === "bool" ? to(t, "int32") : t;
  for (const a of axes) product = halve(product, a);
  return keepDims ? product : reshape(product, reducedShape(t.shape, axes, false));
}

function halve(x: Tensor, axis: number): Tensor {
  const n = x.shape[axis];
  if (n === 1) return x;
  if (n === 0)
    return full(
      x.shape.map((size, i) => (i === axis ? 1 : size)),
      1,
      { dtype: x.dtype },
    );
  const half = n >> 1;
  const part = (start: number, stop: number) => narrow(x, axis, { start, stop });
  const pairs = mul(part(0, half), part(half, 2 * half));
  return halve(n % 2 === 0 ? pairs : concat([pairs, part(n - 1, n)], axis), axis);
}

/**
 * A running fold along an axis for an associative operation: after step s each element holds the fold of the 2^s
 * elements that end with it (Hillis and Steele 1986). `neutral` fills in before the start.
 */
function scan(
  where: string,
  x: Tensor,
  axis: number | undefined,
  combine: (a: Tensor, b: Tensor) => Tensor,
  neutral: number,
): Tensor {
  const [lanes, at] = lanesOf(where, x, axis);
  const n = lanes.shape[at];
  let result = lanes;
  for (let reach = 1; reach < n; reach *= 2) {
    const earlier = narrow(result, at, { stop: n - reach });
    const before = full(
      lanes.shape.map((size, i) => (i === at ? reach : size)),
      neutral,
      { dtype: x.dtype },
    );
    result = combine(result, concat([before, earlier], at));
  }
  return result;
}

/** The running product along an axis, of the flattened tensor without one. Gradients are right where elements are 0. */
export function cumprod(x: TensorLike, axis?: number, options: NoOptions = {}): Tensor {
  resolve("cumprod", options, {});
  const t = asTensor(x);
  return scan("cumprod", t.dtype === "bool" ? to(t, "int32") : t, axis, mul, 1);
}

/** log of the running sum of e^x along an axis, of the flattened tensor without one, in log space throughout. */
export function logCumSumExp(x: TensorLike, axis?: number, options: NoOptions = {}): Tensor {
  resolve("logCumSumExp", options, {});
  return scan("logCumSumExp", asFloat(x), axis, logAddExp, Number.NEGATIVE_INFINITY);
}

/** Whether any element is not 0, over one axis, several, or all; false over nothing. */
export function any(x: TensorLike, axis?: Axes, options: ReductionOptions = {}): Tensor {
  const t = asTensor(x);
  const { axes, keepDims } = reductionAttributes("any", t, axis, options);
  return cast(sum(t.dtype === "bool" ? t : ne(t, 0), axes, { keepDims }), { dtype: "bool" });
}

/** Whether every element is not 0, over one axis, several, or all; true over nothing. */
export function all(x: TensorLike, axis?: Axes, options: ReductionOptions = {}): Tensor {
  const t = asTensor(x);
  const { axes, keepDims } = reductionAttributes("all", t, axis, options);
  return eq(sum(eq(t, 0), axes, { keepDims }), 0);
}

/**
 * The median along an axis, of all elements without one; the lower of the two middle ones for an even count, and NaN
 * when any element is, as in PyTorch.
 */
export function median(x: TensorLike, axis?: number, options: ReductionOptions = {}): Tensor {
  const t = asTensor(x);
  const { axes, keepDims } = reductionAttributes("median", t, axis, options);
  const [lanes, at] = lanesOf("median", t, axis);
  const n = lanes.shape[at];
  if (n === 0) throw new ShapeError("median", "an empty axis has no median");
  const middle = (n - 1) >> 1;
  const sorted = sort(lanes, at);
  const last = narrow(sorted, at, n - 1); // where a NaN is sorted to
  const found = where(isNaN(last), last, narrow(sorted, at, middle));
  return keepDims ? keptDims(found, t.shape, axes) : found;
}
