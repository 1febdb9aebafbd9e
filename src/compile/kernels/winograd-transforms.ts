import type { FunctionBuilder, Module } from "../../wasm/assembler.ts";
import type { Expression, Local } from "../../wasm/encoding.ts";
import { f32x4, i32, i32x4, v128 } from "../../wasm/instructions.ts";
import { columnOffset, type Images, planeBytes, rowBytes } from "./convolution-images.ts";
import { addressOf, forRange } from "./convolution-loops.ts";

/*
 * The transforms of Winograd's F(2 x 2, 3 x 3): a tile of 2 x 2 outputs from 4 x 4 inputs d by 16 products, not 36.
 *
 *     y = At [(G g Gt) * (Bt d B)] A      (* element by element; Lavin and Gray 2016, arXiv:1509.09308)
 *
 *         1  0 -1  0          1    0    0
 *     Bt  0  1  1  0      G  1/2  1/2  1/2     At  1  1  1  0
 *         0 -1  1  0         1/2 -1/2  1/2         0  1 -1 -1
 *         0  1  0 -1          0    0    1
 *
 * The map is bilinear in d and g, so that the gradient of g is the transpose: dg = Gt [(A dy At) * (Bt d B)] G.
 * Vectors are four tiles that adjoin in a row; a tile begins two columns after the one before, so images are in the two
 * phases of a stride of 2. What the transforms write are 16 matrices [channels, tiles].
 */

/** The tiles of a plane of outputs. */
export interface Tiles {
  rows: number;
  columns: number;
}

export const tilesOf = (height: number, width: number): Tiles => ({
  rows: Math.ceil(height / 2),
  columns: Math.ceil(width / 2),
});

/** Sizes in bytes of 16 matrices [channels, tiles]. */
export interface Matrices {
  channels: number;
  row: number;
  point: number;
}

/**
 * Room for whole vectors, and for a vector more than there are tiles. The steps are no multiples of 4 kB, at which the
 * first-level cache keeps few lines.
 */
export function matricesOf(channels: number, tiles: number): Matrices {
  const row = 16 * Math.ceil((tiles + 4) / 4);
  const apart = row % 1024 === 0 ? row + 64 : row;
  return { channels, row: apart, point: 64 * Math.ceil((channels * apart) / 64) + 128 };
}

const add = f32x4.add;
const sub = f32x4.sub;

/**
 * Calls `body` for each channel, each of some rows of tiles and each vector of four tiles of one image, with the source
 * of the vector's first tile and its place in the first matrix. The last vector of a row writes beyond it, where the
 * next row will write.
 */
function forVectors(
  f: FunctionBuilder,
  rows: Local<"i32">,
  columns: number,
  channels: number,
  source: { start: Local<"i32">; plane: number; tileRow: number; vector: number },
  target: { start: Local<"i32">; plane: number; tileRow: number },
  body: (from: Local<"i32">, to: Local<"i32">) => void,
): void {
  forRange(f, 0, channels, (channel) => {
    const rowFrom = f.let(addressOf(source.start, [channel, source.plane]));
    const rowTo = f.let(addressOf(target.start, [channel, target.plane]));
    forRange(f, 0, rows, () => {
      const [from, to] = [f.let(i32.add(rowFrom, 0)), f.let(i32.add(rowTo, 0))];
      forRange(f, 0, Math.ceil(columns / 4), () => {
        body(from, to);
        f.set(from, i32.add(from, source.vector));
        f.set(to, i32.add(to, 16));
      });
      f.set(rowFrom, i32.add(rowFrom, source.tileRow));
      f.set(rowTo, i32.add(rowTo, target.tileRow));
    });
  });
}

/** Where a tile's first row and column are read in an image. */
export interface Origin {
  row: number;
  column: number;
}

