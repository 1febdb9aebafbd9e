import { bytesOf, type DType } from "../../tensor/dtype.ts";
import { sizeOf } from "../../tensor/shape.ts";
import { call, type FunctionBuilder, type Module } from "../../wasm/assembler.ts";
import type { Expression, Local } from "../../wasm/encoding.ts";
import { f32, f64, i32, i64, v128 } from "../../wasm/instructions.ts";
import type { Addresses, Lower } from "../kernel.ts";
import { laneAxes, lanesOf, leastOf } from "./lane-axes.ts";
import { partsOf, roundUp, walk } from "./walk.ts";

/**
 * A whole number that orders as the value does, signed: NaN the largest, zeros of both signs equal; complemented to
 * sort downwards. Of 32 bits, or of 64 for a float64.
 */
function keyOf(f: FunctionBuilder, dtype: DType, from: Expression<"i32">, descending: boolean): Expression<"i32"> {
  let key: Expression<"i32">;
  if (dtype === "float32") {
    const value = f.let(f32.load(from));
    // -0 + 0 = 0. The bits of a negative number order the wrong way round, all but the sign.
    const bits = f.let(i32.reinterpretF32(f32.add(value, 0)));
    const ordered = i32.xor(bits, i32.shrU(i32.shrS(bits, 31), 1));
    key = i32.select(0x7fff_ffff, ordered, f32.ne(value, value));
  } else key = dtype === "int32" ? i32.load(from) : i32.load8U(from);
  return descending ? i32.xor(key, -1) : key;
}

function key64Of(f: FunctionBuilder, from: Expression<"i32">, descending: boolean): Expression<"i64"> {
  const value = f.let(f64.load(from));
  const bits = f.let(i64.reinterpretF64(f64.add(value, 0)));
  const ordered = i64.xor(bits, i64.shrU(i64.shrS(bits, i64.const(63)), i64.const(1)));
  const largest = i64.shrU(i64.const(-1), i64.const(1));
  const key = i64.select(largest, ordered, f64.ne(value, value));
  return descending ? i64.xor(key, i64.const(-1)) : key;
}

/**
 * What is sorted: a 64-bit key to compare by, and after it the position if it is not part of the key. A key of 32 bits
 * in front of the position is unique, and sorts stably however it is sorted.
 */
interface Records {
  readonly bytes: 8 | 16;
  move(f: FunctionBuilder, to: Expression<"i32">, from: Expression<"i32">): void;
  /** Where in a record its position lies. */
  readonly positionOffset: number;
}

const narrow: Records = {
  bytes: 8,
  move: (f, to, from) => f.do(i64.store(to, i64.load(from))),
  positionOffset: 0,
};

const wide: Records = {
  bytes: 16,
  move: (f, to, from) => f.do(v128.store(to, v128.load(from))),
  positionOffset: 8,
};

/** Runs of this many records are sorted in registers before they are merged. */
const firstRun = 4;

/** Sorts four adjoining narrow records. */
function sortFour(f: FunctionBuilder, at: Expression<"i32">): void {
  const keys = [0, 8, 16, 24].map((offset) => f.let(i64.load(at, offset)));
  for (const [a, b] of [
    [0, 1],
    [2, 3],
    [0, 2],
    [1, 3],
    [1, 2],
  ]) {
    const swap = f.let(i64.ltS(keys[b], keys[a]));
    const smaller = f.let(i64.select(keys[b], keys[a], swap));
    f.set(keys[b], i64.select(keys[a], keys[b], swap));
    f.set(keys[a], smaller);
  }
  keys.forEach((key, i) => {
    f.do(i64.store(at, key, 8 * i));
  });
}

/** Merges the sorted records [left, middle) and [middle, right) to `to`. Of equal ones those of the left come first. */
function merge(
  f: FunctionBuilder,
  { bytes, move }: Records,
  to: Local<"i32">,
  start: Local<"i32">,
  middle: Local<"i32">,
  right: Local<"i32">,
): void {
  const [left, second] = [f.let(start), f.let(middle)];
  const advance = (pointer: Local<"i32">) => f.set(pointer, i32.add(pointer, bytes));
  // No branch depends on the keys: it would be mispredicted every other time.
  f.while(i32.and(i32.ltU(left, middle), i32.ltU(second, right)), () => {
    const takeSecond = f.let(i64.ltS(i64.load(second), i64.load(left)));
    const from = i32.xor(left, i32.and(i32.xor(left, second), i32.sub(0, takeSecond)));
    move(f, to, from);
    const moved = f.let(i32.shl(takeSecond, Math.log2(bytes)));
    f.set(second, i32.add(second, moved));
    f.set(left, i32.sub(i32.add(left, bytes), moved));
    advance(to);
  });
  for (const [pointer, end] of [
    [left, middle],
    [second, right],
  ]) {
    f.while(i32.ltU(pointer, end), () => {
      move(f, to, pointer);
      advance(pointer);
      advance(to);
    });
  }
}

