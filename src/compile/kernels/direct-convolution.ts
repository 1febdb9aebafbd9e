import { call, type FunctionBuilder, type Module } from "../../wasm/assembler.ts";
import type { Expression, Local } from "../../wasm/encoding.ts";
import { f32, f32x4, i32, v128 } from "../../wasm/instructions.ts";
import type { Kernel, Stage } from "../kernel.ts";
import { addPlaceImages, type Images, imageBytes, isPlain, tailBytes } from "./convolution-images.ts";
import { type AfterImages, addressOf, addZero, cut, forRange, imagesOf } from "./convolution-loops.ts";

/*
 * Convolution without packing: a register tile of some result channels by some vectors of adjoining result pixels,
 * which read adjoining pixels of the source at every tap. Where a row is no multiple of four its last vector overlaps
 * the one before, so that nothing is written beyond it.
 */

/** One convolution of stride 1 over images in place; a strided input gradient is several. Strides in bytes. */
export interface Correlation {
  rows: number;
  columns: number;
  /** Where result pixel (0, 0) lies in its plane, and the way to the next row and column. */
  start: number;
  rowStep: number;
  columnStep: number;
  /** From one row of results to the next, in the source. */
  sourceRowStep: number;
  /** Where the source is read for result pixel (0, 0), for each tap. */
  offsets: readonly number[];
  /** The weight of channel i for tap p is at i weightStep + weights[p]. */
  weightStep: number;
  weights: readonly number[];
}

/** Maps of images to images, group by group. */
export interface CorrelationPlan {
  batch: number;
  groups: number;
  /** Of the result in a group. */
  channels: number;
  resultImageBytes: number;
  resultPlaneBytes: number;
  weightGroupBytes: number;
  images: Images;
  correlations: readonly Correlation[];
  operations: number;
}

/** A row of result pixels as `loops` groups of full tiles, then some groups of vectors by their first columns. */
function splitRow(columns: number, most: number): { loops: number; groups: number[][] } {
  const starts = Array.from({ length: Math.ceil(columns / 4) }, (_, i) => Math.max(0, Math.min(4 * i, columns - 4)));
  const full = Math.floor(starts.length / most);
  const ragged = columns % 4 !== 0 || starts.length % most > 0;
  const loops = ragged ? Math.max(0, full - 1) : full;
  const rest = starts.slice(loops * most);
  const count = Math.ceil(rest.length / most);
  const groups: number[][] = [];
  for (let left = count; left > 0; left--) groups.push(rest.splice(0, Math.ceil(rest.length / left)));
  return { loops, groups };
}

/**
 * Result channels of a register tile. Its sums, the pixels and a factor for each channel fit into 15 registers, as the
 * engine loads all of a round before it multiplies. Few sums wait for one another: hence more channels in short rows.
 */
const tileChannels = (channels: number, columns: number): number => Math.min(channels, columns <= 4 ? 6 : 4);

/** The most vectors of a tile with so many channels. */
const mostVectors = (channels: number): number => [0, 7, 5, 3, 2, 1, 1][channels];

/** Bytes of what is packed for one tap of a tile: its weights, then the offset at which it reads the source. */
const tapBytes = (channels: number): number => 4 * (channels + 1);

