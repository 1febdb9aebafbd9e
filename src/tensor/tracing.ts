import type { DType, TypedArray } from "./dtype.ts";
import { CompileError } from "./errors.ts";
import type { Shape } from "./shape.ts";
import type { Tensor } from "./tensor.ts";

/** Numbers that an argument may hold: those from `low` to `high`, and those in `also`. NaN is always one. */
export interface Domain {
  readonly low: number;
  readonly high: number;
  readonly also?: readonly number[];
}

// A tensor asks the tracer before it gives its values, and the tracer speaks of tensors: here alone two files need each
// other, this one the type only.

/** What `compile` is told while it traces a function, by the parts of the library that do more than run operations. */
export interface Tracer {
  /** Stands for this trace in what is made meanwhile, and outlives it. */
  readonly token: object;
  /** Throws, unless the values of `t` are known while tracing: those of a tensor made meanwhile out of numbers. */
  expectReadable(t: Tensor): void;
  /** Whether the values of `t` are those of a later call. */
  isTraced(t: Tensor): boolean;
  /** A tensor whose values `fill` writes before every call. */
  fed(shape: Shape, dtype: DType, fill: (data: TypedArray) => void): Tensor;
  /**
   * Has every call check that the elements of `t` are in the domain; `fail` throws the error for the first that is not.
   */
  check(t: Tensor, domain: Domain, fail: (data: TypedArray) => void): void;
  /** What `read` gives, now and whenever the traced program may be used. */
  observe<T>(read: () => T): T;
  /** Notes that `target` takes the values of `value`, of the same shape and dtype. */
  assign(target: Tensor, value: Tensor): void;
  /** The output of an operation, which is noted instead of run. */
  apply(primitive: { readonly name: string }, inputs: readonly Tensor[], attributes: object, output: Tensor): void;
  gradientOf(leaf: Tensor): Tensor | null;
  setGradient(leaf: Tensor, gradient: Tensor | null): void;
}

/** The tracer while `compile` traces, else null. */
export const tracing: { tracer: Tracer | null } = { tracer: null };

/** Throws a CompileError while a function is compiled: what happens then would happen once, and at no later call. */
export function expectOutside(where: string, message: string): void {
  if (tracing.tracer !== null) throw new CompileError(where, message);
}

/**
 * What `read` gives. It decides which operations run, so a compiled program is used only as long as it gives the same.
 */
export function observe<T>(read: () => T): T {
  return tracing.tracer === null ? read() : tracing.tracer.observe(read);
}
