import { allocate, type DType, expectDType, promote, stored, type TypedArray } from "./dtype.ts";
import { CompileError, DTypeError, ShapeError, ValueError } from "./errors.ts";
import { resolve } from "./options.ts";
import { formatTensor } from "./print.ts";
import { checkShape, formatShape, type Shape, sizeOf } from "./shape.ts";
import { Storage } from "./storage.ts";
import { tracing } from "./tracing.ts";

/** Numbers or booleans, nested to any depth. */
export type Nested = number | boolean | readonly Nested[];

/** What a tensor argument takes: a tensor, a number, nested arrays, or a typed array (one axis). */
export type TensorLike = Tensor | Nested | TypedArray;

/** One operation that ran: which primitive, on what, with what result. Ids increase as things run. */
export interface TapeRecord {
  readonly id: number;
  readonly primitive: { readonly name: string };
  readonly inputs: readonly Tensor[];
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly output: Tensor;
}

/**
 * A dense, row-major array of numbers with a shape and a dtype.
 *
 * A tensor that needs gradients points at the record of the operation that made it (`record`), so a graph is
 * nothing but tensors and records that point at each other, and one that nobody points at is garbage.
 * The operations are methods too; `functional/methods.ts` attaches them.
 */
export class Tensor {
  readonly shape: Shape;
  readonly dtype: DType;
  /** Where the values are. Tensors made by `reshape` or `detach` share it. */
  readonly storage: Storage;
  /** Whether operations on this tensor are recorded for differentiation. */
  requiresGrad = false;
  /** The operation that made this tensor; null for leaves. */
  record: TapeRecord | null = null;
  private gradient: Tensor | null = null;

  /** Null in place of the values makes a tensor whose values are not known, for `compile` to trace. */
  constructor(data: TypedArray | Storage | null, shape: Shape, dtype: DType) {
    this.storage = data instanceof Storage ? data : new Storage(data, data === null ? sizeOf(shape) : data.length);
    this.shape = shape;
    this.dtype = dtype;
  }

  /**
   * The values, row by row; writing changes them. `compile` moves the values of tensors that its programs use: ask for
   * `data` again after calling one. Inside a function that is being compiled, throws a CompileError.
   */
  get data(): TypedArray {
    const { array } = this.storage;
    if (array === null || tracing.tracer !== null) expectReadable(this);
    return array as TypedArray;
  }

  /** Where `backward()` accumulates the gradient of a leaf. */
  get grad(): Tensor | null {
    return tracing.tracer === null ? this.gradient : tracing.tracer.gradientOf(this);
  }

  set grad(value: Tensor | null) {
    if (tracing.tracer === null) this.gradient = value;
    else tracing.tracer.setGradient(this, value);
  }

  get size(): number {
    return this.storage.size;
  }

  get ndim(): number {
    return this.shape.length;
  }

  /** The value of a tensor with one element, as a number (a bool gives 0 or 1). */
  item(): number {
    if (this.size !== 1) {
      throw new ShapeError(
        "item",
        `needs a tensor with one element, got shape ${formatShape(this.shape)}; use toArray()`,
      );
    }
    return this.data[0];
  }

  /** The values as nested arrays; a scalar gives a number. Bool tensors give booleans. */
  toArray(): Nested {
    const value = this.dtype === "bool" ? (i: number) => this.data[i] !== 0 : (i: number) => this.data[i];
    const nest = (axis: number, start: number, size: number): Nested => {
      if (axis === this.ndim) return value(start);
      const step = size / (this.shape[axis] || 1);
      return Array.from({ length: this.shape[axis] }, (_, i) => nest(axis + 1, start + i * step, step));
    };
    return nest(0, 0, this.size);
  }

  /** The same values, outside the graph. Shares the storage. */
  detach(): Tensor {
    return new Tensor(this.storage, this.shape, this.dtype);
  }

  /** The values as NumPy prints them, with shape and dtype; large tensors are summarised. */
  toString(): string {
    if (this.storage.array === null || tracing.tracer?.isTraced(this)) {
      return `a ${this.dtype} tensor ${formatShape(this.shape)} of a compiled function, which has no values while it is traced`;
    }
    return formatTensor(this);
  }

  /** Text in a template; an operator, which JavaScript would apply to the text, is an error. */
  [Symbol.toPrimitive](hint: string): string {
    if (hint === "string") return this.toString();
    throw new ValueError(
      "Tensor",
      "JavaScript's operators do not work on tensors; use x.add(y), x.gt(y), ... or x.item()",
    );
  }

