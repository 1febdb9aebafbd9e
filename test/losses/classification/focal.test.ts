import { describe, expect, test } from "vitest";
import { type Tensor, type TensorLike, tensor } from "../../../src/index.ts";
import * as losses from "../../../src/losses/index.ts";
import {
  binaryCrossEntropyWithLogits,
  crossEntropy,
  poly,
  polyFocal,
  sigmoidFocal,
  sigmoidPoly,
  softmaxFocal,
} from "../../../src/losses/index.ts";
import { input, testGolden } from "../classification-golden.ts";
import { close, gradientAt, values } from "../compare.ts";

const logit = (p: number) => Math.log(p / (1 - p));
/** Both have the same values and gradients. */
const same = (x: TensorLike, a: (x: Tensor) => Tensor, b: (x: Tensor) => Tensor) => {
  close(a(tensor(x)), values(b(tensor(x))), 10);
  close(gradientAt(x, a), values(gradientAt(x, b)), 10);
};

describe("sigmoidFocal", () => {
  testGolden("sigmoidFocal");

  test("gives the values that TensorFlow Addons, Keras and Flux publish", () => {
    const tfa = sigmoidFocal([0.97, 0.91, 0.03].map(logit), [1, 1, 0], { alpha: 0.25, reduction: "none" });
    close(tfa.div(tensor([6.8532745e-6, 1.909787e-4, 2.0559824e-5])), [1, 1, 1], 4);
    const keras = sigmoidFocal(
      [
        [0.6, 0.4],
        [0.4, 0.6],
      ].map((r) => r.map(logit)),
      [
        [0, 1],
        [0, 0],
      ],
      { reduction: "none" },
    );
    close(keras.mean(1), [0.33, 0.206], 3);
    const p = [
      [0.268941, 0.5, 0.268941],
      [0.731059, 0.5, 0.731059],
    ].map((r) => r.map(logit));
    expect(
      sigmoidFocal(p, [
        [0, 1, 0],
        [1, 0, 1],
      ]).item(),
    ).toBeCloseTo(0.0728675615927385, 6);
  });

  test("with gamma 0 is binary cross-entropy", () => {
    same(
      input("logits"),
      (x) => sigmoidFocal(x, input("fractions"), { gamma: 0 }),
      (x) => binaryCrossEntropyWithLogits(x, input("fractions")),
    );
  });

  test("keeps the digits of confident hits in float32, also for gamma below 1", () => {
    for (const gamma of [0.5, 1, 2]) {
      const small = Math.exp(-10);
      const found = sigmoidFocal([10, -10], [1, 0], { gamma, reduction: "none" });
      for (const v of found.data) expect(v / small ** (1 + gamma)).toBeCloseTo(1, 3);
    }
    const g = gradientAt([200, -200, 1e4, -1e4], (x) => sigmoidFocal(x, [1, 0, 1, 0], { gamma: 0.5 }));
    expect(values(g).every(Number.isFinite)).toBe(true);
  });

  test("has an alpha for each class of axis 1", () => {
    const alpha = [0.1, 0.5, 0.9, 0.25];
    const each = sigmoidFocal(input("logits"), input("binary"), { alpha, reduction: "none" });
    const half = sigmoidFocal(input("logits"), input("binary"), { alpha: 0.5, reduction: "none" });
    close(each.slice([null, 1]), values(half.slice([null, 1])), 12);
  });

  test("divides by one positive at least", () => {
    const x = [1, -2];
    expect(sigmoidFocal(x, [0, 0], { normalizer: "positives" }).item()).toBeCloseTo(
      sigmoidFocal(x, [0, 0], { reduction: "sum" }).item(),
      6,
    );
  });

  test("says what is wrong with its arguments", () => {
    expect(() => sigmoidFocal([1], [1], { gamma: -1 })).toThrow("sigmoidFocal: gamma must be a number >= 0, got -1");
    expect(() => sigmoidFocal([1], [1], { alpha: 1.5 })).toThrow(
      "sigmoidFocal: alpha must be a number in [0, 1], got 1.5",
    );
    expect(() => sigmoidFocal([[1, 2]], [[1, 0]], { alpha: [0.5] })).toThrow(
      "sigmoidFocal: alpha has 1 entries, but logits [1, 2] have 2 classes",
    );
    expect(() => sigmoidFocal([1], [-1])).toThrow(
      "sigmoidFocal: targets[0] is -1, but must be in [0, 1]; map +-1 labels",
    );
    expect(() => sigmoidFocal([1], [1], { normalizer: 0 })).toThrow(
      'sigmoidFocal: normalizer must be a number > 0 or "positives", got 0',
    );
    expect(() => sigmoidFocal([1], [1], { normalizer: 2, reduction: "sum" })).toThrow(
      'sigmoidFocal: normalizer divides the mean; with reduction "sum" leave it out',
    );
    expect(() => sigmoidFocal([1, 2], [1])).toThrow("sigmoidFocal: targets [1] must have the shape of logits, [2]");
  });
});

