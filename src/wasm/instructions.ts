import {
  append,
  type Expression,
  float32Bytes,
  float64Bytes,
  type Operand,
  signedLeb,
  unsignedLeb,
  type ValueType,
} from "./encoding.ts";

/** The instructions as typed functions of expressions, named as in the WebAssembly specification. */

/** The byte code of an operand. */
export function operand<T extends ValueType>(type: T, value: Operand<T>): readonly number[] {
  if (typeof value !== "number") return value.code;
  return (type === "i32" ? i32 : type === "f32" ? f32 : f64).const(value).code;
}

type Operands<A extends readonly ValueType[]> = { readonly [K in keyof A]: Operand<A[K]> };

/** An instruction without immediates: its operands' types, its result's type. */
function instruction<const A extends readonly ValueType[], R extends ValueType | "void">(
  code: readonly number[],
  parameters: A,
  result: R,
) {
  return (...operands: Operands<A>): Expression<R> => {
    const all: number[] = [];
    for (let i = 0; i < parameters.length; i++) append(all, operand(parameters[i], operands[i]));
    append(all, code);
    return { type: result, code: all };
  };
}

const unary = <A extends ValueType, R extends ValueType>(opcode: number, from: A, to: R) =>
  instruction([opcode], [from], to);
const binary = <A extends ValueType, R extends ValueType>(opcode: number, from: A, to: R) =>
  instruction([opcode], [from, from], to);

const simd = (opcode: number): number[] => [0xfd, ...unsignedLeb(opcode)];
const unaryVector = (opcode: number) => instruction(simd(opcode), ["v128"], "v128");
const binaryVector = (opcode: number) => instruction(simd(opcode), ["v128", "v128"], "v128");
const shift = (opcode: number) => instruction(simd(opcode), ["v128", "i32"], "v128");
const test = (opcode: number) => instruction(simd(opcode), ["v128"], "i32");
const splat = <T extends ValueType>(opcode: number, type: T) => instruction(simd(opcode), [type], "v128");

/** Alignment is a hint to the machine; 4 bytes (2^2) is what arrays of float32 promise. */
const alignment = 2;

function load<T extends ValueType>(code: readonly number[], type: T, align = alignment) {
  return (address: Operand<"i32">, offset = 0): Expression<T> => ({
    type,
    code: [...operand("i32", address), ...code, align, ...unsignedLeb(offset)],
  });
}

function store<T extends ValueType>(code: readonly number[], type: T, align = alignment) {
  return (address: Operand<"i32">, value: Operand<T>, offset = 0): Expression<"void"> => ({
    type: "void",
    code: [...operand("i32", address), ...operand(type, value), ...code, align, ...unsignedLeb(offset)],
  });
}

/** `vector` with lane `lane` replaced by what lies at `address`. */
const loadLane =
  (opcode: number, align: number) =>
  (address: Operand<"i32">, vector: Expression<"v128">, lane: number, offset = 0): Expression<"v128"> => ({
    type: "v128",
    code: [...operand("i32", address), ...vector.code, ...simd(opcode), align, ...unsignedLeb(offset), lane],
  });

/** Stores one lane of `vector` at `address`. */
const storeLane =
  (opcode: number, align: number) =>
  (address: Operand<"i32">, vector: Expression<"v128">, lane: number, offset = 0): Expression<"void"> => ({
    type: "void",
    code: [...operand("i32", address), ...vector.code, ...simd(opcode), align, ...unsignedLeb(offset), lane],
  });

const extractLane =
  <T extends ValueType>(opcode: number, type: T) =>
  (vector: Expression<"v128">, lane: number): Expression<T> => ({
    type,
    code: [...vector.code, ...simd(opcode), lane],
  });

const replaceLane =
  <T extends ValueType>(opcode: number, type: T) =>
  (vector: Expression<"v128">, lane: number, value: Operand<T>): Expression<"v128"> => ({
    type: "v128",
    code: [...vector.code, ...operand(type, value), ...simd(opcode), lane],
  });

const selectBetween = <T extends ValueType>(type: T) => instruction([0x1b], [type, type, "i32"], type);

