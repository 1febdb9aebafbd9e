import { call, type Module } from "../../wasm/assembler.ts";
import type { Expression, Local } from "../../wasm/encoding.ts";
import { f32x4, i32, v128 } from "../../wasm/instructions.ts";
import type { Conv2dGeometry } from "../../wasm/plain-conv2d.ts";
import type { Kernel, Stage } from "../kernel.ts";
import { addPlaceImages, type Images, imageAxis, imageBytes, rowBytes, tailBytes } from "./convolution-images.ts";
import {
  type AfterImages,
  addressOf,
  addZero,
  cut,
  forRange,
  imagesOf,
  isNotFinite,
  minimum,
} from "./convolution-loops.ts";
import { addPlainConvolution, convolutionOperations, convolutionSizes } from "./plain-convolution.ts";
import {
  addTransformInput,
  addTransformOutput,
  type Matrices,
  matricesOf,
  type Origin,
  type Tiles,
  tilesOf,
  transformKernel,
} from "./winograd-transforms.ts";

/*
 * 3 x 3 convolutions of stride 1 by Winograd's transforms (see winograd-transforms.ts): for each of the 16 points, the
 * products of the channels are a matrix product over the tiles of a block of images.
 */

/** What the transforms of a block of images may take: a part of the second-level cache. */
const blockBytes = 320 * 1024;

/**
 * The images whose 4 x 4 tiles begin two apart, the first `top` rows above and `left` columns before them; where these
 * are negative it begins inside, at `origin`.
 */
export function tiledImages(
  channels: number,
  [height, width]: readonly [number, number],
  tiles: Tiles,
  [top, left]: readonly [number, number],
): { images: Images; origin: Origin } {
  const axis = (size: number, pad: number, stride: number, count: number) => {
    const origin = Math.max(0, -pad);
    const shifts = [0, 1, 2, 3].map((shift) => origin + shift);
    return { origin, axis: imageAxis(size, Math.max(0, pad), stride, count, shifts) };
  };
  const rows = axis(height, top, 1, 2 * tiles.rows - 1);
  const columns = axis(width, left, 2, tiles.columns);
  return {
    images: { channels, rows: rows.axis, columns: columns.axis },
    origin: { row: rows.origin, column: columns.origin },
  };
}

/** Tiles below which the transformed weights would be read too often. */
const fewestTiles = 48;

/** What is transformed at a time: some whole images, or some rows of tiles of one. */
export function blockOf(batch: number, tiles: Tiles, channels: number): { images: number; rows: number } {
  const tileRowBytes = 64 * tiles.columns * channels;
  const fewestRows = Math.ceil(fewestTiles / tiles.columns);
  const images = Math.max(Math.floor(blockBytes / (tiles.rows * tileRowBytes)), Math.floor(fewestRows / tiles.rows), 1);
  if (images > 1) return { images: cut(batch, Math.ceil(batch / images)).images, rows: tiles.rows };
  const rows = Math.min(tiles.rows, Math.max(Math.floor(blockBytes / tileRowBytes), fewestRows));
  return { images: 1, rows: Math.ceil(tiles.rows / Math.ceil(tiles.rows / rows)) };
}

/** A register tile: 8 sums, 2 vectors and 4 factors, which with a product fill the registers of x86-64. */
const tileChannels = 4;
const tileVectors = 2;

/** Sizes and strides of y = C(x, w), or of its adjoint, which is the same map with the kernel turned around. */
function planOf(g: Conv2dGeometry, target: "x" | "y") {
  const forward = target === "y";
  const [inputs, outputs] = forward ? [g.inChannels, g.outChannels] : [g.outChannels, g.inChannels];
  const [channels, results] = [inputs / g.groups, outputs / g.groups];
  const input = [g.height, g.width] as const;
  const output = [g.outHeight, g.outWidth] as const;
  const [source, result] = forward ? [input, output] : [output, input];
  const tiles = tilesOf(...result);
  const pad = [g.padTop, g.padLeft].map((size) => (forward ? size : 2 - size));
  const { images, origin } = tiledImages(channels, source, tiles, pad as [number, number]);
  const block = blockOf(g.batch, tiles, channels + results);
  const blockTiles = block.images * block.rows * tiles.columns;
  const packed = tileChannels * Math.ceil(results / tileChannels);
  const weightBytes = 9 * 4;
  const [resultStep, channelStep] = forward
    ? [channels * weightBytes, weightBytes]
    : [weightBytes, results * weightBytes];
  return {
    ...{ channels, results, result, tiles, images, origin, block, blockTiles, packed },
    ...{ forward, resultStep, channelStep },
    sourceMatrices: matricesOf(channels, blockTiles),
    resultMatrices: matricesOf(packed, blockTiles),
    groupWeights: channels * results * weightBytes,
    packedBytes: 16 * 4 * channels * packed,
  };
}

