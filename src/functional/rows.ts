import { asFloat } from "../autograd/cast.ts";
import { div, eq, exp, log, maximum, stopGradient, sub, where } from "../autograd/elementwise.ts";
import { sum } from "../autograd/movement.ts";
import { max } from "../autograd/reduction.ts";
import { expectPositive, resolve } from "../tensor/options.ts";
import { normalizeAxis } from "../tensor/shape.ts";
import type { Tensor, TensorLike } from "../tensor/tensor.ts";
import { normOf } from "./norm.ts";

/** e^x / sum e^x along an axis (default the last), with the maximum taken off first. */
export function softmax(x: TensorLike, axis = -1): Tensor {
  const t = asFloat(x);
  if (t.shape[normalizeAxis("softmax", axis, t.ndim)] === 0) return t;
  const e = exp(sub(t, stopGradient(max(t, axis, { keepDims: true }))));
  return div(e, sum(e, axis, { keepDims: true }));
}

/** log softmax = x - logSumExp(x) along an axis (default the last). */
export function logSoftmax(x: TensorLike, axis = -1): Tensor {
  const t = asFloat(x);
  if (t.shape[normalizeAxis("logSoftmax", axis, t.ndim)] === 0) return t;
  // The maximum goes first: under a large common offset x - logSumExp(x) would lose the digits of the small result.
  const shifted = sub(t, stopGradient(max(t, axis, { keepDims: true })));
  return sub(shifted, log(sum(exp(shifted), axis, { keepDims: true })));
}

/** x / max(length, eps), a constant where the length is 0. */
export const overLength = (x: Tensor, length: Tensor, eps: number): Tensor =>
  div(where(eq(length, 0), 0, x), maximum(length, eps));

export interface NormalizeOptions {
  /** The axis whose vectors get norm 1. Default 1, as in PyTorch, or the last of a vector. */
  axis?: number;
  p?: number;
  /** Norms below this count as this, so that the zero vector stays zero. Default 1e-12. */
  eps?: number;
}

/**
 * x / max(||x||_p, eps) along an axis; the gradient at the zero vector, which has no direction to turn, is 0. Semantics
 * of torch.nn.functional.normalize, whose gradient there is 1 / eps, 1e12 times that of a unit vector.
 */
export function normalize(x: TensorLike, options: NormalizeOptions = {}): Tensor {
  const t = asFloat(x);
  const { axis, p, eps } = resolve("normalize", options, { axis: t.ndim > 1 ? 1 : 0, p: 2, eps: 1e-12 });
  expectPositive("normalize", "eps", eps);
  return overLength(t, normOf("normalize", t, axis, { p, keepDims: true }), eps);
}
