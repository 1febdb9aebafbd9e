import type { ReductionAttributes } from "../autograd/movement.ts";
import { type Shape, sizeOf } from "../tensor/shape.ts";
import type { TapeRecord, Tensor } from "../tensor/tensor.ts";
import { loweringOf } from "./lowering.ts";
import type { Step } from "./step.ts";

/**
 * Which dimension of a group's domain each axis of a value runs along, for its axes of size > 1 in order. A value that
 * has all of them is full; one that lacks some is repeated along these.
 */
export type AxisMap = readonly number[];

/**
 * Records that run as one nest of loops over the domain, the sizes > 1 of its full values. Reductions all run over the
 * dimensions `reduced`; for each position on the others, the kept ones, the loops over the reduced dimensions run once
 * for each level of reductions that depend on reductions.
 */
export interface Loops {
  readonly kind: "loops";
  readonly records: readonly TapeRecord[];
  readonly domain: Shape;
  readonly reduced: readonly number[];
  /** For each value that the records make. */
  readonly maps: ReadonlyMap<Tensor, AxisMap>;
}

/** A record with a kernel of its own, and perhaps loops that go on with each few rows of its output. */
export interface Single {
  readonly kind: "single";
  readonly records: readonly [TapeRecord, ...TapeRecord[]];
  readonly epilogue: Loops | null;
}

/** A record without a kernel: its output is another name of its input. */
export interface Alias {
  readonly kind: "alias";
  readonly records: readonly [TapeRecord];
}

export type Group = Loops | Single | Alias;

/** More values than this in a loop would be spilled from registers more often than fusing saves memory traffic. */
const mostRecords = 160;

/** Records of the longest epilogue: it runs on few rows at a time, and its start must not outweigh them. */
const mostInEpilogue = 40;

/** Elements of the smallest array that is worth reading once instead of twice. */
const fewestShared = 1 << 12;

/** Elements of the largest domain that is walked again after a reduction of all of it. */
export const mostWaiting = 1 << 14;

/** Sizes of the axes longer than 1. */
const sizesOf = (shape: Shape): number[] => shape.filter((size) => size !== 1);

/** The map of an operand that broadcasts to an output of `shape` with `map`. */
export function operandMap(operand: Shape, shape: Shape, map: AxisMap): AxisMap {
  const lead = shape.length - operand.length;
  const axes: number[] = [];
  let next = 0;
  shape.forEach((size, axis) => {
    if (size === 1) return;
    if (axis >= lead && operand[axis - lead] !== 1) axes.push(map[next]);
    next++;
  });
  return axes;
}

/** The map of a reduction's result, given its input's. */
function reducedMap(input: Shape, axes: readonly number[], map: AxisMap): AxisMap {
  const kept: number[] = [];
  let next = 0;
  input.forEach((size, axis) => {
    if (size === 1) return;
    if (!axes.includes(axis)) kept.push(map[next]);
    next++;
  });
  return kept;
}

const sameList = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((v, i) => v === b[i]);

const all = (domain: Shape): number[] => [...domain.keys()];

/** A group while it grows. */
class Growing {
  kind: Group["kind"];
  records: TapeRecord[];
  domain: number[];
  reduced: number[] | null = null;
  maps = new Map<Tensor, AxisMap>();
  readonly inputs = new Set<Growing>();
  epilogue: Growing | null = null;

  constructor(record: TapeRecord) {
    const how = loweringOf(record.primitive);
    this.kind = how === "alias" ? "alias" : typeof how === "function" ? "single" : "loops";
    this.records = [record];
    const [input] = record.inputs;
    this.domain = sizesOf(how === "reduction" ? input.shape : record.output.shape);
    if (how === "reduction") {
      const reduced = reducedDimensions(record);
      this.reduced = reduced.length > 0 ? reduced : null;
      const { axes } = record.attributes as unknown as ReductionAttributes;
      this.maps.set(record.output, reducedMap(input.shape, axes, all(this.domain)));
    } else this.maps.set(record.output, all(this.domain));
  }

  get kept(): number[] {
    return all(this.domain).filter((d) => !this.reduced?.includes(d));
  }
}

/** Which dimensions of the domain, the sizes > 1 of its input, a reduction runs over. */
function reducedDimensions({ inputs: [input], attributes }: TapeRecord): number[] {
  const { axes } = attributes as unknown as ReductionAttributes;
  const long = [...input.shape.keys()].filter((axis) => input.shape[axis] !== 1);
  return long.flatMap((axis, dimension) => (axes.includes(axis) ? [dimension] : []));
}

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

