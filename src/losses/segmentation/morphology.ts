import { maximum, minimum } from "../../autograd/elementwise.ts";
import { concat, narrow } from "../../autograd/movement.ts";
import "../../functional/methods.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { pixelAxes } from "./masks.ts";

// Filters of masks [n, classes, ...pixels], with any number of pixel axes: of shifted copies.

/** Each element with its neighbours before and after along an axis; at an edge with itself. */
function neighbours(x: Tensor, axis: number): [before: Tensor, after: Tensor] {
  const n = x.shape[axis];
  return [
    concat([narrow(x, axis, { stop: 1 }), narrow(x, axis, { stop: n - 1 })], axis),
    concat([narrow(x, axis, { start: 1 }), narrow(x, axis, { start: n - 1 })], axis),
  ];
}

/** The smallest value of the cross of a pixel and its neighbours along each axis. */
export function eroded(x: Tensor): Tensor {
  const alongAxes = pixelAxes(x).map((axis) => neighbours(x, axis).reduce((a, b) => minimum(a, b), x));
  return alongAxes.reduce((a, b) => minimum(a, b));
}

/** The largest value of the box of a pixel and all its neighbours. */
export const dilated = (x: Tensor): Tensor =>
  pixelAxes(x).reduce((m, axis) => neighbours(m, axis).reduce((a, b) => maximum(a, b), m), x);

/**
 * The soft skeleton (Shit et al. 2021): what an opening takes away from the mask and from each of its erosions, as a
 * union a + b - a b of what lies in [0, 1].
 */
export function softSkeleton(mask: Tensor, iterations: number): Tensor {
  const thin = (x: Tensor) => x.sub(dilated(eroded(x))).relu();
  let skeleton = thin(mask);
  let x = mask;
  for (let i = 0; i < iterations; i++) {
    x = eroded(x);
    const more = thin(x);
    skeleton = skeleton.add(more.sub(skeleton.mul(more)).relu());
  }
  return skeleton;
}

/** x filtered along an axis by a kernel of odd length, with zeros beyond the edges. */
export function filtered(x: Tensor, axis: number, kernel: readonly number[]): Tensor {
  const reach = (kernel.length - 1) / 2;
  const padded = x.pad(x.shape.map((_, i) => (i === axis ? [reach, reach] : [0, 0])));
  return kernel
    .map((weight, k) => narrow(padded, axis, { start: k, stop: k + x.shape[axis] }).mul(weight))
    .reduce((a, b) => a.add(b));
}
