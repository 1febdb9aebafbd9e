import type { DType, TypedArray } from "../tensor/dtype.ts";
import { CompileError } from "../tensor/errors.ts";
import type { Storage } from "../tensor/storage.ts";

/**
 * The one memory of all compiled programs, and who has which part of it.
 *
 * The arrays of states live here: `adopt` moves a storage's array in, once and for all, so that programs work on it in
 * place and eager code sees every change. Where threads can share memory it is shared, which also means that it grows
 * without detaching the arrays on it; elsewhere the arrays are made again after it has grown.
 */

const pageBytes = 65536;
const mostPages = 65536; // 4 GiB, all that 32-bit addresses reach

/** The first bytes stay free: address 0 is never a block's. */
const firstAddress = 1024;

export interface Arena {
  readonly memory: WebAssembly.Memory;
  /** The most pages that it may grow to where threads share it, else undefined. */
  readonly sharedUpTo: number | undefined;
}

let arena: Arena | undefined;
let end = firstAddress;
let growths = 0;
/** Free blocks by address; neighbours are merged. */
const free = new Map<number, number>();
const sizes = new Map<number, number>();
const adopted = new Set<WeakRef<Storage>>();
const addresses = new WeakMap<Storage, number>();
/** How many arrays there are on the block of a storage. */
const views = new Map<number, number>();
const finished = new FinalizationRegistry<number>((address) => {
  const left = views.get(address)! - 1;
  if (left > 0) views.set(address, left);
  else {
    views.delete(address);
    release(address);
  }
});

/** The memory, made at the first call. Throws a CompileError where there is no WebAssembly. */
export function getArena(): Arena {
  arena ??= makeArena();
  return arena;
}

function makeArena(): Arena {
  if (typeof WebAssembly === "undefined") {
    throw new CompileError("compile", "this JavaScript engine has no WebAssembly; run the function itself");
  }
  const initial = 16;
  for (let maximum = mostPages; maximum >= 4096; maximum /= 2) {
    try {
      const memory = new WebAssembly.Memory({ initial, maximum, shared: true });
      if (memory.buffer instanceof SharedArrayBuffer) return { memory, sharedUpTo: maximum };
    } catch {
      // No shared memory, or not so much address space.
    }
  }
  return { memory: new WebAssembly.Memory({ initial }), sharedUpTo: undefined };
}

/** Blocks start at multiples of this and are followed by as much that nobody writes: see `Addresses`. */
const alignment = 64;

/** A block's room: its bytes in whole cache lines, and one more line that vectors may read into. */
export const room = (bytes: number): number => (Math.ceil(bytes / alignment) + 1) * alignment;

/** The address of a block of `bytes` bytes. Throws a CompileError when the memory cannot grow so far. */
export function reserve(bytes: number): number {
  const size = room(bytes);
  let best: number | undefined;
  for (const [address, room] of free) {
    if (room >= size && (best === undefined || room < free.get(best)!)) best = address;
  }
  if (best !== undefined) {
    const room = free.get(best)!;
    free.delete(best);
    if (room > size) free.set(best + size, room - size);
    sizes.set(best, size);
    return best;
  }
  grow(end + size);
  const address = end;
  end += size;
  sizes.set(address, size);
  return address;
}

function grow(bytes: number): void {
  const { memory, sharedUpTo } = getArena();
  const missing = Math.ceil((bytes - memory.buffer.byteLength) / pageBytes);
  if (missing <= 0) return;
  // Doubling keeps the number of times small, where each makes all arrays anew.
  const wanted = Math.max(missing, Math.min(memory.buffer.byteLength / pageBytes, 4096));
  for (const pages of [wanted, missing]) {
    try {
      memory.grow(pages);
      growths++;
      if (sharedUpTo === undefined) locateAll();
      return;
    } catch {
      // Less may do.
    }
  }
  throw new CompileError(
    "compile",
    `out of memory: the programs need ${(bytes / 2 ** 20).toFixed(0)} MiB and there is no more; dispose() of programs that are no longer used, or work on smaller batches`,
  );
}

/** Gives a block back. */
export function release(address: number): void {
  const size = sizes.get(address)!;
  sizes.delete(address);
  let [start, length] = [address, size];
  const next = free.get(start + length);
  if (next !== undefined) {
    free.delete(start + length);
    length += next;
  }
  for (const [other, room] of free) {
    if (other + room === start) {
      free.delete(other);
      [start, length] = [other, room + length];
      break;
    }
  }
  if (start + length === end) end = start;
  else free.set(start, length);
}

/** The values of a dtype at an address. */
export function viewAt(address: number, dtype: DType, size: number): TypedArray {
  const { buffer } = getArena().memory;
  switch (dtype) {
    case "float32":
      return new Float32Array(buffer, address, size);
    case "float64":
      return new Float64Array(buffer, address, size);
    case "int32":
      return new Int32Array(buffer, address, size);
    case "bool":
      return new Uint8Array(buffer, address, size);
  }
}

const dtypeOf = (array: TypedArray): DType => {
  if (array instanceof Float32Array) return "float32";
  if (array instanceof Float64Array) return "float64";
  return array instanceof Int32Array ? "int32" : "bool";
};

/** Where the storage's values are, moved here if they were elsewhere. They stay as long as the storage lives. */
export function adopt(storage: Storage): number {
  const known = addresses.get(storage);
  if (known !== undefined) return known;
  const array = storage.array!;
  const address = reserve(array.byteLength);
  const view = viewAt(address, dtypeOf(array), array.length);
  view.set(array);
  storage.array = view;
  addresses.set(storage, address);
  adopted.add(new WeakRef(storage));
  watch(view, address);
  return address;
}

/**
 * Gives a block back when all arrays on it are garbage. An array may be kept longer than the storage that held it, and
 * after the memory has grown there are several.
 */
function watch(view: TypedArray, address: number): void {
  views.set(address, (views.get(address) ?? 0) + 1);
  finished.register(view, address);
}

/** Makes the arrays of all adopted storages again, on the memory as it is now. */
function locateAll(): void {
  for (const reference of adopted) {
    const storage = reference.deref();
    if (storage === undefined) adopted.delete(reference);
    else locate(storage);
  }
}

function locate(storage: Storage): void {
  const address = addresses.get(storage)!;
  storage.array = viewAt(address, dtypeOf(storage.array!), storage.size);
  watch(storage.array, address);
}

/** How often the memory has grown: what lies on it may have to be located again. */
export const timesGrown = (): number => growths;

/** How much of the memory is in use, in bytes. */
export function bytesInUse(): number {
  let total = 0;
  for (const size of sizes.values()) total += size;
  return total;
}
