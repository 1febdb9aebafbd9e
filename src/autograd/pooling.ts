import { ShapeError, ValueError } from "../tensor/errors.ts";
import { resolve } from "../tensor/options.ts";
import { formatShape, type Shape, sizeOf } from "../tensor/shape.ts";
import { asTensor, Tensor, type TensorLike } from "../tensor/tensor.ts";
import { asFloat, to } from "./cast.ts";
import { type Pair, pairOf } from "./convolution.ts";
import { div } from "./elementwise.ts";
import { gatherOp } from "./indexing.ts";
import { matmul } from "./linear.ts";
import { reshape } from "./movement.ts";
import { type Op, primitive } from "./primitive.ts";

export interface Windows {
  [name: string]: unknown;
  kernel: readonly [number, number];
  stride: readonly [number, number];
  padding: readonly [number, number];
  /** [height, width] of the image and of the result. */
  image: readonly [number, number];
  result: readonly [number, number];
}

/** Calls `visit` for each window with its place in the result and the part of the image it covers. */
function forEachWindow(
  planes: number,
  { kernel: [kh, kw], stride: [sh, sw], padding: [ph, pw], image: [h, w], result: [oh, ow] }: Windows,
  visit: (at: number, plane: number, top: number, bottom: number, left: number, right: number) => void,
): void {
  let at = 0;
  for (let p = 0; p < planes; p++) {
    for (let i = 0; i < oh; i++) {
      const top = Math.max(0, i * sh - ph);
      const bottom = Math.min(h, i * sh - ph + kh);
      for (let j = 0; j < ow; j++) {
        visit(at++, p * h * w, top, bottom, Math.max(0, j * sw - pw), Math.min(w, j * sw - pw + kw));
      }
    }
  }
}

const resized = (shape: Shape, [h, w]: readonly [number, number]): Shape => [...shape.slice(0, -2), h, w];
const planesOf = (shape: Shape): number => sizeOf(shape.slice(0, -2));

/** Where in its plane each window's largest value is; the first of ties, a NaN before any number. */
export const poolArgmax: Op<[x: Tensor], Windows> = primitive({
  name: "poolArgmax",
  shape: ([x], { result }) => resized(x.shape, result),
  dtype: () => "int32",
  kernel: ({ data: out }, [{ data, shape }], windows) => {
    const w = windows.image[1];
    forEachWindow(planesOf(shape), windows, (at, plane, top, bottom, left, right) => {
      let best = top * w + left;
      let value = data[plane + best];
      for (let i = top; i < bottom; i++) {
        for (let k = i * w + left; k < i * w + right; k++) {
          const candidate = data[plane + k];
          if (candidate > value || (candidate !== candidate && value === value)) {
            value = candidate;
            best = k;
          }
        }
      }
      out[at] = best;
    });
  },
});

// sumPool and spreadPool are each other's adjoints.

export const sumPool: Op<[x: Tensor], Windows> = primitive({
  name: "sumPool",
  shape: ([x], { result }) => resized(x.shape, result),
  kernel: ({ data: out }, [{ data, shape }], windows) => {
    const w = windows.image[1];
    forEachWindow(planesOf(shape), windows, (at, plane, top, bottom, left, right) => {
      let total = 0;
      for (let i = top; i < bottom; i++) for (let j = left; j < right; j++) total += data[plane + i * w + j];
      out[at] = total;
    });
  },
  vjp: ({ g, attributes }) => [() => spreadPool(g, attributes)],
});

export const spreadPool: Op<[g: Tensor], Windows> = primitive({
  name: "spreadPool",
  shape: ([g], { image }) => resized(g.shape, image),
  kernel: ({ data: out }, [{ data, shape }], windows) => {
    const w = windows.image[1];
    forEachWindow(planesOf(shape), windows, (at, plane, top, bottom, left, right) => {
      for (let i = top; i < bottom; i++) for (let j = left; j < right; j++) out[plane + i * w + j] += data[at];
    });
  },
  vjp: ({ g, attributes }) => [() => sumPool(g, attributes)],
});

export interface Pool2dOptions {
  /** Defaults to the kernel's size, so that windows touch and do not overlap. */
  stride?: Pair;
  /** At most half of the kernel. */
  padding?: Pair;
}

