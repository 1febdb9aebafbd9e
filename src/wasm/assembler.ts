/**
 * A small WebAssembly assembler. A `Module` collects functions; a function's parameters and locals, and every
 * instruction applied to them, are typed expressions that hold their own byte code; statements are appended to a
 * `FunctionBuilder`, whose control flow is that of an ordinary language.
 *
 *     const module = new Module();
 *     const sum = module.function("sum", { n: "i32" }, (f, { n }) => {
 *       const total = f.let(i32.const(0));
 *       f.while(i32.gtU(n, 0), () => {
 *         f.set(total, i32.add(total, n));
 *         f.set(n, i32.sub(n, 1));
 *       });
 *       return total;
 *     });
 *     module.export(sum);
 *     new WebAssembly.Instance(new WebAssembly.Module(module.toBytes())).exports.sum(4); // 10
 */

const valueTypes = { i32: 0x7f, f32: 0x7d, v128: 0x7b };

export type ValueType = keyof typeof valueTypes;

/** Byte code that leaves one value of type T on the stack, or none when T is "void". */
export interface Expression<T extends ValueType | "void"> {
  readonly type: T;
  readonly code: readonly number[];
}

/** A variable of a function; as an expression it is its value. */
export interface Local<T extends ValueType> extends Expression<T> {
  readonly index: number;
}

/** What an instruction takes: an expression, or a JavaScript number that stands for a constant. */
export type Operand<T extends ValueType> = Expression<T> | (T extends "v128" ? never : number);

type Parameters = Readonly<Record<string, ValueType>>;
type LocalsOf<P extends Parameters> = { readonly [K in keyof P]: Local<P[K]> };
type ArgumentsOf<P extends Parameters> = { readonly [K in keyof P]: Operand<P[K]> };

/** A function of a module, to be called or exported. */
export interface WasmFunction<P extends Parameters, R extends ValueType | "void"> {
  readonly name: string;
  readonly index: number;
  readonly parameters: P;
  readonly result: R;
}

/** LEB128 of an unsigned integer below 2^32. */
export function unsignedLeb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest & 0x7f) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return bytes;
}

/** LEB128 of a signed 32-bit integer. */
export function signedLeb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  // The last byte's bit 6 is the sign, so that the rest must be all equal to it.
  while (rest < -0x40 || rest >= 0x40) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>= 7;
  }
  bytes.push(rest & 0x7f);
  return bytes;
}

function float32Bytes(value: number): number[] {
  return [...new Uint8Array(new Float32Array([value]).buffer)];
}

function operand<T extends ValueType>(type: T, value: Operand<T>): readonly number[] {
  if (typeof value !== "number") return value.code;
  return type === "i32" ? i32.const(value).code : f32.const(value).code;
}

type Operands<A extends readonly ValueType[]> = { readonly [K in keyof A]: Operand<A[K]> };

/** An instruction without immediates: its operands' types, its result's type. */
function instruction<const A extends readonly ValueType[], R extends ValueType | "void">(
  code: readonly number[],
  parameters: A,
  result: R,
) {
  return (...operands: Operands<A>): Expression<R> => ({
    type: result,
    code: [...parameters.flatMap((type, i) => operand(type, operands[i])), ...code],
  });
}

const simd = (opcode: number): number[] => [0xfd, ...unsignedLeb(opcode)];

/** Alignment is a hint to the machine; 4 bytes (2^2) is what arrays of float32 promise. */
const alignment = 2;

function load<T extends ValueType>(code: readonly number[], type: T) {
  return (address: Operand<"i32">, offset = 0): Expression<T> => ({
    type,
    code: [...operand("i32", address), ...code, alignment, ...unsignedLeb(offset)],
  });
}

function store<T extends ValueType>(code: readonly number[], type: T) {
  return (address: Operand<"i32">, value: Operand<T>, offset = 0): Expression<"void"> => ({
    type: "void",
    code: [...operand("i32", address), ...operand(type, value), ...code, alignment, ...unsignedLeb(offset)],
  });
}

