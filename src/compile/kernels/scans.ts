import { bytesOf, type DType } from "../../tensor/dtype.ts";
import { sizeOf } from "../../tensor/shape.ts";
import { call, type FunctionBuilder, type Module } from "../../wasm/assembler.ts";
import type { Expression, Local } from "../../wasm/encoding.ts";
import { f32, f32x4, f64, f64x2, i32, i32x4, i64, i64x2, v128 } from "../../wasm/instructions.ts";
import type { Addresses, Layout, Lower } from "../kernel.ts";
import { type Axis, partsOf, roundUp, singleStage, walk } from "./walk.ts";

/** A tensor as lanes along an axis: how many before, how long, and how many that adjoin. */
function lanesOf({ shape }: Layout, axis: number): { outer: number; length: number; inner: number } {
  return { outer: sizeOf(shape.slice(0, axis)), length: shape[axis], inner: sizeOf(shape.slice(axis + 1)) };
}

/** How many vectors of neighbouring lanes to take at once: a cache line where there are so many. */
const vectorsOf = (inner: number, lanes: number): number => (inner >= 4 * lanes ? 4 : 1);

/** The lanes of some operands, so many neighbours at once; the axis of size 1 is left out. */
function laneAxes(
  outer: number,
  outerSteps: readonly number[],
  inner: number,
  innerSteps: readonly number[],
  block = 1,
) {
  const axes: Axis[] = [];
  if (outer > 1) axes.push({ size: outer, steps: outerSteps });
  if (inner > 1) axes.push({ size: inner, steps: innerSteps, block });
  return axes;
}

const leastOf = (a: Local<"i32">, b: Local<"i32">): Expression<"i32"> => i32.select(a, b, i32.ltU(a, b));

// cumsum

/** The running totals of one lane, or of the lanes in a vector: how they start, and what one element does. */
interface Running<T extends "f64" | "i32" | "v128"> {
  readonly total: readonly Expression<T>[];
  step(
    f: FunctionBuilder,
    totals: readonly Local<T>[],
    to: Expression<"i32">,
    from: Expression<"i32">,
    offset: number,
  ): void;
}

const zeroVector = i32x4.const(0, 0, 0, 0);

/** Adds an element to the total, which it stores. A float32 total is a float64, as in the eager loop. */
const float32Total: Running<"f64"> = {
  total: [f64.const(0)],
  step: (f, [total], to, from) => {
    f.set(total, f64.add(total, f64.promoteF32(f32.load(from))));
    f.do(f32.store(to, f32.demoteF64(total)));
  },
};

const float64Total: Running<"f64"> = {
  total: [f64.const(0)],
  step: (f, [total], to, from) => {
    f.set(total, f64.add(total, f64.load(from)));
    f.do(f64.store(to, total));
  },
};

const int32Total: Running<"i32"> = {
  total: [i32.const(0)],
  step: (f, [total], to, from) => {
    f.set(total, i32.add(total, i32.load(from)));
    f.do(i32.store(to, total));
  },
};

const boolTotal: Running<"i32"> = {
  total: [i32.const(0)],
  step: (f, [total], to, from) => {
    f.set(total, i32.add(total, i32.load8U(from)));
    f.do(i32.store8(to, total));
  },
};

const float32Totals: Running<"v128"> = {
  total: [zeroVector, zeroVector],
  step: (f, [low, high], to, from, offset) => {
    const next = f.let(v128.load(from, offset));
    f.set(low, f64x2.add(low, f64x2.promoteLowF32x4(next)));
    f.set(high, f64x2.add(high, f64x2.promoteLowF32x4(f32x4.shuffle(next, next, [2, 3, 2, 3]))));
    const [a, b] = [low, high].map((total) => f32x4.demoteF64x2Zero(total));
    f.do(v128.store(to, f32x4.shuffle(a, b, [0, 1, 4, 5]), offset));
  },
};

const totalsWith = (add: typeof f64x2.add): Running<"v128"> => ({
  total: [zeroVector],
  step: (f, [total], to, from, offset) => {
    f.set(total, add(total, v128.load(from, offset)));
    f.do(v128.store(to, total, offset));
  },
});

const vectorTotals = { float32: float32Totals, float64: totalsWith(f64x2.add), int32: totalsWith(i32x4.add) };

