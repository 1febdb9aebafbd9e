import type { FunctionBuilder } from "../../wasm/assembler.ts";
import type { Expression, Local } from "../../wasm/encoding.ts";
import { i32 } from "../../wasm/instructions.ts";

/**
 * The columns of a product, cut into blocks of vectors as equal as can be: first `wideCount` of `widest` vectors, then
 * narrower ones by one vector. Offsets are bytes, as if all vectors were whole: vector v is at 16 v.
 */
export interface Columns {
  readonly n: number;
  readonly count: number;
  readonly widest: number;
  readonly wideCount: number;
}

/** One block: where its vectors start. */
export interface ColumnBlock {
  /**
   * Byte offsets of the vectors. When the number of columns is not a multiple of 4, the very last vector starts early
   * and shares columns with the one before it, so that all are loaded and stored whole.
   */
  readonly offsets: readonly number[];
  /** How many lanes of the only vector are columns, when there are fewer than 4. */
  readonly lanes: number;
}

/** Rows or columns from one to another. */
export interface Span {
  readonly from: Local<"i32">;
  readonly to: Local<"i32">;
}

export function cutColumns(n: number, mostVectors: number): Columns {
  const vectors = Math.ceil(n / 4);
  const count = Math.ceil(vectors / mostVectors);
  const widest = Math.ceil(vectors / count);
  return { n, count, widest, wideCount: vectors - count * (widest - 1) };
}

export const minimum = (a: Expression<"i32">, b: number): Expression<"i32"> =>
  i32.select(a, i32.const(b), i32.ltU(a, b));

/** Part `part` of `count` things that are cut into `parts`. */
export function share(f: FunctionBuilder, part: Expression<"i32">, parts: number, count: number): Span {
  const size = Math.ceil(count / parts);
  const from = f.let(minimum(i32.mul(part, size), count));
  return { from, to: f.let(minimum(i32.add(from, size), count)) };
}

/** Byte offset of block `index`; of the end for index = count. */
export function columnOffset({ widest, wideCount }: Columns, index: Expression<"i32">): Expression<"i32"> {
  return i32.shl(i32.add(i32.mul(index, widest - 1), minimum(index, wideCount)), 4);
}

/** `body` for each block of a span of byte offsets. */
export function forColumnBlocks(
  f: FunctionBuilder,
  { n, count, widest, wideCount }: Columns,
  { from, to }: Span,
  body: (block: ColumnBlock, x: Local<"i32">) => void,
): void {
  const x = f.let(from);
  const lastVectors = wideCount === count ? widest : widest - 1;
  const wideBytes = 16 * widest * wideCount;
  const bytes = 16 * Math.ceil(n / 4);
  const rest = n % 4;
  const evenBytes = rest === 0 ? bytes : bytes - 16 * lastVectors;
  const loop = (vectors: number, end: number) => {
    const offsets = Array.from({ length: vectors }, (_, j) => 16 * j);
    const limit = f.let(minimum(to, end));
    f.while(i32.ltU(x, limit), () => {
      body({ offsets, lanes: 4 }, x);
      f.set(x, i32.add(x, 16 * vectors));
    });
  };
  if (Math.min(wideBytes, evenBytes) > 0) loop(widest, Math.min(wideBytes, evenBytes));
  if (evenBytes > wideBytes) loop(widest - 1, evenBytes);
  if (rest > 0) {
    const offsets = Array.from({ length: lastVectors }, (_, j) => 16 * j);
    if (n >= 4) offsets[lastVectors - 1] -= 4 * (4 - rest);
    f.if(i32.ltU(x, to), () => body({ offsets, lanes: n >= 4 ? 4 : rest }, x));
  }
}
