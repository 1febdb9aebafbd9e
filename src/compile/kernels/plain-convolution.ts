import { bytesOf } from "../../tensor/dtype.ts";
import { call, type FunctionBuilder, type Module } from "../../wasm/assembler.ts";
import type { Local } from "../../wasm/encoding.ts";
import { f32, f64, i32 } from "../../wasm/instructions.ts";
import type { Conv2dGeometry } from "../../wasm/plain-conv2d.ts";
import type { Kernel, Layout } from "../kernel.ts";
import { type AfterImages, addressOf, addZero, cut, forRange, imagesOf } from "./convolution-loops.ts";

/** The three arrays of a convolution y = C(x, w). */
export type ConvolutionArray = "x" | "w" | "y";

type FloatType = "float32" | "float64";

/** 2 for each pair of a kernel tap and an output pixel, though some taps read the padding. */
export function convolutionOperations(g: Conv2dGeometry): number {
  const outputs = g.batch * g.outChannels * g.outHeight * g.outWidth;
  return (2 * outputs * g.inChannels * g.kernelHeight * g.kernelWidth) / g.groups;
}

/** Elements that one image takes in x and in y, and all of w. */
export function convolutionSizes(g: Conv2dGeometry): Record<ConvolutionArray, number> {
  return {
    x: g.inChannels * g.height * g.width,
    y: g.outChannels * g.outHeight * g.outWidth,
    w: (g.outChannels * g.inChannels * g.kernelHeight * g.kernelWidth) / g.groups,
  };
}

/**
 * Adds the loops of the definition: for the images [first, last) and output channels [from, to), the array `target`
 * gets the sum of the products of the two others. What these images or channels own of it must be zero before.
 */
export function addPlainConvolution(
  module: Module,
  dtype: FloatType,
  g: Conv2dGeometry,
  target: ConvolutionArray,
  at: Record<ConvolutionArray, number>,
) {
  const bytes = bytesOf[dtype];
  const multiplyAdd = (f: FunctionBuilder, places: Record<ConvolutionArray, Local<"i32">>) => {
    const to = places[target];
    const [a, b] = (["x", "w", "y"] as const).filter((name) => name !== target).map((name) => places[name]);
    f.do(
      dtype === "float32"
        ? f32.store(to, f32.add(f32.load(to), f32.mul(f32.load(a), f32.load(b))))
        : f64.store(to, f64.add(f64.load(to), f64.mul(f64.load(a), f64.load(b)))),
    );
  };
  const sizes = convolutionSizes(g);
  const [groupInputs, groupOutputs] = [g.inChannels / g.groups, g.outChannels / g.groups];
  const taps = g.kernelHeight * g.kernelWidth;

  return module.function(
    `plainConvolution_${target}`,
    { first: "i32", last: "i32", from: "i32", to: "i32" },
    (f, { first, last, from, to }) => {
      const forInside = (
        count: number,
        stride: number,
        shift: Local<"i32">,
        size: number,
        body: (out: Local<"i32">, inside: Local<"i32">) => void,
      ) =>
        forRange(f, 0, count, (out) => {
          const position = f.let(i32.add(i32.mul(out, stride), shift));
          f.if(i32.ltU(position, size), () => body(out, position));
        });
      forRange(f, first, last, (n) => {
        forRange(f, from, to, (co) => {
          const yPlane = f.let(addressOf(at.y, [n, bytes * sizes.y], [co, bytes * g.outHeight * g.outWidth]));
          const firstChannel = f.let(i32.mul(i32.divU(co, groupOutputs), groupInputs));
          forRange(f, 0, groupInputs, (ci) => {
            const channel = i32.add(firstChannel, ci);
            const xPlane = f.let(addressOf(at.x, [n, bytes * sizes.x], [channel, bytes * g.height * g.width]));
            const w = f.let(addressOf(at.w, [i32.add(i32.mul(co, groupInputs), ci), bytes * taps]));
            forRange(f, 0, g.kernelHeight, (i) => {
              const shiftH = f.let(i32.sub(i32.mul(i, g.dilationH), g.padTop));
              forRange(f, 0, g.kernelWidth, (j) => {
                const shiftW = f.let(i32.sub(i32.mul(j, g.dilationW), g.padLeft));
                forInside(g.outHeight, g.strideH, shiftH, g.height, (oy, iy) => {
                  const xRow = f.let(addressOf(xPlane, [iy, bytes * g.width]));
                  const yRow = f.let(addressOf(yPlane, [oy, bytes * g.outWidth]));
                  forInside(g.outWidth, g.strideW, shiftW, g.width, (ox, ix) => {
                    const x = f.let(addressOf(xRow, [ix, bytes]));
                    const y = f.let(addressOf(yRow, [ox, bytes]));
                    multiplyAdd(f, { x, w, y });
                  });
                });
                f.set(w, i32.add(w, bytes));
              });
            });
          });
        });
      });
    },
  );
}

/** A kernel of these loops alone. */
export function plainConvolution(
  output: Layout,
  g: Conv2dGeometry,
  target: ConvolutionArray,
  afterImages?: AfterImages,
): Kernel {
  const dtype = output.dtype as FloatType;
  const size = bytesOf[dtype] * convolutionSizes(g)[target];
  const { parts, images } = cut(target === "w" ? g.outChannels : g.batch, 16);
  return {
    operations: convolutionOperations(g),
    stages: [
      {
        parts: size === 0 ? 0 : parts,
        emit: (module, f, part, at) => {
          const {
            output,
            inputs: [a, b],
          } = at;
          const places = { y: { y: output, x: a, w: b }, x: { x: output, y: a, w: b }, w: { w: output, x: a, y: b } };
          const map = addPlainConvolution(module, dtype, g, target, places[target]);
          const zero = module.once(addZero);
          if (target === "w") {
            const rowBytes = size / g.outChannels;
            const { first: from, last: to } = imagesOf(f, part, images, g.outChannels);
            f.do(call(zero, { to: addressOf(output, [from, rowBytes]), bytes: i32.mul(i32.sub(to, from), rowBytes) }));
            f.do(call(map, { first: 0, last: g.batch, from, to }));
          } else {
            const { first, last } = imagesOf(f, part, images, g.batch);
            f.do(call(zero, { to: addressOf(output, [first, size]), bytes: i32.mul(i32.sub(last, first), size) }));
            f.do(call(map, { first, last, from: 0, to: g.outChannels }));
            afterImages?.(module, f, first, last, at);
          }
        },
      },
    ],
  };
}
