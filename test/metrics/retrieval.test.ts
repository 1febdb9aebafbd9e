import { describe, expect, it } from "vitest";
import { recallAtK, retrievalMeanAveragePrecision } from "../../src/metrics/index.ts";
import { loadGolden } from "../golden/load.ts";

interface Reference {
  recallAtK: [k: number, recall: number][];
  meanAveragePrecision: number;
}

interface Golden {
  retrieval: { embeddings: number[][]; labels: number[]; euclidean: Reference; cosine: Reference };
}

const { embeddings, labels, ...references } = loadGolden<Golden>("metrics").retrieval;

describe("embeddings", () => {
  for (const metric of ["euclidean", "cosine"] as const) {
    it(`are retrieved as by scikit-learn's neighbours: ${metric}`, () => {
      for (const [k, value] of references[metric].recallAtK) {
        expect(recallAtK(embeddings, labels, { k, metric }), `recall at ${k}`).toBeCloseTo(value, 12);
      }
      const precision = retrievalMeanAveragePrecision(embeddings, labels, { metric });
      expect(precision).toBeCloseTo(references[metric].meanAveragePrecision, 12);
    });
  }

  it("at one distance come in their order", () => {
    expect(recallAtK([[0], [0], [0], [5]], [0, 1, 0, 1], { k: 1 })).toBeCloseTo(1 / 4); // only row 2 finds row 0 first
  });

  it("without a partner are no query", () => {
    expect(recallAtK([[0], [1], [9]], [0, 0, 1])).toBe(1);
  });

  it("of zero are at cosine 0 to everything", () => {
    const x = [
      [0, 0],
      [1, 0],
      [-1, 0],
      [1, 0],
    ];
    expect(recallAtK(x, [0, 0, 1, 1], { k: 1, metric: "cosine" })).toBe(0.25); // row 2 is nearest to the zero row
  });

  it.each([
    ["k", () => recallAtK([[0], [1]], [0, 0], { k: 2 }), "recallAtK: k is 2, but a query has 1 other rows"],
    [
      "labels",
      () => recallAtK([[0], [1]], [0, 1]),
      "recallAtK: labels hold no class with two members; nothing can be retrieved",
    ],
    [
      "metric",
      () => recallAtK([[0], [1]], [0, 0], { metric: "dot" as "cosine" }),
      'recallAtK: metric must be one of "euclidean", "cosine", got "dot"',
    ],
    [
      "axes",
      () => retrievalMeanAveragePrecision([0, 1], [0, 0]),
      "retrievalMeanAveragePrecision: embeddings must be [n, d], got shape [2]",
    ],
    [
      "lengths",
      () => recallAtK([[0], [1]], [0, 0, 0]),
      "recallAtK: labels [3] must have as many rows as embeddings, 2",
    ],
  ])("are checked: %s", (_, run, message) => {
    expect(run).toThrow(message);
  });
});
