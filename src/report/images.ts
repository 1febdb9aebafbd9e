import { ShapeError } from "../tensor/errors.ts";
import { expectInteger, expectOneOf, resolve } from "../tensor/options.ts";
import type { Numbers } from "./curves.ts";
import { escapeHtml } from "./plot.ts";

/** A picture of height x width values, row by row. */
export interface Picture {
  values: Numbers;
  height: number;
  width: number;
  /** A line or two below the picture. */
  caption?: string;
}

export interface ImageGridOptions {
  /** Pictures in a row. Default 6. */
  columns?: number;
  /** Side of a picture on the page, in pixels. Default 64. */
  side?: number;
  /**
   * "ink": dark strokes on white, from each picture's least value to its largest; "signed": blue below 0, white, red
   * above.
   */
  colours?: "ink" | "signed";
}

/** Small pictures in rows with captions, as one SVG. Needs no other package. */
export function imageGrid(pictures: readonly Picture[], options: ImageGridOptions = {}): string {
  const { columns, side, colours } = resolve<Required<ImageGridOptions>>("imageGrid", options, {
    columns: 6,
    side: 64,
    colours: "ink",
  });
  expectInteger("imageGrid", "columns", columns);
  expectInteger("imageGrid", "side", side);
  expectOneOf("imageGrid", "colours", colours, ["ink", "signed"]);
  const lines = Math.max(0, ...pictures.map(({ caption }) => caption?.split("\n").length ?? 0));
  const [gap, lineHeight] = [10, 14];
  const cellWidth = side + gap;
  const cellHeight = side + gap + lines * lineHeight;
  const cells = pictures.map((picture, i) => {
    const x = (i % columns) * cellWidth + gap / 2;
    const y = Math.floor(i / columns) * cellHeight + gap / 2;
    const captions = (picture.caption ?? "")
      .split("\n")
      .map((line, k) => `<text x="${x + side / 2}" y="${y + side + 12 + k * lineHeight}">${escapeHtml(line)}</text>`);
    return (
      `<image x="${x}" y="${y}" width="${side}" height="${side}" style="image-rendering:pixelated" href="${dataUri(picture, colours)}"/>` +
      `<rect x="${x - 0.5}" y="${y - 0.5}" width="${side + 1}" height="${side + 1}" fill="none" stroke="currentColor" stroke-opacity="0.2"/>${captions.join("")}`
    );
  });
  const width = Math.min(columns, Math.max(1, pictures.length)) * cellWidth;
  const height = Math.ceil(pictures.length / columns) * cellHeight;
  return `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="${pictures.length} pictures" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" text-anchor="middle" font-size="11" font-family="system-ui, sans-serif" fill="currentColor">${cells.join("")}</svg>`;
}

function dataUri({ values, height, width }: Picture, colours: "ink" | "signed"): string {
  if (values.length !== height * width) {
    throw new ShapeError(
      "imageGrid",
      `a picture of ${height} x ${width} needs ${height * width} values, got ${values.length}`,
    );
  }
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) {
    low = Math.min(low, values[i]);
    high = Math.max(high, values[i]);
  }
  const largest = Math.max(Math.abs(low), Math.abs(high)) || 1;
  const span = high - low || 1;
  const rgb = new Uint8Array(3 * values.length);
  for (let i = 0; i < values.length; i++) {
    const v = colours === "ink" ? (values[i] - low) / span : values[i] / largest;
    const fade = Math.round(255 * (1 - Math.abs(v)));
    const pixel = colours === "ink" ? [fade, fade, fade] : v < 0 ? [fade, fade, 255] : [255, fade, fade];
    rgb.set(pixel, 3 * i);
  }
  return `data:image/png;base64,${btoa(String.fromCharCode(...png(width, height, rgb)))}`;
}

/** A PNG file of 8-bit RGB pixels, uncompressed (one "stored" block of deflate, so at most 65,535 bytes of rows). */
export function png(width: number, height: number, rgb: Uint8Array): Uint8Array {
  const stride = 3 * width + 1;
  const length = stride * height;
  if (length > 0xffff) throw new ShapeError("png", `${width} x ${height} pixels are too many; 21,000 fit`);
  const rows = new Uint8Array(length); // each row starts with its filter, 0
  for (let y = 0; y < height; y++) rows.set(rgb.subarray(3 * width * y, 3 * width * (y + 1)), y * stride + 1);
  const stored = [0x78, 0x01, 1, length & 255, length >> 8, ~length & 255, (~length >> 8) & 255];
  const header = [...bigEndian(width), ...bigEndian(height), 8, 2, 0, 0, 0];
  return Uint8Array.from([
    ...[0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
    ...chunk("IHDR", header),
    ...chunk("IDAT", [...stored, ...rows, ...bigEndian(adler32(rows))]),
    ...chunk("IEND", []),
  ]);
}

const bigEndian = (value: number): number[] => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];

function chunk(type: string, content: readonly number[]): number[] {
  const body = [...Array.from(type, (letter) => letter.charCodeAt(0)), ...content];
  return [...bigEndian(content.length), ...body, ...bigEndian(crc32(body))];
}

function crc32(bytes: readonly number[]): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

function adler32(bytes: Uint8Array): number {
  let a = 1;
  let b = 0;
  for (const byte of bytes) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  return ((b << 16) | a) >>> 0;
}
