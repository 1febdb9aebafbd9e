import type { SliceAttributes } from "../../autograd/movement.ts";
import { bytesOf, type DType } from "../../tensor/dtype.ts";
import { type Shape, sizeOf, stridesOf } from "../../tensor/shape.ts";
import type { FunctionBuilder } from "../../wasm/assembler.ts";
import type { Expression } from "../../wasm/encoding.ts";
import { f32x4, f64x2, i8x16, i32, i32x4, v128 } from "../../wasm/instructions.ts";
import { transpose } from "../../wasm/pack-kernel.ts";
import type { Kernel, Layout, Lower } from "../kernel.ts";
import { copyElement, copyRun, fillRun, walkRuns } from "./runs.ts";
import { type Axis, axesOf, mergeAxes, type Share, singleStage, walk } from "./walk.ts";

/** An array to walk, in elements: where to start (default 0), and a stride for each axis of the walk. */
interface Strided {
  readonly start?: number;
  readonly strides: readonly number[];
}

/** What to copy where, element by element over all indices of `shape`. */
interface StridedCopy {
  readonly shape: Shape;
  readonly to: Strided;
  readonly from: Strided;
}

/** Appends a strided copy between arrays of a dtype at two addresses. */
function stridedCopy(
  f: FunctionBuilder,
  { shape, to, from }: StridedCopy,
  dtype: DType,
  toAddress: number,
  fromAddress: number,
  share: Share,
): void {
  if (sizeOf(shape) === 0) return;
  const bytes = bytesOf[dtype];
  const inBytes = (strides: readonly number[]) => strides.map((stride) => stride * bytes);
  const axes = mergeAxes(axesOf(shape, inBytes(to.strides), inBytes(from.strides)));
  if (axes.length === 0) axes.push({ size: 1, steps: [bytes, bytes] });
  const starts = [
    i32.const(toAddress + (to.start ?? 0) * bytes),
    i32.const(fromAddress + (from.start ?? 0) * bytes),
  ] as const;
  const inner = axes[axes.length - 1];
  const [toStep, fromStep] = inner.steps;
  const rows = axes.findIndex(({ steps }) => steps[1] === bytes);
  const lanes = 16 / bytes;

  if (toStep === bytes && fromStep === bytes) {
    const copy = ([target, source]: readonly Expression<"i32">[], count: number) =>
      copyRun(f, target, source, count * bytes);
    walkRuns(f, axes, bytes, starts, copy, share);
  } else if (toStep === bytes && fromStep === 0) {
    const repeat = ([target, source]: readonly Expression<"i32">[], count: number) =>
      fillRun(f, target, count * bytes, f.let(splatOf(bytes, source)));
    walkRuns(f, axes, bytes, starts, repeat, share);
  } else if (toStep === bytes && bytes > 1 && rows >= 0 && Math.min(inner.size, axes[rows].size) >= lanes) {
    transposeBlocks(f, axes, rows, bytes, starts, share);
  } else if (toStep === bytes && fromStep === -bytes && bytes > 1 && inner.size >= lanes) {
    const reverse = ([target, source]: readonly Expression<"i32">[]) => {
      const last = f.let(v128.load(i32.sub(source, 16 - bytes)));
      f.do(v128.store(target, f32x4.shuffle(last, last, bytes === 4 ? [3, 2, 1, 0] : [2, 3, 0, 1])));
    };
    walk(f, [...axes.slice(0, -1), { ...inner, block: lanes }], starts, reverse, share);
  } else {
    const block = Math.min(inner.size, 8);
    // An instruction's offset cannot be negative: elements that lie backwards are counted from the last of them.
    const back = fromStep < 0 ? (block - 1) * -fromStep : 0;
    const copyBlock = ([target, source]: readonly Expression<"i32">[]) => {
      const lowest = back > 0 ? f.let(i32.sub(source, back)) : source;
      for (let i = 0; i < block; i++) copyElement(f, bytes, target, i * toStep, lowest, back + i * fromStep);
    };
    walk(f, [...axes.slice(0, -1), { ...inner, block }], starts, copyBlock, share);
  }
}

/** An element in all lanes. */
function splatOf(bytes: number, at: Expression<"i32">): Expression<"v128"> {
  return bytes === 8 ? v128.load64Splat(at) : bytes === 4 ? v128.load32Splat(at) : v128.load8Splat(at);
}

/** The columns of a square given by its rows: 4 x 4 of 4 bytes, or 2 x 2 of 8. */
function transposed(f: FunctionBuilder, rows: Expression<"v128">[]): Expression<"v128">[] {
  if (rows.length === 4) return transpose(f, rows);
  const [a, b] = rows.map((row) => f.let(row));
  return [f32x4.shuffle(a, b, [0, 1, 4, 5]), f32x4.shuffle(a, b, [2, 3, 6, 7])];
}

/**
 * A copy whose source adjoins along axis `rows` and whose target along the last one, in blocks that take whole cache
 * lines of the source. The lines of the target that a block begins stay in the cache until the next blocks fill them,
 * except where rows are a multiple of 4096 bytes apart and all fall on the same place in it. There a block of 4-byte
 * elements is a square, and writes one line after the other in full.
 */
