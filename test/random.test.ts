import { existsSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import * as random from "../src/random.ts";

const { exports: entries } = JSON.parse(readFileSync("package.json", "utf8"));

it("gives tensors that have their methods, though nothing else was imported", () => {
  const draw = random.uniform([3], { generator: new random.Generator(0) });
  expect(draw.mul(2).sub(draw).toArray()).toEqual(draw.toArray());
});

it("exports what users call, and no more", () => {
  expect(Object.keys(random).sort()).toEqual([
    "Generator",
    "integers",
    "manualSeed",
    "normal",
    "permutation",
    "uniform",
  ]);
});

it("is the door that package.json names, as every entry is a file of the sources", () => {
  expect(entries["./random"].default).toBe("./dist/random.js");
  for (const entry of Object.values<string | { types: string; default: string }>(entries)) {
    if (typeof entry === "string") continue;
    const source = entry.default.replace("./dist", "src").replace(/\.js$/, ".ts");
    expect([source, existsSync(source)]).toEqual([source, true]);
    expect(entry.types).toBe(entry.default.replace(/\.js$/, ".d.ts"));
  }
});
