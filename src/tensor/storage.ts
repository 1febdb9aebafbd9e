import type { TypedArray } from "./dtype.ts";
import { tracing } from "./tracing.ts";

/**
 * The array behind one tensor or several: those made by `reshape`, `detach` or `stopGradient` share it.
 *
 * Tensors hold a storage and not its array because `compile` moves the arrays of parameters into the memory of its
 * programs, and because a value that is only traced has no array at all.
 */
export class Storage {
  /** The values; null for a value that `compile` traces, which stands for those of any later call. */
  array: TypedArray | null;
  readonly size: number;
  /** The token of the trace during which the storage was made, which tells constants of the trace from states. */
  readonly madeBy: object | null = tracing.tracer?.token ?? null;

  constructor(array: TypedArray | null, size: number) {
    this.array = array;
    this.size = size;
  }
}
