import {
  type Conv2dGeometry,
  plainConv2dForward,
  plainConv2dInputGradient,
  plainConv2dWeightGradient,
} from "./plain-conv2d.ts";
import type { FloatArray } from "./plain-gemm.ts";
import { simdConv2dForward, simdConv2dInputGradient, simdConv2dWeightGradient } from "./simd-conv2d.ts";

export type { Conv2dGeometry } from "./plain-conv2d.ts";

/** Multiplications below which the plain loops are faster than setting up a product in WebAssembly memory. */
const simdThreshold = 3000;

/** One of the three maps: result, two operands, sizes. */
type Conv2dMap<T, R> = (result: T, first: T, second: T, geometry: Conv2dGeometry) => R;

function choose(
  plain: Conv2dMap<FloatArray, void>,
  simd: Conv2dMap<Float32Array, boolean>,
): Conv2dMap<FloatArray, void> {
  return (result, first, second, geometry) => {
    const { batch, inChannels, outChannels, groups, outHeight, outWidth, kernelHeight, kernelWidth } = geometry;
    const taps = (inChannels / groups) * kernelHeight * kernelWidth;
    const allFloat32 =
      result instanceof Float32Array && first instanceof Float32Array && second instanceof Float32Array;
    const pays = batch * outChannels * outHeight * outWidth * taps >= simdThreshold;
    if (!(allFloat32 && pays && simd(result, first, second, geometry))) plain(result, first, second, geometry);
  };
}

/** y [n, cout, oh, ow] = the cross-correlation of x [n, cin, h, w] with w [cout, cin / groups, kh, kw]: (y, x, w). */
export const conv2dForward = choose(plainConv2dForward, simdConv2dForward);

/**
 * dx [n, cin, h, w] = the gradient of `conv2dForward` for its input, given dy [n, cout, oh, ow]: (dx, dy, w). The same
 * map is the forward of the transposed convolution.
 */
export const conv2dInputGradient = choose(plainConv2dInputGradient, simdConv2dInputGradient);

/** dw [cout, cin / groups, kh, kw] = the gradient of `conv2dForward` for its weight, given dy: (dw, x, dy). */
export const conv2dWeightGradient = choose(plainConv2dWeightGradient, simdConv2dWeightGradient);