/** Adds `correlate`: one image of a group, from weights packed in the order of the tiles. */
function addCorrelate(module: Module, plan: CorrelationPlan, correlation: Correlation) {
  const { rows, columns, rowStep, columnStep, sourceRowStep, offsets } = correlation;
  const tile = tileChannels(plan.channels, columns);
  const storedLanes = Math.min(4, columns);
  const store = (f: FunctionBuilder, to: Local<"i32">, sum: Expression<"v128">, offset: number) => {
    if (columnStep === 4 && storedLanes === 4) return f.do(v128.store(to, sum, offset));
    const vector = f.let(sum);
    for (let lane = 0; lane < storedLanes; lane++) f.do(v128.store32Lane(to, vector, lane, offset + lane * columnStep));
  };

  return module.function(
    "correlate",
    { result: "i32", weights: "i32", source: "i32" },
    (f, { result, weights, source }) => {
      const computeTile = (
        channels: number,
        starts: readonly number[],
        to: Local<"i32">,
        from: Local<"i32">,
        w: Local<"i32">,
      ) => {
        const sums = Array.from({ length: channels }, () => starts.map(() => f.local("v128")));
        const tap = f.let(i32.add(w, 0));
        const end = f.let(i32.add(w, offsets.length * tapBytes(channels)));
        const multiplyTap = (isFirst: boolean) => {
          const at = f.let(i32.add(from, i32.load(tap, 4 * channels)));
          const pixels = starts.map((start) => f.let(v128.load(at, 4 * start)));
          for (const [i, row] of sums.entries()) {
            const factor = f.let(v128.load32Splat(tap, 4 * i));
            for (const [j, sum] of row.entries()) {
              f.set(sum, isFirst ? f32x4.mul(factor, pixels[j]) : f.multiplyAdd(factor, pixels[j], sum));
            }
          }
          f.set(tap, i32.add(tap, tapBytes(channels)));
        };
        if (offsets.length === 0) for (const sum of sums.flat()) f.set(sum, f32x4.const(0, 0, 0, 0));
        if (offsets.length > 0) multiplyTap(true);
        // One tap a round: the engine would move the loads of several to the front, and run out of registers.
        if (offsets.length > 1) {
          f.doWhile(
            () => multiplyTap(false),
            () => i32.ltU(tap, end),
          );
        }
        for (const [i, row] of sums.entries()) {
          for (const [j, sum] of row.entries()) store(f, to, sum, i * plan.resultPlaneBytes + starts[j] * columnStep);
        }
      };

      const computeRow = (channels: number, to: Local<"i32">, from: Local<"i32">, w: Local<"i32">) => {
        const vectors = mostVectors(channels);
        const { loops, groups } = splitRow(columns, vectors);
        const [rowTo, rowFrom] = [f.let(i32.add(to, 0)), f.let(i32.add(from, 0))];
        const consecutive = Array.from({ length: vectors }, (_, j) => 4 * j);
        forRange(f, 0, loops, () => {
          computeTile(channels, consecutive, rowTo, rowFrom, w);
          f.set(rowTo, i32.add(rowTo, 4 * vectors * columnStep));
          f.set(rowFrom, i32.add(rowFrom, 16 * vectors));
        });
        const passed = 4 * vectors * loops;
        for (const starts of groups) {
          const relative = starts.map((start) => start - passed);
          // The overlapping vector of a row's end may begin before the loop's last column.
          const back = Math.min(0, ...relative);
          const [groupTo, groupFrom] =
            back === 0
              ? [rowTo, rowFrom]
              : [f.let(i32.add(rowTo, back * columnStep)), f.let(i32.add(rowFrom, 4 * back))];
          computeTile(
            channels,
            relative.map((start) => start - back),
            groupTo,
            groupFrom,
            w,
          );
        }
      };

      const from = f.let(i32.add(source, 0));
      const rowTo = f.let(i32.add(result, correlation.start));
      const [tiles, rest] = [Math.floor(plan.channels / tile), plan.channels % tile];
      forRange(f, 0, rows, () => {
        const [to, w] = [f.let(i32.add(rowTo, 0)), f.let(i32.add(weights, 0))];
        forRange(f, 0, tiles, () => {
          computeRow(tile, to, from, w);
          f.set(to, i32.add(to, tile * plan.resultPlaneBytes));
          f.set(w, i32.add(w, offsets.length * tapBytes(tile)));
        });
        if (rest > 0) computeRow(rest, to, from, w);
        f.set(rowTo, i32.add(rowTo, rowStep));
        f.set(from, i32.add(from, sourceRowStep));
      });
    },
  );
}

/** Bytes of the packed weights of one group. */
function packedBytes(plan: CorrelationPlan, correlation: Correlation): number {
  const tiles = Math.ceil(plan.channels / tileChannels(plan.channels, correlation.columns));
  return 4 * correlation.offsets.length * (plan.channels + tiles);
}

