import type { DType } from "../../tensor/dtype.ts";
import type { TapeRecord } from "../../tensor/tensor.ts";
import type { FunctionBuilder, Module } from "../../wasm/assembler.ts";
import type { Expression, Local } from "../../wasm/encoding.ts";
import { f32, f32x4, f64, f64x2, i8x16, i16x8, i32, i32x4, v128 } from "../../wasm/instructions.ts";
import * as math from "../../wasm/vector-math.ts";
import { callHost } from "./host.ts";
import type { Accumulator, Lanes, Place, Value } from "./lanes.ts";
import { toInt32 } from "./scalar-lanes.ts";

// Values are v128: four float32, four int32, or four truth values, each 32 ones or zeros.

type V = Expression<"v128">;

/** Lanes summed in float32 before that loses digits; longer sums are carried in float64. */
const longSum = 512;

const all = [0, 1, 2, 3] as const;

const ones = (f: FunctionBuilder) => f.constant(i32x4.const(1, 1, 1, 1));
const zeros = (f: FunctionBuilder) => f.constant(i32x4.const(0, 0, 0, 0));
const splat = (f: FunctionBuilder, value: number) => f.constant(f32x4.const(value, value, value, value));

/** A mask of the first `count` lanes. */
const firstLanes = (f: FunctionBuilder, count: number) =>
  f.constant(i32x4.const(...(all.map((i) => (i < count ? -1 : 0)) as [number, number, number, number])));

/** Whether each element is not 0. */
function truth(f: FunctionBuilder, value: V, dtype: DType): V {
  if (dtype === "bool") return value;
  return dtype === "int32" ? i32x4.ne(value, zeros(f)) : f32x4.ne(value, splat(f, 0));
}

/** float32 to int32 as JavaScript converts: the fraction lost, wrapped modulo 2^32. */
function truncated(f: FunctionBuilder, x: V): V {
  const result = f.let(i32x4.truncSatF32x4S(x));
  // What does not fit saturates, and is rare: it is done one by one.
  const far = f32x4.ge(f32x4.abs(x), splat(f, 2 ** 31));
  f.if(v128.anyTrue(far), () => {
    for (const lane of all) {
      const value = f.let(toInt32(f, f64.promoteF32(f32x4.extractLane(x, lane))));
      f.set(result, i32x4.replaceLane(result, lane, value));
    }
  });
  return result;
}

function cast(f: FunctionBuilder, x: V, from: DType, to: DType): V {
  if (from === to) return x;
  if (to === "bool") return truth(f, x, from);
  if (from === "bool") return v128.and(x, to === "int32" ? ones(f) : splat(f, 1));
  return to === "int32" ? truncated(f, x) : f32x4.convertI32x4S(x);
}

type Rule = (f: FunctionBuilder, x: V, y: V) => V;

/** Rules that are one instruction. */
const asRules = (instructions: Record<string, (x: V, y: V) => V>): Record<string, Rule> =>
  Object.fromEntries(Object.entries(instructions).map(([name, op]) => [name, (_, x, y) => op(x, y)]));

const { eq, ne, lt, le, gt, ge, add, sub, mul, div, abs, neg, floor, ceil, sqrt } = f32x4;

const float32Rules: Record<string, Rule> = {
  ...asRules({ eq, ne, lt, le, gt, ge, add, sub, mul, div, abs, neg, floor, ceil, sqrt }),
  ...asRules({ maximum: f32x4.max, minimum: f32x4.min, round: f32x4.nearest, square: (x) => mul(x, x) }),
  pow: math.pow,
  atan2: math.atan2,
  logAddExp: math.logAddExp,
  sign: math.sign,
  rsqrt: (f, x) => div(splat(f, 1), sqrt(x)),
  reciprocal: (f, x) => div(splat(f, 1), x),
  exp: math.exp,
  expm1: math.expm1,
  log: math.log,
  log1p: math.log1p,
  sin: math.sin,
  cos: math.cos,
  tan: math.tan,
  asin: math.asin,
  acos: math.acos,
  atan: math.atan,
  sinh: math.sinh,
  cosh: math.cosh,
  tanh: math.tanh,
  // Not below or at 0: NaN stays.
  relu: (f, x) => v128.andNot(x, le(x, splat(f, 0))),
  sigmoid: math.sigmoid,
  softplus: math.softplus,
  erf: math.erf,
  erfc: math.erfc,
};

const itself = (x: V): V => x;

const int32Rules: Record<string, Rule> = {
  ...asRules({ eq: i32x4.eq, ne: i32x4.ne, lt: i32x4.ltS, le: i32x4.leS, gt: i32x4.gtS, ge: i32x4.geS }),
  ...asRules({ add: i32x4.add, sub: i32x4.sub, mul: i32x4.mul, abs: i32x4.abs, neg: i32x4.neg }),
  ...asRules({ maximum: i32x4.maxS, minimum: i32x4.minS, square: (x) => i32x4.mul(x, x) }),
  ...asRules({ floor: itself, ceil: itself, round: itself }),
  sign: (f, x) => i32x4.sub(i32x4.ltS(x, zeros(f)), i32x4.gtS(x, zeros(f))),
  relu: (f, x) => i32x4.maxS(x, zeros(f)),
};

