import { markChanged } from "../autograd/assign.ts";
import { isRecording } from "../autograd/primitive.ts";
import { zerosLike } from "../tensor/creation.ts";
import type { DType } from "../tensor/dtype.ts";
import { CompileError } from "../tensor/errors.ts";
import { expectFunction, expectInteger, resolve } from "../tensor/options.ts";
import { type Shape, sameShape } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import { tracing } from "../tensor/tracing.ts";
import { flatten, sameRest, withTensors } from "./arguments.ts";
import { Program } from "./program.ts";
import type { Assignment, Leaf } from "./step.ts";
import { type GradientUse, type Observation, traceStep } from "./trace.ts";

/** Programs that a compiled function keeps; of more, the one that has not been used for the longest goes. */
const mostPrograms = 16;

/** Where compiled steps keep the gradient of a leaf: in one place, whichever step computes it. */
const gradientSlots = new WeakMap<Tensor, Tensor>();

function gradientSlot(leaf: Tensor): Tensor {
  let slot = gradientSlots.get(leaf);
  if (slot === undefined) {
    slot = zerosLike(leaf);
    gradientSlots.set(leaf, slot);
  }
  return slot;
}

/** What an argument looked like when a program was made for it. */
interface ArgumentType {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly requiresGrad: boolean;
  readonly hasGradient: boolean;
}

const typeOf = (t: Tensor): ArgumentType => ({
  shape: t.shape,
  dtype: t.dtype,
  requiresGrad: t.requiresGrad,
  hasGradient: t.grad !== null,
});

const hasType = (t: Tensor, { shape, dtype, requiresGrad, hasGradient }: ArgumentType): boolean =>
  t.dtype === dtype &&
  t.requiresGrad === requiresGrad &&
  (t.grad !== null) === hasGradient &&
  sameShape(t.shape, shape);

/** A program, and when it serves. */
interface Entry {
  readonly program: Program;
  readonly types: readonly ArgumentType[];
  readonly rest: readonly unknown[];
  readonly recording: boolean;
  readonly observations: readonly Observation[];
  /** Gradients of tensors outside the function. */
  readonly states: readonly GradientUse[];
  /** Gradients of arguments: which, and the places of the gradient before among inputs and after among outputs. */
  readonly inputs: readonly { readonly argument: number; readonly before: boolean; readonly after: number | null }[];
  /** Arguments that are assigned to: which, and the places of their new values among outputs. */
  readonly assigned: readonly { readonly argument: number; readonly output: number }[];
  readonly assignments: readonly Assignment[];
  /** Makes the result out of the program's outputs. */
  readonly rebuild: (outputs: readonly Tensor[]) => unknown;
}

