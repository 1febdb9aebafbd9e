import { describe, expect, test } from "vitest";
import { hessian, type Tensor, type TensorLike, tensor, zerosLike } from "../../../src/index.ts";
import {
  halfMeanSquaredError,
  halfMse,
  huber,
  l1,
  logCosh,
  meanAbsoluteError,
  meanSquaredError,
  mse,
  pseudoHuber,
  quantile,
  smoothL1,
} from "../../../src/losses/index.ts";
import { input, testGolden } from "../classification-golden.ts";
import { gradientAt, values } from "../compare.ts";

const slopes = (x: TensorLike, loss: (x: Tensor) => Tensor) => values(gradientAt(x, loss));
const sum = { reduction: "sum" } as const;

describe("absolute and squared errors", () => {
  testGolden("meanAbsoluteError");
  testGolden("meanSquaredError");
  testGolden("halfMeanSquaredError");

  test("have short names", () => {
    expect(l1).toBe(meanAbsoluteError);
    expect(mse).toBe(meanSquaredError);
    expect(halfMse).toBe(halfMeanSquaredError);
  });

  test("the half of the squared error is a function of its own", () => {
    expect(mse([3], [1]).item()).toBe(4);
    expect(halfMeanSquaredError([3], [1]).item()).toBe(2);
  });

  test("have gradient 0 where the prediction is exact", () => {
    for (const loss of [l1, mse, halfMeanSquaredError]) expect(slopes([2], (x) => loss(x, [2]))).toEqual([0]);
  });

  test("read nested arrays in the precision of the prediction, and take whole numbers as targets", () => {
    expect(mse(tensor([0.3], { dtype: "float64" }), [0.1]).item()).toBeCloseTo(0.04, 15);
    expect(mse([0.5, 2], tensor([0, 1], { dtype: "int32" })).item()).toBe(0.625);
  });

  test("say what is wrong with their arguments", () => {
    expect(() => mse([1, 2], [[1], [2]])).toThrow(
      "meanSquaredError: targets [2, 1] must have the shape of predictions, [2]",
    );
    expect(() => l1(tensor([1], { dtype: "int32" }), [1])).toThrow(
      'meanAbsoluteError: predictions must be float32 or float64, got int32; convert with to("float32")',
    );
    expect(() => mse([], [])).toThrow("meanSquaredError: the batch is empty; a mean needs at least one element");
    expect(mse([], [], sum).item()).toBe(0);
  });
});

describe("smoothL1 and huber", () => {
  testGolden("smoothL1");
  testGolden("huber");

  test("huber gives the value that Keras publishes", () => {
    expect(
      huber(
        [
          [0.6, 0.4],
          [0.4, 0.6],
        ],
        [
          [0, 1],
          [0, 0],
        ],
      ).item(),
    ).toBeCloseTo(0.155, 6);
  });

  test("huber is delta times smoothL1 with beta = delta", () => {
    for (const delta of [0.1, 1, 3]) {
      const [a, b] = [
        huber(input("logits"), input("targets"), { delta }),
        smoothL1(input("logits"), input("targets"), { beta: delta }),
      ];
      expect(a.item()).toBeCloseTo(delta * b.item(), 12);
    }
  });

  test("smoothL1 with beta 0 is the absolute error", () => {
    expect(smoothL1(input("logits"), input("targets"), { beta: 0 }).item()).toBe(
      l1(input("logits"), input("targets")).item(),
    );
    expect(slopes([0, 2], (x) => smoothL1(x, [0, 0], { beta: 0, ...sum }))).toEqual([0, 1]);
  });

  test("have no jump in their slope", () => {
    expect(slopes([0, 2, -2, 3, -3], (x) => huber(x, [0, 0, 0, 0, 0], { delta: 2, ...sum }))).toEqual([
      0, 2, -2, 2, -2,
    ]);
    expect(slopes([0, 2, -2, 3, -3], (x) => smoothL1(x, [0, 0, 0, 0, 0], { beta: 2, ...sum }))).toEqual([
      0, 1, -1, 1, -1,
    ]);
  });

  test("have the curvature of their square up to the threshold, 0 included, and none beyond", () => {
    const r = tensor([0, 1e-3, -0.5, 1.5, -1.5, 3, -40], { dtype: "float64" });
    const curvature = (loss: (x: Tensor) => Tensor) => values(hessian(loss, r).diagonal());
    for (const d of [0.25, 2]) {
      const inside = values(r).map((v) => (Math.abs(v) < d ? 1 : 0));
      const zero = zerosLike(r);
      expect(curvature((x) => huber(x, zero, { delta: d, ...sum }))).toEqual(inside);
      expect(curvature((x) => smoothL1(x, zero, { beta: d, ...sum }))).toEqual(inside.map((v) => v / d));
    }
  });

  test("say which threshold is out of range", () => {
    expect(() => smoothL1([1], [1], { beta: -1 })).toThrow("smoothL1: beta must be a number >= 0, got -1");
    expect(() => huber([1], [1], { delta: 0 })).toThrow("huber: delta must be a number > 0, got 0");
    expect(() => pseudoHuber([1], [1], { delta: 0 })).toThrow("pseudoHuber: delta must be a number > 0, got 0");
  });
});

