import type { DType } from "../../tensor/dtype.ts";
import type { TapeRecord } from "../../tensor/tensor.ts";
import type { FunctionBuilder } from "../../wasm/assembler.ts";
import type { Expression, Local, ValueType } from "../../wasm/encoding.ts";
import { f32, f64, i32 } from "../../wasm/instructions.ts";
import { callHost } from "./host.ts";
import type { Accumulator, Lanes, Place, Value } from "./lanes.ts";

type F64 = Expression<"f64">;
type I32 = Expression<"i32">;

const typeOf: Record<DType, ValueType> = { float32: "f32", float64: "f64", int32: "i32", bool: "i32" };

/** The same number as a float64, in which all arithmetic is done, as in eager kernels. */
export function widened(value: Value): F64 {
  if (value.type === "f64") return value as F64;
  return value.type === "f32" ? f64.promoteF32(value as Expression<"f32">) : f64.convertI32S(value as I32);
}

const truth = (value: Value): I32 => (value.type === "i32" ? i32.ne(value as I32, 0) : f64.ne(widened(value), 0));

/** A float64 as the element type of a dtype, as a typed array stores it. */
function narrowed(f: FunctionBuilder, value: F64, dtype: DType): Value {
  if (dtype === "float64") return value;
  if (dtype === "float32") return f32.demoteF64(value);
  if (dtype === "bool") return f64.ne(value, 0);
  return f.let(toInt32(f, value));
}

/** JavaScript's ToInt32: the fraction lost, wrapped modulo 2^32; 0 for NaN and infinities. */
export function toInt32(f: FunctionBuilder, value: F64): I32 {
  const whole = f.let(f64.trunc(value));
  const turns = f64.floor(f64.mul(whole, 2 ** -32));
  const unsigned = f.let(f64.sub(whole, f64.mul(turns, 2 ** 32))); // in [0, 2^32), NaN for an infinity
  const signed = f64.sub(unsigned, f64.select(f64.const(2 ** 32), f64.const(0), f64.ge(unsigned, 2 ** 31)));
  return i32.truncSatF64(signed);
}

const arithmetic: Record<string, (x: F64, y: F64) => F64> = {
  add: f64.add,
  sub: f64.sub,
  mul: f64.mul,
  div: f64.div,
  maximum: f64.max,
  minimum: f64.min,
};

const comparisons: Record<string, (x: F64, y: F64) => I32> = {
  eq: f64.eq,
  ne: f64.ne,
  lt: f64.lt,
  le: f64.le,
  gt: f64.gt,
  ge: f64.ge,
};

const functions: Record<string, (x: F64) => F64> = {
  neg: f64.neg,
  abs: f64.abs,
  sqrt: f64.sqrt,
  floor: f64.floor,
  ceil: f64.ceil,
  round: f64.nearest,
  square: (x) => f64.mul(x, x),
  rsqrt: (x) => f64.div(1, f64.sqrt(x)),
  reciprocal: (x) => f64.div(1, x),
};

/** Elements one by one, computed in float64. What WebAssembly has no instruction for is asked of JavaScript. */
export const scalarLanes: Lanes = {
  width: 1,

  load: (f, dtype, { address, offset }) => {
    if (dtype === "float32") return f.let(f32.load(address, offset));
    if (dtype === "float64") return f.let(f64.load(address, offset));
    return f.let(dtype === "int32" ? i32.load(address, offset) : i32.ne(i32.load8U(address, offset), 0));
  },

  store: (f, dtype, { address, offset }, value) => {
    if (dtype === "float32") f.do(f32.store(address, value as Expression<"f32">, offset));
    else if (dtype === "float64") f.do(f64.store(address, value as F64, offset));
    else if (dtype === "int32") f.do(i32.store(address, value as I32, offset));
    else f.do(i32.store8(address, value as I32, offset));
  },

  save: (f, _, { address, offset }, value) => f.do(f64.store(address, widened(value), offset)),
  loadSaved: (f, dtype, { address, offset }) => f.let(narrowed(f, f64.load(address, offset), dtype)),

  constant: (_, dtype, value) => {
    if (dtype === "float32") return f32.const(value);
    return dtype === "float64" ? f64.const(value) : i32.const(value);
  },

  apply: (module, f, record, inputs) => f.let(applied(module, f, record, inputs)),

  accumulator: (f, primitive, dtype) => {
    if (dtype === "int32" || dtype === "bool") return integerAccumulator(f, primitive, dtype);
    const start = primitive === "sum" ? 0 : primitive === "max" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    const combine = primitive === "sum" ? f64.add : primitive === "max" ? f64.max : f64.min;
    const total = f.let(f64.const(start));
    const take = (value: F64) => f.set(total, combine(total, value));
    return {
      add: (value) => take(widened(value)),
      flush: () => {},
      finish: () => f.let(narrowed(f, total, dtype)),
      save: ({ address, offset }) => f.do(f64.store(address, total, offset)),
      load: ({ address, offset }) => take(f64.load(address, offset)),
    };
  },
};

function applied(
  module: Parameters<Lanes["apply"]>[0],
  f: FunctionBuilder,
  { primitive: { name }, attributes, output: { dtype } }: TapeRecord,
  inputs: readonly Value[],
): Value {
  const [a, b, c] = inputs;
  if (name === "cast") return dtype === "bool" ? truth(a) : narrowed(f, widened(a), dtype);
  if (name === "where") {
    const type = typeOf[dtype];
    const choose = type === "f64" ? f64.select : type === "f32" ? f32.select : i32.select;
    return (choose as (x: Value, y: Value, condition: I32) => Value)(b, c, truth(a));
  }
  if (name === "logicalAnd") return i32.and(truth(a), truth(b));
  if (name === "logicalOr") return i32.or(truth(a), truth(b));
  const [x, y] = [f.let(widened(a)), b === undefined ? undefined : f.let(widened(b))];
  const compare = comparisons[name];
  if (compare !== undefined) return compare(x, y!);
  const compute = arithmetic[name];
  if (compute !== undefined) return narrowed(f, compute(x, y!), dtype);
  // Integers keep their exact forms by way of float64 too: products wrap as JavaScript's do.
  const simple = functions[name];
  if (simple !== undefined) return narrowed(f, simple(x), dtype);
  const second = name === "polygamma" ? (attributes as { order: number }).order : (y ?? 0);
  return narrowed(f, callHost(module, name, x, second), dtype);
}

function integerAccumulator(f: FunctionBuilder, primitive: string, dtype: DType): Accumulator {
  const start = primitive === "sum" ? 0 : primitive === "max" ? -(2 ** 31) : 2 ** 31 - 1;
  const total: Local<"i32"> = f.let(i32.const(dtype === "bool" && primitive === "max" ? 0 : start));
  const take = (value: I32) => {
    if (primitive === "sum") f.set(total, i32.add(total, value));
    else {
      const fresh = f.let(value);
      f.set(total, i32.select(fresh, total, primitive === "max" ? i32.gtS(fresh, total) : i32.ltS(fresh, total)));
    }
  };
  return {
    add: (value) => take(value as I32),
    flush: () => {},
    finish: () => f.let(total),
    save: ({ address, offset }: Place) => f.do(i32.store(address, total, offset)),
    load: ({ address, offset }: Place) => take(i32.load(address, offset)),
  };
}
