import type { FunctionBuilder, Module } from "../../wasm/assembler.ts";
import type { Local } from "../../wasm/encoding.ts";
import type { Addresses } from "../kernel.ts";
import { type Columns, cutColumns } from "./matmul-columns.ts";
import { dotRows, dotUnits } from "./matmul-dot.ts";

/** A product of matrices, batch times. */
export interface Product {
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/**
 * Appends code that changes rows `rowStart` to `rowEnd` of the output, in place, while they are in the cache. Rows are
 * those of the output as one matrix of n columns. Its own scratch memory, if it needs any, starts at `at.scratch`:
 * whoever passes the epilogue adds its size to the kernel's `scratchBytes`.
 */
export type Epilogue = (
  module: Module,
  f: FunctionBuilder,
  rowStart: Local<"i32">,
  rowEnd: Local<"i32">,
  at: Addresses,
) => void;

/** How a product is computed. */
export interface MatmulPlan extends Product {
  /** The plan is that of cT = bT aT: a and b change places, the columns are the rows of the output. */
  readonly swapped: boolean;
  /** Tiles of c with vectors along its rows, or dot products with vectors along k. */
  readonly form: "tiles" | "dots";
  readonly columns: Columns;
  readonly tileRows: number;
  /** Whether the columns of b are copied into panels: once, before all parts; or by each part, its own. */
  readonly packB: "no" | "shared" | "part";
  /** Whether the rows of a are copied into panels, by each part its own. */
  readonly packA: boolean;
  /** Products summed by one tile; more are added in a further pass over c. */
  readonly depthStep: number;
  /** Rows that pass all columns and depths before the next. */
  readonly rowBlock: number;
  /** A part is some matrices of the batch, or some rows and columns of one of them. */
  readonly itemsInPart: number;
  readonly rowsInPart: number;
  readonly rowParts: number;
  readonly columnParts: number;
}

/** Multiplications that repay the handing out of one part. */
const partWork = 65536;
const mostParts = 16;

/** Bytes that stay in the first-level cache while other things pass. */
const cachedBytes = 32768;

/** Products in one tile: a panel of so many vectors of b leaves room in the first-level cache. */
const packedDepth = 400;
/** The same for rows of b as they lie; fewer would not repay the further passes over c. */
const leastDirectDepth = 64;

/** Rows that pass all columns before the next where b is in the first-level cache: c is then written in order. */
const rowsWithCachedB = 16;

/** Bytes of a that a block of rows may take in the second-level cache. */
const rowBlockBytes = 1 << 18;

/** Rows of a part that repay reading all of b, and where b is in the first-level cache. */
const leastRowsInPart = 32;
const leastRowsOfCached = 8;

/** Columns of a part that repay packing the rows of a. */
const leastColumnsOfPacked = 32;

const upTo = (value: number, multiple: number): number => multiple * Math.ceil(value / multiple);

/** The size of equal pieces, none larger than `most`. */
const evenly = (count: number, most: number): number => Math.ceil(count / Math.max(1, Math.ceil(count / most)));

/** Rows and vectors of the register tile. */
function tileShape(m: number, n: number): { rows: number; vectors: number } {
  if (m === 1) return { rows: 1, vectors: 12 };
  if (m === 2) return { rows: 2, vectors: 5 };
  if (m === 3) return { rows: 3, vectors: 4 };
  if (n <= 4) return { rows: 8, vectors: 1 };
  return { rows: 4, vectors: 3 };
}

/**
 * Whether dot products are faster than a transposed copy of b: the copy costs about as much as multiplying 3 rows by b,
 * adding up the lanes of a dot product as much as 12 of its products.
 */
function prefersDots({ m, n, k, transposeA, transposeB }: Product): boolean {
  if (!transposeB || (transposeA && m > 1)) return false;
  return m <= Math.min(64, k / 5) || (n < 4 && k >= 8) || (m === 1 && k > 8);
}

/** Whether b is read as it lies: it must be in rows, and in the cache, or used too little to repay a copy. */
function readsInPlace({ m, n, k, transposeB }: Product): boolean {
  return !transposeB && (4 * k * n <= cachedBytes || m < 16 || (n <= 128 && m <= 64));
}

/** Chooses how to compute a product, except for what is already `chosen`. */
export function planMatmul(product: Product, chosen: Partial<MatmulPlan> = {}): MatmulPlan {
  const { batch, m, n, k, transposeA, transposeB } = product;
  if (n === 1 && m > 1) {
    // A column is stored as a row is, and rows are long.
    const row = { batch, m: 1, n: m, k, transposeA: !transposeB, transposeB: !transposeA };
    return { ...planMatmul(row, chosen), swapped: true };
  }
  const shape = tileShape(m, n);
  const columns = cutColumns(n, shape.vectors);
  const { form = prefersDots(product) ? "dots" : "tiles" } = chosen;
  const cachedB = 4 * k * n <= cachedBytes;
  const tileRows = evenly(m, form === "dots" ? dotRows(n) : shape.rows);

  // Parts are matrices of the batch. Those of one matrix are rows, or columns where they are many and a need not be
  // packed for each; the more of both, the less each part reads.
  const wanted = Math.min(mostParts, Math.max(1, Math.floor((batch * m * n * k) / partWork)));
  const itemsInPart = Math.ceil(batch / Math.min(batch, wanted));
  const cells = Math.max(1, Math.floor(wanted / batch));
  const units = form === "dots" ? dotUnits(n) : columns.count;
  const byColumns = n > m && !transposeA && !cachedB;
  const leastRows = cachedB ? leastRowsOfCached : leastRowsInPart;
  const mostRowParts = byColumns ? cells / units : m / leastRows;
  const cutRows = Math.max(1, Math.min(cells, Math.floor(mostRowParts)));
  const { rowsInPart = upTo(Math.ceil(m / cutRows), tileRows) } = chosen;
  const rowParts = Math.ceil(m / rowsInPart);
  const { columnParts = Math.max(1, Math.min(units, Math.floor(cells / rowParts))) } = chosen;

  const inPlace = form === "dots" || readsInPlace(product);
  const { packB = inPlace ? "no" : rowParts > 1 ? "shared" : "part" } = chosen;
  const packsRows = form === "tiles" && transposeA && m > 1;
  const { packA = packsRows && 4 * m * k > cachedBytes && n / columnParts > leastColumnsOfPacked } = chosen;
  const mostDepth = packB === "no" ? Math.max(leastDirectDepth, Math.floor(cachedBytes / (4 * n))) : packedDepth;
  const { depthStep = form === "dots" ? k : evenly(k, mostDepth) } = chosen;
  const mostRows = cachedB ? rowsWithCachedB : rowBlockBytes / (4 * depthStep);
  const { rowBlock = Math.min(rowsInPart, upTo(Math.ceil(mostRows), tileRows)) } = chosen;
  return {
    ...product,
    ...{ swapped: false, form, columns, tileRows, packB, packA, depthStep, rowBlock },
    ...{ itemsInPart, rowsInPart, rowParts, columnParts },
  };
}
