import { describe, expect, it } from "vitest";
import type { Lower } from "../../../src/compile/kernel.ts";
import {
  conv2dKernel,
  lowerConv2d,
  lowerConv2dInputGradient,
  lowerConv2dWeightGradient,
} from "../../../src/compile/kernels/convolution.ts";
import { allocate } from "../../../src/tensor/dtype.ts";
import { sizeOf } from "../../../src/tensor/shape.ts";
import { Tensor } from "../../../src/tensor/tensor.ts";
import { f32, i32 } from "../../../src/wasm/instructions.ts";
import {
  type Conv2dGeometry,
  plainConv2dForward,
  plainConv2dInputGradient,
  plainConv2dWeightGradient,
} from "../../../src/wasm/plain-conv2d.ts";
import { runKernel } from "./run-kernel.ts";

type Float = "float32" | "float64";

const unit: Conv2dGeometry = {
  ...{ batch: 3, inChannels: 4, height: 9, width: 11, outChannels: 6, kernelHeight: 3, kernelWidth: 3 },
  ...{ strideH: 1, strideW: 1, padTop: 0, padLeft: 0, dilationH: 1, dilationW: 1, groups: 1 },
  ...{ outHeight: 7, outWidth: 9 },
};

/** `unit` with changes, and the output size of a convolution padded by the same amount on either side. */
function geometry(changes: Partial<Conv2dGeometry>): Conv2dGeometry {
  const g = { ...unit, ...changes };
  const outSize = (size: number, kernel: number, stride: number, pad: number, dilation: number) =>
    Math.floor((size + 2 * pad - dilation * (kernel - 1) - 1) / stride) + 1;
  return {
    ...g,
    outHeight: outSize(g.height, g.kernelHeight, g.strideH, g.padTop, g.dilationH),
    outWidth: outSize(g.width, g.kernelWidth, g.strideW, g.padLeft, g.dilationW),
    ...changes,
  };
}

const square = (height: number) => ({ height, width: height });
const kernel = (kernelHeight: number) => ({ kernelHeight, kernelWidth: kernelHeight });
const pad = (padTop: number) => ({ padTop, padLeft: padTop });
const stride = (strideH: number) => ({ strideH, strideW: strideH });
const dilation = (dilationH: number) => ({ dilationH, dilationW: dilationH });