export interface CompileOptions {
  /**
   * How many threads share the work, this one included. Default 1. The results have the same bits with any number. Where
   * threads are not to be had everything runs on one, and a warning says why.
   */
  threads?: number;
  /**
   * Let products and sums of matrix products and convolutions be rounded once, where the machine can: faster, but the last
   * bits then differ from machine to machine. Default false. An engine without relaxed SIMD does as if it were.
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
 * A function of the same signature that does what `fn` does, to rounding, as a WebAssembly program: the operations, backward
 * passes, and assignments to parameters, buffers and optimizer state. docs/compile.md tells how.
 *
 * The first call for each combination of shapes and dtypes of the argument tensors traces `fn` and makes a program; later
 * calls run it. At most 16 are kept. Arguments may be nested in arrays and plain objects; other values than tensors are
 * part of the program. `fn` is traced again when what decided about its operations has changed (training or evaluation,
 * which parameters require gradients); learning rates, random numbers and states are read at each call. Returned tensors
 * are new and outside any graph; `.grad` of a leaf is one array that every call overwrites. Inside another compiled
 * function, `fn` itself runs.
 *
 * Throws a CompileError when `fn` reads a value while it is traced, is async or uses a primitive of its own; when it has
 * been disposed of; and when there is no memory or no WebAssembly. What a check of `fn` finds in a later call (a class
 * index out of range) is thrown as by `fn`, and then no state has changed.
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

  const call = (...args: A): R => {
    if (tracing.tracer !== null) return fn(...args);
    if (disposed) throw new CompileError("compile", "this compiled function has been disposed of; compile it again");
    const { tensors, rest } = flatten(args);
    const recording = isRecording();
    let i = 0;
    while (i < entries.length && !serves(entries[i], tensors, rest, recording)) i++;
    if (i === entries.length) {
      const entry = makeEntry(fn, settings, args, tensors, rest);
      while (entries.length >= mostPrograms) entries.pop()!.program.dispose();
      entries.unshift(entry);
    } else if (i > 0) entries.unshift(...entries.splice(i, 1));
    return run(entries[0], tensors) as R;
  };
  Object.defineProperty(call, "programs", { get: () => entries.map(({ program }) => program) });
  return Object.assign(call, {
    dispose: () => {
      disposed = true;
      for (const { program } of entries.splice(0)) program.dispose();
    },
  }) as typeof call & Compiled;
}

function serves(entry: Entry, tensors: readonly Tensor[], rest: readonly unknown[], recording: boolean): boolean {
  if (entry.recording !== recording || entry.types.length !== tensors.length || !sameRest(entry.rest, rest))
    return false;
  for (let i = 0; i < tensors.length; i++) if (!hasType(tensors[i], entry.types[i])) return false;
  for (const { read, value } of entry.observations) if (!Object.is(read(), value)) return false;
  return true;
}

function makeEntry<A extends unknown[]>(
  fn: (...args: A) => unknown,
  settings: Required<CompileOptions>,
  args: A,
  tensors: readonly Tensor[],
  rest: readonly unknown[],
): Entry {
  const types = tensors.map(typeOf);
  const standIns = tensors.map((t, i) => standIn(t, i));
  let next = 0;
  const given = withTensors(args, () => standIns[next++]) as A;
  const trace = traceStep(() => fn(...given), standIns, tensors);
  const { result, observations } = trace;
  if (result instanceof Promise) {
    throw new CompileError("compile", "fn must not be async: what it runs after its first await would be missed");
  }
  const outputs: Tensor[] = flatten([result]).tensors;
  const leaves = new Map<Tensor, Leaf>();
  const assignments: Assignment[] = [];
  const states: GradientUse[] = [];
  const inputs: { argument: number; before: boolean; after: number | null }[] = [];
  let position = tensors.length;
  for (const use of trace.gradients) {
    const argument = standIns.indexOf(use.leaf);
    if (argument >= 0) {
      if (use.before !== null) leaves.set(use.before, { kind: "input", position: position++ });
      inputs.push({ argument, before: use.before !== null, after: use.after && outputs.push(use.after) - 1 });
      continue;
    }
    states.push(use);
    const { storage } = gradientSlot(use.leaf);
    if (use.before !== null) leaves.set(use.before, { kind: "state", storage });
    if (use.after !== null) {
      if (use.before === null) leaves.set(new Tensor(null, use.leaf.shape, use.leaf.dtype), { kind: "state", storage });
      if (use.after !== use.before) assignments.push({ target: storage, value: use.after, expendable: true });
    }
  }
  const assigned = [...trace.assignedInputs].map(([t, value]) => ({
    argument: standIns.indexOf(t),
    output: outputs.push(value) - 1,
  }));
  const step = trace.step(outputs, assignments, leaves);
  return {
    program: new Program(step, settings),
    ...{ types, rest, recording: isRecording(), observations, states, inputs, assigned, assignments: step.assignments },
    rebuild: (values) => {
      let at = 0;
      return withTensors(result, () => values[at++]);
    },
  };
}

/** Stands for an argument while the function is traced. */
function standIn(t: Tensor, i: number): Tensor {
  if (t.record !== null && t.requiresGrad) {
    throw new CompileError(
      "compile",
      `argument ${i} is the result of an operation whose gradient cannot leave the program; pass it with detach(), or move the operation into the compiled function`,
    );
  }
  const result = new Tensor(null, t.shape, t.dtype);
  result.requiresGrad = t.requiresGrad;
  return result;
}

function run({ program, states, inputs, assigned, assignments, rebuild }: Entry, tensors: readonly Tensor[]): unknown {
  for (const { leaf, before } of states) {
    const slot = gradientSlot(leaf);
    if (before !== null && leaf.grad !== slot) slot.data.set(leaf.grad!.data);
  }
  for (const { target } of assignments) {
    const i = tensors.findIndex(({ storage }) => storage === target);
    if (i >= 0) {
      throw new CompileError(
        "compile",
        `argument ${i} is also changed from outside the arguments; use it in one of the two ways`,
      );
    }
  }
  const gradients = inputs.filter(({ before }) => before).map(({ argument }) => tensors[argument].grad!);
  const outputs = program.run([...tensors, ...gradients]);
  for (const { argument, output } of assigned) {
    tensors[argument].data.set(outputs[output].data);
    markChanged(tensors[argument].storage);
  }
  for (const { target } of assignments) markChanged(target);
  for (const { leaf, after } of states) leaf.grad = after === null ? null : gradientSlot(leaf);
  for (const { argument, after } of inputs) tensors[argument].grad = after === null ? null : outputs[after];
  return rebuild(outputs);
}
