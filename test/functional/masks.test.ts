import { expect, test } from "vitest";
import { detectAnomaly, functional, grad, gradcheck, gradgradcheck, tensor } from "../../src/index.ts";

const { labelMasks, maskedLogSumExp, maskedMean } = functional;

const x = tensor(
  [
    [0.5, -1, 2],
    [3, 0, 1],
    [1, 2, 3],
  ],
  { dtype: "float64" },
);
const mask = tensor(
  [
    [1, 0, 1],
    [0, 1, 0],
    [0, 0, 0],
  ],
  { dtype: "bool" },
);

test("maskedLogSumExp is the log of the sum over what is kept, and `empty` where nothing is", () => {
  const expected = [Math.log(Math.exp(0.5) + Math.exp(2)), 0, 0];
  for (const [i, v] of expected.entries()) expect(maskedLogSumExp(x, mask, 1).data[i]).toBeCloseTo(v, 14);
  expect(maskedLogSumExp(x, mask, 1, { empty: -7 }).data[2]).toBe(-7);
  expect(maskedLogSumExp(x, mask, 1, { keepDims: true }).shape).toEqual([3, 1]);
});

test("with addOne it is log(1 + sum)", () => {
  const found = maskedLogSumExp(x, mask, 1, { addOne: true });
  const expected = [Math.log(1 + Math.exp(0.5) + Math.exp(2)), Math.log(2), 0];
  for (const [i, v] of expected.entries()) expect(found.data[i]).toBeCloseTo(v, 14);
});

test("its derivatives are those of finite differences, 0 where nothing is kept", () => {
  for (const addOne of [false, true]) {
    expect(gradcheck((t) => maskedLogSumExp(t, mask, 1, { addOne }), x)).toBe(true);
    expect(gradgradcheck((t) => maskedLogSumExp(t, mask, 0, { addOne }), x)).toBe(true);
  }
});

test("it is finite for values of any size, with infinities among what is left out", () => {
  const leaf = tensor(
    [
      [1e4, -1e4, Infinity],
      [-Infinity, NaN, 5],
      [-1e4, -1e4, 1e30],
    ],
    { requiresGrad: true },
  );
  const kept = tensor(
    [
      [1, 1, 0],
      [0, 0, 0],
      [1, 1, 0],
    ],
    { dtype: "bool" },
  );
  for (const addOne of [false, true]) {
    const value = maskedLogSumExp(leaf, kept, 1, { addOne });
    expect(value.data[0]).toBe(1e4);
    expect(value.data[1]).toBe(0);
    const [g] = detectAnomaly(() => grad(maskedLogSumExp(leaf, kept, 1, { addOne }).sum(), [leaf]));
    expect(g.data.every(Number.isFinite)).toBe(true);
    expect(Array.from(g.data.slice(3, 6))).toEqual([0, 0, 0]);
  }
});

test("maskedMean averages what is kept, and is 0 over nothing", () => {
  expect(Array.from(maskedMean(x, mask, 1).data)).toEqual([1.25, 0, 0]);
  expect(maskedMean(x, mask).item()).toBeCloseTo(2.5 / 3, 14);
});

test("labelMasks compares rows with each other, or with references", () => {
  const { isPositive, isNegative } = labelMasks([1, 2, 1]);
  expect(isPositive.toArray()).toEqual(
    [
      [0, 0, 1],
      [0, 0, 0],
      [1, 0, 0],
    ].map((r) => r.map((v) => v === 1)),
  );
  expect(isNegative.to("int32").toArray()).toEqual([
    [0, 1, 0],
    [1, 0, 1],
    [0, 1, 0],
  ]);
  expect(labelMasks([1, 2], [2, 1, 1]).isPositive.to("int32").toArray()).toEqual([
    [0, 1, 1],
    [1, 0, 0],
  ]);
});
