import type { Entries } from "../entry.ts";
import { embeddings } from "../inputs.ts";
import { flag, nonNegative, other, reduction } from "../options.ts";

export const quadruplet: Entries = {
  quadruplet: {
    title: "Quadruplet loss",
    tasks: ["embedding", "verification"],
    formula: "[d(a,p)^2 - d(a,n_1)^2 + m_1]_+ + [d(a,p)^2 - d(n_1,n_2)^2 + m_2]_+",
    use: "When distances must be comparable between anchors: positives are compared with pairs of other classes too.",
    avoid: "When ranking for one anchor at a time is all that matters; triplet suffices.",
    inputs: {
      anchor: embeddings(["n", "d"]),
      positive: embeddings(["n", "d"], { seed: "positive" }),
      negative1: embeddings(["n", "d"], { seed: "negative1" }),
      negative2: embeddings(["n", "d"], { seed: "negative2" }),
    },
    options: {
      margin: nonNegative(1),
      negativesMargin: nonNegative(0.5),
      squared: flag(true),
      distance: other("euclidean", '"euclidean", "cosine", "manhattan", or a function', "nonsense"),
      reduction: reduction("mean", ["meanNonZero"]),
    },
    variants: [
      { margin: 0.2, negativesMargin: 3, squared: false },
      { distance: "cosine", reduction: "meanNonZero" },
      { distance: "manhattan", squared: false, reduction: "none" },
    ],
    points: [
      {
        at: "both margins",
        inputs: [[[0, 0]], [[0, 0]], [[1, 0]], [[1, 0.5]]],
        options: { negativesMargin: 0.25 },
        value: 0,
        gradients: [
          [0, 0],
          [0, 0],
          [0, 0],
          [0, 0],
        ],
      },
    ],
    sources: [
      "Chen, Chen, Zhang and Huang 2017, Beyond triplet loss: a deep quadruplet network for person re-identification, CVPR, arXiv:1704.01719",
    ],
  },
};
