import "../functional/methods.ts";
import { allocate, type DType } from "../tensor/dtype.ts";
import { FormatError, TapegradError, ValueError } from "../tensor/errors.ts";
import { expectOneOf, resolve } from "../tensor/options.ts";
import { Tensor } from "../tensor/tensor.ts";

export interface CSVOptions {
  /** The column to predict: its name, or its position (negative counts from the end). Default: none. */
  target?: string | number;
  /**
   * Whether the target holds classes (true) or numbers (false). Default: numbers when every cell is one, classes when
   * none is; a mixture throws.
   */
  categorical?: boolean;
  /** The classes in the order of their indices, as another file had them. Default: the cells, sorted. */
  classes?: readonly string[];
  /** Columns to leave out, such as an identifier; by name or position. */
  ignore?: readonly (string | number)[];
  /** Of the features and of a numeric target. Default float32. */
  dtype?: "float32" | "float64";
  /** The character between cells. Default a comma; "\t" reads TSV. */
  delimiter?: string;
}

/** What a file of comma-separated values holds. */
export interface Table {
  /** The names of the feature columns. */
  columns: string[];
  /** The numbers of these columns, [rows, columns]. */
  features: Tensor;
  /** The target column, [rows]: int32 class indices, or numbers. null when no target was named. */
  target: Tensor | null;
  /** The names of the classes, by index. null for a numeric target and for none. */
  classes: string[] | null;
}

/**
 * Reads comma-separated values whose first line names the columns: numeric features and, where `target` names one, a
 * column to predict.
 *
 * Cells are decimal numbers; nan and inf are numbers, an empty cell is not. Classes are sorted by name, or by value
 * when all of them are numbers. Throws a FormatError that names line and column for a cell that is not a number, a
 * line with too many or too few cells, and a file without rows; a ValueError for an unknown column.
 * Needs the package d3-dsv.
 */
export function parseCSV(text: string, options: CSVOptions = {}): Promise<Table> {
  return parseTable("parseCSV", "", text, options);
}

/** `parseCSV` for the function `where`; `source` begins its messages with the file's name. */
export async function parseTable(where: string, source: string, text: string, options: CSVOptions): Promise<Table> {
  const { target, categorical, classes, ignore, dtype, delimiter } = resolve<Resolved>(where, options, {
    target: undefined,
    categorical: undefined,
    classes: undefined,
    ignore: [],
    dtype: "float32",
    delimiter: ",",
  });
  expectOneOf(where, "dtype", dtype, ["float32", "float64"]);
  if (typeof delimiter !== "string" || delimiter.length !== 1 || '"\r\n'.includes(delimiter)) {
    throw new ValueError(where, `delimiter must be one character, no quote or line break, got ${show(delimiter)}`);
  }
  if (target === undefined && (categorical !== undefined || classes !== undefined)) {
    throw new ValueError(where, "categorical and classes describe a target; name its column with target");
  }
  if (classes !== undefined && (categorical === false || new Set(classes).size !== classes.length)) {
    throw new ValueError(where, `classes must be distinct names of a categorical target, got ${show(classes)}`);
  }
  if (typeof text !== "string") throw new ValueError(where, `text must be a string, got ${typeof text}`);
  const fail = (message: string) => new FormatError(where, source + message);

  const { names, rows, lines } = cellsOf(fail, text, (await dsv(where)).dsvFormat(delimiter).parseRows);
  const at = target === undefined ? -1 : columnOf(where, source, "target", target, names);
  const left = new Set([at, ...ignore.map((column) => columnOf(where, source, "ignore", column, names))]);
  const kept = [...names.keys()].filter((column) => !left.has(column));
  const place = (row: number, column: number) => `line ${lines[row]}, column "${names[column]}"`;

  const number = (row: number, column: number): number => {
    const value = numberOf(rows[row][column]);
    if (value !== undefined) return value;
    if (rows[row][column].trim() === "") throw fail(`${place(row, column)} is empty; write nan for a missing number`);
    throw fail(`${place(row, column)} is ${show(rows[row][column])}, not a number; leave the column out with ignore`);
  };
  const features = new Tensor(allocate(dtype, rows.length * kept.length), [rows.length, kept.length], dtype);
  rows.forEach((_, row) => {
    kept.forEach((column, i) => {
      features.data[row * kept.length + i] = number(row, column);
    });
  });
  const columns = kept.map((column) => names[column]);
  if (at < 0) return { columns, features, target: null, classes: null };

  const cells = rows.map((row) => row[at].trim());
  const isNumber = cells.map((cell) => numberOf(cell) !== undefined);
  const odd = isNumber.findIndex((is) => is !== isNumber[0]);
  if (categorical === undefined && classes === undefined && odd >= 0) {
    throw fail(
      `${place(odd, at)} is ${show(cells[odd])}, but the first target is ${show(cells[0])}; ` +
        "the target must be all numbers or all classes, or say categorical: true",
    );
  }
  if (!(categorical ?? (classes !== undefined || !isNumber[0]))) {
    const numbers = new Tensor(allocate(dtype, rows.length), [rows.length], dtype);
    rows.forEach((_, row) => {
      numbers.data[row] = number(row, at);
    });
    return { columns, features, target: numbers, classes: null };
  }
  const found = classes ?? sorted([...new Set(cells)], isNumber.every(Boolean));
  const indexOf = new Map(found.map((name, i) => [name, i]));
  const labels = new Tensor(allocate("int32", rows.length), [rows.length], "int32");
  cells.forEach((cell, row) => {
    const index = indexOf.get(cell);
    if (cell === "" || index === undefined) {
      throw fail(`${place(row, at)} is ${show(cell)}, which is not a class${classes ? ` of ${show(classes)}` : ""}`);
    }
    labels.data[row] = index;
  });
  return { columns, features, target: labels, classes: [...found] };
}

