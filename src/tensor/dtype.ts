import { DTypeError } from "./errors.ts";

/** Element types, and the typed arrays that store them. */
export type DType = "float32" | "float64" | "int32" | "bool";

export type TypedArray = Float32Array | Float64Array | Int32Array | Uint8Array;

const order: readonly DType[] = ["bool", "int32", "float32", "float64"];

export const isDType = (name: unknown): name is DType => order.includes(name as DType);

export const isFloat = (dtype: DType): boolean => dtype === "float32" || dtype === "float64";

/** The wider of two dtypes: bool -> int32 -> float32 -> float64. */
export const promote = (a: DType, b: DType): DType => (order.indexOf(a) >= order.indexOf(b) ? a : b);

export function expectDType(where: string, dtype: unknown): DType {
  if (isDType(dtype)) return dtype;
  throw new DTypeError(where, `dtype must be float32, float64, int32 or bool, got ${String(dtype)}`);
}

export const isInt32 = (value: number): boolean => (value | 0) === value;

/** `value` as an array of the dtype stores it. Throws a DTypeError for what an int32 cannot hold. */
export function stored(where: string, value: number, dtype: DType): number {
  if (dtype === "bool") return value !== 0 ? 1 : 0;
  if (dtype === "int32" && !isInt32(value)) {
    throw new DTypeError(where, `${value} is not an int32 value; use dtype float32`);
  }
  return value;
}

export const bytesOf: Record<DType, number> = { float32: 4, float64: 8, int32: 4, bool: 1 };

/**
 * A JavaScript engine keeps arrays of up to 64 bytes in its own heap; every larger one is a separate allocation of
 * about 0.4 microseconds, a third of a small operation. So small arrays share slabs, each part of which is handed out
 * once and is still zero. A slab lives as long as any array in it: there is one for each power of two of bytes, with
 * room for 16, so that an array that is kept holds on to 32 times its size at most.
 */
const slabs: { buffer: ArrayBuffer; used: number }[] = [];
const [leastPooled, mostPooled, arraysPerSlab] = [64, 8192, 16];

/** Zeros of a dtype. */
export function allocate(dtype: DType, size: number): TypedArray {
  const bytes = size * bytesOf[dtype];
  let buffer: ArrayBuffer | undefined;
  let start = 0;
  if (bytes > leastPooled && bytes <= mostPooled) {
    const power = 32 - Math.clz32(bytes - 1);
    let slab = slabs[power];
    if (slab === undefined || slab.used + bytes > slab.buffer.byteLength) {
      slab = slabs[power] = { buffer: new ArrayBuffer(arraysPerSlab << power), used: 0 };
    }
    buffer = slab.buffer;
    start = slab.used;
    slab.used += (bytes + 7) & ~7; // float64 starts at multiples of 8
  }
  switch (dtype) {
    case "float32":
      return buffer ? new Float32Array(buffer, start, size) : new Float32Array(size);
    case "float64":
      return buffer ? new Float64Array(buffer, start, size) : new Float64Array(size);
    case "int32":
      return buffer ? new Int32Array(buffer, start, size) : new Int32Array(size);
    case "bool":
      return buffer ? new Uint8Array(buffer, start, size) : new Uint8Array(size);
  }
}
