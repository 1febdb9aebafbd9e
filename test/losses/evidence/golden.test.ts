import { describe, expect, test } from "vitest";
import { lossOf } from "../../../registry/entry.ts";
import { type Golden, type GoldenCase, goldenInput, lossGoldens } from "../../../registry/goldens.ts";
import { grad, type Tensor } from "../../../src/index.ts";
import { type Float, termWeights } from "./arguments.ts";

/** Files with tests of their own, in an older form. */
const elsewhere = new Set(["losses-classification", "losses-metric"]);

/** The loss of a golden case, and its gradients by name of the input. */
function run(golden: Golden, { loss, args, options, gradients }: GoldenCase, float: Float) {
  const leaves = args.map((name) => goldenInput(golden, name, float, name in gradients));
  const given = Object.entries(options).map(([option, value]) => [option, tensorOr(golden, value, float)]);
  const value = lossOf(loss)(...leaves, Object.fromEntries(given));
  const wanted = leaves.filter((t) => t.requiresGrad);
  if (wanted.length === 0) return { value, found: {} };
  const found = grad(value.mul(termWeights(value)).sum(), wanted, { allowUnused: true });
  const names = args.filter((name) => name in gradients);
  return { value, found: Object.fromEntries(names.map((name, i) => [name, found[i]])) };
}

/** The value of an option, with the inputs it names in place of their names. */
function tensorOr(golden: Golden, value: unknown, float: Float): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  if ("$input" in value) return goldenInput(golden, value.$input as string, float);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, tensorOr(golden, inner, float)]));
}

/** Every element within `tolerance` of the reference, relative to the largest of them. */
function expectClose(what: string, found: Tensor, expected: readonly number[], tolerance: number): void {
  expect(found.size, what).toBe(expected.length);
  const scale = Math.max(...expected.map(Math.abs), 1e-3);
  for (const [i, e] of expected.entries()) {
    if (Object.is(found.data[i], e) || found.data[i] === e) continue; // infinities
    const says = `${what}[${i}] is ${found.data[i]}, not ${e}`;
    expect(Math.abs(found.data[i] - e), says).toBeLessThanOrEqual(tolerance * scale);
  }
}

describe("value and gradients agree with", () => {
  for (const [file, golden] of Object.entries(lossGoldens)) {
    if (elsewhere.has(file)) continue;
    const kinds = new Set(golden.cases.map(({ loss, reference }) => `${reference}: ${loss}`));
    for (const kind of kinds) {
      const cases = golden.cases.filter(({ loss, reference }) => `${reference}: ${loss}` === kind);
      test(`${kind}, ${cases.length} cases`, () => {
        for (const c of cases) {
          for (const [float, tolerance] of [["float64", 1e-9] as const, ["float32", 5e-5] as const]) {
            const { value, found } = run(golden, c, float);
            const what = `${c.loss}(${c.args.join(", ")}, ${JSON.stringify(c.options)}) in ${float}`;
            expectClose(what, value, [c.value].flat(), tolerance);
            for (const [name, gradient] of Object.entries(found)) {
              expectClose(`gradient by ${name} of ${what}`, gradient, c.gradients[name], tolerance);
            }
          }
        }
      });
    }
  }
});
