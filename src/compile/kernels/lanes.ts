import type { DType } from "../../tensor/dtype.ts";
import type { TapeRecord } from "../../tensor/tensor.ts";
import type { FunctionBuilder, Module } from "../../wasm/assembler.ts";
import type { Expression, ValueType } from "../../wasm/encoding.ts";

/** A value in a loop: some elements that are worked on at once. */
export type Value = Expression<ValueType>;

/** Where to find elements: `offset` bytes after the address. */
export interface Place {
  readonly address: Expression<"i32">;
  readonly offset: number;
}

/** A reduction on its way: sums, or largest elements so far. */
export interface Accumulator {
  /** Takes in the first `count` elements of a value. */
  add(value: Value, count: number): void;
  /** Ends an innermost loop. */
  flush(): void;
  /** The result, from each lane of its own or, `across`, from all lanes together and then in all of them. */
  finish(across: boolean): Value;
  /** Writes the result of all lanes together at a place of 8 bytes. */
  save(place: Place): void;
  /** Takes in a result that `save` wrote. */
  load(place: Place): void;
}

/**
 * The elements of a loop by vectors (float32, int32 and bool) or one by one (where there is a float64). Loops are
 * written once, over this.
 */
export interface Lanes {
  /** How many elements a value has. */
  readonly width: 1 | 4;
  /** Elements `stride` bytes apart, the first `count` of them; any others are arbitrary. */
  load(f: FunctionBuilder, dtype: DType, place: Place, stride: number, count: number): Value;
  /** Stores the first `count` elements side by side. */
  store(f: FunctionBuilder, dtype: DType, place: Place, value: Value, count: number): void;
  /** All elements, in a form that only `loadSaved` reads; at most 16 bytes. */
  save(f: FunctionBuilder, dtype: DType, place: Place, value: Value): void;
  loadSaved(f: FunctionBuilder, dtype: DType, place: Place): Value;
  constant(f: FunctionBuilder, dtype: DType, value: number): Value;
  /** An elementwise primitive. */
  apply(module: Module, f: FunctionBuilder, record: TapeRecord, inputs: readonly Value[]): Value;
  /** A new sum, max or min of `length` values, of which the innermost loop gives `inner`. */
  accumulator(f: FunctionBuilder, primitive: string, dtype: DType, length: number, inner: number): Accumulator;
}
