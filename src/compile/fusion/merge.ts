import { sizeOf } from "../../tensor/shape.ts";
import type { TapeRecord, Tensor } from "../../tensor/tensor.ts";
import { loweringOf } from "../lowering.ts";
import { type AxisMap, operandMap, readMap } from "./groups.ts";
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

/** How the values of both groups lie in one domain, or null. */
function fitted(into: Growing, from: Growing, record: TapeRecord, input: Tensor): Fit | null {
  const inputMap = into.maps.get(input)!;
  const how = loweringOf(record.primitive);
  // Where `from` has been merged already it has full values of its own, in the order of its domain.
  const fromFull = [...from.maps.values()].some((map) => map.length === from.domain.length) || how === "reduction";
  let domain = into.domain;
  const maps = new Map(into.maps);
  let place: readonly number[]; // of the dimensions of `from` in the domain
  if (sameList(from.domain, into.domain)) {
    place = all(domain);
    // The value in between must mean the same in both.
    const seen =
      how === "reduction"
        ? all(from.domain)
        : operandMap(input.shape, record.output.shape, from.maps.get(record.output)!);
    if (
      !sameList(
        seen.map((d) => place[d]),
        inputMap,
      )
    )
      return null;
  } else if (
    fromFull &&
    from.reduced === null &&
    from.domain.length === inputMap.length &&
    inputMap.length < domain.length
  ) {
    // All of `from` is at the level of the kept dimensions.
    const seen = operandMap(input.shape, record.output.shape, from.maps.get(record.output)!);
    if (!sameList(seen, all(from.domain))) return null;
    if (into.reduced === null || !sameList(inputMap, into.kept)) return null;
    if (
      !sameList(
        from.domain,
        into.kept.map((d) => domain[d]),
      )
    )
      return null;
    place = into.kept;
  } else if (
    into.reduced === null &&
    inputMap.length === into.domain.length &&
    into.domain.length < from.domain.length
  ) {
    // All of `into` becomes a level below: `from` broadcasts its values, and reduces over the others.
    if (from.reduced === null) return null;
    const seen = operandMap(input.shape, record.output.shape, from.maps.get(record.output)!);
    if (
      !sameList(seen, from.kept) ||
      !sameList(
        into.domain,
        from.kept.map((d) => from.domain[d]),
      )
    )
      return null;
    domain = from.domain;
    maps.clear();
    for (const [t, map] of into.maps)
      maps.set(
        t,
        map.map((d) => from.kept[d]),
      );
    for (const [t, map] of from.maps) maps.set(t, map);
    return { domain, reduced: from.reduced, maps };
  } else return null;
  let reduced = into.reduced;
  if (from.reduced !== null) {
    const theirs = from.reduced.map((d) => place[d]);
    if (reduced !== null && !sameList(reduced, theirs)) return null;
    reduced = theirs;
  }
  for (const [t, map] of from.maps)
    maps.set(
      t,
      map.map((d) => place[d]),
    );
  if (reduced !== null) {
    // Every value is either full or has just the kept dimensions.
    const kept = all(domain).filter((d) => !reduced.includes(d));
    for (const map of maps.values()) {
      if (map.length !== domain.length && !sameList(map, kept)) return null;
    }
  } else if ([...maps.values()].some((map) => map.length !== domain.length)) return null;
  return { domain, reduced, maps };
}

/**
 * Whether all records that read a value read it by the same map, which for one of the group's own is that it is made by.
 * In a square domain a value along the rows may also be read along the columns.
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
