import { sizeOf } from "../../tensor/shape.ts";
import type { Expression, Local } from "../../wasm/encoding.ts";
import { i32, i32x4 } from "../../wasm/instructions.ts";
import type { Layout } from "../kernel.ts";
import type { Axis } from "./walk.ts";

/** A tensor as lanes along an axis: how many before, how long, and how many that adjoin. */
export function lanesOf({ shape }: Layout, axis: number): { outer: number; length: number; inner: number } {
  return { outer: sizeOf(shape.slice(0, axis)), length: shape[axis], inner: sizeOf(shape.slice(axis + 1)) };
}

/** How many vectors of neighbouring lanes to take at once: a cache line where there are so many. */
export const vectorsOf = (inner: number, lanes: number): number => (inner >= 4 * lanes ? 4 : 1);

/** The lanes of some operands, so many neighbours at once; the axis of size 1 is left out. */
export function laneAxes(
  outer: number,
  outerSteps: readonly number[],
  inner: number,
  innerSteps: readonly number[],
  block = 1,
) {
  const axes: Axis[] = [];
  if (outer > 1) axes.push({ size: outer, steps: outerSteps });
  if (inner > 1) axes.push({ size: inner, steps: innerSteps, block });
  return axes;
}

export const leastOf = (a: Local<"i32">, b: Local<"i32">): Expression<"i32"> => i32.select(a, b, i32.ltU(a, b));

export const zeroVector = i32x4.const(0, 0, 0, 0);
