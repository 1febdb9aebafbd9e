import { sizeOf } from "../../tensor/shape.ts";
import type { TapeRecord, Tensor } from "../../tensor/tensor.ts";
import { type AxisMap, readMap } from "./groups.ts";
import { all, between, type Growing, mergedRecords, sameList, sizesOf } from "./growing.ts";

/** More values than this in a loop would be spilled from registers more often than fusing saves memory traffic. */
export const mostRecords = 160;

/** Elements of the largest domain that is walked again after a reduction of all of it. */
export const mostWaiting = 1 << 14;

/** Lets `into` take the records of `from`, whose newest record uses `input` of `into`, if the two fit together. */
export function merge(into: Growing, from: Growing, record: TapeRecord, input: Tensor): boolean {
  if (into.kind !== "loops") return false;
  const alias = from.kind === "alias" && isRename(record);
  if (from.kind !== "loops" && !alias) return false;
  if (into.records.length + from.records.length > mostRecords) return false;
  const fit = alias ? renamed(into, record) : fitted(into, from, record, input);
  if (fit === null) return false;
  const records = mergedRecords(into.records, from.records);
  if (waits(records, fit) || !isConsistent(records, fit)) return false;
  if (between(into, from) || between(from, into)) return false;
  into.reduced = fit.reduced;
  into.domain = fit.domain;
  into.maps = fit.maps;
  into.records = records;
  for (const group of from.inputs) if (group !== into) into.inputs.add(group);
  into.inputs.delete(from);
  return true;
}

/** A reshape that only adds or drops axes of size 1. */
const isRename = ({ primitive, inputs: [x], output }: TapeRecord): boolean =>
  primitive.name === "reshape" && sameList(sizesOf(x.shape), sizesOf(output.shape));

interface Fit {
  domain: number[];
  reduced: number[] | null;
  maps: Map<Tensor, AxisMap>;
}

function renamed(into: Growing, record: TapeRecord): Fit {
  const maps = new Map(into.maps);
  maps.set(record.output, into.maps.get(record.inputs[0])!);
  return { domain: into.domain, reduced: into.reduced, maps };
}

/** A map of a group's values where its dimension d is dimension `place[d]` of another domain. */
const along = (map: AxisMap, place: AxisMap): AxisMap => map.map((d) => place[d]);

const moved = (maps: ReadonlyMap<Tensor, AxisMap>, place: AxisMap): [Tensor, AxisMap][] =>
  [...maps].map(([t, map]) => [t, along(map, place)]);

const sizesAlong = ({ domain }: Growing, dimensions: AxisMap): number[] => dimensions.map((d) => domain[d]);

/**
 * How the values of both groups lie in one domain, or null: both have the domain already; or `from` goes on with what
 * is left after the reductions of `into`; or `into` comes before those of `from`, with what these leave.
 */
function fitted(into: Growing, from: Growing, record: TapeRecord, input: Tensor): Fit | null {
  const made = into.maps.get(input)!;
  const read = readMap(record, input, from.maps.get(record.output)!, from.domain.length);
  const fit =
    inSameDomain(into, from, made, read) ??
    afterReductions(into, from, made, read) ??
    beforeReductions(into, from, read);
  return fit !== null && hasTwoLevels(fit) ? fit : null;
}

function inSameDomain(into: Growing, from: Growing, made: AxisMap, read: AxisMap): Fit | null {
  if (!sameList(from.domain, into.domain) || !sameList(read, made)) return null;
  if (into.reduced !== null && from.reduced !== null && !sameList(into.reduced, from.reduced)) return null;
  const maps = new Map([...into.maps, ...from.maps]);
  return { domain: into.domain, reduced: into.reduced ?? from.reduced, maps };
}

function afterReductions(into: Growing, from: Growing, made: AxisMap, read: AxisMap): Fit | null {
  const { kept } = into;
  if (into.reduced === null || from.reduced !== null) return null;
  if (!sameList(made, kept) || !sameList(read, all(from.domain))) return null;
  if (!sameList(from.domain, sizesAlong(into, kept))) return null;
  return { domain: into.domain, reduced: into.reduced, maps: new Map([...into.maps, ...moved(from.maps, kept)]) };
}

function beforeReductions(into: Growing, from: Growing, read: AxisMap): Fit | null {
  const { kept } = from;
  if (into.reduced !== null || from.reduced === null || !sameList(read, kept)) return null;
  if (!sameList(into.domain, sizesAlong(from, kept))) return null;
  return { domain: from.domain, reduced: from.reduced, maps: new Map([...moved(into.maps, kept), ...from.maps]) };
}

/** Whether every value is full or has just the kept dimensions: loops have no other levels. */
function hasTwoLevels({ domain, reduced, maps }: Fit): boolean {
  const kept = all(domain).filter((d) => !reduced?.includes(d));
  return [...maps.values()].every((map) => map.length === domain.length || (reduced !== null && sameList(map, kept)));
}

/**
 * Whether all records that read a value read it by the same map, which for one of the group's own is that it is made
 * by. In a square domain a value along the rows may also be read along the columns.
 */
export function isConsistent(records: readonly TapeRecord[], { domain, maps }: Fit): boolean {
  const known = new Map<Tensor, AxisMap>(maps);
  for (const record of records) {
    for (const input of record.inputs) {
      const map = readMap(record, input, maps.get(record.output)!, domain.length);
      const before = known.get(input);
      if (before !== undefined && !sameList(before, map)) return false;
      known.set(input, map);
    }
  }
  return true;
}

/** A reduction of everything is known only at the end: whether, in a large domain, something full waits for it. */
export function waits(records: readonly TapeRecord[], { domain, reduced, maps }: Fit): boolean {
  if (reduced?.length !== domain.length || sizeOf(domain) <= mostWaiting) return false;
  const isFull = (t: Tensor) => maps.get(t)?.length === domain.length;
  return records.some(({ inputs, output }) => isFull(output) && inputs.some((t) => maps.has(t) && !isFull(t)));
}