export const i32 = {
  const: (value: number): Expression<"i32"> => ({ type: "i32", code: [0x41, ...signedLeb(value | 0)] }),
  load: load([0x28], "i32"),
  load8U: load([0x2d], "i32", 0),
  store: store([0x36], "i32"),
  store8: store([0x3a], "i32", 0),
  eqz: unary(0x45, "i32", "i32"),
  /** How many zeros the value ends with, in base 2. */
  ctz: unary(0x68, "i32", "i32"),
  eq: binary(0x46, "i32", "i32"),
  ne: binary(0x47, "i32", "i32"),
  ltS: binary(0x48, "i32", "i32"),
  ltU: binary(0x49, "i32", "i32"),
  gtS: binary(0x4a, "i32", "i32"),
  gtU: binary(0x4b, "i32", "i32"),
  leS: binary(0x4c, "i32", "i32"),
  leU: binary(0x4d, "i32", "i32"),
  geS: binary(0x4e, "i32", "i32"),
  geU: binary(0x4f, "i32", "i32"),
  add: binary(0x6a, "i32", "i32"),
  sub: binary(0x6b, "i32", "i32"),
  mul: binary(0x6c, "i32", "i32"),
  divS: binary(0x6d, "i32", "i32"),
  divU: binary(0x6e, "i32", "i32"),
  remU: binary(0x70, "i32", "i32"),
  and: binary(0x71, "i32", "i32"),
  or: binary(0x72, "i32", "i32"),
  xor: binary(0x73, "i32", "i32"),
  shl: binary(0x74, "i32", "i32"),
  shrS: binary(0x75, "i32", "i32"),
  shrU: binary(0x76, "i32", "i32"),
  /** `whenTrue` if `condition` is not zero, else `whenFalse`; both are evaluated. */
  select: selectBetween("i32"),
  truncSatF32: instruction([0xfc, 0x00], ["f32"], "i32"),
  truncSatF64: instruction([0xfc, 0x02], ["f64"], "i32"),
  wrapI64: unary(0xa7, "i64", "i32"),
  reinterpretF32: unary(0xbc, "f32", "i32"),
  atomicLoad: load([0xfe, 0x10], "i32"),
  atomicStore: store([0xfe, 0x17], "i32"),
  /** Adds to what lies at an address; gives what lay there before. */
  atomicAdd: (address: Operand<"i32">, value: Operand<"i32">, offset = 0): Expression<"i32"> => ({
    type: "i32",
    code: [...operand("i32", address), ...operand("i32", value), ...[0xfe, 0x1e, alignment, ...unsignedLeb(offset)]],
  }),
  /** Stores `value` where `expected` lies; gives what lay there before. */
  atomicCompareExchange: (
    address: Operand<"i32">,
    expected: Operand<"i32">,
    value: Operand<"i32">,
    offset = 0,
  ): Expression<"i32"> => ({
    type: "i32",
    code: [
      ...operand("i32", address),
      ...operand("i32", expected),
      ...operand("i32", value),
      ...[0xfe, 0x48, alignment, ...unsignedLeb(offset)],
    ],
  }),
  /** Wakes up to `count` threads that wait at `address`; gives how many. */
  atomicNotify: (address: Operand<"i32">, count: Operand<"i32">): Expression<"i32"> => ({
    type: "i32",
    code: [...operand("i32", address), ...operand("i32", count), 0xfe, 0x00, alignment, 0],
  }),
  /** Sleeps while `expected` lies at `address`, for at most so many nanoseconds. 0 woken, 1 not equal, 2 timed out. */
  atomicWait: (
    address: Operand<"i32">,
    expected: Operand<"i32">,
    nanoseconds: Expression<"i64">,
  ): Expression<"i32"> => ({
    type: "i32",
    code: [...operand("i32", address), ...operand("i32", expected), ...nanoseconds.code, 0xfe, 0x01, alignment, 0],
  }),
};

export const i64 = {
  /** A constant in the range of int32. */
  const: (value: number): Expression<"i64"> => ({ type: "i64", code: [0x42, ...signedLeb(value)] }),
  load: load([0x29], "i64"),
  store: store([0x37], "i64"),
  ltS: binary(0x53, "i64", "i32"),
  or: binary(0x84, "i64", "i64"),
  xor: binary(0x85, "i64", "i64"),
  shl: binary(0x86, "i64", "i64"),
  shrS: binary(0x87, "i64", "i64"),
  shrU: binary(0x88, "i64", "i64"),
  extendI32U: unary(0xad, "i32", "i64"),
  select: selectBetween("i64"),
  extendI32S: unary(0xac, "i32", "i64"),
  mul: binary(0x7e, "i64", "i64"),
  reinterpretF64: unary(0xbd, "f64", "i64"),
};

