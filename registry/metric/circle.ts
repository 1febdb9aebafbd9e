import type { Entries } from "../entry.ts";
import { positive, reduction, within } from "../options.ts";
import { batch, batchVariants, noNegatives, noPositives, pairs, references, similarity, zeros } from "./batch.ts";

export const circle: Entries = {
  circle: {
    title: "Circle loss",
    tasks: ["embedding", "verification"],
    formula: String.raw`\mathrm{softplus}\Big(\log \sum_p e^{-\gamma [1 + m - s_p]_+ (s_p - 1 + m)} + \log \sum_n e^{\gamma [s_n + m]_+ (s_n - m)}\Big)`,
    use: "For retrieval and verification: similarities far from their goal pull harder than those that are nearly there.",
    avoid: "With few positives in a batch: only anchors that have a positive and a negative count.",
    inputs: batch,
    options: {
      margin: within(0.4, "in [-1, 1]", -1.1, 1.1),
      gamma: positive(80),
      similarity: similarity(),
      references,
      pairs,
      reduction: reduction("mean", ["meanNonZero"]),
    },
    variants: [
      { margin: 0.25, gamma: 256 },
      { margin: -0.2, gamma: 4 },
      { similarity: "dot", gamma: 2 },
      { margin: 0.1, reduction: "sum" },
      ...batchVariants,
    ],
    points: [
      { ...noPositives, value: 0, gradients: zeros },
      { ...noNegatives, value: 0, gradients: zeros },
    ],
    detaches: () => true,
    sources: [
      "Sun, Cheng, Zhang, Zhang, Zheng, Wang and Wei 2020, Circle loss: a unified perspective of pair similarity optimization, CVPR, arXiv:2002.10857",
    ],
    libraries: {
      "pytorch-metric-learning": 'reduction "meanNonZero" there; the same value.',
      Keras: "lets the gradient through the weights: the same value, another gradient.",
    },
  },
};
