import { bytesOf } from "../tensor/dtype.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { room } from "./memory.ts";
import type { Schedule, Unit } from "./schedule.ts";
import { results, type Step } from "./step.ts";

/** A buffer of a program, and the units between which it is in use. */
export interface Block {
  /** The value in it, or the unit whose temporary memory it is. */
  readonly holds: Tensor | Unit;
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
  /** In bytes from the start of the program's memory. */
  readonly offset: number;
}

/** Where everything lies that lives no longer than a call. */
export interface MemoryPlan {
  readonly blocks: readonly Block[];
  readonly bytes: number;
  /** The largest sum of blocks in use at one time: no plan could do with less. */
  readonly peak: number;
}

export const bytesIn = (t: Tensor): number => t.size * bytesOf[t.dtype];

/**
 * Gives every value a place for as long as it is needed: the largest first, each at the lowest address that nothing in
 * use at the same time occupies.
 */
export function planMemory(step: Step, { units, rootOf, outputs, inPlace, copies }: Schedule): MemoryPlan {
  const last = new Map<Tensor, number>();
  for (const [i, { reads }] of units.entries()) for (const t of reads) last.set(t, i);
  for (const t of [...results(step), ...outputs, ...copies.map(({ value }) => value)])
    last.set(rootOf(t), units.length);
  const wanted: Omit<Block, "offset">[] = [];
  for (const [i, unit] of units.entries()) {
    for (const t of unit.writes) {
      if (!inPlace.has(t)) wanted.push({ holds: t, bytes: room(bytesIn(t)), first: i, last: last.get(t) ?? i });
    }
    const { temporaryBytes = 0 } = unit.kernel;
    if (temporaryBytes > 0) wanted.push({ holds: unit, bytes: room(temporaryBytes), first: i, last: i });
  }
  const blocks: Block[] = [];
  let bytes = 0;
  for (const block of [...wanted].sort((a, b) => b.bytes - a.bytes || a.first - b.first)) {
    const others = blocks.filter((other) => other.first <= block.last && block.first <= other.last);
    let offset = 0;
    for (const other of others.sort((a, b) => a.offset - b.offset)) {
      if (offset + block.bytes <= other.offset) break;
      offset = Math.max(offset, other.offset + other.bytes);
    }
    blocks.push({ ...block, offset });
    bytes = Math.max(bytes, offset + block.bytes);
  }
  const inUse = units.map((_, i) => blocks.reduce((n, b) => n + (b.first <= i && i <= b.last ? b.bytes : 0), 0));
  return { blocks, bytes, peak: Math.max(0, ...inUse) };
}
