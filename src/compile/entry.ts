import { markChanged } from "../autograd/assign.ts";
import { isRecording } from "../autograd/primitive.ts";
import { zerosLike } from "../tensor/creation.ts";
import type { DType } from "../tensor/dtype.ts";
import { CompileError } from "../tensor/errors.ts";
import { formatShape, type Shape, sameShape } from "../tensor/shape.ts";
import type { Storage } from "../tensor/storage.ts";
import { Tensor } from "../tensor/tensor.ts";
import { sameRest, tensorsIn, withTensors } from "./arguments.ts";
import { Program, type ProgramOptions } from "./program.ts";
import type { Assignment, Leaf } from "./step.ts";
import { type GradientUse, type Observation, traceStep } from "./trace.ts";

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

interface StateGradient extends GradientUse {
  readonly slot: Tensor;
}

/** A program, and when it serves. */
export interface Entry {
  readonly program: Program;
  readonly types: readonly ArgumentType[];
  readonly rest: readonly unknown[];
  readonly recording: boolean;
  readonly observations: readonly Observation[];
  /** Gradients of tensors outside the function, and where each is kept. */
  readonly states: readonly StateGradient[];
  /** Gradients of arguments: which, and the places of the gradient before among inputs and after among outputs. */
  readonly inputs: readonly { readonly argument: number; readonly before: boolean; readonly after: number | null }[];
  /** Arguments that are assigned to: which, and the places of their new values among outputs. */
  readonly assigned: readonly { readonly argument: number; readonly output: number }[];
  readonly assignments: readonly Assignment[];
  /** Storages outside the function that a call changes, or whose gradients it touches. */
  readonly touched: ReadonlySet<Storage>;
  /** Makes the result out of the program's outputs. */
  readonly rebuild: (outputs: readonly Tensor[]) => unknown;
}

/** Whether the program of an entry does what the function would do now with these arguments. */
export function serves(
  entry: Entry,
  tensors: readonly Tensor[],
  rest: readonly unknown[],
  recording: boolean,
): boolean {
  if (
    entry.program.isDisposed ||
    entry.recording !== recording ||
    entry.types.length !== tensors.length ||
    !sameRest(entry.rest, rest)
  )
    return false;
  for (let i = 0; i < tensors.length; i++) if (!hasType(tensors[i], entry.types[i])) return false;
  for (const { read, value } of entry.observations) if (!Object.is(read(), value)) return false;
  return true;
}

/** Traces a function on its arguments and makes a program of what it does. */
export function makeEntry<A extends unknown[]>(
  fn: (...args: A) => unknown,
  settings: ProgramOptions,
  args: A,
  tensors: readonly Tensor[],
  rest: readonly unknown[],
): Entry {
  const types = tensors.map(typeOf);
  const standIns: Tensor[] = [];
  for (const [i, t] of tensors.entries()) standIns.push(standIn(t, i, tensors, standIns));
  let next = 0;
  const given = withTensors(args, () => standIns[next++]) as A;
  const trace = traceStep(() => synchronous(fn(...given)), standIns, tensors);
  const { observations } = trace;
  const outputs = tensorsIn(trace.result);
  const hole = new Tensor(null, [], "float32");
  const shape = withTensors(trace.result, () => hole);
  const leaves = new Map<Tensor, Leaf>();
  const assignments: Assignment[] = [];
  const states: StateGradient[] = [];
  const inputs: { argument: number; before: boolean; after: number | null }[] = [];
  let position = tensors.length;
  for (const use of trace.gradients) {
    expectFits("a gradient set inside the function", use.after, use.leaf);
    const argument = standIns.indexOf(use.leaf);
    if (argument >= 0) {
      if (use.before !== null) leaves.set(use.before, { kind: "input", position: position++ });
      inputs.push({ argument, before: use.before !== null, after: use.after && outputs.push(use.after) - 1 });
      continue;
    }
    const slot = gradientSlot(use.leaf);
    const { storage } = slot;
    states.push({ ...use, slot });
    if (use.before !== null) leaves.set(use.before, { kind: "state", storage });
    if (use.after !== null) {
      if (use.before === null) leaves.set(new Tensor(null, use.leaf.shape, use.leaf.dtype), { kind: "state", storage });
      if (use.after !== use.before)
        assignments.push({ target: storage, value: use.after, expendable: use.before === null });
    }
  }
  const assigned = [...trace.assignedInputs].map(([t, value]) => ({
    argument: standIns.indexOf(t),
    output: outputs.push(value) - 1,
  }));
  const step = trace.step(outputs, assignments, leaves);
  const entry: Entry = {
    program: new Program(step, settings),
    ...{ types, rest, recording: isRecording(), observations, states, inputs, assigned, assignments: step.assignments },
    touched: new Set([...step.assignments.map(({ target }) => target), ...states.map(({ leaf }) => leaf.storage)]),
    rebuild: (values) => {
      let at = 0;
      return withTensors(shape, () => values[at++]);
    },
  };
  if (!serves(entry, tensors, rest, isRecording())) {
    entry.program.dispose();
    throw new CompileError(
      "compile",
      "what the function does depends on something that it changes itself, so no program of it would ever serve; make the change outside",
    );
  }
  return entry;
}

