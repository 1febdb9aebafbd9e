import { describe, expect, it } from "vitest";
import { meanAbsoluteError, meanSquaredError, r2, rootMeanSquaredError } from "../../src/metrics/index.ts";
import { loadGolden } from "../golden/load.ts";

const metrics = { meanAbsoluteError, meanSquaredError, rootMeanSquaredError, r2 };

interface Golden {
  regression: Record<string, { predictions: number[]; targets: number[] } & Record<keyof typeof metrics, number>>;
}

describe("predictions and targets", () => {
  for (const [name, c] of Object.entries(loadGolden<Golden>("metrics").regression)) {
    it(`give scikit-learn's values: ${name}`, () => {
      for (const [metric, f] of Object.entries(metrics)) {
        const expected = c[metric as keyof typeof metrics];
        if (Number.isNaN(expected)) expect(f(c.predictions, c.targets), metric).toBeNaN();
        else expect(f(c.predictions, c.targets), metric).toBeCloseTo(expected, 12);
      }
    });
  }

  it.each([
    ["shapes", () => r2([1, 2], [[1], [2]]), "r2: targets [2, 1] must have the shape of predictions, [2]"],
    ["axes", () => r2(1, 2), "r2: predictions must be [n] or [n, outputs], got shape []"],
    [
      "empty",
      () => meanAbsoluteError([], []),
      "meanAbsoluteError: predictions [0] is empty; the batch needs at least one element",
    ],
    [
      "NaN",
      () => meanSquaredError([1], [Number.NaN]),
      "meanSquaredError: targets[0] is NaN; find where it came from with detectAnomaly",
    ],
  ])("are checked: %s", (_, run, message) => {
    expect(run).toThrow(message);
  });
});
