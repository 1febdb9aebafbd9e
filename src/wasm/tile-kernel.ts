import type { Module } from "./assembler.ts";
import { f32, f32x4, i32, v128 } from "./instructions.ts";
import { adjoin } from "./pack-kernel.ts";

/**
 * The register tile: 4 rows by 3 vectors. Its 12 sums, one vector of b, one factor of a and one product fill 15 of the
 * 16 registers of x86-64; the engine keeps the last for itself.
 */
export const tileRows = 4;
export const tileColumns = 12;
export const tileBytes = 4 * tileRows * tileColumns;

/**
 * Adds one tile's product: c[4, 12] (+)= a[4, depth] b[depth, 12] from packed panels, where element (i, j) of c lies at
 * `c + rows[i] + columns[j]`. Only `rowCount` x `columnCount` of it is written. `vectors`, from 1 to 3, is how many
 * vectors of columns are computed: fewer for the last panel of a matrix.
 */
export function addTile(module: Module, vectors: number) {
  return module.function(
    `tile${vectors}`,
    {
      ...({ c: "i32", rows: "i32", columns: "i32", a: "i32", b: "i32", depth: "i32" } as const),
      ...({ rowCount: "i32", columnCount: "i32", accumulate: "i32", spill: "i32" } as const),
    },
    (f, { c, rows, columns, a, b, depth, rowCount, columnCount, accumulate, spill }) => {
      const sums = Array.from({ length: tileRows }, () => Array.from({ length: vectors }, () => f.local("v128")));
      const aEnd = f.let(i32.add(a, i32.mul(depth, 4 * tileRows)));
      f.while(i32.ltU(a, aEnd), () => {
        // One vector of b is kept and the others are read again for each row: keeping all three would spill.
        const first = f.let(v128.load(b));
        sums.forEach((row, i) => {
          const factor = f.let(v128.load32Splat(a, 4 * i));
          row.forEach((sum, j) => {
            const vector = j === 0 ? first : v128.load(b, 16 * j);
            f.set(sum, f32x4.add(sum, f32x4.mul(factor, vector)));
          });
        });
        f.set(a, i32.add(a, 4 * tileRows));
        f.set(b, i32.add(b, 4 * tileColumns));
      });

      const writeVectors = () => {
        const column = sums[0].map((_, j) => f.let(i32.load(columns, 16 * j)));
        sums.forEach((row, i) => {
          f.if(i32.gtU(rowCount, i), () => {
            const start = f.let(i32.add(c, i32.load(rows, 4 * i)));
            const places = row.map((sum, j) => ({ sum, address: i32.add(start, column[j]) }));
            f.if(accumulate, () => {
              for (const { sum, address } of places) f.set(sum, f32x4.add(sum, v128.load(address)));
            });
            for (const { sum, address } of places) f.do(v128.store(address, sum));
          });
        });
      };

      const writeThroughSpill = () => {
        for (const [i, row] of sums.entries()) {
          for (const [j, sum] of row.entries()) f.do(v128.store(spill, sum, 4 * tileColumns * i + 16 * j));
        }
        const rowsEnd = f.let(i32.add(rows, i32.shl(rowCount, 2)));
        const columnsEnd = f.let(i32.add(columns, i32.shl(columnCount, 2)));
        f.while(i32.ltU(rows, rowsEnd), () => {
          const column = f.let(columns);
          const source = f.let(spill);
          const advance = (count: number) => {
            f.set(column, i32.add(column, 4 * count));
            f.set(source, i32.add(source, 4 * count));
          };
          f.while(i32.ltU(column, columnsEnd), () => {
            const address = f.let(i32.add(i32.add(c, i32.load(rows)), i32.load(column)));
            f.if(
              i32.and(i32.leU(i32.add(column, 16), columnsEnd), adjoin(column)),
              () => {
                const value = f.let(v128.load(source));
                f.if(accumulate, () => f.set(value, f32x4.add(value, v128.load(address))));
                f.do(v128.store(address, value));
                advance(4);
              },
              () => {
                const value = f.let(f32.load(source));
                f.if(accumulate, () => f.set(value, f32.add(value, f32.load(address))));
                f.do(f32.store(address, value));
                advance(1);
              },
            );
          });
          f.set(spill, i32.add(spill, 4 * tileColumns));
          f.set(rows, i32.add(rows, 4));
        });
      };

      const adjoinAll = sums[0].reduce(
        (all, _, j) => i32.and(all, adjoin(i32.add(columns, 16 * j))),
        i32.eq(columnCount, 4 * vectors),
      );
      f.if(adjoinAll, writeVectors, writeThroughSpill);
    },
  );
}
