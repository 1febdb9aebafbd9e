import { isFloat, promote, type TypedArray } from "../tensor/dtype.ts";
import { ShapeError, ValueError } from "../tensor/errors.ts";
import { expectNumber, resolve } from "../tensor/options.ts";
import {
  broadcastStrides,
  broadcastsTo,
  checkShape,
  formatShape,
  normalizeAxes,
  normalizeAxis,
  type Shape,
  sameShape,
  sizeOf,
  stridesOf,
} from "../tensor/shape.ts";
import { asTensor, type Tensor, type TensorLike } from "../tensor/tensor.ts";
import { to } from "./elementwise.ts";
import { copy, fold } from "./loops.ts";
import { type Op, primitive } from "./primitive.ts";

// reshape is its own adjoint, and so are transpose and flip (up to the inverse permutation).

export const reshapeOp: Op<[x: Tensor], { shape: Shape }> = primitive({
  name: "reshape",
  shape: (_, { shape }) => shape,
  sharesData: true,
  kernel: () => {},
  vjp: ({ g, inputs: [x] }) => [() => reshape(g, x.shape)],
});

/** The same values in another shape of the same size; one size may be -1, "whatever is left". Shares the array. */
export function reshape(x: TensorLike, shape: Shape): Tensor {
  const t = asTensor(x);
  if (!Array.isArray(shape)) throw new ShapeError("reshape", `shape must be an array of sizes, got ${String(shape)}`);
  const known = shape.reduce((product, size) => (size === -1 ? product : product * size), 1);
  const open = shape.filter((size) => size === -1).length;
  const full = open === 1 && known > 0 ? shape.map((size) => (size === -1 ? t.size / known : size)) : [...shape];
  if (open > 1 || full.some((size) => !Number.isInteger(size) || size < 0) || sizeOf(full) !== t.size) {
    throw new ShapeError(
      "reshape",
      `${formatShape(t.shape)} has ${t.size} elements and cannot become ${formatShape(shape)}`,
    );
  }
  return sameShape(full, t.shape) ? t : reshapeOp(t, { shape: full });
}

export const transposeOp: Op<[x: Tensor], { axes: readonly number[] }> = primitive({
  name: "transpose",
  shape: ([x], { axes }) => axes.map((axis) => x.shape[axis]),
  kernel: ({ data, shape }, [x], { axes }) => {
    const strides = stridesOf(x.shape);
    copy(shape, { data, strides: stridesOf(shape) }, { data: x.data, strides: axes.map((axis) => strides[axis]) });
  },
  vjp: ({ g, attributes: { axes } }) => [
    () =>
      transpose(
        g,
        axes.map((_, i) => axes.indexOf(i)),
      ),
  ],
});

/** The axes in another order; without `axes`, all of them reversed, as in NumPy and TensorFlow.js. */
export function transpose(x: TensorLike, axes?: readonly number[]): Tensor {
  const t = asTensor(x);
  const order = axes ?? [...t.shape.keys()].reverse();
  if (!Array.isArray(order)) {
    throw new ShapeError(
      "transpose",
      `axes must be a list of all axes, got ${String(axes)}; transpose([1, 0]) gives the order, swapAxes(0, 1) exchanges two`,
    );
  }
  const normal = order.map((axis) => normalizeAxis("transpose", axis, t.ndim));
  if (normal.length !== t.ndim || new Set(normal).size !== t.ndim) {
    throw new ShapeError(
      "transpose",
      `axes ${formatShape(order)} must name each of the ${t.ndim} axes of ${formatShape(t.shape)} once`,
    );
  }
  return normal.every((axis, i) => axis === i) ? t : transposeOp(t, { axes: normal });
}

export const flipOp: Op<[x: Tensor], { axes: readonly number[] }> = primitive({
  name: "flip",
  shape: ([x]) => x.shape,
  kernel: ({ data, shape }, [x], { axes }) => {
    const strides = stridesOf(shape);
    let start = 0;
    for (const axis of axes) start += (shape[axis] - 1) * strides[axis];
    const backwards = strides.map((stride, axis) => (axes.includes(axis) ? -stride : stride));
    copy(shape, { data, strides }, { data: x.data, start, strides: backwards });
  },
  vjp: ({ g, attributes: { axes } }) => [() => flipOp(g, { axes })],
});

