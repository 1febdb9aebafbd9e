import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import {
  arange,
  type DType,
  eye,
  full,
  linspace,
  ones,
  onesLike,
  type Tensor,
  tensor,
  zeros,
  zerosLike,
} from "../../src/index.ts";

describe("tensor()", () => {
  it.each<[string, Parameters<typeof tensor>[0], DType, number[], unknown]>([
    ["a number", 3, "float32", [], 3],
    ["a boolean", true, "bool", [], true],
    ["a list", [1, 2], "float32", [2], [1, 2]],
    ["nested lists", [[1], [2]], "float32", [2, 1], [[1], [2]]],
    ["an empty list", [], "float32", [0], []],
    ["empty lists", [[], []], "float32", [2, 0], [[], []]],
    ["booleans", [[true, false]], "bool", [1, 2], [[true, false]]],
    ["booleans among numbers", [true, 2], "float32", [2], [1, 2]],
    ["a Float32Array", Float32Array.of(1.5), "float32", [1], [1.5]],
    ["a Float64Array", Float64Array.of(0.1), "float64", [1], [0.1]],
    ["an Int32Array", Int32Array.of(-7), "int32", [1], [-7]],
    ["a Uint8Array", Uint8Array.of(255), "int32", [1], [255]],
    [
      "typed arrays in a list",
      [Float64Array.of(1, 2), Float64Array.of(3, 4)] as never,
      "float64",
      [2, 2],
      [
        [1, 2],
        [3, 4],
      ],
    ],
  ])("takes %s", (_, values, dtype, shape, array) => {
    const t = tensor(values);
    expect([t.dtype, t.shape, t.toArray()]).toEqual([dtype, shape, array]);
    expect([t.size, t.ndim, t.requiresGrad, t.grad, t.record]).toEqual([
      t.data.length,
      shape.length,
      false,
      null,
      null,
    ]);
  });

  it("copies a tensor's values, and not its graph", () => {
    const x = tensor([1, 2], { requiresGrad: true, dtype: "float64" });
    const copy = tensor(x.mul(2));
    expect([copy.toArray(), copy.dtype, copy.requiresGrad]).toEqual([[2, 4], "float64", false]);
    const source = Float32Array.of(1, 2);
    const t = tensor(source);
    source[0] = 9;
    expect(t.toArray()).toEqual([1, 2]);
  });

  it("converts to a dtype, folds to a shape and makes leaves", () => {
    const t = tensor([1, 0, 2, 3], { dtype: "int32", shape: [2, 2] });
    expect([t.toArray(), t.dtype]).toEqual([
      [
        [1, 0],
        [2, 3],
      ],
      "int32",
    ]);
    expect(tensor([0.5, 0, Number.NaN], { dtype: "bool" }).toArray()).toEqual([true, false, true]);
    expect(tensor(1, { requiresGrad: true }).requiresGrad).toBe(true);
    expect(tensor([0.1]).item()).toBe(Math.fround(0.1));
  });
});

describe("a tensor", () => {
  it("gives its one value as a number", () => {
    expect([tensor([[5]]).item(), tensor(true).item()]).toEqual([5, 1]);
  });

  it("shares its array with detach and reshape, and copies it for clone", () => {
    const t = tensor([1, 2], { requiresGrad: true });
    expect(t.detach().data).toBe(t.data);
    expect(t.detach().requiresGrad).toBe(false);
    expect(t.reshape([2, 1]).data).toBe(t.data);
    expect(t.clone().data).not.toBe(t.data);
    expect(t.clone().requiresGrad).toBe(true);
  });

  it("converts between dtypes: truncating towards 0, nonzero to true", () => {
    const t = tensor([-1.7, 0, 2.5]);
    expect(t.to("int32").toArray()).toEqual([-1, 0, 2]);
    expect(t.to("bool").toArray()).toEqual([true, false, true]);
    expect(t.to("float32")).toBe(t);
    expect(t.to("bool").to("float64").toArray()).toEqual([1, 0, 1]);
  });
});

