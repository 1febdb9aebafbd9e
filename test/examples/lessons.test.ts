import { execFile, fork } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test, vi } from "vitest";
import * as binary from "../../examples/02-binary.ts";
import * as multiclass from "../../examples/03-multiclass.ts";
import * as multilabel from "../../examples/04-multilabel.ts";
import * as regression from "../../examples/05-regression.ts";
import { help, parseFlags, settle } from "../../examples/shared/flags.ts";
import type { About, Result, Settings } from "../../examples/shared/lesson.ts";
import { io } from "../../src/index.ts";

interface LessonModule {
  about: About<string>;
  run(given?: Partial<Settings>): Promise<Result>;
}

const lessons = [binary, multiclass, multilabel, regression] as unknown as LessonModule[];

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tapegrad-lessons-"));
  vi.spyOn(console, "log").mockImplementation(() => {});
});

describe.each(lessons.map((lesson) => [lesson.about.name, lesson] as const))("%s", (name, { about, run }) => {
  const short = (more: Partial<Settings> = {}) =>
    run({ quick: true, quiet: true, report: join(folder, name), ...more });
  let first: Result;

  test("learns in a short run what it states, on held-out data", { timeout: 60_000 }, async () => {
    first = await short();
    expect(first.value).toBeGreaterThanOrEqual(about.quick.threshold);
    expect(first.metric).toBe(about.metric);
    expect(Number.isFinite(first.baseline.value)).toBe(true);
  });

  test("writes a report that needs no other file, the model and the result", async () => {
    const html = await readFile(join(folder, name, "index.html"), "utf8");
    expect(html).toContain(about.title);
    expect(html.match(/<svg/g)!.length).toBeGreaterThanOrEqual(3);
    expect(html).not.toMatch(/<script|<link|src="|NaN/);
    const weights = await io.loadSafetensors(join(folder, name, "model.safetensors"));
    expect(Object.keys(weights).length).toBeGreaterThanOrEqual(2);
    expect(JSON.parse(await readFile(join(folder, name, "result.json"), "utf8"))).toEqual(first);
  });

  test("gives the same weights for the same seed and others for another", { timeout: 60_000 }, async () => {
    const once = await short({ epochs: 1 });
    const again = await short({ epochs: 1 });
    const other = await short({ epochs: 1, seed: 2 });
    expect(once.weights).toBe(again.weights);
    expect(once.value).toBe(again.value);
    expect(other.weights).not.toBe(again.weights);
  });

  test.each(about.losses)("runs with the loss %s", { timeout: 60_000 }, async (loss) => {
    const { value } = await short({ epochs: 1, loss });
    expect(Number.isFinite(value)).toBe(true);
  });

  test("lists its flags, defaults and losses in --help", () => {
    const text = help(about);
    const flags = ["--seed", "--epochs", "--batch-size", "--lr", "--loss", "--data", "--report", "--quiet", "--eager"];
    for (const flag of flags) expect(text).toContain(flag);
    for (const loss of about.losses) expect(text).toContain(loss);
    expect(text).toContain(`default ${about.defaults.epochs}`);
  });
});

describe("the reader's own data", { timeout: 60_000 }, () => {
  /** Square images and their labels in MNIST's format: each of four classes has its own bright rows. */
  async function writeImages(to: string, side: number): Promise<void> {
    const n = 60;
    const band = side / 4;
    const pixels = new Uint8Array(n * side * side);
    for (let i = 0; i < n; i++) {
      const top = (i * side + (i % 4) * band) * side;
      pixels.fill(195 + i, top, top + band * side);
    }
    const header = (...values: number[]) =>
      values.flatMap((v) => [v >>> 24, (v >>> 16) & 255, (v >>> 8) & 255, v & 255]);
    await mkdir(to, { recursive: true });
    const labels = Array.from({ length: n }, (_, i) => i % 4);
    await writeFile(join(to, "train-images-idx3-ubyte"), Uint8Array.from([...header(0x803, n, side, side), ...pixels]));
    await writeFile(join(to, "train-labels-idx1-ubyte"), Uint8Array.from([...header(0x801, n), ...labels]));
  }

  test("images of another size are learnt from, found by folder or by file", async () => {
    const [images, small] = [join(folder, "28"), join(folder, "12")];
    await writeImages(images, 28);
    await writeImages(small, 12);
    const settings = { epochs: 2, quiet: true, report: join(folder, "own") };
    const result = await multiclass.run({ ...settings, data: images });
    expect(result.value).toBeGreaterThan(0.9);
    const same = await multiclass.run({ ...settings, data: join(images, "train-images-idx3-ubyte") });
    expect(same.weights).toBe(result.weights);
    const scenes = await multilabel.run({ ...settings, epochs: 1, data: small });
    expect(Number.isFinite(scenes.value)).toBe(true);
  });

  test("a table's last column is the target", async () => {
    const table = join(folder, "line.csv");
    const rows = Array.from({ length: 60 }, (_, i) => `${i % 7},${i % 5},${3 * (i % 7) - (i % 5)}`);
    await writeFile(table, `a,b,c\n${rows.join("\n")}\n`);
    const result = await regression.run({ data: table, epochs: 60, quiet: true, report: join(folder, "own") });
    expect(result.value).toBeGreaterThan(0.9);
  });

  test("a table without two classes is refused", async () => {
    const table = join(folder, "three.csv");
    await writeFile(table, "a,class\n1,x\n2,y\n3,z\n");
    await expect(binary.run({ data: table, quiet: true })).rejects.toThrow("must hold two classes, got 3");
  });
});

test("outliers ruin squared errors, not absolute ones", { timeout: 60_000 }, async () => {
  const settings = { quick: true, quiet: true, outliers: 0.1, report: join(folder, "outliers") };
  const squares = await regression.run({ ...settings, loss: "mse" });
  const absolutes = await regression.run({ ...settings, loss: "mae" });
  expect(absolutes.value).toBeGreaterThan(0.35);
  expect(squares.value).toBeLessThan(0);
  expect(squares.baseline.value).toBeLessThan(0);
  expect(await readFile(join(folder, "outliers", "index.html"), "utf8")).toContain("Which loss survives");
});

describe("flags", () => {
  const { about } = binary;

  test.each([
    [["--epochs", "-1"], "--epochs must be a whole number >= 1, got -1"],
    [["--epochs", "2.5"], "--epochs must be a whole number >= 1, got 2.5"],
    [["--batch-size", "0"], "--batch-size must be a whole number >= 1, got 0"],
    [["--lr", "fast"], '--lr must be a number > 0, got "fast"'],
    [["--lr="], '--lr must be a number > 0, got ""'],
    [["--seed", "1e99"], "--seed must be a whole number >= 0, got 1e+99"],
    [["--loss", "nonsense"], "--loss must be one of bce, hinge, squared-hinge, focal, poly, got nonsense"],
    [["--epoch", "3"], "unknown option '--epoch'; --help lists the flags"],
    [["--epochs"], "option '--epochs <value>' argument missing; --help lists the flags"],
    [["--quiet=yes"], "option '--quiet' does not take an argument; --help lists the flags"],
    [["stray"], "unexpected argument 'stray'; --help lists the flags"],
  ])("%j is refused in one line", (args, message) => {
    expect(() => parseFlags(about, args)).toThrow(message);
  });

  test("become settings, over the defaults", () => {
    const given = parseFlags(about, ["--batch-size", "8", "--quiet", "--eager", "--data", "my.csv"]);
    expect(given).toEqual({ batchSize: 8, quiet: true, eager: true, data: "my.csv" });
    expect(settle(about).eager).toBe(false);
    expect(settle(about, given!)).toMatchObject({ batchSize: 8, epochs: about.defaults.epochs, data: "my.csv" });
    expect(settle(about, { quick: true }).epochs).toBe(about.quick.epochs);
    expect(settle(about, { quick: true, epochs: 3 }).epochs).toBe(3);
    expect(parseFlags(about, ["--help", "--epochs", "3"])).toBeNull();
  });

  test("misspelt settings of run() are refused too", async () => {
    await expect(binary.run({ epoch: 3 } as Partial<Settings>)).rejects.toThrow('unknown setting "epoch"');
  });
});

describe("the command line", { timeout: 60_000 }, () => {
  const command = (...args: string[]) =>
    promisify(execFile)(process.execPath, ["-r", "ts-node/register", ...args]).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
    );

  test("prints progress in plain lines when piped, then the result", async () => {
    const { code, stdout } = await command("examples/02-binary.ts", "--epochs", "3", "--report", join(folder, "cli"));
    expect(code).toBe(0);
    expect(stdout).toMatch(/epoch 3\/3 {2}loss 0\.\d{4} {2}accuracy [01]\.\d{4}\n/);
    expect(stdout).toMatch(/02-binary \(bce\): accuracy [01]\.\d{4} on 114 held-out rows, nearest centroid/);
  });

  test("prints the result alone when quiet", async () => {
    const args = ["--quiet", "--epochs", "1", "--report", join(folder, "cli")];
    expect((await command("examples/02-binary.ts", ...args)).stdout.trim().split("\n")).toHaveLength(1);
  });

  test("a mistake is one line and exit code 2", async () => {
    const wrong = await command("examples/02-binary.ts", "--loss", "nonsense");
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toBe(
      "02-binary: --loss must be one of bce, hinge, squared-hinge, focal, poly, got nonsense\n",
    );
    const table = join(folder, "bad.csv");
    await writeFile(table, "a,b\n1,yes\n2,no\nx,no\n");
    const unreadable = await command("examples/02-binary.ts", "--data", table);
    expect(unreadable.code).toBe(2);
    expect(unreadable.stderr).toMatch(/^02-binary: readCSV: .*bad\.csv line 4, column "a" is "x", not a number.*\n$/);
    const absent = await command("examples/02-binary.ts", "--data", "nowhere.csv");
    expect(absent.code).toBe(2);
    expect(absent.stderr).toMatch(/^02-binary: readCSV: nowhere\.csv does not exist; .*check the path\n$/);
  });

  test("npm start refuses what it does not know", async () => {
    expect((await command("examples/start.ts", "--help")).stdout).toContain("--report DIR");
    const wrong = await command("examples/start.ts", "--seed", "x");
    expect([wrong.code, wrong.stderr]).toEqual([2, "start: --seed must be a whole number >= 0, got x\n"]);
  });

  test("a process of npm start runs lesson after lesson, until one fails", async () => {
    const runner = fork("examples/shared/runner.ts", {
      execArgv: ["-r", "ts-node/register"],
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    const given = { quiet: true, epochs: 1, report: join(folder, "runner") };
    const results: Result[] = [];
    for (const seed of [1, 2]) {
      runner.send({ name: "02-binary", given: { ...given, seed } });
      results.push((await once(runner, "message"))[0]);
    }
    const alone = await binary.run({ ...given, seed: 2 });
    expect(results[0].weights).not.toBe(alone.weights);
    expect(results[1].weights).toBe(alone.weights);
    let errors = "";
    runner.stderr!.on("data", (text) => {
      errors += text;
    });
    runner.send({ name: "02-binary", given: { ...given, epochs: 0 } });
    expect(await once(runner, "close")).toEqual([1, null]);
    expect(errors).toContain("--epochs must be a whole number >= 1, got 0");
  });

  test("lesson 1 shows a tape and its two derivatives", async () => {
    const { code, stdout } = await command("examples/01-tape.ts");
    expect(code).toBe(0);
    expect(stdout).toContain("%2 = mul(a, %1)");
    expect(stdout).toContain("f'(x)  = -2.048708");
    expect(stdout).toContain("f''(x) = -16.157551");
  });
});
