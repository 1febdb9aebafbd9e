import { describe, expect, test } from "vitest";
import { grad, type TensorLike, tensor } from "../../../src/index.ts";
import {
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  crossEntropy,
  negativeLogLikelihood,
} from "../../../src/losses/index.ts";
import { input, testGolden } from "../classification-golden.ts";
import { close, gradientAt, values } from "../compare.ts";

const zeroTo = (n: number) => Array.from({ length: n }, () => 0);

describe("binaryCrossEntropy", () => {
  testGolden("binaryCrossEntropy");

  test("gives the values that Keras publishes, clipped at 1e-7", () => {
    const terms = binaryCrossEntropy(
      [
        [0.6, 0.4],
        [0.4, 0.6],
      ],
      [
        [0, 1],
        [0, 0],
      ],
      { clamp: { eps: 1e-7 }, reduction: "none" },
    );
    close(terms.mean(1), [0.916, 0.714], 3);
    expect(binaryCrossEntropy([0], [1], { clamp: { eps: 1e-7 } }).item()).toBeCloseTo(16.118, 3);
  });

  test("is at most 100 with PyTorch's finite gradient at probabilities of 0 and 1", () => {
    const y = [0, 1, 0, 1];
    const p = [0, 0, 1, 1];
    expect(values(binaryCrossEntropy(p, y, { reduction: "none" }))).toEqual([0, 100, 100, 0]);
    close(gradientAt(p, (x) => binaryCrossEntropy(x, y, { reduction: "sum" })).div(1e12), [0, -1, 1, 0]);
  });

  test("has no gradient outside [eps, 1 - eps]", () => {
    const g = gradientAt([0, 0.01, 0.5, 1], (x) =>
      binaryCrossEntropy(x, [1, 1, 1, 0], { clamp: { eps: 0.1 }, reduction: "sum" }),
    );
    expect(values(g)).toEqual([0, 0, -2, 0]);
  });

  test("reads nested arrays in the precision of the prediction", () => {
    const p = tensor([0.3, 0.6], { dtype: "float64" });
    expect(binaryCrossEntropy(p, [0.1, 0.9]).item()).toBeCloseTo(
      -(0.1 * Math.log(0.3) + 0.9 * Math.log(0.7) + 0.9 * Math.log(0.6) + 0.1 * Math.log(0.4)) / 2,
      14,
    );
  });

  test("says what is wrong with its arguments", () => {
    expect(() => binaryCrossEntropy([0.5, 2], [0, 1])).toThrow(
      "binaryCrossEntropy: probabilities[1] is 2, but must be in [0, 1]; for logits use binaryCrossEntropyWithLogits",
    );
    expect(() => binaryCrossEntropy([0.5, 0.5], [-1, 1])).toThrow(
      "binaryCrossEntropy: targets[0] is -1, but must be in [0, 1]; map +-1 labels with labels.add(1).div(2)",
    );
    expect(() => binaryCrossEntropy([0.5, 0.5], [[1], [0]])).toThrow(
      "binaryCrossEntropy: targets [2, 1] must have the shape of probabilities, [2]",
    );
    expect(() => binaryCrossEntropy(tensor([0, 1], { dtype: "int32" }), [0, 1])).toThrow(
      'binaryCrossEntropy: probabilities must be float32 or float64, got int32; convert with to("float32")',
    );
    expect(() => binaryCrossEntropy([0.5], [1], { weight: [1, 2] })).toThrow(
      "binaryCrossEntropy: weight [2] must broadcast to [1]",
    );
    expect(() => binaryCrossEntropy([0.5], [1], { clamp: { eps: 0.7 } })).toThrow(
      "binaryCrossEntropy: clamp.eps must be a number in (0, 0.5), got 0.7",
    );
    expect(() => binaryCrossEntropy([0.5], [1], { clamp: "log10" as never })).toThrow(
      'binaryCrossEntropy: clamp must be "log100" or { eps }, got "log10"',
    );
    expect(() => binaryCrossEntropy([0.5], [1], { clamp: null as never })).toThrow(
      'binaryCrossEntropy: clamp must be "log100" or { eps }, got null',
    );
  });
});