  /** What Node's `console.log` shows. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

function expectReadable(t: Tensor): void {
  if (tracing.tracer !== null) tracing.tracer.expectReadable(t);
  else {
    throw new CompileError(
      "data",
      `this tensor ${formatShape(t.shape)} stood for a value while a function was compiled and has none of its own; return it from that function`,
    );
  }
}

export interface TensorOptions {
  dtype?: DType;
  shape?: Shape;
  requiresGrad?: boolean;
}

/**
 * A tensor from a number, nested arrays or a typed array. The values are copied.
 *
 * The dtype defaults to float32 for numbers and bool for booleans, to the array's own for Float32Array, Float64Array
 * and Int32Array (a Uint8Array gives int32), and to the widest of a mixture. `shape` folds a flat list of values.
 * Throws ShapeError for ragged arrays or a shape of another size, DTypeError for values that a dtype cannot hold.
 */
export function tensor(values: Tensor | Nested | TypedArray, options: TensorOptions = {}): Tensor {
  const { dtype, shape, requiresGrad } = resolve<TensorOptions>("tensor", options, {
    dtype: undefined,
    shape: undefined,
    requiresGrad: false,
  });
  const source = values instanceof Tensor ? values : undefined;
  const given = read("tensor", "values", source?.data ?? values, dtype ?? source?.dtype);
  const folded = shape ?? source?.shape ?? given.shape;
  checkShape("tensor", folded);
  if (sizeOf(folded) !== given.size) {
    throw new ShapeError(
      "tensor",
      `shape ${formatShape(folded)} holds ${sizeOf(folded)} values, but ${given.size} were given`,
    );
  }
  const result = new Tensor(given.data, [...folded], given.dtype);
  return requiresGrad ? requireGrad("tensor", result) : result;
}

/** The argument `name` of the function `where`, nested or typed, as a new tensor of `dtype` or else its own. */
function read(where: string, name: string, values: unknown, as?: DType): Tensor {
  const shape = shapeOf(where, name, values);
  const dtype = expectDType(where, as ?? dtypeOf(values));
  const data = allocate(dtype, sizeOf(shape));
  let at = 0;
  const write = (value: unknown): void => {
    if (typeof value === "number" || typeof value === "boolean") data[at++] = stored(where, Number(value), dtype);
    else if (ArrayBuffer.isView(value)) for (const v of value as TypedArray) data[at++] = stored(where, v, dtype);
    else if (Array.isArray(value)) for (const v of value) write(v);
    else throw new DTypeError(where, `${name} must be numbers or booleans, got ${String(value)}`);
  };
  write(values);
  return new Tensor(data, shape, dtype);
}

/** Marks a leaf as one to differentiate with respect to. */
export function requireGrad(where: string, leaf: Tensor): Tensor {
  if (leaf.dtype !== "float32" && leaf.dtype !== "float64") {
    throw new DTypeError(where, `only float tensors can require gradients, got ${leaf.dtype}`);
  }
  leaf.requiresGrad = true;
  return leaf;
}

/**
 * `value` as a tensor: itself when it is one, else a new one (with `dtype` when given). Errors name the argument `name`
 * of the function `where`.
 */
export function asTensor(value: TensorLike, dtype?: DType, where = "tensor", name = "values"): Tensor {
  return value instanceof Tensor ? value : read(where, name, value, dtype);
}

/** A tensor of shape [] with one value. */
export function scalar(value: number, dtype: DType): Tensor {
  const data = allocate(dtype, 1);
  data[0] = value;
  return new Tensor(data, [], dtype);
}

function shapeOf(where: string, name: string, values: unknown): number[] {
  if (ArrayBuffer.isView(values)) return [(values as TypedArray).length];
  if (!Array.isArray(values)) return [];
  if (values.length === 0) return [0];
  const inner = shapeOf(where, name, values[0]);
  values.forEach((value, i) => {
    const other = shapeOf(where, name, value);
    if (other.join() !== inner.join()) {
      throw new ShapeError(
        where,
        `nested arrays must be rectangular: entry 0 has shape ${formatShape(inner)}, entry ${i} ${formatShape(other)}`,
      );
    }
  });
  return [values.length, ...inner];
}

/** The widest of the dtypes that the values have by themselves; float32 for none. */
function dtypeOf(values: unknown): DType {
  if (Array.isArray(values)) return values.length === 0 ? "float32" : values.map(dtypeOf).reduce(promote);
  if (values instanceof Float64Array) return "float64";
  if (values instanceof Int32Array || values instanceof Uint8Array) return "int32";
  return typeof values === "boolean" ? "bool" : "float32";
}