export const f32 = {
  const: (value: number): Expression<"f32"> => ({ type: "f32", code: [0x43, ...float32Bytes(value)] }),
  load: load([0x2a], "f32"),
  store: store([0x38], "f32"),
  eq: binary(0x5b, "f32", "i32"),
  ne: binary(0x5c, "f32", "i32"),
  lt: binary(0x5d, "f32", "i32"),
  gt: binary(0x5e, "f32", "i32"),
  le: binary(0x5f, "f32", "i32"),
  ge: binary(0x60, "f32", "i32"),
  abs: unary(0x8b, "f32", "f32"),
  neg: unary(0x8c, "f32", "f32"),
  sqrt: unary(0x91, "f32", "f32"),
  add: binary(0x92, "f32", "f32"),
  sub: binary(0x93, "f32", "f32"),
  mul: binary(0x94, "f32", "f32"),
  div: binary(0x95, "f32", "f32"),
  min: binary(0x96, "f32", "f32"),
  max: binary(0x97, "f32", "f32"),
  select: selectBetween("f32"),
  convertI32S: unary(0xb2, "i32", "f32"),
  demoteF64: unary(0xb6, "f64", "f32"),
  reinterpretI32: unary(0xbe, "i32", "f32"),
};

export const f64 = {
  const: (value: number): Expression<"f64"> => ({ type: "f64", code: [0x44, ...float64Bytes(value)] }),
  load: load([0x2b], "f64", 3),
  store: store([0x39], "f64", 3),
  eq: binary(0x61, "f64", "i32"),
  ne: binary(0x62, "f64", "i32"),
  lt: binary(0x63, "f64", "i32"),
  gt: binary(0x64, "f64", "i32"),
  le: binary(0x65, "f64", "i32"),
  ge: binary(0x66, "f64", "i32"),
  abs: unary(0x99, "f64", "f64"),
  neg: unary(0x9a, "f64", "f64"),
  ceil: unary(0x9b, "f64", "f64"),
  floor: unary(0x9c, "f64", "f64"),
  trunc: unary(0x9d, "f64", "f64"),
  nearest: unary(0x9e, "f64", "f64"),
  sqrt: unary(0x9f, "f64", "f64"),
  add: binary(0xa0, "f64", "f64"),
  sub: binary(0xa1, "f64", "f64"),
  mul: binary(0xa2, "f64", "f64"),
  div: binary(0xa3, "f64", "f64"),
  min: binary(0xa4, "f64", "f64"),
  max: binary(0xa5, "f64", "f64"),
  select: selectBetween("f64"),
  convertI32S: unary(0xb7, "i32", "f64"),
  promoteF32: unary(0xbb, "f32", "f64"),
};

export const v128 = {
  load: load(simd(0x00), "v128"),
  load8Splat: load(simd(0x07), "v128", 0),
  load32Splat: load(simd(0x09), "v128"),
  load64Splat: load(simd(0x0a), "v128"),
  /** The 32 bits at an address in lane 0, zeros in the others. */
  load32Zero: load(simd(0x5c), "v128"),
  load64Zero: load(simd(0x5d), "v128"),
  store: store(simd(0x0b), "v128"),
  load32Lane: loadLane(0x56, alignment),
  store8Lane: storeLane(0x58, 0),
  store32Lane: storeLane(0x5a, alignment),
  store64Lane: storeLane(0x5b, alignment),
  not: unaryVector(0x4d),
  and: binaryVector(0x4e),
  /** a and not b. */
  andNot: binaryVector(0x4f),
  or: binaryVector(0x50),
  xor: binaryVector(0x51),
  /** The bits of `whenTrue` where `mask` has ones, those of `whenFalse` elsewhere. */
  bitselect: instruction(simd(0x52), ["v128", "v128", "v128"], "v128"),
  anyTrue: test(0x53),
};

/** Copies `bytes` bytes from one address to another; the two ranges may overlap. */
export const memoryCopy = (to: Operand<"i32">, from: Operand<"i32">, bytes: Operand<"i32">): Expression<"void"> => ({
  type: "void",
  code: [...operand("i32", to), ...operand("i32", from), ...operand("i32", bytes), 0xfc, 0x0a, 0x00, 0x00],
});

export const i8x16 = {
  splat: splat(0x0f, "i32"),
  /** The saturated 16-bit lanes of a, then of b. */
  narrowI16x8U: binaryVector(0x66),
};

export const i16x8 = {
  extendLowI8x16U: unaryVector(0x89),
  /** The saturated 32-bit lanes of a, then of b. */
  narrowI32x4S: binaryVector(0x85),
};