/** The order along one axis, several, or all reversed. */
export function flip(x: TensorLike, axis?: number | readonly number[]): Tensor {
  const t = asTensor(x);
  return flipOp(t, { axes: normalizeAxes("flip", axis, t.ndim) });
}

// sum and broadcastTo are each other's adjoints.

const sumFold = fold((total, x) => total + x);

export const sumOp: Op<[x: Tensor], ReductionAttributes> = primitive({
  name: "sum",
  shape: ([x], { axes, keepDims }) => reducedShape(x.shape, axes, keepDims),
  kernel: (out, [x], { axes }) => foldInto(out.data, sumFold, x, axes, 0),
  vjp: ({ g, inputs: [x], attributes: { axes } }) => [() => broadcastTo(keptDims(g, x.shape, axes), x.shape)],
});

export interface ReductionAttributes {
  axes: readonly number[];
  keepDims: boolean;
}

export interface ReductionOptions {
  /** Leave the reduced axes in the shape with size 1. */
  keepDims?: boolean;
}

/**
 * The sum over one axis, several, or all, accumulated in float64. Bool counts as int32. A sum of int32 is an int32 and
 * wraps modulo 2^32: for a larger one, convert with to("float64") first.
 */
export function sum(x: TensorLike, axis?: number | readonly number[], options: ReductionOptions = {}): Tensor {
  const t = asTensor(x);
  const counted = t.dtype === "bool" ? to(t, "int32") : t;
  return sumOp(counted, reductionAttributes("sum", t, axis, options));
}

/** The attributes that all reductions share, checked. */
export function reductionAttributes(
  where: string,
  t: Tensor,
  axis: number | readonly number[] | undefined,
  options: ReductionOptions,
): ReductionAttributes {
  const { keepDims } = resolve(where, options, { keepDims: false });
  return { axes: normalizeAxes(where, axis, t.ndim), keepDims };
}

export function reducedShape(shape: Shape, axes: readonly number[], keepDims: boolean): Shape {
  if (keepDims) return shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  return shape.filter((_, axis) => !axes.includes(axis));
}

/** A reduced tensor with its lost axes back as size 1, so that it broadcasts against the original shape. */
export function keptDims(reduced: Tensor, shape: Shape, axes: readonly number[]): Tensor {
  return reshape(reduced, reducedShape(shape, axes, true));
}

/** Folds x over `axes` into `out`, starting each total at `start`. */
export function foldInto(
  out: TypedArray,
  folding: ReturnType<typeof fold>,
  x: Tensor,
  axes: readonly number[],
  start: number,
): void {
  const totals = new Float64Array(out.length).fill(start);
  if (x.size > 0) {
    const kept = reducedShape(x.shape, axes, true);
    folding(x.shape, totals, broadcastStrides(kept, x.shape), x.data, x.dtype);
  }
  out.set(totals);
}

export const broadcastOp: Op<[x: Tensor], { shape: Shape }> = primitive({
  name: "broadcastTo",
  shape: (_, { shape }) => shape,
  kernel: ({ data, shape }, [x]) =>
    copy(shape, { data, strides: stridesOf(shape) }, { data: x.data, strides: broadcastStrides(x.shape, shape) }),
  vjp: ({ g, inputs: [x] }) => [() => sumTo(g, x.shape)],
});

/** x repeated along new leading axes and axes of size 1 to fill `shape`. */
export function broadcastTo(x: TensorLike, shape: Shape): Tensor {
  const t = asTensor(x);
  checkShape("broadcastTo", shape);
  if (sameShape(t.shape, shape)) return t;
  if (!broadcastsTo(t.shape, shape)) {
    throw new ShapeError("broadcastTo", `${formatShape(t.shape)} does not broadcast to ${formatShape(shape)}`);
  }
  return broadcastOp(t, { shape: [...shape] });
}

/** The adjoint of broadcasting: t summed over the axes along which `shape` would stretch to the shape of t. */
export function sumTo(t: Tensor, shape: Shape): Tensor {
  if (sameShape(t.shape, shape)) return t;
  const lead = t.ndim - shape.length;
  const axes: number[] = [];
  for (let axis = 0; axis < t.ndim; axis++) {
    if (axis < lead || (shape[axis - lead] === 1 && t.shape[axis] !== 1)) axes.push(axis);
  }
  return reshape(sumOp(t, { axes, keepDims: false }), shape);
}