describe("softmaxFocal", () => {
  testGolden("softmaxFocal");

  test("gives the values that Keras and Flux publish", () => {
    const keras = softmaxFocal(
      [
        [0.05, 0.9, 0.05],
        [0.1, 0.85, 0.05],
      ].map((r) => r.map(Math.log)),
      [1, 2],
      { alpha: 0.25, reduction: "none" },
    );
    close(keras, [2.63401289e-4, 0.675912094], 6);
    // Flux's reshape(-7:7, 3, 5) runs down the columns, which are the samples.
    const x = tensor(
      Array.from({ length: 15 }, (_, i) => i - 7),
      { shape: [5, 3] },
    );
    expect(softmaxFocal(x, [0, 1, 2, 1, 0]).item()).toBeCloseTo(1.12775719, 5);
  });

  test("with gamma 0 is cross-entropy", () => {
    same(
      input("logits"),
      (x) => softmaxFocal(x, input("labels"), { gamma: 0 }),
      (x) => crossEntropy(x, input("labels")),
    );
    same(
      input("map"),
      (x) => softmaxFocal(x, input("labelMap"), { gamma: 0 }),
      (x) => crossEntropy(x, input("labelMap")),
    );
  });

  test("of two classes is the sigmoid form of the difference of their logits", () => {
    const [x, y] = [
      [-1.5, 0.3, 4],
      [1, 0, 1],
    ];
    const pairs = x.map((v) => [0, v]);
    close(
      softmaxFocal(pairs, y, { alpha: [0.75, 0.25], reduction: "none" }),
      values(sigmoidFocal(x, y, { alpha: 0.25, reduction: "none" })),
    );
  });

  test("keeps the digits of confident hits in float32", () => {
    const small = 2 * Math.exp(-20);
    expect(softmaxFocal([[20, 0, 0]], [0], { gamma: 0.5 }).item() / small ** 1.5).toBeCloseTo(1, 4);
  });

  test("does not change under a large common offset", () => {
    const x = [
      [0.25, -1.5, 2],
      [1, 0.5, -0.75],
    ];
    close(
      softmaxFocal(tensor(x).add(8192), [2, 1], { reduction: "none" }),
      values(softmaxFocal(x, [2, 1], { reduction: "none" })),
    );
  });

  test("of soft labels gives the values that Keras publishes, and one-hot rows are labels", () => {
    const p = [
      [0.05, 0.95, 0],
      [0.1, 0.8, 0.1],
    ].map((row) => row.map((v) => Math.log(Math.max(v, 1e-7))));
    const oneHot = [
      [0, 1, 0],
      [0, 0, 1],
    ];
    close(softmaxFocal(p, oneHot, { alpha: 0.25, reduction: "none" }), [3.2058331e-5, 0.46627346], 6);
    for (const options of [{}, { alpha: [0.5, 2, 0, 1.5], gamma: 0.5, normalizer: "positives" }] as const) {
      same(
        input("logits"),
        (x) => softmaxFocal(x, input("hard"), options),
        (x) => softmaxFocal(x, input("labels"), options),
      );
    }
  });

  test("of soft labels keeps the digits of confident hits, and takes a logit of -Infinity where the label is 0", () => {
    const small = 2 * Math.exp(-20);
    expect(softmaxFocal([[20, 0, 0]], [[1, 0, 0]], { gamma: 0.5 }).item() / small ** 1.5).toBeCloseTo(1, 4);
    const x = [[1, Number.NEGATIVE_INFINITY, 2]];
    const y = [[0.5, 0, 0.5]];
    expect(softmaxFocal(x, y).item()).toBeCloseTo(softmaxFocal([[1, 2]], [[0.5, 0.5]]).item(), 6);
    expect(values(gradientAt(x, (t) => softmaxFocal(t, y))).every(Number.isFinite)).toBe(true);
  });

  test("divides by the labels that are not ignored, and by one at least", () => {
    const x = [
      [1, 2],
      [3, 1],
      [0, 4],
    ];
    const sum = softmaxFocal(x, [1, -100, 0], { reduction: "sum" }).item();
    expect(softmaxFocal(x, [1, -100, 0], { normalizer: "positives" }).item()).toBeCloseTo(sum / 2, 6);
    expect(softmaxFocal(x, [1, -100, 0], { normalizer: 8 }).item()).toBeCloseTo(sum / 8, 6);
    expect(softmaxFocal(x, [-100, -100, -100], { normalizer: "positives" }).item()).toBe(0);
  });

  test("is 0 with gradient 0 where all labels are ignored, and for a single class", () => {
    const x = [
      [1, 2],
      [3, -1e4],
    ];
    expect(softmaxFocal(x, [-100, -100]).item()).toBe(0);
    expect(values(gradientAt(x, (t) => softmaxFocal(t, [-100, -100]))).every((v) => v === 0)).toBe(true);
    for (const gamma of [0, 0.5, 2]) {
      expect(softmaxFocal([[3]], [0], { gamma }).item()).toBeCloseTo(0);
      expect(gradientAt([[3]], (t) => softmaxFocal(t, [0], { gamma })).item()).toBeCloseTo(0);
      expect(gradientAt([[3]], (t) => softmaxFocal(t, [[1]], { gamma })).item()).toBeCloseTo(0);
    }
  });

  test("says what is wrong with its arguments", () => {
    expect(() => softmaxFocal([[1, 2]], [2])).toThrow(
      "softmaxFocal: labels[0] is 2, but the class axis of logits [1, 2] has entries 0..1",
    );
    expect(() => softmaxFocal([[1, 2]], [0], { alpha: -1 })).toThrow(
      "softmaxFocal: alpha must be a number >= 0, got -1",
    );
    expect(() => softmaxFocal([[1, 2]], [0], { alpha: [1, 2, 3] })).toThrow(
      "softmaxFocal: alpha has 3 entries, but logits [1, 2] have 2 classes",
    );
    expect(() => softmaxFocal([[1, 2]], [0], { gamma: Number.NaN })).toThrow(
      "softmaxFocal: gamma must be a number >= 0, got NaN",
    );
    expect(() => softmaxFocal([[1, 2]], [[1, -1]])).toThrow(
      "softmaxFocal: probabilities[1] is -1, but must be in [0, 1]",
    );
    expect(() => softmaxFocal([[1, 2]], [[1, 0, 0]])).toThrow(
      "softmaxFocal: probabilities [1, 3] must have the shape of logits, [1, 2]; class labels need one axis fewer, [1]",
    );
    expect(() => softmaxFocal([[1, 2]], [[1, 0]], { ignoreIndex: 0 })).toThrow(
      "softmaxFocal: ignoreIndex is for class labels",
    );
    expect(() => softmaxFocal([[1, 2]], [0], { normalizer: "labels" as never })).toThrow(
      'softmaxFocal: normalizer must be a number > 0 or "positives", got labels',
    );
    expect(() => softmaxFocal([[1, 2]], [0], { normalizer: 2, reduction: "none" })).toThrow(
      'softmaxFocal: normalizer divides the mean; with reduction "none" leave it out',
    );
  });
});

