import type { Entries } from "../entry.ts";
import { binary, embeddings } from "../inputs.ts";
import { nonNegative, other, reduction, within } from "../options.ts";

const cosine = (fallback: number) => within(fallback, "in [-1, 1]", -1.1, 1.1);

export const onlineContrastive: Entries = {
  onlineContrastive: {
    title: "Online contrastive loss",
    tasks: ["text", "embedding"],
    formula: String.raw`\sum_{\text{hard similar}} d^2 + \sum_{\text{hard dissimilar}} [m - d]_+^2`,
    use: "For pairs of sentences labelled similar or not: only those that a threshold could not part yet have a loss.",
    avoid: "With small batches: what is hard is judged within the batch.",
    inputs: {
      x1: embeddings(["n", "d"]),
      x2: embeddings(["n", "d"], { seed: "x2" }),
      labels: binary(["n"]),
    },
    sizes: { n: 8 },
    options: {
      margin: nonNegative(0.5),
      distance: other("cosine", '"cosine", "euclidean", "manhattan", or a function', "nonsense"),
      reduction: reduction("sum"),
    },
    variants: [
      { margin: 1.5 },
      { margin: 3, distance: "euclidean", reduction: "mean" },
      { margin: 5, distance: "manhattan", reduction: "none" },
    ],
    points: [
      {
        at: "an easy batch",
        inputs: [
          [
            [1, 0],
            [1, 0],
          ],
          [
            [1, 0],
            [0, 1],
          ],
          [1, 0],
        ],
        value: 0,
        gradients: [[0, 0, 0, 0], [0, 0, 0, 0], null],
      },
    ],
    sources: ["Reimers and Gurevych 2019, Sentence-BERT, EMNLP, arXiv:1908.10084 (the loss is sentence-transformers')"],
    libraries: { "sentence-transformers": "the same value: a sum." },
  },

  megaBatchMargin: {
    title: "Mega-batch margin loss",
    tasks: ["text", "embedding"],
    formula: String.raw`[m^+ - \cos(a_i, p_i)]_+ + \big[\max_{j \ne i} \cos(a_i, p_j) - m^-\big]_+`,
    use: "For pairs of paraphrases in large batches, among which a hard negative is found for each.",
    avoid: "When a batch holds several paraphrases of one sentence: the hardest negative is then a positive.",
    inputs: {
      anchors: embeddings(["n", "d"]),
      positives: embeddings(["n", "d"], { seed: "x2" }),
    },
    options: { posMargin: cosine(0.8), negMargin: cosine(0.3), reduction: reduction() },
    variants: [{ posMargin: 0.5, negMargin: -0.2 }, { reduction: "none" }],
    points: [
      {
        at: "a batch of one",
        inputs: [[[1, 0]], [[0, 1]]],
        value: 0.8,
        gradients: [
          [0, -1],
          [-1, 0],
        ],
      },
    ],
    sources: ["Wieting and Gimpel 2018, ParaNMT-50M, ACL, arXiv:1711.05732"],
    libraries: { "sentence-transformers": "the same value." },
  },
};
