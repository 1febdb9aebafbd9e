import * as losses from "../../src/losses/index.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import type { Entries } from "../entry.ts";
import { flag, nonNegative, oneOf, positive, within } from "../options.ts";
import { lists, perPair } from "./lists.ts";

const weighting = oneOf("none", ["none", "difference", "squares"]);
const shared = [
  { weighting: "difference" },
  { weighting: "squares" },
  { preset: "rax" },
  { preset: "tfRanking" },
  { average: "items" },
];
const none = (relevance: number[]) => ({ inputs: [[[0.3, -2]], [relevance]], value: 0, gradients: [[0, 0], null] });
const noPairs = { at: "equal relevance", ...none([2, 2]) };
const onePair = { at: "nothing but padding and one item", ...none([1, -1]) };

/** Scores of two items whose difference is x. */
const pair = (x: Tensor): Tensor => x.unsqueeze(0).mul([0.5, -0.5]);

export const pairwise: Entries = {
  pairwiseHinge: {
    title: "Pairwise hinge (ranking SVM)",
    tasks: ["ranking"],
    formula: String.raw`\sum_{y_i > y_j} \max(0,\ m - (s_i - s_j))`,
    use: "Lists with graded relevance, where pairs that are in order by a margin should stop pulling.",
    avoid: "When the top of the list is what counts: all pairs weigh alike; take lambda or approxNDCG.",
    inputs: lists,
    options: { margin: nonNegative(1), weighting, ...perPair("rax", "tfRanking") },
    variants: [{ margin: 0.3 }, ...shared],
    points: [
      { at: "the margin", inputs: [[[1, 0]], [[1, 0]]], value: 0, gradients: [[0, 0], null] },
      { at: "padding in the lead", inputs: [[[0, 5, 9]], [[1, 0, -1]]], value: 6, gradients: [[-1, 1, 0], null] },
      noPairs,
    ],
    sources: ["Joachims 2002, Optimizing search engines using clickthrough data, KDD"],
    libraries: {
      rax: "the mean over pairs, as here.",
      "TensorFlow Ranking": 'its Keras losses divide by the number of items, padding included: preset "tfRanking".',
    },
  },

  pairwiseLogistic: {
    title: "Pairwise logistic (RankNet)",
    tasks: ["ranking", "text"],
    formula: String.raw`\sum_{y_i > y_j} \log(1 + e^{-\sigma (s_i - s_j)})`,
    use: "The usual start for lists with graded relevance: smooth, and every pair in the wrong order pulls.",
    avoid:
      "When the top of the list is what counts: all pairs weigh alike; take lambda, which weighs these pairs by NDCG.",
    inputs: lists,
    options: {
      sigma: positive(1),
      logarithm: oneOf("natural", ["natural", "binary"]),
      weighting,
      ...perPair("rax", "tfRanking", "allRank", "sentenceTransformers"),
    },
    variants: [
      { sigma: 2.5, logarithm: "binary" },
      ...shared,
      { preset: "allRank" },
      { preset: "sentenceTransformers" },
    ],
    points: [
      { at: "equal scores", inputs: [[[3, 3]], [[1, 0]]], value: Math.LN2, gradients: [[-0.5, 0.5], null] },
      noPairs,
      onePair,
    ],
    sources: ["Burges et al. 2005, Learning to rank using gradient descent, ICML"],
    libraries: {
      allRank: "rankNet is this; its weight_by_diff and weight_by_diff_powed are weighting difference and squares.",
      "sentence-transformers": "RankNetLoss takes the binary logarithm.",
      "TensorFlow Ranking": 'its Keras losses divide by the number of items, padding included: preset "tfRanking".',
    },
    curves: {
      along: "s_i - s_j, where item i is the more relevant",
      from: -3,
      to: 3,
      lines: {
        pairwiseLogistic: (x) => losses.pairwiseLogistic(pair(x), [1, 0]),
        pairwiseHinge: (x) => losses.pairwiseHinge(pair(x), [1, 0]),
        pairwiseSoftZeroOne: (x) => losses.pairwiseSoftZeroOne(pair(x), [1, 0]),
        pairwiseMSE: (x) => losses.pairwiseMSE(pair(x), [1, 0]),
      },
    },
  },

  pairwiseSoftZeroOne: {
    title: "Pairwise soft zero-one",
    tasks: ["ranking"],
    formula: String.raw`\sum_{y_i > y_j} \sigma(-(s_i - s_j))`,
    use: "Relevance with errors: a pair that is wrong by far costs no more than 1.",
    avoid: "From random scores on: pairs that are wrong by far get no gradient; start with pairwiseLogistic.",
    inputs: lists,
    options: { weighting, ...perPair("rax", "tfRanking") },
    variants: shared,
    points: [
      { at: "equal scores", inputs: [[[3, 3]], [[1, 0]]], value: 0.5, gradients: [[-0.25, 0.25], null] },
      { at: "wrong by far", inputs: [[[-1e4, 1e4]], [[1, 0]]], value: 1, gradients: [[0, 0], null] },
      noPairs,
    ],
    sources: ["Pasumarthi et al. 2019, TF-Ranking: Scalable TensorFlow library for learning-to-rank, arXiv:1812.00073"],
  },

  pairwiseMSE: {
    title: "Pairwise mean squared error",
    tasks: ["ranking", "distillation"],
    formula: String.raw`\sum_{i \ne j} ((s_i - s_j) - (y_i - y_j))^2`,
    use: "A student that shall keep a teacher's differences of scores, but not their level.",
    avoid: "When only the order of the relevance means something: it asks for the very differences.",
    inputs: lists,
    options: { selfPairs: flag(false), ...perPair("rax", "tfRanking") },
    variants: [{ selfPairs: true }, { preset: "rax" }, { preset: "tfRanking" }, { average: "items" }],
    points: [
      { at: "equal relevance", inputs: [[[0.5, 0]], [[2, 2]]], value: 0.25, gradients: [[1, -1], null] },
      { at: "one item", inputs: [[[0.5]], [[2]]], value: 0, gradients: [[0], null] },
    ],
    sources: ["Reddi et al. 2021, RankDistil: Knowledge distillation for ranking, AISTATS"],
    libraries: {
      rax: 'counts the pair of each item with itself in the mean: preset "rax".',
      "TensorFlow Ranking": 'its Keras losses divide by the number of items, padding included: preset "tfRanking".',
    },
  },

  pairwiseQuantile: {
    title: "Pairwise quantile regression",
    tasks: ["ranking", "distillation"],
    formula: String.raw`\sum_{y_i > y_j} \tau\,[r_{ij}]_+ + (1 - \tau)\,[-r_{ij}]_+,\quad r_{ij} = (y_i - y_j) - (s_i - s_j)`,
    use: "Differences of scores that mean something, where a lead that is too small costs more than one that is too large.",
    avoid: "When only the order of the relevance means something; take pairwiseLogistic.",
    inputs: lists,
    options: {
      quantile: within(0.5, "in (0, 1]", 0, 1.1, Number.NaN),
      squared: flag(false),
      ...perPair("rax"),
    },
    variants: [{ quantile: 0.9 }, { squared: true, quantile: 0.2 }, { preset: "rax" }, { average: "items" }],
    points: [
      { at: "the lead that is wanted", inputs: [[[3, 1]], [[2, 0]]], value: 0, gradients: [[0, 0], null] },
      noPairs,
    ],
    sources: ["Koenker and Bassett 1978, Regression quantiles, Econometrica 46", "rax.pairwise_qr_loss"],
  },
};
