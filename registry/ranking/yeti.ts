import type { Entries } from "../entry.ts";
import { flag, nonNegative, oneOf, positive, reduction, whole } from "../options.ts";
import { gain, generator, lists, mask } from "./lists.ts";

export const yeti: Entries = {
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
    variants: [{ noise: 0 }, { samples: 2 }, { gain: "linear", normalize: true, sigma: 2 }, { average: "pairs" }],
    points: [
      {
        at: "two items of equal score, without noise",
        inputs: [[[3, 3]], [[1, 0]]],
        options: { noise: 0 },
        value: (1 - 1 / Math.log2(3)) * Math.LN2,
        gradients: [[(-1 + 1 / Math.log2(3)) / 2, (1 - 1 / Math.log2(3)) / 2], null],
      },
      { at: "equal relevance", inputs: [[[0.3, -2]], [[2, 2]]], value: 0, gradients: [[0, 0], null] },
    ],
    sources: [
      "Gulin et al. 2011, Winning the transfer learning track of Yahoo!'s learning to rank challenge with YetiRank",
      "Lyzhin et al. 2023, Which tricks are important for learning to rank?, arXiv:2204.01500",
    ],
    libraries: { "TensorFlow Ranking": "YetiLogisticLoss is this, with noise of its own." },
  },
};
