import type { FunctionBuilder } from "../../wasm/assembler.ts";
import type { Expression, Local } from "../../wasm/encoding.ts";
import { f32x4, i32, v128 } from "../../wasm/instructions.ts";

/*
 * Register tiles of dot products, for weight gradients: `rows` vectors of one operand against `columns` of another,
 * whose products add up lane by lane; the lanes are added at the end.
 */

export const zeros = f32x4.const(0, 0, 0, 0);

/** The most columns for a number of rows: as many as the registers hold with the sums; each may take a pointer. */
export const mostColumns = (rows: number): number => [0, 6, 4, 3, 2][rows];

/** Numbers of columns that add up to `count`, none above `most` and about equal: the sizes and how often they occur. */
export function splitColumns(count: number, most: number): { size: number; times: number }[] {
  const tiles = Math.ceil(count / most);
  const size = Math.ceil(count / tiles);
  const smaller = size * tiles - count;
  return [
    { size, times: tiles - smaller },
    { size: size - 1, times: smaller },
  ].filter(({ times }) => times > 0);
}

/** The sums of a tile. */
export function dotSums(f: FunctionBuilder, rows: number, columns: number): Local<"v128">[][] {
  return Array.from({ length: rows }, () => Array.from({ length: columns }, () => f.let(zeros)));
}

/** Adds the products of one vector of each row and one of each column. */
export function addDots(
  f: FunctionBuilder,
  sums: Local<"v128">[][],
  row: (i: number) => Expression<"v128">,
  column: (j: number) => Expression<"v128">,
): void {
  const columns = sums[0].map((_, j) => f.let(column(j)));
  for (const [i, sumsOfRow] of sums.entries()) {
    const vector = f.let(row(i));
    for (const [j, sum] of sumsOfRow.entries()) f.set(sum, f.multiplyAdd(vector, columns[j], sum));
  }
}

/** Adds the lanes of each sum and puts the totals of a column's rows, up to four, at `to + j columnStep`. */
export function addTotals(f: FunctionBuilder, sums: Local<"v128">[][], to: Local<"i32">, columnStep: number): void {
  for (const j of sums[0].keys()) {
    const [a, b, c, d] = [0, 1, 2, 3].map((i) => sums[i]?.[j] ?? f.constant(zeros));
    const pair = (first: Local<"v128">, second: Local<"v128">) =>
      f.let(f32x4.add(f32x4.shuffle(first, second, [0, 4, 1, 5]), f32x4.shuffle(first, second, [2, 6, 3, 7])));
    const [ab, cd] = [pair(a, b), sums.length > 2 ? pair(c, d) : f.constant(zeros)];
    const totals = f32x4.add(f32x4.shuffle(ab, cd, [0, 1, 4, 5]), f32x4.shuffle(ab, cd, [2, 3, 6, 7]));
    f.do(v128.store(to, f32x4.add(v128.load(to, j * columnStep), totals), j * columnStep));
  }
  f.set(to, i32.add(to, sums[0].length * columnStep));
}
