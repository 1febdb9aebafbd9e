import type { Entries } from "../entry.ts";
import { flag, nonNegative, oneOf, positive, whole } from "../options.ts";
import { gain, lists, perPair } from "./lists.ts";

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
};
