import { call, type FunctionBuilder, type Module } from "./assembler.ts";
import type { Expression, Local, Operand } from "./encoding.ts";
import { i32 } from "./instructions.ts";
import { addPack } from "./pack-kernel.ts";
import { addTile, tileBytes, tileColumns, tileRows } from "./tile-kernel.ts";

/**
 * Cache blocks, divisible by the tile. A panel of b (blockDepth x 12) stays in the first-level cache while the panels
 * of a stream past it; the packed block of a (blockRows x blockDepth) stays in the second.
 */
const blockRows = 128;
const blockColumns = 252;
const blockDepth = 256;

const packedABytes = 4 * blockRows * blockDepth;
const packedBBytes = 4 * blockColumns * blockDepth;

/** Bytes that `multiply` needs at its `scratch` pointer. */
export const multiplyScratchBytes = packedABytes + packedBBytes + tileBytes;

/** Entries by which an offset table is longer than its side of the matrix, so that the last panel can be read whole. */
export const tableSlack = tileColumns - 1;

/** Bytes that `gemm` needs at its `scratch` pointer. */
export function gemmScratchBytes(m: number, n: number, k: number): number {
  return multiplyScratchBytes + 4 * (2 * (m + n + k) + 6 * tableSlack);
}

const minimum = (a: Expression<"i32">, b: Expression<"i32">) => i32.select(a, b, i32.ltU(a, b));

/** `body` for i = 0, step, 2 step, ... below `count`; it also gets how many of them are left, at most `step`. */
function forBlocks(
  f: FunctionBuilder,
  count: Local<"i32">,
  step: number,
  body: (i: Local<"i32">, size: Local<"i32">) => void,
): void {
  const i = f.let(i32.const(0));
  f.while(i32.ltU(i, count), () => {
    body(i, f.let(minimum(i32.sub(count, i), i32.const(step))));
    f.set(i, i32.add(i, step));
  });
}

/**
 * Adds the matrix product to a module that has a memory; pointers, strides and offsets are in bytes.
 *
 * `multiply`: c[m, n] (+)= a[m, k] b[k, n], where element (i, j) of each matrix lies at `base + rows[i] + columns[j]`
 * for two tables of 32-bit offsets. Tables cover every layout alike - transposed, strided, batched - and even the
 * unfolded images of convolution, which are then never written out. Tables of m and n entries go on for `tableSlack`
 * more, any offsets inside their matrix, which are read but not written. With k = 0 the product is zero.
 *
 * `gemm`: the same for matrices given by base, row stride and column stride.
 */
