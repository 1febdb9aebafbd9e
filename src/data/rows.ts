import "../functional/methods.ts";
import { allocate } from "../tensor/dtype.ts";
import { ShapeError } from "../tensor/errors.ts";
import { formatShape, sameShape, sizeOf } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";

// Batches are copies of rows, made without the tape: data has no gradient.

/** Below this many elements a loop is faster than a copy through a view. */
const leastBlock = 16;

/** The rows of t named by `indices`, which the caller has checked: [indices, ...]. */
export function takeRows(t: Tensor, indices: ArrayLike<number>): Tensor {
  const shape = [indices.length, ...t.shape.slice(1)];
  const width = sizeOf(t.shape.slice(1));
  const data = allocate(t.dtype, sizeOf(shape));
  for (let i = 0; i < indices.length; i++) {
    const from = indices[i] * width;
    if (width >= leastBlock) data.set(t.data.subarray(from, from + width), i * width);
    else for (let j = 0; j < width; j++) data[i * width + j] = t.data[from + j];
  }
  return new Tensor(data, shape, t.dtype);
}

/** Tensors of one shape and dtype along a new first axis. */
export function stackRows(where: string, rows: readonly Tensor[]): Tensor {
  const [first] = rows;
  const data = allocate(first.dtype, rows.length * first.size);
  rows.forEach((row, i) => {
    if (!sameShape(row.shape, first.shape) || row.dtype !== first.dtype) {
      throw new ShapeError(
        where,
        `items of a batch must have one shape and dtype: item 0 is ${first.dtype} ${formatShape(first.shape)}, ` +
          `item ${i} ${row.dtype} ${formatShape(row.shape)}`,
      );
    }
    data.set(row.data, i * first.size);
  });
  return new Tensor(data, [rows.length, ...first.shape], first.dtype);
}