/** The running sum. */
export const lowerCumsum: Lower<{ axis: number }> = (output, [x], { axis }) => {
  const { dtype } = x;
  const { outer, length, inner } = lanesOf(x, axis);
  const bytes = bytesOf[dtype];
  const slab = length * inner * bytes;
  const along = { size: length, steps: [inner * bytes, inner * bytes] };

  const kernel = <T extends "f64" | "i32" | "v128">({ total, step }: Running<T>, block: number, vectors = 1) => {
    const axes = laneAxes(outer, [slab, slab], inner, [bytes, bytes], block);
    const sumLane = (f: FunctionBuilder, starts: readonly Expression<"i32">[]) => {
      const running = Array.from({ length: vectors }, () => total.map((start) => f.let(start)));
      walk(f, [along], starts, ([to, from]) => {
        running.forEach((totals, k) => {
          step(f, totals, to, from, 16 * k);
        });
      });
    };
    return singleStage(
      sizeOf(output.shape),
      (f, at, share) => walk(f, axes, [at.output, at.inputs[0]].map(i32.const), (starts) => sumLane(f, starts), share),
      Math.min(partsOf(sizeOf(x.shape)), Math.max(1, outer * Math.ceil(inner / block))),
    );
  };

  const lanes = 16 / bytes;
  if (dtype !== "bool" && inner >= lanes) {
    const vectors = vectorsOf(inner, lanes);
    return kernel(vectorTotals[dtype], lanes * vectors, vectors);
  }
  if (dtype === "float32") return kernel(float32Total, 1);
  if (dtype === "float64") return kernel(float64Total, 1);
  return kernel(dtype === "int32" ? int32Total : boolTotal, 1);
};

// argmax and argmin

type Extremum = "max" | "min";

/** How vectors of a dtype are compared. `pmax` and `pmin`, which forget some NaNs, are one instruction on most machines. */
const comparisons = {
  float32: { ...f32x4, lanes: 4, better: { max: f32x4.pmax, min: f32x4.pmin } },
  int32: { ...i32x4, lanes: 4, le: i32x4.leS, ge: i32x4.geS, better: { max: i32x4.maxS, min: i32x4.minS } },
  float64: { ...f64x2, lanes: 2, bitmask: i64x2.bitmask, better: { max: f64x2.pmax, min: f64x2.pmin } },
};

/**
 * The position of the extremum of one lane whose elements adjoin: a first pass finds the value and whether there is a
 * NaN, a second the first element that equals it or is a NaN. Both read vectors, the last of which ends with the lane.
 */
function positionInRow(
  f: FunctionBuilder,
  kind: Extremum,
  dtype: keyof typeof comparisons,
  from: Expression<"i32">,
  length: number,
): Expression<"i32"> {
  const { lanes, better, eq, ne } = comparisons[dtype];
  const bytes = bytesOf[dtype];
  const isFloat = dtype !== "int32";
  const vectors = Math.min(4, Math.floor(length / lanes));
  const nan = f.let(i32x4.const(0, 0, 0, 0));
  const bests = Array.from({ length: vectors }, (_, i) => f.let(v128.load(from, 16 * i)));
  walk(f, [{ size: length, steps: [bytes], block: vectors * lanes }], [from], ([at]) => {
    for (const [i, best] of bests.entries()) {
      const value = f.let(v128.load(at, 16 * i));
      f.set(best, better[kind](best, value));
      if (isFloat) f.set(nan, v128.or(nan, ne(value, value)));
    }
  });
  const best = f.let(bests.slice(1).reduce<Expression<"v128">>((a, b) => better[kind](a, b), bests[0]));
  f.set(best, better[kind](best, f32x4.shuffle(best, best, [2, 3, 0, 1])));
  if (lanes === 4) f.set(best, better[kind](best, f32x4.shuffle(best, best, [1, 0, 3, 2])));
  // Where there is a NaN, nothing may equal the best.
  if (isFloat) f.if(v128.anyTrue(nan), () => f.set(best, i32x4.const(-1, -1, -1, -1)));

  const position = f.let(from);
  const last = f.let(i32.add(from, (length - lanes) * bytes));
  const found = f.local("i32");
  const search = () => {
    const value = f.let(v128.load(position));
    const isMatch = isFloat ? v128.or(eq(value, best), ne(value, value)) : eq(value, best);
    f.set(found, (dtype === "float64" ? i64x2 : i32x4).bitmask(isMatch));
  };
  search();
  f.while(i32.eqz(found), () => {
    f.set(position, leastOf(f.let(i32.add(position, 16)), last));
    search();
  });
  return i32.add(i32.shrU(i32.sub(position, from), Math.log2(bytes)), i32.ctz(found));
}

