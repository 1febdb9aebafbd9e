import { allocate, type DType, isFloat, promote } from "../tensor/dtype.ts";
import { AutogradError, ShapeError, ValueError } from "../tensor/errors.ts";
import { expectFunction } from "../tensor/options.ts";
import { formatShape, type Shape, sizeOf } from "../tensor/shape.ts";
import { type TapeRecord, Tensor } from "../tensor/tensor.ts";
import { expectOutside, tracing } from "../tensor/tracing.ts";

export type Attributes = Readonly<Record<string, unknown>>;

/** What a vector-Jacobian product is given: the gradient `g` of the output, and what ran. */
export interface VjpContext<A> {
  g: Tensor;
  inputs: readonly Tensor[];
  output: Tensor;
  attributes: A;
}

/**
 * One operation, declared in one place: its shape rule, its kernel and its vector-Jacobian product.
 *
 * The vjp gives one thunk for each input, so that gradients nobody needs are never computed; it is itself
 * written in operations, so gradients of gradients come for free. A thunk may return a gradient of a shape that
 * the input broadcast to: the engine sums it back. Without a vjp the output is a constant to the tape.
 */
export interface Primitive<A extends object = object> {
  readonly name: string;
  /** The output's shape. Throws a ShapeError when the inputs do not fit. */
  shape(inputs: readonly Tensor[], attributes: A): Shape;
  /** The output's dtype; the widest of the inputs' when left out. */
  dtype?(inputs: readonly Tensor[], attributes: A): DType;
  /** Writes every element of `output`, which starts as zeros. */
  kernel(output: Tensor, inputs: readonly Tensor[], attributes: A): void;
  /** The function of each element, of an operation that works element by element. */
  readonly element?: (...values: number[]) => number;
  /** Set when the output's elements are the first input's, in the same order: the array is then shared, not copied. */
  readonly sharesData?: boolean;
  vjp?(context: VjpContext<A>): readonly (() => Tensor)[];
}

/** A primitive as a function: its tensors, then its attributes when it has any. Carries its declaration. */
export type Op<I extends readonly Tensor[], A extends object | undefined = undefined> = (A extends undefined
  ? (...inputs: I) => Tensor
  : (...args: [...I, A]) => Tensor) & { readonly primitive: Primitive<A extends object ? A : object> };

/** What users call: a function that prepares its arguments and ends in one operation, whose declaration it carries. */
export type Door<F, A extends object = object> = F & { readonly primitive: Primitive<A> };

export function door<F extends object, A extends object>(
  op: { readonly primitive: Primitive<A> },
  call: F,
): Door<F, A> {
  return Object.assign(call, { primitive: op.primitive });
}

/** A record whose primitive is known to be one of ours; every record is made here. */
export interface PrimitiveRecord extends TapeRecord {
  readonly primitive: Primitive;
}

/** Stands for the records of a graph that `backward` has released. */
export const released: TapeRecord = {
  id: -1,
  primitive: { name: "released" },
  inputs: [],
  attributes: {},
  output: new Tensor(new Float32Array(0), [0], "float32"),
};

const state = {
  nextId: 1,
  recording: true,
  anomaly: false,
  tape: null as TapeRecord[] | null,
};

const none: Attributes = Object.freeze({});

/** All that `primitive` has declared; a test compares it with the table in primitives.ts. */
export const declared: Primitive[] = [];

/** `definePrimitive` for the operations of the library itself, which primitives.ts lists by name. */
export function primitive<I extends readonly Tensor[], A extends object | undefined = undefined>(
  definition: Primitive<A extends object ? A : object>,
): Op<I, A> {
  const op = definePrimitive<I, A>(definition);
  declared.push(definition as Primitive);
  return op;
}

