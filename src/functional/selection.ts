import { eq, to, where } from "../autograd/elementwise.ts";
import { gatherOp } from "../autograd/indexing.ts";
import { narrow, reshape } from "../autograd/movement.ts";
import { argsort, orderOf, type SortOptions } from "../autograd/reduction.ts";
import { asIndices, expectIndices } from "../tensor/checks.ts";
import { arange } from "../tensor/creation.ts";
import type { DType } from "../tensor/dtype.ts";
import { ValueError } from "../tensor/errors.ts";
import { expectInteger, resolve } from "../tensor/options.ts";
import { normalizeAxis } from "../tensor/shape.ts";
import { asTensor, type Tensor, type TensorLike } from "../tensor/tensor.ts";

/** x sorted along an axis (default the last). Stable; NaN counts as largest. `argsort` gives the order. */
export function sort(x: TensorLike, axis = -1, options: SortOptions = {}): Tensor {
  const t = asTensor(x);
  return gatherOp(t, orderOf("sort", t, axis, options), { axis: normalizeAxis("sort", axis, t.ndim) });
}

/** The k largest elements along an axis (default the last), largest first, and their positions. */
export function topK(x: TensorLike, k: number, axis = -1): { values: Tensor; indices: Tensor } {
  const t = asTensor(x);
  const at = normalizeAxis("topK", axis, t.ndim);
  expectInteger("topK", "k", k);
  if (k > t.shape[at]) throw new ValueError("topK", `k is ${k}, but axis ${axis} has ${t.shape[at]} elements`);
  const order = argsort(t, at, { descending: true });
  const indices = narrow(order, at, { stop: k });
  return { values: gatherOp(t, indices, { axis: at }), indices };
}

/** `value` where the mask is true, x elsewhere. The mask broadcasts. */
export function maskedFill(x: TensorLike, mask: TensorLike, value: number): Tensor {
  return where(mask, value, asTensor(x));
}

/** Whole numbers 0..classes-1 as rows of zeros with a single 1: shape [...indices.shape, classes]. */
export function oneHot(indices: TensorLike, classes: number, options: { dtype?: DType } = {}): Tensor {
  const index = asIndices("oneHot", "indices", indices);
  expectInteger("oneHot", "classes", classes);
  expectIndices("oneHot", "indices", index, classes, `a code of ${classes} classes`);
  const { dtype } = resolve<{ dtype: DType }>("oneHot", options, { dtype: "float32" });
  return to(eq(reshape(index, [...index.shape, 1]), arange(classes)), dtype);
}
