import type { DType } from "../tensor/dtype.ts";
import type { Shape } from "../tensor/shape.ts";
import type { FunctionBuilder, Module } from "../wasm/assembler.ts";
import type { Local } from "../wasm/encoding.ts";

/**
 * What a value looks like in memory: row-major and contiguous, a bool one byte, everything else as in a typed array.
 */
export interface Layout {
  readonly shape: Shape;
  readonly dtype: DType;
}

/**
 * Where a kernel finds things; byte addresses. Every array starts at a multiple of 64, and at least 64 bytes after its
 * end can be read (never written), so that vectors may be loaded across the end.
 */
export interface Addresses {
  readonly output: number;
  /** Of all outputs, the first included, for kernels that have several. */
  readonly outputs?: readonly number[];
  readonly inputs: readonly number[];
  /** The kernel's own memory, of `temporaryBytes`, which all stages and parts share. Undefined contents at first. */
  readonly temporary: number;
  /** The kernel's constants, in their order. */
  readonly constants: readonly number[];
  /** `scratchBytes` for the running part alone, lost when it ends. */
  readonly scratch: Local<"i32">;
}

/**
 * One step of a kernel. Its parts may run in any order and at the same time; the next stage starts when all are done.
 */
export interface Stage {
  /** Into how many parts the work is cut: fixed by the shapes, never by the number of threads. */
  readonly parts: number;
  /** Appends the code that does part `part`, 0 <= part < parts. */
  emit(module: Module, f: FunctionBuilder, part: Local<"i32">, at: Addresses): void;
}

/** How one operation of fixed shapes runs in WebAssembly. */
export interface Kernel {
  readonly stages: readonly Stage[];
  readonly temporaryBytes?: number;
  readonly scratchBytes?: number;
  /** Tables written once, when the program is made. */
  readonly constants?: readonly Int32Array[];
  /** Arithmetic operations of one run, for the performance model. */
  readonly operations: number;
}

/** Makes the kernel of an operation from the layouts and attributes that a tape knows. */
export type Lower<A = object> = (output: Layout, inputs: readonly Layout[], attributes: A) => Kernel;