export const i32 = {
  const: (value: number): Expression<"i32"> => ({ type: "i32", code: [0x41, ...signedLeb(value | 0)] }),
  load: load([0x28], "i32"),
  store: store([0x36], "i32"),
  eqz: instruction([0x45], ["i32"], "i32"),
  eq: instruction([0x46], ["i32", "i32"], "i32"),
  ltU: instruction([0x49], ["i32", "i32"], "i32"),
  gtU: instruction([0x4b], ["i32", "i32"], "i32"),
  leU: instruction([0x4d], ["i32", "i32"], "i32"),
  add: instruction([0x6a], ["i32", "i32"], "i32"),
  sub: instruction([0x6b], ["i32", "i32"], "i32"),
  mul: instruction([0x6c], ["i32", "i32"], "i32"),
  divU: instruction([0x6e], ["i32", "i32"], "i32"),
  and: instruction([0x71], ["i32", "i32"], "i32"),
  shl: instruction([0x74], ["i32", "i32"], "i32"),
  /** `whenTrue` if `condition` is not zero, else `whenFalse`; both are evaluated. */
  select: instruction([0x1b], ["i32", "i32", "i32"], "i32"),
};

export const f32 = {
  const: (value: number): Expression<"f32"> => ({ type: "f32", code: [0x43, ...float32Bytes(value)] }),
  load: load([0x2a], "f32"),
  store: store([0x38], "f32"),
  add: instruction([0x92], ["f32", "f32"], "f32"),
};

export const v128 = {
  load: load(simd(0x00), "v128"),
  load32Splat: load(simd(0x09), "v128"),
  store: store(simd(0x0b), "v128"),
  /** `vector` with lane `lane` replaced by the 32 bits at `address`. */
  load32Lane: (address: Operand<"i32">, vector: Expression<"v128">, lane: number): Expression<"v128"> => ({
    type: "v128",
    code: [...operand("i32", address), ...vector.code, ...simd(0x56), alignment, 0, lane],
  }),
};

export const i32x4 = {
  const: (...lanes: [number, number, number, number]): Expression<"v128"> => ({
    type: "v128",
    code: [...simd(0x0c), ...new Uint8Array(new Int32Array(lanes).buffer)],
  }),
  eq: instruction(simd(0x37), ["v128", "v128"], "v128"),
  /** 1 when no lane is zero. */
  allTrue: instruction(simd(0xa3), ["v128"], "i32"),
  sub: instruction(simd(0xb1), ["v128", "v128"], "v128"),
};

export const f32x4 = {
  /** Four lanes chosen from the eight of `a` (0 to 3) and `b` (4 to 7). */
  shuffle: (
    a: Expression<"v128">,
    b: Expression<"v128">,
    lanes: readonly [number, number, number, number],
  ): Expression<"v128"> => ({
    type: "v128",
    code: [...a.code, ...b.code, ...simd(0x0d), ...lanes.flatMap((lane) => [0, 1, 2, 3].map((i) => 4 * lane + i))],
  }),
  add: instruction(simd(0xe4), ["v128", "v128"], "v128"),
  mul: instruction(simd(0xe6), ["v128", "v128"], "v128"),
};

/** A call; a statement when the function returns nothing. Arguments go by name. */
export function call<P extends Parameters, R extends ValueType | "void">(
  callee: WasmFunction<P, R>,
  args: ArgumentsOf<P>,
): Expression<R> {
  const operands = Object.entries(callee.parameters).flatMap(([name, type]) => operand(type, args[name]));
  return { type: callee.result, code: [...operands, 0x10, ...unsignedLeb(callee.index)] };
}

const blockWithoutResult = 0x40;
const end = 0x0b;

/** Collects the locals and statements of one function. */
export class FunctionBuilder {
  readonly #localTypes: ValueType[];
  readonly #parameterCount: number;
  #code: number[] = [];

  constructor(parameterTypes: readonly ValueType[]) {
    this.#localTypes = [...parameterTypes];
    this.#parameterCount = parameterTypes.length;
  }

  /** A new variable, zero at first. */
  local<T extends ValueType>(type: T): Local<T> {
    const index = this.#localTypes.push(type) - 1;
    return localAt(index, type);
  }

  /** A new variable that holds a value. */
  let<T extends ValueType>(value: Expression<T>): Local<T> {
    const variable = this.local(value.type);
    this.set(variable, value);
    return variable;
  }

