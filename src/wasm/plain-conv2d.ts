import type { FloatArray } from "./plain-gemm.ts";

/**
 * The sizes of a 2-d cross-correlation. What lies outside the image reads as zero; the padding below and to the right
 * follows from the output size.
 */
export interface Conv2dGeometry {
  batch: number;
  inChannels: number;
  height: number;
  width: number;
  outChannels: number;
  kernelHeight: number;
  kernelWidth: number;
  strideH: number;
  strideW: number;
  padTop: number;
  padLeft: number;
  dilationH: number;
  dilationW: number;
  groups: number;
  outHeight: number;
  outWidth: number;
}

/**
 * The output positions [start, end) of one axis for which a kernel tap reads inside the image. Tap t of output o reads
 * input o * stride + shift with shift = t * dilation - pad.
 */
function insideRange(size: number, outSize: number, stride: number, shift: number): [start: number, end: number] {
  const start = Math.max(0, Math.ceil(-shift / stride));
  const end = Math.min(outSize, Math.floor((size - 1 - shift) / stride) + 1);
  return [start, Math.max(start, end)];
}

/** One tap of the kernel applied to one channel of one image: everything the three maps need to walk over it. */
interface TapWalk {
  wIndex: number;
  /** Where x is read for output position (0, 0); outside the image when the tap hangs over its edge. */
  xOrigin: number;
  /** Where the plane y[n, co] begins. */
  yPlane: number;
  rows: [start: number, end: number];
  columns: [start: number, end: number];
}

/** Calls `visit` for every image, output channel, input channel of its group and kernel tap. */
function forEachTap(geometry: Conv2dGeometry, visit: (walk: TapWalk) => void): void {
  const { batch, inChannels, outChannels, groups, height, width, outHeight, outWidth } = geometry;
  const { kernelHeight, kernelWidth, strideH, strideW, padTop, padLeft, dilationH, dilationW } = geometry;
  const groupInputs = inChannels / groups;
  const groupOutputs = outChannels / groups;
  for (let i = 0; i < kernelHeight; i++) {
    const shiftH = i * dilationH - padTop;
    const rows = insideRange(height, outHeight, strideH, shiftH);
    for (let j = 0; j < kernelWidth; j++) {
      const shiftW = j * dilationW - padLeft;
      const columns = insideRange(width, outWidth, strideW, shiftW);
      for (let image = 0; image < batch; image++) {
        for (let co = 0; co < outChannels; co++) {
          for (let ci = 0; ci < groupInputs; ci++) {
            const channel = Math.floor(co / groupOutputs) * groupInputs + ci;
            const wIndex = ((co * groupInputs + ci) * kernelHeight + i) * kernelWidth + j;
            const xOrigin = ((image * inChannels + channel) * height + shiftH) * width + shiftW;
            visit({ wIndex, xOrigin, yPlane: (image * outChannels + co) * outHeight * outWidth, rows, columns });
          }
        }
      }
    }
  }
}

/** y[n, co, oy, ox] = sum over ci, i, j of x[n, ci, oy s - p + i d, ox s - p + j d] w[co, ci, i, j]. */
export function plainConv2dForward(y: FloatArray, x: FloatArray, w: FloatArray, geometry: Conv2dGeometry): void {
  const { width, outWidth, strideH, strideW } = geometry;
  const sums = new Float64Array(y.length);
  forEachTap(geometry, ({ wIndex, xOrigin, yPlane, rows, columns }) => {
    const weight = w[wIndex];
    for (let oy = rows[0]; oy < rows[1]; oy++) {
      const xRow = xOrigin + oy * strideH * width;
      const yRow = yPlane + oy * outWidth;
      for (let ox = columns[0]; ox < columns[1]; ox++) sums[yRow + ox] += weight * x[xRow + ox * strideW];
    }
  });
  y.set(sums);
}

/** dx = the adjoint of x -> y applied to dy [n, cout, oh, ow]; dx is [n, cin, h, w]. */
export function plainConv2dInputGradient(
  dx: FloatArray,
  dy: FloatArray,
  w: FloatArray,
  geometry: Conv2dGeometry,
): void {
  const { width, outWidth, strideH, strideW } = geometry;
  const sums = new Float64Array(dx.length);
  forEachTap(geometry, ({ wIndex, xOrigin, yPlane, rows, columns }) => {
    const weight = w[wIndex];
    for (let oy = rows[0]; oy < rows[1]; oy++) {
      const xRow = xOrigin + oy * strideH * width;
      const yRow = yPlane + oy * outWidth;
      for (let ox = columns[0]; ox < columns[1]; ox++) sums[xRow + ox * strideW] += weight * dy[yRow + ox];
    }
  });
  dx.set(sums);
}

/** dw = the adjoint of w -> y applied to dy [n, cout, oh, ow]; dw is [cout, cin / groups, kh, kw]. */
export function plainConv2dWeightGradient(
  dw: FloatArray,
  x: FloatArray,
  dy: FloatArray,
  geometry: Conv2dGeometry,
): void {
  const { width, outWidth, strideH, strideW } = geometry;
  const sums = new Float64Array(dw.length);
  forEachTap(geometry, ({ wIndex, xOrigin, yPlane, rows, columns }) => {
    let sum = 0;
    for (let oy = rows[0]; oy < rows[1]; oy++) {
      const xRow = xOrigin + oy * strideH * width;
      const yRow = yPlane + oy * outWidth;
      for (let ox = columns[0]; ox < columns[1]; ox++) sum += x[xRow + ox * strideW] * dy[yRow + ox];
    }
    sums[wIndex] += sum;
  });
  dw.set(sums);
}
