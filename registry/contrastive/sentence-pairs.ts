import type { Entries } from "../entry.ts";
import { embeddings, labels, scores } from "../inputs.ts";
import { flag, other, reduction } from "../options.ts";
import { gradedPairs } from "./inputs.ts";

export const sentencePairs: Entries = {
  cosineSimilarityMSE: {
    title: "Cosine-similarity regression",
    tasks: ["text"],
    formula: String.raw`(\cos(u, v) - y)^2`,
    use: "Pairs of sentences with grades in [0, 1] that the cosine itself shall predict.",
    avoid: "When only the order of grades means something; coSENT usually ranks better.",
    inputs: gradedPairs,
    options: { reduction: reduction() },
    variants: [{ reduction: "sum" }],
    points: [
      { at: "the zero vector", inputs: [[[0, 0]], [[1, 0]], [0.5]], value: 0.25 },
      { at: "an exact fit", inputs: [[[2, 0]], [[1, 0]], [1]], value: 0, gradients: [[0, 0], [0, 0], null] },
    ],
    sources: ["Reimers and Gurevych 2019, Sentence-BERT, arXiv:1908.10084"],
    libraries: { "sentence-transformers": "CosineSimilarityLoss." },
  },

  sentencePairSoftmax: {
    title: "Softmax classifier over sentence pairs (SBERT)",
    tasks: ["text", "multiclass"],
    formula: String.raw`-\log \mathrm{softmax}\big(W[u;\,v;\,|u - v|] + b\big)_y`,
    use: "Sentence embeddings from pairs with classes, as natural language inference has them.",
    avoid: "When classes can be turned into pairs that belong together; multipleNegativesRanking is better then.",
    inputs: {
      x1: embeddings(["n", 2], { what: "embeddings of first sentences" }),
      x2: embeddings(["n", 2], { what: "embeddings of second sentences", seed: "second" }),
      weight: scores(["classes", 6], { what: "the classifier's weight, 3 d by default" }),
      labels: labels(["n"]),
    },
    options: {
      bias: other(null, "[classes]", [1], [[1, 2, 3, 4]]),
      concatenation: flag(true),
      difference: flag(true),
      product: flag(false),
      reduction: reduction(),
    },
    variants: [{ bias: [1, -1, 0.5, 0] }, { difference: false, product: true, reduction: "sum" }],
    points: [
      {
        at: "two equal sentences, where |u - v| has gradient 0",
        inputs: [
          [[1]],
          [[1]],
          [
            [0, 0, 1],
            [0, 0, -1],
          ],
          [0],
        ],
        value: Math.LN2,
        gradients: [[0], [0], [-0.5, -0.5, 0, 0.5, 0.5, 0], null],
      },
    ],
    sources: ["Reimers and Gurevych 2019, Sentence-BERT, arXiv:1908.10084"],
    libraries: {
      "sentence-transformers":
        "SoftmaxLoss; its parts are named concatenation_sent_rep, concatenation_sent_difference and concatenation_sent_multiplication.",
    },
  },
};