export const i32x4 = {
  const: (...lanes: [number, number, number, number]): Expression<"v128"> => ({
    type: "v128",
    code: [...simd(0x0c), ...new Uint8Array(new Int32Array(lanes).buffer)],
  }),
  splat: splat(0x11, "i32"),
  extractLane: extractLane(0x1b, "i32"),
  replaceLane: replaceLane(0x1c, "i32"),
  eq: binaryVector(0x37),
  ne: binaryVector(0x38),
  ltS: binaryVector(0x39),
  ltU: binaryVector(0x3a),
  gtS: binaryVector(0x3b),
  gtU: binaryVector(0x3c),
  leS: binaryVector(0x3d),
  geS: binaryVector(0x3f),
  abs: unaryVector(0xa0),
  neg: unaryVector(0xa1),
  /** 1 when no lane is zero. */
  allTrue: test(0xa3),
  bitmask: test(0xa4),
  extendLowI16x8U: unaryVector(0xa9),
  shl: shift(0xab),
  shrS: shift(0xac),
  shrU: shift(0xad),
  add: binaryVector(0xae),
  sub: binaryVector(0xb1),
  mul: binaryVector(0xb5),
  minS: binaryVector(0xb6),
  maxS: binaryVector(0xb8),
  truncSatF32x4S: unaryVector(0xf8),
};

export const f32x4 = {
  const: (...lanes: [number, number, number, number]): Expression<"v128"> => ({
    type: "v128",
    code: [...simd(0x0c), ...new Uint8Array(new Float32Array(lanes).buffer)],
  }),
  splat: splat(0x13, "f32"),
  extractLane: extractLane(0x1f, "f32"),
  replaceLane: replaceLane(0x20, "f32"),
  /** Four lanes chosen from the eight of `a` (0 to 3) and `b` (4 to 7). */
  shuffle: (
    a: Expression<"v128">,
    b: Expression<"v128">,
    lanes: readonly [number, number, number, number],
  ): Expression<"v128"> => ({
    type: "v128",
    code: [...a.code, ...b.code, ...simd(0x0d), ...lanes.flatMap((lane) => [0, 1, 2, 3].map((i) => 4 * lane + i))],
  }),
  eq: binaryVector(0x41),
  ne: binaryVector(0x42),
  lt: binaryVector(0x43),
  gt: binaryVector(0x44),
  le: binaryVector(0x45),
  ge: binaryVector(0x46),
  ceil: unaryVector(0x67),
  floor: unaryVector(0x68),
  trunc: unaryVector(0x69),
  nearest: unaryVector(0x6a),
  abs: unaryVector(0xe0),
  neg: unaryVector(0xe1),
  sqrt: unaryVector(0xe3),
  add: binaryVector(0xe4),
  sub: binaryVector(0xe5),
  mul: binaryVector(0xe6),
  div: binaryVector(0xe7),
  min: binaryVector(0xe8),
  max: binaryVector(0xe9),
  /** a b + c, rounded once or twice as the machine likes: relaxed SIMD. */
  relaxedMadd: instruction(simd(0x105), ["v128", "v128", "v128"], "v128"),
  /** b < a ? b : a. */
  pmin: binaryVector(0xea),
  /** a < b ? b : a. */
  pmax: binaryVector(0xeb),
  convertI32x4S: unaryVector(0xfa),
  /** Both lanes of two float64, then two zeros. */
  demoteF64x2Zero: unaryVector(0x5e),
};

export const f64x2 = {
  const: (...lanes: [number, number]): Expression<"v128"> => ({
    type: "v128",
    code: [...simd(0x0c), ...new Uint8Array(new Float64Array(lanes).buffer)],
  }),
  splat: splat(0x14, "f64"),
  extractLane: extractLane(0x21, "f64"),
  replaceLane: replaceLane(0x22, "f64"),
  eq: binaryVector(0x47),
  ne: binaryVector(0x48),
  lt: binaryVector(0x49),
  gt: binaryVector(0x4a),
  le: binaryVector(0x4b),
  ge: binaryVector(0x4c),
  ceil: unaryVector(0x74),
  floor: unaryVector(0x75),
  trunc: unaryVector(0x7a),
  nearest: unaryVector(0x94),
  abs: unaryVector(0xec),
  neg: unaryVector(0xed),
  sqrt: unaryVector(0xef),
  add: binaryVector(0xf0),
  sub: binaryVector(0xf1),
  mul: binaryVector(0xf2),
  div: binaryVector(0xf3),
  min: binaryVector(0xf4),
  max: binaryVector(0xf5),
  pmin: binaryVector(0xf6),
  pmax: binaryVector(0xf7),
  /** The two low lanes of four float32 as float64. */
  promoteLowF32x4: unaryVector(0x5f),
  convertLowI32x4S: unaryVector(0xfe),
};

export const i64x2 = {
  bitmask: test(0xc4),
  /** Each lane as [low, high] halves. */
  const: (...lanes: [low: number, high: number, low: number, high: number]): Expression<"v128"> =>
    i32x4.const(...lanes),
  shl: shift(0xcb),
  shrS: shift(0xcc),
  shrU: shift(0xcd),
  add: binaryVector(0xce),
  sub: binaryVector(0xd1),
};
