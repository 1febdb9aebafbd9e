import { Module } from "./assembler.ts";
import { addGemm } from "./gemm-kernel.ts";
import { addPad } from "./pad-kernel.ts";

/** The exported kernels; their arguments are those of the functions of the same name, in that order. */
interface Kernels {
  gemm(...argumentsInOrder: number[]): void;
  multiply(...argumentsInOrder: number[]): void;
  pad(...argumentsInOrder: number[]): void;
}

/** The kernels and the memory they work on. The views die when the memory grows: do not keep them. */
export interface Runtime {
  kernels: Kernels;
  floats: Float32Array;
  integers: Int32Array;
}

const pageBytes = 65536;
const initialPages = 32;

let memory: WebAssembly.Memory | undefined;
let runtime: Runtime | undefined;
let wanted = true;

/** Makes the kernels use WebAssembly where it is there (the default), or plain JavaScript only. */
export function useSimd(enabled: boolean): void {
  wanted = enabled;
}

function viewsOn(kernels: Kernels, { buffer }: WebAssembly.Memory): Runtime {
  return { kernels, floats: new Float32Array(buffer), integers: new Int32Array(buffer) };
}

function instantiate(): void {
  const module = new Module();
  module.importMemory("env", "memory", initialPages);
  const { gemm, multiply } = addGemm(module);
  for (const kernel of [gemm, multiply, addPad(module)]) module.export(kernel);
  const bytes = module.toBytes();
  if (typeof WebAssembly === "undefined" || !WebAssembly.validate(bytes)) {
    wanted = false;
    return;
  }
  memory = new WebAssembly.Memory({ initial: initialPages });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
  runtime = viewsOn(exports as unknown as Kernels, memory);
}

/**
 * The kernels with at least `bytes` bytes of memory, from address 0, for the caller to lay out until it returns; or
 * undefined where WebAssembly SIMD is missing or so much memory cannot be had. The memory never shrinks.
 */
export function reserve(bytes: number): Runtime | undefined {
  if (wanted && !runtime) instantiate();
  if (!wanted || !runtime || !memory) return undefined;
  const missing = bytes - memory.buffer.byteLength;
  if (missing > 0) {
    try {
      memory.grow(Math.ceil(missing / pageBytes));
    } catch {
      return undefined;
    }
    runtime = viewsOn(runtime.kernels, memory);
  }
  return runtime;
}

/** Addresses of consecutive regions of these sizes in bytes, each at the start of a cache line, and their end. */
export function layOut(...sizes: number[]): number[] {
  const addresses = [0];
  for (const size of sizes) addresses.push(Math.ceil((addresses[addresses.length - 1] + size) / 64) * 64);
  return addresses;
}
