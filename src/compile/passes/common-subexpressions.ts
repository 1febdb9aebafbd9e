import type { Tensor } from "../../tensor/tensor.ts";
import type { Step } from "../step.ts";
import { rewrite } from "./rewriter.ts";

/** Numbers that JSON cannot tell apart, as text. */
const exactly = (_: string, value: unknown): unknown =>
  typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0))
    ? `number ${1 / value} ${value}`
    : value;

/** Primitives that give the same whichever operand comes first. */
const commutative = new Set(["add", "mul", "maximum", "minimum", "eq", "ne", "logicalAnd", "logicalOr"]);

/** The step with each operation on the same inputs done once. */
export function mergeCommonSubexpressions(step: Step): Step {
  const known = new Map<string, Tensor>();
  const order = new Map<Tensor, number>();
  const numberOf = (t: Tensor): number => {
    if (!order.has(t)) order.set(t, order.size);
    return order.get(t)!;
  };
  return rewrite(mergeConstants(step), ({ primitive, inputs, attributes, output }) => {
    const numbers = inputs.map(numberOf);
    if (commutative.has(primitive.name)) numbers.sort((a, b) => a - b);
    const key = `${primitive.name} ${numbers} ${JSON.stringify(attributes, exactly)} ${output.dtype}`;
    const same = known.get(key);
    if (same === undefined) known.set(key, output);
    return same;
  });
}

/** Constants of one element that are equal become one. */
function mergeConstants(step: Step): Step {
  const known = new Map<string, Tensor>();
  const replaced = new Map<Tensor, Tensor>();
  for (const [t, { kind }] of step.leaves) {
    if (kind !== "constant" || t.size !== 1) continue;
    const value = Object.is(t.data[0], -0) ? "-0" : String(t.data[0]);
    const key = `${t.dtype} [${t.shape}] ${value}`;
    const same = known.get(key);
    if (same === undefined) known.set(key, t);
    else replaced.set(t, same);
  }
  const now = (t: Tensor): Tensor => replaced.get(t) ?? t;
  return {
    records: step.records.map((record) => ({ ...record, inputs: record.inputs.map(now) })),
    leaves: new Map([...step.leaves].filter(([t]) => !replaced.has(t))),
    outputs: step.outputs.map(now),
    assignments: step.assignments.map((assignment) => ({ ...assignment, value: now(assignment.value) })),
    checks: step.checks.map((check) => ({ ...check, flag: now(check.flag), value: now(check.value) })),
  };
}
