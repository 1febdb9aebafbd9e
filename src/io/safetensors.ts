import "../functional/methods.ts";
import { allocate, type DType } from "../tensor/dtype.ts";
import { FormatError, ValueError } from "../tensor/errors.ts";
import { formatShape, sizeOf } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";

// A file is: the length of the header (8 bytes, little-endian), the header in JSON, padded by spaces to a multiple of 8
// bytes, and the values of all tensors without gaps. For each tensor the header gives dtype, shape and the range of its
// bytes; "__metadata__" holds text. https://huggingface.co/docs/safetensors. JavaScript's typed arrays are
// little-endian on every machine that runs it today, and so is the format.

/** The reference library refuses longer headers too. */
const longestHeader = 100_000_000;

/**
 * Named tensors, and text under `metadata`, as the bytes of a safetensors file.
 *
 * float32, float64, int32 and bool become F32, F64, I32 and BOOL. As in the reference library, tensors of wide elements
 * come first, then by name, so that every one is aligned.
 */
export function encodeSafetensors(
  tensors: Readonly<Record<string, Tensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  return encodeTensors("encodeSafetensors", tensors, metadata);
}

/** `encodeSafetensors` for the function `where`. */
export function encodeTensors(
  where: string,
  tensors: Readonly<Record<string, Tensor>>,
  metadata: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  if (typeof tensors !== "object" || tensors === null || tensors instanceof Tensor) {
    throw new ValueError(where, "tensors must be an object of named tensors, such as module.stateDict()");
  }
  for (const [name, t] of Object.entries(tensors)) {
    if (!(t instanceof Tensor))
      throw new ValueError(
        where,
        `"${name}" is not a tensor; of a module give module.stateDict(), texts belong into metadata`,
      );
    if (name === "__metadata__") throw new ValueError(where, 'the name "__metadata__" is reserved; rename the tensor');
  }
  for (const [name, text] of Object.entries(metadata)) {
    if (typeof text !== "string") throw new ValueError(where, `metadata "${name}" must be text, got ${typeof text}`);
  }
  const width = (t: Tensor) => t.data.BYTES_PER_ELEMENT;
  const entries = Object.entries(tensors).sort(([a, x], [b, y]) => width(y) - width(x) || (a < b ? -1 : 1));
  let end = 0;
  const described = entries.map(([name, t]) => {
    const start = end;
    end += t.data.byteLength;
    return [name, { dtype: codes[t.dtype], shape: t.shape, data_offsets: [start, end] }] as const;
  });
  const about = Object.keys(metadata).length > 0 ? [["__metadata__", metadata] as const] : [];
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries([...about, ...described])));
  const start = 8 + Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(start + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(start - 8), true);
  bytes.fill(0x20, 8, start);
  bytes.set(text, 8);
  entries.forEach(([, { data }], i) => {
    const at = start + described[i][1].data_offsets[0];
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
  });
  return bytes;
}

/**
 * The tensors in the bytes of a safetensors file, by name.
 *
 * F64 becomes float64; F32, F16 and BF16 float32; BOOL bool; I32, I16, I8, U16 and U8 int32, and so do I64, U64 and
 * U32 unless a value is too large. Throws a FormatError for bytes that the format forbids, before anything is
 * allocated: a header beyond the file, invalid JSON, a name given twice, an unknown dtype, a shape that does not fit
 * its bytes, and bytes that belong to two tensors or to none.
 */
export function decodeSafetensors(bytes: Uint8Array): Record<string, Tensor> {
  return decodeTensors("decodeSafetensors", "", bytes);
}

/** The texts saved beside the tensors; empty when there are none. The bytes of the tensors may be missing. */
export function decodeSafetensorsMetadata(bytes: Uint8Array): Record<string, string> {
  return headerOf("decodeSafetensorsMetadata", "", bytes).metadata;
}

