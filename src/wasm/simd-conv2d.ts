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

/** One product for each group and block of images: its tables, and the columns that each image adds to it. */
interface ImageProduct {
  tables: Tables;
  pixels: number;
  k: number;
}

/**
 * result = w unfold(source), image by image: the forward map, and its adjoint in x. `m` is the result's channels in a
 * group; the products together write every pixel of the result.
 */
function mapImages(
  result: Float32Array,
  source: Float32Array,
  w: Float32Array,
  { batch, groups }: Conv2dGeometry,
  images: PaddedImages,
  block: number,
  m: number,
  products: ImageProduct[],
): boolean {
  const resultSize = result.length / batch;
  const [, wAt, rawAt, sourceAt, resultAt, ...tablesAt] = layOut(
    multiplyScratchBytes,
    w.byteLength,
    4 * block * imageSize(images),
    4 * block * paddedImageSize(images),
    4 * block * resultSize,
    ...products.map(({ tables }) => tableBytes(tables)),
  );
  const simd = reserve(tablesAt[products.length]);
  if (!simd) return false;
  const multiplications = products.map(({ tables }, i) => prepare(simd, tablesAt[i], tables));
  simd.floats.set(w, wAt / 4);
  simd.floats.fill(0, sourceAt / 4, resultAt / 4);
  for (let first = 0; first < batch; first += block) {
    const count = Math.min(block, batch - first);
    loadImages(simd, source, images, first, count, rawAt, sourceAt);
    for (let group = 0; group < groups; group++) {
      const c = resultAt + (4 * group * resultSize) / groups;
      const a = wAt + (group * w.byteLength) / groups;
      const b = sourceAt + (4 * group * paddedImageSize(images)) / groups;
      for (const [i, { pixels, k }] of products.entries()) {
        multiplications[i]({ c, a, b, m, n: count * pixels, k, accumulate: false });
      }
    }
    result.set(simd.floats.subarray(resultAt / 4, resultAt / 4 + count * resultSize), first * resultSize);
  }
  return true;
}

/** The images of x with margins, and the product y = w unfold(x). */
function unfolding(geometry: Conv2dGeometry): { images: PaddedImages; block: number; product: ImageProduct } {
  const { inChannels, height, width, outChannels, outHeight, outWidth, groups } = geometry;
  const { kernelHeight, kernelWidth, strideH, strideW, dilationH, dilationW, padTop, padLeft } = geometry;
  const lastRow = (outHeight - 1) * strideH + (kernelHeight - 1) * dilationH;
  const lastColumn = (outWidth - 1) * strideW + (kernelWidth - 1) * dilationW;
  const images: PaddedImages = {
    channels: inChannels,
    rows: { size: height, before: padTop, paddedSize: Math.max(padTop + height, lastRow + 1) },
    columns: { size: width, before: padLeft, paddedSize: Math.max(padLeft + width, lastColumn + 1) },
  };
  const pixels = outHeight * outWidth;
  const k = (inChannels / groups) * kernelHeight * kernelWidth;
  const block = imagesPerBlock(geometry.batch, imageSize(images) + paddedImageSize(images) + outChannels * pixels);
  const rowStep = images.columns.paddedSize;
  const tables: Tables = {
    cRows: offsetTable(multiples(outChannels / groups, pixels)),
    cColumns: offsetTable(multiples(block, outChannels * pixels), multiples(pixels, 1)),
    aRows: offsetTable(multiples(outChannels / groups, k)),
    aColumns: offsetTable(multiples(k, 1)),
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
  return { images, block, product: { tables, pixels, k } };
}

/** y [n, cout, oh, ow] = w unfold(x). */
export function simdConv2dForward(
  y: Float32Array,
  x: Float32Array,
  w: Float32Array,
  geometry: Conv2dGeometry,
): boolean {
  const { images, block, product } = unfolding(geometry);
  return mapImages(y, x, w, geometry, images, block, geometry.outChannels / geometry.groups, [product]);
}

/** dw [cout, cin / groups, kh, kw] = dy unfold(x)T, summed over the images. */
export function simdConv2dWeightGradient(
  dw: Float32Array,
  x: Float32Array,
  dy: Float32Array,
  geometry: Conv2dGeometry,
): boolean {
  const { batch, outChannels, groups } = geometry;
  const { images, block, product } = unfolding(geometry);
  const { tables: forward, pixels, k: taps } = product;
  const tables: Tables = {
    ...{ cRows: forward.aRows, cColumns: forward.aColumns },
    ...{ aRows: forward.cRows, aColumns: forward.cColumns },
    ...{ bRows: forward.bColumns, bColumns: forward.bRows },
  };
  const dySize = outChannels * pixels;
  const [, tablesAt, dwAt, rawAt, xAt, dyAt, end] = layOut(
    multiplyScratchBytes,
    tableBytes(tables),
    dw.byteLength,
    4 * block * imageSize(images),
    4 * block * paddedImageSize(images),
    4 * block * dySize,
  );
  const simd = reserve(end);
  if (!simd) return false;
  const multiply = prepare(simd, tablesAt, tables);
  simd.floats.fill(0, dwAt / 4, dwAt / 4 + dw.length);
  simd.floats.fill(0, xAt / 4, dyAt / 4);
  for (let first = 0; first < batch; first += block) {
    const count = Math.min(block, batch - first);
    loadImages(simd, x, images, first, count, rawAt, xAt);
    simd.floats.set(dy.subarray(first * dySize, (first + count) * dySize), dyAt / 4);
    for (let group = 0; group < groups; group++) {
      const c = dwAt + (group * dw.byteLength) / groups;
      const a = dyAt + (4 * group * dySize) / groups;
      const b = xAt + (4 * group * paddedImageSize(images)) / groups;
      multiply({ c, a, b, m: outChannels / groups, n: taps, k: count * pixels, accumulate: true });
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

/** dx [n, cin, h, w] = fold(wT dy), as one convolution of dy for each phase of the two strides. */
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
  const rowsOf = (rows: number[], rowStep: number) => rows.map((row) => row * rowStep);
  const rowStep = images.columns.paddedSize;
  const products = vertical.phases.flatMap((rows) =>
    horizontal.phases.map(
      (columns): ImageProduct => ({
        pixels: rows.positions.length * columns.positions.length,
        k: groupOutputs * rows.taps.length * columns.taps.length,
        tables: {
          cRows: offsetTable(multiples(m, plane)),
          cColumns: offsetTable(multiples(block, inChannels * plane), rowsOf(rows.positions, width), columns.positions),
          aRows: offsetTable(multiples(m, taps)),
          aColumns: offsetTable(multiples(groupOutputs, m * taps), rowsOf(rows.taps, kernelWidth), columns.taps),
          bRows: offsetTable(
            multiples(groupOutputs, planeSize(images)),
            rowsOf(rows.tapReads, rowStep),
            columns.tapReads,
          ),
          bColumns: offsetTable(
            multiples(block, paddedImageSize(images)),
            rowsOf(rows.positionReads, rowStep),
            columns.positionReads,
          ),
        },
      }),
    ),
  );
  return mapImages(dx, dy, w, geometry, images, block, m, products);
}