describe("creation", () => {
  it("fills", () => {
    expect(zeros([2, 0]).toArray()).toEqual([[], []]);
    expect(zeros([]).item()).toBe(0);
    expect(ones([2], { dtype: "int32" }).toArray()).toEqual([1, 1]);
    expect(full([2], 2.5).toArray()).toEqual([2.5, 2.5]);
    expect(full([2], 7, { dtype: "bool" }).data).toEqual(Uint8Array.of(1, 1));
    expect(full([1], Number.NEGATIVE_INFINITY, { dtype: "float64", requiresGrad: true }).requiresGrad).toBe(true);
    expect(eye(2).toArray()).toEqual([
      [1, 0],
      [0, 1],
    ]);
    expect(eye(0).shape).toEqual([0, 0]);
    const x = tensor([[1, 2]], { dtype: "float64" });
    expect([zerosLike(x).dtype, zerosLike(x).shape, onesLike(x).toArray()]).toEqual(["float64", [1, 2], [[1, 1]]]);
  });

  it("counts: whole numbers as int32, with fractions as float32", () => {
    expect([arange(3).toArray(), arange(3).dtype]).toEqual([[0, 1, 2], "int32"]);
    expect(arange(5, 0, -2).toArray()).toEqual([5, 3, 1]);
    expect(arange(3, 1).toArray()).toEqual([]);
    expect([arange(0, 1, 0.25).toArray(), arange(0, 1, 0.25).dtype]).toEqual([[0, 0.25, 0.5, 0.75], "float32"]);
    expect(arange(0, 3, 1, { dtype: "float64" }).dtype).toBe("float64");
    expect(linspace(0, 1, 5).toArray()).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect(linspace(2, 9, 1).toArray()).toEqual([2]);
    expect(linspace(2, 9, 0).toArray()).toEqual([]);
    expect(linspace(0.1, 0.7, 7, { dtype: "float64" }).data[6]).toBe(0.7);
  });

  it("gives zeros in every array it hands out, however often the slab of small ones is renewed", () => {
    for (let n = 0; n < 3000; n++) {
      const t = zeros([17 + (n % 100)], { dtype: n % 2 ? "float64" : "int32" });
      expect(t.data.every((v) => v === 0)).toBe(true);
      t.data.fill(7);
    }
  });
});

describe("printing", () => {
  it.each<[Tensor, string]>([
    [tensor(2.5), "tensor(2.5, shape [], float32)"],
    [tensor([1, 2]), "tensor([1, 2], shape [2], float32)"],
    [
      tensor([
        [1, 2.5],
        [-30, 4],
      ]),
      "tensor([[  1, 2.5],\n        [-30,   4]], shape [2, 2], float32)",
    ],
    [tensor([true, false]), "tensor([ true, false], shape [2], bool)"],
    [tensor([]), "tensor([], shape [0], float32)"],
    [tensor([[], []]), "tensor([[],\n        []], shape [2, 0], float32)"],
    [tensor([Number.NaN, Number.NEGATIVE_INFINITY]), "tensor([      NaN, -Infinity], shape [2], float32)"],
    [tensor([1 / 3, 1e-7, 2e9]), "tensor([   0.3333, 1.0000e-7, 2.0000e+9], shape [3], float32)"],
    [tensor([1], { requiresGrad: true }), "tensor([1], shape [1], float32, requiresGrad)"],
    [tensor([7], { dtype: "int32" }), "tensor([7], shape [1], int32)"],
  ])("aligns columns and names shape and dtype (%#)", (t, text) => {
    expect(t.toString()).toBe(text);
    expect(inspect(t)).toBe(t.toString());
  });

  it("summarises the middle of large tensors, of many axes too", () => {
    expect(arange(2000).reshape([2, 1000]).toString()).toBe(
      "tensor([[   0,    1,    2, ...,  997,  998,  999],\n        [1000, 1001, 1002, ..., 1997, 1998, 1999]], shape [2, 1000], int32)",
    );
    expect(zeros(new Array(7).fill(7)).toString().length).toBeGreaterThan(10_000);
  });
});