/** `decodeSafetensors` for the function `where`; `source` begins its messages with the file's name. */
export function decodeTensors(where: string, source: string, bytes: Uint8Array): Record<string, Tensor> {
  const fail = failing(where, source);
  const { entries, start } = headerOf(where, source, bytes);
  const stored = entries.map((entry) => ({ ...entry, ...checkEntry(fail, entry) }));
  let end = 0;
  for (const { name, from, to } of stored.toSorted((a, b) => a.from - b.from || a.to - b.to)) {
    if (from !== end) {
      const fault = from < end ? `overlaps the bytes before ${end}` : `leaves the bytes ${end} to ${from} unused`;
      throw fail(`tensor "${name}" at bytes ${from} to ${to} ${fault}`);
    }
    end = to;
  }
  if (start + end !== bytes.length) {
    throw fail(`has ${bytes.length} bytes, but the header accounts for ${start + end}; it may be truncated`);
  }
  return Object.fromEntries(
    stored.map(({ name, shape, element, from, to }) => {
      const view = new DataView(bytes.buffer, bytes.byteOffset + start + from, to - from);
      const t = new Tensor(allocate(element.dtype, sizeOf(shape)), shape, element.dtype);
      const fault = element.read(view, t.data);
      if (fault !== undefined) throw fail(`tensor "${name}" ${fault}`);
      return [name, t];
    }),
  );
}

type Fail = (message: string) => FormatError;

const failing =
  (where: string, source: string): Fail =>
  (message) =>
    new FormatError(where, source + message);

interface Entry {
  name: string;
  info: unknown;
}

/** What the header says, tensors and metadata apart; `start` is where the bytes of the tensors begin. */
export function headerOf(where: string, source: string, bytes: Uint8Array) {
  if (!(bytes instanceof Uint8Array)) throw new ValueError(where, `bytes must be a Uint8Array, got ${typeof bytes}`);
  const fail = failing(where, source);
  const start = 8 + headerLength(where, source, bytes, bytes.length);
  const header = parseHeader(fail, bytes.subarray(8, start));
  let metadata: Record<string, string> = {};
  const entries: Entry[] = [];
  for (const [name, info] of Object.entries(header)) {
    if (name !== "__metadata__") entries.push({ name, info });
    else if (!isRecord(info) || !Object.values(info).every((text) => typeof text === "string")) {
      throw fail("__metadata__ must hold texts by name");
    } else metadata = { ...info } as Record<string, string>;
  }
  return { entries, metadata, start };
}

/** The length that the first 8 bytes announce, when a file of `total` bytes can hold such a header. */
export function headerLength(where: string, source: string, bytes: Uint8Array, total: number): number {
  const fail = failing(where, source);
  if (bytes.length < 8) throw fail(`has ${bytes.length} bytes; the length of the header alone takes 8`);
  const length = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(total - 8))
    throw fail(`announces a header of ${length} bytes, but has ${total}; not safetensors?`);
  if (length > BigInt(longestHeader)) throw fail(`announces a header of ${length} bytes; the most is ${longestHeader}`);
  return Number(length);
}

function parseHeader(fail: Fail, bytes: Uint8Array): Record<string, unknown> {
  let text: string;
  let header: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    header = JSON.parse(text);
  } catch (error) {
    throw fail(`has a header that is not JSON: ${(error as Error).message}`);
  }
  if (!text.startsWith("{") || !isRecord(header)) throw fail("has a header that is not a JSON object");
  const twice = nameGivenTwice(text);
  if (twice !== undefined) throw fail(`has a header that gives the name "${twice}" twice`);
  return header;
}