export function addGemm(module: Module) {
  const packA = addPack(module, 4 * tileRows);
  const packB = addPack(module, 4 * tileColumns);
  const tile = addTile(module, 3);
  const tiles = [addTile(module, 1), addTile(module, 2), tile];

  const multiply = module.function(
    "multiply",
    {
      ...({ c: "i32", cRows: "i32", cColumns: "i32", a: "i32", aRows: "i32", aColumns: "i32" } as const),
      ...({ b: "i32", bRows: "i32", bColumns: "i32", m: "i32", n: "i32", k: "i32" } as const),
      ...({ accumulate: "i32", scratch: "i32" } as const),
    },
    (f, { c, cRows, cColumns, a, aRows, aColumns, b, bRows, bColumns, m, n, k, accumulate, scratch }) => {
      const packedB = f.let(i32.add(scratch, packedABytes));
      const spill = f.let(i32.add(packedB, packedBBytes));
      const entry = (table: Local<"i32">, ...indices: Local<"i32">[]) =>
        indices.reduce((address: Expression<"i32">, index) => i32.add(address, i32.shl(index, 2)), table);
      const panel = (packed: Local<"i32">, index: Local<"i32">, depth: Local<"i32">) =>
        i32.add(packed, i32.shl(i32.mul(index, depth), 2));

      // Equal blocks of depth: 288 is better cut into 144 + 144 than into 256 + 32.
      const depthBlocks = f.let(i32.divU(i32.add(k, blockDepth - 1), blockDepth));
      f.if(i32.eqz(depthBlocks), () => f.set(depthBlocks, 1));
      const depthStep = f.let(i32.divU(i32.sub(i32.add(k, depthBlocks), 1), depthBlocks));

      forBlocks(f, n, blockColumns, (column, columnCount) => {
        const p = f.let(i32.const(0));
        const adds = f.let(accumulate);
        const oneDepthBlock = () => {
          const depth = f.let(minimum(i32.sub(k, p), depthStep));
          forBlocks(f, columnCount, tileColumns, (j) => {
            for (let offset = 0; offset < 4 * tileColumns; offset += 16) {
              const to = i32.add(panel(packedB, j, depth), offset);
              const lanes = i32.add(entry(bColumns, column, j), offset);
              f.do(call(packB, { to, from: b, lanes, steps: entry(bRows, p), count: depth }));
            }
          });
          forBlocks(f, m, blockRows, (row, rowCount) => {
            forBlocks(f, rowCount, tileRows, (i) => {
              const to = panel(scratch, i, depth);
              const lanes = entry(aRows, row, i);
              f.do(call(packA, { to, from: a, lanes, steps: entry(aColumns, p), count: depth }));
            });
            forBlocks(f, columnCount, tileColumns, (j, tileColumnCount) => {
              const vectorCount = f.let(i32.divU(i32.add(tileColumnCount, 3), 4));
              forBlocks(f, rowCount, tileRows, (i, tileRowCount) => {
                const product = {
                  ...{ c, rows: entry(cRows, row, i), columns: entry(cColumns, column, j) },
                  ...{ a: panel(scratch, i, depth), b: panel(packedB, j, depth), depth },
                  ...{ rowCount: tileRowCount, columnCount: tileColumnCount, accumulate: adds, spill },
                };
                for (const [index, narrowTile] of tiles.entries()) {
                  f.if(i32.eq(vectorCount, index + 1), () => f.do(call(narrowTile, product)));
                }
              });
            });
          });
          f.set(adds, 1);
          f.set(p, i32.add(p, depthStep));
        };
        f.doWhile(oneDepthBlock, () => i32.ltU(p, k));
      });
    },
  );

  const fillOffsets = module.function(
    "fillOffsets",
    { table: "i32", count: "i32", stride: "i32" },
    (f, { table, count, stride }) => {
      const offset = f.let(i32.const(0));
      const countEnd = f.let(i32.add(table, i32.shl(count, 2)));
      const tableEnd = f.let(i32.add(countEnd, 4 * tableSlack));
      f.while(i32.ltU(table, tableEnd), () => {
        f.do(i32.store(table, i32.select(offset, 0, i32.ltU(table, countEnd))));
        f.set(offset, i32.add(offset, stride));
        f.set(table, i32.add(table, 4));
      });
    },
  );

  const gemm = module.function(
    "gemm",
    {
      ...({ c: "i32", cRow: "i32", cColumn: "i32", a: "i32", aRow: "i32", aColumn: "i32" } as const),
      ...({ b: "i32", bRow: "i32", bColumn: "i32", m: "i32", n: "i32", k: "i32" } as const),
      ...({ accumulate: "i32", scratch: "i32" } as const),
    },
    (f, { c, cRow, cColumn, a, aRow, aColumn, b, bRow, bColumn, m, n, k, accumulate, scratch }) => {
      const next = f.let(i32.add(scratch, multiplyScratchBytes));
      const offsets = (count: Operand<"i32">, stride: Operand<"i32">) => {
        const table = f.let(next);
        f.do(call(fillOffsets, { table, count, stride }));
        f.set(next, i32.add(next, i32.shl(i32.add(count, tableSlack), 2)));
        return table;
      };
      const tables = {
        ...{ cRows: offsets(m, cRow), cColumns: offsets(n, cColumn) },
        ...{ aRows: offsets(m, aRow), aColumns: offsets(k, aColumn) },
        ...{ bRows: offsets(k, bRow), bColumns: offsets(n, bColumn) },
      };
      f.do(call(multiply, { c, a, b, ...tables, m, n, k, accumulate, scratch }));
    },
  );

  return { gemm, multiply, tile };
}
