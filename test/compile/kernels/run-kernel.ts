import type { Addresses, Layout, Lower } from "../../../src/compile/kernel.ts";
import { allocate, type TypedArray } from "../../../src/tensor/dtype.ts";
import { sizeOf } from "../../../src/tensor/shape.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import { Module } from "../../../src/wasm/assembler.ts";

const pageBytes = 65536;

/** What lies around and in everything before it is written: NaN as float32 and as float64, absurd as int32. */
const poison = 0x7fc0_0001;

/** Untouchable bytes before and after every array. */
const guardBytes = 128;

const alignedTo64 = (bytes: number): number => Math.ceil(bytes / 64) * 64;

/**
 * Compiles the kernel that `lower` makes for these inputs, runs it and returns its output. Throws when it writes
 * outside of its output, temporary and scratch memory, or when the order of its parts changes a bit of the output.
 */
export function runKernel<A>(lower: Lower<A>, output: Layout, inputs: readonly Tensor[], attributes: A): TypedArray {
  const layouts = inputs.map(({ shape, dtype }) => ({ shape, dtype }));
  const { stages, temporaryBytes = 0, scratchBytes = 0, constants = [] } = lower(output, layouts, attributes);

  let end = guardBytes;
  const place = (bytes: number): number => {
    const address = end;
    end += alignedTo64(bytes) + guardBytes;
    return address;
  };
  const result = allocate(output.dtype, sizeOf(output.shape));
  const at = {
    inputs: inputs.map(({ data }) => place(data.byteLength)),
    constants: constants.map((table) => place(table.byteLength)),
    output: place(result.byteLength),
    temporary: place(temporaryBytes),
  };
  const scratch = place(scratchBytes);

  const pages = Math.ceil(end / pageBytes);
  const memory = new WebAssembly.Memory({ initial: pages });
  const module = new Module();
  module.importMemory("env", "memory", pages);
  for (const [i, stage] of stages.entries()) {
    const run = module.function(`stage${i}`, { part: "i32", scratch: "i32" }, (f, { part, scratch }) =>
      stage.emit(module, f, part, { ...at, scratch } satisfies Addresses),
    );
    module.export(run);
  }
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()), { env: { memory } });
  const runStage = exports as Record<string, (part: number, scratch: number) => void>;

  const bytes = new Uint8Array(memory.buffer);
  const poisonBytes = (start: number, count: number) => new Uint32Array(memory.buffer, start, count >> 2).fill(poison);
  const write = (address: number, { buffer, byteOffset, byteLength }: TypedArray) =>
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), address);
  const writable = [
    [at.output, result.byteLength],
    [at.temporary, temporaryBytes],
    [scratch, scratchBytes],
  ];

  const runInOrder = (order: (parts: number) => number[]): Uint8Array => {
    poisonBytes(0, bytes.length);
    for (const [i, { data }] of inputs.entries()) write(at.inputs[i], data);
    for (const [i, table] of constants.entries()) write(at.constants[i], table);
    const before = bytes.slice();
    for (const [i, { parts }] of stages.entries()) {
      for (const part of order(parts)) {
        poisonBytes(scratch, scratchBytes);
        runStage[`stage${i}`](part, scratch);
      }
    }
    const written = bytes.slice(at.output, at.output + result.byteLength);
    const after = bytes.slice();
    for (const [start, size] of writable) after.set(before.subarray(start, start + size), start);
    const stray = Buffer.compare(before, after) === 0 ? -1 : before.findIndex((byte, i) => byte !== after[i]);
    if (stray >= 0) throw new Error(`a write at ${stray}; the output is ${result.byteLength} bytes at ${at.output}`);
    return written;
  };

  const shuffled = runInOrder(shuffledParts);
  const reversed = runInOrder((parts) => Array.from({ length: parts }, (_, i) => parts - 1 - i));
  if (Buffer.compare(shuffled, reversed) !== 0) throw new Error("the order of the parts changed the output");
  new Uint8Array(result.buffer, result.byteOffset, result.byteLength).set(shuffled);
  return result;
}

/** The numbers below `parts` in an order that looks random and is always the same. */
function shuffledParts(parts: number): number[] {
  const order = Array.from({ length: parts }, (_, i) => i);
  for (let i = parts - 1; i > 0; i--) {
    const j = (i * 7919 + 104729) % (i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
