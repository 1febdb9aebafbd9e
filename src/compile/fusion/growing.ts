import type { ReductionAttributes } from "../../autograd/movement.ts";
import type { Shape } from "../../tensor/shape.ts";
import type { TapeRecord, Tensor } from "../../tensor/tensor.ts";
import { loweringOf } from "../lowering.ts";
import type { AxisMap, Group, Loops } from "./groups.ts";

/** Sizes of the axes longer than 1. */
export const sizesOf = (shape: Shape): number[] => shape.filter((size) => size !== 1);

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

export const sameList = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((v, i) => v === b[i]);

export const all = (domain: Shape): number[] => [...domain.keys()];

/** A group while it grows. */
export class Growing {
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

export const loopsOf = ({ records, domain, reduced, maps }: Growing): Loops => ({
  kind: "loops",
  records,
  domain,
  reduced: reduced ?? [],
  maps,
});

export const dependsOn = (last: Growing, first: Growing): boolean => last.inputs.has(first) || between(first, last);

/** Whether `last` depends on `first` by way of some other group. */
export function between(first: Growing, last: Growing): boolean {
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
export const mergedRecords = (a: readonly TapeRecord[], b: readonly TapeRecord[]): TapeRecord[] =>
  [...a, ...b].sort((x, y) => x.id - y.id);

export function replace(groups: Growing[], gone: Growing, by: Growing): void {
  groups.splice(groups.indexOf(gone), 1);
  for (const group of groups) {
    if (group !== by && group.inputs.delete(gone)) group.inputs.add(by);
  }
  by.inputs.delete(by);
}
