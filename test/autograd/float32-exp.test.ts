import { expect, test } from "vitest";
import { exp, tensor } from "../../src/index.ts";

const from = (x: readonly number[]) => tensor(x, { dtype: "float32" }).exp().data as Float32Array;

test("float32 exponentials are one unit in the last place from the exact ones at most", () => {
  const x = Float32Array.from({ length: 400_001 }, (_, i) => -104 + (i * 192.7) / 400_000);
  const found = exp(tensor(x)).data;
  const bits = new Int32Array((found as Float32Array).buffer, found.byteOffset, found.length);
  const exact = new Int32Array(Float32Array.from(x, Math.exp).buffer);
  const worst = bits.reduce((most, b, i) => Math.max(most, Math.abs(b - exact[i])), 0);
  expect(worst).toBeLessThanOrEqual(1);
});

test("float32 exponentials at the ends of their range", () => {
  expect([...from([0, -0, -1e4, -105, Number.NEGATIVE_INFINITY])]).toEqual([1, 1, 0, 0, 0]);
  expect([...from([89, 1e4, Number.POSITIVE_INFINITY, Number.NaN])]).toEqual([
    Infinity,
    Infinity,
    Infinity,
    Number.NaN,
  ]);
  expect(from([88.7])[0]).toBe(Math.fround(Math.exp(Math.fround(88.7))));
});
