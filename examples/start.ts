// Runs all lessons with their default settings, two at a time, and shows what they reached: `npm start`.

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { montage, Report } from "../src/report/index.ts";
import { parse, type Settings, UsageError } from "./shared/flags.ts";
import type { Result } from "./shared/lesson.ts";
import type { Order } from "./shared/runner.ts";

const names = ["02-binary", "03-multiclass", "04-multilabel", "05-regression", "06-siamese-triplet", "07-arcface"];

// The longest first: the short ones then fill the gaps.
const order = ["07-arcface", "06-siamese-triplet", "04-multilabel", "03-multiclass", "05-regression", "02-binary"];

const usage = `All lessons with their default settings, then one table of what they reached.

npm start -- [flags]

  --report DIR  folder for the reports (default reports)
  --seed N      what all random choices follow from (default 1)
  --quick       a short run of each lesson
  --eager       without compiled programs
  --help        print this

Exit code 1 when a lesson fails or does not reach its threshold.`;

async function main() {
  const flags = parse(process.argv.slice(2), ["report", "seed"], ["quick", "eager", "help"]);
  if (flags.help) return console.log(usage);
  if (flags.seed !== undefined && !/^\d{1,15}$/.test(String(flags.seed))) {
    throw new UsageError(`--seed must be a whole number >= 0, got ${flags.seed}`);
  }
  const folder = String(flags.report ?? "reports");
  const given: Partial<Settings> = { quiet: true, quick: flags.quick === true, eager: flags.eager === true };
  if (flags.seed !== undefined) given.seed = Number(flags.seed);

  const present = names.filter((name) => existsSync(join(__dirname, `${name}.ts`)));
  console.log(`${present.length} lessons, a report for each in ${folder}/`);
  const started = performance.now();
  const queue = order.filter((name) => present.includes(name));
  const results = new Map<string, Result>();
  const worker = async () => {
    let runner = startRunner();
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
      const result = await runLesson(runner, { name, given: { ...given, report: join(folder, name) } });
      if (result !== null) results.set(name, result);
      else {
        console.error(`${name} failed`);
        runner = startRunner();
      }
    }
    runner.disconnect();
  };
  await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, worker));
  const seconds = (performance.now() - started) / 1000;

  const rows = present.map((name) => rowOf(name, results.get(name)));
  console.log(`\n${table([heads, ...rows])}\n`);
  await writeIndex(folder, present, results, rows);
  console.log(`${seconds.toFixed(0)} s in all; reports: ${join(folder, "index.html")}`);

  const missed = present.filter((name) => !reached(results.get(name)));
  if (missed.length > 0) {
    console.error(`not reached: ${missed.join(", ")}`);
    process.exitCode = 1;
  }
}

/** Starts a process for lessons. It takes several, because loading the library takes longer than some of them. */
const startRunner = (): ChildProcess =>
  fork(join(__dirname, "shared", "runner.ts"), { execArgv: ["-r", require.resolve("ts-node/register")] });

/** The lesson's result; null when it fails, which ends the process. */
async function runLesson(runner: ChildProcess, order: Order): Promise<Result | null> {
  runner.send(order);
  const [result] = await Promise.race([once(runner, "message"), once(runner, "exit").then(() => [null])]);
  return result;
}

const heads = ["task", "loss", "metric", "held out", "threshold", "baseline", "", "seconds"];

function rowOf(name: string, result: Result | undefined): string[] {
  if (result === undefined) return [name, "failed", "", "", "", "", "", ""];
  const { loss, metric, value, threshold, baseline, seconds } = result;
  const numbers = [value, threshold, baseline.value].map((v) => v.toFixed(3));
  return [name, loss, metric, ...numbers, baseline.name, seconds.toFixed(1)];
}

const reached = (result: Result | undefined): boolean => result !== undefined && result.value >= result.threshold;

/** Columns aligned, numbers to the right. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  const isNumber = rows[0].map((_, i) => rows.slice(1).every((row) => /^[\d.-]*$/.test(row[i])));
  const lines = rows.map((row) =>
    row.map((cell, i) => (isNumber[i] ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join("  "),
  );
  return [lines[0], "-".repeat(lines[0].length), ...lines.slice(1)].join("\n");
}

/** A page that links all reports, each with its result and a picture. */
async function writeIndex(
  folder: string,
  present: readonly string[],
  results: ReadonlyMap<string, Result>,
  rows: readonly (readonly string[])[],
): Promise<void> {
  const cards = present.flatMap((name) => {
    const result = results.get(name);
    return result ? [{ name, result }] : [];
  });
  const pictures = await Promise.all(cards.map(({ name }) => readFile(join(folder, name, "cover.svg"), "utf8")));
  const report = new Report("What the models learnt", {
    kicker: "tapegrad",
    lead: "Small models trained from nothing on real data, each judged on examples it never saw, beside a classical method.",
  });
  report.cards(
    cards.map(({ name, result: { title, metric, value, baseline } }, i) => ({
      title,
      value: value.toFixed(3),
      text: `${metric}; ${baseline.name} ${baseline.value.toFixed(3)}`,
      href: `${name}/index.html`,
      picture: pictures[i],
    })),
  );
  const panels = cards.map(({ result: { title, metric, value, baseline } }, i) => ({
    title,
    text: `${metric} ${value.toFixed(3)}; ${baseline.name} ${baseline.value.toFixed(3)}`,
    picture: pictures[i],
  }));
  await writeFile(join(folder, "results.svg"), montage(panels));
  report.section("All results").table(heads, rows);
  await report.save(join(folder, "index.html"));
}

main().catch((error) => {
  if (!(error instanceof UsageError)) throw error;
  console.error(`start: ${error.message}`);
  process.exitCode = 2;
});