  set<T extends ValueType>(variable: Local<T>, value: Operand<T>): void {
    this.#code.push(...operand(variable.type, value), 0x21, ...unsignedLeb(variable.index));
  }

  /** Appends a statement: a store, or a call without result. */
  do(statement: Expression<"void">): void {
    this.#code.push(...statement.code);
  }

  if(condition: Expression<"i32">, whenTrue: () => void, whenFalse?: () => void): void {
    this.#code.push(...condition.code, 0x04, blockWithoutResult);
    whenTrue();
    if (whenFalse) {
      this.#code.push(0x05);
      whenFalse();
    }
    this.#code.push(end);
  }

  /** Runs `body` once, and again as long as `condition` holds after it. */
  doWhile(body: () => void, condition: () => Expression<"i32">): void {
    this.#code.push(0x03, blockWithoutResult);
    body();
    this.#code.push(...condition().code, 0x0d, 0, end);
  }

  /** The condition stands before and after the body, which costs one jump a round and not two. */
  while(condition: Expression<"i32">, body: () => void): void {
    this.if(condition, () => this.doWhile(body, () => condition));
  }

  /** The function's entry in the code section. */
  toBytes(): number[] {
    const locals = this.#localTypes.slice(this.#parameterCount).map((type) => [1, valueTypes[type]]);
    return sized([...vector(locals), ...this.#code, end]);
  }

  /** Ends the function with its result. */
  result(value: Expression<ValueType>): void {
    this.#code.push(...value.code);
  }
}

function localAt<T extends ValueType>(index: number, type: T): Local<T> {
  return { type, index, code: [0x20, ...unsignedLeb(index)] };
}

function sized(bytes: readonly number[]): number[] {
  return [...unsignedLeb(bytes.length), ...bytes];
}

function vector(items: readonly (readonly number[])[]): number[] {
  return [...unsignedLeb(items.length), ...items.flat()];
}

function text(characters: string): number[] {
  return sized([...new TextEncoder().encode(characters)]);
}

/** A module under construction. Its memory, if any, is imported, so that modules can share one. */
export class Module {
  readonly #types: number[][] = [];
  readonly #functions: FunctionBuilder[] = [];
  readonly #exports: number[][] = [];
  readonly #imports: number[][] = [];

  /** Imports a memory of at least `pages` pages of 64 kB. */
  importMemory(module: string, name: string, pages: number): void {
    this.#imports.push([...text(module), ...text(name), 0x02, 0x00, ...unsignedLeb(pages)]);
  }

  /** Adds a function. `body` appends its statements and returns the result, if the function has one. */
  function<const P extends Parameters, R extends ValueType = never>(
    name: string,
    parameters: P,
    // biome-ignore lint/suspicious/noConfusingVoidType: a body without result is a block that returns nothing
    body: (f: FunctionBuilder, parameters: LocalsOf<P>) => Expression<R> | void,
  ): WasmFunction<P, [R] extends [never] ? "void" : R> {
    const types = Object.values(parameters);
    const builder = new FunctionBuilder(types);
    const locals = Object.keys(parameters).map((key, i) => [key, localAt(i, types[i])]);
    const value = body(builder, Object.fromEntries(locals));
    if (value) builder.result(value);
    const results = value ? [[valueTypes[value.type]]] : [];
    this.#types.push([0x60, ...vector(types.map((type) => [valueTypes[type]])), ...vector(results)]);
    const index = this.#functions.push(builder) - 1;
    return { name, index, parameters, result: (value?.type ?? "void") as [R] extends [never] ? "void" : R };
  }

  export(exported: WasmFunction<Parameters, ValueType | "void">): void {
    this.#exports.push([...text(exported.name), 0x00, ...unsignedLeb(exported.index)]);
  }

  toBytes(): Uint8Array<ArrayBuffer> {
    const section = (id: number, items: readonly (readonly number[])[]) => [id, ...sized(vector(items))];
    return new Uint8Array([
      ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
      ...section(1, this.#types),
      ...section(2, this.#imports),
      ...section(
        3,
        this.#functions.map((_, index) => unsignedLeb(index)),
      ),
      ...section(7, this.#exports),
      ...section(
        10,
        this.#functions.map((builder) => builder.toBytes()),
      ),
    ]);
  }
}
