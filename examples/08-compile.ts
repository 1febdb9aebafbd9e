// Lesson 8: what compile does. A whole training step becomes one program.
//
// `compile` runs the function once without computing anything, only to see which operations it would run, the backward
// pass and the update included. The tape of all that is simplified, cut into kernels, given memory and translated.
//
//     npx ts-node examples/08-compile.ts [folder for the pictures]

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { compile, manualSeed, noGrad, random, Tape, type Tensor } from "../src/index.ts";

async function main(folder = "reports/08-compile"): Promise<void> {
  manualSeed(8);
  const w = random.normal([4], { requiresGrad: true });

  const step = compile((x: Tensor) => {
    w.grad = null;
    const loss = x.mul(w).sum(1).neg().softplus().mean();
    loss.backward();
    noGrad(() => w.assign(w.sub(w.grad!.mul(0.1))));
    return loss;
  });
  const x = random.normal([8, 4]);
  console.log("loss", step(x).item(), "then", step(x).item());

  // One program for each combination of shapes. Printed, it is its tape, its kernels and its memory.
  const [program] = step.programs;
  const traced = new Tape(program.traced.records);
  console.log(`\nas it was traced\n${traced}\n\nas it runs\n${program}`);

  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "compile-traced.svg"), await traced.toSvg());
  await writeFile(join(folder, "compile-kernels.svg"), await program.draw());
  await writeFile(join(folder, "compile-memory.svg"), program.drawMemory());
  console.log(`\npictures: ${folder}`);
}

main(process.argv[2]);
