import { gt, logicalAnd, logicalOr, lt, ne } from "../autograd/elementwise.ts";
import { reshape, reshapeOp, sum } from "../autograd/movement.ts";
import { isRecording, type Primitive, recordingAs, untraced } from "../autograd/primitive.ts";
import { primitives } from "../autograd/primitives.ts";
import { type DType, isFloat, type TypedArray } from "../tensor/dtype.ts";
import { CompileError } from "../tensor/errors.ts";
import { formatShape, type Shape, sameShape } from "../tensor/shape.ts";
import type { Storage } from "../tensor/storage.ts";
import { type TapeRecord, Tensor } from "../tensor/tensor.ts";
import { type Domain, type Tracer, tracing } from "../tensor/tracing.ts";
import type { Assignment, Check, Leaf, Step } from "./step.ts";

/** What decided which operations were traced, and what it was. */
export interface Observation {
  readonly read: () => unknown;
  readonly value: unknown;
}

/** The gradient of a leaf that a step reads or sets. */
export interface GradientUse {
  /** A leaf outside the function, or the stand-in for an argument. */
  readonly leaf: Tensor;
  /** Stands for the gradient before the call, if the step reads it and there is one. */
  readonly before: Tensor | null;
  /** The gradient after it. */
  readonly after: Tensor | null;
}

export interface Trace<T> {
  readonly result: T;
  readonly observations: readonly Observation[];
  readonly gradients: readonly GradientUse[];
  /** The stand-ins of arguments that were assigned to, and what they hold now. */
  readonly assignedInputs: ReadonlyMap<Tensor, Tensor>;
  /** The step that computes `outputs`, changes the states that the function changed, and then those of `more`. */
  step(outputs: readonly Tensor[], more: readonly Assignment[], leaves: ReadonlyMap<Tensor, Leaf>): Step;
}

/** Runs `fn` without computing anything and notes what it would do. `inputs` stand for the tensors it is `given`. */
export function traceStep<T>(fn: () => T, inputs: readonly Tensor[], given: readonly Tensor[]): Trace<T> {
  const tracer = new StepTracer(inputs, given);
  tracing.tracer = tracer;
  try {
    const recording = isRecording();
    const result = untraced(() => recordingAs(recording, fn));
    return tracer.finish(result);
  } finally {
    tracing.tracer = null;
  }
}

class StepTracer implements Tracer {
  readonly token = {};
  readonly #records: TapeRecord[] = [];
  readonly #leaves = new Map<Tensor, Leaf>();
  /** The stand-in of each storage outside the function. */
  readonly #states = new Map<Storage, Tensor>();
  /** The tensor that stands for each storage without values. */
  readonly #traced = new Map<Storage, Tensor>();
  /** Of storages that eager operations would share, the one that came first. */
  readonly #bases = new Map<Storage, Storage>();
  /** What the storages that were assigned to hold by now. */
  readonly #assigned = new Map<Storage, Tensor>();
  readonly #observations: Observation[] = [];
  readonly #gradients = new Map<Tensor, { before: Tensor | null; after: Tensor | null }>();
  /** Tensors outside the function whose `requiresGrad` has been observed. */
  readonly #observed = new Set<Tensor>();
  readonly #checks: Check[] = [];
  /** The last error that a read of a value gave; it is thrown even if the function has caught it. */
  #failure: CompileError | null = null;

  readonly #given: ReadonlyMap<Tensor, Tensor>;

  constructor(inputs: readonly Tensor[], given: readonly Tensor[]) {
    this.#given = new Map(inputs.map((t, i) => [t, given[i]]));
    for (const [position, t] of inputs.entries()) {
      if (this.#traced.has(t.storage)) continue;
      this.#leaves.set(t, { kind: "input", position });
      this.#traced.set(t.storage, t);
    }
  }

  #knows({ storage }: Tensor): boolean {
    return storage.madeBy === this.token && storage.array !== null && !this.#assigned.has(storage);
  }

