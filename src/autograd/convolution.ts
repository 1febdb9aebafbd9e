import { promote } from "../tensor/dtype.ts";
import { ShapeError, ValueError } from "../tensor/errors.ts";
import { resolve } from "../tensor/options.ts";
import { formatShape, type Shape } from "../tensor/shape.ts";
import { asTensor, type Tensor, type TensorLike } from "../tensor/tensor.ts";
import { type Conv2dGeometry, conv2dForward, conv2dInputGradient, conv2dWeightGradient } from "../wasm/conv2d.ts";
import type { FloatArray } from "../wasm/matmul.ts";
import { add, to } from "./elementwise.ts";
import { reshape } from "./movement.ts";
import { type Op, primitive } from "./primitive.ts";

// Convolution y = C(x, w) is linear in x and in w. Its two adjoints, dx = I(g, w) and dw = W(x, g), are bilinear as
// well, and the three are closed under differentiation: each one's gradients are the other two.

type Geometry = Conv2dGeometry & { [name: string]: number };

const floats = (...tensors: Tensor[]) => tensors.map((t) => t.data as FloatArray);
const outputShape = (s: Geometry): Shape => [s.batch, s.outChannels, s.outHeight, s.outWidth];
const inputShape = (s: Geometry): Shape => [s.batch, s.inChannels, s.height, s.width];
const weightShape = (s: Geometry): Shape => [s.outChannels, s.inChannels / s.groups, s.kernelHeight, s.kernelWidth];

export const conv2dOp: Op<[x: Tensor, w: Tensor], Geometry> = primitive({
  name: "conv2d",
  shape: (_, geometry) => outputShape(geometry),
  kernel: (out, [x, w], geometry) => {
    const [y, a, b] = floats(out, x, w);
    conv2dForward(y, a, b, geometry);
  },
  vjp: ({ g, inputs: [x, w], attributes }) => [
    () => inputGradientOp(g, w, attributes),
    () => weightGradientOp(x, g, attributes),
  ],
});

export const inputGradientOp: Op<[g: Tensor, w: Tensor], Geometry> = primitive({
  name: "conv2dInputGradient",
  shape: (_, geometry) => inputShape(geometry),
  kernel: (out, [g, w], geometry) => {
    const [dx, a, b] = floats(out, g, w);
    conv2dInputGradient(dx, a, b, geometry);
  },
  vjp: ({ g: h, inputs: [g, w], attributes }) => [
    () => conv2dOp(h, w, attributes),
    () => weightGradientOp(h, g, attributes),
  ],
});

export const weightGradientOp: Op<[x: Tensor, g: Tensor], Geometry> = primitive({
  name: "conv2dWeightGradient",
  shape: (_, geometry) => weightShape(geometry),
  kernel: (out, [x, g], geometry) => {
    const [dw, a, b] = floats(out, x, g);
    conv2dWeightGradient(dw, a, b, geometry);
  },
  vjp: ({ g: v, inputs: [x, g], attributes }) => [
    () => inputGradientOp(g, v, attributes),
    () => conv2dOp(x, v, attributes),
  ],
});

export type Pair = number | readonly [height: number, width: number];

/** A number for both, or [height, width]; whole and at least `least`. */
export function pairOf(where: string, name: string, value: Pair, least: number): readonly [number, number] {
  const pair = typeof value === "number" ? ([value, value] as const) : value;
  if (!Array.isArray(pair) || pair.length !== 2 || !pair.every((v) => Number.isInteger(v) && v >= least)) {
    throw new ValueError(
      where,
      `${name} must be a whole number >= ${least} or a [height, width] of such, got ${JSON.stringify(value)}`,
    );
  }
  return pair;
}

export interface Conv2dOptions {
  bias?: TensorLike | null;
  stride?: Pair;
  /** Zeros around the image: a number, [height, width], "valid" (none) or "same" (out size = in size, stride 1). */
  padding?: Pair | "same" | "valid";
  dilation?: Pair;
  groups?: number;
}

