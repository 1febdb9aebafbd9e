import { call, type FunctionBuilder, type Module } from "../../wasm/assembler.ts";
import type { Expression, Local } from "../../wasm/encoding.ts";
import { f32x4, i32, i32x4, v128 } from "../../wasm/instructions.ts";
import type { Conv2dGeometry } from "../../wasm/plain-conv2d.ts";
import type { Kernel, Stage } from "../kernel.ts";
import { addDots, addTotals, dotSums, mostColumns, splitColumns, zeros } from "./convolution-dots.ts";
import { addPlaceImages, type Images, imageBytes, isPlain, tailBytes } from "./convolution-images.ts";
import { addressOf, addZero, cut, forRange, imagesOf, isNotFinite } from "./convolution-loops.ts";
import { addPlainConvolution, convolutionOperations, convolutionSizes } from "./plain-convolution.ts";

/*
 * dw[co, tap] = the sum over images and output pixels of dy[co, pixel] x[pixel + tap]: dot products of rows of dy and
 * rows of x in place. Each part adds up its images in a slot of its own, and the last stage adds the slots in order.
 * A slot holds, for each group, [taps, output channels rounded up to 4].
 */

/** Slots take at most so much, except that there may always be two. */
const slotsBytes = 1 << 23;

/** How the images are cut into parts with a slot each. */
export function cutIntoSlots(batch: number, slotBytes: number) {
  const most = Math.max(2, Math.min(8, Math.floor(slotsBytes / slotBytes)));
  return cut(batch, most);
}

/** What the direct kernel needs to know of the images of x: see `forwardImages`. */
export interface TapImages {
  images: Images;
  /** Where the channels and taps of a group are read for output (0, 0). */
  offsets: readonly number[];
  /** From one row of outputs to the next. */
  rowStep: number;
}

const quads = (count: number): number => 4 * Math.ceil(count / 4);

/** The offsets in each chunk of `size` from the chunk's first, where all chunks have the same and none is negative. */
function commonDifferences(offsets: readonly number[], size: number): number[] | undefined {
  const differences = offsets.slice(0, size).map((offset) => offset - offsets[0]);
  const common = offsets.every((offset, i) => offset - offsets[i - (i % size)] === differences[i % size]);
  return common && Math.min(...differences) >= 0 ? differences : undefined;
}

/** Adds `addImage`: the products of one image and group to a slot. */
function addImageDots(module: Module, g: Conv2dGeometry, { offsets, rowStep }: TapImages) {
  const channels = g.outChannels / g.groups;
  const plane = 4 * g.outHeight * g.outWidth;
  // Rows that follow one another in x as in dy are one long row.
  const flat = rowStep === 4 * g.outWidth;
  const [rows, columns] = flat ? [1, g.outHeight * g.outWidth] : [g.outHeight, g.outWidth];
  const [whole, rest] = [columns >> 2, columns % 4];
  const back = columns < 4 ? 0 : 4 - rest;

  return module.function(
    "addImage",
    { slot: "i32", dy: "i32", x: "i32", table: "i32" },
    (f, { slot, dy, x, table }) => {
      const tile = (
        tileRows: number,
        size: number,
        differences: readonly number[] | undefined,
        offset: Local<"i32">,
        to: Local<"i32">,
      ) => {
        const sums = dotSums(f, tileRows, size);
        const at = f.let(i32.add(dy, 0));
        const pointer = (j: number) => f.let(i32.add(x, i32.load(offset, 4 * j)));
        const pointers = differences ? [pointer(0)] : Array.from({ length: size }, (_, j) => pointer(j));
        const advance = (bytes: number) => {
          for (const pointer of pointers) f.set(pointer, i32.add(pointer, bytes));
        };
        const column = (j: number) => (differences ? v128.load(pointers[0], differences[j]) : v128.load(pointers[j]));
        forRange(f, 0, rows, () => {
          if (whole > 0) {
            const end = f.let(i32.add(at, 16 * whole));
            f.doWhile(
              () => {
                addDots(f, sums, (i) => v128.load(at, i * plane), column);
                f.set(at, i32.add(at, 16));
                advance(16);
              },
              () => i32.ltU(at, end),
            );
          }
          if (rest > 0) {
            // The rest once more as a vector, without the lanes that were added, or that lie beyond a row.
            f.set(at, i32.sub(at, 4 * back));
            advance(-4 * back);
            const wanted = [0, 1, 2, 3].map((lane) => ((columns < 4 ? lane < rest : lane >= back) ? -1 : 0));
            const mask = f.constant(i32x4.const(...(wanted as [number, number, number, number])));
            addDots(f, sums, (i) => v128.and(v128.load(at, i * plane), mask), column);
            f.set(at, i32.add(at, 4 * (rest + back)));
          }
          advance(rowStep - 16 * whole + (rest > 0 ? 4 * back : 0));
        });
        addTotals(f, sums, to, 4 * quads(channels));
        f.set(offset, i32.add(offset, 4 * size));
      };
      const tiles = (tileRows: number) => {
        const [offset, to] = [f.let(i32.add(table, 0)), f.let(i32.add(slot, 0))];
        let done = 0;
        for (const { size, times } of splitColumns(offsets.length, mostColumns(tileRows))) {
          const differences = commonDifferences(offsets.slice(done, done + size * times), size);
          forRange(f, 0, times, () => tile(tileRows, size, differences, offset, to));
          done += size * times;
        }
        f.set(dy, i32.add(dy, tileRows * plane));
        f.set(slot, i32.add(slot, 16));
      };
      forRange(f, 0, channels >> 2, () => tiles(4));
      if (channels % 4 > 0) tiles(channels % 4);
    },
  );
}

