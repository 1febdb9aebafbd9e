import { describe, expect, test } from "vitest";
import { entmax15, sparsemax } from "../../src/functional/index.ts";
import { grad, gradcheck, gradgradcheck, random, type Tensor, tensor } from "../../src/index.ts";

const maps = { sparsemax, entmax15 };
const draw = (seed: string, shape: number[], std = 1) =>
  new random.Generator(seed).normal(shape, { std, dtype: "float64" });

/** The threshold by bisection: [x / scale - t]+^power sums to 1. */
function byBisection(row: readonly number[], scale: number, power: number): number[] {
  const x = row.map((v) => v / scale);
  let [low, high] = [Math.max(...x) - 1, Math.max(...x)];
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2;
    const total = x.reduce((sum, v) => sum + Math.max(0, v - middle) ** power, 0);
    if (total > 1) low = middle;
    else high = middle;
  }
  return x.map((v) => Math.max(0, v - low) ** power);
}

describe("along any axis, a projection is a distribution, the one that bisection finds:", () => {
  for (const [name, scale, power] of [["sparsemax", 1, 1] as const, ["entmax15", 2, 2] as const]) {
    test(name, () => {
      for (const std of [0.1, 1, 10]) {
        const rows = draw(`${name} ${std}`, [6, 7], std);
        const expected = (rows.toArray() as number[][]).map((row) => byBisection(row, scale, power));
        for (const [i, row] of (maps[name](rows).toArray() as number[][]).entries()) {
          for (const [k, p] of row.entries()) expect(p).toBeCloseTo(expected[i][k], 12);
        }
        const columns = maps[name](rows.transpose(), 0).transpose();
        expect(columns.toArray()).toEqual(maps[name](rows).toArray());
      }
    });
  }
});

describe("a projection has its derivatives, and they stay finite for scores of any size:", () => {
  for (const [name, map] of Object.entries(maps)) {
    test(name, () => {
      const weights = draw("weights", [3, 5]);
      const fn = (x: Tensor) => map(x).mul(weights).sum();
      expect(gradcheck(fn, [draw("x", [3, 5])])).toBe(true);
      expect(gradgradcheck(fn, [draw("x", [3, 5])])).toBe(true);
      const extreme = tensor([1e4, -1e4, 0, 1e4, 1e30], { requiresGrad: true });
      const p = map(extreme);
      expect(p.toArray()).toEqual([0, 0, 0, 0, 1]);
      expect(grad(p.square().sum(), [extreme])[0].toArray()).toEqual([0, 0, 0, 0, 0]);
    });
  }
});

test("equal scores share the probability evenly", () => {
  for (const map of Object.values(maps)) {
    for (const p of map(tensor([3e3, 3e3, 3e3, -1])).toArray() as number[])
      expect([0, 1 / 3]).toContainEqual(expect.closeTo(p, 6));
  }
});
