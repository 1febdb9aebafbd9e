export { type CSVOptions, parseCSV, type Table } from "./csv.ts";
export { readCSV, readIDX } from "./files.ts";
export { type IDXOptions, parseIDX } from "./idx.ts";