function synchronous<T>(result: T): T {
  if (result instanceof Promise) {
    throw new CompileError("compile", "fn must not be async: what it runs after its first await would be missed");
  }
  return result;
}

/** Throws unless a gradient, if there is one, has shape and dtype of its leaf. */
function expectFits(what: string, gradient: Tensor | null, leaf: Tensor): void {
  if (gradient === null || (gradient.dtype === leaf.dtype && sameShape(gradient.shape, leaf.shape))) return;
  throw new CompileError(
    "compile",
    `${what} is ${gradient.dtype} ${formatShape(gradient.shape)}, but its tensor ${leaf.dtype} ${formatShape(leaf.shape)}; the two must be alike`,
  );
}

/** Throws when an argument belongs to a graph: its gradient could not leave the program. */
export function expectLeaves(tensors: readonly Tensor[]): void {
  const i = tensors.findIndex(({ record, requiresGrad }) => record !== null && requiresGrad);
  if (i < 0) return;
  throw new CompileError(
    "compile",
    `argument ${i} is the result of an operation whose gradient cannot leave the program; pass it with detach(), or move the operation into the compiled function`,
  );
}

/** Stands for an argument while the function is traced; equal arguments have one, those that share values share it. */
function standIn(t: Tensor, i: number, tensors: readonly Tensor[], before: readonly Tensor[]): Tensor {
  const [same, sharing] = [tensors.indexOf(t), tensors.findIndex(({ storage }) => storage === t.storage)];
  if (same < i) return before[same];
  const result = new Tensor(sharing < i ? before[sharing].storage : null, t.shape, t.dtype);
  result.requiresGrad = t.requiresGrad && t.record === null;
  return result;
}

/** Throws when an argument is also used as a state, and either use changes the values or the gradient of the other. */
function expectApart({ program, touched, inputs, assigned }: Entry, tensors: readonly Tensor[]): void {
  const changes = new Set([...inputs, ...assigned].map(({ argument }) => argument));
  for (const [i, { storage }] of tensors.entries()) {
    if (!touched.has(storage) && !(changes.has(i) && program.states.includes(storage))) continue;
    throw new CompileError(
      "compile",
      `argument ${i} is also used without being passed, and what one use changes the other would miss; use it in one of the two ways`,
    );
  }
}

/** Calls the program. When it throws, no state has changed but for gradients it began anew, which are null. */
export function runEntry(entry: Entry, tensors: readonly Tensor[]): unknown {
  const { program, states, inputs, assigned, assignments, rebuild } = entry;
  if (entry.touched.size + inputs.length + assigned.length > 0) expectApart(entry, tensors);
  for (const { leaf, before, slot } of states) {
    if (before === null || leaf.grad === slot) continue;
    expectFits("the gradient before the call", leaf.grad, leaf);
    slot.data.set(leaf.grad!.data);
  }
  const gradients = inputs.filter(({ before }) => before).map(({ argument }) => tensors[argument].grad!);
  let outputs: Tensor[];
  try {
    outputs = program.run([...tensors, ...gradients]);
  } catch (error) {
    for (const { leaf, before, slot } of states) if (before === null && leaf.grad === slot) leaf.grad = null;
    throw error;
  }
  for (const { argument, output } of assigned) {
    tensors[argument].data.set(outputs[output].data);
    markChanged(tensors[argument].storage);
  }
  for (const { target } of assignments) markChanged(target);
  for (const { leaf, after, slot } of states) leaf.grad = after === null ? null : slot;
  for (const { argument, after } of inputs) tensors[argument].grad = after === null ? null : outputs[after];
  return rebuild(outputs);
}
