import "../../functional/methods.ts";
import { expectAxes, expectNotEmpty, expectSameShape, floatTensor } from "../../tensor/checks.ts";
import { eye } from "../../tensor/creation.ts";
import { ShapeError } from "../../tensor/errors.ts";
import { formatShape } from "../../tensor/shape.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";

// Rows that belong together, and what else competes with them.

/** An argument and its name in errors. */
export type Named = readonly [name: string, rows: TensorLike];

/** The mask of the pairs of a row with itself. */
export const diagonalOf = (x: Tensor): Tensor => eye(x.shape[0], { dtype: "bool" });

/** Two tensors [n, d] of one shape, n at least 1. */
export function pairedRows(where: string, [aName, a]: Named, [bName, b]: Named): [Tensor, Tensor] {
  const [x, y] = [floatTensor(where, aName, a), floatTensor(where, bName, b)];
  expectAxes(where, aName, x, ["n", "d"]);
  expectSameShape(where, { [aName]: x, [bName]: y });
  expectNotEmpty(where, aName, x);
  return [x, y];
}

/** Negatives [m, d] or [n, m, d] that fit queries [n, d]. */
export function negativesOf(where: string, queries: Tensor, negatives: TensorLike): Tensor {
  const t = floatTensor(where, "negatives", negatives);
  const [n, d] = queries.shape;
  const fits = t.shape[t.ndim - 1] === d && (t.ndim === 2 || (t.ndim === 3 && t.shape[0] === n));
  if (!fits) {
    throw new ShapeError(
      where,
      `negatives must be [m, ${d}], shared by all, or [${n}, m, ${d}], m for each, got ${formatShape(t.shape)}`,
    );
  }
  return t;
}