/**
 * Adds a function that sorts the records of so many bytes at `source`, of which runs of `sorted` bytes are in order,
 * with room for as many at `target`. Gives where the sorted records are, one of the two.
 */
const addMergeSort = (module: Module, records: Records) =>
  module.function(
    `mergeSort${records.bytes}`,
    { source: "i32", target: "i32", bytes: "i32", sorted: "i32" },
    (f, { source, target, bytes, sorted }) => {
      f.while(i32.ltU(sorted, bytes), () => {
        const end = f.let(i32.add(source, bytes));
        const left = f.let(source);
        const to = f.let(target);
        f.while(i32.ltU(left, end), () => {
          const middle = f.let(leastOf(f.let(i32.add(left, sorted)), end));
          const right = f.let(leastOf(f.let(i32.add(middle, sorted)), end));
          merge(f, records, to, left, middle, right);
          f.set(left, right);
        });
        const swapped = f.let(source);
        f.set(source, target);
        f.set(target, swapped);
        f.set(sorted, i32.shl(sorted, 1));
      });
      return source;
    },
  );

const sortNarrow = (module: Module) => addMergeSort(module, narrow);
const sortWide = (module: Module) => addMergeSort(module, wide);

/** A stable merge sort of positions by their elements' keys, lane by lane. */
export const lowerArgsort: Lower<{ axis: number; descending: boolean }> = (output, [x], { axis, descending }) => {
  const { dtype } = x;
  const { outer, length, inner } = lanesOf(x, axis);
  const size = sizeOf(output.shape);
  if (size === 0) return { stages: [], operations: 0 };
  const bytes = bytesOf[dtype];
  const records = dtype === "float64" ? wide : narrow;
  const room = roundUp(length, firstRun) * records.bytes;
  const axes = laneAxes(outer, [4 * length * inner, bytes * length * inner], inner, [4, bytes]);
  const passes = Math.ceil(Math.log2(Math.max(2, length)));
  const parts = Math.min(partsOf(size * passes), outer * inner);

  const emit = (module: Module, f: FunctionBuilder, part: Local<"i32">, at: Addresses) => {
    const sort = module.once(records === narrow ? sortNarrow : sortWide);
    const fill = (from: Expression<"i32">) => {
      const position = f.let(i32.const(0));
      const starts = [from, at.scratch];
      walk(f, [{ size: length, steps: [inner * bytes, records.bytes] }], starts, ([element, record]) => {
        if (dtype === "float64") {
          f.do(i64.store(record, key64Of(f, element, descending)));
          f.do(i32.store(record, position, 8));
        } else {
          f.do(i32.store(record, position));
          f.do(i32.store(record, keyOf(f, dtype, element, descending), 4));
        }
        f.set(position, i32.add(position, 1));
      });
      if (records === wide) return;
      for (let i = length * 8; i < room; i += 8) {
        f.do(i64.store(at.scratch, i64.shrU(i64.const(-1), i64.const(1)), i));
      }
      walk(f, [{ size: room / (8 * firstRun), steps: [8 * firstRun] }], [at.scratch], ([run]) => sortFour(f, run));
    };
    const sortLane = ([to, from]: readonly Expression<"i32">[]) => {
      fill(from);
      const sorted = call(sort, {
        source: at.scratch,
        target: i32.add(at.scratch, room),
        bytes: length * records.bytes,
        sorted: (records === narrow ? firstRun : 1) * records.bytes,
      });
      const along = { size: length, steps: [4 * inner, records.bytes] };
      walk(f, [along], [to, f.let(sorted)], ([position, record]) => {
        f.do(i32.store(position, i32.load(record, records.positionOffset)));
      });
    };
    walk(f, axes, [at.output, at.inputs[0]].map(i32.const), sortLane, { part, parts });
  };
  return { stages: [{ parts, emit }], scratchBytes: 2 * room, operations: size * passes };
};