// slice and pad are each other's adjoints. Both work on all axes at once.

export interface SliceAttributes {
  start: readonly number[];
  step: readonly number[];
  shape: Shape;
}

/** Where a walk from `start`, `step` positions at a time, begins in an array, and how far apart its elements are. */
const every = (strides: readonly number[], start: readonly number[], step: readonly number[]) => ({
  start: start.reduce((at, s, axis) => at + s * strides[axis], 0),
  strides: strides.map((stride, axis) => stride * step[axis]),
});

export const sliceOp: Op<[x: Tensor], SliceAttributes> = primitive({
  name: "slice",
  shape: (_, { shape }) => shape,
  kernel: ({ data, shape }, [x], { start, step }) => {
    const strides = stridesOf(x.shape);
    copy(shape, { data, strides: stridesOf(shape) }, { data: x.data, ...every(strides, start, step) });
  },
  vjp: ({ g, inputs: [x], attributes: { start, step } }) => [() => padOp(g, { start, step, shape: x.shape, value: 0 })],
});

export const padOp: Op<[x: Tensor], SliceAttributes & { value: number }> = primitive({
  name: "pad",
  shape: (_, { shape }) => shape,
  kernel: ({ data, shape }, [x], { start, step, value }) => {
    if (value !== 0) data.fill(value);
    const strides = stridesOf(shape);
    copy(x.shape, { data, ...every(strides, start, step) }, { data: x.data, strides: stridesOf(x.shape) });
  },
  vjp: ({ g, inputs: [x], attributes: { start, step } }) => [() => sliceOp(g, { start, step, shape: x.shape })],
});

/**
 * What to keep along one axis: from `start` (default 0) up to, not including, `stop` (default the end), every
 * `step`-th.
 */
export interface Range {
  start?: number;
  stop?: number;
  step?: number;
}

/**
 * A part of x: one range, whole number or null for each leading axis. Negative positions count from the end and
 * positions past it are cut off, as in Python; a number picks one position and drops the axis; null keeps all.
 * The step must be at least 1 (`flip` reverses).
 */
export function slice(
  x: TensorLike,
  ranges: readonly (Range | number | null)[] | Range | number,
  ...more: never[]
): Tensor {
  if (more.length > 0) {
    throw new ValueError(
      "slice",
      `takes one argument, got ${more.length + 1}; a range is an object, one for each axis: slice([{ start: 1, stop: 3 }])`,
    );
  }
  const t = asTensor(x);
  const list = Array.isArray(ranges) ? (ranges as readonly (Range | number | null)[]) : [ranges as Range | number];
  if (list.length > t.ndim) {
    throw new ShapeError(
      "slice",
      `${list.length} ranges were given for a tensor with ${t.ndim} axes, ${formatShape(t.shape)}`,
    );
  }
  const start: number[] = [];
  const step: number[] = [];
  const shape: number[] = [];
  const dropped: number[] = [];
  t.shape.forEach((size, axis) => {
    const range = list[axis] ?? {};
    if (typeof range === "number") {
      start.push(normalizePosition("slice", range, size, axis));
      step.push(1);
      shape.push(1);
      dropped.push(axis);
      return;
    }
    for (const name of Object.keys(range)) {
      if (name !== "start" && name !== "stop" && name !== "step") {
        throw new ValueError("slice", `unknown key "${name}" for axis ${axis}; a range has start, stop, step`);
      }
    }
    const by = range.step ?? 1;
    if (!Number.isInteger(by) || by < 1) {
      throw new ValueError(
        "slice",
        `step must be a whole number >= 1, got ${by} for axis ${axis}; use flip() to reverse`,
      );
    }
    const from = clip(range.start ?? 0, size, axis);
    const until = clip(range.stop ?? size, size, axis);
    start.push(from);
    step.push(by);
    shape.push(Math.max(0, Math.ceil((until - from) / by)));
  });
  const part = sliceOp(t, { start, step, shape });
  return dropped.length === 0 ? part : reshape(part, reducedShape(shape, dropped, false));
}

