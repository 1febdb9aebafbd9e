import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  averagePrecision,
  detCurve,
  equalErrorRate,
  meanAveragePrecision,
  precisionRecallCurve,
  rocAUC,
  rocCurve,
} from "../../src/metrics/index.ts";
import { tensor } from "../../src/tensor/tensor.ts";
import { loadGolden } from "../golden/load.ts";

type Curve = Record<string, number[]>;

interface Golden {
  ranking: Record<
    string,
    {
      scores: number[];
      labels: number[];
      rocCurve: Curve;
      rocCurveWhole: Curve;
      rocAUC: number;
      precisionRecallCurve: Curve;
      averagePrecision: number;
      detCurve?: Curve;
      equalErrorRate?: { rate: number; threshold: number };
    }
  >;
  meanAveragePrecision: { scores: number[][]; labels: number[][]; value: number };
}

const golden = loadGolden<Golden>("metrics");

function expectCurve(found: object, expected: Curve): void {
  for (const [name, values] of Object.entries(found) as [string, number[]][]) {
    expect(values.length, name).toBe(expected[name].length);
    values.forEach((value, i) => {
      if (Number.isFinite(value)) expect(value, `${name}[${i}]`).toBeCloseTo(expected[name][i], 12);
      else expect(value, `${name}[${i}]`).toBe(expected[name][i]);
    });
  }
  expect(Object.keys(found).sort()).toEqual(Object.keys(expected).sort());
}

describe("scores and labels", () => {
  for (const [name, c] of Object.entries(golden.ranking)) {
    it(`give scikit-learn's values: ${name}`, () => {
      const { scores, labels } = c;
      expectCurve(rocCurve(scores, labels), c.rocCurve);
      expectCurve(rocCurve(scores, labels, { dropIntermediate: false }), c.rocCurveWhole);
      expectCurve(precisionRecallCurve(scores, labels), c.precisionRecallCurve);
      if (Number.isNaN(c.rocAUC)) expect(rocAUC(scores, labels)).toBeNaN();
      else expect(rocAUC(scores, labels)).toBeCloseTo(c.rocAUC, 12);
      expect(averagePrecision(scores, labels)).toBeCloseTo(c.averagePrecision, 12);
      if (c.detCurve) expectCurve(detCurve(scores, labels), c.detCurve);
      if (c.equalErrorRate) {
        const { rate, threshold } = equalErrorRate(scores, labels);
        expect(rate).toBeCloseTo(c.equalErrorRate.rate, 10);
        expect(threshold).toBeCloseTo(c.equalErrorRate.threshold, 10);
      }
    });
  }

  it("give a mean average precision over labels, one without positives counting 0, as scikit-learn", () => {
    const { scores, labels, value } = golden.meanAveragePrecision;
    expect(meanAveragePrecision(scores, labels)).toBeCloseTo(value, 12);
    expect(meanAveragePrecision(tensor(scores, { dtype: "float64" }), tensor(labels, { dtype: "bool" }))).toBeCloseTo(
      value,
      12,
    );
  });

  it("keep scores apart that float32 would make equal", () => {
    expect(rocAUC([0.1, 0.1 + 1e-12], [0, 1])).toBe(1);
  });
});

const scoredPairs = fc
  .array(fc.record({ score: fc.integer({ min: 0, max: 9 }), label: fc.integer({ min: 0, max: 1 }) }), { minLength: 2 })
  .filter((items) => new Set(items.map(({ label }) => label)).size === 2)
  .map((items) => ({ scores: items.map(({ score }) => score), labels: items.map(({ label }) => label) }));

describe("whatever the scores,", () => {
  it("rocAUC counts the pairs that are in order, a tie one half", () => {
    fc.assert(
      fc.property(scoredPairs, ({ scores, labels }) => {
        let wins = 0;
        let pairs = 0;
        scores.forEach((a, i) => {
          scores.forEach((b, j) => {
            if (labels[i] !== 1 || labels[j] !== 0) return;
            pairs++;
            wins += a > b ? 1 : a === b ? 0.5 : 0;
          });
        });
        expect(rocAUC(scores, labels)).toBeCloseTo(wins / pairs, 12);
      }),
    );
  });

  it("swapping labels and negating scores changes neither AUC nor equal error rate", () => {
    fc.assert(
      fc.property(scoredPairs, ({ scores, labels }) => {
        const mirrored = [scores.map((s) => -s), labels.map((y) => 1 - y)] as const;
        expect(rocAUC(...mirrored)).toBeCloseTo(rocAUC(scores, labels), 12);
        expect(equalErrorRate(...mirrored).rate).toBeCloseTo(equalErrorRate(scores, labels).rate, 12);
      }),
    );
  });
});

describe("errors", () => {
  it.each([
    ["a label that is no 0 or 1", () => rocAUC([1, 2], [-1, 1]), "rocAUC: labels[0] is -1, but must be 0 or 1"],
    [
      "NaN",
      () => averagePrecision([Number.NaN, 2], [0, 1]),
      "averagePrecision: scores[0] is NaN; find where it came from with detectAnomaly",
    ],
    ["lengths", () => rocCurve([1, 2, 3], [0, 1]), "rocCurve: labels [2] must have the shape of scores, [3]"],
    ["axes", () => rocAUC([[1, 2]], [0, 1]), "rocAUC: scores must be [n], got shape [1, 2]"],
    [
      "empty",
      () => precisionRecallCurve([], []),
      "precisionRecallCurve: scores [0] is empty; the batch needs at least one element",
    ],
    [
      "one class",
      () => equalErrorRate([1, 2], [1, 1]),
      "equalErrorRate: labels hold 2 ones and 0 zeros; there must be both",
    ],
    ["one class", () => detCurve([1, 2], [0, 0]), "detCurve: labels hold 0 ones and 2 zeros; there must be both"],
    [
      "axes of labels",
      () => meanAveragePrecision([[1, 2]], [1]),
      "meanAveragePrecision: labels must be [n, labels], got shape [1]",
    ],
    [
      "an unknown option",
      () => rocCurve([1], [1], { drop: true } as object),
      'rocCurve: unknown option "drop"; it takes dropIntermediate',
    ],
  ])("name the argument: %s", (_, run, message) => {
    expect(run).toThrow(message);
  });
});