const geometries: Record<string, Conv2dGeometry> = {
  "no padding": geometry({}),
  "padding 1": geometry(pad(1)),
  "more padding than kernel": geometry({ padTop: 4, padLeft: 3 }),
  "padding that differs between axes": geometry({ padTop: 2 }),
  "padding below and to the right only": geometry({ outHeight: 9, outWidth: 11 }),
  "an output smaller than the image allows": geometry({ outHeight: 5, outWidth: 4 }),
  "stride 2": geometry({ ...stride(2), ...pad(1) }),
  "stride 2 on an even image": geometry({ ...stride(2), ...pad(1), ...square(16), inChannels: 8, outChannels: 8 }),
  "strides 3 and 1": geometry({ strideH: 3, padTop: 1 }),
  "strides 1 and 3": geometry({ strideW: 3, padLeft: 2, width: 23 }),
  "a stride larger than the kernel": geometry({ strideH: 4, strideW: 5 }),
  "a stride larger than the image": geometry({ strideH: 20, strideW: 30 }),
  "dilation 2": geometry({ ...dilation(2), ...pad(2) }),
  "dilations 3 and 2 under strides 2 and 3": geometry({
    ...{ dilationH: 3, dilationW: 2, strideH: 2, strideW: 3, padTop: 3 },
  }),
  "dilation and stride with a common divisor": geometry({ ...dilation(2), ...stride(2) }),
  "an even, oblong kernel": geometry({ kernelHeight: 2, kernelWidth: 5, padLeft: 2 }),
  "a 1 x 1 kernel": geometry(kernel(1)),
  "a 1 x 1 kernel with stride 2": geometry({ ...kernel(1), ...stride(2) }),
  "a 5 x 5 kernel": geometry({ ...kernel(5), ...pad(2), ...square(12) }),
  "a 7 x 7 kernel with stride 2": geometry({ ...kernel(7), ...pad(3), ...stride(2), ...square(20), inChannels: 3 }),
  "a kernel as large as the image": geometry({ kernelHeight: 9, kernelWidth: 11 }),
  "a kernel 20 wide": geometry({ kernelHeight: 1, kernelWidth: 20, width: 30 }),
  "two groups": geometry({ groups: 2, ...pad(1) }),
  "two groups of 8 channels": geometry({ groups: 2, inChannels: 16, outChannels: 16, ...pad(1) }),
  depthwise: geometry({ inChannels: 8, outChannels: 8, groups: 8, ...pad(1) }),
  "depthwise with a multiplier and stride 2": geometry({ outChannels: 8, groups: 4, ...stride(2) }),
  "one channel": geometry({ inChannels: 1, outChannels: 1, batch: 20 }),
  "one row": geometry({ height: 1, kernelHeight: 1, width: 40 }),
  "one column": geometry({ height: 40, width: 1, kernelWidth: 1 }),
  "an image of 2 x 2": geometry({ ...square(2), ...pad(1), inChannels: 8, outChannels: 8 }),
  "an image of one pixel": geometry({ ...square(1), ...pad(1), inChannels: 8, outChannels: 8 }),
  "MNIST, first layer": geometry({ batch: 5, inChannels: 1, outChannels: 16, ...square(28), ...pad(1) }),
  "MNIST, second layer": geometry({ batch: 7, inChannels: 16, outChannels: 32, ...square(14), ...pad(1) }),
  "many channels, odd sizes": geometry({ batch: 2, inChannels: 19, outChannels: 21, height: 7, width: 13, ...pad(1) }),
  "many channels, valid": geometry({ batch: 2, inChannels: 10, outChannels: 9, height: 12, width: 9 }),
  "many channels, large enough for bands of rows": geometry({
    ...{ batch: 2, inChannels: 16, outChannels: 12, height: 45, width: 61, ...pad(1) },
  }),
  "many channels, bands of whole tiles": geometry({ batch: 2, inChannels: 8, outChannels: 24, ...square(58) }),
  "many channels, more padding than kernel": geometry({ inChannels: 8, outChannels: 8, padTop: 4, padLeft: 3 }),
  "many channels, an output smaller than the image allows": geometry({
    ...{ inChannels: 8, outChannels: 8, outHeight: 5, outWidth: 4 },
  }),
  "a wide image": geometry({ batch: 1, inChannels: 2, outChannels: 5, height: 3, width: 101, ...pad(1) }),
  "several blocks of images": geometry({ batch: 130, inChannels: 2, outChannels: 2, height: 26, width: 28, ...pad(1) }),
  "no images": geometry({ batch: 0 }),
  "no input channels": geometry({ inChannels: 0 }),
  "no output channels": geometry({ outChannels: 0 }),
};

const xShape = (g: Conv2dGeometry) => [g.batch, g.inChannels, g.height, g.width];
const yShape = (g: Conv2dGeometry) => [g.batch, g.outChannels, g.outHeight, g.outWidth];
const wShape = (g: Conv2dGeometry) => [g.outChannels, g.inChannels / g.groups, g.kernelHeight, g.kernelWidth];

/** Numbers in [-1, 1), the same for each seed. */
function noise(shape: readonly number[], dtype: Float, seed: number): Tensor {
  const data = allocate(dtype, sizeOf(shape)) as Float32Array | Float64Array;
  let state = seed;
  for (let i = 0; i < data.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    data[i] = state / 2 ** 31 - 1;
  }
  return new Tensor(data, [...shape], dtype);
}

type Floats = Float32Array | Float64Array;

interface ConvolutionMap {
  lower: Lower<Conv2dGeometry>;
  plain: (result: Floats, first: Floats, second: Floats, geometry: Conv2dGeometry) => void;
  shapes: (g: Conv2dGeometry) => [result: number[], first: number[], second: number[]];
}

const maps: Record<string, ConvolutionMap> = {
  forward: { lower: lowerConv2d, plain: plainConv2dForward, shapes: (g) => [yShape(g), xShape(g), wShape(g)] },
  "input gradient": {
    lower: lowerConv2dInputGradient,
    plain: plainConv2dInputGradient,
    shapes: (g) => [xShape(g), yShape(g), wShape(g)],
  },
  "weight gradient": {
    lower: lowerConv2dWeightGradient,
    plain: plainConv2dWeightGradient,
    shapes: (g) => [wShape(g), xShape(g), yShape(g)],
  },
};

