import { bytesOf, type DType } from "../../tensor/dtype.ts";
import { type Shape, sizeOf, stridesOf } from "../../tensor/shape.ts";
import type { FunctionBuilder } from "../../wasm/assembler.ts";
import type { Expression, Local } from "../../wasm/encoding.ts";
import { f32, f32x4, f64, f64x2, i32, i32x4, v128 } from "../../wasm/instructions.ts";
import type { Layout, Lower } from "../kernel.ts";
import { copyElement, copyRun, fillArray, fillRun, walkRuns } from "./runs.ts";
import { type Axis, axesOf, least, mergeAxes, partsOf, roundUp, type Share, singleStage, walk } from "./walk.ts";

// An index out of range is an error that a check before the program reports: here it must only do no harm.

/** The index at an address, or the last one if it is negative or too large. */
const indexAt = (f: FunctionBuilder, address: Expression<"i32">, size: number, offset = 0): Expression<"i32"> =>
  least(f.let(i32.load(address, offset)), size - 1);

/** The address of the element that an index picks. */
const picked = (start: Expression<"i32">, index: Expression<"i32">, step: number): Expression<"i32"> =>
  i32.add(start, i32.mul(index, step));

const zeros = (f: FunctionBuilder): Local<"v128"> => f.let(i32x4.const(0, 0, 0, 0));

const sizeInBytes = ({ shape, dtype }: Layout): number => sizeOf(shape) * bytesOf[dtype];

const zeroFill = (output: Layout) =>
  singleStage(sizeOf(output.shape), (f, at, share) => fillArray(f, at.output, sizeInBytes(output), zeros(f), share));

/** to += from. */
function addElement(
  f: FunctionBuilder,
  dtype: DType,
  to: Expression<"i32">,
  from: Expression<"i32">,
  offset = 0,
): void {
  if (dtype === "float32") f.do(f32.store(to, f32.add(f32.load(to, offset), f32.load(from, offset)), offset));
  else if (dtype === "float64") f.do(f64.store(to, f64.add(f64.load(to, offset), f64.load(from, offset)), offset));
  else if (dtype === "int32") f.do(i32.store(to, i32.add(i32.load(to, offset), i32.load(from, offset)), offset));
  else f.do(i32.store8(to, i32.add(i32.load8U(to, offset), i32.load8U(from, offset)), offset));
}

function addVector(f: FunctionBuilder, dtype: DType, to: Expression<"i32">, from: Expression<"i32">, offset = 0): void {
  const add = dtype === "float32" ? f32x4.add : dtype === "float64" ? f64x2.add : i32x4.add;
  f.do(v128.store(to, add(v128.load(to, offset), v128.load(from, offset)), offset));
}

const mostUnrolled = 192;

/** to += from, of elements that adjoin. */
function addRun(
  f: FunctionBuilder,
  dtype: DType,
  to: Expression<"i32">,
  from: Expression<"i32">,
  bytes: number | Local<"i32">,
): void {
  const step = bytesOf[dtype];
  if (typeof bytes === "number" && bytes <= mostUnrolled) {
    let offset = 0;
    if (step > 1) for (; offset + 16 <= bytes; offset += 16) addVector(f, dtype, to, from, offset);
    for (; offset < bytes; offset += step) addElement(f, dtype, to, from, offset);
    return;
  }
  const moved = f.let(i32.const(0));
  const [target, source] = [i32.add(to, moved), i32.add(from, moved)];
  if (step > 1) {
    f.while(i32.leU(i32.add(moved, 16), bytes), () => {
      addVector(f, dtype, target, source);
      f.set(moved, i32.add(moved, 16));
    });
  }
  f.while(i32.ltU(moved, bytes), () => {
    addElement(f, dtype, target, source);
    f.set(moved, i32.add(moved, step));
  });
}

/**
 * The walk over all positions of indices of shape `chosen`, with the steps of an array like them, of one of `shape`
 * that stands still along `axis`, and of the indices.
 */
function picksOf(chosen: Shape, shape: Shape, axis: number, bytes: number): Axis[] {
  const strides = stridesOf(chosen);
  const along = (unit: number) => strides.map((stride) => stride * unit);
  const others = stridesOf(shape).map((stride, i) => (i === axis ? 0 : stride * bytes));
  return mergeAxes(axesOf(chosen, along(bytes), others, along(4)));
}

export const lowerGather: Lower<{ axis: number }> = (output, [x, indices], { axis }) => {
  const bytes = bytesOf[x.dtype];
  if (sizeOf(x.shape) === 0) return zeroFill(output);
  const axes = picksOf(indices.shape, x.shape, axis, bytes);
  const step = stridesOf(x.shape)[axis] * bytes;
  const inner = axes.pop() ?? { size: 1, steps: [bytes, 0, 4] };
  const block = Math.min(4, inner.size);
  return singleStage(sizeOf(output.shape), (f, at, share) => {
    const starts = [at.output, at.inputs[0], at.inputs[1]].map(i32.const);
    const pick = ([to, from, index]: readonly Expression<"i32">[]) => {
      for (let i = 0; i < block; i++) {
        const at = f.let(picked(from, indexAt(f, index, x.shape[axis], i * inner.steps[2]), step));
        copyElement(f, bytes, to, i * inner.steps[0], at, i * inner.steps[1]);
      }
    };
    walk(f, [...axes, { ...inner, block }], starts, pick, share);
  });
};

/**
 * Each element of the output belongs to one part: parts are cut across the axis along which indices pick, and each
 * adds in the order of the source.
 */
