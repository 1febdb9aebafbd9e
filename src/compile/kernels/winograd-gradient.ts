import { call, type Module } from "../../wasm/assembler.ts";
import type { Local } from "../../wasm/encoding.ts";
import { f32x4, i32, v128 } from "../../wasm/instructions.ts";
import type { Conv2dGeometry } from "../../wasm/plain-conv2d.ts";
import type { Kernel, Stage } from "../kernel.ts";
import { addDots, addTotals, dotSums, mostColumns, splitColumns, zeros } from "./convolution-dots.ts";
import { addPlaceImages, type Images, imageBytes, rowBytes, tailBytes } from "./convolution-images.ts";
import { addressOf, addZero, forRange, imagesOf, minimum } from "./convolution-loops.ts";
import { convolutionOperations, convolutionSizes } from "./plain-convolution.ts";
import { cutIntoSlots, finishGradient, scatterLanes, sumOfSlots } from "./weight-gradient.ts";
import { blockOf, matrixBytes, tiledImages } from "./winograd.ts";
import {
  addTransformGradient,
  addTransformInput,
  type Matrices,
  matricesOf,
  tilesOf,
  transformBack,
} from "./winograd-transforms.ts";

/**
 * Adds `addPoints`: slot[p, cin, cout] += the dot products of the rows of dy[p] and x[p] over `tiles` tiles, for each
 * of the 16 points.
 */
function addAddPoints(module: Module, x: Matrices, dy: Matrices) {
  const quads = Math.ceil(dy.channels / 4);
  return module.function(
    "addPoints",
    { slot: "i32", dy: "i32", x: "i32", tiles: "i32" },
    (f, { slot, dy: dyPoint, x: xPoint, tiles }) => {
      const rowBytes = f.let(i32.shl(i32.shrU(i32.add(tiles, 3), 2), 4));
      const tile = (rows: number, columns: number, dyFrom: Local<"i32">, xFrom: Local<"i32">, to: Local<"i32">) => {
        const sums = dotSums(f, rows, columns);
        const [a, b] = [f.let(i32.add(dyFrom, 0)), f.let(i32.add(xFrom, 0))];
        const end = f.let(i32.add(a, rowBytes));
        f.doWhile(
          () => {
            addDots(
              f,
              sums,
              (i) => v128.load(a, i * dy.row),
              (j) => v128.load(b, j * x.row),
            );
            f.set(a, i32.add(a, 16));
            f.set(b, i32.add(b, 16));
          },
          () => i32.ltU(a, end),
        );
        addTotals(f, sums, to, 16 * quads);
        f.set(xFrom, i32.add(xFrom, columns * x.row));
      };
      const tilesOfRows = (rows: number, dyFrom: Local<"i32">, slotFrom: Local<"i32">) => {
        const [xFrom, to] = [f.let(i32.add(xPoint, 0)), f.let(i32.add(slotFrom, 0))];
        for (const { size, times } of splitColumns(x.channels, mostColumns(rows))) {
          forRange(f, 0, times, () => tile(rows, size, dyFrom, xFrom, to));
        }
        f.set(dyFrom, i32.add(dyFrom, rows * dy.row));
        f.set(slotFrom, i32.add(slotFrom, 16));
      };
      forRange(f, 0, 16, () => {
        const [dyFrom, slotFrom] = [f.let(i32.add(dyPoint, 0)), f.let(i32.add(slot, 0))];
        forRange(f, 0, dy.channels >> 2, () => tilesOfRows(4, dyFrom, slotFrom));
        if (dy.channels % 4 > 0) tilesOfRows(dy.channels % 4, dyFrom, slotFrom);
        f.set(slot, i32.add(slot, 16 * quads * x.channels));
        f.set(dyPoint, i32.add(dyPoint, dy.point));
        f.set(xPoint, i32.add(xPoint, x.point));
      });
    },
  );
}

/** Adds `clearTail`: zeros after the tiles of every row, as dot products are of whole vectors. */
function addClearTail(module: Module, matrices: Matrices) {
  return module.function("clearTail", { at: "i32" }, (f, { at }) => {
    forRange(f, 0, 16, () => {
      const row = f.let(i32.add(at, 0));
      forRange(f, 0, matrices.channels, () => {
        f.do(v128.store(row, zeros));
        f.set(row, i32.add(row, matrices.row));
      });
      f.set(at, i32.add(at, matrices.point));
    });
  });
}

