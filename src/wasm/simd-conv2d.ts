import { multiplyScratchBytes } from "./gemm-kernel.ts";
import { multiples, offsetTable, prepare, type Tables, tableBytes } from "./offset-tables.ts";
import {
  imageSize,
  loadImages,
  type PaddedAxis,
  type PaddedImages,
  paddedImageSize,
  planeSize,
} from "./padded-images.ts";
import type { Conv2dGeometry } from "./plain-conv2d.ts";
import { layOut, reserve } from "./runtime.ts";

/*
 * Convolution as matrix products over offset tables (see `multiply`). The unfolded input has a row for each channel and
 * kernel tap and a column for each output pixel of a block of images. It is never written out: its elements are read in
 * place, from images with margins of zeros, where the offset of (tap, pixel) is that of the tap plus that of the pixel.
 *
 * Each function returns false, having done nothing, where WebAssembly SIMD or the memory is missing.
 */

/** Bytes of images worked on at a time: enough to amortise tables and packed weights, few enough for the cache. */
const blockBytes = 1 << 20;

/** How many images fit a block, given the float32 elements that each needs. */
function imagesPerBlock(batch: number, elements: number): number {
  return Math.min(batch, Math.max(1, Math.floor(blockBytes / 4 / elements)));
}

/** Images of x as the forward map reads them, and the tables y = w unfold(x) of one group and a block of images. */
function unfolding(geometry: Conv2dGeometry) {
  const { inChannels, height, width, outChannels, outHeight, outWidth, groups } = geometry;
  const { kernelHeight, kernelWidth, strideH, strideW, dilationH, dilationW, padTop, padLeft } = geometry;
  const lastRow = (outHeight - 1) * strideH + (kernelHeight - 1) * dilationH;
  const lastColumn = (outWidth - 1) * strideW + (kernelWidth - 1) * dilationW;
  const images: PaddedImages = {
    channels: inChannels,
    rows: { size: height, before: padTop, paddedSize: Math.max(padTop + height, lastRow + 1) },
    columns: { size: width, before: padLeft, paddedSize: Math.max(padLeft + width, lastColumn + 1) },
  };
  const outPlane = outHeight * outWidth;
  const depth = (inChannels / groups) * kernelHeight * kernelWidth;
  const block = imagesPerBlock(geometry.batch, imageSize(images) + paddedImageSize(images) + outChannels * outPlane);
  const rowStep = images.columns.paddedSize;
  const tables: Tables = {
    cRows: offsetTable(multiples(outChannels / groups, outPlane)),
    cColumns: offsetTable(multiples(block, outChannels * outPlane), multiples(outPlane, 1)),
    aRows: offsetTable(multiples(outChannels / groups, depth)),
    aColumns: offsetTable(multiples(depth, 1)),
    bRows: offsetTable(
      multiples(inChannels / groups, planeSize(images)),
      multiples(kernelHeight, dilationH * rowStep),
      multiples(kernelWidth, dilationW),
    ),
    bColumns: offsetTable(
      multiples(block, paddedImageSize(images)),
      multiples(outHeight, strideH * rowStep),
      multiples(outWidth, strideW),
    ),
  };
  return { images, tables, block, outPlane, depth };
}