/** Whether `value` takes the place of `best`: it is better, or the first NaN. */
function replaces(
  kind: Extremum,
  dtype: DType,
  value: Local<"f32" | "f64" | "i32">,
  best: Local<"f32" | "f64" | "i32">,
): Expression<"i32"> {
  if (dtype === "int32" || dtype === "bool") {
    return (kind === "max" ? i32.gtS : i32.ltS)(value as Local<"i32">, best as Local<"i32">);
  }
  const compare = dtype === "float32" ? f32 : f64;
  const [v, b] = [value, best] as [never, never];
  const notBetter = kind === "max" ? compare.le(v, b) : compare.ge(v, b);
  return i32.and(i32.eqz(notBetter), compare.eq(b, b));
}

const loadOf = (dtype: DType) =>
  ({ float32: f32.load, float64: f64.load, int32: i32.load, bool: i32.load8U })[dtype] as typeof f32.load;

const lowerExtremum =
  (kind: Extremum): Lower<{ axis: number; keepDims: boolean }> =>
  (output, [x], { axis }) => {
    const { dtype } = x;
    const { outer, length, inner } = lanesOf(x, axis);
    const bytes = bytesOf[dtype];
    const size = sizeOf(output.shape);
    if (size === 0) return { stages: [], operations: 0 };
    const slab = length * inner * bytes;
    const inVectors = (dtype === "float32" || dtype === "int32") && inner >= 4;
    const vectors = vectorsOf(inner, 4);
    const axes = laneAxes(outer, [4 * inner, slab], inner, [4, bytes], inVectors ? 4 * vectors : 1);
    const second = (f: FunctionBuilder, from: Expression<"i32">) => f.let(i32.add(from, inner * bytes));

    const ofRow = (f: FunctionBuilder, to: Expression<"i32">, from: Expression<"i32">) =>
      f.do(i32.store(to, positionInRow(f, kind, dtype as keyof typeof comparisons, from, length)));

    const ofLane = (f: FunctionBuilder, to: Expression<"i32">, from: Expression<"i32">) => {
      const load = loadOf(dtype);
      const best = f.let(load(from));
      const position = f.let(i32.const(0));
      const i = f.let(i32.const(0));
      walk(f, [{ size: length - 1, steps: [inner * bytes] }], [second(f, from)], ([at]) => {
        f.set(i, i32.add(i, 1));
        const value = f.let(load(at));
        f.if(replaces(kind, dtype, value, best), () => {
          f.set(best, value);
          f.set(position, i);
        });
      });
      f.do(i32.store(to, position));
    };

    const ofVectors = (f: FunctionBuilder, to: Expression<"i32">, from: Expression<"i32">) => {
      const { le, ge, eq } = comparisons[dtype as "float32" | "int32"];
      const bests = Array.from({ length: vectors }, (_, k) => f.let(v128.load(from, 16 * k)));
      const positions = bests.map(() => f.let(zeroVector));
      const i = f.let(zeroVector);
      const one = f.constant(i32x4.const(1, 1, 1, 1));
      walk(f, [{ size: length - 1, steps: [inner * bytes] }], [second(f, from)], ([at]) => {
        f.set(i, i32x4.add(i, one));
        bests.forEach((best, k) => {
          const value = f.let(v128.load(at, 16 * k));
          const notBetter = kind === "max" ? le(value, best) : ge(value, best);
          const replace = f.let(dtype === "int32" ? v128.not(notBetter) : v128.andNot(eq(best, best), notBetter));
          f.set(best, v128.bitselect(value, best, replace));
          f.set(positions[k], v128.bitselect(i, positions[k], replace));
        });
      });
      positions.forEach((position, k) => {
        f.do(v128.store(to, position, 16 * k));
      });
    };

    const inRows = inner === 1 && dtype !== "bool" && length >= comparisons[dtype].lanes;
    const one = inVectors ? ofVectors : inRows ? ofRow : ofLane;
    const kernel = singleStage(
      sizeOf(x.shape),
      (f, at, share) =>
        walk(f, axes, [at.output, at.inputs[0]].map(i32.const), ([to, from]) => one(f, to, from), share),
      Math.min(partsOf(sizeOf(x.shape)), size),
    );
    return { ...kernel, operations: sizeOf(x.shape) };
  };

export const lowerArgmax = lowerExtremum("max");
export const lowerArgmin = lowerExtremum("min");

// argsort

/**
 * A whole number that orders as the value does, signed: NaN the largest, zeros of both signs equal; complemented to sort
 * downwards. Of 32 bits, or of 64 for a float64.
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
 * Adds a function that sorts the records of so many bytes at `source`, of which runs of `sorted` bytes are in order, with
 * room for as many at `target`. Gives where the sorted records are, one of the two.
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