describe("poly", () => {
  testGolden("poly");
  testGolden("sigmoidPoly");

  test("gives the values that optax publishes for soft labels", () => {
    const [x, y] = [
      [0.14, 1.456, 2.356, -0.124, -2.47],
      [0.1, 0.15, 0.2, 0.25, 0.3],
    ];
    for (const [epsilon, expected] of [
      [2, 4.5317],
      [1, 3.7153],
      [-1, 2.0827],
      [0, 2.899],
    ]) {
      expect(poly(x, y, { epsilon }).item()).toBeCloseTo(expected, 4);
    }
  });

  test("has the paper's form, and divides by the index only when told", () => {
    const x = [0, Math.log(0.3 / 0.7)]; // p_t = 0.3
    expect(poly(x, 1, { epsilon: [1, 1] }).item()).toBeCloseTo(2.394, 3);
    expect(poly(x, 1, { epsilon: [1, 1], divideByIndex: true }).item()).toBeCloseTo(2.149, 3);
    expect(poly(x, 1, { epsilon: 1, divideByIndex: true }).item()).toBe(poly(x, 1).item());
  });

  test("with epsilon 0 is cross-entropy", () => {
    for (const y of ["labels", "soft"]) {
      same(
        input("logits"),
        (x) => poly(x, input(y), { epsilon: 0 }),
        (x) => crossEntropy(x, input(y)),
      );
    }
    same(
      input("logits"),
      (x) => sigmoidPoly(x, input("binary"), { epsilon: [0, 0] }),
      (x) => binaryCrossEntropyWithLogits(x, input("binary")),
    );
  });

  test("treats one-hot rows as labels", () => {
    same(
      input("logits"),
      (x) => poly(x, input("hard"), { epsilon: [1, 2] }),
      (x) => poly(x, input("labels"), { epsilon: [1, 2] }),
    );
  });

  test("of two classes is the sigmoid form of the difference of their logits", () => {
    const [x, y] = [
      [-1.5, 0.3, 4],
      [1, 0, 1],
    ];
    const pairs = x.map((v) => [0, v]);
    close(
      poly(pairs, y, { epsilon: [1, 2], reduction: "none" }),
      values(sigmoidPoly(x, y, { epsilon: [1, 2], reduction: "none" })),
    );
  });

  test("cancels the first term of the series with epsilon -1 for confident hits", () => {
    // -log p - (1 - p) = (1 - p)^2 / 2 + ...
    const miss = 1e-3;
    const x = tensor([logit(1 - miss)], { dtype: "float64" });
    expect(sigmoidPoly(x, [1], { epsilon: -1 }).item() / (miss ** 2 / 2 + miss ** 3 / 3)).toBeCloseTo(1, 5);
  });

  test("is 0 where all labels are ignored", () => {
    expect(poly([[1, 2]], [-100]).item()).toBe(0);
  });

  test("says what is wrong with its arguments", () => {
    expect(() => poly([[1, 2]], [0], { epsilon: [1, Number.NaN] })).toThrow(
      "poly: epsilon must be a number that is finite, got NaN",
    );
    expect(() => poly([[1, 2]], [0], { divideByIndex: 1 as never })).toThrow(
      "poly: divideByIndex must be one of true, false, got 1",
    );
    expect(() => poly([[1, 2]], [[0.5, 0.5]], { ignoreIndex: 1 })).toThrow("poly: ignoreIndex is for class labels");
    expect(() => poly([[1, 2]], [5])).toThrow("poly: labels[0] is 5");
    expect(() => sigmoidPoly([1], [2])).toThrow("sigmoidPoly: targets[0] is 2, but must be in [0, 1]");
  });
});

