import { stopGradient } from "../../autograd/elementwise.ts";
import { expectAxes, expectNotEmpty, expectSameShape, floatTensor } from "../../tensor/checks.ts";
import { ShapeError } from "../../tensor/errors.ts";
import "../../functional/methods.ts";
import { formatShape } from "../../tensor/shape.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";

// The arguments of losses over several views of one batch.

/** Two views [n, d] of a batch, by their names: row i of one belongs to row i of the other. n is at least `least`. */
export function viewPair(
  where: string,
  given: Readonly<Record<string, TensorLike>>,
  least: number,
): [first: Tensor, second: Tensor] {
  const [[aName, a], [bName, b]] = Object.entries(given);
  const [x, y] = [floatTensor(where, aName, a), floatTensor(where, bName, b)];
  expectAxes(where, aName, x, ["n", "d"]);
  expectSameShape(where, { [aName]: x, [bName]: y });
  expectRows(where, aName, x, 0, least);
  return [x, y];
}

/** Embeddings [n, d], n at least `least`. */
export function batchOf(where: string, name: string, rows: TensorLike, least: number): Tensor {
  const x = floatTensor(where, name, rows);
  expectAxes(where, name, x, ["n", "d"]);
  expectRows(where, name, x, 0, least);
  return x;
}

/** A stack of views [views, n, d] with at least `leastViews` views of at least `least` rows. */
export function viewStack(where: string, name: string, views: TensorLike, leastViews: number, least: number): Tensor {
  const x = floatTensor(where, name, views);
  expectAxes(where, name, x, ["views", "n", "d"]);
  expectRows(where, name, x, 0, leastViews);
  expectRows(where, name, x, 1, least);
  return x;
}

/** Rows [m, d] to compare with, m at least 1, by name: normalised, and constants. */
export function fixedRows(where: string, given: Readonly<Record<string, TensorLike>>, d: number): Tensor {
  const [[name, rows]] = Object.entries(given);
  const x = floatTensor(where, name, rows);
  expectAxes(where, name, x, ["m", "d"]);
  expectNotEmpty(where, name, x);
  if (x.shape[1] !== d) throw new ShapeError(where, `${name} must be [m, ${d}], got ${formatShape(x.shape)}`);
  return stopGradient(x).normalize();
}

/** Throws a ShapeError unless an axis has at least `least` entries, and the others at least one. */
function expectRows(where: string, name: string, x: Tensor, axis: number, least: number): void {
  if (x.shape[axis] < least || x.size === 0) {
    throw new ShapeError(
      where,
      `${name} ${formatShape(x.shape)} is too small; axis ${axis} needs at least ${least}, the others 1`,
    );
  }
}

/**
 * A matrix [n, n] without its diagonal, [n, n - 1]: of the flattened one, every run of n elements between diagonal
 * ones.
 */
export function others(x: Tensor): Tensor {
  const n = x.shape[0];
  const between = x
    .flatten()
    .slice({ start: 1 })
    .reshape([n - 1, n + 1]);
  return between.slice([null, { stop: n }]).reshape([n, n - 1]);
}

/** a . b for all unit rows of a [n, d] and of b [m, d]: [n, m]. */
export const cosines = (a: Tensor, b: Tensor): Tensor => a.matmul(b, { transposeB: true });