/** The first name that the header or an entry of it has twice; JSON.parse would silently keep the last. */
function nameGivenTwice(text: string): string | undefined {
  const names = [new Set<string>(), new Set<string>()];
  let depth = 0;
  for (const [token, colon] of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"(\s*:)?|[{}]/g)) {
    if (token === "{") names[depth++]?.clear();
    else if (token === "}") depth--;
    else if (colon !== undefined && depth <= names.length) {
      const name = JSON.parse(token.slice(0, -colon.length)) as string;
      if (names[depth - 1].has(name)) return name;
      names[depth - 1].add(name);
    }
  }
  return undefined;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** A value of the header for a message: a file may nest it deeper or make it longer than can be shown. */
function shown(value: unknown): string {
  if (Array.isArray(value) && value.some((v) => typeof v === "object")) return "a nested list";
  const text = typeof value === "object" && !Array.isArray(value) ? "an object" : String(JSON.stringify(value));
  return text.length <= 80 ? text : `${text.slice(0, 80)}...`;
}

function checkEntry(fail: Fail, { name, info }: Entry) {
  const { dtype, shape, data_offsets: offsets } = isRecord(info) ? info : {};
  if (!Array.isArray(shape) || !shape.every(isCount)) {
    throw fail(`tensor "${name}" has the shape ${shown(shape)}; sizes must be whole numbers >= 0`);
  }
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount) || offsets[0] > offsets[1]) {
    throw fail(`tensor "${name}" has the data_offsets ${shown(offsets)}; they must be [start, end]`);
  }
  if (typeof dtype !== "string" || !Object.hasOwn(elements, dtype)) {
    const known = Object.keys(elements).join(", ");
    throw fail(`tensor "${name}" has the dtype ${shown(dtype)}; known are ${known}`);
  }
  const element = elements[dtype];
  const [from, to]: number[] = offsets;
  const needed = sizeOf(shape) * element.bytes;
  if (needed !== to - from) {
    throw fail(`tensor "${name}" ${dtype} ${formatShape(shape)} takes ${needed} bytes, but has ${to - from}`);
  }
  return { shape: shape as number[], element, from, to };
}

/** How elements are stored; `read` copies them out and returns what is wrong with them, if anything. */
interface Element {
  bytes: number;
  dtype: DType;
  read: (view: DataView, out: Tensor["data"]) => string | undefined;
}

const codes: Record<DType, string> = { float32: "F32", float64: "F64", int32: "I32", bool: "BOOL" };

/** Elements that are stored as they are kept. */
const same = (bytes: number, dtype: DType): Element => ({
  bytes,
  dtype,
  read(view, out) {
    const source = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    new Uint8Array(out.buffer, out.byteOffset, out.byteLength).set(source);
    return undefined;
  },
});

/** Elements that are read one by one, of which those outside `dtype` are an error. */
const each = (bytes: number, dtype: DType, get: (view: DataView, at: number) => number | bigint): Element => ({
  bytes,
  dtype,
  read(view, out) {
    for (let i = 0; i < out.length; i++) {
      const value = get(view, i * bytes);
      out[i] = Number(value);
      if (dtype === "int32" && out[i] !== Number(value)) return `element ${i} is ${value}, beyond int32`;
      if (dtype === "bool" && out[i] > 1) return `element ${i} is ${value}, neither 0 nor 1`;
    }
    return undefined;
  },
});

const elements: Record<string, Element> = {
  F64: same(8, "float64"),
  F32: same(4, "float32"),
  F16: each(2, "float32", (view, at) => halfFloat(view.getUint16(at, true))),
  BF16: each(2, "float32", (view, at) => brainFloat(view.getUint16(at, true))),
  I64: each(8, "int32", (view, at) => view.getBigInt64(at, true)),
  U64: each(8, "int32", (view, at) => view.getBigUint64(at, true)),
  I32: same(4, "int32"),
  U32: each(4, "int32", (view, at) => view.getUint32(at, true)),
  I16: each(2, "int32", (view, at) => view.getInt16(at, true)),
  U16: each(2, "int32", (view, at) => view.getUint16(at, true)),
  I8: each(1, "int32", (view, at) => view.getInt8(at)),
  U8: each(1, "int32", (view, at) => view.getUint8(at)),
  BOOL: each(1, "bool", (view, at) => view.getUint8(at)),
};

/** IEEE 754 binary16: sign, 5 bits of exponent (bias 15), 10 of fraction. */
function halfFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

const word = new DataView(new ArrayBuffer(4));

/** bfloat16: the upper half of a float32. */
function brainFloat(bits: number): number {
  word.setUint16(0, bits);
  return word.getFloat32(0);
}
