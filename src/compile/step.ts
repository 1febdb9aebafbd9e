import { Tape } from "../autograd/trace.ts";
import type { TypedArray } from "../tensor/dtype.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Storage } from "../tensor/storage.ts";
import type { TapeRecord, Tensor } from "../tensor/tensor.ts";

/** Where the values of a leaf come from, at every call. */
export type Leaf =
  /** A tensor among the arguments, counted from 0. */
  | { readonly kind: "input"; readonly position: number }
  /** A tensor that the function reads or changes though it is not among its arguments: a parameter, a buffer. */
  | { readonly kind: "state"; readonly storage: Storage }
  /** Written before every call: random numbers, a learning rate. */
  | { readonly kind: "fed"; readonly fill: (data: TypedArray) => void }
  /** Known when the function was traced; the tensor itself has the values. */
  | { readonly kind: "constant" };

/** A state takes the values of `value` when the step is done. */
export interface Assignment {
  readonly target: Storage;
  readonly value: Tensor;
  /** Set for states that hold nothing of worth when a check fails, such as gradients. */
  readonly expendable: boolean;
}

/** `flag`, an int32, counts elements of `value` that should not be there; if there are any, `fail` throws. */
export interface Check {
  readonly flag: Tensor;
  readonly value: Tensor;
  readonly fail: (data: TypedArray) => void;
}

/**
 * A whole step as data: what a traced function does with its arguments and the states it uses. Each pass of the
 * optimiser takes one and gives another. Records come in an order in which they can run.
 */
export interface Step {
  readonly records: readonly TapeRecord[];
  readonly leaves: ReadonlyMap<Tensor, Leaf>;
  readonly outputs: readonly Tensor[];
  readonly assignments: readonly Assignment[];
  readonly checks: readonly Check[];
}

/** All tensors whose values a step has to deliver. */
export const results = ({ outputs, assignments, checks }: Step): Tensor[] => [
  ...outputs,
  ...assignments.map(({ value }) => value),
  ...checks.flatMap(({ flag, value }) => [flag, value]),
];

/** The step's records as a tape, to print and to draw. */
export const tapeOf = ({ records }: Step): Tape => new Tape(records);

/**
 * The step as text: its leaves and where they come from, one line an operation, what it returns and what it changes.
 */
export function formatStep(step: Step): string {
  const tape = tapeOf(step);
  const states = [...step.leaves].filter(([, leaf]) => leaf.kind === "state");
  const leaves = tape.leaves.map((t) => {
    const leaf = step.leaves.get(t);
    const origin = leaf?.kind === "input" ? `argument ${leaf.position}` : leaf?.kind;
    return `${tape.nameOf(t)} : ${t.dtype}${formatShape(t.shape)}, ${origin}`;
  });
  const nameOf = (target: Storage) => {
    const [t] = states.find(([, leaf]) => leaf.kind === "state" && leaf.storage === target)!;
    return tape.leaves.includes(t) ? tape.nameOf(t) : `another state ${formatShape(t.shape)}`;
  };
  return [
    ...leaves,
    ...tape.lines(),
    `return ${step.outputs.map((t) => tape.nameOf(t)).join(", ")}`,
    ...step.assignments.map(({ target, value }) => `${nameOf(target)} := ${tape.nameOf(value)}`),
    ...step.checks.map(({ flag }) => `check ${tape.nameOf(flag)}`),
  ].join("\n");
}