/** Adds `transformInput`: Bt d B of one image's channels, from images in two phases. */
export function addTransformInput(module: Module, images: Images, origin: Origin, tiles: Tiles, matrices: Matrices) {
  const offset = (row: number, column: number) =>
    (origin.row + row) * rowBytes(images) + columnOffset(images, origin.column + column);
  return module.function("transformInput", { to: "i32", from: "i32", rows: "i32" }, (f, { to, from, rows }) => {
    const source = { start: from, plane: planeBytes(images), tileRow: 2 * rowBytes(images), vector: 16 };
    const target = { start: to, plane: matrices.row, tileRow: 4 * tiles.columns };
    forVectors(f, rows, tiles.columns, matrices.channels, source, target, (at, place) => {
      const load = (column: number) => [0, 1, 2, 3].map((row) => f.let(v128.load(at, offset(row, column))));
      const combine = (operation: typeof add, a: Local<"v128">[], b: Local<"v128">[]) =>
        a.map((_, i) => f.let(operation(a[i], b[i])));
      const store = (column: number, [a, b, c, d]: Local<"v128">[]) => {
        const values = [sub(a, c), add(b, c), sub(c, b), sub(b, d)];
        for (const [row, value] of values.entries()) {
          f.do(v128.store(place, value, (4 * row + column) * matrices.point));
        }
      };
      // Column by column, each read again for the next: all 16 inputs do not fit into the registers.
      store(0, combine(sub, load(0), load(2)));
      const [second, third] = [load(1), load(2)];
      store(1, combine(add, second, third));
      store(2, combine(sub, third, second));
      store(3, combine(sub, load(1), load(3)));
    });
  });
}

/**
 * Adds `transformGradient`: A dy At of one image's channels, but with the signs of the last row and the last column
 * changed, which `transformBack` undoes. Reads images in two phases, or without `images` planes of whole tiles as they
 * are.
 */
export function addTransformGradient(module: Module, images: Images | undefined, tiles: Tiles, matrices: Matrices) {
  const row = images ? rowBytes(images) : 8 * tiles.columns;
  const plane = images ? planeBytes(images) : 2 * tiles.rows * row;
  return module.function("transformGradient", { to: "i32", from: "i32", rows: "i32" }, (f, { to, from, rows }) => {
    const source = { start: from, plane, tileRow: 2 * row, vector: images ? 16 : 32 };
    const target = { start: to, plane: matrices.row, tileRow: 4 * tiles.columns };
    forVectors(f, rows, tiles.columns, matrices.channels, source, target, (at, place) => {
      const evenAndOdd = (offset: number) =>
        images
          ? [0, 1].map((column) => f.let(v128.load(at, offset + columnOffset(images, column))))
          : deinterleave(f, f.let(v128.load(at, offset)), f.let(v128.load(at, offset + 16)));
      const [[a, b], [c, d]] = [evenAndOdd(0), evenAndOdd(row)];
      const spread = (first: Local<"v128">, second: Local<"v128">) => [
        first,
        f.let(add(first, second)),
        f.let(sub(first, second)),
        second,
      ];
      const [above, below] = [spread(a, b), spread(c, d)];
      for (const [column, first] of above.entries()) {
        for (const [tileRow, value] of spread(first, below[column]).entries()) {
          f.do(v128.store(place, value, (4 * tileRow + column) * matrices.point));
        }
      }
    });
  });
}

const deinterleave = (f: FunctionBuilder, a: Local<"v128">, b: Local<"v128">): Local<"v128">[] => [
  f.let(f32x4.shuffle(a, b, [0, 2, 4, 6])),
  f.let(f32x4.shuffle(a, b, [1, 3, 5, 7])),
];

/**
 * Adds `transformOutput`: y = At m A of some rows of tiles of one image's channels, and if `half` of one row of tiles
 * more, of which only the upper outputs exist. Returns what is not finite if `sum` or any output is
 * not, else something finite: the transforms spread an infinity or NaN to all outputs of a tile, where only some have
 * one.
 */
