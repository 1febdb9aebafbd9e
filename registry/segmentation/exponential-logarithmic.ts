import type { Entries } from "../entry.ts";
import { fraction, nonNegative, oneOf, positive } from "../options.ts";
import { activation, classWeight, half, ignoreIndex, ofMasks, pooling, sizes, total } from "./masks.ts";

export const exponentialLogarithmic: Entries = {
  combo: {
    title: "Combo loss",
    tasks: ["segmentation", "imbalance"],
    formula: String.raw`-\frac{\alpha}{N} \sum \big(\beta\,t \log p + (1 - \beta)(1 - t) \log(1 - p)\big) - (1 - \alpha) \frac{2 \sum p\,t + s}{\sum p + \sum t + s}`,
    use: "For masks that may overlap, when false positives and false negatives are to be weighed (beta) besides the overlap.",
    avoid: "When a loss of 0 should mean perfect: its least value is alpha - 1. diceCrossEntropy starts at 0.",
    inputs: ofMasks,
    sizes,
    options: {
      alpha: fraction(0.5),
      beta: fraction(0.5),
      smooth: nonNegative(1),
      axis: pooling,
      ignoreIndex,
      activation: oneOf("none", ["none", "sigmoid"]),
      reduction: total,
    },
    variants: [
      { alpha: 0.3, beta: 0.8, smooth: 0, axis: "batch" },
      { activation: "sigmoid", axis: "all", reduction: "sum" },
    ],
    points: [{ at: "a perfect mask", inputs: [half, half], value: -0.5 }],
    sources: ["Taghanaki et al. 2019, Combo loss, arXiv:1805.02798"],
  },

  exponentialLogarithmic: {
    title: "Exponential logarithmic loss",
    tasks: ["segmentation", "imbalance"],
    formula: String.raw`\lambda_d\,\mathbb{E}_c\big[(-\log D_c)^g\big] + \lambda_c\,\mathbb{E}\big[w_y (-\log p_y)^h\big]`,
    use: "For volumes with tiny structures, where its powers below 1 keep both good and bad overlaps pulling.",
    avoid: "When training ends in small steps: powers below 1 have slopes without bound near 0.",
    inputs: ofMasks,
    sizes,
    options: {
      diceWeight: nonNegative(0.8),
      crossEntropyWeight: nonNegative(0.2),
      diceGamma: positive(0.3),
      crossEntropyGamma: positive(0.3),
      smooth: positive(1),
      classWeight,
      ignoreIndex,
      activation,
      reduction: total,
    },
    variants: [
      { diceWeight: 2, crossEntropyWeight: 0.5, diceGamma: 1.5, crossEntropyGamma: 1, smooth: 0.1 },
      { classWeight: [1, 2, 0.5], activation: "softmax", reduction: "sum" },
      { activation: "sigmoid", crossEntropyGamma: 2 },
    ],
    points: [{ at: "a perfect mask", inputs: [half, half], value: 0, gradients: [[0, 0, 0, 0], null] }],
    sources: ["Wong et al. 2018, 3D segmentation with exponential logarithmic loss, arXiv:1809.00076"],
  },
};
