import { bytesOf, type DType } from "../../tensor/dtype.ts";
import { sizeOf } from "../../tensor/shape.ts";
import type { FunctionBuilder } from "../../wasm/assembler.ts";
import type { Expression, Local } from "../../wasm/encoding.ts";
import { f32, f32x4, f64, f64x2, i32, i32x4, i64x2, v128 } from "../../wasm/instructions.ts";
import type { Lower } from "../kernel.ts";
import { laneAxes, lanesOf, leastOf, vectorsOf, zeroVector } from "./lane-axes.ts";
import { partsOf, singleStage, walk } from "./walk.ts";

type Extremum = "max" | "min";

/**
 * How vectors of a dtype are compared. `pmax` and `pmin`, which forget some NaNs, are one instruction on most machines.
 */
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