/** Appends the sum of the vectors at one place of every slot, in the order of the slots. */
export function sumOfSlots(
  f: FunctionBuilder,
  place: Local<"i32">,
  slots: number,
  slotBytes: number,
  offset = 0,
): Local<"v128"> {
  const sum = f.let(v128.load(place, offset));
  for (let slot = 1; slot < slots; slot++) f.set(sum, f32x4.add(sum, v128.load(place, slot * slotBytes + offset)));
  return sum;
}

/** Stores the first `lanes` lanes of a vector `step` bytes apart. */
export function scatterLanes(
  f: FunctionBuilder,
  to: Expression<"i32">,
  vector: Expression<"v128">,
  lanes: number,
  step: number,
  offset: number,
): void {
  for (let lane = 0; lane < lanes; lane++) f.do(v128.store32Lane(to, vector, lane, offset + lane * step));
}

/**
 * The last stage of a weight gradient. `write` writes dw from the slots and returns a vector that is not finite if
 * anything is not. An infinity or NaN beside the edge of an image, or anywhere in Winograd's transforms, reaches more
 * of dw than it should, so that the plain loops then do it again.
 */
export function finishGradient(
  g: Conv2dGeometry,
  write: (f: FunctionBuilder, dw: number, temporary: number) => Local<"v128">,
): Stage {
  return {
    parts: 1,
    emit: (module, f, _, at) => {
      const [x, y] = at.inputs;
      const redo = addPlainConvolution(module, "float32", g, "w", { x, y, w: at.output });
      const sum = write(f, at.output, at.temporary);
      f.if(isNotFinite(f, sum), () => {
        f.do(call(module.once(addZero), { to: at.output, bytes: 4 * convolutionSizes(g).w }));
        f.do(call(redo, { first: 0, last: g.batch, from: 0, to: g.outChannels }));
      });
    },
  };
}

/** dw by dot products; inputs (x, dy). */
export function directWeightGradient(g: Conv2dGeometry, tapImages: TapImages): Kernel {
  const { images, offsets } = tapImages;
  const channels = g.outChannels / g.groups;
  const sizes = convolutionSizes(g);
  const groupBytes = 4 * offsets.length * quads(channels);
  const slotBytes = g.groups * groupBytes;
  const { parts, images: partImages } = cutIntoSlots(g.batch, slotBytes);
  const plain = isPlain(images);
  const scratchBytes = imageBytes(images) + tailBytes(images);

  const accumulate: Stage = {
    parts,
    emit: (module, f, part, at) => {
      const zero = module.once(addZero);
      const place = addPlaceImages(module, images);
      const addImage = addImageDots(module, g, tapImages);
      const slot = f.let(addressOf(at.temporary, [part, slotBytes]));
      f.do(call(zero, { to: slot, bytes: slotBytes }));
      if (!plain) f.do(call(zero, { to: at.scratch, bytes: scratchBytes }));
      const { first, last } = imagesOf(f, part, partImages, g.batch);
      forRange(f, first, last, (n) => {
        const image = f.let(addressOf(at.inputs[0], [n, 4 * sizes.x]));
        if (!plain) {
          f.do(call(place, { to: at.scratch, from: image, planes: images.channels }));
          f.set(image, at.scratch);
        }
        const dy = addressOf(at.inputs[1], [n, 4 * sizes.y]);
        forRange(f, 0, g.groups, (group) => {
          f.do(
            call(addImage, {
              slot: addressOf(slot, [group, groupBytes]),
              dy: addressOf(dy, [group, (4 * sizes.y) / g.groups]),
              x: addressOf(image, [group, imageBytes(images) / g.groups]),
              table: at.constants[0],
            }),
          );
        });
      });
    },
  };
  const finish = finishGradient(g, (f, dw, temporary) => {
    const all = f.let(zeros);
    const step = 4 * offsets.length;
    const to = f.let(i32.const(dw));
    const from = f.let(i32.const(temporary));
    forRange(f, 0, g.groups, () => {
      forRange(f, 0, offsets.length, () => {
        const channelTo = f.let(i32.add(to, 0));
        const write = (lanes: number) => {
          const sum = sumOfSlots(f, from, parts, slotBytes);
          f.set(all, f32x4.add(all, sum));
          scatterLanes(f, channelTo, sum, lanes, step, 0);
          f.set(channelTo, i32.add(channelTo, 4 * step));
          f.set(from, i32.add(from, 16));
        };
        forRange(f, 0, channels >> 2, () => write(4));
        if (channels % 4 > 0) write(channels % 4);
        f.set(to, i32.add(to, 4));
      });
      f.set(to, i32.add(to, (channels - 1) * step));
    });
    return all;
  });
  return {
    operations: convolutionOperations(g),
    stages: [accumulate, finish],
    temporaryBytes: parts * slotBytes,
    scratchBytes: plain ? 0 : scratchBytes,
    constants: [Int32Array.from(offsets)],
  };
}
