import { asIndices, expectIndices } from "../tensor/checks.ts";
import { ShapeError } from "../tensor/errors.ts";
import { formatShape, normalizeAxis, type Shape, sizeOf, stridesOf } from "../tensor/shape.ts";
import { asTensor, type Tensor, type TensorLike } from "../tensor/tensor.ts";
import { add } from "./elementwise.ts";
import { type Op, primitive } from "./primitive.ts";

// gather and scatter, indexSelect and indexAdd are each other's adjoints.

export const gatherOp: Op<[x: Tensor, indices: Tensor], { axis: number }> = primitive({
  name: "gather",
  shape: ([, indices]) => indices.shape,
  dtype: ([x]) => x.dtype,
  kernel: ({ data }, [x, indices], { axis }) =>
    forEachPicked(x.shape, indices, axis, (position, at) => {
      data[position] = x.data[at];
    }),
  vjp: ({ g, inputs: [x, indices], attributes: { axis } }) => [
    () => scatterOp(g, indices, { axis, shape: x.shape }),
    () => g, // never asked for: indices are whole numbers
  ],
});

export const scatterOp: Op<[source: Tensor, indices: Tensor], { axis: number; shape: Shape }> = primitive({
  name: "scatter",
  shape: (_, { shape }) => shape,
  dtype: ([source]) => source.dtype,
  kernel: ({ data, shape }, [source, indices], { axis }) =>
    forEachPicked(shape, indices, axis, (position, at) => {
      data[at] += source.data[position];
    }),
  vjp: ({ g, inputs: [, indices], attributes: { axis } }) => [() => gatherOp(g, indices, { axis }), () => g],
});

/** Pairs each position of `indices` with the element of an array of `shape` that its index picks along `axis`. */
function forEachPicked(
  shape: Shape,
  { data: index, shape: picked }: Tensor,
  axis: number,
  visit: (position: number, at: number) => void,
): void {
  const strides = stridesOf(shape);
  const at = new Array<number>(picked.length).fill(0);
  const n = index.length;
  let base = 0; // of the current position in the array, the picked axis left out
  for (let position = 0; position < n; position++) {
    visit(position, base + index[position] * strides[axis]);
    for (let i = picked.length - 1; i >= 0; i--) {
      if (i !== axis) base += strides[i];
      if (++at[i] < picked[i]) break;
      if (i !== axis) base -= strides[i] * picked[i];
      at[i] = 0;
    }
  }
}

/**
 * torch.gather: out[i][j] = x[indices[i][j]][j] for axis 0, x[i][indices[i][j]] for axis 1, and so on.
 * `indices` has as many axes as x, with sizes at most those of x on every other axis.
 */
export function gather(x: TensorLike, axis: number, indices: TensorLike): Tensor {
  const t = asTensor(x);
  const [at, index] = checkPicks("gather", t, axis, indices);
  return gatherOp(t, index, { axis: at });
}

/**
 * torch.scatter_add: x with source[i][j] added at [indices[i][j]][j] for axis 0, and so on. Repeated indices add up.
 */
export function scatterAdd(x: TensorLike, axis: number, indices: TensorLike, source: TensorLike): Tensor {
  const t = asTensor(x);
  const [at, index] = checkPicks("scatterAdd", t, axis, indices);
  const values = asTensor(source, t.dtype);
  if (formatShape(values.shape) !== formatShape(index.shape)) {
    throw new ShapeError(
      "scatterAdd",
      `source ${formatShape(values.shape)} must have the shape of indices, ${formatShape(index.shape)}`,
    );
  }
  return add(t, scatterOp(values, index, { axis: at, shape: t.shape }));
}

function checkPicks(where: string, x: Tensor, axis: number, indices: TensorLike): [axis: number, indices: Tensor] {
  const at = normalizeAxis(where, axis, x.ndim);
  const index = asIndices(where, "indices", indices);
  if (index.ndim !== x.ndim || index.shape.some((size, i) => i !== at && size > x.shape[i])) {
    throw new ShapeError(
      where,
      `indices ${formatShape(index.shape)} must have as many axes as the tensor ${formatShape(x.shape)} and be no larger but on axis ${at}`,
    );
  }
  expectIndices(where, "indices", index, x.shape[at], `axis ${at} of ${formatShape(x.shape)}`);
  return [at, index];
}

export const indexSelectOp: Op<[x: Tensor, indices: Tensor], { axis: number }> = primitive({
  name: "indexSelect",
  shape: ([x, indices], { axis }) => x.shape.map((size, i) => (i === axis ? indices.size : size)),
  dtype: ([x]) => x.dtype,
  kernel: ({ data, shape }, [x, indices], { axis }) => {
    const inner = sizeOf(shape.slice(axis + 1));
    forEachRow(shape, x.shape[axis], indices, axis, (to, from) => {
      for (let i = 0; i < inner; i++) data[to + i] = x.data[from + i];
    });
  },
  vjp: ({ g, inputs: [x, indices], attributes: { axis } }) => [
    () => indexAddOp(g, indices, { axis, size: x.shape[axis] }),
    () => g,
  ],
});

export const indexAddOp: Op<[rows: Tensor, indices: Tensor], { axis: number; size: number }> = primitive({
  name: "indexAdd",
  shape: ([rows], { axis, size }) => rows.shape.map((n, i) => (i === axis ? size : n)),
  dtype: ([rows]) => rows.dtype,
  kernel: ({ data }, [rows, indices], { axis, size }) => {
    const inner = sizeOf(rows.shape.slice(axis + 1));
    forEachRow(rows.shape, size, indices, axis, (from, to) => {
      for (let i = 0; i < inner; i++) data[to + i] += rows.data[from + i];
    });
  },
  vjp: ({ g, inputs: [, indices], attributes: { axis } }) => [() => indexSelectOp(g, indices, { axis }), () => g],
});

/** Pairs the start of each selected row with the start of the row of the full array that it came from. */
function forEachRow(
  selected: Shape,
  size: number,
  { data: index }: Tensor,
  axis: number,
  visit: (selected: number, full: number) => void,
): void {
  const outer = sizeOf(selected.slice(0, axis));
  const inner = sizeOf(selected.slice(axis + 1));
  for (let o = 0; o < outer; o++) {
    for (let k = 0; k < index.length; k++) visit((o * index.length + k) * inner, (o * size + index[k]) * inner);
  }
}

/** The slices of x along an axis that a list of indices names, in its order; indices may repeat. */
export function indexSelect(x: TensorLike, axis: number, indices: TensorLike): Tensor {
  const t = asTensor(x);
  const at = normalizeAxis("indexSelect", axis, t.ndim);
  const index = asIndices("indexSelect", "indices", indices);
  if (index.ndim !== 1)
    throw new ShapeError("indexSelect", `indices must have one axis, got ${formatShape(index.shape)}`);
  expectIndices("indexSelect", "indices", index, t.shape[at], `axis ${at} of ${formatShape(t.shape)}`);
  return indexSelectOp(t, index, { axis: at });
}
