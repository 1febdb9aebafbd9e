import { describe, expect, test } from "vitest";
import { entries } from "../../../registry/index.ts";
import { differentiated } from "./arguments.ts";

/** The elements, with -0 counted as 0. */
const listed = (values: ArrayLike<number>): number[] => Array.from(values, (v) => v + 0);

describe("a loss has the declared value and gradients at", () => {
  for (const [name, { points = [] }] of Object.entries(entries)) {
    for (const { at, inputs, options, value, gradients = [] } of points) {
      test(`${at}: ${name}`, () => {
        for (const float of ["float64", "float32"] as const) {
          const all = { ...entries[name].required, ...options };
          const found = differentiated(name, entries[name], inputs, all, float);
          const precision = float === "float64" ? 1e-9 : 1e-4;
          const near = (v: number, e: number, what: string) => {
            if (v === e) return; // infinities
            const says = `${what} is ${v}, not ${e}`;
            expect(Math.abs(v - e), says).toBeLessThanOrEqual(precision * Math.max(1, Math.abs(e)));
          };
          const expected = typeof value === "number" ? [value] : value;
          expect(found.value.size, "the number of values").toBe(expected.length);
          for (const [i, v] of listed(found.value.data).entries()) near(v, expected[i], `value ${i}`);
          for (const [i, g] of gradients.entries()) {
            if (g === null) continue;
            const gradient = listed(found.gradients[i]!.data);
            expect(gradient.length, `the size of gradient ${i}`).toBe(g.length);
            for (const [k, v] of gradient.entries()) near(v, g[k], `gradient ${i}[${k}]`);
          }
        }
      });
    }
  }
});
