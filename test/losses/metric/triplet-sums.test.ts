import fc from "fast-check";
import { expect, test } from "vitest";
import { grad, random, type Tensor, tensor } from "../../../src/index.ts";
import { batchAllTriplet, semiHardTriplet } from "../../../src/losses/index.ts";

/** Value and gradient. */
function both(fn: (x: Tensor) => Tensor, x: Tensor): number[] {
  const leaf = tensor(x, { requiresGrad: true });
  const value = fn(leaf);
  return [value.item(), ...grad(value, [leaf])[0].data];
}

function expectClose(found: number[], expected: number[]): void {
  for (const [i, v] of expected.entries()) expect(found[i]).toBeCloseTo(v, 9);
}

test("the triplets added up by sorting are those added up one by one, in value and gradient", () => {
  for (const [n, classes, margin] of [
    [12, 3, 0.5],
    [17, 5, 2],
    [9, 2, 0],
    [6, 6, 1],
  ]) {
    const generator = new random.Generator(n);
    const x = generator.normal([n, 3], { dtype: "float64" });
    const y = generator.integers([n], { high: classes });
    const terms = (e: Tensor) => batchAllTriplet(e, y, { margin, reduction: "none" });
    expectClose(
      both((e) => batchAllTriplet(e, y, { margin, reduction: "sum" }), x),
      both((e) => terms(e).sum(), x),
    );
    expectClose(
      both((e) => batchAllTriplet(e, y, { margin }), x),
      both((e) => terms(e).sum().div(terms(e).gt(0).sum().maximum(1)), x),
    );
  }
});

test("where a threshold meets a distance, the gradient of the sorted sum is 0 as that of each hinge", () => {
  // Integers on a line: most of d(a, p) + 1 - d(a, n) are exactly 0 for some triplets.
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 2, maxLength: 9 }), (values) => {
      const x = tensor(
        values.map((v) => [v]),
        { dtype: "float64" },
      );
      const y = tensor(
        values.map((_, i) => i % 3),
        { dtype: "int32" },
      );
      const one = both((e) => batchAllTriplet(e, y, { reduction: "none" }).sum(), x);
      expectClose(
        both((e) => batchAllTriplet(e, y, { reduction: "sum" }), x),
        one,
      );
    }),
  );
});

test("the semi-hard negative is the nearest beyond the positive, else the farthest, by brute force", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 9 }), (values) => {
      const labels = values.map((_, i) => (i * i) % 3);
      const d = (i: number, j: number) => Math.abs(values[i] - values[j]);
      const rows = [...values.keys()];
      const expected = rows.flatMap((a) =>
        rows.map((p) => {
          const negatives = rows.filter((n) => labels[n] !== labels[a]).map((n) => d(a, n));
          if (a === p || labels[a] !== labels[p] || negatives.length === 0) return 0;
          const beyond = negatives.filter((v) => v > d(a, p));
          return Math.max(0, d(a, p) - (beyond.length > 0 ? Math.min(...beyond) : Math.max(...negatives)) + 1);
        }),
      );
      const x = tensor(
        values.map((v) => [v]),
        { dtype: "float64" },
      );
      const terms = semiHardTriplet(x, tensor(labels, { dtype: "int32" }), { reduction: "none" });
      expect([...terms.data]).toEqual(expected);
    }),
  );
});
