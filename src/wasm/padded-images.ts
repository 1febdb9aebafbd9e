import type { Runtime } from "./runtime.ts";

/** One axis of planes with margins of zeros: `before` of them, then `size` values, in `paddedSize` in all. */
export interface PaddedAxis {
  size: number;
  before: number;
  paddedSize: number;
}

/** Images [channels, rows, columns] with margins. */
export interface PaddedImages {
  channels: number;
  rows: PaddedAxis;
  columns: PaddedAxis;
}

export const imageSize = ({ channels, rows, columns }: PaddedImages): number => channels * rows.size * columns.size;
export const planeSize = ({ rows, columns }: PaddedImages): number => rows.paddedSize * columns.paddedSize;
export const paddedImageSize = (images: PaddedImages): number => images.channels * planeSize(images);
const hasMargins = (images: PaddedImages): boolean => imageSize(images) !== paddedImageSize(images);

/** Loads `count` images from `first` on to `paddedAt`, by way of `rawAt` if they get margins, which must be zeros. */
export function loadImages(
  simd: Runtime,
  source: Float32Array,
  images: PaddedImages,
  first: number,
  count: number,
  rawAt: number,
  paddedAt: number,
): void {
  const { channels, rows, columns } = images;
  const size = imageSize(images);
  const pad = hasMargins(images);
  simd.floats.set(source.subarray(first * size, (first + count) * size), (pad ? rawAt : paddedAt) / 4);
  if (!pad) return;
  const toRow = 4 * columns.paddedSize;
  const to = paddedAt + rows.before * toRow + 4 * columns.before;
  simd.kernels.pad(to, 4 * planeSize(images), toRow, rawAt, count * channels, rows.size, columns.size);
}