const loopsOf = ({ records, domain, reduced, maps }: Growing): Loops => ({
  kind: "loops",
  records,
  domain,
  reduced: reduced ?? [],
  maps,
});

/** Kernels that can go on with their output row by row, and its axes. */
const takesEpilogue = new Map([
  ["matmul", 2],
  ["conv2d", 4],
]);

/** Lets matrix products and convolutions take in the loops that go on with their outputs, element by element. */
function absorbEpilogues(groups: Growing[]): void {
  for (const group of groups.filter(({ kind }) => kind === "single")) {
    const [{ primitive, output }] = group.records;
    const { ndim, shape } = output;
    if (takesEpilogue.get(primitive.name) !== ndim || shape[0] === 1) continue;
    const loops = groups.find(
      (other) =>
        other.kind === "loops" &&
        other.reduced === null &&
        other.domain.length > 1 &&
        other.records.length <= mostInEpilogue &&
        sameList(other.domain, sizesOf(shape)) &&
        other.records.some(({ inputs }) => inputs.includes(output)) &&
        !between(group, other),
    );
    if (loops === undefined) continue;
    group.epilogue = loops;
    group.records = [...group.records, ...loops.records];
    for (const input of loops.inputs) if (input !== group) group.inputs.add(input);
    replace(groups, loops, group);
  }
}

/** Lets `into` take the records of `from`, whose newest record uses `input` of `into`, if the two fit together. */
function merge(into: Growing, from: Growing, record: TapeRecord, input: Tensor): boolean {
  if (into.kind !== "loops") return false;
  const alias = from.kind === "alias" && isRename(record);
  if (from.kind !== "loops" && !alias) return false;
  if (into.records.length + from.records.length > mostRecords) return false;
  const fit = alias ? renamed(into, record) : fitted(into, from, record, input);
  if (fit === null) return false;
  if (waits([...into.records, ...from.records], fit)) return false;
  if (between(into, from) || between(from, into)) return false;
  into.reduced = fit.reduced;
  into.domain = fit.domain;
  into.maps = fit.maps;
  into.records = mergedRecords(into.records, from.records);
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

/** A reduction of everything is known only at the end: whether, in a large domain, something full waits for it. */
function waits(records: readonly TapeRecord[], { domain, reduced, maps }: Fit): boolean {
  if (reduced?.length !== domain.length || sizeOf(domain) <= mostWaiting) return false;
  const isFull = (t: Tensor) => maps.get(t)?.length === domain.length;
  return records.some(({ inputs, output }) => isFull(output) && inputs.some((t) => maps.has(t) && !isFull(t)));
}

/**
 * Joins groups that do not depend on each other but walk the same large array in the same way: it is read once for both.
 */
function mergeSiblings(groups: Growing[]): void {
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
      if (records.length > mostRecords || waits(records, fit)) continue;
      if (dependsOn(first, other) || dependsOn(other, first)) continue;
      Object.assign(first, { reduced, maps, records });
      for (const group of other.inputs) first.inputs.add(group);
      replace(groups, other, first);
      j--;
    }
  }
}

const dependsOn = (last: Growing, first: Growing): boolean => last.inputs.has(first) || between(first, last);

/** Whether `last` depends on `first` by way of some other group. */
function between(first: Growing, last: Growing): boolean {
  const seen = new Set<Growing>();
  const stack = [...last.inputs].filter((group) => group !== first);
  for (let group = stack.pop(); group !== undefined; group = stack.pop()) {
    if (seen.has(group)) continue;
    seen.add(group);
    if (group === first) return true;
    stack.push(...group.inputs);
  }
  return false;
}

/** Both lists are in the order of the tape, and so is the result. */
const mergedRecords = (a: readonly TapeRecord[], b: readonly TapeRecord[]): TapeRecord[] =>
  [...a, ...b].sort((x, y) => x.id - y.id);

function replace(groups: Growing[], gone: Growing, by: Growing): void {
  groups.splice(groups.indexOf(gone), 1);
  for (const group of groups) {
    if (group !== by && group.inputs.delete(gone)) group.inputs.add(by);
  }
  by.inputs.delete(by);
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
