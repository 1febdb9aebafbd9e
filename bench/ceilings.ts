/**
 * What this machine can do at best, and how near the kernels come to it.
 *
 *     npx ts-node bench/ceilings.ts
 *
 * Clocks and neighbours change from second to second, so that every rate is given beside the micro-kernel's own peak
 * measured in turn with it; all numbers are medians.
 */
import { Module } from "../src/wasm/assembler.ts";
import { type Conv2dGeometry, conv2dForward, conv2dInputGradient, conv2dWeightGradient } from "../src/wasm/conv2d.ts";
import { addGemm } from "../src/wasm/gemm-kernel.ts";
import { gemm } from "../src/wasm/matmul.ts";
import { floats } from "./workloads.ts";

export interface Rate {
  milliseconds: number;
  gigaflops: number;
  /** Share of the micro-kernel's peak. */
  fraction: number;
}

function milliseconds(run: () => void): number {
  const start = performance.now();
  run();
  return performance.now() - start;
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1];
}

function medianMilliseconds(run: () => void, rounds: number): number {
  run();
  return median(Array.from({ length: rounds }, () => milliseconds(run)));
}

const noise = (length: number): Float32Array => floats(length, length);

/** A run of the micro-kernel alone, on panels that stay in the first-level cache, and its floating-point operations. */
function microKernel(): { run: () => void; flops: number } {
  const [a, b, spill, tables] = [0, 1 << 14, 1 << 15, 3 << 14];
  const depth = 256;
  const module = new Module();
  module.importMemory("env", "memory", 1);
  module.export(addGemm(module).tile);
  const memory = new WebAssembly.Memory({ initial: 1 });
  new Float32Array(memory.buffer, 0, spill / 4).set(noise(spill / 4));
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()), { env: { memory } });
  const [tile] = Object.values(instance.exports) as ((...args: number[]) => void)[];
  const calls = 1000;
  const run = () => {
    for (let i = 0; i < calls; i++) tile(spill, tables, tables, a, b, depth, 0, 0, 0, spill);
  };
  return { run, flops: calls * 2 * 4 * 12 * depth };
}

/** GFLOP/s of the matrix product's micro-kernel on cached panels: the ceiling of everything that multiplies. */
export function microKernelPeak(rounds = 50): number {
  const { run, flops } = microKernel();
  return flops / medianMilliseconds(run, rounds) / 1e6;
}

/** GB/s copied from one typed array to another; the default is too large for the caches. */
export function copyBandwidth(rounds = 20, elements = 1 << 24): number {
  const source = noise(elements);
  const target = new Float32Array(source.length);
  return source.byteLength / medianMilliseconds(() => target.set(source), rounds) / 1e6;
}

/** Nanoseconds of `Math.exp` over a cached typed array. */
export function expNanoseconds(rounds = 50): number {
  const source = noise(1 << 12);
  const target = new Float32Array(source.length);
  const run = () => {
    for (let i = 0; i < source.length; i++) target[i] = Math.exp(source[i]);
  };
  for (let i = 0; i < 200; i++) run();
  return (1e6 * medianMilliseconds(run, rounds)) / source.length;
}

/**
 * The rate of something that takes `flops` floating-point operations, its share of the peak measured in alternation.
 */
function rate(flops: number, run: () => void, rounds: number): Rate {
  const peak = microKernel();
  const repeats = Math.ceil(peak.flops / flops);
  const repeated = () => {
    for (let i = 0; i < repeats; i++) run();
  };
  const samples = Array.from({ length: rounds + 1 }, () => [milliseconds(peak.run), milliseconds(repeated) / repeats]);
  const measured = samples.slice(1);
  const time = median(measured.map(([, own]) => own));
  const fraction = median(measured.map(([best, own]) => flops / own / (peak.flops / best)));
  return { milliseconds: time, gigaflops: flops / time / 1e6, fraction };
}

/** The rate of `gemm`, with its copies into and out of WebAssembly memory. */
export function gemmRate(m: number, n: number, k: number, layout: "NN" | "NT" | "TN", rounds = 21): Rate {
  const [a, b, c] = [noise(m * k), noise(k * n), new Float32Array(m * n)];
  return rate(2 * m * n * k, () => gemm(c, a, b, m, n, k, layout === "TN", layout === "NT"), rounds);
}

/** A square convolution of stride 1 that keeps the image size. */
function sameConvolution(batch: number, inChannels: number, outChannels: number, size: number): Conv2dGeometry {
  return {
    ...{ batch, inChannels, outChannels, groups: 1, kernelHeight: 3, kernelWidth: 3 },
    ...{ height: size, width: size, outHeight: size, outWidth: size },
    ...{ strideH: 1, strideW: 1, dilationH: 1, dilationW: 1, padTop: 1, padLeft: 1 },
  };
}

/** The rates of the three maps of a 3 x 3 convolution, with their copies. */
export function conv2dRates(geometry: Conv2dGeometry, rounds = 21): Record<"forward" | "input" | "weight", Rate> {
  const { batch, inChannels, outChannels, height, width, outHeight, outWidth, kernelHeight, kernelWidth } = geometry;
  const x = noise(batch * inChannels * height * width);
  const y = noise(batch * outChannels * outHeight * outWidth);
  const w = noise(outChannels * inChannels * kernelHeight * kernelWidth);
  const [dx, dy, dw] = [x.slice(), y.slice(), w.slice()];
  const flops = 2 * y.length * inChannels * kernelHeight * kernelWidth;
  return {
    forward: rate(flops, () => conv2dForward(y, x, w, geometry), rounds),
    input: rate(flops, () => conv2dInputGradient(dx, dy, w, geometry), rounds),
    weight: rate(flops, () => conv2dWeightGradient(dw, x, dy, geometry), rounds),
  };
}

function print(name: string, { milliseconds, gigaflops, fraction }: Rate): void {
  const cells = [
    `${milliseconds.toFixed(3)} ms`,
    `${gigaflops.toFixed(1)} GFLOP/s`,
    `${(100 * fraction).toFixed(0)} %`,
  ];
  console.log([name.padEnd(34), ...cells.map((cell) => cell.padStart(14))].join(""));
}

function main(): void {
  console.log(`micro-kernel peak  ${microKernelPeak().toFixed(1)} GFLOP/s`);
  console.log(`copy bandwidth     ${copyBandwidth().toFixed(1)} GB/s`);
  console.log(`Math.exp           ${expNanoseconds().toFixed(1)} ns an element\n`);
  for (const [m, n, k] of [
    [64, 64, 128],
    [64, 128, 64],
    [64, 128, 10],
    [128, 64, 1000],
    [128, 784, 512],
    [512, 512, 512],
    [1024, 1024, 1024],
  ]) {
    for (const layout of ["NN", "NT", "TN"] as const)
      print(`gemm ${layout} ${m} x ${n} x ${k}`, gemmRate(m, n, k, layout));
  }
  const first = conv2dRates(sameConvolution(64, 1, 16, 28));
  const second = conv2dRates(sameConvolution(64, 16, 32, 14));
  for (const [name, rates] of [
    ["1 -> 16, 28 x 28", first],
    ["16 -> 32, 14 x 14", second],
  ] as const) {
    for (const [map, rate] of Object.entries(rates)) print(`conv2d ${map} ${name}`, rate);
  }
  const mnist = [first.forward, first.weight, second.forward, second.weight, second.input];
  console.log(
    `\nconvolutions of one MNIST step     ${mnist.reduce((sum, r) => sum + r.milliseconds, 0).toFixed(1)} ms`,
  );
}

if (require.main === module) main();
