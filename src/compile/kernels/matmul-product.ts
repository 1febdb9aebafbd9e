import type { FunctionBuilder, Module } from "../../wasm/assembler.ts";
import type { Expression, Local } from "../../wasm/encoding.ts";
import { i32 } from "../../wasm/instructions.ts";
import type { Addresses } from "../kernel.ts";
import { forColumnBlocks, minimum, type Span } from "./matmul-columns.ts";
import { dotUnits, emitDots } from "./matmul-dot.ts";
import { emitPackColumns, emitPackRows } from "./matmul-pack.ts";
import type { Epilogue, MatmulPlan } from "./matmul-plan.ts";
import { mostUnrolled, multiplyTile, type Strides } from "./matmul-tile.ts";

const aligned = (bytes: number): number => 64 * Math.ceil(bytes / 64);

/** The most bytes of packed columns of one part. */
function packedColumnsBytes({ packB, columns, columnParts, k }: MatmulPlan): number {
  if (packB !== "part") return 0;
  return aligned(16 * columns.widest * Math.ceil(columns.count / columnParts) * k);
}

/** The most bytes of packed rows of one block. */
function packedRowsBytes(plan: MatmulPlan): number {
  const { packA, rowBlock, tileRows, depthStep } = plan;
  return packA ? aligned(Math.ceil(rowBlock / tileRows) * depthStep * aStrides(plan).step) : 0;
}

/** Scratch memory of a part: its packed columns, then its packed rows. */
export function scratchBytes(plan: MatmulPlan): number {
  return packedColumnsBytes(plan) + packedRowsBytes(plan);
}

/** How a lies in memory. */
const storedStrides = ({ m, k, transposeA }: MatmulPlan): Strides =>
  transposeA ? { row: 4, step: 4 * m } : { row: 4 * k, step: 4 };

/** How the tiles step through a. */
const aStrides = (plan: MatmulPlan): Strides =>
  plan.packA ? { row: 4, step: 16 * Math.ceil(plan.tileRows / 4) } : storedStrides(plan);

/**
 * Rows `row` to `rowEnd` and columns `x` to `xEnd` of one matrix of the batch: byte offsets as in `Columns` for tiles,
 * units for dot products. `packed` is where the panel of column 0 is or would be.
 */
const parameters = {
  ...({ item: "i32", c: "i32", a: "i32", b: "i32", packed: "i32", row: "i32", rowEnd: "i32" } as const),
  ...({ x: "i32", xEnd: "i32", scratch: "i32" } as const),
};
type ProductFunction = ReturnType<typeof addProduct>;

/** The functions of a module, by their plans: equal products share one. */
const newTable = () => new Map<string, ProductFunction>();

/** The function that computes a part of a matrix. */
export function productFunction(
  module: Module,
  plan: MatmulPlan,
  at: Addresses,
  epilogue: Epilogue | undefined,
): ProductFunction {
  if (epilogue) return addProduct(module, plan, at, epilogue);
  const table = module.once(newTable);
  const key = JSON.stringify({ ...plan, batch: 0, itemsInPart: 0 });
  const known = table.get(key) ?? addProduct(module, plan, at);
  table.set(key, known);
  return known;
}

function addProduct(module: Module, plan: MatmulPlan, at: Addresses, epilogue?: Epilogue) {
  const { m, n, form, packB, swapped } = plan;
  return module.function("product", parameters, (f, { item, c, a, b, packed, row, rowEnd, x, xEnd, scratch }) => {
    const finish = (from: Expression<"i32">, to: Expression<"i32">) => {
      if (!epilogue) return;
      const before = i32.mul(item, swapped ? n : m);
      const [rowStart, end] = [from, to].map((index) => f.let(i32.add(before, index)));
      epilogue(module, f, rowStart, end, { ...at, scratch: f.let(i32.add(scratch, scratchBytes(plan))) });
    };
    const span = { from: x, to: xEnd };
    const dots = () => {
      emitDots(module, f, plan, { c, a, b }, { from: row, to: rowEnd }, span);
      if (!swapped) finish(row, rowEnd);
      else finish(i32.mul(x, 4), i32.select(i32.const(n), i32.mul(xEnd, 4), i32.eq(xEnd, dotUnits(n))));
    };
    const tiles = () => {
      if (packB === "part") emitPackColumns(f, plan, b, packed, span);
      const packedRows = f.let(i32.add(scratch, packedColumnsBytes(plan)));
      const places = { c, a, b, packed, packedRows };
      forRowBlocks(f, row, rowEnd, plan, (blockEnd) => {
        const rows = { from: row, to: blockEnd };
        forDepthBlocks(f, plan, (p, depth) => emitTiles(module, f, plan, places, rows, span, p, depth));
        if (!swapped) finish(row, blockEnd);
      });
      if (swapped) finish(i32.shrU(x, 2), minimum(i32.shrU(xEnd, 2), n));
    };
    if (form === "dots") dots();
    else tiles();
  });
}

