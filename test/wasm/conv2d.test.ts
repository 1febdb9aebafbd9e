import { afterEach, describe, expect, it } from "vitest";
import {
  type Conv2dGeometry,
  conv2dForward,
  conv2dInputGradient,
  conv2dWeightGradient,
} from "../../src/wasm/conv2d.ts";
import type { FloatArray } from "../../src/wasm/matmul.ts";
import {
  plainConv2dForward,
  plainConv2dInputGradient,
  plainConv2dWeightGradient,
} from "../../src/wasm/plain-conv2d.ts";
import { useSimd } from "../../src/wasm/runtime.ts";
import { simdConv2dForward, simdConv2dInputGradient, simdConv2dWeightGradient } from "../../src/wasm/simd-conv2d.ts";

afterEach(() => useSimd(true));

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

const geometries: Record<string, Conv2dGeometry> = {
  "no padding": geometry({}),
  "padding 1": geometry({ padTop: 1, padLeft: 1 }),
  "more padding than kernel": geometry({ padTop: 4, padLeft: 3 }),
  "padding that differs between axes": geometry({ padTop: 2, padLeft: 0 }),
  "padding below and to the right only": geometry({ outHeight: 9, outWidth: 11 }),
  "an output smaller than the image allows": geometry({ outHeight: 5, outWidth: 4 }),
  "stride 2": geometry({ strideH: 2, strideW: 2, padTop: 1, padLeft: 1 }),
  "strides 3 and 1": geometry({ strideH: 3, strideW: 1, padTop: 1 }),
  "a stride larger than the kernel": geometry({ strideH: 4, strideW: 5 }),
  "a stride larger than the image": geometry({ strideH: 20, strideW: 30 }),
  "dilation 2": geometry({ dilationH: 2, dilationW: 2, padTop: 2, padLeft: 2 }),
  "dilations 3 and 2 under strides 2 and 3": geometry({
    dilationH: 3,
    dilationW: 2,
    strideH: 2,
    strideW: 3,
    padTop: 3,
  }),
  "dilation and stride with a common divisor": geometry({ dilationH: 2, dilationW: 2, strideH: 2, strideW: 2 }),
  "an even, oblong kernel": geometry({ kernelHeight: 2, kernelWidth: 5, padLeft: 2 }),
  "a 1 x 1 kernel": geometry({ kernelHeight: 1, kernelWidth: 1 }),
  "a 1 x 1 kernel with stride 2": geometry({ kernelHeight: 1, kernelWidth: 1, strideH: 2, strideW: 2 }),
  "a kernel as large as the image": geometry({ kernelHeight: 9, kernelWidth: 11 }),
  "two groups": geometry({ groups: 2, padTop: 1, padLeft: 1 }),
  depthwise: geometry({ inChannels: 8, outChannels: 8, groups: 8, padTop: 1, padLeft: 1 }),
  "depthwise with a multiplier and stride 2": geometry({ outChannels: 8, groups: 4, strideH: 2, strideW: 2 }),
  "one channel": geometry({ inChannels: 1, outChannels: 1, batch: 20 }),
  "several blocks of images": geometry({
    batch: 130,
    inChannels: 2,
    outChannels: 2,
    height: 26,
    width: 28,
    padTop: 1,
    padLeft: 1,
  }),
};

const xSize = (g: Conv2dGeometry) => g.batch * g.inChannels * g.height * g.width;
const ySize = (g: Conv2dGeometry) => g.batch * g.outChannels * g.outHeight * g.outWidth;
const wSize = (g: Conv2dGeometry) => (g.outChannels * g.inChannels * g.kernelHeight * g.kernelWidth) / g.groups;

/** Small whole numbers, for which every sum below is exact in float32 too. */
function integers(length: number, seed: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => (((i + seed) * 7919) % 7) - 3);
}

/** The forward map, output by output, by the definition. */
function reference(x: FloatArray, w: FloatArray, g: Conv2dGeometry): Float64Array {
  const groupInputs = g.inChannels / g.groups;
  const at = (image: number, channel: number, row: number, column: number) =>
    row < 0 || row >= g.height || column < 0 || column >= g.width
      ? 0
      : x[((image * g.inChannels + channel) * g.height + row) * g.width + column];
  return Float64Array.from({ length: ySize(g) }, (_, index) => {
    const ox = index % g.outWidth;
    const oy = Math.floor(index / g.outWidth) % g.outHeight;
    const co = Math.floor(index / g.outWidth / g.outHeight) % g.outChannels;
    const image = Math.floor(index / g.outWidth / g.outHeight / g.outChannels);
    const firstChannel = Math.floor((co * g.groups) / g.outChannels) * groupInputs;
    let sum = 0;
    for (let tap = 0; tap < groupInputs * g.kernelHeight * g.kernelWidth; tap++) {
      const j = tap % g.kernelWidth;
      const i = Math.floor(tap / g.kernelWidth) % g.kernelHeight;
      const ci = Math.floor(tap / g.kernelWidth / g.kernelHeight);
      const row = oy * g.strideH - g.padTop + i * g.dilationH;
      const column = ox * g.strideW - g.padLeft + j * g.dilationW;
      sum += at(image, firstChannel + ci, row, column) * w[co * groupInputs * g.kernelHeight * g.kernelWidth + tap];
    }
    return sum;
  });
}

