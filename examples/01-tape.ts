// Lesson 1: what a tape is.
//
// Every operation on a tensor that needs gradients leaves a record: which primitive, on what, with what result. The
// list of these records is the tape. The gradient is the same list read backwards, and since the rules of the
// backward pass are operations too, the gradient has a tape of its own and can be differentiated again.

import { mkdir, writeFile } from "node:fs/promises";
import * as tg from "../src/index.ts";

/** f(x) = x sin(x^2), so f'(x) = sin(x^2) + 2 x^2 cos(x^2) and f''(x) = 6 x cos(x^2) - 4 x^3 sin(x^2). */
const f = (x: tg.Tensor) => x.mul(x.square().sin());

async function main() {
  const at = 1.5;
  const x = tg.tensor(at, { dtype: "float64", requiresGrad: true });
  const y = f(x);

  console.log(`f(x) = x sin(x^2) at x = ${at} is ${y.item().toFixed(6)}, and this is what ran:\n`);
  const tape = tg.trace(y);
  console.log(`${tape}\n`);

  // createGraph records the backward pass as well.
  const [slope] = tg.grad(y, x, { createGraph: true });
  console.log(`f'(x)  = ${slope.item().toFixed(6)}`);
  console.log(`    by hand ${(Math.sin(at ** 2) + 2 * at ** 2 * Math.cos(at ** 2)).toFixed(6)}`);
  console.log(`    its tape has ${tg.trace(slope).records.length} records, the forward pass among them\n`);

  const [bend] = tg.grad(slope, x);
  console.log(`f''(x) = ${bend.item().toFixed(6)}`);
  console.log(`    by hand ${(6 * at * Math.cos(at ** 2) - 4 * at ** 3 * Math.sin(at ** 2)).toFixed(6)}\n`);

  await mkdir("reports/01-tape", { recursive: true });
  await writeFile("reports/01-tape/tape.svg", await tape.toSvg());
  console.log("picture of the tape: reports/01-tape/tape.svg");
}

main();