  #isOutside({ storage }: Tensor): boolean {
    return storage.madeBy !== this.token && storage.array !== null;
  }

  isTraced(t: Tensor): boolean {
    return !this.#knows(t);
  }

  expectReadable(t: Tensor): void {
    if (this.#knows(t)) return;
    this.#failure = new CompileError(
      "compile",
      `the values of a tensor ${formatShape(t.shape)} were read${callSite()}, but they differ from call to call; inside a compiled function use operations on tensors (where, maximum, ...), or return the tensor and read it outside`,
    );
    throw this.#failure;
  }

  observe<V>(read: () => V): V {
    const value = this.#outside(read);
    this.#observations.push({ read, value });
    return value;
  }

  /** What `read` gives when nothing is traced. */
  #outside<V>(read: () => V): V {
    const before = tracing.tracer;
    tracing.tracer = null;
    try {
      return read();
    } finally {
      tracing.tracer = before;
    }
  }

  /** Whether a leaf outside the function has a gradient, now and at later calls. */
  #hasGradient(leaf: Tensor): boolean {
    return leaf.storage.madeBy !== this.token && this.observe(() => leaf.grad !== null);
  }

  fed(shape: Shape, dtype: DType, fill: (data: TypedArray) => void): Tensor {
    const t = new Tensor(null, shape, dtype);
    this.#leaves.set(t, { kind: "fed", fill });
    this.#traced.set(t.storage, t);
    return t;
  }

  /** The tensor of the step that has the values of `t` just now. */
  #current(t: Tensor): Tensor {
    const assigned = this.#assigned.get(this.#bases.get(t.storage) ?? t.storage);
    const value = assigned ?? this.#traced.get(t.storage) ?? (this.#isOutside(t) ? this.#stateOf(t) : undefined);
    if (value !== undefined) return sameShape(value.shape, t.shape) ? value : this.#reshaped(value, t.shape);
    if (t.storage.array !== null) this.#leaves.set(t, { kind: "constant" });
    else this.expectReadable(t);
    return t;
  }

  #stateOf(t: Tensor): Tensor {
    let state = this.#states.get(t.storage);
    if (state === undefined) {
      state = new Tensor(null, t.shape, t.dtype);
      this.#states.set(t.storage, state);
      this.#leaves.set(state, { kind: "state", storage: t.storage });
    }
    if (t.record !== null && t.requiresGrad && isRecording()) {
      throw new CompileError(
        "compile",
        `a tensor ${formatShape(t.shape)} that an operation outside the function made is used${callSite()}, and gradients cannot leave the program; use it with detach(), or move the operation into the function`,
      );
    }
    if (isFloat(t.dtype) && !this.#observed.has(t)) {
      this.#observed.add(t);
      this.observe(() => t.requiresGrad);
    }
    return state;
  }

  #reshaped(t: Tensor, shape: Shape): Tensor {
    const output = new Tensor(null, shape, t.dtype);
    this.#push(reshapeOp.primitive, [t], { shape }, output);
    return output;
  }

  #push(primitive: { readonly name: string }, inputs: readonly Tensor[], attributes: object, output: Tensor): void {
    this.#records.push({
      id: this.#records.length + 1,
      primitive,
      inputs,
      attributes: attributes as TapeRecord["attributes"],
      output,
    });
  }

  apply(primitive: { readonly name: string }, inputs: readonly Tensor[], attributes: object, output: Tensor): void {
    if ((primitives as Record<string, Primitive>)[primitive.name] !== primitive) {
      throw new CompileError(
        "compile",
        `"${primitive.name}" is a primitive of your own, which has no WebAssembly${callSite()}; write it in operations of the library, or keep it outside the compiled function`,
      );
    }
    this.#push(
      primitive,
      inputs.map((t) => this.#current(t)),
      attributes,
      output,
    );
    this.#traced.set(output.storage, output);
    if ((primitive as Primitive).sharesData) {
      const [{ storage }] = inputs;
      this.#bases.set(output.storage, this.#bases.get(storage) ?? storage);
    }
  }

  assign(target: Tensor, value: Tensor): void {
    // A state that is only written has a stand-in all the same: its name.
    if (this.#isOutside(target) && !this.#assigned.has(target.storage)) this.#stateOf(target);
    this.#assigned.set(this.#bases.get(target.storage) ?? target.storage, this.#current(value));
  }

  check(t: Tensor, { low, high, also = [] }: Domain, fail: (data: TypedArray) => void): void {
    if (t.size === 0) return;
    recordingAs(false, () => {
      // NaN is neither too low nor too high.
      let wrong = lt(t, low);
      if (high < Number.POSITIVE_INFINITY) wrong = logicalOr(wrong, gt(t, high));
      for (const value of also) wrong = logicalAnd(wrong, ne(t, value));
      this.#checks.push({ flag: reshape(sum(wrong), []), value: this.#current(t), fail });
    });
  }

  gradientOf(leaf: Tensor): Tensor | null {
    return this.#gradientUse(leaf, true).after;
  }

  setGradient(leaf: Tensor, gradient: Tensor | null): void {
    this.#gradientUse(leaf, false).after = gradient;
  }

  #gradientUse(leaf: Tensor, read: boolean): { before: Tensor | null; after: Tensor | null } {
    let use = this.#gradients.get(leaf);
    if (use === undefined) {
      const given = this.#given.get(leaf);
      const there = read && this.#outside(() => (given !== undefined ? given.grad !== null : this.#hasGradient(leaf)));
      const before = there ? new Tensor(null, leaf.shape, leaf.dtype) : null;
      if (before !== null) this.#traced.set(before.storage, before);
      use = { before, after: before };
      this.#gradients.set(leaf, use);
    }
    return use;
  }

  finish<T>(result: T): Trace<T> {
    if (this.#failure !== null) throw this.#failure;
    const isInput = (t: Tensor) => this.#given.has(t);
    return {
      result,
      observations: this.#observations,
      assignedInputs: new Map(
        [...this.#given.keys()].flatMap((t) => {
          const value = this.#assigned.get(t.storage);
          return value === undefined ? [] : [[t, value] as const];
        }),
      ),
      gradients: [...this.#gradients]
        .filter(([leaf]) => isInput(leaf) || this.#isOutside(leaf))
        .map(([leaf, { before, after }]) => ({ leaf, before, after: after && this.#current(after) })),
      step: (outputs, more, leaves) => {
        const values = outputs.map((t) => this.#current(t));
        // A tensor made inside the function is new at every call: nothing is left of what it was assigned.
        const assigned = [...this.#assigned].filter(
          ([target]) => target.array !== null && target.madeBy !== this.token,
        );
        return {
          records: this.#records,
          leaves: new Map([...this.#leaves, ...leaves]),
          outputs: values,
          assignments: [...assigned.map(([target, value]) => ({ target, value, expendable: false })), ...more],
          checks: this.#checks,
        };
      },
    };
  }
}

/** " at file:line" of the code outside the library that called into it, where the stack tells. */
function callSite(): string {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 100;
  const { stack = "" } = new Error();
  Error.stackTraceLimit = limit;
  return siteIn(stack);
}

/**
 * The same from a stack as V8 writes it ("at f (file:line:column)") or as Firefox and Safari do ("f@file:line:column").
 */
export function siteIn(stack: string): string {
  const places = stack.split("\n").flatMap((line) => {
    const match = /^at (?:.*? \((.*:\d+):\d+\)|(.*:\d+):\d+)$/.exec(line.trim()) ?? /^[^@]*@(.*:\d+):\d+$/.exec(line);
    return match?.[1] ?? match?.[2] ?? [];
  });
  const [own] = places;
  const end = own?.lastIndexOf("/compile/") ?? -1;
  // In a bundle the library is not to be told from the rest.
  if (end < 0) return "";
  const library = own.slice(0, end + 1);
  const outside = places.find((place) => !place.startsWith(library));
  return outside === undefined ? "" : ` at ${outside}`;
}
