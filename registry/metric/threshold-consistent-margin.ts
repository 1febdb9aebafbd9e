import type { Entries } from "../entry.ts";
import { nonNegative, reduction, within } from "../options.ts";
import { batch, batchVariants, noPositives, pairs, references, similarity, zeros } from "./batch.ts";

const cosine = (fallback: number) => within(fallback, "in [-1, 1]", -1.1, 1.1);

export const thresholdConsistentMargin: Entries = {
  thresholdConsistentMargin: {
    title: "Threshold-consistent margin loss (TCM)",
    tasks: ["embedding", "verification", "regularisation"],
    formula: String.raw`\lambda^+ [m^+ - s_p]_+ \quad\text{and}\quad \lambda^- [s_n - m^-]_+`,
    use: "Beside another loss, when one threshold of similarity must accept and reject alike for all classes.",
    avoid: "Alone: it only moves the pairs at the borders.",
    inputs: batch,
    options: {
      posMargin: cosine(0.9),
      negMargin: cosine(0.5),
      posWeight: nonNegative(1),
      negWeight: nonNegative(1),
      similarity: similarity(),
      references,
      pairs,
      reduction: reduction("meanNonZero", ["meanNonZero"]),
    },
    variants: [
      { posMargin: 0.7, negMargin: -0.2, posWeight: 2, negWeight: 0.5 },
      { reduction: "mean", negMargin: -0.5 },
      { similarity: "dot", reduction: "none" },
      ...batchVariants,
    ],
    points: [{ ...noPositives, options: { negMargin: 0 }, value: 0, gradients: zeros }],
    sources: [
      "Zhang, Xu, Wu, Wang and others 2024, Threshold-consistent margin loss for open-world deep metric learning, ICLR, arXiv:2307.04047",
    ],
    libraries: {
      "pytorch-metric-learning": "the same value; given references, it reads its pairs from the batch all the same.",
    },
  },
};
