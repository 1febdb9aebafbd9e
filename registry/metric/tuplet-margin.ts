import type { Entries } from "../entry.ts";
import { nonNegative, positive, reduction, within } from "../options.ts";
import { batch, batchVariants, noNegatives, noPositives, pairs, references, similarity, zeros } from "./batch.ts";

const sources = ["Yu and Tao 2019, Deep metric learning with tuplet margin loss, ICCV"];

export const tupletMargin: Entries = {
  tupletMargin: {
    title: "Tuplet margin loss",
    tasks: ["embedding", "verification"],
    formula: String.raw`\log\Big(1 + \sum_n e^{s (\cos\theta_n - \cos(\theta_p - \beta))}\Big)`,
    use: "A softmax over each positive against all negatives, whose slack angle keeps it from overfitting hard positives.",
    avoid: "Alone on noisy classes; the paper adds intraPairVariance.",
    inputs: batch,
    options: {
      margin: within(0.1, "radians in [0, pi]", -0.1, 3.2),
      scale: positive(64),
      references,
      pairs,
      reduction: reduction(),
    },
    variants: [{ margin: 0.5, scale: 8 }, { margin: 0, scale: 3, reduction: "none" }, ...batchVariants],
    points: [
      { ...noPositives, value: 0, gradients: zeros },
      { ...noNegatives, value: 0, gradients: zeros },
    ],
    sources,
    libraries: {
      "pytorch-metric-learning":
        "takes the margin in degrees, 5.73; its acos has an infinite gradient at cosines of +-1.",
    },
  },

  intraPairVariance: {
    title: "Intra-pair variance loss",
    tasks: ["embedding", "regularisation"],
    formula: String.raw`[(1 - \varepsilon) \bar{s}^+ - s_p]_+^2 \quad\text{and}\quad [s_n - (1 + \varepsilon) \bar{s}^-]_+^2`,
    use: "Beside another loss, to keep the similarities of positive pairs, and of negative pairs, close together.",
    avoid: "Alone: embeddings that are all the same satisfy it.",
    inputs: batch,
    options: {
      posEps: nonNegative(0.01),
      negEps: nonNegative(0.01),
      similarity: similarity(),
      references,
      pairs,
      reduction: reduction(),
    },
    variants: [{ posEps: 0.1, negEps: 0.2 }, { similarity: "dot", reduction: "none" }, ...batchVariants],
    points: [{ ...noPositives, value: 0, gradients: zeros }],
    sources,
    libraries: { "pytorch-metric-learning": "the same value." },
  },
};