describe("binaryCrossEntropyWithLogits", () => {
  testGolden("binaryCrossEntropyWithLogits");

  test("is the loss of the sigmoid's probabilities", () => {
    const x = input("logits");
    const y = input("fractions");
    expect(binaryCrossEntropyWithLogits(x, y).item()).toBeCloseTo(binaryCrossEntropy(x.sigmoid(), y).item(), 12);
  });

  test("keeps the digits of small losses and gradients in float32", () => {
    const x = [-20, 20];
    const y = [0, 1];
    const small = Math.exp(-20);
    close(binaryCrossEntropyWithLogits(x, y, { reduction: "none" }).div(small), [1, 1]);
    close(gradientAt(x, (t) => binaryCrossEntropyWithLogits(t, y, { reduction: "sum" })).div(small), [1, -1]);
  });

  test("grows with the logit at +-1e4", () => {
    const x = [1e4, 1e4, -1e4, -1e4];
    const y = [0, 1, 0, 1];
    expect(values(binaryCrossEntropyWithLogits(x, y, { reduction: "none" }))).toEqual([1e4, 0, 0, 1e4]);
    expect(values(gradientAt(x, (t) => binaryCrossEntropyWithLogits(t, y, { reduction: "sum" })))).toEqual([
      1, 0, 0, -1,
    ]);
  });

  test("says what is wrong with its arguments", () => {
    expect(() => binaryCrossEntropyWithLogits([1, 2], [1, -1])).toThrow(
      "binaryCrossEntropyWithLogits: targets[1] is -1, but must be in [0, 1]; map +-1 labels with labels.add(1).div(2)",
    );
    expect(() => binaryCrossEntropyWithLogits([1], [1], { labelSmoothing: 2 })).toThrow(
      "binaryCrossEntropyWithLogits: labelSmoothing must be a number in [0, 1], got 2",
    );
    expect(() => binaryCrossEntropyWithLogits([1], [1], { posWeight: -2 })).toThrow(
      "binaryCrossEntropyWithLogits: posWeight[0] is -2, but must be >= 0",
    );
    expect(() => binaryCrossEntropyWithLogits([[1, 2]], [[1, 0]], { posWeight: [1, 2, 3] })).toThrow(
      "binaryCrossEntropyWithLogits: posWeight [3] must broadcast to [1, 2]",
    );
    expect(() => binaryCrossEntropyWithLogits([1], [1], { labelSmothing: 0.1 } as never)).toThrow(
      'binaryCrossEntropyWithLogits: unknown option "labelSmothing"; it takes weight, posWeight, labelSmoothing, reduction',
    );
  });
});

describe("negativeLogLikelihood", () => {
  testGolden("negativeLogLikelihood");

  test("of log-softmax is cross-entropy", () => {
    const options = { weight: [0.5, 2, 0, 1.5] };
    const x = input("logits");
    const y = input("ignoring");
    expect(negativeLogLikelihood(x.logSoftmax(1), y, options).item()).toBeCloseTo(
      crossEntropy(x, y, options).item(),
      12,
    );
  });

  test("is 0 with gradient 0 where all labels are ignored, even where a logarithm is infinite", () => {
    const x = [
      [0, Number.NEGATIVE_INFINITY],
      [Number.NEGATIVE_INFINITY, 0],
    ];
    expect(negativeLogLikelihood(x, [-100, -100]).item()).toBeCloseTo(0);
    close(
      gradientAt(x, (t) => negativeLogLikelihood(t, [-100, -100])),
      zeroTo(4),
    );
  });

  test("says which label is out of range", () => {
    expect(() => negativeLogLikelihood([[-1, -2]], [2])).toThrow(
      "negativeLogLikelihood: labels[0] is 2, but the class axis of logProbabilities [1, 2] has entries 0..1",
    );
  });
});

