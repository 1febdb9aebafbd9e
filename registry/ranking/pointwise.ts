import type { Entries } from "../entry.ts";
import { fractions, relevance, scores } from "../inputs.ts";
import { flag, positive, reduction } from "../options.ts";
import { lists, mask, perItem } from "./lists.ts";

const padded = { at: "padding only", inputs: [[[0.3, -2]], [[-1, -1]]], value: 0, gradients: [[0, 0], null] };
const averages = [{ average: "all" }, { preset: "tfRanking" }];

export const pointwise: Entries = {
  pointwiseSigmoid: {
    title: "Pointwise sigmoid cross-entropy",
    tasks: ["ranking", "binary"],
    formula: String.raw`-y_i \log\sigma(s_i) - (1 - y_i) \log(1 - \sigma(s_i))`,
    use: "Clicks or binary relevance, when the scores should be probabilities as well.",
    avoid: "When only the order counts: it spends itself on the level of every list; take a pairwise or listwise loss.",
    inputs: {
      scores: scores(["n", "items"]),
      relevance: fractions(["n", "items"], { what: "in [0, 1]; -1 is padding" }),
    },
    options: { clamp: flag(false), ...perItem("rax", "tfRanking") },
    variants: [...averages, { preset: "rax" }],
    points: [
      {
        at: "relevance above 1, clamped",
        inputs: [[[0]], [[3]]],
        options: { clamp: true },
        value: Math.LN2,
        gradients: [[-0.5], null],
      },
      { at: "scores of 0", inputs: [[[0, 0]], [[1, 0]]], value: Math.LN2, gradients: [[-0.25, 0.25], null] },
      {
        at: "padding in between",
        inputs: [[[0, 9, 0]], [[1, -1, 0]]],
        value: Math.LN2,
        gradients: [[-0.25, 0, 0.25], null],
      },
      padded,
    ],
    sources: ["Pasumarthi et al. 2019, TF-Ranking: Scalable TensorFlow library for learning-to-rank, arXiv:1812.00073"],
    libraries: {
      rax: 'takes relevance above 1 for 1: preset "rax".',
      "TensorFlow Ranking":
        "takes relevance above 1, where the loss has no lower bound; its Keras mean counts padding.",
      allRank: "bce takes probabilities, and divides the sum by the number of lists.",
    },
  },

  pointwiseMSE: {
    title: "Pointwise mean squared error",
    tasks: ["ranking", "regression"],
    formula: "(s_i - y_i)^2",
    use: "Relevance as a number to be predicted, over padded lists.",
    avoid: "When only the order counts; take a pairwise or listwise loss.",
    inputs: lists,
    options: perItem("rax", "tfRanking"),
    variants: [...averages, { preset: "rax" }],
    points: [
      { at: "padding in between", inputs: [[[0, 9, 1]], [[1, -1, 1]]], value: 0.5, gradients: [[-1, 0, 0], null] },
      padded,
    ],
    sources: ["Cossock and Zhang 2006, Subset ranking using regression, COLT"],
  },

  pointwiseRMSE: {
    title: "Pointwise root mean squared error",
    tasks: ["ranking", "regression"],
    formula: String.raw`\sqrt{\frac{1}{n} \sum_i (L s_i - y_i)^2}`,
    use: "As pointwiseMSE, where lists with large errors should not outweigh the others.",
    avoid: "Near an exact fit: its gradient keeps its length.",
    inputs: lists,
    options: { levels: positive(1), mask, reduction: reduction() },
    variants: [{ levels: 4 }],
    points: [
      { at: "an exact fit", inputs: [[[1, 2]], [[1, 2]]], value: 0, gradients: [[0, 0], null] },
      { at: "padding in between", inputs: [[[0, 9, 1]], [[1, -1, 0]]], value: 1, gradients: [[-0.5, 0, 0.5], null] },
      padded,
    ],
    sources: ["allRank, pointwise_rmse"],
    libraries: { allRank: "is NaN in lists that are all padding, and has a NaN gradient at an exact fit." },
  },

  pointwiseOrdinal: {
    title: "Pointwise ordinal",
    tasks: ["ranking", "ordinal"],
    formula: String.raw`\sum_{l=1}^{L} \mathrm{BCE}(\sigma(x_{il}),\ [y_i \ge l])`,
    use: "Graded relevance as levels, each passed or not, with an output for each.",
    avoid: "When the levels' probabilities must decrease: nothing makes them; take coral.",
    inputs: { logits: scores(["n", "items", 3]), relevance: relevance(["n", "items"]) },
    options: { fractions: flag(false), ...perItem("tfRanking") },
    variants: [{ fractions: true }, ...averages],
    points: [
      {
        at: "logits of 0",
        inputs: [[[[0, 0]]], [[1]]],
        value: 2 * Math.LN2,
        gradients: [[-0.5, 0.5], null],
      },
      {
        at: "a fraction of a level",
        inputs: [[[[0, 0]]], [[1.5]]],
        options: { fractions: true },
        value: 2 * Math.LN2,
        gradients: [[-0.5, 0], null],
      },
    ],
    sources: ["Niu et al. 2016, Ordinal regression with multiple output CNN for age estimation, CVPR"],
    libraries: { allRank: "ordinal takes probabilities." },
  },
};
