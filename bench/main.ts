import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import * as tg from "../src/index.ts";
import { stepFor } from "./steps.ts";
import { median, type Timing, timeSteps, type WorkloadName, workloads } from "./workloads.ts";

const help = `npm run bench -- [--json] [--compare FILE...] [workload...]

Times the training steps of bench/workloads.ts and the cost of small operations. \`npx ts-node bench/ceilings.ts\`
measures the machine's own limits, and the matrix product and convolution against them.

  --json            one JSON line for each workload, nothing else
  --compare FILE    no measuring: one table of ratios from files of such lines, by tapegrad and its peers
workloads: ${Object.keys(workloads).join(", ")}`;

/** The ways a step can run. */
const peers = {
  "tapegrad-eager": "eager",
  "tapegrad-compiled": { threads: 1 },
  "tapegrad-compiled-t2": { threads: 2 },
} as const;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: "boolean" }, compare: { type: "boolean" }, help: { type: "boolean" } },
  });
  if (values.help) {
    console.log(help);
    return;
  }
  if (values.compare) {
    console.log(compare(positionals.flatMap(readTimings)));
    return;
  }
  const chosen = (Object.keys(workloads) as WorkloadName[]).filter(
    (n) => positionals.length === 0 || positionals.includes(n),
  );
  for (const name of chosen) {
    for (const [peer, how] of Object.entries(peers)) {
      const timing = timeSteps(peer, name, workloads[name].steps, stepFor(name, how));
      if (values.json) console.log(JSON.stringify(timing));
      else {
        const cells = [name.padEnd(12), peer.padEnd(20), `${timing.ms} ms a step`.padStart(18)];
        console.log(`${cells.join(" ")}   loss ${timing.first} -> ${timing.last}`);
      }
    }
  }
  if (!values.json && positionals.length === 0) console.log(`\n${operationCosts()}`);
}

/** Nanoseconds for one operation on 64 elements with its record, and for one element of a large one. */
function operationCosts(): string {
  const small = tg.random.normal([64], { requiresGrad: true });
  const large = tg.random.normal([1000, 1000]);
  const lines = ["operation   64 elements, recorded   1,000,000 elements, an element"];
  for (const [name, op] of Object.entries<(x: tg.Tensor) => tg.Tensor>({
    add: (x) => x.add(x),
    mul: (x) => x.mul(2),
    relu: (x) => x.relu(),
    exp: (x) => x.exp(),
    sum: (x) => x.sum(),
  })) {
    const [each, element] = [perCall(() => op(small), 20000), perCall(() => op(large), 5) / 1e6];
    lines.push(
      `${name.padEnd(12)}${`${(each / 1e3).toFixed(2)} us`.padStart(12)}${`${element.toFixed(2)} ns`.padStart(28)}`,
    );
  }
  return lines.join("\n");
}

/** Median nanoseconds a call over nine rounds. */
function perCall(fn: () => void, calls: number): number {
  const rounds: number[] = [];
  for (let round = 0; round < 9; round++) {
    const start = performance.now();
    for (let i = 0; i < calls; i++) fn();
    rounds.push(((performance.now() - start) * 1e6) / calls);
  }
  return median(rounds);
}

const readTimings = (file: string): Timing[] =>
  readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Timing);

/** Milliseconds of each peer, and in brackets how many times as long as the first peer's it takes. */
function compare(timings: readonly Timing[]): string {
  const peers = [...new Set(timings.map(({ peer }) => peer))];
  const rows = [...new Set(timings.map(({ workload }) => workload))].map((workload) => {
    const of = (peer: string) => timings.find((t) => t.peer === peer && t.workload === workload)?.ms;
    const base = of(peers[0]);
    const cells = peers.map((peer, i) => {
      const ms = of(peer);
      if (ms === undefined) return "cannot";
      return i === 0 || base === undefined ? String(ms) : `${ms} (${(ms / base).toPrecision(3)}x)`;
    });
    return `| ${workload} | ${cells.join(" | ")} |`;
  });
  return [`| ms a step | ${peers.join(" | ")} |`, `|---|${peers.map(() => "---|").join("")}`, ...rows].join("\n");
}

main();
