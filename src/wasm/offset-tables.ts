import { tableSlack } from "./gemm-kernel.ts";
import type { Runtime } from "./runtime.ts";

/** 0, step, 2 step, ... */
export function multiples(count: number, step: number): number[] {
  return Array.from({ length: count }, (_, i) => i * step);
}

/** Byte offsets of all sums of one offset (in float32 elements) from each axis; the last axis varies fastest. */
export function offsetTable(...axes: number[][]): Int32Array {
  const length = axes.reduce((product, axis) => product * axis.length, 1);
  const table = new Int32Array(length + tableSlack);
  let filled = 1;
  for (const axis of axes) {
    // In place, from the back: entry i becomes the entries from i axis.length on.
    for (let i = filled - 1; i >= 0; i--) {
      const start = table[i];
      for (let j = axis.length - 1; j >= 0; j--) table[i * axis.length + j] = start + 4 * axis[j];
    }
    filled *= axis.length;
  }
  return table;
}

/** The offset tables of one product, as `multiply` names them. */
export interface Tables {
  cRows: Int32Array;
  cColumns: Int32Array;
  aRows: Int32Array;
  aColumns: Int32Array;
  bRows: Int32Array;
  bColumns: Int32Array;
}

/** Where `multiply` finds matrices and sizes; addresses in bytes. */
interface Product {
  c: number;
  a: number;
  b: number;
  m: number;
  n: number;
  k: number;
  accumulate: boolean;
}

/** Bytes of memory that the tables of one product take. */
export function tableBytes(tables: Tables): number {
  return Object.values(tables).reduce((sum: number, table: Int32Array) => sum + table.byteLength, 0);
}

/** Copies the tables of a product to `at` and returns the function that runs it. */
export function prepare({ kernels, integers }: Runtime, at: number, tables: Tables): (product: Product) => void {
  let next = at;
  const put = (table: Int32Array): number => {
    const address = next;
    integers.set(table, address / 4);
    next += table.byteLength;
    return address;
  };
  const [cRows, cColumns] = [put(tables.cRows), put(tables.cColumns)];
  const [aRows, aColumns] = [put(tables.aRows), put(tables.aColumns)];
  const [bRows, bColumns] = [put(tables.bRows), put(tables.bColumns)];
  return ({ c, a, b, m, n, k, accumulate }) =>
    kernels.multiply(c, cRows, cColumns, a, aRows, aColumns, b, bRows, bColumns, m, n, k, Number(accumulate), 0);
}
