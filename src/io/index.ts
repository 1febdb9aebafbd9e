export { type CSVOptions, parseCSV, type Table } from "./csv.ts";
export { loadSafetensors, loadSafetensorsMetadata, readCSV, readIDX, saveSafetensors } from "./files.ts";
export { type IDXOptions, parseIDX } from "./idx.ts";
export { decodeSafetensors, decodeSafetensorsMetadata, encodeSafetensors } from "./safetensors.ts";