/** The inner product, exact for the whole numbers used here. */
function inner(a: FloatArray, b: FloatArray): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

type Conv2dMap = (result: FloatArray, first: FloatArray, second: FloatArray, geometry: Conv2dGeometry) => void;

/** A SIMD map, which must not decline. */
function accepting(
  map: (result: Float32Array, first: Float32Array, second: Float32Array, geometry: Conv2dGeometry) => boolean,
): Conv2dMap {
  return (...args) => expect(map(...(args as Parameters<typeof map>))).toBe(true);
}

const simd = {
  forward: accepting(simdConv2dForward),
  inputGradient: accepting(simdConv2dInputGradient),
  weightGradient: accepting(simdConv2dWeightGradient),
};
const plain: Record<keyof typeof simd, Conv2dMap> = {
  forward: plainConv2dForward,
  inputGradient: plainConv2dInputGradient,
  weightGradient: plainConv2dWeightGradient,
};
const paths = [
  { path: "SIMD", type: Float32Array, ...simd },
  { path: "plain float32", type: Float32Array, ...plain },
  { path: "plain float64", type: Float64Array, ...plain },
];

describe.each(paths)("conv2d on the $path path", ({ type, ...maps }) => {
  describe.each(Object.entries(geometries))("with %s", (_, g) => {
    const x = type.from(integers(xSize(g), 1));
    const w = type.from(integers(wSize(g), 2));
    const dy = type.from(integers(ySize(g), 3));

    it("agrees with the definition", () => {
      const y = new type(ySize(g)).fill(NaN);
      maps.forward(y, x, w, g);
      expect([...y]).toEqual([...reference(x, w, g)]);
    });

    it("has an input gradient that is its adjoint in x", () => {
      const dx = new type(xSize(g)).fill(NaN);
      maps.inputGradient(dx, dy, w, g);
      for (const seed of [10, 11, 12, 13]) {
        const direction = integers(xSize(g), seed).map((value, i) => (i % seed === 0 ? value : 0));
        expect(inner(dx, direction)).toBe(inner(dy, reference(direction, w, g)));
      }
    });

    it("has a weight gradient that is its adjoint in w", () => {
      const dw = new type(wSize(g)).fill(NaN);
      maps.weightGradient(dw, x, dy, g);
      for (const seed of [10, 11, 12, 13]) {
        const direction = integers(wSize(g), seed).map((value, i) => (i % seed === 0 ? value : 0));
        expect(inner(dw, direction)).toBe(inner(dy, reference(x, direction, g)));
      }
    });
  });

  it("propagates NaN to the outputs that read it, and no further", () => {
    const g = geometry({ padTop: 1, padLeft: 1 });
    const x = new type(xSize(g)).fill(1);
    x[5 * g.width + 6] = NaN;
    const y = new type(ySize(g));
    maps.forward(y, x, new type(wSize(g)), g);
    const reached = Array.from(y, (value, i) => (Number.isNaN(value) ? i : -1)).filter((i) => i >= 0);
    const expected = Array.from({ length: g.outChannels }, (_, co) =>
      [4, 5, 6].flatMap((row) => [5, 6, 7].map((column) => (co * g.outHeight + row) * g.outWidth + column)),
    ).flat();
    expect(reached).toEqual(expected);
  });
});

describe("conv2d", () => {
  it("gives the same result with WebAssembly and without, and for float64", () => {
    const g = geometries["two groups"];
    const x = integers(xSize(g), 1);
    const w = integers(wSize(g), 2);
    const expected = [...reference(x, w, g)];
    for (const enabled of [true, false]) {
      useSimd(enabled);
      const y = new Float32Array(ySize(g));
      conv2dForward(y, x, w, g);
      expect([...y]).toEqual(expected);
    }
    const y = new Float64Array(ySize(g));
    conv2dForward(y, Float64Array.from(x), Float64Array.from(w), g);
    expect([...y]).toEqual(expected);
  });

  it("gives an empty result and a zero weight gradient for an empty batch", () => {
    const g = geometry({ batch: 0 });
    const none = new Float32Array(0);
    const dw = new Float32Array(wSize(g)).fill(7);
    conv2dForward(none, none, new Float32Array(wSize(g)), g);
    conv2dInputGradient(none, none, new Float32Array(wSize(g)), g);
    conv2dWeightGradient(dw, none, none, g);
    expect(dw.every((value) => value === 0)).toBe(true);
  });

  it("takes tiny problems", () => {
    const g = geometry({ batch: 1, inChannels: 1, outChannels: 1, height: 3, width: 3 });
    const ones = new Float32Array(9).fill(1);
    const [y, dx, dw] = [new Float32Array(1), new Float32Array(9), new Float32Array(9)];
    conv2dForward(y, ones, ones, g);
    conv2dInputGradient(dx, y, ones, g);
    conv2dWeightGradient(dw, ones, y, g);
    expect([...y, ...dx, ...dw]).toEqual(new Array(19).fill(9));
  });
});
