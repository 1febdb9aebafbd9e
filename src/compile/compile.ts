import { isDetectingAnomalies, isRecording } from "../autograd/primitive.ts";
import { CompileError } from "../tensor/errors.ts";
import { expectFunction, expectInteger, resolve } from "../tensor/options.ts";
import { tracing } from "../tensor/tracing.ts";
import { flatten } from "./arguments.ts";
import { type Entry, expectLeaves, makeEntry, runEntry, serves } from "./entry.ts";
import type { Program } from "./program.ts";

/** Programs that a compiled function keeps; of more, the one that has not been used for the longest goes. */
const mostPrograms = 16;

const tooMany = `compile: a function was called with more than ${mostPrograms} combinations of shapes and other arguments; each further one takes the place of a program, which is made again when it is needed. Pad batches to few sizes, and pass what changes as tensors`;

export interface CompileOptions {
  /**
   * How many threads share the work, this one included. Default 1. The results have the same bits with any number.
   * Where threads are not to be had everything runs on one, and a warning says why.
   */
  threads?: number;
  /**
   * Let products and sums of matrix products and convolutions be rounded once, where the machine can: faster, but the
   * last bits then differ from machine to machine. Default false. An engine without relaxed SIMD does as if it were.
   */
  relaxedSimd?: boolean;
}

export interface Compiled {
  /** What has been compiled so far, the one used last first. */
  readonly programs: readonly Program[];
  /** Gives the memory of all programs back. States stay; calling the function again is an error. */
  dispose(): void;
}

/**
 * A function of the same signature that does what `fn` does, to rounding, as a WebAssembly program: the operations,
 * backward passes, and assignments to parameters, buffers and optimizer state. docs/compile.md tells how.
 *
 * The first call for each combination of shapes and dtypes of the argument tensors traces `fn` and makes a program;
 * later calls run it. At most 16 are kept. Arguments may be nested in arrays and plain objects; other values than
 * tensors are part of the program. `fn` is traced again when what decided about its operations has changed (training or
 * evaluation, which parameters require gradients); learning rates, random numbers and states are read at each call.
 * Returned tensors are new and outside any graph; `.grad` of a leaf is one array that every call overwrites. Inside
 * another compiled function, and inside detectAnomaly, `fn` itself runs.
 *
 * Throws a CompileError when `fn` reads a value while it is traced, is async or uses a primitive of its own; when it
 * has been disposed of; and when there is no memory or no WebAssembly. What a check of `fn` finds in a later call (a
 * class index out of range) is thrown as by `fn`, and then no state has changed.
 *
 * @example
 * const step = compile((x: Tensor, y: Tensor) => {
 *   const loss = losses.crossEntropy(model.call(x), y);
 *   optimizer.zeroGrad();
 *   loss.backward();
 *   optimizer.step();
 *   return loss;
 * });
 * for (const [x, y] of loader) console.log(step(x, y).item());
 */
export function compile<A extends unknown[], R>(
  fn: (...args: A) => R,
  options: CompileOptions = {},
): ((...args: A) => R) & Compiled {
  expectFunction("compile", "fn", fn);
  const settings = resolve<Required<CompileOptions>>("compile", options, { threads: 1, relaxedSimd: false });
  expectInteger("compile", "threads", settings.threads);
  const entries: Entry[] = [];
  let disposed = false;
  let warned = false;

  const call = (...args: A): R => {
    if (disposed) throw new CompileError("compile", "this compiled function has been disposed of; compile it again");
    if (tracing.tracer !== null || isDetectingAnomalies()) return fn(...args);
    const { tensors, rest } = flatten(args);
    const recording = isRecording();
    if (recording) expectLeaves(tensors);
    let i = 0;
    while (i < entries.length && !serves(entries[i], tensors, rest, recording)) i++;
    if (i === entries.length) {
      const entry = makeEntry(fn, settings, args, tensors, rest);
      if (entries.length >= mostPrograms) {
        if (!warned) console.warn(tooMany);
        warned = true;
        entries.pop()!.program.dispose();
      }
      entries.unshift(entry);
    } else if (i > 0) entries.unshift(...entries.splice(i, 1));
    return runEntry(entries[0], tensors) as R;
  };
  Object.defineProperty(call, "programs", { get: () => entries.map(({ program }) => program) });
  return Object.assign(call, {
    dispose: () => {
      disposed = true;
      for (const { program } of entries.splice(0)) program.dispose();
    },
  }) as typeof call & Compiled;
}
