import type { Shape } from "../../tensor/shape.ts";
import type { TapeRecord, Tensor } from "../../tensor/tensor.ts";
import { loweringOf } from "../lowering.ts";

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

/** Whether a record reduces: along axes of size 1 there is nothing to. */
export function isReduction({ primitive, inputs: [input], output }: TapeRecord): boolean {
  return loweringOf(primitive) === "reduction" && input.size !== output.size;
}

/** The map by which a record, whose output has `map`, reads an input. */
export function readMap(record: TapeRecord, input: Tensor, map: AxisMap, dimensions: number): AxisMap {
  if (isReduction(record)) return Array.from({ length: dimensions }, (_, d) => d);
  if (record.primitive.name === "reshape" || loweringOf(record.primitive) === "reduction") return map;
  return operandMap(input.shape, record.output.shape, map);
}
