import type { Entries } from "../entry.ts";
import { nonNegative, oneOf, other, positive, reduction } from "../options.ts";
import { pairs } from "./inputs.ts";

const negatives = [[1, 0, 2, 1]];

export const multipleNegativesRanking: Entries = {
  multipleNegativesRanking: {
    title: "Multiple negatives ranking (in-batch negatives, GTE)",
    tasks: ["text", "embedding"],
    formula: String.raw`-\log \frac{e^{s\,\mathrm{sim}(a_i, p_i)}}{\sum_c e^{s\,\mathrm{sim}(a_i, c)}}`,
    use: "Sentence embeddings and search from pairs (question, answer), with mined hard negatives if there are any.",
    avoid: "With texts that occur twice in a batch, which become false negatives: leave them out, or take gist.",
    inputs: pairs("anchors", "positives", ["anchors", "positives, row i for anchor i"]),
    options: {
      preset: oneOf("plain", ["plain", "symmetric", "gte"]),
      negatives: other(undefined, "[n, k, d], k for each anchor, or [m, d], a pool", [[1, 2]]),
      scale: positive(20),
      similarity: oneOf("cosine", ["cosine", "dot"]),
      directions: other(["queryToDocument"], "a list with queryToDocument", ["sideways"], []),
      partition: oneOf("joint", ["joint", "perDirection"]),
      hardness: oneOf("none", ["none", "inBatchNegatives", "hardNegatives", "allNegatives"]),
      hardnessStrength: nonNegative(0),
      reduction: reduction(),
    },
    variants: [
      { preset: "symmetric", scale: 3 },
      { preset: "gte", scale: 3, negatives },
      { scale: 1, similarity: "dot", negatives, reduction: "sum" },
      { scale: 3, directions: ["queryToDocument", "queryToQuery"] },
      { scale: 3, hardness: "inBatchNegatives", hardnessStrength: 1 },
      { scale: 3, directions: ["queryToDocument", "documentToQuery"], partition: "perDirection" },
      { scale: 3, hardness: "allNegatives", hardnessStrength: 1 },
    ],
    detaches: (options) => "hardness" in options,
    points: [
      {
        at: "one pair",
        inputs: [[[1, 2, 3]], [[-1, 0.5, 3]]],
        value: 0,
        gradients: [
          [0, 0, 0],
          [0, 0, 0],
        ],
      },
    ],
    sources: [
      "Henderson et al. 2017, Efficient natural language response suggestion for Smart Reply, arXiv:1705.00652",
      "Li et al. 2023, Towards general text embeddings (GTE), arXiv:2308.03281",
      "Lan et al. 2025, LLaVE: hardness-weighted contrastive learning, arXiv:2503.04812",
    ],
    libraries: {
      "sentence-transformers": "MultipleNegativesRankingLoss; the cached one is wrappers.cachedMultipleNegatives.",
    },
  },
};
