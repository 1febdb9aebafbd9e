import {
  ByteCode,
  type Expression,
  type Local,
  type Operand,
  unsignedLeb,
  type ValueType,
  valueTypes,
} from "./encoding.ts";
import { f32x4, operand } from "./instructions.ts";

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
  readonly #constants = new Map<string, Local<"v128">>();
  readonly #prologue = new ByteCode();
  readonly #code = new ByteCode();

  readonly #relaxed: boolean;

  constructor(parameterTypes: readonly ValueType[], relaxed = false) {
    this.#relaxed = relaxed;
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
    this.#code.append(operand(variable.type, value));
    this.#code.push(0x21, ...unsignedLeb(variable.index));
  }

  /** A vector constant, loaded once at the start of the function however often it is asked for. */
  constant(value: Expression<"v128">): Local<"v128"> {
    const key = String.fromCharCode(...value.code);
    let variable = this.#constants.get(key);
    if (variable === undefined) {
      variable = this.local("v128");
      this.#constants.set(key, variable);
      this.#prologue.append(value.code);
      this.#prologue.push(0x21, ...unsignedLeb(variable.index));
    }
    return variable;
  }

  /** Appends a statement: a store, or a call without result. */
  do(statement: Expression<"void">): void {
    this.#code.append(statement.code);
  }

  /**
   * a b + c of float32 vectors; rounded once where the module may use relaxed SIMD and the machine does so, else twice.
   */
  multiplyAdd(a: Expression<"v128">, b: Expression<"v128">, c: Expression<"v128">): Expression<"v128"> {
    return this.#relaxed ? f32x4.relaxedMadd(a, b, c) : f32x4.add(c, f32x4.mul(a, b));
  }

  /** Appends an expression whose value is not needed. */
  drop(value: Expression<ValueType>): void {
    this.#code.append(value.code);
    this.#code.push(0x1a);
  }

  /** Ends the function here, with its result if it has one. */
  return(value?: Expression<ValueType>): void {
    this.#code.append(value?.code ?? []);
    this.#code.push(0x0f);
  }

  if(condition: Expression<"i32">, whenTrue: () => void, whenFalse?: () => void): void {
    this.#code.append(condition.code);
    this.#code.push(0x04, blockWithoutResult);
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
    this.#code.append(condition().code);
    this.#code.push(0x0d, 0, end);
  }

  /** The condition stands before and after the body, which costs one jump a round and not two. */
  while(condition: Expression<"i32">, body: () => void): void {
    this.if(condition, () => this.doWhile(body, () => condition));
  }

  /** The function's entry in the code section. */
  toBytes(): Uint8Array<ArrayBuffer> {
    const body = new ByteCode();
    const locals = this.#localTypes.slice(this.#parameterCount);
    body.append(unsignedLeb(locals.length));
    for (const type of locals) body.push(1, valueTypes[type]);
    body.append(this.#prologue.toBytes());
    body.append(this.#code.toBytes());
    body.push(end);
    return sized(body.toBytes());
  }

  /** Ends the function with its result. */
  result(value: Expression<ValueType>): void {
    this.#code.append(value.code);
  }
}

function localAt<T extends ValueType>(index: number, type: T): Local<T> {
  return { type, index, code: [0x20, ...unsignedLeb(index)] };
}

/** Bytes after their number. */
function sized(bytes: ArrayLike<number>): Uint8Array<ArrayBuffer> {
  const code = new ByteCode();
  code.append(unsignedLeb(bytes.length));
  code.append(bytes);
  return code.toBytes();
}

/** Items after their number. */
function vector(items: readonly ArrayLike<number>[]): Uint8Array<ArrayBuffer> {
  const code = new ByteCode();
  code.append(unsignedLeb(items.length));
  for (const item of items) code.append(item);
  return code.toBytes();
}

function text(characters: string): Uint8Array<ArrayBuffer> {
  return sized(new TextEncoder().encode(characters));
}

/** A module under construction. Its memory, if any, is imported, so that modules can share one. */
export class Module {
  readonly #types: number[][] = [];
  readonly #relaxed: boolean;
  readonly #functions: FunctionBuilder[] = [];
  readonly #functionTypes: number[] = [];
  readonly #exports: number[][] = [];
  readonly #imports: number[][] = [];
  readonly #made = new Map<unknown, unknown>();
  #importedFunctions = 0;

  /** With `relaxed`, functions may use relaxed SIMD, whose results differ from machine to machine in the last bit. */
  constructor(relaxed = false) {
    this.#relaxed = relaxed;
  }

  /** Imports a memory of at least `pages` pages of 64 kB; one that threads share says how far it may grow. */
  importMemory(module: string, name: string, pages: number, sharedUpTo?: number): void {
    const limits = sharedUpTo === undefined ? [0x00] : [0x03];
    const maximum = sharedUpTo === undefined ? [] : unsignedLeb(sharedUpTo);
    this.#imports.push([...text(module), ...text(name), 0x02, ...limits, ...unsignedLeb(pages), ...maximum]);
  }

  /** Imports a function of JavaScript. All imports come before the module's own functions. */
  importFunction<const P extends Parameters, R extends ValueType | "void">(
    module: string,
    name: string,
    parameters: P,
    result: R,
  ): WasmFunction<P, R> {
    if (this.#functions.length > 0) throw new Error(`${name} must be imported before the first function is added`);
    const type = this.#type(Object.values(parameters), result);
    this.#imports.push([...text(module), ...text(name), 0x00, ...unsignedLeb(type)]);
    return { name, index: this.#importedFunctions++, parameters, result };
  }

  /** What `make` adds to the module, added at the first call only: functions that several others call. */
  once<T>(make: (module: Module) => T): T {
    if (!this.#made.has(make)) this.#made.set(make, make(this));
    return this.#made.get(make) as T;
  }

  /** The index of a new function type. */
  #type(parameters: readonly ValueType[], result: ValueType | "void"): number {
    const results = result === "void" ? [] : [[valueTypes[result]]];
    return this.#types.push([0x60, ...vector(parameters.map((type) => [valueTypes[type]])), ...vector(results)]) - 1;
  }

  /** Adds a function. `body` appends its statements and returns the result, if the function has one. */
  function<const P extends Parameters, R extends ValueType = never>(
    name: string,
    parameters: P,
    // biome-ignore lint/suspicious/noConfusingVoidType: a body without result is a block that returns nothing
    body: (f: FunctionBuilder, parameters: LocalsOf<P>) => Expression<R> | void,
  ): WasmFunction<P, [R] extends [never] ? "void" : R> {
    const types = Object.values(parameters);
    const builder = new FunctionBuilder(types, this.#relaxed);
    const locals = Object.keys(parameters).map((key, i) => [key, localAt(i, types[i])]);
    const value = body(builder, Object.fromEntries(locals));
    if (value) builder.result(value);
    const result = value?.type ?? "void";
    this.#functionTypes.push(this.#type(types, result));
    const index = this.#importedFunctions + this.#functions.push(builder) - 1;
    return { name, index, parameters, result: result as [R] extends [never] ? "void" : R };
  }

  export(exported: WasmFunction<Parameters, ValueType | "void">): void {
    this.#exports.push([...text(exported.name), 0x00, ...unsignedLeb(exported.index)]);
  }

  toBytes(): Uint8Array<ArrayBuffer> {
    const module = new ByteCode();
    const section = (id: number, items: readonly ArrayLike<number>[]) => {
      module.push(id);
      module.append(sized(vector(items)));
    };
    module.push(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00);
    section(1, this.#types);
    section(2, this.#imports);
    section(3, this.#functionTypes.map(unsignedLeb));
    section(7, this.#exports);
    section(
      10,
      this.#functions.map((builder) => builder.toBytes()),
    );
    return module.toBytes();
  }
}