/** Adds `packWeights`: the weights of one group, and the offsets, in the order in which the tiles read them. */
function addPackWeights(module: Module, plan: CorrelationPlan, correlation: Correlation) {
  const { weights, weightStep } = correlation;
  const rows = tileChannels(plan.channels, correlation.columns);
  return module.function(
    "packWeights",
    { to: "i32", from: "i32", weightTable: "i32", offsetTable: "i32" },
    (f, { to, from, weightTable, offsetTable }) => {
      const packTile = (channels: number) => {
        const [weight, offset] = [f.let(i32.add(weightTable, 0)), f.let(i32.add(offsetTable, 0))];
        forRange(f, 0, weights.length, () => {
          const address = f.let(i32.add(from, i32.load(weight)));
          for (let i = 0; i < channels; i++) f.do(f32.store(to, f32.load(address, i * weightStep), 4 * i));
          f.do(i32.store(to, i32.load(offset), 4 * channels));
          f.set(to, i32.add(to, tapBytes(channels)));
          f.set(weight, i32.add(weight, 4));
          f.set(offset, i32.add(offset, 4));
        });
        f.set(from, i32.add(from, channels * weightStep));
      };
      forRange(f, 0, Math.floor(plan.channels / rows), () => packTile(rows));
      if (plan.channels % rows > 0) packTile(plan.channels % rows);
    },
  );
}

/** The kernel of a plan: inputs (source, w). */
export function directConvolution(plan: CorrelationPlan, afterImages?: AfterImages): Kernel {
  const { batch, groups, images, correlations } = plan;
  const sizes = correlations.map((correlation) => packedBytes(plan, correlation));
  const packedAt = correlations.map((_, i) => groups * sizes.slice(0, i).reduce((sum, size) => sum + size, 0));
  const plain = isPlain(images);
  const { parts, images: partImages } = cut(batch, 16);
  const sourceImageBytes = 4 * images.channels * images.rows.size * images.columns.size;
  const scratchBytes = imageBytes(images) + tailBytes(images);

  const pack: Stage = {
    parts: 1,
    emit: (module, f, _, at) => {
      for (const [i, correlation] of correlations.entries()) {
        const packWeights = addPackWeights(module, plan, correlation);
        forRange(f, 0, groups, (group) => {
          const to = addressOf(at.temporary + packedAt[i], [group, sizes[i]]);
          const from = addressOf(at.inputs[1], [group, plan.weightGroupBytes]);
          f.do(call(packWeights, { to, from, weightTable: at.constants[2 * i], offsetTable: at.constants[2 * i + 1] }));
        });
      }
    },
  };
  const map: Stage = {
    parts,
    emit: (module, f, part, at) => {
      const correlates = correlations.map((correlation) => addCorrelate(module, plan, correlation));
      const place = addPlaceImages(module, images);
      if (!plain) f.do(call(module.once(addZero), { to: at.scratch, bytes: scratchBytes }));
      const { first, last } = imagesOf(f, part, partImages, batch);
      forRange(f, first, last, (n) => {
        const image = f.let(addressOf(at.inputs[0], [n, sourceImageBytes]));
        if (!plain) {
          f.do(call(place, { to: at.scratch, from: image, planes: images.channels }));
          f.set(image, at.scratch);
        }
        forRange(f, 0, groups, (group) => {
          const source = f.let(addressOf(image, [group, imageBytes(images) / groups]));
          const channel = addressOf(at.output, [n, plan.resultImageBytes]);
          const result = f.let(addressOf(channel, [group, plan.channels * plan.resultPlaneBytes]));
          for (const [i, correlate] of correlates.entries()) {
            const weights = addressOf(at.temporary + packedAt[i], [group, sizes[i]]);
            f.do(call(correlate, { result, weights, source }));
          }
        });
      });
      afterImages?.(module, f, first, last, at);
    },
  };
  return {
    operations: plan.operations,
    stages: [pack, map],
    temporaryBytes: groups * sizes.reduce((sum, size) => sum + size, 0),
    scratchBytes: plain ? 0 : scratchBytes,
    constants: correlations.flatMap(({ weights, offsets }) => [Int32Array.from(weights), Int32Array.from(offsets)]),
  };
}