type Plan = ReturnType<typeof planOf>;

/** Adds `transformWeights`: G g Gt of one group, as [16, results / 4, channels, 4]. */
function addTransformWeights(module: Module, plan: Plan) {
  const { channels, results, packed, resultStep, channelStep, forward } = plan;
  return module.function("transformWeights", { to: "i32", from: "i32" }, (f, { to, from }) => {
    const transformFour = (lanes: number) => {
      const channelFrom = f.let(i32.add(from, 0));
      forRange(f, 0, channels, () => {
        const weights = Array.from({ length: 9 }, (_, tap) => {
          const offset = 4 * (forward ? tap : 8 - tap);
          const vector = f.let(v128.load32Zero(channelFrom, offset));
          for (let lane = 1; lane < lanes; lane++) {
            f.set(vector, v128.load32Lane(channelFrom, vector, lane, offset + lane * resultStep));
          }
          return vector;
        });
        for (const [point, value] of transformKernel(f, weights).entries()) {
          f.do(v128.store(to, value, 4 * point * channels * packed));
        }
        f.set(to, i32.add(to, 16));
        f.set(channelFrom, i32.add(channelFrom, channelStep));
      });
      f.set(from, i32.add(from, 4 * resultStep));
    };
    forRange(f, 0, results >> 2, () => transformFour(4));
    if (results % 4 > 0) transformFour(results % 4);
  });
}

/** Adds `multiplyPoints`: m[p] = u[p] v[p] for each of the 16 points and the first `tiles` tiles. */
function addMultiplyPoints(module: Module, plan: Plan, tiles: number) {
  const { channels, packed, sourceMatrices, resultMatrices } = plan;
  return module.function("multiplyPoints", { m: "i32", u: "i32", v: "i32" }, (f, { m, u, v }) => {
    const panel = (to: Expression<"i32">, from: Expression<"i32">, vectors: number) => {
      const tileTo = f.let(to);
      const factors = f.let(i32.add(u, 0));
      forRange(f, 0, packed / tileChannels, () => {
        const sums = Array.from({ length: tileChannels }, () => Array.from({ length: vectors }, () => f.local("v128")));
        const at = f.let(from);
        const end = f.let(i32.add(factors, 4 * tileChannels * channels));
        const multiplyChannel = (isFirst: boolean) => {
          const columns = sums[0].map((_, j) => f.let(v128.load(at, 16 * j)));
          for (const [i, row] of sums.entries()) {
            const factor = f.let(v128.load32Splat(factors, 4 * i));
            for (const [j, sum] of row.entries()) {
              f.set(sum, isFirst ? f32x4.mul(factor, columns[j]) : f.multiplyAdd(factor, columns[j], sum));
            }
          }
          f.set(factors, i32.add(factors, 4 * tileChannels));
          f.set(at, i32.add(at, sourceMatrices.row));
        };
        multiplyChannel(true);
        f.doWhile(
          () => multiplyChannel(false),
          () => i32.ltU(factors, end),
        );
        for (const [i, row] of sums.entries()) {
          for (const [j, sum] of row.entries()) f.do(v128.store(tileTo, sum, i * resultMatrices.row + 16 * j));
        }
        f.set(tileTo, i32.add(tileTo, tileChannels * resultMatrices.row));
      });
    };
    const vectors = Math.ceil(tiles / 4);
    forRange(f, 0, 16, () => {
      const [to, from] = [f.let(i32.add(m, 0)), f.let(i32.add(v, 0))];
      forRange(f, 0, Math.floor(vectors / tileVectors), () => {
        panel(to, from, tileVectors);
        f.set(to, i32.add(to, 16 * tileVectors));
        f.set(from, i32.add(from, 16 * tileVectors));
      });
      if (vectors % tileVectors > 0) panel(to, from, vectors % tileVectors);
      f.set(m, i32.add(m, resultMatrices.point));
      f.set(v, i32.add(v, sourceMatrices.point));
      f.set(u, i32.add(u, 4 * channels * packed));
    });
  });
}

export const matrixBytes = ({ point }: Matrices): number => 16 * point;