/** y [n, cout, oh, ow] = w unfold(x). */
export function simdConv2dForward(
  y: Float32Array,
  x: Float32Array,
  w: Float32Array,
  geometry: Conv2dGeometry,
): boolean {
  const { batch, inChannels, outChannels, groups } = geometry;
  const { images, tables, block, outPlane, depth } = unfolding(geometry);
  const [tablesAt, wAt, rawAt, xAt, yAt, end] = layOut(
    multiplyScratchBytes,
    tableBytes(tables),
    w.byteLength,
    4 * block * imageSize(images),
    4 * block * paddedImageSize(images),
    4 * block * outChannels * outPlane,
  ).slice(1);
  const simd = reserve(end);
  if (!simd) return false;
  const multiply = prepare(simd, tablesAt, tables);
  simd.floats.set(w, wAt / 4);
  simd.floats.fill(0, xAt / 4, yAt / 4);
  const m = outChannels / groups;
  for (let first = 0; first < batch; first += block) {
    const count = Math.min(block, batch - first);
    loadImages(simd, x, images, first, count, rawAt, xAt);
    for (let group = 0; group < groups; group++) {
      multiply({
        c: yAt + 4 * group * m * outPlane,
        a: wAt + 4 * group * m * depth,
        b: xAt + 4 * group * (inChannels / groups) * planeSize(images),
        ...{ m, n: count * outPlane, k: depth, accumulate: false },
      });
    }
    const size = outChannels * outPlane;
    y.set(simd.floats.subarray(yAt / 4, yAt / 4 + count * size), first * size);
  }
  return true;
}

/** dw [cout, cin / groups, kh, kw] = dy unfold(x)T, summed over the images. */
export function simdConv2dWeightGradient(
  dw: Float32Array,
  x: Float32Array,
  dy: Float32Array,
  geometry: Conv2dGeometry,
): boolean {
  const { batch, inChannels, outChannels, groups } = geometry;
  const { images, tables: forward, block, outPlane, depth } = unfolding(geometry);
  const tables: Tables = {
    ...{ cRows: forward.aRows, cColumns: forward.aColumns },
    ...{ aRows: forward.cRows, aColumns: forward.cColumns },
    ...{ bRows: forward.bColumns, bColumns: forward.bRows },
  };
  const [tablesAt, dwAt, rawAt, xAt, dyAt, end] = layOut(
    multiplyScratchBytes,
    tableBytes(tables),
    dw.byteLength,
    4 * block * imageSize(images),
    4 * block * paddedImageSize(images),
    4 * block * outChannels * outPlane,
  ).slice(1);
  const simd = reserve(end);
  if (!simd) return false;
  const multiply = prepare(simd, tablesAt, tables);
  simd.floats.fill(0, dwAt / 4, dwAt / 4 + dw.length);
  simd.floats.fill(0, xAt / 4, dyAt / 4);
  const m = outChannels / groups;
  for (let first = 0; first < batch; first += block) {
    const count = Math.min(block, batch - first);
    const size = outChannels * outPlane;
    loadImages(simd, x, images, first, count, rawAt, xAt);
    simd.floats.set(dy.subarray(first * size, (first + count) * size), dyAt / 4);
    for (let group = 0; group < groups; group++) {
      multiply({
        c: dwAt + 4 * group * m * depth,
        a: dyAt + 4 * group * m * outPlane,
        b: xAt + 4 * group * (inChannels / groups) * planeSize(images),
        ...{ m, n: depth, k: count * outPlane, accumulate: true },
      });
    }
  }
  dw.set(simd.floats.subarray(dwAt / 4, dwAt / 4 + dw.length));
  return true;
}

/** Those input positions of one axis, a stride apart, that meet the same kernel taps. */
interface Phase {
  positions: number[];
  /** Where each position reads dy, before the tap's share. */
  positionReads: number[];
  taps: number[];
  /** What each tap adds to where dy is read. */
  tapReads: number[];
}

/**
 * The adjoint of one axis. Input position h = r + s u takes dy at (h + pad - t dilation) / s from every tap t for which
 * this is whole, which depends on the phase r only; so each phase is a convolution of stride 1, without zeros between.
 */
function adjointAxis(
  size: number,
  outSize: number,
  kernel: number,
  stride: number,
  pad: number,
  dilation: number,
): { axis: PaddedAxis; phases: Phase[] } {
  const before = Math.max(0, Math.ceil(((kernel - 1) * dilation - pad) / stride));
  const last = Math.max(outSize - 1, Math.floor((size - 1 + pad) / stride));
  const phases = multiples(Math.min(stride, size), 1).map((phase): Phase => {
    const count = Math.ceil((size - phase) / stride);
    const taps = multiples(kernel, 1).filter((tap) => (phase + pad - tap * dilation) % stride === 0);
    return {
      positions: multiples(count, stride).map((position) => position + phase),
      positionReads: multiples(count, 1),
      taps,
      tapReads: taps.map((tap) => before + (phase + pad - tap * dilation) / stride),
    };
  });
  return { axis: { size: outSize, before, paddedSize: before + last + 1 }, phases };
}