interface Resolved {
  target: string | number | undefined;
  categorical: boolean | undefined;
  classes: readonly string[] | undefined;
  ignore: readonly (string | number)[];
  dtype: DType & ("float32" | "float64");
  delimiter: string;
}

type Fail = (message: string) => FormatError;

/** The column names, the cells of the rows under them, and the line on which each row starts. */
function cellsOf(fail: Fail, text: string, parseRows: (text: string) => string[][]) {
  if ((text.match(/"/g)?.length ?? 0) % 2) throw fail("has an odd number of quotes; one is never closed");
  const all = parseRows(text.replace(/^\uFEFF/, ""));
  const blank = (row: string[]) => row.length === 1 && row[0].trim() === "";
  while (all.length > 0 && blank(all[all.length - 1])) all.pop();
  if (all.length === 0) throw fail("is empty; the first line must name the columns");
  const names = all[0].map((name) => name.trim());
  const twice = names.findIndex((name, i) => names.indexOf(name) < i);
  if (twice >= 0) throw fail(`line 1 names the column ${show(names[twice])} twice`);
  const lines: number[] = [];
  let line = 1;
  all.forEach((row, i) => {
    if (row.length !== names.length) {
      const counted = `${row.length} ${row.length === 1 ? "cell" : "cells"}`;
      throw fail(`line ${line} has ${blank(row) ? "no cells" : counted}, but the header names ${names.length} columns`);
    }
    if (i > 0) lines.push(line);
    for (const cell of row) line += cell.match(/\r\n|\r|\n/g)?.length ?? 0; // a quoted cell may hold line breaks
    line++;
  });
  if (all.length === 1) throw fail("has a header, but no rows");
  return { names, rows: all.slice(1), lines };
}

function columnOf(where: string, source: string, option: string, column: string | number, names: string[]): number {
  const at = typeof column === "number" ? (column < 0 ? column + names.length : column) : names.indexOf(column);
  if (!Object.hasOwn(names, at)) {
    throw new ValueError(
      where,
      `${source}${option} ${show(column)} is not among the ${names.length} columns ${names.map(show).join(", ")}`,
    );
  }
  return at;
}

const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const special = /^([+-]?)(nan|inf|infinity)$/i;

function numberOf(cell: string): number | undefined {
  const text = cell.trim();
  if (decimal.test(text)) return Number(text);
  const [, sign, name] = special.exec(text) ?? [];
  if (name === undefined) return undefined;
  if (name.toLowerCase() === "nan") return Number.NaN;
  return sign === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

const sorted = (names: string[], byValue: boolean): string[] =>
  byValue ? names.sort((a, b) => Number(a) - Number(b)) : names.sort();

const show = (value: unknown): string => JSON.stringify(value);

async function dsv(where: string): Promise<typeof import("d3-dsv")> {
  try {
    return await import("d3-dsv");
  } catch (error) {
    const reason = (error as Error).message;
    throw new TapegradError(where, `needs the package d3-dsv; install it with: npm install d3-dsv (${reason})`);
  }
}
