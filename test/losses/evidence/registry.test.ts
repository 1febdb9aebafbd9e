import { describe, expect, test } from "vitest";
import { aliases, lossOf, optionSets, tasks } from "../../../registry/entry.ts";
import { lossGoldens } from "../../../registry/goldens.ts";
import { entries } from "../../../registry/index.ts";
import * as losses from "../../../src/losses/index.ts";
import { ordinary } from "./arguments.ts";

const exported = Object.entries(losses)
  .filter(([name, value]) => typeof value === "function" && /^[a-z]/.test(name))
  .map(([name]) => name);

const cases = Object.values(lossGoldens).flatMap((golden) => golden.cases);
const withGolden = new Set(cases.map(({ loss }) => loss));
const withGradient = new Set(
  cases.flatMap(({ loss, gradients }) => (gradients && Object.keys(gradients).length > 0 ? [loss] : [])),
);

test("every exported loss has an entry, and every entry a loss", () => {
  expect(Object.keys(entries).sort()).toEqual(exported.filter((name) => !(name in aliases)).sort());
  for (const [alias, name] of Object.entries(aliases)) expect(lossOf(alias)).toBe(lossOf(name));
});

describe("an entry says all there is to say of its loss:", () => {
  for (const [name, entry] of Object.entries(entries)) {
    test(name, () => {
      for (const text of [entry.title, entry.formula, entry.use, entry.avoid, ...entry.sources]) {
        expect(text.trim().length).toBeGreaterThan(0);
      }
      expect(entry.sources.length, "sources").toBeGreaterThan(0);
      expect(entry.tasks.length, "tasks").toBeGreaterThan(0);
      for (const task of entry.tasks) expect(tasks).toHaveProperty(task);
      expect(Object.values(entry.inputs).some((input) => input.differentiable)).toBe(true);
      if (entry.detaches !== undefined) expect(withGradient.has(name), "golden gradients").toBe(true);
      expect(withGolden.has(name) || entry.reference !== undefined, "a golden case or a reference").toBe(true);
    });
  }
});

describe("a loss agrees in float64 with the reference of its entry:", () => {
  for (const [name, entry] of Object.entries(entries)) {
    if (entry.reference === undefined) continue;
    test(name, () => {
      const defaults = Object.entries(entry.options).map(([option, { default: value }]) => [option, value]);
      for (const options of optionSets(entry)) {
        const values = ordinary(entry);
        const all = { ...Object.fromEntries(defaults), ...options };
        const expected = (entry.reference as (...args: unknown[]) => number)(...values.map((t) => t.toArray()), all);
        const found = lossOf(name)(...values, options).item();
        const error = Math.abs(found - expected) / Math.max(1e-3, Math.abs(expected));
        expect(error, `${JSON.stringify(options)}: ${found}, not ${expected}`).toBeLessThan(1e-9);
      }
    });
  }
});
