import { ShapeError } from "../tensor/errors.ts";
import { type NoOptions, resolve } from "../tensor/options.ts";
import { formatShape, normalizeAxis, sizeOf, stridesOf } from "../tensor/shape.ts";
import { asTensor, type Tensor, type TensorLike } from "../tensor/tensor.ts";
import { cast, div, eq, mul, to } from "./elementwise.ts";
import { fold } from "./loops.ts";
import {
  flip,
  foldInto,
  keptDims,
  type ReductionAttributes,
  type ReductionOptions,
  reducedShape,
  reductionAttributes,
  reshape,
  sum,
} from "./movement.ts";
import { type Door, door, type Op, primitive } from "./primitive.ts";

type Reduction = (x: TensorLike, axis?: number | readonly number[], options?: ReductionOptions) => Tensor;

/** max or min: NaN when any element is; the gradient is shared evenly among the elements that attain it. */
function extremum(
  name: string,
  better: (x: number, best: number) => boolean,
  start: number,
): Door<Reduction, ReductionAttributes> {
  const folding = fold((best, x) => (better(x, best) || x !== x ? x : best));
  const op: Op<[x: Tensor], ReductionAttributes> = primitive({
    name,
    shape: ([x], { axes, keepDims }) => {
      const empty = axes.find((axis) => x.shape[axis] === 0);
      if (empty !== undefined)
        throw new ShapeError(name, `axis ${empty} of ${formatShape(x.shape)} is empty and has no ${name}`);
      return reducedShape(x.shape, axes, keepDims);
    },
    kernel: (out, [x], { axes }) => foldInto(out.data, folding, x, axes, start),
    vjp: ({ g, inputs: [x], output, attributes: { axes } }) => [
      () => {
        const attains = cast(eq(x, keptDims(output, x.shape, axes)), { dtype: x.dtype });
        return mul(attains, div(keptDims(g, x.shape, axes), sum(attains, axes, { keepDims: true })));
      },
    ],
  });
  return door(op, (x: TensorLike, axis?: number | readonly number[], options: ReductionOptions = {}) => {
    const t = asTensor(x);
    return op(t, reductionAttributes(name, t, axis, options));
  });
}

/** The largest element over one axis, several, or all. NaN when any is; ties share the gradient evenly. */
export const max = extremum("max", (x, best) => x > best, Number.NEGATIVE_INFINITY);

/** The smallest element over one axis, several, or all. NaN when any is; ties share the gradient evenly. */
export const min = extremum("min", (x, best) => x < best, Number.POSITIVE_INFINITY);

/** Walks the lanes of x along `axis`: `visit` gets the position of each lane's first element, and its number. */
export function forEachLane(
  { shape }: Tensor,
  axis: number,
  visit: (start: number, stride: number, length: number, lane: number) => void,
): void {
  const length = shape[axis];
  const stride = stridesOf(shape)[axis];
  const outer = sizeOf(shape.slice(0, axis));
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < stride; i++) visit(o * length * stride + i, stride, length, o * stride + i);
  }
}

/** argmax or argmin: the first position that attains it; the first NaN when there is one. */
function argExtremum(name: string, better: (x: number, best: number) => boolean) {
  const op: Op<[x: Tensor], { axis: number; keepDims: boolean }> = primitive({
    name,
    shape: ([x], { axis, keepDims }) => {
      if (x.shape[axis] === 0)
        throw new ShapeError(name, `axis ${axis} of ${formatShape(x.shape)} is empty and has no ${name}`);
      return reducedShape(x.shape, [axis], keepDims);
    },
    dtype: () => "int32",
    kernel: (out, [x], { axis }) => {
      const { data } = x;
      forEachLane(x, axis, (start, stride, length, lane) => {
        let best = 0;
        for (let i = 1; i < length; i++) {
          const value = data[start + i * stride];
          const record = data[start + best * stride];
          if (better(value, record) || (value !== value && record === record)) best = i;
        }
        out.data[lane] = best;
      });
    },
  });
  return door(op, (x: TensorLike, axis?: number, options: ReductionOptions = {}): Tensor => {
    const t = asTensor(x);
    const { axes, keepDims } = reductionAttributes(name, t, axis, options);
    if (axis !== undefined) return op(t, { axis: normalizeAxis(name, axis, t.ndim), keepDims });
    const flat = op(reshape(t, [-1]), { axis: 0, keepDims: false });
    return keepDims ? keptDims(flat, t.shape, axes) : flat;
  });
}

