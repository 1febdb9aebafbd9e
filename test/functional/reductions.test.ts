import { describe, expect, it } from "vitest";
import { gradcheck, type Tensor, tensor } from "../../src/index.ts";

describe.each(["cumsum", "cumprod", "logCumSumExp"] as const)("%s() without an axis", (name) => {
  const x = tensor([
    [0.5, -1, 2],
    [0.25, 3, -0.5],
  ]);
  const run = (t: Tensor, axis?: number) => t[name](axis);

  it("runs over the flattened tensor, as in NumPy", () => {
    expect(run(x).shape).toEqual([6]);
    expect(run(x).toArray()).toEqual(run(x.flatten(), 0).toArray());
  });

  it("has gradients in the shape of the tensor", () => {
    expect(gradcheck((t) => run(t), x)).toBe(true);
  });
});

describe("whole numbers", () => {
  const large = tensor([2 ** 31 - 1, 1], { dtype: "int32" });

  it("wrap in int32 sums and not in float64 ones", () => {
    expect([large.sum().item(), large.cumsum().toArray()]).toEqual([-(2 ** 31), [2 ** 31 - 1, -(2 ** 31)]]);
    expect(large.to("float64").sum().item()).toBe(2 ** 31);
  });

  it("wrap on the way to int32, where NaN becomes 0", () => {
    const values = tensor([3e9, Number.NaN, Number.POSITIVE_INFINITY, -1.5], { dtype: "float64" });
    expect(values.to("int32").toArray()).toEqual([3e9 - 2 ** 32, 0, 0, -1]);
  });
});
