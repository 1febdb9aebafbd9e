/**
 * How near each compiled training step comes to what the machine could do at best.
 *
 *     npx ts-node bench/roofline.ts [workload...]
 *
 * The ceiling of a step is the larger of two times: that of its arithmetic, products at the rate of the matrix
 * product's innermost loop and functions such as exp at the rate of a loop of nothing else; and that of its memory
 * traffic, each array read or written once by each kernel, at the rate of a copy of 4 MB. All are measured in this run.
 */

import { dear } from "../src/compile/kernels/loop-plan.ts";
import type { Program } from "../src/compile/program.ts";
import * as tg from "../src/index.ts";
import { copyBandwidth, microKernelPeak } from "./ceilings.ts";
import { trainingStep } from "./steps.ts";
import { median, type WorkloadName, workloads } from "./workloads.ts";

const products = new Set(["matmul", "conv2d", "conv2dInputGradient", "conv2dWeightGradient"]);

/** Median milliseconds of a call, after enough calls for the engine to have optimised what it calls. */
function milliseconds(run: () => void, rounds: number): number {
  for (let i = 0; i < rounds; i++) run();
  const times: number[] = [];
  for (let i = 0; i < rounds; i++) {
    const start = performance.now();
    run();
    times.push(performance.now() - start);
  }
  return median(times);
}

/** Nanoseconds an element of a compiled loop that adds up exponentials of an array in the second-level cache. */
export function compiledExpNanoseconds(): number {
  const x = tg.random.normal([1 << 18]);
  const step = tg.compile(() => x.exp().sum());
  const time = milliseconds(() => step(), 100);
  step.dispose();
  return (1e6 * time) / x.size;
}

/** Arithmetic of a call: operations in products, and how many elements are put through functions as dear as exp. */
function work({ schedule }: Program): { multiplied: number; functions: number } {
  let [multiplied, functions] = [0, 0];
  for (const { records, kernel } of schedule.units) {
    if (records.length > 0 && products.has(records[0].primitive.name)) multiplied += kernel.operations;
    for (const { primitive, output } of records) if (dear.has(primitive.name)) functions += output.size;
  }
  return { multiplied, functions };
}

function main(): void {
  const [peak, copied, exp] = [microKernelPeak(), copyBandwidth(50, 1 << 20), compiledExpNanoseconds()];
  console.log(
    `products ${peak.toFixed(1)} GFLOP/s, copy ${copied.toFixed(1)} GB/s, exp ${exp.toFixed(2)} ns an element\n`,
  );
  console.log("| | products, MFLOP | functions, 1000 | traffic, MB | ceiling, ms | measured, ms | reached |");
  console.log("|---|---|---|---|---|---|---|");
  const chosen = process.argv.slice(2);
  for (const name of Object.keys(workloads) as WorkloadName[]) {
    if (chosen.length > 0 && !chosen.includes(name)) continue;
    const step = tg.compile(trainingStep(name));
    const time = milliseconds(() => step().item(), Math.max(50, workloads[name].steps * 3));
    const [program] = step.programs;
    const { multiplied, functions } = work(program);
    const arithmetic = multiplied / peak / 1e6 + (functions * exp) / 1e6;
    const ceiling = Math.max(arithmetic, program.bytesMoved / 2 / copied / 1e6);
    const cells = [
      (multiplied / 1e6).toFixed(2),
      (functions / 1e3).toFixed(1),
      (program.bytesMoved / 1e6).toFixed(2),
      ceiling.toFixed(4),
      time.toFixed(4),
      `${((100 * ceiling) / time).toFixed(0)} %`,
    ];
    console.log(`| ${name} | ${cells.join(" | ")} |`);
    step.dispose();
  }
}

if (require.main === module) main();