export const lowerScatter: Lower<{ axis: number; shape: Shape }> = (output, [source, indices], { axis }) => {
  const { shape, dtype } = output;
  const bytes = bytesOf[dtype];
  const zero = zeroFill(output);
  const size = sizeOf(source.shape);
  if (size === 0 || sizeOf(shape) === 0) return zero;
  const axes = picksOf(indices.shape, shape, axis, bytes);
  const step = stridesOf(shape)[axis] * bytes;
  const lengths = axes.map(({ size, steps }) => (steps[1] === 0 ? 0 : size));
  const longest = Math.max(0, ...lengths);
  const parts = longest === 0 ? 1 : partsOf(size);
  const add = singleStage(
    size,
    (f, at, share) => {
      const starts = [at.inputs[0], at.output, at.inputs[1]].map(i32.const);
      const addOne = ([from, to, index]: readonly Expression<"i32">[]) => {
        addElement(f, dtype, f.let(picked(to, indexAt(f, index, shape[axis]), step)), from);
      };
      walk(f, axes, starts, addOne, share, lengths.indexOf(longest));
    },
    parts,
  );
  return { stages: [...zero.stages, ...add.stages], operations: size };
};

export const lowerIndexSelect: Lower<{ axis: number }> = (output, [x, indices], { axis }) => {
  const bytes = bytesOf[x.dtype];
  if (sizeOf(x.shape) === 0) return zeroFill(output);
  const row = sizeOf(x.shape.slice(axis + 1)) * bytes;
  const outer = sizeOf(x.shape.slice(0, axis));
  const [chosen, size] = [sizeOf(indices.shape), x.shape[axis]];
  const axes = [
    { size: outer, steps: [chosen * row, size * row, 0] },
    { size: chosen, steps: [row, 0, 4] },
    { size: row / bytes, steps: [bytes, bytes, 0] },
  ];
  return singleStage(sizeOf(output.shape), (f, at, share) => {
    const starts = [at.output, at.inputs[0], at.inputs[1]].map(i32.const);
    const copy = ([to, from, index]: readonly Expression<"i32">[], count: number) =>
      copyRun(f, to, f.let(picked(from, indexAt(f, index, size), row)), count * bytes);
    walkRuns(f, axes, bytes, starts, copy, share);
  });
};

/** Fewer bytes than this of every row are not worth a part, and two parts would write to one cache line. */
const leastColumnBytes = 64;

/**
 * Each element of the output belongs to one part, which clears it and adds to it in the order of the rows: parts are
 * cut over the axes before `axis`, or over the columns.
 */
export const lowerIndexAdd: Lower<{ axis: number; size: number }> = (output, [rows, indices], { axis, size }) => {
  const { dtype } = rows;
  const bytes = bytesOf[dtype];
  const row = sizeOf(rows.shape.slice(axis + 1)) * bytes;
  const outer = sizeOf(rows.shape.slice(0, axis));
  const chosen = sizeOf(indices.shape);
  if (chosen === 0 || sizeOf(output.shape) === 0) return zeroFill(output);

  const work = sizeOf(rows.shape) + sizeOf(output.shape);
  const wanted = partsOf(work);
  const lines = bytes === 1 ? 1 : Math.floor(row / leastColumnBytes);
  const byColumns = wanted > 1 && outer < wanted && lines > outer;
  const parts = Math.min(wanted, byColumns ? lines : outer);
  const outerAxis = { size: outer, steps: [chosen * row, size * row] };
  const kernel = singleStage(
    work,
    (f, at, share) => {
      const starts = [at.inputs[0], at.output].map(i32.const);
      const addRows = (from: Expression<"i32">, to: Expression<"i32">, width: number | Local<"i32">) => {
        const addOne = ([source, index]: readonly Expression<"i32">[]) =>
          addRun(f, dtype, f.let(picked(to, indexAt(f, index, size), row)), source, width);
        walk(f, [{ size: chosen, steps: [row, 4] }], [from, i32.const(at.inputs[1])], addOne);
      };
      if (!byColumns) {
        const addSlab = ([from, to]: readonly Expression<"i32">[]) => {
          fillRun(f, to, size * row, zeros(f));
          addRows(from, to, row);
        };
        walk(f, [outerAxis], starts, addSlab, share, 0);
        return;
      }
      columns(f, row, share, (first, width) => {
        const here = starts.map((start) => f.let(i32.add(start, first)));
        walk(f, [outerAxis], here, ([from, to]) => {
          walk(f, [{ size, steps: [row] }], [to], ([line]) => clear(f, line, bytes, width));
          addRows(from, to, width);
        });
      });
    },
    parts,
  );
  return { ...kernel, operations: sizeOf(rows.shape) };
};

/** The part's columns of a row, in bytes: whole cache lines, but for the end of the row. */
function columns(
  f: FunctionBuilder,
  row: number,
  { part, parts }: Share,
  use: (first: Local<"i32">, width: Local<"i32">) => void,
): void {
  const each = roundUp(Math.ceil(row / parts), leastColumnBytes);
  const first = f.let(i32.mul(part, each));
  f.if(i32.ltU(first, row), () => use(first, f.let(least(f.let(i32.sub(row, first)), each))));
}

/** Zeros, of elements of 4 or 8 bytes. */
function clear(f: FunctionBuilder, to: Expression<"i32">, bytes: number, width: Local<"i32">): void {
  const zero = zeros(f);
  const moved = f.let(i32.const(0));
  const target = i32.add(to, moved);
  f.while(i32.leU(i32.add(moved, 16), width), () => {
    f.do(v128.store(target, zero));
    f.set(moved, i32.add(moved, 16));
  });
  f.while(i32.ltU(moved, width), () => {
    f.do(bytes === 8 ? v128.store64Lane(target, zero, 0) : v128.store32Lane(target, zero, 0));
    f.set(moved, i32.add(moved, bytes));
  });
}