describe("polyFocal", () => {
  testGolden("polyFocal");

  test("with epsilon 0 is the focal loss, with gamma 0 the poly loss", () => {
    same(
      input("logits"),
      (x) => polyFocal(x, input("binary"), { epsilon: 0 }),
      (x) => sigmoidFocal(x, input("binary")),
    );
    same(
      input("logits"),
      (x) => polyFocal(x, input("labels"), { epsilon: 0 }),
      (x) => softmaxFocal(x, input("labels")),
    );
    same(
      input("logits"),
      (x) => polyFocal(x, input("binary"), { gamma: 0 }),
      (x) => sigmoidPoly(x, input("binary")),
    );
    same(
      input("logits"),
      (x) => polyFocal(x, input("labels"), { gamma: 0 }),
      (x) => poly(x, input("labels")),
    );
  });

  test("leaves ignored labels out", () => {
    expect(
      polyFocal(
        [
          [1, 2],
          [3, 1],
        ],
        [1, -100],
      ).item(),
    ).toBeCloseTo(polyFocal([[1, 2]], [1]).item(), 6);
    expect(() => polyFocal([[1, 2]], [[0, 1]], { ignoreIndex: 0 })).toThrow(
      "polyFocal: ignoreIndex is for class labels",
    );
  });

  test("names itself in errors", () => {
    expect(() => polyFocal([1], [1], { normalizer: -1 })).toThrow("polyFocal: normalizer must be a number > 0");
    expect(() => polyFocal([1], [1], { detachPt: 1 as never })).toThrow("polyFocal: detachPt must be");
    expect(() => polyFocal([1], [1], { gamma: -1 })).toThrow("polyFocal: gamma must be a number >= 0, got -1");
    expect(() => polyFocal([1], [1], { alpha: 2 })).toThrow("polyFocal: alpha must be a number in [0, 1], got 2");
    expect(() => polyFocal([[1, 2]], [2])).toThrow("polyFocal: labels[0] is 2");
    expect(() => polyFocal([1], [1], { epsilon: Number.POSITIVE_INFINITY })).toThrow(
      "polyFocal: epsilon must be a number that is finite",
    );
  });
});

test("the classification losses are all in the namespace", () => {
  for (const name of ["entropy", "klDivergence", "dice", "l1", "mse", "softMargin", "categoricalHinge"])
    expect(losses).toHaveProperty(name);
});