/** `body` for the rows from `row` to the end that it gets, which are at most `rowBlock`. */
function forRowBlocks(
  f: FunctionBuilder,
  row: Local<"i32">,
  rowEnd: Local<"i32">,
  { rowsInPart, rowBlock }: MatmulPlan,
  body: (blockEnd: Local<"i32">) => void,
): void {
  if (rowsInPart <= rowBlock) {
    body(rowEnd);
    return;
  }
  const blockEnd = f.local("i32");
  f.while(i32.ltU(row, rowEnd), () => {
    const next = f.let(i32.add(row, rowBlock));
    f.set(blockEnd, i32.select(next, rowEnd, i32.ltU(next, rowEnd)));
    body(blockEnd);
    f.set(row, blockEnd);
  });
}

/** `body` for the blocks of depth: from which step p, and how many steps. */
function forDepthBlocks(
  f: FunctionBuilder,
  { k, depthStep }: MatmulPlan,
  body: (p: Local<"i32"> | undefined, depth: Local<"i32">) => void,
): void {
  if (depthStep >= k) {
    body(undefined, f.let(i32.const(k)));
    return;
  }
  const p = f.let(i32.const(0));
  f.doWhile(
    () => {
      body(p, f.let(minimum(i32.sub(k, p), depthStep)));
      f.set(p, i32.add(p, depthStep));
    },
    () => i32.ltU(p, k),
  );
}

/** The tiles of some rows and columns and one block of depth. */
function emitTiles(
  module: Module,
  f: FunctionBuilder,
  plan: MatmulPlan,
  at: Readonly<Record<"c" | "a" | "b" | "packed" | "packedRows", Local<"i32">>>,
  rows: Span,
  span: Span,
  p: Local<"i32"> | undefined,
  depth: Local<"i32">,
): void {
  const { n, m, k, columns, packA, packB, tileRows } = plan;
  const [strides, stored] = [aStrides(plan), storedStrides(plan)];
  const after = (start: Expression<"i32">, step: number) => (p ? i32.add(start, i32.mul(p, step)) : start);
  const aRow = (row: Expression<"i32">) => f.let(after(i32.add(at.a, i32.mul(row, stored.row)), stored.step));
  const cRow = (row: Expression<"i32">) => i32.add(at.c, i32.mul(row, 4 * n));
  const aStart = packA ? at.packedRows : aRow(rows.from);
  const aTile = f.let(packA ? i32.mul(depth, strides.step) : i32.const(tileRows * strides.row));
  if (packA) emitPackRows(f, plan, { from: aRow(rows.from), to: aRow(rows.to) }, at.packedRows, depth);

  forColumnBlocks(f, columns, span, (block, x) => {
    const inPanels = packB !== "no";
    const vectors = block.offsets.length;
    const bStep = inPanels ? 16 * vectors : 4 * n;
    const bOffsets = inPanels ? block.offsets.map((_, j) => 16 * j) : block.offsets;
    const b = f.let(after(inPanels ? i32.add(at.packed, i32.mul(x, k)) : i32.add(at.b, x), bStep));
    const a = f.let(aStart);
    const c = f.let(i32.add(cRow(rows.from), x));
    const cEnd = f.let(i32.add(cRow(rows.to), x));
    const steps = k <= mostUnrolled ? k : undefined;
    const tile = (rows: number) => {
      const multiply = (accumulates: boolean) => {
        const kind = { rows, block, aStrides: strides, bStep, bOffsets, cRow: 4 * n, steps, accumulates };
        multiplyTile(module, f, kind, { c, a, b, depth });
      };
      if (p === undefined) multiply(false);
      else {
        f.if(
          p,
          () => multiply(true),
          () => multiply(false),
        );
      }
    };
    f.while(i32.leU(i32.add(c, 4 * n * tileRows), cEnd), () => {
      tile(tileRows);
      f.set(a, i32.add(a, aTile));
      f.set(c, i32.add(c, 4 * n * tileRows));
    });
    if (m % tileRows > 0) f.if(i32.ltU(c, cEnd), () => tile(m % tileRows));
  });
}
