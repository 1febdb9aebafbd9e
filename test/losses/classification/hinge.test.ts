import { describe, expect, test } from "vitest";
import type { Tensor, TensorLike } from "../../../src/index.ts";
import {
  categoricalHinge,
  crammerSinger,
  hinge,
  multiMargin,
  softMargin,
  squaredHinge,
} from "../../../src/losses/index.ts";
import { testGolden } from "../classification-golden.ts";
import { gradientAt, values } from "../compare.ts";

const slopes = (x: TensorLike, loss: (x: Tensor) => Tensor) => values(gradientAt(x, loss));

describe("hinge and squaredHinge", () => {
  testGolden("hinge");
  testGolden("squaredHinge");

  test("give the values that Flux publishes", () => {
    expect(hinge([0.1, 0.3, 1, 1.5], [1, -1, 1, 1]).item()).toBeCloseTo(0.55, 6);
    expect(squaredHinge([0.1, 0.3, 1, 1.5], [1, -1, 1, 1]).item()).toBeCloseTo(0.625, 6);
  });

  test("have gradient 0 at the kink", () => {
    expect(slopes([1, -1, 0.5], (x) => hinge(x, [1, -1, 1], { reduction: "sum" }))).toEqual([0, 0, -1]);
    expect(slopes([1, -1, 0.5], (x) => squaredHinge(x, [1, -1, 1], { reduction: "sum" }))).toEqual([0, 0, -1]);
  });

  test("take margin 0, the loss of the perceptron", () => {
    expect(values(hinge([0.5, 2, 0], [-1, 1, 1], { margin: 0, reduction: "none" }))).toEqual([0.5, 0, 0]);
    expect(values(squaredHinge([0.5, 2, 0], [-1, 1, 1], { margin: 0, reduction: "none" }))).toEqual([0.25, 0, 0]);
  });

  test("take the label convention that they are told and no other", () => {
    expect(hinge([0.5, 0.5], [1, 0], { labels: "binary" }).item()).toBe(hinge([0.5, 0.5], [1, -1]).item());
    expect(() => hinge([0.5, 0.5], [1, 0])).toThrow(
      "hinge: targets[1] is 0, but must be 1 or -1; map {0, 1} labels with labels.mul(2).sub(1)",
    );
    expect(() => squaredHinge([0.5, 0.5], [1, -1], { labels: "binary" })).toThrow(
      "squaredHinge: targets[1] is -1, but must be 0 or 1; map +-1 labels with labels.add(1).div(2)",
    );
  });

  test("say what is wrong with their options", () => {
    expect(() => hinge([1], [1], { margin: -1 })).toThrow("hinge: margin must be a number >= 0, got -1");
    expect(() => hinge([1], [1], { labels: "01" as never })).toThrow(
      'hinge: labels must be one of "signed", "binary", got "01"',
    );
    expect(() => hinge([1, 2], [1])).toThrow("hinge: targets [1] must have the shape of scores, [2]");
  });
});

describe("softMargin", () => {
  testGolden("softMargin");

  test("is linear at +-1e4, where log(1 + exp) overflows", () => {
    expect(values(softMargin([1e4, -1e4], [1, 1], { reduction: "none" }))).toEqual([0, 1e4]);
    expect(slopes([1e4, -1e4], (x) => softMargin(x, [1, 1], { reduction: "sum" }))).toEqual([0, -1]);
  });

  test("rejects targets that are not signs", () => {
    expect(() => softMargin([1], [0])).toThrow("softMargin: targets[0] is 0, but must be 1 or -1");
  });
});

describe("multiMargin", () => {
  testGolden("multiMargin");

  test("gives the value that PyTorch publishes", () => {
    expect(multiMargin([0.1, 0.2, 0.4, 0.8], 3).item()).toBeCloseTo(0.325, 6);
  });

  test("takes margin 0", () => {
    expect(multiMargin([[1, 3, 2, 0]], [0], { margin: 0 }).item()).toBe(3 / 4);
  });

  test("has gradient 0 at the kink", () => {
    expect(slopes([[0, 1, -3]], (x) => multiMargin(x, [1]))).toEqual([0, 0, 0]);
  });

  test("says what is wrong with its arguments", () => {
    expect(() => multiMargin([[1, 2]], [0], { p: 3 as never })).toThrow("multiMargin: p must be one of 1, 2, got 3");
    expect(() => multiMargin([[1, 2]], [0], { margin: -1 })).toThrow(
      "multiMargin: margin must be a number >= 0, got -1",
    );
    expect(() => multiMargin([[1, 2]], [2])).toThrow(
      "multiMargin: labels[0] is 2, but the class axis of scores [1, 2] has entries 0..1",
    );
    expect(() => multiMargin([[1, 2]], [0], { weight: [1] })).toThrow(
      "multiMargin: weight must have shape [2], got [1]",
    );
    expect(() => multiMargin([[1, 2]], [0], { divideByClasses: 2 as never })).toThrow(
      "multiMargin: divideByClasses must be one of true, false, got 2",
    );
  });
});

describe("crammerSinger and categoricalHinge", () => {
  testGolden("crammerSinger");
  testGolden("categoricalHinge");

  test("crammerSinger takes margin 0, with which only a class that wins wrongly has a loss", () => {
    expect(
      values(
        crammerSinger(
          [
            [1, 3],
            [1, 0],
          ],
          [0, 0],
          { margin: 0, reduction: "none" },
        ),
      ),
    ).toEqual([2, 0]);
  });

  test("differ where every wrong score is negative", () => {
    expect(categoricalHinge([[-1, -3, -4]], [0]).item()).toBe(2);
    expect(crammerSinger([[-1, -3, -4]], [0]).item()).toBe(0);
    expect(categoricalHinge([[0.5, 3, 1]], [0]).item()).toBe(crammerSinger([[0.5, 3, 1]], [0]).item());
  });

  test("share the gradient among classes that tie", () => {
    expect(slopes([[0, 2, 2]], (x) => crammerSinger(x, [0]))).toEqual([-1, 0.5, 0.5]);
    expect(slopes([[0, 2, 2]], (x) => categoricalHinge(x, [0]))).toEqual([-1, 0.5, 0.5]);
    // At the kink of the one the labelled class ties with its rival, at that of the other relu is at 0.
    expect(slopes([[2, 1, 0]], (x) => crammerSinger(x, [0]))).toEqual([-0.5, 0.5, 0]);
    expect(slopes([[2, 1, 0]], (x) => categoricalHinge(x, [0]))).toEqual([0, 0, 0]);
  });

  test("categoricalHinge takes labels and one-hot rows alike", () => {
    const x = [
      [0.5, 3, 1],
      [2, 0, -1],
    ];
    expect(
      categoricalHinge(x, [
        [0, 0, 1],
        [1, 0, 0],
      ]).item(),
    ).toBe(categoricalHinge(x, [2, 0]).item());
    expect(() =>
      categoricalHinge(x, [
        [0, 0, 1],
        [-1, 0, 0],
      ]),
    ).toThrow("categoricalHinge: targets[3] is -1, but must be in [0, 1]");
  });

  test("crammerSinger rejects a negative margin", () => {
    expect(() => crammerSinger([[1, 2]], [0], { margin: -1 })).toThrow(
      "crammerSinger: margin must be a number >= 0, got -1",
    );
  });
});
