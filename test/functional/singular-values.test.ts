import { describe, expect, test } from "vitest";
import { compile, functional, grad, gradcheck, random, tensor, zeros } from "../../src/index.ts";

const { nuclearNorm, singularValues } = functional;
const generator = new random.Generator("singular values");

describe("singularValues", () => {
  test("of a diagonal matrix are the magnitudes on it, of a wide one those of its transpose", () => {
    const diagonal = tensor([
      [0, -3, 0],
      [2, 0, 0],
    ]);
    expect([...singularValues(diagonal).data].sort()).toEqual([2, 3]);
    expect([...singularValues(diagonal.transpose()).data].sort()).toEqual([2, 3]);
  });

  test("have the squares and the sum that the matrix has, in 30 dimensions", () => {
    const a = generator.normal([50, 30], { dtype: "float64" });
    const values = singularValues(a);
    expect(values.shape).toEqual([30]);
    expect(values.square().sum().item()).toBeCloseTo(a.square().sum().item(), 9);
    expect(values.sum().item()).toBeCloseTo(nuclearNorm(a).item(), 7);
  });

  test("have the gradient of their symmetric functions, repeated values or not", () => {
    const entropy = (a: Parameters<typeof singularValues>[0]) => {
      const shares = singularValues(a).div(singularValues(a).sum());
      return functional.xlogy(shares, shares).sum();
    };
    expect(gradcheck(entropy, [generator.normal([4, 3], { dtype: "float64" })])).toBe(true);
    const twice = tensor(
      [
        [2, 0, 0],
        [0, 2, 0],
        [0, 0, 1],
      ],
      { dtype: "float64" },
    );
    expect(gradcheck(entropy, [twice])).toBe(true);
  });

  test("of zeros are 0, with gradient 0", () => {
    const a = zeros([2, 3], { requiresGrad: true });
    const value = singularValues(a).sum();
    expect(value.item()).toBe(0);
    expect([...grad(value, [a])[0].data]).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test("say what they cannot do", () => {
    expect(() => singularValues([1, 2])).toThrow("singularValues: needs [rows, columns], got [2]");
    expect(() => compile(singularValues)(zeros([2, 2]))).toThrow("singularValues: it reads values");
  });
});
