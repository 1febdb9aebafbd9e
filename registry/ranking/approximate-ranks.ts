import type { Entries } from "../entry.ts";
import { flag, nonNegative, positive, reduction, whole } from "../options.ts";
import { gain, generator, lists, mask, perList } from "./lists.ts";

const nothing = { at: "nothing relevant", inputs: [[[0.3, -2]], [[0, 0]]], value: 0, gradients: [[0, 0], null] };
const padded = { at: "padding only", inputs: [[[0.3, -2]], [[-1, -1]]], value: 0, gradients: [[0, 0], null] };

export const approximateRanks: Entries = {
  approxNDCG: {
    title: "ApproxNDCG",
    tasks: ["ranking"],
    formula: String.raw`1 - \sum_i \frac{G_i}{\log_2(1 + \hat r_i)},\quad \hat r_i = 1 + \sum_{j \ne i} \sigma\Big(\frac{s_j - s_i}{T}\Big)`,
    use: "To optimise NDCG itself, with ranks made smooth by a sigmoid.",
    avoid:
      "From scores far apart on: the sigmoids are flat there and nothing moves; a higher temperature, or lambda, helps.",
    inputs: lists,
    options: { temperature: positive(0.1), gain, negate: flag(false), ...perList("tfRanking", "rax", "allRank") },
    variants: [
      { temperature: 1 },
      { gain: "linear", negate: true, average: "all" },
      { preset: "tfRanking" },
      { preset: "rax" },
      { preset: "allRank" },
    ],
    points: [
      { at: "one item", inputs: [[[5]], [[1]]], value: 0, gradients: [[0], null] },
      {
        at: "the ideal order, far apart",
        inputs: [[[1e4, 0, -1e4]], [[2, 1, 0]]],
        value: 0,
        gradients: [[0, 0, 0], null],
      },
      nothing,
      padded,
    ],
    sources: [
      "Qin et al. 2010, A general approximation framework for direct optimization of information retrieval measures",
      "Bruch et al. 2019, Revisiting approximate metric optimization in the age of deep neural networks, SIGIR",
    ],
    libraries: {
      "TensorFlow Ranking": 'returns -NDCG: preset "tfRanking".',
      rax: 'approx_t12n(ndcg_metric) returns -NDCG and has temperature 1: preset "rax".',
      allRank: 'returns -NDCG; its alpha of 1 is 1 / temperature: preset "allRank".',
    },
  },

  gumbelApproxNDCG: {
    title: "Gumbel ApproxNDCG",
    tasks: ["ranking"],
    formula: String.raw`\mathbb{E}_{g \sim \mathrm{Gumbel}}\ \mathrm{approxNDCG}(s + g)`,
    use: "As approxNDCG, where few lists or strong features make it overfit: the noise regularises.",
    avoid: "When losses are compared from step to step: it draws lots.",
    inputs: lists,
    options: {
      samples: whole(8),
      noise: nonNegative(1),
      generator,
      temperature: positive(0.1),
      gain,
      negate: flag(false),
      ...perList("tfRanking", "rax", "allRank"),
    },
    variants: [
      { noise: 0 },
      { average: "all" },
      { temperature: 0.5, samples: 3, gain: "linear" },
      { preset: "tfRanking" },
      { preset: "rax" },
    ],
    points: [{ at: "one item", inputs: [[[5]], [[1]]], value: 0, gradients: [[0], null] }, nothing, padded],
    sources: ["Bruch et al. 2020, A stochastic treatment of learning to rank scoring functions, WSDM"],
    libraries: {
      "TensorFlow Ranking":
        "takes the logarithm of softmax plus 1e-20 of the perturbed scores, which differs for scores 46 below the best.",
    },
  },

  approxMRR: {
    title: "ApproxMRR",
    tasks: ["ranking"],
    formula: String.raw`1 - \frac{\sum_i y_i / \hat r_i}{\sum_i y_i}`,
    use: "Lists with one relevant item, whose rank should be 1.",
    avoid: "With several relevant items of different grade; take approxNDCG.",
    inputs: lists,
    options: { temperature: positive(0.1), negate: flag(false), ...perList("tfRanking") },
    variants: [{ temperature: 1 }, { negate: true, average: "real" }, { average: "all" }, { preset: "tfRanking" }],
    points: [
      { at: "one item", inputs: [[[5]], [[1]]], value: 0, gradients: [[0], null] },
      {
        at: "equal scores",
        inputs: [[[3, 3]], [[1, 0]]],
        options: { temperature: 1 },
        value: 1 / 3,
        gradients: [[-1 / 9, 1 / 9], null],
      },
      nothing,
      padded,
    ],
    sources: [
      "Qin et al. 2010, A general approximation framework for direct optimization of information retrieval measures",
    ],
    libraries: {
      rax: "approx_t12n(mrr_metric) takes the best of the relevant items, those with y >= 1, in place of their mean.",
      "TensorFlow Ranking": 'returns -MRR: preset "tfRanking".',
    },
  },

  adrMSE: {
    title: "ADR-MSE (approximate discounted rank)",
    tasks: ["distillation", "ranking", "text"],
    formula: String.raw`\frac{(r_i - \hat r_i)^2}{\log_2(1 + r_i)},\quad \hat r_i = 1 + \sum_{j \ne i} \sigma(\alpha (s_j - s_i))`,
    use: "A cross-encoder that learns the order that a large language model gave.",
    avoid: "With few grades of relevance: items of equal relevance are drawn to one rank; take lambda.",
    inputs: lists,
    options: { alpha: positive(1), mask, reduction: reduction() },
    variants: [{ alpha: 3 }],
    points: [
      { at: "equal scores and equal relevance", inputs: [[[3, 3]], [[2, 2]]], value: 0, gradients: [[0, 0], null] },
      { at: "one item", inputs: [[[5]], [[1]]], value: 0, gradients: [[0], null] },
      padded,
    ],
    sources: ["Schlatt et al. 2025, Rank-DistiLLM, ECIR, arXiv:2405.07920"],
    libraries: { "sentence-transformers": "ADRMSELoss is this." },
  },
};