/**
 * Convolution (cross-correlation, as in every framework): y[n, o, i, j] = bias[o] + sum_c,p,q
 * x[n, c, i s + p d - pad, j s + q d - pad] w[o, c, p, q].
 *
 * x [n, cIn, h, w], weight [cOut, cIn / groups, kh, kw] -> [n, cOut, floor((h + 2 pad - d (kh - 1) - 1) / s) + 1, ...].
 * Defaults: stride 1, padding 0, dilation 1, groups 1. Semantics of torch.nn.functional.conv2d.
 */
export function conv2d(x: TensorLike, weight: TensorLike, options: Conv2dOptions = {}): Tensor {
  const where = "conv2d";
  const o = resolve<Required<Conv2dOptions>>(where, options, {
    bias: null,
    stride: 1,
    padding: 0,
    dilation: 1,
    groups: 1,
  });
  const [input, w] = images(where, x, weight);
  const [batch, inChannels, height, width] = input.shape;
  const [outChannels, perGroup, kernelHeight, kernelWidth] = w.shape;
  const { groups } = o;
  checkGroups(where, groups, inChannels, outChannels);
  if (perGroup * groups !== inChannels) {
    throw new ShapeError(
      where,
      `input ${formatShape(input.shape)} has ${inChannels} channels, but weight ${formatShape(w.shape)} with ${groups} groups takes ${perGroup * groups}`,
    );
  }
  const [strideH, strideW] = pairOf(where, "stride", o.stride, 1);
  const [dilationH, dilationW] = pairOf(where, "dilation", o.dilation, 1);
  const reachH = dilationH * (kernelHeight - 1);
  const reachW = dilationW * (kernelWidth - 1);
  let totalH = 0;
  let totalW = 0;
  let [padTop, padLeft] = [0, 0];
  if (o.padding === "same") {
    if (strideH !== 1 || strideW !== 1)
      throw new ValueError(where, `padding "same" needs stride 1, got [${strideH}, ${strideW}]`);
    [totalH, totalW] = [reachH, reachW];
    [padTop, padLeft] = [totalH >> 1, totalW >> 1];
  } else if (o.padding !== "valid") {
    [padTop, padLeft] = pairOf(where, "padding", o.padding, 0);
    [totalH, totalW] = [2 * padTop, 2 * padLeft];
  }
  const outHeight = Math.floor((height + totalH - reachH - 1) / strideH) + 1;
  const outWidth = Math.floor((width + totalW - reachW - 1) / strideW) + 1;
  if (outHeight < 1 || outWidth < 1) {
    throw new ShapeError(
      where,
      `a kernel ${kernelHeight} x ${kernelWidth} with dilation [${dilationH}, ${dilationW}] does not fit input ${formatShape(input.shape)} with padding ${JSON.stringify(o.padding)}`,
    );
  }
  // biome-ignore format: as in the formula
  const y = conv2dOp(input, w, {
    batch, inChannels, height, width, outChannels, kernelHeight, kernelWidth,
    strideH, strideW, padTop, padLeft, dilationH, dilationW, groups, outHeight, outWidth,
  });
  return addBias(where, y, o.bias);
}

export interface ConvTranspose2dOptions {
  bias?: TensorLike | null;
  stride?: Pair;
  padding?: Pair;
  /** Rows and columns added at the end, to choose among the sizes that a strided convolution maps to one. */
  outputPadding?: Pair;
  dilation?: Pair;
  groups?: number;
}

/**
 * The adjoint of `conv2d` in its input: every input pixel paints the kernel into the output.
 *
 * x [n, cIn, h, w], weight [cIn, cOut / groups, kh, kw] -> [n, cOut, (h - 1) s - 2 pad + d (kh - 1) + outputPadding +
 * 1, ...]. Semantics of torch.nn.functional.conv_transpose2d.
 */