describe("logCosh and pseudoHuber", () => {
  testGolden("logCosh");
  testGolden("pseudoHuber");

  test("logCosh gives the value that Keras publishes", () => {
    expect(
      logCosh(
        [
          [1, 1],
          [0, 0],
        ],
        [
          [0, 1],
          [0, 0],
        ],
      ).item(),
    ).toBeCloseTo(0.108, 3);
  });

  test("keep the digits of small errors in float32", () => {
    for (const loss of [logCosh, pseudoHuber]) {
      expect(loss([1e-4], [0]).item() / 5e-9).toBeCloseTo(1, 5);
      expect(slopes([1e-4], (x) => loss(x, [0]))[0] / 1e-4).toBeCloseTo(1, 5);
    }
  });

  test("are linear far away", () => {
    expect(logCosh([1e4], [0]).item()).toBeCloseTo(1e4 - Math.LN2, 2);
    expect(pseudoHuber([1e4], [0], { delta: 2 }).item()).toBeCloseTo(2e4 - 4, 1);
    expect(slopes([1e4, -1e4], (x) => logCosh(x, [0, 0], sum))).toEqual([1, -1]);
    expect(slopes([1e4, -1e4], (x) => pseudoHuber(x, [0, 0], { delta: 2, ...sum })).map(Math.round)).toEqual([2, -2]);
  });

  test("have curvature 1 at 0", () => {
    for (const loss of [logCosh, pseudoHuber]) {
      expect(hessian((x) => loss(x, [0]), tensor([0], { dtype: "float64" })).item()).toBeCloseTo(1, 12);
    }
  });

  test("logCosh is continuous where its two forms meet", () => {
    const below = logCosh(tensor([1 - 1e-12], { dtype: "float64" }), [0]).item();
    const above = logCosh(tensor([1 + 1e-12], { dtype: "float64" }), [0]).item();
    expect(above - below).toBeCloseTo(0, 11);
    expect(above).toBeCloseTo(Math.log(Math.cosh(1)), 11);
  });
});

describe("quantile", () => {
  testGolden("quantile");

  test("gives the value that TensorFlow Addons publishes", () => {
    expect(quantile([1, 1, 1, 0], [0, 0, 1, 1], { quantile: 0.1 }).item()).toBeCloseTo(0.475, 6);
  });

  test("is half of the absolute error at the median", () => {
    expect(quantile(input("logits"), input("targets")).item()).toBeCloseTo(
      l1(input("logits"), input("targets")).item() / 2,
      12,
    );
  });

  test("has gradient 0 where the prediction is exact, and slopes q - 1 and -q elsewhere", () => {
    const g = slopes([0, -1, 1], (x) => quantile(x, [0, 0, 0], { quantile: 0.25, ...sum }));
    expect(g).toEqual([0, -0.25, 0.75]);
  });

  test("takes one quantile for each entry of the last axis", () => {
    const levels = [0.1, 0.5, 0.75, 0.9];
    const all = quantile(input("logits"), input("column"), { quantile: levels, reduction: "none" });
    expect(all.shape).toEqual([5, 4]);
    const third = quantile(input("logits").slice([null, 2]), input("column"), { quantile: 0.75, reduction: "none" });
    expect(values(all.slice([null, 2]))).toEqual(values(third));
  });

  test("says what is wrong with its arguments", () => {
    expect(() => quantile([1], [1], { quantile: 1 })).toThrow(
      "quantile: quantile must be a number inside (0, 1), got 1",
    );
    expect(() => quantile([[1, 2]], [1], { quantile: [0.5, 2] })).toThrow(
      "quantile: quantile must be a number inside (0, 1), got 2",
    );
    expect(() => quantile([1], [1], { quantile: null as never })).toThrow(
      "quantile: quantile must be a number inside (0, 1), got null",
    );
    expect(() => quantile([[1, 2]], [1], { quantile: [0.5] })).toThrow(
      "quantile: predictions [1, 2] must have a last axis with one entry for each of the 1 quantiles",
    );
    expect(() => quantile([[1, 2]], [[1, 2]], { quantile: [0.1, 0.5] })).toThrow(
      "quantile: targets must have shape [1], got [1, 2]",
    );
  });
});
