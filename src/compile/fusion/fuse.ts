import type { TapeRecord, Tensor } from "../../tensor/tensor.ts";
import type { Step } from "../step.ts";
import { absorbEpilogues } from "./epilogues.ts";
import type { Group } from "./groups.ts";
import { Growing, loopsOf, replace } from "./growing.ts";
import { merge } from "./merge.ts";
import { mergeSiblings } from "./siblings.ts";

/** Cuts the records of a step into groups, in an order in which they can run. */
export function fuse(step: Step): Group[] {
  const groupOf = new Map<Tensor, Growing>();
  const groups: Growing[] = [];
  for (const record of step.records) {
    const own = new Growing(record);
    for (const input of record.inputs) {
      const group = groupOf.get(input);
      if (group !== undefined) own.inputs.add(group);
    }
    groups.push(own);
    groupOf.set(record.output, own);
    if (record.output.size === 0) {
      own.kind = "alias"; // nothing to compute
      continue;
    }
    let home = own;
    for (const input of new Set(record.inputs)) {
      const group = groupOf.get(input);
      if (group === undefined || group === home) continue;
      const merged = merge(group, home, record, input);
      if (merged) {
        for (const { output } of home.records) groupOf.set(output, group);
        replace(groups, home, group);
        home = group;
      }
    }
  }
  mergeSiblings(groups);
  absorbEpilogues(groups);
  return ordered(groups).map((group): Group => {
    const { kind, epilogue } = group;
    if (kind === "loops") return loopsOf(group);
    const records = group.records as [TapeRecord];
    return kind === "alias" ? { kind, records } : { kind, records, epilogue: epilogue && loopsOf(epilogue) };
  });
}

/** The groups so that each comes after those it needs. */
function ordered(groups: readonly Growing[]): Growing[] {
  const done = new Set<Growing>();
  const order: Growing[] = [];
  const visit = (group: Growing): void => {
    const stack: { group: Growing; rest: Growing[] }[] = [{ group, rest: [...group.inputs] }];
    while (stack.length > 0) {
      const top = stack[stack.length - 1];
      const next = top.rest.pop();
      if (next === undefined) {
        stack.pop();
        if (!done.has(top.group)) {
          done.add(top.group);
          order.push(top.group);
        }
      } else if (!done.has(next)) stack.push({ group: next, rest: [...next.inputs] });
    }
  };
  for (const group of groups) visit(group);
  return order;
}
