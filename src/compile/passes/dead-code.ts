import type { Tensor } from "../../tensor/tensor.ts";
import { results, type Step } from "../step.ts";

/** The step without the records and leaves that nothing it delivers depends on. */
export function eliminateDeadCode(step: Step): Step {
  const needed = new Set<Tensor>(results(step));
  const records = step.records
    .toReversed()
    .filter(({ inputs, output }) => {
      if (!needed.has(output)) return false;
      for (const input of inputs) needed.add(input);
      return true;
    })
    .reverse();
  const targets = new Set(step.assignments.map(({ target }) => target));
  const leaves = new Map(
    [...step.leaves].filter(
      ([t, leaf]) => needed.has(t) || leaf.kind === "fed" || (leaf.kind === "state" && targets.has(leaf.storage)),
    ),
  );
  return { ...step, records, leaves };
}
