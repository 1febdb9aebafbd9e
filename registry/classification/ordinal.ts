import { eye } from "../../src/index.ts";
import * as losses from "../../src/losses/index.ts";
import type { Entries } from "../entry.ts";
import { labels, relevance, scores } from "../inputs.ts";
import { flag, oneOf, other, positive, reduction } from "../options.ts";
import { ignoreIndex, perClass } from "./labelled.ts";

const perThreshold = {
  logits: scores(["n", "thresholds"], { what: "a logit for each threshold between levels" }),
  labels: labels(["n"], { what: "levels 0 .. K - 1, int32", classes: "levels" }),
};
const sizes = { thresholds: 3, levels: 4 };

export const ordinal: Entries = {
  coral: {
    title: "CORAL (consistent rank logits)",
    tasks: ["ordinal"],
    formula: String.raw`\sum_{k=0}^{K-2} \lambda_k \left(\log(1 + e^{x_k}) - [y > k]\, x_k\right)`,
    use: "For levels in order, such as ages or grades, with one score shared by all thresholds.",
    avoid: "When the thresholds need features of their own; take corn.",
    inputs: perThreshold,
    sizes,
    options: { importance: other(null, "a factor for each threshold", [1], [-1, 1, 1]), reduction: reduction() },
    variants: [{ importance: [1, 0.5, 0] }, { reduction: "sum" }],
    points: [{ at: "logits of 0", inputs: [[[0, 0]], [1]], value: 2 * Math.LN2, gradients: [[-0.5, 0.5], null] }],
    sources: [
      "Cao, Mirjalili and Raschka 2020, Rank consistent ordinal regression for neural networks with application to age estimation, arXiv:1901.07884",
    ],
    libraries: { "coral-pytorch": "takes the levels as rows of 1 and 0, one for each threshold." },
  },

  corn: {
    title: "CORN (conditional ordinal regression)",
    tasks: ["ordinal"],
    formula: String.raw`\frac{\sum_i \sum_{k \le y_i} \log(1 + e^{x_{ik}}) - [y_i > k]\, x_{ik}}{\sum_i \left|\{k : k \le y_i\}\right|}`,
    use: "For levels in order, with a free logit for each threshold: conditional probabilities keep the levels consistent.",
    avoid: "With few samples in the upper levels, whose questions are asked rarely; take coral.",
    inputs: perThreshold,
    sizes,
    options: { reduction: reduction() },
    variants: [{ reduction: "sum" }],
    points: [
      {
        at: "the lowest level, of which one question is asked",
        inputs: [[[0, 9]], [0]],
        value: Math.LN2,
        gradients: [[0.5, 0], null],
      },
    ],
    sources: [
      "Shi, Cao and Raschka 2021, Deep neural networks for rank consistent ordinal regression based on conditional probabilities, arXiv:2111.08851",
    ],
    libraries: {
      "coral-pytorch": "versions before the count was corrected divide by the number of classes; 1.4.0 is as here.",
    },
  },

  ordinal: {
    title: "Cumulative binary cross-entropy of graded targets",
    tasks: ["ordinal", "ranking"],
    formula: String.raw`\sum_{k=0}^{K-2} \log(1 + e^{x_k}) - [y \ge k + 1]\, x_k`,
    use: "For levels in order that may lie between whole ones, such as mean opinion scores or graded relevance.",
    avoid: "When levels are whole numbers; coral says the same with labels.",
    inputs: {
      logits: scores(["n", "thresholds"], { what: "a logit for each threshold between levels" }),
      targets: relevance(["n"], {
        what: "levels in [0, K - 1], whole or between",
        degenerate: { "some padding": null, "all padding": null },
        wrong: { "-1": [-1, 0, 0, 0, 0], "beyond the last level": [3.5, 0, 0, 0, 0] },
      }),
    },
    sizes,
    options: { fractions: flag(false), reduction: reduction() },
    variants: [{ fractions: true }, { reduction: "sum" }],
    points: [
      { at: "a level just reached", inputs: [[[0, 0]], [1]], value: 2 * Math.LN2, gradients: [[-0.5, 0.5], null] },
      {
        at: "half a level",
        inputs: [[[0, 0]], [0.5]],
        options: { fractions: true },
        value: 2 * Math.LN2,
        gradients: [[0, 0.5], null],
      },
    ],
    sources: ["McCullagh 1980, Regression models for ordinal data, Journal of the Royal Statistical Society B 42"],
    libraries: {
      "TensorFlow Ranking": "OrdinalLoss; use_fraction_label is fractions here.",
      allRank: "ordinal takes probabilities, and averages over the thresholds.",
    },
  },

  weightedKappa: {
    title: "Weighted kappa loss (quadratic, linear)",
    tasks: ["ordinal"],
    formula: String.raw`\log\left(\frac{\sum_i \sum_c w_{y_i c}\, p_{ic}}{\frac1n \sum_{i,j} \sum_c w_{y_i c}\, p_{jc}} + \epsilon\right), \quad w_{ab} = (a - b)^2`,
    use: "When the evaluation is Cohen's weighted kappa, as in medical grading, and batches are large.",
    avoid: "With small batches, whose statistics are noise; start from crossEntropy or coral.",
    inputs: perClass,
    options: { weighting: oneOf("quadratic", ["quadratic", "linear"]), log: flag(true), epsilon: positive(1e-6) },
    variants: [{ weighting: "linear" }, { log: false }, { epsilon: 0.1 }],
    points: [
      {
        at: "a prediction by chance",
        inputs: [
          [
            [0, 0],
            [0, 0],
          ],
          [0, 1],
        ],
        options: { log: false },
        value: 1,
      },
      {
        at: "one level, predicted for certain",
        inputs: [[[1e4, 0]], [0]],
        value: Math.log(1e-6),
        gradients: [[0, 0], null],
      },
    ],
    sources: [
      "de la Torre, Puig and Valls 2018, Weighted kappa loss function for multi-class classification of ordinal data in deep learning, Pattern Recognition Letters 105",
    ],
    curves: {
      along: "logit of the right level, of three, in each of three samples",
      from: -4,
      to: 6,
      lines: {
        quadratic: (x) => losses.weightedKappa(x.mul(eye(3)), [0, 1, 2]),
        linear: (x) => losses.weightedKappa(x.mul(eye(3)), [0, 1, 2], { weighting: "linear" }),
        "1 - kappa": (x) => losses.weightedKappa(x.mul(eye(3)), [0, 1, 2], { log: false }),
      },
    },
    libraries: { "TensorFlow Addons": "WeightedKappaLoss takes probabilities and one-hot labels." },
  },

  squaredEarthMover: {
    title: "Squared earth mover's distance over levels (EMD, NIMA)",
    tasks: ["ordinal"],
    formula: String.raw`\sum_k (P_k - Y_k)^2, \quad P_k = \sum_{c \le k} p_c`,
    use: "For levels in order, above all with distributions of votes as targets: mass far from its place costs more.",
    avoid: "For classes without an order; take crossEntropy.",
    inputs: perClass,
    options: { root: flag(false), ignoreIndex, reduction: reduction() },
    variants: [{ root: true }, { ignoreIndex: 0 }],
    points: [{ at: "equal logits", inputs: [[[4, 4]], [0]], value: 0.25, gradients: [[-0.25, 0.25], null] }],
    sources: [
      "Hou, Yu and Samaras 2016, Squared earth mover's distance-based loss for training deep neural networks, arXiv:1611.05916",
      "Talebi and Milanfar 2018, NIMA: neural image assessment, arXiv:1709.05424",
    ],
  },
};
