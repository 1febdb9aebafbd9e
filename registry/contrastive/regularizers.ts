import type { Entries } from "../entry.ts";
import { embeddings, scores } from "../inputs.ts";
import { nonNegative, other } from "../options.ts";

export const regularizers: Entries = {
  globalOrthogonal: {
    title: "Global orthogonal regularisation (GOR)",
    tasks: ["regularisation", "text"],
    formula: String.raw`M_1^2 + \max\big(0,\ M_2 - \tfrac1d\big),\quad M_k = \frac{1}{n(n-1)} \sum_{i \ne j} \cos(x_i, x_j)^k`,
    use: "Beside another loss, to spread embeddings over the sphere.",
    avoid: "With batches of few classes, whose rows are alike for good reason.",
    inputs: { embeddings: embeddings(["n", "d"]) },
    options: { meanWeight: nonNegative(1), secondMomentWeight: nonNegative(1) },
    variants: [{ meanWeight: 0 }, { meanWeight: 2, secondMomentWeight: 0.5 }, { secondMomentWeight: 0 }],
    points: [
      { at: "one row", inputs: [[[1, 2]]], value: 0, gradients: [[0, 0]] },
      {
        at: "rows at right angles",
        inputs: [
          [
            [1, 0],
            [0, 1],
          ],
        ],
        value: 0,
        gradients: [[0, 0, 0, 0]],
      },
      {
        at: "all alike",
        inputs: [
          [
            [1, 0],
            [1, 0],
          ],
        ],
        value: 1.5,
      },
    ],
    sources: ["Zhang et al. 2017, Learning spread-out local feature descriptors, arXiv:1708.06320"],
    libraries: { "sentence-transformers": "GlobalOrthogonalRegularizationLoss returns the two parts apart." },
  },

  flops: {
    title: "FLOPS regulariser (SPLADE)",
    tasks: ["regularisation", "text"],
    formula: String.raw`\sum_j \Big(\frac1n \sum_i |a_{ij}|\Big)^2`,
    use: "Sparse embeddings over a vocabulary, for search with an inverted index: wrappers.splade adds it to a loss.",
    avoid: "With dense embeddings.",
    inputs: { activations: scores(["n", "d"], { what: "activations over a vocabulary" }) },
    options: { threshold: other(null, ">= 0, or null", -1, Number.NaN) },
    variants: [{ threshold: 3 }],
    points: [
      {
        at: "activations of 0",
        inputs: [
          [
            [0, 0],
            [0, 0],
          ],
        ],
        value: 0,
        gradients: [[0, 0, 0, 0]],
      },
      {
        at: "a row with no more activations than the threshold",
        inputs: [
          [
            [3, 0],
            [1, 1],
          ],
        ],
        options: { threshold: 1 },
        value: 0.5,
        gradients: [[0, 0, 0.5, 0.5]],
      },
    ],
    sources: [
      "Paria et al. 2020, Minimizing FLOPs to learn efficient sparse representations, arXiv:2004.05665",
      "Formal et al. 2021, SPLADE, arXiv:2107.05720",
    ],
    libraries: { "sentence-transformers": "FlopsLoss takes activations >= 0, without the absolute value." },
  },
};