export function convTranspose2d(x: TensorLike, weight: TensorLike, options: ConvTranspose2dOptions = {}): Tensor {
  const where = "convTranspose2d";
  const o = resolve<Required<ConvTranspose2dOptions>>(where, options, {
    bias: null,
    stride: 1,
    padding: 0,
    outputPadding: 0,
    dilation: 1,
    groups: 1,
  });
  const [input, w] = images(where, x, weight);
  const [batch, channels, outHeight, outWidth] = input.shape;
  const [weightIn, perGroup, kernelHeight, kernelWidth] = w.shape;
  const { groups } = o;
  const outChannels = perGroup * groups;
  checkGroups(where, groups, channels, outChannels);
  if (weightIn !== channels) {
    throw new ShapeError(
      where,
      `input ${formatShape(input.shape)} has ${channels} channels, but weight ${formatShape(w.shape)} takes ${weightIn}`,
    );
  }
  const [strideH, strideW] = pairOf(where, "stride", o.stride, 1);
  const [padTop, padLeft] = pairOf(where, "padding", o.padding, 0);
  const [dilationH, dilationW] = pairOf(where, "dilation", o.dilation, 1);
  const [extraH, extraW] = pairOf(where, "outputPadding", o.outputPadding, 0);
  if (extraH >= Math.max(strideH, dilationH) || extraW >= Math.max(strideW, dilationW)) {
    throw new ValueError(where, `outputPadding [${extraH}, ${extraW}] must be smaller than stride or dilation`);
  }
  const height = (outHeight - 1) * strideH - 2 * padTop + dilationH * (kernelHeight - 1) + extraH + 1;
  const width = (outWidth - 1) * strideW - 2 * padLeft + dilationW * (kernelWidth - 1) + extraW + 1;
  if (height < 1 || width < 1) {
    throw new ShapeError(
      where,
      `input ${formatShape(input.shape)} with padding [${padTop}, ${padLeft}] leaves an output of ${height} x ${width}`,
    );
  }
  // Seen from the convolution whose adjoint this is, our output is its input.
  // biome-ignore format: as in the formula
  const y = inputGradientOp(input, w, {
    batch, inChannels: outChannels, height, width, outChannels: channels, kernelHeight, kernelWidth,
    strideH, strideW, padTop, padLeft, dilationH, dilationW, groups, outHeight, outWidth,
  });
  return addBias(where, y, o.bias);
}

function images(where: string, x: TensorLike, weight: TensorLike): [Tensor, Tensor] {
  const input = asTensor(x);
  const w = asTensor(weight);
  if (input.ndim !== 4)
    throw new ShapeError(where, `input must be [n, channels, height, width], got ${formatShape(input.shape)}`);
  if (w.ndim !== 4 || w.shape[2] < 1 || w.shape[3] < 1) {
    throw new ShapeError(where, `weight must have 4 axes, the last two not empty, got ${formatShape(w.shape)}`);
  }
  const dtype = promote(promote(input.dtype, w.dtype), "float32");
  return [to(input, dtype), to(w, dtype)];
}

/** Throws unless the groups divide the channels. */
export function checkGroups(where: string, groups: number, inChannels: number, outChannels: number): void {
  if (!Number.isInteger(groups) || groups < 1 || inChannels % groups !== 0 || outChannels % groups !== 0) {
    throw new ValueError(
      where,
      `groups must divide the ${inChannels} input and ${outChannels} output channels, got ${groups}`,
    );
  }
}

function addBias(where: string, y: Tensor, values: TensorLike | null): Tensor {
  if (values === null) return y;
  const bias = asTensor(values);
  if (bias.ndim !== 1 || bias.shape[0] !== y.shape[1]) {
    throw new ShapeError(
      where,
      `bias must be [${y.shape[1]}], one for each output channel, got ${formatShape(bias.shape)}`,
    );
  }
  return add(y, reshape(bias, [1, -1, 1, 1]));
}
