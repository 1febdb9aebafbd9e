import { describe, expect, it } from "vitest";
import {
  AutogradError,
  definePrimitive,
  gradcheck,
  gradgradcheck,
  hessian,
  jacobian,
  jvp,
  matmul,
  noGrad,
  type Op,
  type Tensor,
  tensor,
  vjp,
} from "../../src/index.ts";

const f64 = (values: number | number[] | number[][]): Tensor => tensor(values, { dtype: "float64" });
const a = f64([
  [1, 2, 3],
  [4, 5, 6],
]);

describe("jacobian", () => {
  it("of a linear map is its matrix", () => {
    expect(jacobian((x) => matmul(a, x), f64([7, 8, 9])).toArray()).toEqual(a.toArray());
  });

  it("has the axes of the output, then of the input", () => {
    const j = jacobian((x) => x.sum(0), a);
    expect(j.shape).toEqual([3, 2, 3]);
    expect(j.sum().item()).toBe(6);
    expect(jacobian((x) => x.mul(3), f64(2)).toArray()).toBe(3);
    expect(jacobian((x) => x.slice([{ stop: 0 }]), f64([1, 2])).shape).toEqual([0, 2]);
  });

  it("is zero where the output does not depend on the input", () => {
    expect(jacobian(() => f64([1, 2]), f64([3])).toArray()).toEqual([[0], [0]]);
    expect(jacobian((x) => x.gt(0), f64([3])).toArray()).toEqual([[0]]);
  });
});

describe("hessian", () => {
  it("of a quadratic form is its symmetric part twice", () => {
    const q = f64([
      [2, 1],
      [0, 3],
    ]);
    expect(hessian((x) => x.dot(matmul(q, x)), f64([5, -1])).toArray()).toEqual([
      [4, 1],
      [1, 6],
    ]);
  });

  it("of logSumExp is diag(p) - p pT", () => {
    const x = f64([0.3, -1, 2]);
    const p = x.softmax();
    const expected = p
      .sub(0)
      .reshape([1, 3])
      .mul(
        f64([
          [1, 0, 0],
          [0, 1, 0],
          [0, 0, 1],
        ]),
      )
      .sub(p.outer(p));
    const found = hessian((t) => t.logSumExp(), x);
    found.data.forEach((v, i) => {
      expect(v).toBeCloseTo(expected.data[i], 12);
    });
  });

  it("is zero for what is linear or constant, and refuses more than one value", () => {
    expect(hessian((x) => x.sum(), f64([1, 2])).toArray()).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect(hessian(() => f64(1), f64([1])).toArray()).toEqual([[0]]);
    expect(() => hessian((x) => x.mul(2), f64([1, 2]))).toThrow("hessian: fn must return one value, got shape [2]");
  });
});

describe("vjp and jvp", () => {
  it("multiply by the jacobian from either side", () => {
    const fn = (x: Tensor) => matmul(a, x).sin();
    const x = f64([0.1, -0.2, 0.3]);
    const j = jacobian(fn, x);
    const v = f64([1, -2]);
    const u = f64([3, 1, 2]);
    vjp(fn, x, v).data.forEach((g, i) => {
      expect(g).toBeCloseTo(matmul(v, j).data[i], 12);
    });
    jvp(fn, x, u).data.forEach((g, i) => {
      expect(g).toBeCloseTo(matmul(j, u).data[i], 12);
    });
  });

  it("are zero where nothing depends on x", () => {
    expect(vjp(() => f64([1]), f64([1, 2]), [1]).toArray()).toEqual([0, 0]);
    expect(jvp(() => f64([1]), f64([1, 2]), [1, 1]).toArray()).toEqual([0]);
    expect(jvp((x) => x.floor(), f64([1.5]), [1]).toArray()).toEqual([0]);
  });

  it("leave x alone, and take nested arrays", () => {
    const x = tensor([1, 2], { requiresGrad: true });
    expect(vjp((t) => t.square(), x, [1, 1]).toArray()).toEqual([2, 4]);
    expect(x.grad).toBeNull();
    expect(jvp((t) => t.square(), [1, 2], [1, 10]).toArray()).toEqual([2, 40]);
  });

  it("refuse vectors of another shape", () => {
    expect(() => vjp((t) => t.square(), [1, 2], [1])).toThrow("the gradient has shape [1], the output [2]");
    expect(() => jvp((t) => t.square(), [1, 2], [1])).toThrow("jvp: v has shape [1], but x [2]");
  });
});

