import { multiples } from "../../wasm/offset-tables.ts";
import type { Conv2dGeometry } from "../../wasm/plain-conv2d.ts";
import type { Kernel, Layout, Lower } from "../kernel.ts";
import { columnOffset, type Images, imageAxis, planeBytes, rowBytes } from "./convolution-images.ts";
import type { AfterImages } from "./convolution-loops.ts";
import { type Correlation, type CorrelationPlan, directConvolution } from "./direct-convolution.ts";
import { convolutionOperations, convolutionSizes, plainConvolution } from "./plain-convolution.ts";
import { directWeightGradient } from "./weight-gradient.ts";
import { winogradConvolution } from "./winograd.ts";
import { winogradWeightGradient } from "./winograd-gradient.ts";

/** All sums of one number of each list; the last varies fastest. */
const sums = (...lists: readonly (readonly number[])[]): number[] =>
  lists.reduce<number[]>((all, list) => all.flatMap((x) => list.map((y) => x + y)), [0]);

/** The images of x as a convolution reads them, and the offsets of the kernel's rows and columns in them. */
export function forwardImages(g: Conv2dGeometry) {
  const [rowShifts, columnShifts] = [multiples(g.kernelHeight, g.dilationH), multiples(g.kernelWidth, g.dilationW)];
  // Rows are not split into phases: a row of outputs begins strideH rows below the one before.
  const lastRow = (g.outHeight - 1) * g.strideH;
  const images: Images = {
    channels: g.inChannels,
    rows: imageAxis(g.height, g.padTop, 1, lastRow + 1, rowShifts),
    columns: imageAxis(g.width, g.padLeft, g.strideW, g.outWidth, columnShifts),
  };
  return {
    images,
    rowOffsets: rowShifts.map((shift) => shift * rowBytes(images)),
    columnOffsets: columnShifts.map((shift) => columnOffset(images, shift)),
  };
}

function forwardPlan(g: Conv2dGeometry): CorrelationPlan {
  const { images, rowOffsets, columnOffsets } = forwardImages(g);
  const groupInputs = g.inChannels / g.groups;
  const sizes = convolutionSizes(g);
  const correlation: Correlation = {
    ...{ rows: g.outHeight, columns: g.outWidth, start: 0, rowStep: 4 * g.outWidth, columnStep: 4 },
    sourceRowStep: g.strideH * rowBytes(images),
    offsets: sums(multiples(groupInputs, planeBytes(images)), rowOffsets, columnOffsets),
    weightStep: (4 * sizes.w) / g.outChannels,
    weights: multiples(sizes.w / g.outChannels, 4),
  };
  return {
    ...{ batch: g.batch, groups: g.groups, channels: g.outChannels / g.groups, images, correlations: [correlation] },
    ...{ resultImageBytes: 4 * sizes.y, resultPlaneBytes: 4 * g.outHeight * g.outWidth },
    ...{ weightGroupBytes: (4 * sizes.w) / g.groups, operations: convolutionOperations(g) },
  };
}

/** Those input positions of one axis, a stride apart, that meet the same kernel taps. */
interface Phase {
  start: number;
  count: number;
  taps: number[];
  /** The coordinate in dy that each tap reads for the phase's first position. */
  shifts: number[];
}

/**
 * The adjoint of one axis. Input position h = r + s u takes dy at (h + pad - t dilation) / s from every tap t for which
 * this is whole, which depends on the phase r only; so each phase is a convolution of stride 1, without zeros between.
 */
function adjointPhases(size: number, kernel: number, stride: number, pad: number, dilation: number) {
  const before = Math.max(0, Math.ceil(((kernel - 1) * dilation - pad) / stride));
  const phases = multiples(Math.min(stride, size), 1).map((start): Phase => {
    const taps = multiples(kernel, 1).filter((tap) => (start + pad - tap * dilation) % stride === 0);
    const shifts = taps.map((tap) => before + (start + pad - tap * dilation) / stride);
    return { start, count: Math.ceil((size - start) / stride), taps, shifts };
  });
  return { before, phases };
}

function adjointAxis(outSize: number, { before, phases }: ReturnType<typeof adjointPhases>) {
  const most = Math.max(...phases.map(({ count }) => count));
  return imageAxis(outSize, before, 1, most, [0, ...phases.flatMap(({ shifts }) => shifts)]);
}