function compare({ lower, plain, shapes }: ConvolutionMap, g: Conv2dGeometry, dtype: Float, a?: Tensor, b?: Tensor) {
  const [shape, aShape, bShape] = shapes(g);
  const inputs = [a ?? noise(aShape, dtype, 1), b ?? noise(bShape, dtype, 2)];
  const result = runKernel(lower, { shape, dtype }, inputs, g) as Floats;
  const expected = new Float64Array(result.length);
  plain(expected, ...(inputs.map(({ data }) => Float64Array.from(data)) as [Floats, Floats]), g);
  return { result, expected };
}

/** The largest difference, as a fraction of the largest expected value. */
function worst({ result, expected }: { result: Floats; expected: Floats }): number {
  let [difference, scale] = [0, 1e-30];
  for (let i = 0; i < result.length; i++) {
    difference = Math.max(difference, Number.isNaN(result[i]) ? Infinity : Math.abs(result[i] - expected[i]));
    scale = Math.max(scale, Math.abs(expected[i]));
  }
  return difference / scale;
}

describe.each(Object.entries(maps))("compiled convolution, %s", (_, map) => {
  it.each(Object.entries(geometries))("equals the plain loops in float32: %s", (_, g) => {
    expect(worst(compare(map, g, "float32"))).toBeLessThan(2e-6);
  });

  it.each(Object.entries(geometries))("equals the plain loops in float64: %s", (_, g) => {
    expect(worst(compare(map, g, "float64"))).toBeLessThan(1e-13);
  });

  it("keeps infinities and NaN where they belong", () => {
    for (const g of [
      geometry({ ...square(12), ...pad(1), inChannels: 8, outChannels: 12, batch: 9 }),
      geometry({ ...square(11), ...pad(1), inChannels: 2, outChannels: 3, batch: 9 }),
      geometry({ ...square(3), ...pad(1), inChannels: 2, outChannels: 3, batch: 9 }),
    ]) {
      const [, aShape, bShape] = map.shapes(g);
      for (const [spot, value] of [
        [0, NaN],
        [5, Infinity],
        [11, -Infinity],
        [-1, NaN],
      ]) {
        const a = noise(aShape, "float32", 3);
        a.data[spot < 0 ? a.data.length - 1 : spot] = value;
        const { result, expected } = compare(map, g, "float32", a, noise(bShape, "float32", 4));
        expect([...result].map(kind).join()).toBe([...expected].map(kind).join());
        const finite = (_: number, i: number) => Number.isFinite(expected[i]);
        expect(worst({ result: result.filter(finite), expected: expected.filter(finite) })).toBeLessThan(1e-5);
      }
    }
  });

  it("takes numbers whose sums overflow halfway through a transform", () => {
    const g = geometry({ ...square(8), ...pad(1), inChannels: 8, outChannels: 8 });
    const [, aShape, bShape] = map.shapes(g);
    const a = noise(aShape, "float32", 5);
    a.data.fill(0).set([3e38, -3e38, 3e38], 9);
    const b = noise(bShape, "float32", 6);
    for (let i = 0; i < b.data.length; i++) b.data[i] *= 0.1;
    const { result, expected } = compare(map, g, "float32", a, b);
    expect(worst({ result, expected })).toBeLessThan(2e-6);
  });
});

const kind = (value: number): string => (Number.isFinite(value) ? "finite" : String(value));

describe("conv2dKernel", () => {
  it("tells what is to happen to images that are final, each once", () => {
    for (const channels of [2, 8, 0]) {
      const g = geometry({ batch: 37, inChannels: channels, outChannels: channels, ...pad(1) });
      const imageBytes = 4 * channels * g.outHeight * g.outWidth;
      const negated: Lower<Conv2dGeometry> = (output, inputs, attributes) => {
        const kernel = conv2dKernel(output, inputs, attributes, (_, f, first, last, at) => {
          const address = f.let(i32.add(at.output, i32.mul(first, imageBytes)));
          const end = f.let(i32.add(at.output, i32.mul(last, imageBytes)));
          f.while(i32.ltU(address, end), () => {
            f.do(f32.store(address, f32.neg(f32.load(address))));
            f.set(address, i32.add(address, 4));
          });
        });
        return kernel;
      };
      const inputs = [noise(xShape(g), "float32", 1), noise(wShape(g), "float32", 2)];
      const output = { shape: yShape(g), dtype: "float32" } as const;
      const result = runKernel(negated, output, inputs, g) as Floats;
      const expected = runKernel(lowerConv2d, output, inputs, g) as Floats;
      expect(result).toEqual(expected.map((value) => -value));
    }
  });
});
