import {
  type Conv2dGeometry,
  plainConv2dForward,
  plainConv2dInputGradient,
  plainConv2dWeightGradient,
} from "./plain-conv2d.ts";
import type { FloatArray } from "./plain-gemm.ts";

export type { Conv2dGeometry } from "./plain-conv2d.ts";

/** y [n, cout, oh, ow] = the cross-correlation of x [n, cin, h, w] with w [cout, cin / groups, kh, kw]. */
export function conv2dForward(y: FloatArray, x: FloatArray, w: FloatArray, geometry: Conv2dGeometry): void {
  plainConv2dForward(y, x, w, geometry);
}

/**
 * dx [n, cin, h, w] = the gradient of `conv2dForward` for its input, given dy [n, cout, oh, ow]. The same map is the
 * forward of the transposed convolution.
 */
export function conv2dInputGradient(dx: FloatArray, dy: FloatArray, w: FloatArray, geometry: Conv2dGeometry): void {
  plainConv2dInputGradient(dx, dy, w, geometry);
}

/** dw [cout, cin / groups, kh, kw] = the gradient of `conv2dForward` for its weight, given dy [n, cout, oh, ow]. */
export function conv2dWeightGradient(dw: FloatArray, x: FloatArray, dy: FloatArray, geometry: Conv2dGeometry): void {
  plainConv2dWeightGradient(dw, x, dy, geometry);
}
