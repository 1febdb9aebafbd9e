import { describe, expect, it } from "vitest";
import {
  type Average,
  accuracy,
  balancedAccuracy,
  confusionMatrix,
  f1,
  precision,
  recall,
  topKAccuracy,
} from "../../src/metrics/index.ts";
import { ShapeError, ValueError } from "../../src/tensor/errors.ts";
import { tensor } from "../../src/tensor/tensor.ts";
import { loadGolden } from "../golden/load.ts";

type Scores = Record<string, number> & { none: number[] };

interface Golden {
  classification: Record<
    string,
    {
      predictions: number[];
      labels: number[];
      classes: number;
      accuracy: number;
      balancedAccuracy: number;
      confusionMatrix: number[][];
      precision: Scores;
      recall: Scores;
      f1: Scores;
    }
  >;
  multilabel: {
    predictions: number[][];
    labels: number[][];
    accuracy: number;
    precision: Scores;
    recall: Scores;
    f1: Scores;
  };
  topK: { scores: number[][]; labels: number[]; accuracies: [k: number, accuracy: number][] };
}

const golden = loadGolden<Golden>("metrics");
const averaged = { precision, recall, f1 };
type Single = Exclude<Average, "none">;

describe("class indices", () => {
  for (const [name, c] of Object.entries(golden.classification)) {
    const { predictions, labels, classes } = c;
    it(`give scikit-learn's values: ${name}`, () => {
      expect(accuracy(predictions, labels)).toBeCloseTo(c.accuracy, 12);
      expect(balancedAccuracy(predictions, labels)).toBeCloseTo(c.balancedAccuracy, 12);
      expect(confusionMatrix(predictions, labels, { classes }).toArray()).toEqual(c.confusionMatrix);
      for (const [metric, score] of Object.entries(averaged)) {
        const expected = c[metric as keyof typeof averaged];
        for (const average of Object.keys(expected).filter((a) => a in averages) as Single[]) {
          expect(score(predictions, labels, { average }), `${metric} ${average}`).toBeCloseTo(expected[average], 12);
        }
        const each = score(predictions, labels, { average: "none", classes });
        expected.none.forEach((value, i) => {
          expect(each[i], `${metric} of class ${i}`).toBeCloseTo(value, 12);
        });
        const macro = { average: "macro", classes } as const;
        expect(score(predictions, labels, macro)).toBeCloseTo(expected.macroOfAll, 12);
        expect(score(predictions, labels, { ...macro, zeroDivision: 1 })).toBeCloseTo(expected.macroZeroDivision1, 12);
      }
    });
  }
  const averages = { binary: 1, macro: 1, weighted: 1, micro: 1 };

  it("may be scores, of which the largest counts and the first of equals", () => {
    const scores = [
      [0.1, 0.7, 0.2],
      [0.4, 0.4, 0.2],
      [0, 0, 1],
    ];
    expect(confusionMatrix(scores, [1, 0, 0]).toArray()).toEqual([
      [1, 0, 1],
      [0, 1, 0],
      [0, 0, 0],
    ]);
    expect(accuracy(tensor(scores), tensor([1, 0, 0], { dtype: "int32" }))).toBeCloseTo(2 / 3);
  });

  it("may be the booleans of a comparison", () => {
    expect(precision(tensor([true, true, false]), tensor([1, 0, 1], { dtype: "int32" }))).toBe(0.5);
  });

  it("score the class 0 when it is the positive one", () => {
    expect(recall([0, 1, 1], [0, 0, 1], { positive: 0 })).toBe(0.5);
  });
});

describe("several labels a row", () => {
  it("give scikit-learn's values", () => {
    const { predictions, labels, ...expected } = golden.multilabel;
    expect(accuracy(predictions, labels)).toBeCloseTo(expected.accuracy, 12);
    for (const [metric, score] of Object.entries(averaged)) {
      const { none, ...rest } = expected[metric as keyof typeof averaged];
      for (const [average, value] of Object.entries(rest)) {
        expect(score(predictions, labels, { average: average as Single }), average).toBeCloseTo(value, 12);
      }
      score(predictions, labels, { average: "none" }).forEach((value, i) => {
        expect(value).toBeCloseTo(none[i], 12);
      });
    }
  });
});

describe("topKAccuracy", () => {
  it("gives scikit-learn's values", () => {
    const { scores, labels, accuracies } = golden.topK;
    for (const [k, value] of accuracies) expect(topKAccuracy(scores, labels, { k })).toBeCloseTo(value, 12);
  });
});

describe("errors", () => {
  const bad: [string, () => unknown, typeof ShapeError | typeof ValueError, string][] = [
    [
      "empty",
      () => accuracy([], []),
      ShapeError,
      "accuracy: labels [0] is empty; the batch needs at least one element",
    ],
    [
      "probabilities for classes",
      () => f1([0.2, 0.7], [0, 1]),
      ValueError,
      "f1: predictions[0] is 0.2, not a class index; give scores [n, classes], or decide with probabilities.gt(0.5)",
    ],
    ["negative labels", () => recall([0, 1], [0, -1]), ValueError, "recall: labels[1] is -1, not a class index"],
    [
      "NaN scores",
      () => accuracy([[0, Number.NaN]], [0]),
      ValueError,
      "accuracy: predictions[1] is NaN; find where it came from with detectAnomaly",
    ],
    [
      "lengths that differ",
      () => accuracy([0, 1, 1], [0, 1]),
      ShapeError,
      "accuracy: labels [2] must have as many rows as predictions, 3",
    ],
    [
      "a class beyond the count",
      () => confusionMatrix([0, 1], [0, 3], { classes: 3 }),
      ValueError,
      "confusionMatrix: labels[1] is 3, but there are the classes 0..2",
    ],
    [
      "three classes under binary",
      () => precision([0, 2], [0, 1]),
      ValueError,
      'precision: average "binary" is for the classes 0 and 1; choose "macro", "micro" or "none"',
    ],
    [
      "an unknown average",
      () => f1([0], [0], { average: "mean" as "macro" }),
      ValueError,
      'f1: average must be one of "binary", "macro", "weighted", "micro", "none", got "mean"',
    ],
    [
      "an unknown option",
      () => f1([0], [0], { averages: "macro" } as object),
      ValueError,
      'f1: unknown option "averages"; it takes average, positive, classes, zeroDivision',
    ],
    [
      "multilabel scores that are not decisions",
      () => f1([[0.5, 1]], [[0, 1]], { average: "micro" }),
      ValueError,
      "f1: predictions[0] is 0.5, but must be 0 or 1; decide with probabilities.gt(0.5)",
    ],
    [
      "a column of scores",
      () => accuracy([[0.2], [0.7]], [0, 1]),
      ShapeError,
      "accuracy: predictions [2, 1] have one column, always the largest; flatten them",
    ],
    [
      "k",
      () => topKAccuracy([[1, 0]], [0], { k: 0 }),
      ValueError,
      "topKAccuracy: k must be a number that is whole and >= 1, got 0",
    ],
    [
      "scores of one class",
      () => topKAccuracy([1, 0], [0, 0]),
      ShapeError,
      "topKAccuracy: scores must be [n, classes], got shape [2]",
    ],
  ];
  it.each(bad)("name the argument and what to do: %s", (_, run, type, message) => {
    expect(run).toThrow(type);
    expect(run).toThrow(message);
  });
});
