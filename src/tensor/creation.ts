import { allocate, type DType, expectDType, stored, type TypedArray } from "./dtype.ts";
import { ValueError } from "./errors.ts";
import { expectInteger, expectNumber, resolve } from "./options.ts";
import { checkShape, type Shape, sizeOf } from "./shape.ts";
import { requireGrad, Tensor } from "./tensor.ts";
import { tracing } from "./tracing.ts";

export interface CreationOptions {
  dtype?: DType;
  requiresGrad?: boolean;
}

/** A tensor of one value everywhere. `dtype` defaults to float32. */
export function full(shape: Shape, value: number, options: CreationOptions = {}): Tensor {
  expectNumber("full", "value", value);
  return filled("full", shape, value, options);
}

/** Zeros; float32 unless `dtype` says otherwise. */
export function zeros(shape: Shape, options: CreationOptions = {}): Tensor {
  return filled("zeros", shape, 0, options);
}

/** Ones; float32 unless `dtype` says otherwise. */
export function ones(shape: Shape, options: CreationOptions = {}): Tensor {
  return filled("ones", shape, 1, options);
}

/** Zeros of the shape and dtype of `t`. */
export function zerosLike(t: Tensor): Tensor {
  return new Tensor(allocate(t.dtype, t.size), t.shape, t.dtype);
}

/**
 * A tensor whose values `fill` writes into zeros. In a compiled function it does so before every call: so do random
 * numbers, learning rates and whatever else differs from step to step get into a program.
 */
export function fed(shape: Shape, dtype: DType, fill: (data: TypedArray) => void): Tensor {
  if (tracing.tracer !== null) return tracing.tracer.fed(shape, dtype, fill);
  const data = allocate(dtype, sizeOf(shape));
  fill(data);
  return new Tensor(data, shape, dtype);
}

/** Ones of the shape and dtype of `t`. */
export function onesLike(t: Tensor): Tensor {
  return new Tensor(allocate(t.dtype, t.size).fill(1), t.shape, t.dtype);
}

/**
 * start, start + step, ... while below stop (above, for a negative step). `arange(n)` counts 0..n-1.
 * The dtype defaults to int32 when all three are whole numbers, else float32.
 */
export function arange(start: number, stop?: number, step = 1, options: CreationOptions = {}): Tensor {
  const [first, last] = stop === undefined ? [0, start] : [start, stop];
  for (const v of [first, last, step]) {
    if (!Number.isFinite(v)) throw new ValueError("arange", `start, stop and step must be finite numbers, got ${v}`);
  }
  if (step === 0) throw new ValueError("arange", "step must not be 0");
  const size = Math.max(0, Math.ceil((last - first) / step));
  const whole = [first, last, step].every(Number.isInteger);
  return computed("arange", [size], (i) => first + i * step, options, whole ? "int32" : "float32");
}

/** `count` evenly spaced values from start to stop, both included. */
export function linspace(start: number, stop: number, count: number, options: CreationOptions = {}): Tensor {
  expectNumber("linspace", "start", start, "that is finite", Number.isFinite);
  expectNumber("linspace", "stop", stop, "that is finite", Number.isFinite);
  expectInteger("linspace", "count", count, 0);
  const step = count > 1 ? (stop - start) / (count - 1) : 0;
  return computed("linspace", [count], (i) => (i > 0 && i === count - 1 ? stop : start + i * step), options);
}

/** The identity matrix [n, n]. */
export function eye(n: number, options: CreationOptions = {}): Tensor {
  expectInteger("eye", "n", n, 0);
  const result = empty("eye", [n, n], options);
  for (let i = 0; i < n; i++) result.data[i * (n + 1)] = 1;
  return result;
}

function filled(where: string, shape: Shape, value: number, options: CreationOptions): Tensor {
  const result = empty(where, shape, options);
  result.data.fill(stored(where, value, result.dtype));
  return result;
}

function computed(
  where: string,
  shape: Shape,
  value: (i: number) => number,
  options: CreationOptions,
  standard?: DType,
): Tensor {
  const result = empty(where, shape, options, standard);
  for (let i = 0; i < result.size; i++) result.data[i] = stored(where, value(i), result.dtype);
  return result;
}

/** Zeros that the caller fills, of the dtype `standard` unless the options name one; checks shape and options. */
function empty(where: string, shape: Shape, options: CreationOptions, standard?: DType): Tensor {
  return created(
    where,
    shape,
    options,
    (dtype) => new Tensor(allocate(dtype, sizeOf(shape)), [...shape], dtype),
    standard,
  );
}

/** What `make` makes for checked options, marked if they ask for gradients. */
export function created(
  where: string,
  shape: Shape,
  options: CreationOptions,
  make: (dtype: DType) => Tensor,
  standard: DType = "float32",
): Tensor {
  const { dtype, requiresGrad } = resolve(where, options, { dtype: standard, requiresGrad: false });
  expectDType(where, dtype);
  checkShape(where, shape);
  const result = make(dtype);
  return requiresGrad ? requireGrad(where, result) : result;
}
