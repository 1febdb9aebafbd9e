import { describe, expect, it } from "vitest";
import { brierScore, calibrationError, logLoss, reliabilityBins } from "../../src/metrics/index.ts";
import { tensor } from "../../src/tensor/tensor.ts";
import { loadGolden } from "../golden/load.ts";

interface Golden {
  calibration: Record<
    string,
    {
      probabilities: number[] | number[][];
      labels: number[];
      bins: number;
      logLoss: number;
      brierScore?: number;
      reliability: { accuracy: number[]; confidence: number[] };
      calibrationError: number;
    }
  >;
}

describe("probabilities", () => {
  for (const [name, c] of Object.entries(loadGolden<Golden>("metrics").calibration)) {
    it(`give scikit-learn's values: ${name}`, () => {
      const { probabilities, labels, bins } = c;
      expect(logLoss(probabilities, labels)).toBeCloseTo(c.logLoss, 10);
      if (c.brierScore !== undefined) expect(brierScore(probabilities, labels)).toBeCloseTo(c.brierScore, 12);
      expect(calibrationError(probabilities, labels, { bins })).toBeCloseTo(c.calibrationError, 12);
      const all = reliabilityBins(probabilities, labels, { bins });
      expect(all.length).toBe(bins);
      expect(all.reduce((total, { count }) => total + count, 0)).toBe(labels.length);
      const filled = all.filter(({ count }) => count > 0);
      expect(filled.length).toBe(c.reliability.accuracy.length);
      filled.forEach(({ accuracy, confidence, low, high }, i) => {
        expect(accuracy).toBeCloseTo(c.reliability.accuracy[i], 12);
        expect(confidence).toBeCloseTo(c.reliability.confidence[i], 12);
        expect(confidence).toBeGreaterThanOrEqual(low);
        expect(confidence).toBeLessThanOrEqual(high);
      });
    });
  }

  it("that are certain and wrong cost as much as the rounding error of their type allows", () => {
    expect(logLoss(tensor([0]), [1])).toBeCloseTo(23 * Math.LN2, 6);
    expect(logLoss(tensor([0], { dtype: "float64" }), [1])).toBeCloseTo(52 * Math.LN2, 6);
  });

  it("fill no bin they are not in, and such bins have no accuracy", () => {
    const [first, second] = reliabilityBins([0.9], [1], { bins: 2 });
    expect(first).toEqual({ low: 0, high: 0.5, count: 0, confidence: Number.NaN, accuracy: Number.NaN });
    expect(second).toEqual({ low: 0.5, high: 1, count: 1, confidence: 0.9, accuracy: 1 });
  });
});

describe("errors", () => {
  it.each([
    [
      "logits",
      () => logLoss([0.5, 1.5], [0, 1]),
      "logLoss: probabilities[1] is 1.5, not in [0, 1]; apply sigmoid or softmax to logits",
    ],
    [
      "rows",
      () => logLoss([[0.5, 0.2]], [0]),
      "logLoss: the probabilities of row 0 add up to 0.7, not to 1; apply softmax to logits",
    ],
    ["classes", () => logLoss([[0.5, 0.5]], [2]), "logLoss: labels[0] is 2, but there are the classes 0..1"],
    [
      "bins",
      () => calibrationError([0.5], [1], { bins: 0 }),
      "calibrationError: bins must be a number that is whole and >= 1, got 0",
    ],
    [
      "axes",
      () => reliabilityBins([[[0.5]]], [1]),
      "reliabilityBins: probabilities must be [n] or [n, classes], got shape [1, 1, 1]",
    ],
    ["labels", () => brierScore([0.5], [2]), "brierScore: labels[0] is 2, but must be 0 or 1"],
    ["axes", () => brierScore([[0.5, 0.5]], [1]), "brierScore: probabilities must be [n], got shape [1, 2]"],
    ["lengths", () => logLoss([0.5, 0.5], [1]), "logLoss: labels [1] must have as many rows as probabilities, 2"],
    ["empty", () => logLoss([], []), "logLoss: probabilities [0] is empty; the batch needs at least one element"],
  ])("name the argument: %s", (_, run, message) => {
    expect(run).toThrow(message);
  });
});