describe("a user's primitive", () => {
  const definition = {
    name: "cube",
    shape: ([x]: readonly Tensor[]) => x.shape,
    kernel: (out: Tensor, [x]: readonly Tensor[]) => {
      for (let i = 0; i < x.size; i++) out.data[i] = x.data[i] ** 3;
    },
  };
  const cube = definePrimitive<[x: Tensor]>({
    ...definition,
    vjp: ({ g, inputs: [x] }) => [() => g.mul(x.square()).mul(3)],
  });

  it("runs, differentiates to any order and passes gradcheck", () => {
    expect(cube(f64([1, 2])).toArray()).toEqual([1, 8]);
    expect(gradcheck(cube, f64([1, -2, 0.5]))).toBe(true);
    expect(gradgradcheck(cube, f64([1, -2, 0.5]))).toBe(true);
    expect(hessian((x) => cube(x).sum(), f64([2])).toArray()).toEqual([[12]]);
  });

  it("takes attributes last", () => {
    const scale: Op<[x: Tensor], { by: number }> = definePrimitive({
      name: "scale",
      shape: ([x]) => x.shape,
      kernel: (out, [x], { by }) => out.data.set(x.data.map((v) => v * by)),
      vjp: ({ g, attributes }) => [() => scale(g, attributes)],
    });
    expect(scale(f64([1, 2]), { by: 3 }).toArray()).toEqual([3, 6]);
    expect(gradgradcheck((x) => scale(x, { by: 3 }), f64([1, 2]))).toBe(true);
  });

  it("with a wrong gradient fails gradcheck, which says where and by how much", () => {
    const wrong = definePrimitive<[x: Tensor]>({
      ...definition,
      vjp: ({ g, inputs: [x] }) => [() => g.mul(x.square())],
    });
    expect(() => gradcheck(wrong, f64([0, 2]))).toThrow(AutogradError);
    expect(() => gradcheck(wrong, f64([0, 2]))).toThrow(
      /^gradcheck: d output\[1\] \/ d input0\[1\] is 4, but the central difference is 1[12]\.\d+ \(input 2\)$/,
    );
  });

  it("with a right gradient that is not itself differentiable fails gradgradcheck only", () => {
    const stiff = definePrimitive<[x: Tensor]>({
      ...definition,
      vjp: ({ g, inputs: [x] }) => [() => g.mul(noGrad(() => x.square().mul(3)))],
    });
    expect(gradcheck(stiff, f64([2]))).toBe(true);
    expect(() => gradgradcheck(stiff, f64([2]))).toThrow(AutogradError);
  });

  it("that is not well made gets errors with its name", () => {
    const x = tensor([1, 2], { requiresGrad: true });
    expect(() => definePrimitive({ ...definition, name: "" })).toThrow("definePrimitive: a primitive needs a name");
    expect(() => definePrimitive({ name: "half", shape: () => [] } as never)).toThrow(
      'definePrimitive: "half" needs a function "kernel"',
    );
    expect(() => cube(3 as never)).toThrow("cube: takes tensors, got 3; make one with tensor(value)");
    expect(() => (cube as unknown as () => Tensor)()).toThrow("cube: takes tensors, got undefined");
    const few = definePrimitive<[x: Tensor]>({ ...definition, vjp: () => [] });
    expect(() => few(x).sum().backward()).toThrow(
      "backward: the vjp of cube gives no gradient for input 0; it needs a function for each input, ({ g }) => [() => g]",
    );
    const bent = definePrimitive<[x: Tensor]>({ ...definition, vjp: () => [() => f64([1, 2, 3])] });
    expect(() => bent(x).sum().backward()).toThrow(
      "backward: the vjp of cube gives input 0 [2] a gradient of shape [3]",
    );
    expect(x.grad).toBeNull();
  });
});

describe("gradcheck", () => {
  it("takes several inputs and outputs, and passes over whole numbers", () => {
    const index = tensor([1, 0], { dtype: "int32" });
    expect(gradcheck((x, i) => [x.indexSelect(0, i), x.exp()], [f64([1, 2]), index])).toBe(true);
    expect(gradgradcheck((x, y) => x.mul(y), [f64([1, 2]), f64([[3], [4]])])).toBe(true);
  });

  it("restores its copies, so that the inputs are as before", () => {
    const x = tensor([1, 2], { requiresGrad: true });
    gradcheck((t) => t.square(), x);
    expect([x.toArray(), x.grad]).toEqual([[1, 2], null]);
  });

  it("finds the kink that a one-sided gradient hides", () => {
    expect(() => gradcheck((x) => x.relu(), f64([0]))).toThrow("the central difference is 0.5");
  });

  it("checks its options", () => {
    expect(() => gradcheck((x) => x, f64([1]), { epsilon: 0 })).toThrow(
      "gradcheck: epsilon must be a number > 0, got 0",
    );
    expect(() => gradcheck((x) => x, f64([1]), { eps: 1 } as never)).toThrow('gradcheck: unknown option "eps"');
  });
});