/** Vectors of four. */
export const vectorLanes: Lanes = {
  width: 4,

  load: (f, dtype, { address, offset }, stride, count) => {
    if (dtype === "bool") return f.let(i32x4.ne(loadBytes(f, address, offset, stride, count), zeros(f)));
    if (stride === 0) return f.let(v128.load32Splat(address, offset));
    if (stride === 4) return f.let(v128.load(address, offset));
    return f.let(gathered(address, offset, stride, count));
  },

  store: (f, dtype, { address, offset }, value, count) => {
    const vector = value as V;
    if (dtype === "bool") {
      const halves = i16x8.narrowI32x4S(v128.and(vector, ones(f)), zeros(f));
      const bytes = f.let(i8x16.narrowI16x8U(halves, zeros(f)));
      if (count === 4) f.do(v128.store32Lane(address, bytes, 0, offset));
      else for (let i = 0; i < count; i++) f.do(v128.store8Lane(address, bytes, i, offset + i));
      return;
    }
    if (count === 4) f.do(v128.store(address, vector, offset));
    if (count === 2 || count === 3) f.do(v128.store64Lane(address, vector, 0, offset));
    if (count === 1) f.do(v128.store32Lane(address, vector, 0, offset));
    if (count === 3) f.do(v128.store32Lane(address, vector, 2, offset + 8));
  },

  save: (f, _, { address, offset }, value) => f.do(v128.store(address, value as V, offset)),
  loadSaved: (f, _, { address, offset }) => f.let(v128.load(address, offset)),

  constant: (f, dtype, value) => {
    if (dtype === "float32") return splat(f, value);
    const bits = dtype === "bool" ? -Number(value !== 0) : value;
    return f.constant(i32x4.const(bits, bits, bits, bits));
  },

  apply: (module, f, record, inputs) => f.let(applied(module, f, record, inputs as V[])),

  accumulator: (f, primitive, dtype, length, inner) => {
    if (dtype === "float32" && primitive === "sum" && length > longSum) return longAccumulator(f, inner <= longSum);
    if (dtype === "float32" && primitive !== "sum") return extremum(f, primitive);
    return accumulator(f, primitive, dtype);
  },
};

function loadBytes(f: FunctionBuilder, address: Expression<"i32">, offset: number, stride: number, count: number): V {
  if (stride === 0) return i32x4.splat(i32.load8U(address, offset));
  if (stride === 1) return i32x4.extendLowI16x8U(i16x8.extendLowI8x16U(v128.load32Zero(address, offset)));
  let lanes: V = zeros(f);
  for (let i = 0; i < count; i++) lanes = i32x4.replaceLane(lanes, i, i32.load8U(address, offset + i * stride));
  return lanes;
}

function gathered(address: Expression<"i32">, offset: number, stride: number, count: number): V {
  let lanes: V = v128.load32Zero(address, offset);
  for (let i = 1; i < count; i++) lanes = v128.load32Lane(address, lanes, i, offset + i * stride);
  return lanes;
}

function applied(
  module: Module,
  f: FunctionBuilder,
  { primitive: { name }, inputs: tensors, attributes, output }: TapeRecord,
  inputs: readonly V[],
): V {
  const dtypes = tensors.map((t) => t.dtype);
  const [x, y, z] = inputs;
  if (name === "cast") return cast(f, x, dtypes[0], output.dtype);
  if (name === "where") return v128.bitselect(y, z, truth(f, x, dtypes[0]));
  if (name === "logicalAnd") return v128.and(truth(f, x, dtypes[0]), truth(f, y, dtypes[1]));
  if (name === "logicalOr") return v128.or(truth(f, x, dtypes[0]), truth(f, y, dtypes[1]));
  if (attributes.range === "nonPositive") return math.expOfNonPositive(f, x);
  if (attributes.range === "unit") return math.log1pOfUnit(f, x);
  if (dtypes[0] === "bool" && name === "eq") return v128.not(v128.xor(x, y));
  if (dtypes[0] === "bool") {
    // Truth values compare as the numbers 0 and 1.
    const [a, b] = [x, y].map((v) => v && v128.and(v, ones(f)));
    return int32Rules[name](f, f.let(a), b && f.let(b));
  }
  const rule = (dtypes[0] === "int32" ? int32Rules : float32Rules)[name];
  if (rule !== undefined) return rule(f, x, y);
  const second = name === "polygamma" ? (attributes as { order: number }).order : undefined;
  const result = f.let(zeros(f) as V);
  for (const lane of all) {
    const element = (v: V) => f64.promoteF32(f32x4.extractLane(v, lane));
    const value = callHost(module, name, element(x), second ?? (y === undefined ? 0 : element(y)));
    f.set(result, f32x4.replaceLane(result, lane, f32.demoteF64(value)));
  }
  return result;
}

const starts: Record<string, Record<string, number>> = {
  sum: { float32: 0, int32: 0 },
  max: { float32: Number.NEGATIVE_INFINITY, int32: -(2 ** 31), bool: 0 },
  min: { float32: Number.POSITIVE_INFINITY, int32: 2 ** 31 - 1, bool: -1 },
};

