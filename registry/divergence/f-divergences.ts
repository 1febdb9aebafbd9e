import type { Entries } from "../entry.ts";
import { distribution, logDistribution } from "../inputs.ts";
import { flag, positive, reduction } from "../options.ts";

const target = distribution(["n", "classes"]);
const inputs = { logProbabilities: logDistribution(["n", "classes"]), target };
const options = { logTarget: flag(false), reduction: reduction() };
const variants = [{ logTarget: true }, { reduction: "sum" }];

export const fDivergences: Entries = {
  totalVariation: {
    title: "Total variation distance",
    tasks: ["divergence"],
    formula: String.raw`\frac{1}{2} \sum_c \lvert p_c - q_c \rvert`,
    use: "As a bounded comparison with a plain meaning: how much the probability of any event can differ.",
    avoid: "For training from far away: where the signs are settled its gradient does not grow with the error.",
    inputs,
    options,
    variants,
    points: [{ at: "no class in common", inputs: [[[0, -1e4]], [[0, 1]]], value: 1, gradients: [[0.5, 0], null] }],
    sources: ["Gibbs and Su 2002, On choosing and bounding probability metrics, International Statistical Review 70"],
  },

  hellinger: {
    title: "Hellinger distance",
    tasks: ["divergence"],
    formula: String.raw`\sqrt{\frac{1}{2} \sum_c \left( \sqrt{p_c} - \sqrt{q_c} \right)^2}`,
    use: "As a bounded, symmetric distance whose square is smooth.",
    avoid: "When rare classes must weigh as their likelihood says; take klDivergence.",
    inputs,
    options: { squared: flag(false), ...options },
    variants: [{ squared: true }, ...variants],
    points: [
      {
        at: "equal distributions",
        inputs: [[[0, -1e4]], [[1, 0]]],
        value: 0,
        gradients: [
          [0, 0],
          [0, 0],
        ],
      },
    ],
    sources: ["Hellinger 1909, Neue Begründung der Theorie quadratischer Formen von unendlichvielen Veränderlichen"],
  },

  bhattacharyya: {
    title: "Bhattacharyya distance",
    tasks: ["divergence"],
    formula: String.raw`-\log \sum_c \sqrt{p_c\, q_c}`,
    use: "For how much two distributions overlap; it bounds the error of telling them apart.",
    avoid: "When they may have nothing in common, where it is infinite; take hellinger.",
    inputs,
    options,
    variants,
    points: [
      { at: "a certain prediction of an even target", inputs: [[[0, -1e4]], [[0.5, 0.5]]], value: Math.LN2 / 2 },
    ],
    sources: [
      "Bhattacharyya 1943, On a measure of divergence between two statistical populations defined by their probability distributions",
    ],
  },

  chiSquared: {
    title: "Pearson's chi-squared divergence",
    tasks: ["divergence"],
    formula: String.raw`\sum_c \frac{(p_c - q_c)^2}{q_c}`,
    use: "When probabilities that are predicted too small must cost most: it bounds klDivergence from above.",
    avoid: "When predictions may come near 0; it grows as p^2 / q.",
    inputs: {
      logProbabilities: logDistribution(["n", "classes"], {
        degenerate: { "nearly one-hot": new Array(5).fill([0, -40, -40, -40]) },
      }),
      target,
    },
    options,
    variants,
    points: [{ at: "equal distributions", inputs: [[[0, -40]], [[1, 0]]], value: 0, gradients: [[0, 0], null] }],
    sources: [
      "Pearson 1900, On the criterion that a given system of deviations from the probable can be reasonably supposed to have arisen from random sampling",
    ],
  },

  renyi: {
    title: "Rényi divergence",
    tasks: ["divergence"],
    formula: String.raw`\frac{1}{\alpha - 1} \log \sum_c p_c^\alpha\, q_c^{1 - \alpha}`,
    use: "For a family between Bhattacharyya's distance (alpha 1/2) and the worst case (large alpha), with klDivergence at 1.",
    avoid: "When no order is better than another: klDivergence is the usual one.",
    inputs,
    options: { alpha: positive(0.5), ...options },
    variants: [{ alpha: 2 }, { alpha: 1 }, ...variants],
    points: [{ at: "equal distributions", inputs: [[[0, -1e4]], [[1, 0]]], value: 0, gradients: [[-1, 0], null] }],
    sources: [
      "Rényi 1961, On measures of entropy and information",
      "van Erven and Harremoës 2014, Rényi divergence and Kullback-Leibler divergence, arXiv:1206.2459",
    ],
  },
};
