import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";

const root = join(import.meta.dirname, "..");
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(import.meta.dirname, "readme-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** Runs the README's code block that contains `text`, and returns what it logs. */
async function run(text: string): Promise<string[]> {
  const readme = await readFile(join(root, "README.md"), "utf8");
  const block = [...readme.matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code).find((code) => code.includes(text))!;
  const file = join(folder, "block.ts");
  await writeFile(
    file,
    block
      .replaceAll('"tapegrad"', JSON.stringify(join(root, "src/index.ts")))
      .replaceAll('"examples/', `"${root}/examples/`)
      .replaceAll('"model.safetensors"', JSON.stringify(join(folder, "model.safetensors"))),
  );
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  await import(/* @vite-ignore */ file);
  const lines = log.mock.calls.map((args) => args.join(" "));
  log.mockRestore();
  return lines;
}

it("the 25 lines of the README train a model that tells tumours apart", async () => {
  const [line] = await run("Standardizer");
  expect(Number(line.replace("accuracy ", ""))).toBeGreaterThan(0.93);
});

it("the README's own primitive passes its gradient check", async () => {
  expect(await run("definePrimitive({")).toEqual(["true"]);
});

it("the README's tape prints, draws and differentiates", async () => {
  const [tape, gradient] = await run("hessian");
  expect(tape).toContain("%0 = square(a) : float32[2]");
  expect(gradient).toContain("shape [2], float32");
});

it("the README's compiled step learns exclusive or", async () => {
  const [loss, program] = await run("adam.step()");
  expect(Number(loss)).toBeLessThan(0.05);
  expect(program).toMatch(/kernels, \d+ operations/);
});