/** x with only a range, or at one position, of one axis. */
export const narrow = (x: Tensor, axis: number, range: Range | number): Tensor =>
  slice(x, [...new Array<null>(axis).fill(null), range]);

function clip(position: number, size: number, axis: number): number {
  if (!Number.isInteger(position))
    throw new ValueError("slice", `positions must be whole numbers, got ${position} for axis ${axis}`);
  return Math.min(size, Math.max(0, position < 0 ? position + size : position));
}

function normalizePosition(where: string, position: number, size: number, axis: number): number {
  const normal = position < 0 ? position + size : position;
  if (!Number.isInteger(position) || normal < 0 || normal >= size) {
    throw new ShapeError(where, `position ${position} is outside axis ${axis} of size ${size}`);
  }
  return normal;
}

/** x with [before, after] more elements of `value` (default 0) along each axis. */
export function pad(
  x: TensorLike,
  widths: readonly (readonly [before: number, after: number])[],
  options: { value?: number } = {},
): Tensor {
  const t = asTensor(x);
  const { value } = resolve("pad", options, { value: 0 });
  expectNumber(
    "pad",
    "value",
    value,
    `that a ${t.dtype} tensor can hold`,
    (v) => isFloat(t.dtype) || Number.isInteger(v),
  );
  if (!Array.isArray(widths) || widths.length !== t.ndim) {
    throw new ShapeError(
      "pad",
      `needs one [before, after] for each of the ${t.ndim} axes of ${formatShape(t.shape)}, got ${Array.isArray(widths) ? widths.length : String(widths)}`,
    );
  }
  for (const width of widths) {
    if (!Array.isArray(width) || width.length !== 2 || !width.every((w) => Number.isInteger(w) && w >= 0)) {
      throw new ValueError("pad", `widths must be pairs of whole numbers >= 0, got ${JSON.stringify(width)}`);
    }
  }
  return padOp(t, {
    start: widths.map(([before]) => before),
    step: widths.map(() => 1),
    shape: t.shape.map((size, axis) => size + widths[axis][0] + widths[axis][1]),
    value,
  });
}

export const concatOp: Op<readonly Tensor[], { axis: number }> = primitive({
  name: "concat",
  shape: (tensors, { axis }) => {
    const shape = [...tensors[0].shape];
    shape[axis] = tensors.reduce((total, t) => total + t.shape[axis], 0);
    return shape;
  },
  kernel: ({ data, shape }, tensors, { axis }) => {
    const strides = stridesOf(shape);
    let at = 0;
    for (const t of tensors) {
      copy(t.shape, { data, start: at, strides }, { data: t.data, strides: stridesOf(t.shape) });
      at += t.shape[axis] * strides[axis];
    }
  },
  vjp: ({ g, inputs, attributes: { axis } }) => {
    let at = 0;
    return inputs.map(({ shape }) => {
      const start = shape.map((_, i) => (i === axis ? at : 0));
      at += shape[axis];
      return () => sliceOp(g, { start, step: shape.map(() => 1), shape });
    });
  },
});

/** The tensors of a list that has at least one. */
export function tensorList(where: string, tensors: readonly TensorLike[]): Tensor[] {
  if (!Array.isArray(tensors) || tensors.length === 0) {
    throw new ShapeError(
      where,
      `needs a list of at least one tensor, got ${Array.isArray(tensors) ? "[]" : String(tensors)}`,
    );
  }
  return tensors.map((t) => asTensor(t));
}

/** Tensors joined along an axis (default 0); their other sizes must agree. */
export function concat(tensors: readonly TensorLike[], axis = 0): Tensor {
  let list = tensorList("concat", tensors);
  const [first] = list;
  const at = normalizeAxis("concat", axis, first.ndim);
  list.forEach((t, i) => {
    if (t.ndim !== first.ndim || t.shape.some((size, k) => k !== at && size !== first.shape[k])) {
      throw new ShapeError(
        "concat",
        `tensors[${i}] has shape ${formatShape(t.shape)}, tensors[0] ${formatShape(first.shape)}; they may differ on axis ${at} only`,
      );
    }
  });
  const dtype = list.map((t) => t.dtype).reduce(promote);
  list = list.map((t) => to(t, dtype));
  return list.length === 1 ? list[0] : concatOp(...list, { axis: at });
}
