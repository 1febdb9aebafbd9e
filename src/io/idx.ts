import "../functional/methods.ts";
import { allocate, type DType, isDType } from "../tensor/dtype.ts";
import { DTypeError, FormatError, ValueError } from "../tensor/errors.ts";
import { resolve } from "../tensor/options.ts";
import { formatShape } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";

export interface IDXOptions {
  /** The dtype of the tensor. Default: that of the file, where whole numbers of any size become int32. */
  dtype?: DType;
}

/**
 * Reads an array in the IDX format of MNIST, gzipped or not.
 *
 * The format: two zero bytes, the type of the elements (uint8, int8, int16, int32, float or double), the number of
 * axes, a big-endian 32-bit size for each axis, and the elements, row by row, big-endian.
 * Throws a FormatError unless the file holds exactly what its header promises; nothing is allocated before that is
 * known. LeCun, Cortes and Burges, "The MNIST database of handwritten digits".
 */
export function parseIDX(bytes: Uint8Array, options: IDXOptions = {}): Promise<Tensor> {
  return parseArray("parseIDX", "", bytes, options);
}

interface Element {
  bytes: number;
  dtype: DType;
  read: (view: DataView, at: number) => number;
}

const elements: Record<number, Element> = {
  8: { bytes: 1, dtype: "int32", read: (view, at) => view.getUint8(at) },
  9: { bytes: 1, dtype: "int32", read: (view, at) => view.getInt8(at) },
  11: { bytes: 2, dtype: "int32", read: (view, at) => view.getInt16(at) },
  12: { bytes: 4, dtype: "int32", read: (view, at) => view.getInt32(at) },
  13: { bytes: 4, dtype: "float32", read: (view, at) => view.getFloat32(at) },
  14: { bytes: 8, dtype: "float64", read: (view, at) => view.getFloat64(at) },
};

/** `parseIDX` for the function `where`; `source` begins its messages with the file's name. */
export async function parseArray(
  where: string,
  source: string,
  bytes: Uint8Array,
  options: IDXOptions,
): Promise<Tensor> {
  const { dtype } = resolve<{ dtype: DType | undefined }>(where, options, { dtype: undefined });
  if (dtype !== undefined && !isDType(dtype)) {
    throw new DTypeError(where, `dtype must be float32, float64, int32 or bool, got ${String(dtype)}`);
  }
  if (!(bytes instanceof Uint8Array)) throw new ValueError(where, `bytes must be a Uint8Array, got ${typeof bytes}`);
  const fail = (message: string) => new FormatError(where, source + message);
  const content = bytes[0] === 0x1f && bytes[1] === 0x8b ? await gunzip(fail, bytes) : bytes;
  const { shape, size, element, start } = header(fail, content, content.length)!;
  const expected = start + size * element.bytes;
  if (content.length !== expected) {
    throw fail(`${formatShape(shape)} elements take ${expected} bytes, but there are ${content.length}`);
  }
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const result = new Tensor(allocate(dtype ?? element.dtype, size), shape, dtype ?? element.dtype);
  for (let i = 0, at = start; i < size; i++, at += element.bytes) {
    const value = element.read(view, at);
    if (result.dtype === "bool") result.data[i] = value !== 0 ? 1 : 0;
    else {
      result.data[i] = value;
      if (result.dtype === "int32" && result.data[i] !== value) {
        throw new DTypeError(where, `${source}element ${i} is ${value}, not an int32 value; leave out dtype`);
      }
    }
  }
  return result;
}

type Fail = (message: string) => FormatError;

/** What the first bytes say; undefined when there are too few of them, unless `total` says that no more will come. */
function header(fail: Fail, bytes: Uint8Array, total?: number) {
  const short = () => {
    if (total !== undefined) throw fail(`has ${total} bytes and ends within its header`);
    return undefined;
  };
  if (bytes.length < 4) return short();
  const [zero, zeroToo, type, rank] = bytes;
  if (zero !== 0 || zeroToo !== 0 || !Object.hasOwn(elements, type)) {
    throw fail(
      `begins with the bytes ${[...bytes.subarray(0, 4)].join(" ")}, not with 0 0, a type (8 to 14) and a rank`,
    );
  }
  const start = 4 + 4 * rank;
  if (bytes.length < start) return short();
  const view = new DataView(bytes.buffer, bytes.byteOffset, start);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const size = shape.reduce((product, n) => product * n, 1);
  return { shape, size, element: elements[type], start };
}

/**
 * Inflates, but never beyond what the header inside allows: a small file can otherwise unfold to a thousand times its
 * size.
 */
async function gunzip(fail: Fail, bytes: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new DecompressionStream("gzip"));
  const chunks: Uint8Array[] = [];
  let length = 0;
  let limit = Number.POSITIVE_INFINITY;
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      chunks.push(value);
      length += value.length;
      if (limit === Number.POSITIVE_INFINITY) {
        const known = header(fail, joined(chunks, length));
        if (known) limit = known.start + known.size * known.element.bytes;
      }
      if (length > limit) throw fail(`unfolds to more than the ${limit} bytes that its header promises`);
    }
  } catch (error) {
    await reader.cancel().catch(() => {});
    if (error instanceof FormatError) throw error;
    throw fail(`is not a whole gzip file: ${(error as Error).message}`);
  }
  return joined(chunks, length);
}

function joined(chunks: Uint8Array[], length: number): Uint8Array {
  if (chunks.length === 1) return chunks[0];
  const all = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
