import { parseArgs } from "node:util";
import * as tg from "../../../src/index.ts";
import { type Compile, failure, generate, report, seedOf } from "../random-programs.ts";

const help = `npx ts-node test/compile/long/random-programs.ts COUNT RUN [--from N] [--most N] [--threads N]
npx ts-node test/compile/long/random-programs.ts --program RUN-NUMBER

Compares compiled with eager random programs number 0 to COUNT - 1 of a run, as test/compile/random-programs.test.ts does
for 2,000 of them, and prints each that differs, made small. RUN is any word.

  --from N      skip the first N
  --most N      stop after N that differ; default 10
  --threads N   compile for N threads
  --program P   only this one, and print what is wrong with it as it stands`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      from: { type: "string" },
      most: { type: "string" },
      threads: { type: "string" },
      program: { type: "string" },
      help: { type: "boolean" },
    },
  });
  const compile: Compile = (fn) => tg.compile(fn, { threads: Number(values.threads ?? 1) });
  if (values.program !== undefined) {
    console.log(failure(generate(values.program), compile) ?? "agrees");
    return;
  }
  const [count, run] = [Number(positionals[0]), positionals[1]];
  if (values.help || !Number.isInteger(count) || run === undefined) {
    console.log(help);
    return;
  }
  const most = Number(values.most ?? 10);
  const start = performance.now();
  let failed = 0;
  let i = Number(values.from ?? 0);
  for (; i < count && failed < most; i++) {
    const program = generate(seedOf(run, i));
    if (failure(program, compile) !== null) {
      failed++;
      console.log(`number ${i}: ${report(program, compile)}\n`);
    }
    if ((i + 1) % 1000 === 0) {
      const seconds = Math.round((performance.now() - start) / 1000);
      console.log(`${i + 1} programs, ${failed} differ, ${seconds} s`);
    }
  }
  console.log(`${i} programs, ${failed} differ`);
  if (failed > 0) process.exitCode = 1;
}

void main();