function windowsOf(where: string, x: Tensor, kernel: Pair, stride: Pair | undefined, padding: Pair): Windows {
  if (x.ndim !== 4)
    throw new ShapeError(where, `input must be [n, channels, height, width], got ${formatShape(x.shape)}`);
  const size = pairOf(where, "kernel", kernel, 1);
  const step = pairOf(where, "stride", stride ?? size, 1);
  const border = pairOf(where, "padding", padding, 0);
  const image = [x.shape[2], x.shape[3]] as const;
  if (border.some((p, i) => 2 * p > size[i])) {
    throw new ValueError(where, `padding [${border}] must be at most half of the kernel [${size}]`);
  }
  const result = image.map((n, i) => Math.floor((n + 2 * border[i] - size[i]) / step[i]) + 1) as unknown as [
    number,
    number,
  ];
  if (result.some((n) => n < 1) || sizeOf(image) === 0) {
    throw new ShapeError(
      where,
      `a window ${size[0]} x ${size[1]} does not fit input ${formatShape(x.shape)} with padding [${border}]`,
    );
  }
  return { kernel: size, stride: step, padding: border, image, result };
}

const poolDefaults = { stride: undefined as Pair | undefined, padding: 0 as Pair };

/**
 * The largest value in each window: x [n, c, h, w] -> [n, c, floor((h + 2 padding - kernel) / stride) + 1, ...].
 * Padding never wins. The gradient goes to the first of tied values. Semantics of torch.nn.functional.max_pool2d.
 */
export function maxPool2d(x: TensorLike, kernel: Pair, options: Pool2dOptions = {}): Tensor {
  const t = asTensor(x);
  const { stride, padding } = resolve("maxPool2d", options, poolDefaults);
  const windows = windowsOf("maxPool2d", t, kernel, stride, padding);
  const [n, c, h, w] = t.shape;
  const winners = poolArgmax(t, windows);
  return reshape(
    gatherOp(reshape(t, [n, c, h * w]), reshape(winners, [n, c, sizeOf(windows.result)]), { axis: 2 }),
    winners.shape,
  );
}

export interface AvgPool2dOptions extends Pool2dOptions {
  /** Whether the zeros of the padding count in the mean. Default true, as in PyTorch. */
  countIncludePad?: boolean;
}

/** The mean of each window; shapes as in `maxPool2d`. Semantics of torch.nn.functional.avg_pool2d. */
export function avgPool2d(x: TensorLike, kernel: Pair, options: AvgPool2dOptions = {}): Tensor {
  const t = asFloat(x);
  const { stride, padding, countIncludePad } = resolve("avgPool2d", options, {
    ...poolDefaults,
    countIncludePad: true,
  });
  const windows = windowsOf("avgPool2d", t, kernel, stride, padding);
  if (countIncludePad) return div(sumPool(t, windows), windows.kernel[0] * windows.kernel[1]);
  const [h, w] = windows.image;
  const ones = new Tensor(new Float32Array(h * w).fill(1), [1, 1, h, w], "float32");
  return div(sumPool(t, windows), to(sumPool(ones, windows), t.dtype));
}

/**
 * Means over windows chosen so that the result is [n, c, outHeight, outWidth] whatever the input's size: window i
 * covers floor(i h / out) .. ceil((i + 1) h / out). Averaging is separable, so it is two matrix products.
 * Semantics of torch.nn.functional.adaptive_avg_pool2d.
 */
export function adaptiveAvgPool2d(x: TensorLike, outputSize: Pair): Tensor {
  const t = asFloat(x);
  const where = "adaptiveAvgPool2d";
  if (t.ndim !== 4)
    throw new ShapeError(where, `input must be [n, channels, height, width], got ${formatShape(t.shape)}`);
  const [oh, ow] = pairOf(where, "outputSize", outputSize, 1);
  const rows = averaging(t, t.shape[2], oh);
  const cols = averaging(t, t.shape[3], ow);
  return matmul(matmul(rows, t), cols, { transposeB: true });
}

/** The matrix [out, size] whose row i averages window i. */
function averaging({ dtype }: Tensor, size: number, out: number): Tensor {
  const data = dtype === "float64" ? new Float64Array(out * size) : new Float32Array(out * size);
  for (let i = 0; i < out; i++) {
    const from = Math.floor((i * size) / out);
    const until = Math.ceil(((i + 1) * size) / out);
    data.fill(1 / (until - from), i * size + from, i * size + until);
  }
  return new Tensor(data, [out, size], dtype);
}
