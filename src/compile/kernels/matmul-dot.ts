import { call, type FunctionBuilder, type Module } from "../../wasm/assembler.ts";
import type { Expression, Local } from "../../wasm/encoding.ts";
import { f32x4, i32, i32x4, v128 } from "../../wasm/instructions.ts";
import { transpose } from "../../wasm/pack-kernel.ts";
import type { Span } from "./matmul-columns.ts";
import { registers, storeLanes } from "./matmul-tile.ts";

/** The matrices of a product, as byte addresses. */
export interface Matrices {
  readonly c: Local<"i32">;
  readonly a: Local<"i32">;
  readonly b: Local<"i32">;
}

/** Columns whose dot products with a row are one vector of c. */
export const dotColumns = 4;

/** Sums of a tile: enough to hide the latency of additions. More than 8 make V8 spill, at a third of the speed. */
const dotSums = 8;

/** Rows of a tile. */
export const dotRows = (n: number): number => Math.floor(dotSums / Math.min(n, dotColumns));

/** Into how many units the columns may be cut: fours, the last of which takes the rest. */
export const dotUnits = (n: number): number => Math.max(1, Math.floor(n / dotColumns));

/**
 * c = a bT with a [m, k] and b [n, k] as they lie: each element is a dot product of two rows, summed in four lanes, so
 * that nothing is copied. Best where b is read too few times to repay a transposed copy.
 */
export function emitDots(
  module: Module,
  f: FunctionBuilder,
  { m, n, k, tileRows }: { m: number; n: number; k: number; tileRows: number },
  { c, a, b }: Matrices,
  rows: Span,
  units: Span,
): void {
  const width = Math.min(n, dotColumns);
  const rest = n < dotColumns ? 0 : n % dotColumns;

  const fourColumns = (column: Expression<"i32">) => {
    const j = f.let(column);
    const bTile = f.let(i32.add(b, i32.mul(j, 4 * k)));
    const aTile = f.let(i32.add(a, i32.mul(rows.from, 4 * k)));
    const cTile = f.let(i32.add(i32.add(c, i32.mul(rows.from, 4 * n)), i32.shl(j, 2)));
    const aEnd = f.let(i32.add(a, i32.mul(rows.to, 4 * k)));
    const tile = (rows: number) =>
      f.do(call(dotFunction(module, { rows, width, n, k }), { c: cTile, a: aTile, b: bTile }));
    f.while(i32.leU(i32.add(aTile, 4 * k * tileRows), aEnd), () => {
      tile(tileRows);
      f.set(aTile, i32.add(aTile, 4 * k * tileRows));
      f.set(cTile, i32.add(cTile, 4 * n * tileRows));
    });
    if (m % tileRows > 0) f.if(i32.ltU(aTile, aEnd), () => tile(m % tileRows));
  };

  const unit = f.let(units.from);
  f.while(i32.ltU(unit, units.to), () => {
    fourColumns(i32.mul(unit, dotColumns));
    f.set(unit, i32.add(unit, 1));
  });
  // The last four share columns with the four before, which are in the same part.
  if (rest > 0) f.if(i32.eq(unit, dotUnits(n)), () => fourColumns(i32.const(n - dotColumns)));
}

const tileParameters = { c: "i32", a: "i32", b: "i32" } as const;

/** What a tile of dot products is specialised for. */
interface DotTile {
  readonly rows: number;
  readonly width: number;
  readonly n: number;
  readonly k: number;
}

function addTile(module: Module, tile: DotTile) {
  return module.function("dots", tileParameters, (f, at) => emitTile(f, tile, at));
}

type DotFunction = ReturnType<typeof addTile>;

const newTable = () => new Map<string, DotFunction>();

/** The tile of a module: a function of its own for the reasons of `multiplyTile`. */
function dotFunction(module: Module, tile: DotTile): DotFunction {
  const table = module.once(newTable);
  const key = JSON.stringify(tile);
  const known = table.get(key) ?? addTile(module, tile);
  table.set(key, known);
  return known;
}

function emitTile(
  f: FunctionBuilder,
  { rows, width, n, k }: DotTile,
  { c, a, b }: Record<keyof typeof tileParameters, Local<"i32">>,
): void {
  // Too few sums would wait for each other: then every other vector has its own.
  const interleaved = rows * width < 6 ? 2 : 1;
  const sums = Array.from({ length: rows }, () =>
    Array.from({ length: width }, () => Array.from({ length: interleaved }, () => f.local("v128"))),
  );
  const step = (p: number, mask?: Local<"v128">) => {
    const load = (pointer: Local<"i32">, row: number) => {
      const vector = v128.load(pointer, 4 * k * row + 16 * p);
      // Both: what lies after a row may be NaN or infinite, which zero does not cancel.
      return mask ? v128.and(vector, mask) : vector;
    };
    const spare = registers - 2 - rows * width * interleaved;
    const kept = rows === 1 ? [] : sums[0].slice(0, spare).map((_, j) => f.let(load(b, j)));
    for (const [i, row] of sums.entries()) {
      const factor = f.let(load(a, i));
      for (const [j, { [p % interleaved]: sum }] of row.entries()) {
        f.set(sum, f.multiplyAdd(factor, kept[j] ?? load(b, j), sum));
      }
    }
  };
  const vectors = Math.floor(k / 4);
  const left = vectors % interleaved;
  const end = f.let(i32.add(a, 16 * (vectors - left)));
  f.while(i32.ltU(a, end), () => {
    for (let p = 0; p < interleaved; p++) step(p);
    f.set(a, i32.add(a, 16 * interleaved));
    f.set(b, i32.add(b, 16 * interleaved));
  });
  for (let p = 0; p < left; p++) step(p);
  if (k % 4 > 0) step(left, f.let(i32x4.const(-1, k % 4 > 1 ? -1 : 0, k % 4 > 2 ? -1 : 0, 0)));

  for (const [i, row] of sums.entries()) {
    const totals = row.map(([first, second]) => (second ? f32x4.add(first, second) : first));
    const four = Array.from({ length: dotColumns }, (_, j) => totals[j] ?? i32x4.const(0, 0, 0, 0));
    const [s0, s1, s2, s3] = transpose(f, four);
    const dots = f.let(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
    storeLanes(f, c, dots, 4 * n * i, width);
  }
}
