import * as tg from "../src/index.ts";
import { floats, median } from "./workloads.ts";

// What metric-learning losses cost, value and gradient, against one matrix product of the size of their distance
// matrix: npx ts-node bench/losses.ts. All in one run, so that the ratios hold whatever the machine does meanwhile.

const [n, d, classes] = [1024, 128, 100];
const rows = tg.tensor(floats(n * d, 1), { shape: [n, d], requiresGrad: true });
const labels = tg.tensor(Int32Array.from({ length: n }, (_, i) => i % classes));

type Loss = (x: tg.Tensor) => tg.Tensor;

const { losses } = tg;
const table: Record<string, Loss> = {
  supCon: (x) => losses.supCon(x, labels),
  multiSimilarity: (x) => losses.multiSimilarity(x, labels),
  circle: (x) => losses.circle(x, labels),
  batchHardTriplet: (x) => losses.batchHardTriplet(x, labels, { normalize: true }),
  semiHardTriplet: (x) => losses.semiHardTriplet(x, labels, { normalize: true }),
  batchAllTriplet: (x) => losses.batchAllTriplet(x, labels, { normalize: true }),
};

const withGradient = (loss: Loss) => (x: tg.Tensor) => {
  const value = loss(x);
  return [value, ...tg.grad(value, [x])];
};

/** Median milliseconds of a call, after two to warm up. */
function time(call: () => unknown, calls: number): number {
  const times: number[] = [];
  for (let i = 0; i < calls + 2; i++) {
    const start = performance.now();
    call();
    if (i >= 2) times.push(performance.now() - start);
  }
  return median(times);
}

const product = time(() => tg.noGrad(() => rows.matmul(rows, { transposeB: true })), 21);
console.log(`one product [${n}, ${d}] x [${d}, ${n}]: ${product.toFixed(2)} ms`);
console.log(`${"value and gradient".padEnd(20)}${"eager".padStart(22)}${"compiled".padStart(22)}`);
for (const [name, loss] of Object.entries(table)) {
  const calls = name === "batchAllTriplet" ? 3 : 9;
  const both = withGradient(loss);
  const compiled = tg.compile(both);
  const cells = [both, compiled].map((fn) => {
    const ms = time(() => fn(rows), calls);
    return `${ms.toFixed(1)} ms, ${(ms / product).toFixed(1)}x`.padStart(22);
  });
  compiled.dispose();
  console.log(name.padEnd(20) + cells.join(""));
}
