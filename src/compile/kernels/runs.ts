import type { FunctionBuilder } from "../../wasm/assembler.ts";
import type { Expression, Local } from "../../wasm/encoding.ts";
import { i32, i64, v128 } from "../../wasm/instructions.ts";
import { type Axis, axisToCut, roundUp, type Share, walk } from "./walk.ts";

/** Copying and filling bytes that adjoin, their number known when the program is made. */

/** Above this many bytes a run is a loop. */
const mostUnrolled = 192;

type Width = 1 | 4 | 8 | 16;

/** Pieces that cover so many bytes; the last may overlap the one before. */
function piecesOf(bytes: number): { offset: number; width: Width }[] {
  const width = ([16, 8, 4] as const).find((w) => w <= bytes) ?? 1;
  const count = Math.ceil(bytes / width);
  return Array.from({ length: count }, (_, i) => ({ offset: Math.min(i * width, bytes - width), width }));
}

/** Runs `piece` over all bytes. It gets how far its addresses have moved, and an offset from there. */
function overRun(
  f: FunctionBuilder,
  bytes: number,
  piece: (moved: Expression<"i32"> | undefined, offset: number, width: Width) => void,
): void {
  if (bytes <= mostUnrolled) {
    for (const { offset, width } of piecesOf(bytes)) piece(undefined, offset, width);
    return;
  }
  const even = Math.floor(bytes / 64) * 64;
  const moved = f.let(i32.const(0));
  f.doWhile(
    () => {
      for (const offset of [0, 16, 32, 48]) piece(moved, offset, 16);
      f.set(moved, i32.add(moved, 64));
    },
    () => i32.ltU(moved, even),
  );
  for (let offset = even; offset < bytes; offset += 16) piece(undefined, Math.min(offset, bytes - 16), 16);
}

/** One element, at an offset from each address. */
export function copyElement(
  f: FunctionBuilder,
  bytes: number,
  to: Expression<"i32">,
  toOffset: number,
  from: Expression<"i32">,
  fromOffset: number,
): void {
  if (bytes === 8) f.do(i64.store(to, i64.load(from, fromOffset), toOffset));
  else if (bytes === 4) f.do(i32.store(to, i32.load(from, fromOffset), toOffset));
  else f.do(i32.store8(to, i32.load8U(from, fromOffset), toOffset));
}

export function copyRun(f: FunctionBuilder, to: Expression<"i32">, from: Expression<"i32">, bytes: number): void {
  overRun(f, bytes, (moved, offset, width) => {
    const [target, source] = [to, from].map((start) => (moved ? i32.add(start, moved) : start));
    if (width === 16) f.do(v128.store(target, v128.load(source, offset), offset));
    else if (width === 8) f.do(i64.store(target, i64.load(source, offset), offset));
    else if (width === 4) f.do(i32.store(target, i32.load(source, offset), offset));
    else f.do(i32.store8(target, i32.load8U(source, offset), offset));
  });
}

/** Fills with a pattern whose period, an element, divides the number of bytes. */
export function fillRun(f: FunctionBuilder, to: Expression<"i32">, bytes: number, pattern: Local<"v128">): void {
  overRun(f, bytes, (moved, offset, width) => {
    const target = moved ? i32.add(to, moved) : to;
    if (width === 16) f.do(v128.store(target, pattern, offset));
    else if (width === 8) f.do(v128.store64Lane(target, pattern, 0, offset));
    else if (width === 4) f.do(v128.store32Lane(target, pattern, 0, offset));
    else f.do(v128.store8Lane(target, pattern, 0, offset));
  });
}

/**
 * Walks `axes`, of which the last is one of runs: `visit` gets how many of its positions adjoin. Where the outer axes
 * do not give parts enough, the runs are cut.
 */
export function walkRuns(
  f: FunctionBuilder,
  axes: readonly Axis[],
  elementBytes: number,
  starts: readonly Expression<"i32">[],
  visit: (at: readonly Expression<"i32">[], count: number) => void,
  share: Share,
): void {
  const outer = axes.slice(0, -1);
  const run = axes[axes.length - 1];
  const most = Math.max(1, ...outer.map(({ size }) => size));
  let count = run.size;
  if (share.parts > 1 && most < share.parts && most < run.size) {
    count = Math.min(run.size, roundUp(Math.ceil(run.size / share.parts), 64 / elementBytes));
  }
  if (count < run.size) outer.push({ ...run, block: count });
  walk(f, outer, starts, (at) => visit(at, count), share, axisToCut(outer, share.parts));
}

/** Fills an array of so many bytes with a pattern whose period divides them. */
export function fillArray(
  f: FunctionBuilder,
  start: number,
  bytes: number,
  pattern: Local<"v128">,
  share: Share,
): void {
  if (bytes === 0) return;
  const axes = [{ size: bytes, steps: [1] }];
  walkRuns(f, axes, 1, [i32.const(start)], ([to], count) => fillRun(f, to, count, pattern), share);
}
