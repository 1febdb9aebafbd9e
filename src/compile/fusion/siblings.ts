import { sizeOf } from "../../tensor/shape.ts";
import { dependsOn, type Growing, mergedRecords, replace, sameList } from "./growing.ts";
import { isConsistent, mostRecords, waits } from "./merge.ts";

/** Elements of the smallest array that is worth reading once instead of twice. */
const fewestShared = 1 << 12;

/**
 * Joins groups that do not depend on each other but walk the same large array in the same way: it is read once for
 * both.
 */
export function mergeSiblings(groups: Growing[]): void {
  for (let i = 0; i < groups.length; i++) {
    const first = groups[i];
    if (first.kind !== "loops" || sizeOf(first.domain) < fewestShared) continue;
    const read = new Set(first.records.flatMap(({ inputs }) => inputs));
    for (let j = i + 1; j < groups.length; j++) {
      const other = groups[j];
      if (other.kind !== "loops" || !sameList(first.domain, other.domain)) continue;
      if (!other.records.some(({ inputs }) => inputs.some((t) => read.has(t) && t.size === sizeOf(first.domain))))
        continue;
      const reduced = first.reduced ?? other.reduced;
      if (other.reduced !== null && !sameList(other.reduced, reduced!)) continue;
      const maps = new Map([...first.maps, ...other.maps]);
      const fit = { domain: first.domain, reduced, maps };
      const records = mergedRecords(first.records, other.records);
      if (records.length > mostRecords || waits(records, fit) || !isConsistent(records, fit)) continue;
      if (dependsOn(first, other) || dependsOn(other, first)) continue;
      Object.assign(first, { reduced, maps, records });
      for (const group of other.inputs) first.inputs.add(group);
      replace(groups, other, first);
      j--;
    }
  }
}