describe("crossEntropy", () => {
  testGolden("crossEntropy");

  test("gives the values that optax and Keras publish", () => {
    const logits = [
      [1.2, -0.8, -0.5],
      [0.9, -1.2, 1.1],
    ];
    const oneHot = [
      [1, 0, 0],
      [0, 1, 0],
    ];
    close(crossEntropy(logits, oneHot, { reduction: "none" }), [0.2761, 2.9518], 4);
    close(crossEntropy(logits, [0, 1], { reduction: "none" }), [0.2761, 2.9518], 4);
    const p = [
      [0.05, 0.95, 0],
      [0.1, 0.8, 0.1],
    ].map((row) => row.map(Math.log));
    close(
      crossEntropy(
        p,
        [
          [0, 1, 0],
          [0, 0, 1],
        ],
        { reduction: "none" },
      ),
      [0.0513, Math.LN10],
      3,
    );
  });

  test("takes labels as int32 tensors, typed arrays, nested arrays of whole numbers, and a number for a vector", () => {
    const x = input("logits");
    const expected = crossEntropy(x, input("labels")).item();
    expect(crossEntropy(x, [2, 0, 3, 1, 0]).item()).toBe(expected);
    expect(crossEntropy(x, new Int32Array([2, 0, 3, 1, 0])).item()).toBe(expected);
    expect(crossEntropy(x, input("hard")).item()).toBeCloseTo(expected, 12);
    expect(crossEntropy([1, 2, 3], 2).item()).toBeCloseTo(crossEntropy([[1, 2, 3]], [2]).item(), 6);
    expect(crossEntropy([1, 2, 3], 2, { reduction: "none" }).shape).toEqual([]);
  });

  test("has the shape of the labels when it is not reduced", () => {
    expect(crossEntropy(input("map"), input("labelMap"), { reduction: "none" }).shape).toEqual([2, 3]);
    expect(crossEntropy(input("map"), input("softMap"), { reduction: "none" }).shape).toEqual([2, 3]);
  });

  test("does not change under a large common offset of the logits", () => {
    const [x, y] = [
      [
        [0.25, -1.5, 2],
        [1, 0.5, -0.75],
      ],
      [2, 1],
    ];
    const expected = crossEntropy(x, y, { reduction: "none" });
    close(crossEntropy(tensor(x).add(8192), y, { reduction: "none" }), values(expected));
    close(
      gradientAt(tensor(x).add(8192), (t) => crossEntropy(t, y)),
      values(gradientAt(x, (t) => crossEntropy(t, y))),
    );
  });

  test("has the gradient softmax - target", () => {
    const x = input("logits");
    const g = gradientAt(x, (t) => crossEntropy(t, input("soft"), { reduction: "sum" }));
    close(g, values(x.softmax(1).sub(input("soft"))), 12);
  });

  test("is 0 with gradient 0 where all labels are ignored, and the graph stays connected", () => {
    for (const options of [{}, { labelSmoothing: 0.1 }, { weight: [1, 2, 3] }, { meanBy: "count" }] as const) {
      const leaf = tensor(
        [
          [1, 2, 3],
          [1e4, -1e4, 0],
        ],
        { requiresGrad: true },
      );
      const loss = crossEntropy(leaf, [-100, -100], options);
      expect(loss.item()).toBeCloseTo(0);
      loss.backward();
      close(leaf.grad!, zeroTo(6));
    }
  });

  test("is 0 where the weights of all labels are 0", () => {
    expect(crossEntropy([[1, 2, 3]], [1], { weight: [1, 0, 1] }).item()).toBeCloseTo(0);
  });

  test("allows a logit of -Infinity where the target has probability 0", () => {
    const x = [[0, Number.NEGATIVE_INFINITY, 0]];
    for (const y of [[0], [[0.5, 0, 0.5]]] as const) {
      expect(crossEntropy(x, y as TensorLike).item()).toBeCloseTo(Math.LN2, 6);
      const g = gradientAt(x, (t) => crossEntropy(t, y as TensorLike));
      expect(values(g).every(Number.isFinite)).toBe(true);
      expect(g.data[1]).toBeCloseTo(0);
    }
    expect(crossEntropy(x, [1]).item()).toBe(Number.POSITIVE_INFINITY);
  });

  test("differentiates by learned probabilities: -log p, also where they are 0", () => {
    const x = tensor([[1, 2, 4]], { dtype: "float64" });
    const y = tensor([[0, 0.25, 0.75]], { dtype: "float64", requiresGrad: true });
    close(grad(crossEntropy(x, y), [y])[0], values(x.logSoftmax(1).neg()), 12);
  });

  test("divides one-hot targets and labels alike when told what the mean is by", () => {
    const weight = [0.5, 2, 0.25, 1.5];
    for (const meanBy of ["weight", "count"] as const) {
      const byLabels = crossEntropy(input("logits"), input("labels"), { weight, meanBy });
      expect(crossEntropy(input("logits"), input("hard"), { weight, meanBy }).item()).toBeCloseTo(byLabels.item(), 12);
    }
  });

  test("is a weighted mean that weights of 1 leave alone", () => {
    const plain = crossEntropy(input("logits"), input("labels")).item();
    expect(crossEntropy(input("logits"), input("labels"), { weight: [1, 1, 1, 1] }).item()).toBeCloseTo(plain, 12);
  });

  test("says what is wrong with its arguments", () => {
    const x = [
      [1, 2, 3],
      [4, 5, 6],
    ];
    expect(() => crossEntropy(x, [0, 3])).toThrow(
      "crossEntropy: labels[1] is 3, but the class axis of logits [2, 3] has entries 0..2",
    );
    expect(() => crossEntropy(x, [0, -1])).toThrow("crossEntropy: labels[1] is -1");
    expect(() => crossEntropy(x, [0, 1, 2])).toThrow("crossEntropy: labels must have shape [2], got [3]");
    expect(() => crossEntropy(x, tensor([0, 1]))).toThrow(
      'crossEntropy: labels must be int32, got float32; convert with to("int32")',
    );
    expect(() =>
      crossEntropy(
        x,
        tensor(
          [
            [0, 1, 0],
            [1, 0, 0],
          ],
          { dtype: "int32" },
        ),
      ),
    ).toThrow(
      "crossEntropy: labels [2, 3] are int32 class indices and need one axis fewer than logits [2, 3]; one-hot targets need a float dtype",
    );
    expect(() =>
      crossEntropy(x, [
        [0.5, 0.5],
        [1, 0],
      ]),
    ).toThrow(
      "crossEntropy: probabilities [2, 2] must have the shape of logits, [2, 3]; class labels need one axis fewer, [2]",
    );
    expect(() =>
      crossEntropy(x, [
        [0, 2, -1],
        [1, 0, 0],
      ]),
    ).toThrow("crossEntropy: probabilities[1] is 2, but must be in [0, 1]");
    expect(() => crossEntropy(3, 0)).toThrow(
      "crossEntropy: logits must be [n, classes, ...] or [classes], got a number",
    );
    expect(() => crossEntropy(tensor(x, { dtype: "int32" }), [0, 1])).toThrow(
      "crossEntropy: logits must be float32 or float64, got int32",
    );
    expect(() => crossEntropy(x, [0, 1], { weight: [1, 2] })).toThrow(
      "crossEntropy: weight must have shape [3], got [2]",
    );
    expect(() => crossEntropy(x, [0, 1], { weight: [1, 2, -1] })).toThrow(
      "crossEntropy: weight[2] is -1, but must be >= 0",
    );
    expect(() => crossEntropy(x, [0, 1], { labelSmoothing: 1.5 })).toThrow(
      "crossEntropy: labelSmoothing must be a number in [0, 1], got 1.5",
    );
    expect(() => crossEntropy(x, [0, 1], { labelSmothing: 0.1 } as never)).toThrow(
      'crossEntropy: unknown option "labelSmothing"; it takes weight, ignoreIndex, labelSmoothing, meanBy, reduction',
    );
    expect(() => crossEntropy(x, [0, 1], { ignoreIndex: 0.5 })).toThrow(
      "crossEntropy: ignoreIndex must be a number that is whole",
    );
    expect(() => crossEntropy(x, [0, 1], { meanBy: "sum" as never })).toThrow(
      'crossEntropy: meanBy must be one of "weight", "count", got "sum"',
    );
    expect(() =>
      crossEntropy(
        x,
        [
          [1, 0, 0],
          [0, 1, 0],
        ],
        { ignoreIndex: 0 },
      ),
    ).toThrow("crossEntropy: ignoreIndex is for class labels; leave out the rows to ignore");
  });
});
