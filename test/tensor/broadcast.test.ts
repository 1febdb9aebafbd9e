import { describe, expect, it } from "vitest";
import { add, broadcastTo, type DType, type Shape, ShapeError, type Tensor, tensor, zeros } from "../../src/index.ts";

describe("broadcasting", () => {
  it.each<[Shape, Shape, Shape]>([
    [[], [], []],
    [[], [2], [2]],
    [[3], [2, 3], [2, 3]],
    [
      [2, 1],
      [1, 3],
      [2, 3],
    ],
    [
      [4, 1, 3],
      [2, 1],
      [4, 2, 3],
    ],
    [[0], [1], [0]],
    [[0, 3], [3], [0, 3]],
    [[2, 1], [0], [2, 0]],
    [[1, 1, 1], [], [1, 1, 1]],
  ])("%j and %j give %j, either way round", (a, b, shape) => {
    expect(add(zeros(a), zeros(b)).shape).toEqual(shape);
    expect(add(zeros(b), zeros(a)).shape).toEqual(shape);
    expect(broadcastTo(zeros(a), shape).shape).toEqual(shape);
  });

  it.each<[Shape, Shape]>([
    [[2], [3]],
    [[2, 3], [2]],
    [[0], [2]],
    [
      [2, 1, 3],
      [4, 2],
    ],
  ])("%j and %j do not broadcast", (a, b) => {
    expect(() => add(zeros(a), zeros(b))).toThrow(ShapeError);
  });

  it("pairs the elements that NumPy pairs, over any arrangement of axes of size 1", () => {
    const sizes = [2, 3, 2];
    for (let mask = 0; mask < 64; mask++) {
      const shapeA = sizes.map((n, i) => ((mask >> i) & 1 ? 1 : n));
      const shapeB = sizes.map((n, i) => ((mask >> (i + 3)) & 1 ? 1 : n));
      const a = tensor(
        Float64Array.from({ length: shapeA.reduce((x, y) => x * y) }, (_, i) => i),
        { shape: shapeA },
      );
      const b = tensor(
        Float64Array.from({ length: shapeB.reduce((x, y) => x * y) }, (_, i) => 100 * i),
        { shape: shapeB },
      );
      const sum = a.add(b);
      const at = (t: Tensor, index: number[]) =>
        t.data[index.reduce((offset, k, axis) => offset * t.shape[axis] + (t.shape[axis] === 1 ? 0 : k), 0)];
      for (let i = 0; i < 2; i++) {
        for (let j = 0; j < 3; j++) {
          for (let k = 0; k < 2; k++) {
            const index = [i, j, k].map((v, axis) => (sum.shape[axis] === 1 ? 0 : v));
            expect(at(sum, index)).toBe(at(a, index) + at(b, index));
          }
        }
      }
    }
  });
});

describe("dtypes", () => {
  const dtypes: DType[] = ["bool", "int32", "float32", "float64"];
  const of = (dtype: DType) => tensor([1, 0], { dtype });

  it("widen from bool to int32 to float32 to float64", () => {
    const widest = (a: DType, b: DType) => dtypes[Math.max(dtypes.indexOf(a), dtypes.indexOf(b))];
    for (const a of dtypes) {
      for (const b of dtypes) {
        const wide = widest(a, b);
        const counted = wide === "bool" ? "int32" : wide;
        const float = wide === "float64" ? "float64" : "float32";
        for (const name of ["add", "sub", "mul", "maximum", "minimum"] as const) {
          expect(of(a)[name](of(b)).dtype, `${name} of ${a}, ${b}`).toBe(counted);
        }
        for (const name of ["div", "pow", "atan2", "logAddExp"] as const) {
          expect(of(a)[name](of(b)).dtype, `${name} of ${a}, ${b}`).toBe(float);
        }
        for (const name of ["eq", "lt", "logicalAnd"] as const) expect(of(a)[name](of(b)).dtype).toBe("bool");
        expect(of(a).dot(of(b)).dtype).toBe(counted);
      }
    }
  });

  it("of functions of one tensor: whole numbers stay whole where the result is, else become float32", () => {
    for (const dtype of dtypes) {
      const x = of(dtype);
      const counted = dtype === "bool" ? "int32" : dtype;
      const float = dtype === "float64" ? "float64" : "float32";
      for (const name of ["neg", "abs", "sign", "floor", "round", "square", "relu"] as const) {
        expect(x[name]().dtype, `${name} of ${dtype}`).toBe(counted);
      }
      for (const name of ["exp", "sqrt", "sigmoid", "tanh", "erf", "lgamma", "digamma", "softplus", "silu"] as const) {
        expect(x[name]().dtype, `${name} of ${dtype}`).toBe(float);
      }
      for (const name of ["sum", "prod"] as const) expect(x[name]().dtype, `${name} of ${dtype}`).toBe(counted);
      for (const name of ["mean", "variance", "std", "norm", "logSumExp"] as const) {
        expect(x[name]().dtype, `${name} of ${dtype}`).toBe(float);
      }
      for (const name of ["max", "min"] as const) expect(x[name]().dtype).toBe(dtype);
      for (const name of ["argmax", "argmin", "argsort"] as const) expect(x[name]().dtype).toBe("int32");
      for (const name of ["any", "all"] as const) expect(x[name]().dtype).toBe("bool");
      expect(x.softmax().dtype).toBe(float);
      expect(x.cumsum(0).dtype).toBe(counted);
    }
  });

  it("of a number is the tensor's, but for a fraction or an int32 overflow with whole numbers", () => {
    for (const dtype of ["float32", "float64"] as const) expect(of(dtype).mul(0.1).dtype).toBe(dtype);
    const whole = of("int32");
    expect(whole.add(2).dtype).toBe("int32");
    expect(whole.add(0.5).toArray()).toEqual([1.5, 0.5]);
    expect(whole.lt(2 ** 40).toArray()).toEqual([true, true]);
    expect(whole.maximum(Number.NEGATIVE_INFINITY).toArray()).toEqual([1, 0]);
    expect(of("bool").add(1).dtype).toBe("int32");
    expect(tensor([3, 4], { dtype: "int32" }).div(2).toArray()).toEqual([1.5, 2]);
  });
});
