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

class UsageError extends Error {}

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
  const unknown = positionals.find((name) => !Object.hasOwn(workloads, name));
  if (unknown !== undefined) {
    throw new UsageError(`no workload is called ${unknown}; there are ${Object.keys(workloads).join(", ")}`);
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

/** What the table compares with, if it is there; else the first peer. */
const base = "tapegrad-compiled";

/**
 * Milliseconds of each peer, the median of its runs, and in brackets how many times as long as the base's it takes;
 * below, the geometric mean of these ratios over the workloads that the peer can run.
 */
function compare(timings: readonly Timing[]): string {
  const names = [...new Set(timings.map(({ peer }) => peer))];
  const peers = names.includes(base) ? [base, ...names.filter((name) => name !== base)] : names;
  const chosen = [...new Set(timings.map(({ workload }) => workload))];
  const of = (peer: string, workload: string): number | undefined => {
    const runs = timings.flatMap((t) => (t.peer === peer && t.workload === workload ? (t.ms ?? []) : []));
    return runs.length > 0 ? median(runs) : undefined;
  };
  const ratio = (peer: string, workload: string): number | undefined => {
    const [ms, own] = [of(peer, workload), of(peers[0], workload)];
    return ms === undefined || own === undefined ? undefined : ms / own;
  };
  const rows = chosen.map((workload) => {
    const cells = peers.map((peer, i) => {
      const [ms, times] = [of(peer, workload), ratio(peer, workload)];
      if (ms === undefined) return "cannot";
      return i === 0 || times === undefined ? String(ms) : `${ms} (${times.toPrecision(3)}x)`;
    });
    return `| ${workload} | ${cells.join(" | ")} |`;
  });
  const means = peers.map((peer, i) => {
    const ratios = chosen.flatMap((workload) => ratio(peer, workload) ?? []);
    const mean = Math.exp(ratios.reduce((sum, r) => sum + Math.log(r), 0) / ratios.length);
    return i === 0 ? "" : `${mean.toPrecision(3)}x`;
  });
  return [
    `| ms a step | ${peers.join(" | ")} |`,
    `|---|${peers.map(() => "---|").join("")}`,
    ...rows,
    `| geometric mean | ${means.join(" | ")} |`,
  ].join("\n");
}

main().catch((error: NodeJS.ErrnoException) => {
  if (error.code !== "ENOENT" && !(error instanceof UsageError)) throw error;
  console.error(`bench: ${error.message}`);
  process.exitCode = 2;
});
