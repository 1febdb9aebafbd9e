import type { Entries } from "../entry.ts";
import { fractions, probabilities, scores } from "../inputs.ts";
import { nonNegative, oneOf, positive, reduction } from "../options.ts";

export const severalLabels: Entries = {
  multiPositiveCrossEntropy: {
    title: "Cross-entropy with several right classes",
    tasks: ["multilabel", "multiclass"],
    formula: String.raw`-\frac{\sum_c y_c \log p_c}{\sum_c y_c}`,
    use: "When each sample has a few right classes that share one softmax, such as hashtags or the matches of a query.",
    avoid: "When labels are independent of one another; take binaryCrossEntropyWithLogits.",
    inputs: {
      logits: scores(["n", "classes"]),
      targets: fractions(["n", "classes"], { what: "1 for right classes, 0 for others; weights in [0, 1]" }),
    },
    options: { reduction: reduction() },
    variants: [{ reduction: "sum" }],
    points: [
      {
        at: "a sample without a right class, which does not count",
        inputs: [
          [
            [1, 2],
            [3, 3],
          ],
          [
            [0, 0],
            [1, 0],
          ],
        ],
        value: Math.LN2,
        gradients: [[0, 0, -0.5, 0.5], null],
      },
      { at: "all classes right", inputs: [[[3, 3]], [[1, 1]]], value: Math.LN2, gradients: [[0, 0], null] },
    ],
    sources: ["Mahajan et al. 2018, Exploring the limits of weakly supervised pretraining, arXiv:1805.00932"],
  },

  softFBeta: {
    title: "Soft F-beta loss (soft F1)",
    tasks: ["binary", "multilabel", "imbalance"],
    formula: String.raw`1 - \frac{(1 + \beta^2)\, TP}{(1 + \beta^2)\, TP + \beta^2 FN + FP}, \quad TP = \sum y\, p`,
    use: "When the evaluation is an F measure and positives are rare; beta > 1 favours recall.",
    avoid:
      "With small batches, which hold too few positives for their F to mean something; and for calibrated probabilities.",
    inputs: { probabilities: probabilities(["n", "classes"]), targets: fractions(["n", "classes"]) },
    options: {
      beta: positive(1),
      average: oneOf("micro", ["micro", "macro", "samples"]),
      smooth: nonNegative(0),
      reduction: reduction(),
    },
    variants: [
      { beta: 2, average: "macro" },
      { average: "samples", smooth: 1 },
      { beta: 0.5, average: "samples", reduction: "sum" },
    ],
    points: [
      { at: "nothing to find and nothing found", inputs: [[[0, 0]], [[0, 0]]], value: 0, gradients: [[0, 0], null] },
      { at: "a perfect prediction", inputs: [[[1, 0]], [[1, 0]]], value: 0, gradients: [[-0.5, 0.5], null] },
      { at: "a prediction that misses all", inputs: [[[0, 1]], [[1, 0]]], value: 1, gradients: [[-1, 0], null] },
    ],
    sources: ["van Rijsbergen 1979, Information Retrieval, 2nd edition (the measure)"],
    libraries: {
      pytorch_optimizer:
        "SoftF1Loss exchanges false positives and false negatives, so its beta is 1 / beta here, and adds 1e-6 to each denominator.",
    },
  },
};
