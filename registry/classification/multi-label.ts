import type { Entries } from "../entry.ts";
import { binary, fixed, fractions, labels, scores } from "../inputs.ts";
import { flag, fraction, nonNegative, other, reduction, within } from "../options.ts";

const many = { logits: scores(["n", "classes"]), targets: binary(["n", "classes"]) };

export const multiLabel: Entries = {
  multiLabelMargin: {
    title: "Multi-label margin loss",
    tasks: ["multilabel"],
    formula: String.raw`\frac1C \sum_{j \in Y} \sum_{i \notin Y} \max\big(0,\ 1 - (x_j - x_i)\big)`,
    use: "When every right label should score above every wrong one by a margin.",
    avoid: "When you need a probability for each label; take binaryCrossEntropyWithLogits.",
    inputs: {
      scores: scores([3, 4]),
      labelLists: fixed([3, 4], {
        what: "labels of each row, ended by -1, int32",
        dtype: "int32",
        values: [
          [3, 0, -1, 1],
          [2, -1, -1, -1],
          [0, 1, 2, 3],
        ],
        degenerate: {
          "no labels": [
            [-1, 0, 0, 0],
            [-1, -1, -1, -1],
            [-1, -1, -1, -1],
          ],
        },
        wrong: {
          "a label beyond the last class": [
            [4, 0, 1, 2],
            [0, 1, 2, 3],
            [0, 1, 2, 3],
          ],
        },
      }),
    },
    options: { reduction: reduction() },
    points: [
      { at: "a row without labels", inputs: [[[1, 2]], [[-1, 0]]], value: 0, gradients: [[0, 0], null] },
      { at: "the margin", inputs: [[[1, 0]], [[0, -1]]], value: 0, gradients: [[0, 0], null] },
    ],
    sources: ["Collobert et al. 2002, Torch: a modular machine learning software library"],
  },

  multiLabelSoftMargin: {
    title: "Multi-label soft margin loss",
    tasks: ["multilabel"],
    formula: String.raw`-\frac1C \sum_c w_c \big(y_c \log p_c + (1 - y_c) \log (1 - p_c)\big)`,
    use: "binaryCrossEntropyWithLogits with one value for each sample.",
    avoid: "When weights of positives are needed.",
    inputs: { logits: scores(["n", "classes"]), targets: fractions(["n", "classes"]) },
    options: { weight: other(null, "a factor for each class", [1], [-1, 1, 1, 1]), reduction: reduction() },
    variants: [{ weight: [1, 0, 2, 0.5] }],
    sources: ["Cox 1958, The regression analysis of binary sequences"],
    libraries: { PyTorch: "takes the last axis of three or more for that of the classes." },
  },

  asymmetric: {
    title: "Asymmetric loss (ASL)",
    tasks: ["multilabel", "imbalance"],
    formula: String.raw`-y\,(1 - p)^{\gamma_+} \log p - (1 - y)\,p_m^{\gamma_-} \log(1 - p_m), \quad p_m = \max(p - m, 0)`,
    use: "Many labels of which few are right: easy negatives fade, very easy ones vanish.",
    avoid: "When absent labels should be learnt to be absent with certainty.",
    inputs: { logits: scores(["n", "classes"]), targets: fractions(["n", "classes"]) },
    options: {
      gammaPositive: nonNegative(1),
      gammaNegative: nonNegative(4),
      clip: within(0.05, "in [0, 1)", -0.1, 1),
      detachWeights: flag(false),
      reduction: reduction(),
    },
    variants: [
      { gammaPositive: 0, clip: 0 },
      { gammaNegative: 0.5, clip: 0.2 },
      { gammaNegative: 0 },
      { detachWeights: true },
    ],
    detaches: (options) => "detachWeights" in options,
    points: [
      { at: "a negative below the clip", inputs: [[-4], [0]], value: 0, gradients: [[0], null] },
      { at: "a lost positive", inputs: [[-1e4], [1]], value: 1e4, gradients: [[-1], null] },
    ],
    sources: ["Ben-Baruch et al. 2021, Asymmetric loss for multi-label classification, arXiv:2009.14119"],
    libraries: {
      timm: "reduction is sum only; 1 - p is clamped at 1e-8, so that negatives with logits beyond 17 have no gradient.",
    },
  },

  asymmetricSingleLabel: {
    title: "Asymmetric loss of one label",
    tasks: ["multiclass", "imbalance"],
    formula: String.raw`-\sum_c \tilde y_c\,w_c \log p_c, \quad w_y = (1 - p_y)^{\gamma_+},\ w_{c \ne y} = p_c^{\gamma_-}`,
    use: "Label smoothing whose pull on other classes fades where they are already unlikely.",
    avoid: "Without smoothing: it is then softmaxFocal.",
    inputs: { logits: scores(["n", "classes"]), labels: labels(["n"]) },
    options: {
      gammaPositive: nonNegative(0),
      gammaNegative: nonNegative(4),
      labelSmoothing: fraction(0.1),
      reduction: reduction(),
    },
    variants: [{ gammaPositive: 1, gammaNegative: 2, labelSmoothing: 0.2 }, { labelSmoothing: 0 }],
    sources: ["Ben-Baruch et al. 2021, Asymmetric loss for multi-label classification, arXiv:2009.14119"],
  },

  zlpr: {
    title: "ZLPR (zero-bounded log-sum-exp and pairwise rank)",
    tasks: ["multilabel"],
    formula: String.raw`\log\Big(1 + \sum_{n} e^{x_n}\Big) + \log\Big(1 + \sum_{p} e^{-x_p}\Big)`,
    use: "Labels that depend on one another: every right one above every wrong one, with 0 in between.",
    avoid: "When you need a probability for each label.",
    inputs: many,
    options: { reduction: reduction() },
    points: [
      {
        at: "no positives, logits of -1e4",
        inputs: [
          [-1e4, -1e4],
          [0, 0],
        ],
        value: 0,
        gradients: [[0, 0], null],
      },
    ],
    sources: ["Su et al. 2022, ZLPR: a novel loss for multi-label classification, arXiv:2208.02955"],
  },

  oneVersusAll: {
    title: "One-versus-all cross-entropy (BCE of classes)",
    tasks: ["multiclass"],
    formula: String.raw`-\sum_c \big(y_c \log p_c + (1 - y_c) \log(1 - p_c)\big), \quad p = \sigma(x)`,
    use: "ImageNet recipes with mixed images: classes do not compete, several may be right.",
    avoid: "When probabilities must add up to 1.",
    inputs: { logits: scores(["n", "classes"]), labelsOrProbabilities: labels(["n"]) },
    options: {
      labelSmoothing: fraction(0.1),
      targetThreshold: other(null, "in [0, 1], or null", -0.1, 1.1),
      sumClasses: flag(false),
      reduction: reduction(),
    },
    variants: [{ labelSmoothing: 0, sumClasses: true }, { targetThreshold: 0.2 }],
    sources: ["Wightman, Touvron and Jégou 2021, ResNet strikes back, arXiv:2110.00476"],
  },
};
