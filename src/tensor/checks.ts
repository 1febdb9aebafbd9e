import { isFloat, isInt32, type TypedArray } from "./dtype.ts";
import { DTypeError, ShapeError, ValueError } from "./errors.ts";
import { formatShape, type Shape, sameShape } from "./shape.ts";
import { asTensor, Tensor, type TensorLike, tensor } from "./tensor.ts";
import { type Domain, tracing } from "./tracing.ts";

// Checks of arguments. `where` is the function's name; names are those of its parameters.

/** Throws a ShapeError unless the tensors, given by name, all have one shape. */
export function expectSameShape(where: string, tensors: Readonly<Record<string, Tensor>>): void {
  const [[firstName, first], ...rest] = Object.entries(tensors);
  for (const [name, t] of rest) {
    if (!sameShape(t.shape, first.shape)) {
      throw new ShapeError(
        where,
        `${name} ${formatShape(t.shape)} must have the shape of ${firstName}, ${formatShape(first.shape)}`,
      );
    }
  }
}

/** Throws a ShapeError unless t has as many axes as `form` names: `["n", "classes"]`. */
export function expectAxes(where: string, name: string, t: Tensor, form: readonly string[]): void {
  if (t.ndim !== form.length) {
    throw new ShapeError(where, `${name} must be [${form.join(", ")}], got shape ${formatShape(t.shape)}`);
  }
}

/** Throws a ShapeError unless t has exactly this shape. */
export function expectShape(where: string, name: string, t: Tensor, shape: Shape): void {
  if (!sameShape(t.shape, shape)) {
    throw new ShapeError(where, `${name} must have shape ${formatShape(shape)}, got ${formatShape(t.shape)}`);
  }
}

/** Throws a ShapeError when t has no elements: a mean over nothing has no value. */
export function expectNotEmpty(where: string, name: string, t: Tensor): void {
  if (t.size === 0)
    throw new ShapeError(where, `${name} ${formatShape(t.shape)} is empty; the batch needs at least one element`);
}

/** `value` as a float tensor: a number or nested arrays become float32; whole numbers are no prediction. */
export function floatTensor(where: string, name: string, value: TensorLike): Tensor {
  const t = asTensor(value, undefined, where, name);
  if (!isFloat(t.dtype))
    throw new DTypeError(where, `${name} must be float32 or float64, got ${t.dtype}; convert with to("float32")`);
  return t;
}

// Checks of values. NaN passes: it is a value, and detectAnomaly finds where it came from.

/** Throws a ValueError that names the first element outside the domain; a compiled function does so at every call. */
function expectEach(where: string, name: string, t: Tensor, domain: Domain, words: string): void {
  const { low, high, also = [] } = domain;
  const check = (data: TypedArray) => {
    for (let i = 0; i < data.length; i++) {
      const value = data[i];
      if (!((value >= low && value <= high) || also.includes(value) || value !== value)) {
        throw new ValueError(where, `${name}[${i}] is ${value}, but ${words}`);
      }
    }
  };
  if (tracing.tracer?.isTraced(t)) tracing.tracer.check(t, domain, check);
  else check(t.data);
}

/** Throws a ValueError unless every element is in [0, 1]. `hint` says what else the caller may have meant. */
export function expectProbabilities(where: string, name: string, t: Tensor, hint = ""): void {
  expectEach(where, name, t, { low: 0, high: 1 }, `must be in [0, 1]${hint && `; ${hint}`}`);
}

/** Throws a ValueError unless every element is 1 or -1. */
export function expectSigns(where: string, name: string, t: Tensor): void {
  const words = "must be 1 or -1; map {0, 1} labels with labels.mul(2).sub(1)";
  expectEach(where, name, t, { low: 1, high: 1, also: [-1] }, words);
}

/** Throws a ValueError unless every element is 0 or 1. */
export function expectBinary(where: string, name: string, t: Tensor): void {
  const words = "must be 0 or 1; map +-1 labels with labels.add(1).div(2)";
  expectEach(where, name, t, { low: 0, high: 0, also: [1] }, words);
}

/** Throws a ValueError when an element is negative. */
export function expectNonNegativeElements(where: string, name: string, t: Tensor): void {
  expectEach(where, name, t, { low: 0, high: Number.POSITIVE_INFINITY }, "must be >= 0");
}

/** Throws a ValueError unless every element is above 0. `hint` says what to do with a 0. */
export function expectPositiveElements(where: string, name: string, t: Tensor, hint = ""): void {
  const least = t.dtype === "float32" ? 2 ** -149 : Number.MIN_VALUE;
  expectEach(where, name, t, { low: least, high: Number.POSITIVE_INFINITY }, `must be > 0${hint && `; ${hint}`}`);
}

/** Throws a ValueError unless every element is in [low, high]. */
export function expectWithin(where: string, name: string, t: Tensor, low: number, high: number): void {
  expectEach(where, name, t, { low, high }, `must be in [${low}, ${high}]`);
}

/** Throws a ValueError unless every element is >= 0, or -1, which marks the padding of a list. */
export function expectRelevance(where: string, name: string, t: Tensor): void {
  const domain = { low: 0, high: Number.POSITIVE_INFINITY, also: [-1] };
  expectEach(where, name, t, domain, "must be >= 0, or -1 for padding");
}

/** Throws a ValueError unless every element is in low..high, or in `also`; `words` end the sentence "..., but". */
export function expectRange(where: string, name: string, t: Tensor, domain: Domain, words: string): void {
  expectEach(where, name, t, domain, words);
}

/**
 * `indices` as an int32 tensor. Throws DTypeError for a tensor of another dtype, and for numbers that are not whole.
 */
export function asIndices(where: string, name: string, indices: TensorLike): Tensor {
  if (!(indices instanceof Tensor)) {
    const values = asTensor(indices, "float64", where, name);
    const fraction = values.data.find((v) => !isInt32(v));
    if (fraction !== undefined) throw new DTypeError(where, `${name} must be whole numbers, got ${fraction}`);
    return tensor(values, { dtype: "int32" });
  }
  const index = indices;
  if (index.dtype !== "int32")
    throw new DTypeError(where, `${name} must be int32, got ${index.dtype}; convert with to("int32")`);
  return index;
}

/** Throws a ValueError that names the first index outside 0..size-1; `ignored` may occur as well. */
export function expectIndices(
  where: string,
  name: string,
  indices: Tensor,
  size: number,
  of: string,
  ignored?: number,
): void {
  const domain = { low: 0, high: size - 1, also: ignored === undefined ? [] : [ignored] };
  expectEach(where, name, indices, domain, `${of} has entries 0..${size - 1}`);
}