/** dw of a 3 x 3 convolution of stride 1; inputs (x, dy). */
export function winogradWeightGradient(g: Conv2dGeometry): Kernel {
  const [inputs, outputs] = [g.inChannels / g.groups, g.outChannels / g.groups];
  const tiles = tilesOf(g.outHeight, g.outWidth);
  const xImages = tiledImages(inputs, [g.height, g.width], tiles, [g.padTop, g.padLeft]);
  const dyImages = tiledImages(outputs, [g.outHeight, g.outWidth], tiles, [0, 0]);
  const quads = Math.ceil(outputs / 4);
  const pointBytes = 16 * quads * inputs;
  const slotBytes = g.groups * 16 * pointBytes;
  const { parts, images: partImages } = cutIntoSlots(g.batch, slotBytes);
  const block = blockOf(partImages, tiles, inputs + outputs);
  const blockTiles = block.images * block.rows * tiles.columns;
  const [x, dy] = [matricesOf(inputs, blockTiles), matricesOf(outputs, blockTiles)];
  const sizes = convolutionSizes(g);
  const aligned = (bytes: number) => 64 * Math.ceil(bytes / 64);
  const placed = ({ images }: { images: Images }) => aligned(imageBytes(images) + tailBytes(images));
  // Planes of whole tiles need no zeros beside them.
  const plainDy = g.outHeight % 2 === 0 && g.outWidth % 2 === 0;
  const [xBytes, dyBytes] = [placed(xImages), plainDy ? 0 : placed(dyImages)];
  const xAt = xBytes + dyBytes;
  const dyAt = xAt + matrixBytes(x);

  const accumulate: Stage = {
    parts,
    emit: (module, f, part, at) => {
      const zero = module.once(addZero);
      const placeX = addPlaceImages(module, xImages.images);
      const placeDy = plainDy ? undefined : addPlaceImages(module, dyImages.images);
      const transformX = addTransformInput(module, xImages.images, xImages.origin, tiles, x);
      const transformDy = addTransformGradient(module, plainDy ? undefined : dyImages.images, tiles, dy);
      const [clearX, clearDy] = [addClearTail(module, x), addClearTail(module, dy)];
      const addPoints = addAddPoints(module, x, dy);
      const slot = f.let(addressOf(at.temporary, [part, slotBytes]));
      f.do(call(zero, { to: slot, bytes: slotBytes }));
      f.do(call(zero, { to: at.scratch, bytes: xBytes + dyBytes }));
      const placedDy = f.let(i32.add(at.scratch, xBytes));
      const { first, last } = imagesOf(f, part, partImages, g.batch);
      const doRows = (group: Local<"i32">, start: Local<"i32">, end: Local<"i32">, row: Local<"i32">) => {
        const rows = f.let(minimum(i32.sub(tiles.rows, row), block.rows));
        const imageStep = f.let(i32.mul(rows, 4 * tiles.columns));
        const [toX, toDy] = [f.let(i32.add(at.scratch, xAt)), f.let(i32.add(at.scratch, dyAt))];
        forRange(f, start, end, (n) => {
          const image = (input: number, size: number) =>
            f.let(addressOf(at.inputs[input], [n, 4 * size], [group, (4 * size) / g.groups]));
          const [xImage, dyImage] = [image(0, sizes.x), image(1, sizes.y)];
          // The rows that follow find their one image in place.
          f.if(i32.eqz(row), () => {
            f.do(call(placeX, { to: at.scratch, from: xImage, planes: inputs }));
            if (placeDy) f.do(call(placeDy, { to: placedDy, from: dyImage, planes: outputs }));
          });
          const xFrom = addressOf(at.scratch, [row, 2 * rowBytes(xImages.images)]);
          const dyFrom = placeDy
            ? addressOf(placedDy, [row, 2 * rowBytes(dyImages.images)])
            : addressOf(dyImage, [row, 8 * g.outWidth]);
          f.do(call(transformX, { to: toX, from: xFrom, rows }));
          f.do(call(transformDy, { to: toDy, from: dyFrom, rows }));
          f.set(toX, i32.add(toX, imageStep));
          f.set(toDy, i32.add(toDy, imageStep));
        });
        f.do(call(clearX, { at: toX }));
        f.do(call(clearDy, { at: toDy }));
        f.do(
          call(addPoints, {
            slot: addressOf(slot, [group, 16 * pointBytes]),
            ...{ dy: i32.add(at.scratch, dyAt), x: i32.add(at.scratch, xAt) },
            tiles: i32.mul(i32.mul(i32.sub(end, start), rows), tiles.columns),
          }),
        );
      };
      forRange(f, 0, g.groups, (group) => {
        const doImages = (start: Local<"i32">) => {
          const end = f.let(minimum(i32.add(start, block.images), last));
          forRange(f, 0, tiles.rows, (row) => doRows(group, start, end, row), block.rows);
        };
        forRange(f, first, last, doImages, block.images);
      });
    },
  };
  const finish = finishGradient(g, (f, dw, temporary) => {
    const all = f.let(zeros);
    const step = 36 * inputs;
    const [group, groupTo] = [f.let(i32.const(temporary)), f.let(i32.const(dw))];
    forRange(f, 0, g.groups, () => {
      const [from, channelTo] = [f.let(i32.add(group, 0)), f.let(i32.add(groupTo, 0))];
      forRange(f, 0, inputs, () => {
        const to = f.let(i32.add(channelTo, 0));
        const write = (lanes: number) => {
          const sums = Array.from({ length: 16 }, (_, p) => sumOfSlots(f, from, parts, slotBytes, p * pointBytes));
          for (const [tap, vector] of transformBack(f, sums).entries()) {
            f.set(all, f32x4.add(all, vector));
            scatterLanes(f, to, vector, lanes, step, 4 * tap);
          }
          f.set(to, i32.add(to, 4 * step));
          f.set(from, i32.add(from, 16));
        };
        forRange(f, 0, outputs >> 2, () => write(4));
        if (outputs % 4 > 0) write(outputs % 4);
        f.set(channelTo, i32.add(channelTo, 36));
      });
      f.set(group, i32.add(group, 16 * pointBytes));
      f.set(groupTo, i32.add(groupTo, outputs * step));
    });
    return all;
  });
  return {
    operations: convolutionOperations(g),
    stages: [accumulate, finish],
    temporaryBytes: parts * slotBytes,
    scratchBytes: dyAt + matrixBytes(dy),
  };
}
