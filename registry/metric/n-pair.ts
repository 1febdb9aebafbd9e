import type { Entries } from "../entry.ts";
import { binary, embeddings } from "../inputs.ts";
import { nonNegative, reduction } from "../options.ts";
import { batch, noPositives, similarity, zeros } from "./batch.ts";

const sources = ["Sohn 2016, Improved deep metric learning with multi-class N-pair loss objective, NeurIPS"];

export const nPair: Entries = {
  nPair: {
    title: "Multi-class N-pair loss (N-pairs)",
    tasks: ["embedding"],
    formula: String.raw`\log\Big(1 + \sum_{j \ne i} e^{a_i \cdot p_j - a_i \cdot p_i}\Big) + \lambda \big(\|a_i\|^2 + \|p_i\|^2\big)`,
    use: "With batches of two rows for each of many classes: each anchor meets the positives of all other classes at once.",
    avoid: "When classes have more than two rows in a batch: only the first two count. Take supCon or multiSimilarity.",
    inputs: batch,
    options: { l2: nonNegative(0), similarity: similarity("dot"), reduction: reduction() },
    variants: [{ l2: 0.02 }, { similarity: "cosine" }, { reduction: "none" }],
    points: [{ ...noPositives, value: 0, gradients: zeros }],
    sources,
    libraries: {
      "pytorch-metric-learning": "the same pairs, but its dot product normalises unless told not to; no penalty.",
      "TensorFlow Addons": "takes a matrix of similarities; its targets spread evenly over all rows of the class.",
    },
  },

  nPairMultilabel: {
    title: "Multi-label N-pair loss",
    tasks: ["embedding", "multilabel"],
    formula: String.raw`-\sum_j t_{ij} \log \mathrm{softmax}_j(a_i \cdot p_j) \qquad t_{ij} = \frac{y_i \cdot y_j}{\sum_k y_i \cdot y_k}`,
    use: "When things carry several labels each, and should be near others as far as they share them.",
    avoid: "With one label each: nPair and multiSimilarity are made for it.",
    inputs: {
      anchors: embeddings(["n", "d"]),
      positives: embeddings(["n", "d"], { seed: "positives" }),
      labels: binary(["n", "classes"]),
    },
    options: { reduction: reduction() },
    variants: [{ reduction: "none" }],
    points: [
      {
        at: "a row without labels",
        inputs: [
          [
            [1, 0],
            [0, 1],
          ],
          [
            [2, 0],
            [0, 2],
          ],
          [
            [1, 0],
            [0, 0],
          ],
        ],
        options: { reduction: "none" },
        value: [Math.log1p(Math.exp(-2)), 0],
      },
    ],
    sources,
    libraries: { "TensorFlow Addons": "npairs_multilabel_loss takes the matrix of similarities." },
  },
};