/** y = C(x, w), or its adjoint in x; inputs (source, w). */
export function winogradConvolution(g: Conv2dGeometry, target: "x" | "y", afterImages?: AfterImages): Kernel {
  const plan = planOf(g, target);
  const { images, origin, tiles, block, blockTiles, sourceMatrices, resultMatrices, packedBytes } = plan;
  const sizes = convolutionSizes(g);
  const [sourceBytes, resultBytes] = target === "y" ? [4 * sizes.x, 4 * sizes.y] : [4 * sizes.y, 4 * sizes.x];
  const placedBytes = imageBytes(images) + tailBytes(images);
  const sourceAt = 64 * Math.ceil(placedBytes / 64);
  const resultAt = sourceAt + matrixBytes(sourceMatrices);
  const { parts, images: partImages } = cut(g.batch, Math.ceil(g.batch / block.images));
  // The last block may have fewer images, or the last of an image fewer rows.
  const restImages = g.batch - (parts - 1) * partImages;
  const restRows = tiles.rows % block.rows || block.rows;
  const restTiles = restImages * restRows * tiles.columns;
  const [, width] = plan.result;
  const wholeRows = plan.result[0] >> 1;

  const weights: Stage = {
    parts: 1,
    emit: (module, f, _, at) => {
      const transform = addTransformWeights(module, plan);
      forRange(f, 0, g.groups, (group) => {
        const to = addressOf(at.temporary, [group, packedBytes]);
        f.do(call(transform, { to, from: addressOf(at.inputs[1], [group, plan.groupWeights]) }));
      });
    },
  };
  const map: Stage = {
    parts,
    emit: (module, f, part, at) => {
      const zero = module.once(addZero);
      const place = addPlaceImages(module, images);
      const transformInput = addTransformInput(module, images, origin, tiles, sourceMatrices);
      const resultChannels = { ...resultMatrices, channels: plan.results };
      const transformOutput = addTransformOutput(module, plan.result, tiles, resultChannels);
      const multiply = addMultiplyPoints(module, plan, blockTiles);
      const multiplyRest = restTiles === blockTiles ? multiply : addMultiplyPoints(module, plan, restTiles);
      const redo = addPlainConvolution(module, "float32", g, target, {
        ...{ x: at.inputs[0], y: at.inputs[0], w: at.inputs[1] },
        [target]: at.output,
      });

      const { first, last } = imagesOf(f, part, partImages, g.batch);
      const [v, m] = [f.let(i32.add(at.scratch, sourceAt)), f.let(i32.add(at.scratch, resultAt))];
      const sum = f.let(f32x4.const(0, 0, 0, 0));
      f.do(call(zero, { to: at.scratch, bytes: placedBytes }));

      const doRows = (group: Local<"i32">, row: Local<"i32">) => {
        const rows = f.let(minimum(i32.sub(tiles.rows, row), block.rows));
        const imageStep = f.let(i32.mul(rows, 4 * tiles.columns));
        const to = f.let(i32.add(v, 0));
        forRange(f, first, last, (n) => {
          const planes = addressOf(at.inputs[0], [n, sourceBytes], [group, sourceBytes / g.groups]);
          // The rows that follow find their one image in place.
          f.if(i32.eqz(row), () => f.do(call(place, { to: at.scratch, from: planes, planes: plan.channels })));
          f.do(call(transformInput, { to, from: addressOf(at.scratch, [row, 2 * rowBytes(images)]), rows }));
          f.set(to, i32.add(to, imageStep));
        });
        const product = { m, v, u: addressOf(at.temporary, [group, packedBytes]) };
        const isWhole = i32.eq(i32.mul(i32.sub(last, first), rows), block.images * block.rows);
        f.if(
          isWhole,
          () => f.do(call(multiply, product)),
          () => f.do(call(multiplyRest, product)),
        );
        const from = f.let(i32.add(m, 0));
        const whole = f.let(minimum(i32.sub(wholeRows, row), rows));
        forRange(f, first, last, (n) => {
          const result = addressOf(at.output, [n, resultBytes], [group, resultBytes / g.groups], [row, 8 * width]);
          f.set(sum, call(transformOutput, { to: result, from, rows: whole, half: i32.ltS(whole, rows), sum }));
          f.set(from, i32.add(from, imageStep));
        });
      };
      forRange(f, 0, g.groups, (group) => forRange(f, 0, tiles.rows, (row) => doRows(group, row), block.rows));
      f.if(isNotFinite(f, sum), () => {
        const count = i32.sub(last, first);
        f.do(call(zero, { to: addressOf(at.output, [first, resultBytes]), bytes: i32.mul(count, resultBytes) }));
        f.do(call(redo, { first, last, from: 0, to: g.outChannels }));
      });
      afterImages?.(module, f, first, last, at);
    },
  };
  return {
    operations: convolutionOperations(g),
    stages: [weights, map],
    temporaryBytes: g.groups * packedBytes,
    scratchBytes: resultAt + matrixBytes(resultMatrices),
  };
}