function combinerOf(primitive: string, dtype: DType): (x: V, y: V) => V {
  if (dtype === "bool") return primitive === "max" ? v128.or : v128.and;
  const kind = dtype === "int32" ? i32x4 : f32x4;
  if (primitive === "sum") return kind.add;
  if (dtype === "int32") return primitive === "max" ? i32x4.maxS : i32x4.minS;
  return primitive === "max" ? f32x4.max : f32x4.min;
}

/**
 * The largest or smallest float32, NaN if any is. `pmax` is one instruction but passes over NaN, which is noted apart.
 */
function extremum(f: FunctionBuilder, primitive: string): Accumulator {
  const start = splat(f, starts[primitive].float32);
  const combine = primitive === "max" ? f32x4.pmax : f32x4.pmin;
  const either = primitive === "max" ? f32x4.max : f32x4.min;
  const best = f.let(start as V);
  const unordered = f.let(zeros(f) as V);
  const take = (value: V) => {
    const v = f.let(value);
    f.set(best, combine(best, v));
    f.set(unordered, v128.or(unordered, f32x4.ne(v, v)));
  };
  const whole = () => f.let(v128.or(best, unordered)); // all ones are a NaN
  const across = () => {
    const first = whole();
    const pairs = f.let(either(first, f32x4.shuffle(first, first, [2, 3, 0, 1])));
    return f.let(either(pairs, f32x4.shuffle(pairs, pairs, [1, 0, 3, 2])));
  };
  return {
    add: (value, count) => take(count === 4 ? (value as V) : v128.bitselect(value as V, start, firstLanes(f, count))),
    flush: () => {},
    finish: (isAcross) => (isAcross ? across() : whole()),
    save: ({ address, offset }) => f.do(v128.store32Lane(address, across(), 0, offset)),
    load: ({ address, offset }) => take(v128.bitselect(v128.load32Splat(address, offset), start, firstLanes(f, 1))),
  };
}

function accumulator(f: FunctionBuilder, primitive: string, dtype: DType): Accumulator {
  const start = vectorLanes.constant(
    f,
    dtype,
    dtype === "bool" ? -starts[primitive].bool : starts[primitive][dtype],
  ) as V;
  const combine = combinerOf(primitive, dtype);
  const total = f.let(start);
  const take = (value: V) => f.set(total, combine(total, value));
  /** The result of all lanes, in all lanes. */
  const across = (): V => {
    const pairs = f.let(combine(total, f32x4.shuffle(total, total, [2, 3, 0, 1])));
    return f.let(combine(pairs, f32x4.shuffle(pairs, pairs, [1, 0, 3, 2])));
  };
  return {
    add: (value, count) => take(count === 4 ? (value as V) : v128.bitselect(value as V, start, firstLanes(f, count))),
    flush: () => {},
    finish: (isAcross) => (isAcross ? across() : f.let(total as V)),
    save: ({ address, offset }: Place) => f.do(v128.store32Lane(address, across(), 0, offset)),
    load: ({ address, offset }: Place) =>
      take(v128.bitselect(v128.load32Splat(address, offset), start, firstLanes(f, 1))),
  };
}

/** A sum of float32 carried in float64: from innermost loop to innermost loop if these are short, else throughout. */
function longAccumulator(f: FunctionBuilder, byLoops: boolean): Accumulator {
  const [low, high]: Local<"v128">[] = [f.let(f64x2.const(0, 0)), f.let(f64x2.const(0, 0))];
  const ofLoop = f.let(splat(f, 0) as V);
  const upper = (v: V) => f32x4.shuffle(v, v, [2, 3, 2, 3]);
  const carry = (v: Local<"v128">) => {
    f.set(low, f64x2.add(low, f64x2.promoteLowF32x4(v)));
    f.set(high, f64x2.add(high, f64x2.promoteLowF32x4(upper(v))));
  };
  const across = () => {
    const both = f.let(f64x2.add(low, high));
    return f.let(f64.add(f64x2.extractLane(both, 0), f64x2.extractLane(both, 1)));
  };
  return {
    add: (value, count) => {
      const v = count === 4 ? (value as V) : v128.and(value as V, firstLanes(f, count));
      if (byLoops) f.set(ofLoop, f32x4.add(ofLoop, v));
      else carry(f.let(v));
    },
    flush: () => {
      if (!byLoops) return;
      carry(ofLoop);
      f.set(ofLoop, splat(f, 0));
    },
    finish: (isAcross): Value => {
      if (isAcross) return f.let(f32x4.splat(f32.demoteF64(across())));
      const halves = [low, high].map((v) => f32x4.demoteF64x2Zero(v));
      return f.let(f32x4.shuffle(halves[0], halves[1], [0, 1, 4, 5]));
    },
    save: ({ address, offset }) => f.do(f64.store(address, across(), offset)),
    load: ({ address, offset }) =>
      f.set(low, f64x2.add(low, f64x2.replaceLane(f.constant(f64x2.const(0, 0)), 0, f64.load(address, offset)))),
  };
}
