import type { Entries } from "../entry.ts";
import { flag, nonNegative, oneOf, positive, reduction, whole } from "../options.ts";
import { gain, generator, lists, mask, perPair } from "./lists.ts";

const noPairs = { at: "equal relevance", inputs: [[[0.3, -2]], [[2, 2]]], value: 0, gradients: [[0, 0], null] };

export const lambda: Entries = {
  lambda: {
    title: "LambdaLoss (LambdaRank, NDCG-Loss 1, 2, 2++)",
    tasks: ["ranking", "text"],
    formula: String.raw`\sum_{y_i > y_j} w_{ij} \log_2(1 + e^{-\sigma (s_i - s_j)})`,
    use: "NDCG is what counts: pairs weigh by what their exchange would change. The usual choice for neural rankers with graded relevance.",
    avoid:
      "With noisy relevance, or one relevant item in a list; pairwiseLogistic and listwiseSoftmax are simpler and as good.",
    inputs: lists,
    options: {
      scheme: oneOf("ndcgLoss2PP", [
        "ndcgLoss1",
        "ndcgLoss2",
        "ndcgLoss2PP",
        "lambdaRank",
        "rankNet",
        "rankNetByDifference",
        "rankNetBySquares",
      ]),
      k: { ...whole(), default: null, domain: "whole, >= 1, or null" },
      cutoff: oneOf("either", ["either", "both"]),
      mu: nonNegative(10),
      sigma: positive(1),
      logarithm: oneOf("binary", ["binary", "natural"]),
      gain,
      normalize: flag(true),
      scaleByItems: flag(false),
      ...perPair("allRank", "sentenceTransformers", "rax", "tfRanking"),
    },
    variants: [
      { scheme: "ndcgLoss1" },
      { scheme: "ndcgLoss2", k: 3 },
      { scheme: "lambdaRank", k: 2, cutoff: "both" },
      { scheme: "rankNet", sigma: 0.5, logarithm: "natural" },
      { scheme: "rankNetByDifference" },
      { scheme: "rankNetBySquares" },
      { gain: "linear", normalize: false, mu: 2 },
      { scaleByItems: true, average: "items" },
      { preset: "allRank", k: 3 },
      { preset: "sentenceTransformers" },
      { preset: "rax" },
      { preset: "tfRanking" },
    ],
    points: [
      {
        at: "two items of equal score, weight 1",
        inputs: [[[3, 3]], [[1, 0]]],
        options: { scheme: "rankNet" },
        value: 1,
        gradients: [[-0.5 / Math.LN2, 0.5 / Math.LN2], null],
      },
      noPairs,
      { at: "padding only", inputs: [[[3, 3]], [[-1, -1]]], value: 0, gradients: [[0, 0], null] },
    ],
    sources: [
      "Wang et al. 2018, The LambdaLoss framework for ranking metric optimization, CIKM",
      "Burges et al. 2006, Learning to rank with nonsmooth cost functions, NeurIPS",
    ],
    libraries: {
      allRank:
        'sums, wants both items of a pair among the first k, and clamps probabilities at 1e-10: preset "allRank".',
      "sentence-transformers": "LambdaLoss is this, with the defaults of this.",
      rax: 'preset "rax" is pairwise_logistic_loss with dcg2_lambdaweight; scheme "lambdaRank" makes it dcg_lambdaweight. Without k.',
      "TensorFlow Ranking":
        'preset "tfRanking" is PairwiseLogisticLoss with NDCGLambdaWeight; scheme "lambdaRank" is its smooth_fraction 1. Without k.',
    },
  },

  yetiLogistic: {
    title: "YetiLoss, logistic (YetiRank)",
    tasks: ["ranking"],
    formula: String.raw`n\,|G_i - G_j|\,(D(1) - D(2)) \log(1 + e^{-\sigma (z_i - z_j)}),\quad z = s + \mathrm{Gumbel},\ |r_i - r_j| = 1`,
    use: "As lambda, with ranks that are drawn anew at every step: exploration makes it a strong choice on benchmarks.",
    avoid: "When a loss must be reproducible to the bit without a generator, or lists are long and steps are few.",
    inputs: lists,
    options: {
      samples: whole(8),
      noise: nonNegative(1),
      generator,
      sigma: positive(1),
      gain,
      normalize: flag(false),
      mask,
      average: oneOf("items", ["items", "pairs"]),
      reduction: reduction(),
    },
    variants: [{ noise: 0, samples: 2 }, { gain: "linear", normalize: true, sigma: 2 }, { average: "pairs" }],
    smooth: false,
    points: [
      {
        at: "two items of equal score, without noise",
        inputs: [[[3, 3]], [[1, 0]]],
        options: { noise: 0 },
        value: (1 - 1 / Math.log2(3)) * Math.LN2,
        gradients: [[(-1 + 1 / Math.log2(3)) / 2, (1 - 1 / Math.log2(3)) / 2], null],
      },
      noPairs,
    ],
    sources: [
      "Gulin et al. 2011, Winning the transfer learning track of Yahoo!'s learning to rank challenge with YetiRank",
      "Lyzhin et al. 2023, Which tricks are important for learning to rank?, arXiv:2204.01500",
    ],
    libraries: { "TensorFlow Ranking": "YetiLogisticLoss is this, with noise of its own." },
  },
};
