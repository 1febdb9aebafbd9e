import type { FunctionBuilder } from "../../wasm/assembler.ts";
import type { Expression, Local } from "../../wasm/encoding.ts";
import { i32 } from "../../wasm/instructions.ts";
import type { Addresses, Kernel } from "../kernel.ts";

/** Loops over the axes of several operands at once, of sizes and steps known when the program is made. */

/**
 * One axis of a walk. With a block, a step goes that many positions at once; the last block ends with the axis and so
 * may overlap the one before, which suits work that can be done twice.
 */
export interface Axis {
  readonly size: number;
  /** How many bytes each operand moves for one position. */
  readonly steps: readonly number[];
  /** At most the size. */
  readonly block?: number;
}

/** One part of how many. */
export interface Share {
  readonly part: Local<"i32">;
  readonly parts: number;
}

const leastWorkOfAPart = 16384;
const mostParts = 16;

/** How many parts so much work, in elements, is worth. */
export const partsOf = (elements: number): number =>
  Math.min(mostParts, Math.max(1, Math.floor(elements / leastWorkOfAPart)));

export const roundUp = (value: number, multiple: number): number => Math.ceil(value / multiple) * multiple;

export const axesOf = (shape: readonly number[], ...steps: readonly (readonly number[])[]): Axis[] =>
  shape.map((size, axis) => ({ size, steps: steps.map((s) => s[axis]) }));

/**
 * The same walk with fewer axes: those of size 1 left out, and those over which every operand runs on evenly joined.
 */
export function mergeAxes(axes: readonly Axis[]): Axis[] {
  const merged: Axis[] = [];
  for (const { size, steps } of axes) {
    if (size === 1) continue;
    const last = merged.at(-1);
    if (last?.steps.every((step, k) => step === steps[k] * size)) {
      merged[merged.length - 1] = { size: last.size * size, steps };
    } else merged.push({ size, steps });
  }
  return merged;
}

const roundsOf = ({ size, block = 1 }: Axis): number => Math.ceil(size / block);

/** The axis to cut into parts: the first that gives nearly equal ones, else the longest. */
export function axisToCut(axes: readonly Axis[], parts: number): number {
  const rounds = axes.map(roundsOf);
  const even = rounds.findIndex((n) => n % parts === 0 || n >= 4 * parts);
  return even >= 0 ? even : rounds.indexOf(Math.max(...rounds));
}

export const least = (a: Expression<"i32">, b: number): Expression<"i32"> => i32.select(a, b, i32.ltU(a, b));

/** From where to where a part goes in `count` steps. The first may lie behind the end, when nothing is left. */
export function boundsOf(f: FunctionBuilder, count: number, { part, parts }: Share): [Local<"i32">, Local<"i32">] {
  const each = Math.ceil(count / parts);
  const first = f.let(i32.mul(part, each));
  return [first, f.let(least(f.let(i32.add(first, each)), count))];
}

/**
 * Appends nested loops over `axes`, the first outermost. `visit` gets the address of each operand, not to be changed.
 * With a share, axis `cut` is walked over the part's share alone.
 */
export function walk(
  f: FunctionBuilder,
  axes: readonly Axis[],
  starts: readonly Expression<"i32">[],
  visit: (at: readonly Expression<"i32">[]) => void,
  share?: Share,
  cut: number = share ? axisToCut(axes, share.parts) : -1,
): void {
  const moved = (at: readonly Expression<"i32">[], { steps }: Axis, position: Expression<"i32">) =>
    at.map((start, k) => (steps[k] === 0 ? start : f.let(i32.add(start, i32.mul(position, steps[k])))));

  const loop = (depth: number, at: readonly Expression<"i32">[]): void => {
    if (depth === axes.length) {
      visit(at);
      return;
    }
    const axis = axes[depth];
    const { size, steps, block } = axis;
    const rounds = roundsOf(axis);
    const isCut = share !== undefined && share.parts > 1 && depth === cut;
    if (rounds === 1 && !isCut) {
      loop(depth + 1, at);
      return;
    }
    const [first, end] = isCut ? boundsOf(f, rounds, share) : [i32.const(0), i32.const(rounds)];
    const round = f.let(first);
    const next = () => f.set(round, i32.add(round, 1));
    if (block !== undefined) {
      f.while(i32.ltS(round, end), () => {
        const position = f.let(i32.mul(round, block));
        if (size % block !== 0) f.set(position, least(position, size - block));
        loop(depth + 1, moved(at, axis, position));
        next();
      });
    } else {
      const here = isCut ? moved(at, axis, first) : at.map((start, k) => (steps[k] === 0 ? start : f.let(start)));
      f.while(i32.ltS(round, end), () => {
        loop(depth + 1, here);
        here.forEach((address, k) => {
          if (steps[k] !== 0) f.set(address as Local<"i32">, i32.add(address, steps[k]));
        });
        next();
      });
    }
  };
  // A single step is the first part's.
  if (share && share.parts > 1 && axes.length === 0) f.if(i32.eqz(share.part), () => loop(0, starts));
  else loop(0, starts);
}

/** A kernel of one stage, with as many parts as so many elements are worth. */
export function singleStage(
  elements: number,
  emit: (f: FunctionBuilder, at: Addresses, share: Share) => void,
  parts: number = partsOf(elements),
): Kernel {
  if (elements === 0) return { stages: [], operations: 0 };
  return { stages: [{ parts, emit: (_, f, part, at) => emit(f, at, { part, parts }) }], operations: elements };
}