/**
 * Makes an operation out of its declaration.
 *
 * @example
 * const cube = definePrimitive<[x: Tensor]>({
 *   name: "cube",
 *   shape: ([x]) => x.shape,
 *   kernel: (out, [x]) => x.data.forEach((v, i) => { out.data[i] = v ** 3; }),
 *   vjp: ({ g, inputs: [x] }) => [() => g.mul(x.square()).mul(3)],
 * });
 */
export function definePrimitive<I extends readonly Tensor[], A extends object | undefined = undefined>(
  definition: Primitive<A extends object ? A : object>,
): Op<I, A> {
  if (typeof definition !== "object" || definition === null) {
    throw new ValueError("definePrimitive", `takes { name, shape, kernel, vjp }, got ${String(definition)}`);
  }
  if (!definition.name) throw new ValueError("definePrimitive", "a primitive needs a name");
  for (const part of ["shape", "kernel"] as const) {
    if (typeof definition[part] !== "function") {
      throw new ValueError("definePrimitive", `"${definition.name}" needs a function "${part}"`);
    }
  }
  const op = (...args: (Tensor | Attributes)[]): Tensor => {
    const last = args[args.length - 1];
    if (last instanceof Tensor) return apply(definition as Primitive, args as Tensor[], none);
    if (args.length < 2 || typeof last !== "object") {
      throw new ValueError(definition.name, `takes tensors, got ${String(last)}; make one with tensor(value)`);
    }
    return apply(definition as Primitive, args.slice(0, -1) as Tensor[], last);
  };
  return Object.assign(op, { primitive: definition }) as unknown as Op<I, A>;
}

/** Runs a primitive, and records it when somebody will ask for it: a gradient or a trace. */
function apply(definition: Primitive, inputs: readonly Tensor[], attributes: Attributes): Tensor {
  let dtype: DType;
  let needsGrad = false;
  for (const input of inputs) {
    if (!(input instanceof Tensor)) {
      throw new ValueError(definition.name, `takes tensors, got ${String(input)}; make one with tensor(value)`);
    }
  }
  if (definition.dtype !== undefined) dtype = definition.dtype(inputs, attributes);
  else {
    dtype = inputs[0].dtype;
    for (let i = 1; i < inputs.length; i++) if (inputs[i].dtype !== dtype) dtype = promote(dtype, inputs[i].dtype);
  }
  const shape = definition.shape(inputs, attributes);
  if (shape === undefined) throw new ShapeError(definition.name, "the shape rule must return a list of sizes");
  const output =
    tracing.tracer === null ? run(definition, inputs, attributes, shape, dtype) : new Tensor(null, shape, dtype);
  tracing.tracer?.apply(definition, inputs, attributes, output);
  if (state.anomaly && tracing.tracer === null) {
    // An infinite mask or bound among the inputs is meant; a NaN never is.
    const infinite = inputs.some(({ data }) => (data as Float64Array).some((v) => Math.abs(v) === Infinity));
    expectFinite(definition.name, "output", output, infinite);
  }
  if (state.recording && definition.vjp !== undefined && isFloat(dtype)) {
    for (let i = 0; i < inputs.length && !needsGrad; i++) needsGrad = inputs[i].requiresGrad;
  }
  if (needsGrad || state.tape !== null) {
    const record: TapeRecord = { id: state.nextId++, primitive: definition, inputs, attributes, output };
    state.tape?.push(record);
    if (needsGrad) {
      output.record = record;
      output.requiresGrad = true;
    }
  }
  return output;
}

/** The output of a primitive, computed. */
export function run(
  definition: Primitive,
  inputs: readonly Tensor[],
  attributes: Attributes,
  shape: Shape,
  dtype: DType,
): Tensor {
  const storage = definition.sharesData ? inputs[0].storage : allocate(dtype, sizeOf(shape));
  const output = new Tensor(storage, shape, dtype);
  definition.kernel(output, inputs, attributes);
  return output;
}