/** dx [n, cin, h, w] = fold(wT dy), computed as convolutions of dy, one for each phase of the strides. */
export function simdConv2dInputGradient(
  dx: Float32Array,
  dy: Float32Array,
  w: Float32Array,
  geometry: Conv2dGeometry,
): boolean {
  const { batch, inChannels, height, width, outChannels, outHeight, outWidth, groups } = geometry;
  const { kernelHeight, kernelWidth, strideH, strideW, padTop, padLeft, dilationH, dilationW } = geometry;
  const vertical = adjointAxis(height, outHeight, kernelHeight, strideH, padTop, dilationH);
  const horizontal = adjointAxis(width, outWidth, kernelWidth, strideW, padLeft, dilationW);
  const images: PaddedImages = { channels: outChannels, rows: vertical.axis, columns: horizontal.axis };
  const plane = height * width;
  const taps = kernelHeight * kernelWidth;
  const [m, groupOutputs] = [inChannels / groups, outChannels / groups];
  const block = imagesPerBlock(batch, imageSize(images) + paddedImageSize(images) + inChannels * plane);
  const rowStep = images.columns.paddedSize;
  const products = vertical.phases.flatMap((rows) =>
    horizontal.phases.map((columns) => ({
      pixels: rows.positions.length * columns.positions.length,
      k: groupOutputs * rows.taps.length * columns.taps.length,
      tables: {
        cRows: offsetTable(multiples(m, plane)),
        cColumns: offsetTable(
          multiples(block, inChannels * plane),
          rows.positions.map((y) => y * width),
          columns.positions,
        ),
        aRows: offsetTable(multiples(m, taps)),
        aColumns: offsetTable(
          multiples(groupOutputs, m * taps),
          rows.taps.map((tap) => tap * kernelWidth),
          columns.taps,
        ),
        bRows: offsetTable(
          multiples(groupOutputs, planeSize(images)),
          rows.tapReads.map((y) => y * rowStep),
          columns.tapReads,
        ),
        bColumns: offsetTable(
          multiples(block, paddedImageSize(images)),
          rows.positionReads.map((y) => y * rowStep),
          columns.positionReads,
        ),
      },
    })),
  );
  const [wAt, rawAt, dyAt, dxAt, ...tablesAt] = layOut(
    multiplyScratchBytes,
    w.byteLength,
    4 * block * imageSize(images),
    4 * block * paddedImageSize(images),
    4 * block * inChannels * plane,
    ...products.map(({ tables }) => tableBytes(tables)),
  ).slice(1);
  const simd = reserve(tablesAt[products.length]);
  if (!simd) return false;
  const runs = products.map(({ tables, pixels, k }, i) => ({
    multiply: prepare(simd, tablesAt[i], tables),
    pixels,
    k,
  }));
  simd.floats.set(w, wAt / 4);
  simd.floats.fill(0, dyAt / 4, dxAt / 4);
  for (let first = 0; first < batch; first += block) {
    const count = Math.min(block, batch - first);
    loadImages(simd, dy, images, first, count, rawAt, dyAt);
    for (let group = 0; group < groups; group++) {
      for (const { multiply, pixels, k } of runs) {
        multiply({
          c: dxAt + 4 * group * m * plane,
          a: wAt + 4 * group * groupOutputs * m * taps,
          b: dyAt + 4 * group * groupOutputs * planeSize(images),
          ...{ m, n: count * pixels, k, accumulate: false },
        });
      }
    }
    const size = inChannels * plane;
    dx.set(simd.floats.subarray(dxAt / 4, dxAt / 4 + count * size), first * size);
  }
  return true;
}
