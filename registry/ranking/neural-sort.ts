import type { Entries } from "../entry.ts";
import { flag, nonNegative, positive, whole } from "../options.ts";
import { gain, generator, lists, perList } from "./lists.ts";

const nothing = { at: "nothing relevant", inputs: [[[0.3, -2]], [[0, 0]]], value: 0, gradients: [[0, 0], null] };
const single = { at: "one item", inputs: [[[5]], [[1]]], value: 0, gradients: [[0], null] };
const padded = { at: "padding only", inputs: [[[0.3, -2]], [[-1, -1]]], value: 0, gradients: [[0, 0], null] };
const ordered = {
  at: "the ideal order, far apart",
  inputs: [[[1e4, 0, -1e4]], [[2, 1, 0]]],
  value: 0,
  gradients: [[0, 0, 0], null],
};
const smooth = {
  temperature: positive(1),
  k: { ...whole(), default: null, domain: "whole, >= 1, or null" },
  gain,
  negate: flag(false),
  samples: whole(1),
  noise: nonNegative(0),
  generator,
};

export const neuralSort: Entries = {
  neuralSortCrossEntropy: {
    title: "NeuralSort cross-entropy",
    tasks: ["ranking"],
    formula: String.raw`-\frac{1}{n} \sum_r \sum_k P(y)_{rk} \log P(s)_{rk}`,
    use: "A whole permutation is to be learned, ties of the relevance included.",
    avoid: "When the top of the list is what counts; take neuralSortNDCG or neuralNDCG.",
    inputs: lists,
    options: { temperature: positive(1), ...perList("tfRanking") },
    variants: [{ temperature: 0.5 }, { average: "real" }, { average: "all" }, { preset: "tfRanking" }],
    points: [nothing, single, padded],
    sources: [
      "Grover et al. 2019, Stochastic optimization of sorting networks via continuous relaxations, arXiv:1903.08850",
    ],
    libraries: { "TensorFlow Ranking": "adds 1e-20 to the probabilities inside the logarithm." },
  },

  neuralSortNDCG: {
    title: "NeuralSort NDCG (PiRank)",
    tasks: ["ranking"],
    formula: String.raw`1 - \sum_r D(r) \sum_k P(s)_{rk}\, G_k`,
    use: "To optimise NDCG with a sort made smooth; the gradient reaches items of any distance at a high temperature.",
    avoid: "With long lists: P has items squared entries.",
    inputs: lists,
    options: { ...smooth, ...perList("tfRanking") },
    variants: [
      { temperature: 0.5, k: 2 },
      { gain: "linear", negate: true, average: "all" },
      { average: "real" },
      { noise: 1, samples: 3 },
      { preset: "tfRanking" },
    ],
    points: [ordered, nothing, single, padded],
    sources: ["Swezey et al. 2021, PiRank: Scalable learning to rank via differentiable sorting, arXiv:2012.06731"],
    libraries: { "TensorFlow Ranking": 'returns -NDCG: preset "tfRanking".' },
  },

  neuralNDCG: {
    title: "NeuralNDCG",
    tasks: ["ranking"],
    formula: String.raw`1 - \sum_r D(r) \sum_k \mathrm{Sinkhorn}(P(s))_{rk}\, G_k`,
    use: "As neuralSortNDCG, where no gain may be counted at two ranks.",
    avoid: "When time counts: every call scales the matrices fifty times.",
    inputs: lists,
    options: { transposed: flag(false), iterations: whole(50), ...smooth, ...perList("allRank") },
    variants: [
      { transposed: true, iterations: 5, k: 2 },
      { temperature: 0.5, iterations: 3, gain: "linear", negate: true, average: "all" },
      { average: "real", iterations: 1 },
      { noise: 1, samples: 3, iterations: 5 },
      { preset: "allRank", iterations: 10 },
    ],
    points: [ordered, nothing, single, padded],
    sources: ["Pobrotyn and Bialobrzeski 2021, NeuralNDCG, arXiv:2102.07831"],
    libraries: {
      allRank:
        "stops scaling at sums within 1e-6, and returns -NDCG; without a relevant item in the batch a constant without gradient.",
    },
  },
};