/** Where the largest element is along an axis (in the flattened tensor without one), as int32; the first of ties. */
export const argmax = argExtremum("argmax", (x, best) => x > best);

/** Where the smallest element is along an axis (in the flattened tensor without one), as int32; the first of ties. */
export const argmin = argExtremum("argmin", (x, best) => x < best);

export const cumsumOp: Op<[x: Tensor], { axis: number }> = primitive({
  name: "cumsum",
  shape: ([x]) => x.shape,
  kernel: (out, [x], { axis }) =>
    forEachLane(x, axis, (start, stride, length) => {
      let total = 0;
      for (let i = 0, at = start; i < length; i++, at += stride) {
        total += x.data[at];
        out.data[at] = total;
      }
    }),
  // Element i is part of the sums i, i + 1, ...: a running sum from the other end.
  vjp: ({ g, attributes: { axis } }) => [() => flip(cumsumOp(flip(g, axis), { axis }), axis)],
});

/** x and the axis, or without an axis x flattened and its only one. */
export const lanesOf = (where: string, x: Tensor, axis: number | undefined): [lanes: Tensor, axis: number] =>
  axis === undefined ? [reshape(x, [-1]), 0] : [x, normalizeAxis(where, axis, x.ndim)];

/** The running sum along an axis, of the flattened tensor without one, accumulated in float64. int32 sums wrap. */
export function cumsum(x: TensorLike, axis?: number, options: NoOptions = {}): Tensor {
  resolve("cumsum", options, {});
  const t = asTensor(x);
  const [lanes, at] = lanesOf("cumsum", t.dtype === "bool" ? to(t, "int32") : t, axis);
  return cumsumOp(lanes, { axis: at });
}

export const argsortOp: Op<[x: Tensor], { axis: number; descending: boolean }> = primitive({
  name: "argsort",
  shape: ([x]) => x.shape,
  dtype: () => "int32",
  kernel: (out, [x], { axis, descending }) => {
    const { data } = x;
    const order = new Int32Array(x.shape[axis]);
    const values = new Float64Array(order.length);
    // Typed arrays sort stably. NaN counts as larger than every number, as in NumPy and PyTorch.
    const compare = (i: number, j: number): number => {
      const a = values[i];
      const b = values[j];
      if (a !== a || b !== b) return (a !== a ? 1 : 0) - (b !== b ? 1 : 0);
      return a < b ? -1 : a > b ? 1 : 0;
    };
    const direction = descending ? (i: number, j: number) => compare(j, i) : compare;
    forEachLane(x, axis, (start, stride, length) => {
      for (let i = 0; i < length; i++) {
        order[i] = i;
        values[i] = data[start + i * stride];
      }
      order.sort(direction);
      for (let i = 0; i < length; i++) out.data[start + i * stride] = order[i];
    });
  },
});

export interface SortOptions {
  /** Largest first. */
  descending?: boolean;
}

/** The order that sorts x along an axis (default the last), as int32. Stable; NaN counts as largest. */
export function argsort(x: TensorLike, axis = -1, options: SortOptions = {}): Tensor {
  return orderOf("argsort", asTensor(x), axis, options);
}

/** `argsort` as a part of the function `where`, which errors name. */
export function orderOf(where: string, x: Tensor, axis: number, options: SortOptions): Tensor {
  const { descending } = resolve(where, options, { descending: false });
  return argsortOp(x, { axis: normalizeAxis(where, axis, x.ndim), descending });
}