export function addTransformOutput(
  module: Module,
  [height, width]: readonly [number, number],
  tiles: Tiles,
  matrices: Matrices,
) {
  return module.function(
    "transformOutput",
    { to: "i32", from: "i32", rows: "i32", half: "i32", sum: "v128" },
    (f, { to, from, rows, half, sum }) => {
      const source = { start: from, plane: matrices.row, tileRow: 4 * tiles.columns };
      const target = { start: to, plane: 4 * height * width, tileRow: 8 * width };
      const vectors = Math.ceil(tiles.columns / 4);
      forRange(f, 0, matrices.channels, (channel) => {
        const rowFrom = f.let(addressOf(source.start, [channel, source.plane]));
        const rowTo = f.let(addressOf(target.start, [channel, target.plane]));
        const row = (outputRows: number) => {
          const [at, place] = [f.let(i32.add(rowFrom, 0)), f.let(i32.add(rowTo, 0))];
          forRange(f, 0, vectors - 1, () => {
            writeVector(f, at, place, sum, outputRows, 8);
            f.set(at, i32.add(at, 16));
            f.set(place, i32.add(place, 32));
          });
          writeVector(f, at, place, sum, outputRows, width - 8 * (vectors - 1));
          f.set(rowFrom, i32.add(rowFrom, source.tileRow));
          f.set(rowTo, i32.add(rowTo, target.tileRow));
        };
        forRange(f, 0, rows, () => row(2));
        if (height % 2 === 1) f.if(half, () => row(1));
      });
      return sum;
    },
  );

  /** One or two rows of up to eight outputs. */
  function writeVector(
    f: FunctionBuilder,
    at: Local<"i32">,
    place: Local<"i32">,
    sum: Local<"v128">,
    outputRows: number,
    outputColumns: number,
  ): void {
    const load = (row: number, column: number) => v128.load(at, (4 * row + column) * matrices.point);
    for (let row = 0; row < outputRows; row++) {
      const columns = [0, 1, 2, 3].map((column) => {
        const [a, b, c] = (row === 0 ? [0, 1, 2] : [1, 2, 3]).map((i) => load(i, column));
        return f.let(row === 0 ? add(add(a, b), c) : sub(sub(a, b), c));
      });
      const even = f.let(add(add(columns[0], columns[1]), columns[2]));
      const odd = f.let(sub(sub(columns[1], columns[2]), columns[3]));
      const halves = [f32x4.shuffle(even, odd, [0, 4, 1, 5]), f32x4.shuffle(even, odd, [2, 6, 3, 7])];
      for (const [half, expression] of halves.entries()) {
        const lanes = Math.min(4, outputColumns - 4 * half);
        if (lanes <= 0) continue;
        const vector = f.let(expression);
        writeLanes(f, place, vector, lanes, 4 * row * width + 16 * half);
        const inside = [0, 1, 2, 3].map((lane) => (lane < lanes ? -1 : 0)) as [number, number, number, number];
        const counted = lanes === 4 ? vector : v128.and(vector, f.constant(i32x4.const(...inside)));
        f.set(sum, add(sum, counted));
      }
    }
  }
}

function writeLanes(f: FunctionBuilder, to: Expression<"i32">, vector: Local<"v128">, lanes: number, offset: number) {
  if (lanes === 4) f.do(v128.store(to, vector, offset));
  if (lanes === 2 || lanes === 3) f.do(v128.store64Lane(to, vector, 0, offset));
  if (lanes === 1 || lanes === 3) f.do(v128.store32Lane(to, vector, lanes - 1, offset + 4 * (lanes - 1)));
}

/** The four products of G with a column: [a, (a + b + c) / 2, (a - b + c) / 2, c]. */
function multiplyG(f: FunctionBuilder, [a, b, c]: Expression<"v128">[]): Local<"v128">[] {
  const half = f.constant(f32x4.const(0.5, 0.5, 0.5, 0.5));
  const outer = f.let(f32x4.mul(half, add(a, c)));
  const inner = f.let(f32x4.mul(half, b));
  return [f.let(a), f.let(add(outer, inner)), f.let(sub(outer, inner)), f.let(c)];
}

/** G g Gt of four kernels, given their nine weights row by row; the result row by row. */
export function transformKernel(f: FunctionBuilder, weights: Local<"v128">[]): Local<"v128">[] {
  const columns = [0, 1, 2].map((j) => multiplyG(f, [weights[j], weights[3 + j], weights[6 + j]]));
  return [0, 1, 2, 3].flatMap((i) =>
    multiplyG(
      f,
      columns.map((column) => column[i]),
    ),
  );
}

/** The three products of Gt with a column whose last entry has its sign changed. */
function multiplyGt(f: FunctionBuilder, [a, b, c, d]: Expression<"v128">[]): Local<"v128">[] {
  const half = f.constant(f32x4.const(0.5, 0.5, 0.5, 0.5));
  const outer = f.let(f32x4.mul(half, add(b, c)));
  return [f.let(add(a, outer)), f.let(f32x4.mul(half, sub(b, c))), f.let(sub(outer, d))];
}

/** Gt m G of four kernels, given 16 values row by row, as `addTransformGradient` changed their signs. */
export function transformBack(f: FunctionBuilder, values: Local<"v128">[]): Local<"v128">[] {
  const columns = [0, 1, 2, 3].map((j) =>
    multiplyGt(
      f,
      [0, 1, 2, 3].map((i) => values[4 * i + j]),
    ),
  );
  return [0, 1, 2].flatMap((i) =>
    multiplyGt(
      f,
      columns.map((column) => column[i]),
    ),
  );
}