function transposeBlocks(
  f: FunctionBuilder,
  axes: readonly Axis[],
  rows: number,
  bytes: number,
  starts: readonly Expression<"i32">[],
  share: Share,
): void {
  const lanes = 16 / bytes;
  const inner = axes[axes.length - 1];
  const rowStep = axes[rows].steps[0];
  const columnStep = inner.steps[1];
  const line = 64 / bytes;
  const height = Math.min(axes[rows].size, line);
  const width = bytes === 4 && rowStep % 4096 === 0 ? Math.min(inner.size, line) : lanes;
  const others = axes.filter((_, axis) => axis !== rows && axis !== axes.length - 1);
  const blocks = [...others, { ...axes[rows], block: height }, { ...inner, block: width }];
  const startsOf = (size: number) =>
    Array.from({ length: Math.ceil(size / lanes) }, (_, i) => Math.min(i * lanes, size - lanes));
  const lane = Array.from({ length: lanes }, (_, i) => i);
  const copyBlock = ([target, source]: readonly Expression<"i32">[]) => {
    for (const row of startsOf(height)) {
      for (const column of startsOf(width)) {
        const square = lane.map((i) => v128.load(source, row * bytes + (column + i) * columnStep));
        transposed(f, square).forEach((vector, i) => {
          f.do(v128.store(target, vector, (row + i) * rowStep + column * bytes));
        });
      }
    }
  };
  walk(f, blocks, starts, copyBlock, share);
}

/** The kernel of an operation that is one strided copy. */
const copyKernel = ({ shape, dtype }: Layout, copy: StridedCopy): Kernel =>
  singleStage(sizeOf(shape), (f, at, share) => stridedCopy(f, copy, dtype, at.output, at.inputs[0], share));

export const lowerTranspose: Lower<{ axes: readonly number[] }> = (output, [x], { axes }) => {
  const strides = stridesOf(x.shape);
  const from = { strides: axes.map((axis) => strides[axis]) };
  return copyKernel(output, { shape: output.shape, to: { strides: stridesOf(output.shape) }, from });
};

export const lowerFlip: Lower<{ axes: readonly number[] }> = (output, _, { axes }) => {
  const { shape } = output;
  const strides = stridesOf(shape);
  const start = axes.reduce((at, axis) => at + (shape[axis] - 1) * strides[axis], 0);
  const backwards = strides.map((stride, axis) => (axes.includes(axis) ? -stride : stride));
  return copyKernel(output, { shape, to: { strides }, from: { start, strides: backwards } });
};

/** Where a walk from `start`, `step` positions at a time, begins in an array, and how far apart its elements are. */
const every = (strides: readonly number[], { start, step }: SliceAttributes): Strided => ({
  start: start.reduce((at, s, axis) => at + s * strides[axis], 0),
  strides: strides.map((stride, axis) => stride * step[axis]),
});

export const lowerSlice: Lower<SliceAttributes> = (output, [x], attributes) => {
  const from = every(stridesOf(x.shape), attributes);
  return copyKernel(output, { shape: output.shape, to: { strides: stridesOf(output.shape) }, from });
};

export const lowerPad: Lower<SliceAttributes & { value: number }> = ({ shape, dtype }, [x], attributes) => {
  const size = sizeOf(shape);
  const bytes = bytesOf[dtype];
  const strides = stridesOf(shape);
  const copy = { shape: x.shape, to: every(strides, attributes), from: { strides: stridesOf(x.shape) } };
  const { start, step, value } = attributes;

  /** Fills a run of elements at each position of some axes of x, between which the target moves by `strides`. */
  const fill = (
    f: FunctionBuilder,
    sizes: Shape,
    strides: readonly number[],
    at: number,
    run: number,
    share: Share,
  ) => {
    const axes = mergeAxes(
      axesOf(
        [...sizes, run],
        [...strides, 1].map((s) => s * bytes),
      ),
    );
    if (run === 0 || sizeOf(sizes) === 0) return;
    if (axes.length === 0 || run === 1) axes.push({ size: 1, steps: [bytes] });
    const pattern = f.let(patternOf(dtype, value));
    const starts = [i32.const(at)];
    walkRuns(f, axes, bytes, starts, ([to], count) => fillRun(f, to, count * bytes, pattern), share);
  };

  if (step.some((s, axis) => s !== 1 && x.shape[axis] > 1)) {
    const background = singleStage(size, (f, at, share) => fill(f, [], [], at.output, size, share));
    const content = singleStage(size, (f, at, share) => stridedCopy(f, copy, dtype, at.output, at.inputs[0], share));
    return { stages: [...background.stages, ...content.stages], operations: size };
  }
  // What lies before and after the content along an axis adjoins, for each position of the content on the axes outside.
  return singleStage(size, (f, at, share) => {
    let content = at.output;
    shape.forEach((full, axis) => {
      const outside = [x.shape.slice(0, axis), strides.slice(0, axis)] as const;
      const end = start[axis] + x.shape[axis];
      fill(f, ...outside, content, start[axis] * strides[axis], share);
      fill(f, ...outside, content + end * strides[axis] * bytes, (full - end) * strides[axis], share);
      content += start[axis] * strides[axis] * bytes;
    });
    stridedCopy(f, copy, dtype, at.output, at.inputs[0], share);
  });
};

/** A value in all lanes, as an array of the dtype stores it. */
function patternOf(dtype: DType, value: number): Expression<"v128"> {
  if (dtype === "float32") return f32x4.const(value, value, value, value);
  if (dtype === "float64") return f64x2.const(value, value);
  return dtype === "int32" ? i32x4.const(value, value, value, value) : i8x16.splat(value);
}

export const lowerConcat: Lower<{ axis: number }> = ({ shape, dtype }, inputs, { axis }) =>
  singleStage(sizeOf(shape), (f, at, share) => {
    const strides = stridesOf(shape);
    let start = 0;
    inputs.forEach((input, i) => {
      const copy = { shape: input.shape, to: { start, strides }, from: { strides: stridesOf(input.shape) } };
      stridedCopy(f, copy, dtype, at.output, at.inputs[i], share);
      start += input.shape[axis] * strides[axis];
    });
  });
