import { call, type FunctionBuilder, type Module } from "../../wasm/assembler.ts";
import type { Expression, Local } from "../../wasm/encoding.ts";
import { i32, i32x4, v128 } from "../../wasm/instructions.ts";
import type { ColumnBlock } from "./matmul-columns.ts";

/** Vector registers that WebAssembly code can use on x86-64: the engine keeps the last of the 16 for itself. */
export const registers = 15;

/** Sums that a tile may have: one factor, one vector of b and one product must fit beside them. */
export const mostSums = registers - 3;

/** The most products that are written out without a loop. */
export const mostUnrolled = 2;

/** Where the elements of an operand lie, in bytes from a pointer. */
export interface Strides {
  readonly row: number;
  readonly step: number;
}

/** What a tile is specialised for. */
export interface Tile {
  readonly rows: number;
  readonly block: ColumnBlock;
  readonly aStrides: Strides;
  readonly bStep: number;
  /** Byte offsets of the block's vectors in a row of b. */
  readonly bOffsets: readonly number[];
  readonly cRow: number;
  /** How many products it sums, where there are too few for a loop. */
  readonly steps?: number;
  /** Whether it adds to what c holds. */
  readonly accumulates: boolean;
}

const tileParameters = { c: "i32", a: "i32", b: "i32", depth: "i32" } as const;

type TileArguments = { readonly [name in keyof typeof tileParameters]: Local<"i32"> };

function addTile(module: Module, tile: Tile) {
  return module.function("tile", tileParameters, (f, at) => emitTile(f, tile, at));
}

/** The tiles of a module, by what they are specialised for: equal ones are one function. */
const newTable = () => new Map<string, ReturnType<typeof addTile>>();

/**
 * Appends c[rows, columns of the block] = (c +) a[rows, depth] b[depth, columns], with each sum in a register.
 *
 * The loop is in a function of its own, and one of single steps: in a nest of loops the compiler of V8 would unroll it,
 * collect the loads of several steps at the start and spill what does not fit in registers.
 */
export function multiplyTile(module: Module, f: FunctionBuilder, tile: Tile, at: TileArguments): void {
  if (tile.steps !== undefined) {
    emitTile(f, tile, at);
    return;
  }
  const table = module.once(newTable);
  const key = JSON.stringify(tile);
  const known = table.get(key) ?? addTile(module, tile);
  table.set(key, known);
  f.do(call(known, at));
}

function emitTile(
  f: FunctionBuilder,
  { rows, block, aStrides, bStep, bOffsets, cRow, steps, accumulates }: Tile,
  at: TileArguments,
): void {
  const { c } = at;
  const place = (i: number, j: number) => i * cRow + block.offsets[j];
  const zero = f.constant(i32x4.const(0, 0, 0, 0));
  const sums = Array.from({ length: rows }, (_, i) =>
    bOffsets.map((_, j) => f.let(accumulates ? v128.load(c, place(i, j)) : zero)),
  );
  const multiplyAdd = (i: number, j: number, factor: Expression<"v128">, vector: Expression<"v128">) =>
    f.set(sums[i][j], f.multiplyAdd(factor, vector, sums[i][j]));
  const a = f.let(at.a);
  const b = f.let(at.b);
  const loadA = (i: number, p: number) => v128.load32Splat(a, i * aStrides.row + p * aStrides.step);
  const loadB = (j: number, p: number) => v128.load(b, bOffsets[j] + p * bStep);
  const step = (p: number) => {
    if (rows <= 2) {
      const factors = sums.map((_, i) => f.let(loadA(i, p)));
      for (const j of bOffsets.keys()) {
        const vector = f.let(loadB(j, p));
        for (const [i, factor] of factors.entries()) multiplyAdd(i, j, factor, vector);
      }
    } else {
      // What does not fit in registers beside the sums is read again.
      const spare = registers - 2 - rows * bOffsets.length;
      const kept = bOffsets.slice(0, spare).map((_, j) => f.let(loadB(j, p)));
      for (const i of sums.keys()) {
        const factor = f.let(loadA(i, p));
        for (const j of bOffsets.keys()) multiplyAdd(i, j, factor, kept[j] ?? loadB(j, p));
      }
    }
  };
  if (steps !== undefined) for (let p = 0; p < steps; p++) step(p);
  else {
    const aEnd = f.let(i32.add(a, i32.mul(at.depth, aStrides.step)));
    f.while(i32.ltU(a, aEnd), () => {
      step(0);
      f.set(a, i32.add(a, aStrides.step));
      f.set(b, i32.add(b, bStep));
    });
  }
  for (const [i, row] of sums.entries()) {
    for (const [j, sum] of row.entries()) storeLanes(f, c, sum, place(i, j), block.lanes);
  }
}

/** Stores the first `lanes` lanes of a vector. */
export function storeLanes(
  f: FunctionBuilder,
  address: Local<"i32">,
  vector: Local<"v128">,
  offset: number,
  lanes: number,
): void {
  if (lanes === 4) f.do(v128.store(address, vector, offset));
  else {
    if (lanes >= 2) f.do(v128.store64Lane(address, vector, 0, offset));
    if (lanes % 2 === 1) f.do(v128.store32Lane(address, vector, lanes - 1, offset + 4 * (lanes - 1)));
  }
}
