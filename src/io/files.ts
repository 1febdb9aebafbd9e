// Files are for Node: a browser has the bytes already, and parses them.

import { FormatError } from "../tensor/errors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type CSVOptions, parseTable, type Table } from "./csv.ts";
import { type IDXOptions, parseArray } from "./idx.ts";

/** `parseCSV` of a file in UTF-8. */
export async function readCSV(path: string, options: CSVOptions = {}): Promise<Table> {
  let text: string;
  const bytes = await readBytes(path);
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new FormatError("readCSV", `${path} is not text in UTF-8`);
  }
  return parseTable("readCSV", `${path} `, text, options);
}

/** `parseIDX` of a file. */
export async function readIDX(path: string, options: IDXOptions = {}): Promise<Tensor> {
  return parseArray("readIDX", `${path} `, await readBytes(path), options);
}

async function readBytes(path: string): Promise<Uint8Array> {
  const { readFile } = await import("node:fs/promises");
  return readFile(path);
}
