import { describe, expect, test } from "vitest";
import { type Tensor, type TensorLike, tensor, zeros } from "../../../src/index.ts";
import { dice } from "../../../src/losses/index.ts";
import { input, testGolden } from "../classification-golden.ts";
import { close, gradientAt, values } from "../compare.ts";

const slopes = (x: TensorLike, loss: (x: Tensor) => Tensor) => values(gradientAt(x, loss));
const perfect = [
  [
    [1, 0, 1],
    [0, 1, 0],
  ],
];

describe("dice", () => {
  testGolden("dice");

  test("gives the values that Keras publishes", () => {
    const [p, t] = [
      [[[0, 1, 0, 1]], [[0.4, 0, 0, 0.9]]],
      [[[1, 1, 0, 0]], [[1, 1, 0, 0]]],
    ];
    expect(dice(p, t, { preset: "keras" }).item()).toBeCloseTo(0.6164384, 6);
    const each = dice(p, t, { preset: "keras", axis: "sample", reduction: "none" });
    expect(each.data[0]).toBeCloseTo(0.5, 6);
    expect(each.data[1]).toBeCloseTo(0.75757575, 6);
  });

  test("gives the value that Flux publishes", () => {
    // Its inputs 1.1, 2.1, 3.1 and 1, 2, 3 are no probabilities; a quarter of them with a sixteenth of the smoothing is
    // the same.
    const p = tensor([1.1, 2.1, 3.1], { dtype: "float64" }).div(4);
    expect(dice(p, [0.25, 0.5, 0.75], { preset: "flux", smooth: 1 / 16 }).item()).toBeCloseTo(0.000992391663909964, 14);
  });

  test("is 0 where prediction and target agree and 1 where they share nothing", () => {
    for (const squared of [true, false]) {
      expect(dice(perfect, perfect, { squared }).item()).toBe(0);
      expect(dice([[[1, 0]]], [[[0, 1]]], { squared }).item()).toBe(1);
    }
  });

  test("is the V-Net form unless told", () => {
    expect(dice([[[0.5, 0.5]]], [[[1, 0]]]).item()).toBeCloseTo(1 - 1 / 1.5, 6);
    expect(dice([[[0.5, 0.5]]], [[[1, 0]]], { squared: false }).item()).toBeCloseTo(1 - 1 / 2, 6);
    expect(dice(input("mask"), input("maskTargets"), { preset: "vnet" }).item()).toBe(
      dice(input("mask"), input("maskTargets")).item(),
    );
  });

  test("has one coefficient for a class in a sample, for a class, or for all", () => {
    const shape = (axis: "sample" | "batch" | "all") =>
      dice(input("mask"), input("maskTargets"), { axis, reduction: "none" }).shape;
    expect([shape("sample"), shape("batch"), shape("all")]).toEqual([[2, 3], [3], []]);
  });

  test("takes a matrix for one flattened mask a sample", () => {
    const [p, t] = [
      [
        [0.5, 0.25, 1],
        [0.75, 0, 0.5],
      ],
      [
        [1, 0, 1],
        [0, 1, 1],
      ],
    ];
    const expected = [1 - 3 / (1.3125 + 2), 1 - 1 / (0.8125 + 2)];
    close(dice(p, t, { reduction: "none" }), expected);
    expect(dice(p, t).item()).toBeCloseTo((expected[0] + expected[1]) / 2, 6);
    expect(dice(p, t).item()).toBe(dice(tensor(p).unsqueeze(1), tensor(t).unsqueeze(1)).item());
    expect(dice(p, t, { axis: "batch", reduction: "none" }).shape).toEqual([3]);
    expect(dice(p, [0, 2], { reduction: "none" }).shape).toEqual([2]); // the class of each sample
  });

  test("takes the labels of the pixels, or a mask of whole numbers", () => {
    const expected = dice(input("mask"), input("maskTargets")).item();
    expect(dice(input("mask"), input("maskLabels")).item()).toBe(expected);
    expect(dice(input("mask"), input("maskTargets").to("int32")).item()).toBe(expected);
  });

  test("takes logits with an activation", () => {
    const logits = input("maskLogits");
    expect(dice(logits, input("maskTargets"), { activation: "softmax" }).item()).toBe(
      dice(logits.softmax(1), input("maskTargets")).item(),
    );
    const extreme = tensor([[[1e4, -1e4, 0]]]);
    for (const activation of ["sigmoid", "softmax"] as const) {
      const g = slopes(extreme, (x) => dice(x, [[[0, 1, 1]]], { activation }));
      expect(g.every(Number.isFinite)).toBe(true);
    }
  });

  test("gives a class that neither occurs nor is predicted the loss that is asked for, with finite gradients", () => {
    const nothing = zeros([1, 2, 3]);
    for (const [options, expected] of [
      [{}, 0],
      [{ empty: "one" }, 1],
      [{ empty: "mask" }, 0],
      [{ smooth: 1 }, 0],
      [{ preset: "keras" }, 1],
      [{ preset: "monai" }, 0],
      [{ preset: "smp" }, 0],
      [{ preset: "mmdet" }, 1],
      [{ preset: "detr" }, 0],
    ] as const) {
      expect(dice(nothing, nothing, options).item(), JSON.stringify(options)).toBeCloseTo(expected, 6);
      expect(slopes(nothing, (p) => dice(p, nothing, options)).every(Number.isFinite)).toBe(true);
    }
  });

  test("masks classes that do not occur, predicted or not", () => {
    const [p, t] = [
      [
        [
          [0.5, 0.5],
          [0.5, 0.5],
        ],
      ],
      [
        [
          [1, 1],
          [0, 0],
        ],
      ],
    ];
    expect(values(dice(p, t, { empty: "mask", reduction: "none" }))[1]).toBe(0);
    expect(values(dice(p, t, { empty: "zero", reduction: "none" }))[1]).toBe(1);
    expect(slopes(p, (x) => dice(x, t, { empty: "mask" })).slice(2)).toEqual([0, 0]);
  });

  test("with softLabel is smallest at the target, which the product form is not", () => {
    const t = [[[0.3, 0.7, 0.5]]];
    const linear = { squared: false } as const;
    const sharper = [[[0, 1, 0.5]]];
    expect(dice(t, t, { ...linear, softLabel: true }).item()).toBeCloseTo(0, 6);
    expect(dice(sharper, t, { ...linear, softLabel: true }).item()).toBeGreaterThan(0.1);
    expect(dice(sharper, t, linear).item()).toBeLessThan(dice(t, t, linear).item());
    expect(dice(t, t, { squared: true }).item()).toBeCloseTo(0, 6);
  });

  test("lets options of the caller go before those of the preset", () => {
    const [p, t] = [input("mask"), input("maskTargets")];
    const found = dice(p, t, { preset: "keras", smooth: 1, axis: "sample" }).item();
    expect(found).toBe(dice(p, t, { squared: false, smooth: 1 }).item());
  });

  test("says what is wrong with its arguments", () => {
    const [p, t] = [[[[0.5, 0.5]]], [[[1, 0]]]];
    expect(() => dice([[[2, -3]]], t)).toThrow(
      'dice: probabilities[0] is 2, but must be in [0, 1]; for logits set activation: "sigmoid" or "softmax"',
    );
    expect(() => dice(p, [[[2, 0]]])).toThrow("dice: targets[0] is 2, but must be in [0, 1]");
    expect(() => dice([0.5, 0.5], [1, 0])).toThrow(
      'dice: probabilities must be [n, classes, ...pixels] for axis "sample", got [2]; reshape them, or pool everything with axis "all"',
    );
    expect(() => dice([[0.5, 0.5]], [[1, 0]], { classWeight: [1, 1] })).toThrow(
      'dice: classWeight needs a loss for each class: axis "batch", or "sample" of masks with pixels',
    );
    expect(() => dice(p, [[[1, 0, 0]]])).toThrow("dice: targets [1, 1, 3] must have the shape of probabilities");
    expect(() => dice(p, [[1, 0]])).toThrow(
      "dice: labels[0] is 1, but the class axis of probabilities [1, 1, 2] has entries 0..0",
    );
    expect(() => dice(p, t, { smooth: -1 })).toThrow("dice: smooth must be a number >= 0, got -1");
    expect(() => dice(p, t, { smoothNumerator: -1 })).toThrow("dice: smoothNumerator must be a number >= 0, got -1");
    expect(() => dice(p, t, { smoothDenominator: -1 })).toThrow(
      "dice: smoothDenominator must be a number >= 0, got -1",
    );
    expect(() => dice(p, t, { preset: "torch" as never })).toThrow(
      'dice: preset must be one of "vnet", "monai", "keras"',
    );
    expect(() => dice(p, t, { axis: 1 as never })).toThrow('dice: axis must be one of "sample", "batch", "all", got 1');
    expect(() => dice(p, t, { empty: "skip" as never })).toThrow(
      'dice: empty must be one of "zero", "one", "mask", got "skip"',
    );
    expect(() => dice(p, t, { squared: 1 as never })).toThrow("dice: squared must be one of true, false, got 1");
    expect(() => dice(p, t, { log: true })).toThrow(
      "dice: log needs smooth > 0: the logarithm of a coefficient of 0 is infinite",
    );
    expect(() => dice(p, t, { includeBackground: false })).toThrow(
      "dice: without the background, class 0, no class of probabilities [1, 1, 2] is left",
    );
    expect(() => dice(p, t, { classWeight: [1, 2] })).toThrow("dice: classWeight must have shape [1], got [2]");
    expect(() => dice(p, t, { classWeight: [-1] })).toThrow("dice: classWeight[0] is -1, but must be >= 0");
    expect(() => dice(p, t, { classWeight: [1], axis: "all" })).toThrow(
      'dice: classWeight needs a loss for each class: axis "batch", or "sample" of masks with pixels',
    );
  });
});
