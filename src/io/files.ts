// Files are for Node: a browser has the bytes already, and parses or encodes them.

import { FormatError, TapegradError } from "../tensor/errors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { writeAtomically } from "./atomic-write.ts";
import { type CSVOptions, parseTable, type Table } from "./csv.ts";
import { type IDXOptions, parseArray } from "./idx.ts";
import { decodeTensors, encodeTensors, headerLength, headerOf } from "./safetensors.ts";

/** `parseCSV` of a file in UTF-8. */
export async function readCSV(path: string, options: CSVOptions = {}): Promise<Table> {
  const bytes = await readBytes("readCSV", path);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new FormatError("readCSV", `${path} is not text in UTF-8`);
  }
  return parseTable("readCSV", `${path} `, text, options);
}

/** `parseIDX` of a file. */
export async function readIDX(path: string, options: IDXOptions = {}): Promise<Tensor> {
  return parseArray("readIDX", `${path} `, await readBytes("readIDX", path), options);
}

/**
 * Writes named tensors, such as `module.stateDict()`, and text into a safetensors file. A save that fails, for whatever
 * reason, leaves the old file as it was.
 */
export async function saveSafetensors(
  path: string,
  tensors: Readonly<Record<string, Tensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  await writeAtomically(path, encodeTensors("saveSafetensors", tensors, metadata)).catch((cause: Error) => {
    const error = new TapegradError(
      "saveSafetensors",
      `${path} cannot be written (${cause.message}); check the folder`,
    );
    error.cause = cause;
    throw error;
  });
}

/** The tensors of a safetensors file, by name: `module.loadStateDict(await loadSafetensors(path))`. */
export async function loadSafetensors(path: string): Promise<Record<string, Tensor>> {
  return decodeTensors("loadSafetensors", `${path} `, await readBytes("loadSafetensors", path));
}

/** The texts in a safetensors file; reads no more than its header. */
export async function loadSafetensorsMetadata(path: string): Promise<Record<string, string>> {
  const [where, source] = ["loadSafetensorsMetadata", `${path} `];
  const { open } = await import("node:fs/promises");
  const file = await open(path).catch(unreadable(where, path));
  try {
    const first = await file.read(new Uint8Array(8), 0, 8, 0);
    const length = headerLength(where, source, first.buffer.subarray(0, first.bytesRead), (await file.stat()).size);
    const { buffer } = await file.read(new Uint8Array(8 + length), 0, 8 + length, 0);
    return headerOf(where, source, buffer).metadata;
  } finally {
    await file.close();
  }
}

async function readBytes(where: string, path: string): Promise<Uint8Array> {
  const { readFile } = await import("node:fs/promises");
  return readFile(path).catch(unreadable(where, path));
}

/** Says what to do about a file that the system does not give us. */
const unreadable =
  (where: string, path: string) =>
  (cause: NodeJS.ErrnoException): never => {
    const seen =
      cause.code === "ENOENT"
        ? `does not exist; the working folder is ${process.cwd()}`
        : `cannot be read (${cause.message})`;
    const error = new TapegradError(where, `${path} ${seen}; check the path`);
    error.cause = cause;
    throw error;
  };