/** dx = fold(wT dy), as one convolution of dy for each phase of the two strides. */
function inputGradientPlan(g: Conv2dGeometry): CorrelationPlan {
  const vertical = adjointPhases(g.height, g.kernelHeight, g.strideH, g.padTop, g.dilationH);
  const horizontal = adjointPhases(g.width, g.kernelWidth, g.strideW, g.padLeft, g.dilationW);
  const images: Images = {
    channels: g.outChannels,
    rows: adjointAxis(g.outHeight, vertical),
    columns: adjointAxis(g.outWidth, horizontal),
  };
  const [channels, groupOutputs] = [g.inChannels / g.groups, g.outChannels / g.groups];
  const taps = g.kernelHeight * g.kernelWidth;
  const correlations = vertical.phases.flatMap((rows) =>
    horizontal.phases.map((columns): Correlation => {
      const rowTaps = rows.taps.map((tap) => 4 * g.kernelWidth * tap);
      const columnTaps = columns.taps.map((tap) => 4 * tap);
      const offsets = sums(
        multiples(groupOutputs, planeBytes(images)),
        rows.shifts.map((shift) => shift * rowBytes(images)),
        columns.shifts.map((shift) => columnOffset(images, shift)),
      );
      return {
        ...{ rows: rows.count, columns: columns.count, start: 4 * (rows.start * g.width + columns.start) },
        ...{ rowStep: 4 * g.strideH * g.width, columnStep: 4 * g.strideW, sourceRowStep: rowBytes(images) },
        offsets,
        weightStep: 4 * taps,
        weights: sums(multiples(groupOutputs, 4 * channels * taps), rowTaps, columnTaps),
      };
    }),
  );
  const sizes = convolutionSizes(g);
  return {
    ...{ batch: g.batch, groups: g.groups, channels, images, correlations },
    ...{ resultImageBytes: 4 * sizes.x, resultPlaneBytes: 4 * g.height * g.width },
    ...{ weightGroupBytes: (4 * sizes.w) / g.groups, operations: convolutionOperations(g) },
  };
}

/** Whether the plain loops do: in float64, which is for checking, and where there is nothing to multiply. */
function usesPlainLoops({ dtype }: Layout, g: Conv2dGeometry): boolean {
  const { x, y, w } = convolutionSizes(g);
  return dtype === "float64" || g.batch * x * y * w === 0;
}

/**
 * Whether Winograd's transforms pay, which save 5 in 9 products: they cost about as much as the products of 4 x 4
 * channels save. Everything else is convolved directly.
 */
function usesWinograd(g: Conv2dGeometry): boolean {
  const [inputs, outputs] = [g.inChannels / g.groups, g.outChannels / g.groups];
  const kernel = [g.kernelHeight, g.kernelWidth].every((size) => size === 3);
  const unit = [g.strideH, g.strideW, g.dilationH, g.dilationW].every((step) => step === 1);
  return kernel && unit && Math.min(inputs, outputs) >= 4 && inputs * outputs >= 64;
}

/** The kernel of `lowerConv2d`. `afterImages` is asked once for each image what is to happen to it when it is final. */
export function conv2dKernel(
  output: Layout,
  _inputs: readonly Layout[],
  g: Conv2dGeometry,
  afterImages?: AfterImages,
): Kernel {
  if (usesPlainLoops(output, g)) return plainConvolution(output, g, "y", afterImages);
  return usesWinograd(g) ? winogradConvolution(g, "y", afterImages) : directConvolution(forwardPlan(g), afterImages);
}

/** y [n, cout, oh, ow] = the cross-correlation of x and w; inputs (x, w). */
export const lowerConv2d: Lower<Conv2dGeometry> = (output, inputs, g) => conv2dKernel(output, inputs, g);

/** dx, the adjoint of x -> y applied to dy; inputs (dy, w). */
export const lowerConv2dInputGradient: Lower<Conv2dGeometry> = (output, _inputs, g) => {
  if (usesPlainLoops(output, g)) return plainConvolution(output, g, "x");
  return usesWinograd(g) ? winogradConvolution(g, "x") : directConvolution(inputGradientPlan(g));
};

/** dw, the adjoint of w -> y applied to dy; inputs (x, dy). */
export const lowerConv2dWeightGradient: Lower<Conv2dGeometry> = (output, _inputs, g) => {
  if (usesPlainLoops(output, g)) return plainConvolution(output, g, "w");
  if (usesWinograd(g)) return winogradWeightGradient(g);
  const { images, rowOffsets, columnOffsets } = forwardImages(g);
  const offsets = sums(multiples(g.inChannels / g.groups, planeBytes(images)), rowOffsets, columnOffsets);
  return directWeightGradient(g, { images, offsets, rowStep: g.strideH * rowBytes(images) });
};