/** The records that `outputs` depend on, newest first. No recursion: a chain of 100,000 operations is fine. */
export function reachable(where: string, outputs: readonly Tensor[]): PrimitiveRecord[] {
  const found = new Set<TapeRecord>();
  const stack = outputs.map((t) => t.record);
  for (let record = stack.pop(); record !== undefined; record = stack.pop()) {
    if (record === null || found.has(record)) continue;
    if (record === released) {
      throw new AutogradError(
        where,
        "the graph was released by an earlier backward(); pass { retainGraph: true } there to differentiate it again",
      );
    }
    found.add(record);
    for (const input of record.inputs) stack.push(input.record);
  }
  return ([...found] as PrimitiveRecord[]).sort((a, b) => b.id - a.id);
}

/** Cuts the tensors made by these records off from their graph, so that it becomes garbage. */
export function release(records: readonly TapeRecord[]): void {
  for (const { output } of records) output.record = released;
}

/** Whether operations are recorded just now. */
export const isRecording = (): boolean => state.recording;

/** Whether operations are checked for anomalies just now. */
export const isDetectingAnomalies = (): boolean => state.anomaly;

/** The id that the next record will get. */
export const nextId = (): number => state.nextId;

/** Runs `fn` without recording: nothing it computes can be differentiated. Returns what `fn` returns. */
export function noGrad<T>(fn: () => T): T {
  return withState("noGrad", "recording", false, fn);
}

/** Runs `fn` with recording on or off. */
export function recordingAs<T>(on: boolean, fn: () => T): T {
  return withState("backward", "recording", on, fn);
}

/**
 * Runs `fn` and throws an AutogradError that names the first operation whose output or gradient is NaN, or infinite
 * though its inputs are not (a mask of -Infinity is no fault). Costs a look at every value: for finding a fault, not
 * for training.
 */
export function detectAnomaly<T>(fn: () => T): T {
  expectOutside(
    "detectAnomaly",
    "no value is known while a function is compiled; call it around the compiled function",
  );
  return withState("detectAnomaly", "anomaly", true, fn);
}

/** Runs `fn` and returns every record made meanwhile, those outside any graph and those of backward too. */
export function collectRecords(fn: () => unknown): TapeRecord[] {
  const records: TapeRecord[] = [];
  const outer = state.tape;
  withState("trace", "tape", records, fn);
  if (outer !== null) for (const record of records) outer.push(record);
  return records;
}

/** Runs `fn` outside the `trace` that is going on, if one is. */
export const untraced = <T>(fn: () => T): T => withState("trace", "tape", null, fn);

function withState<K extends keyof typeof state, T>(where: string, key: K, value: (typeof state)[K], fn: () => T): T {
  expectFunction(where, "fn", fn);
  const before = state[key];
  state[key] = value;
  try {
    const result = fn();
    if (result instanceof Promise) {
      throw new AutogradError(where, "fn must not be async: what it runs after its first await would be missed");
    }
    return result;
  } finally {
    state[key] = before;
  }
}

/**
 * Runs a backward pass with a `check` of each gradient, which does something only inside `detectAnomaly`. The
 * operations of the pass are not checked themselves: the fault lies with the operation whose gradient they compute.
 */
export function checkingGradients<T>(fn: (check: (name: string, input: number, gradient: Tensor) => void) => T): T {
  if (!state.anomaly) return fn(() => {});
  return withState("backward", "anomaly", false, () =>
    fn((name, input, gradient) => expectFinite(name, `gradient of input ${input}`, gradient, false)),
  );
}

/** Throws when a value is NaN, or infinite unless that is `allowed`. */
function expectFinite(name: string, what: string, { data, shape }: Tensor, allowed: boolean): void {
  for (let i = 0; i < data.length; i++) {
    if (!Number.isFinite(data[i]) && !(allowed && !Number.isNaN(data[i]))) {
      throw new AutogradError(
        "detectAnomaly",
        `${what} of ${name} ${formatShape(shape)} has ${data[i]} at element ${i}`,
      );
    }
  }
}
