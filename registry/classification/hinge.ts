import * as losses from "../../src/losses/index.ts";
import type { Entries } from "../entry.ts";
import { labels, scores, signs } from "../inputs.ts";
import { flag, nonNegative, oneOf, other, reduction } from "../options.ts";

const perScore = { scores: scores(["n"]), targets: signs(["n"]) };
const perClass = { scores: scores(["n", "classes"]), labels: labels(["n"]) };
const convention = oneOf("signed", ["signed", "binary"]);
const together = {
  along: "score of a positive sample",
  from: -3,
  to: 3,
  lines: {
    hinge: (x) => losses.hinge(x, 1),
    squaredHinge: (x) => losses.squaredHinge(x, 1),
    softMargin: (x) => losses.softMargin(x, 1),
  },
} satisfies Entries[string]["curves"];

export const hinge: Entries = {
  hinge: {
    title: "Hinge loss (binary SVM)",
    tasks: ["binary"],
    formula: String.raw`\max(0,\ m - t\,x)`,
    use: "When only the decision counts, not a probability: samples beyond the margin stop pulling.",
    avoid: "When you need calibrated probabilities; take binaryCrossEntropyWithLogits.",
    inputs: perScore,
    options: { margin: nonNegative(1), labels: convention, reduction: reduction() },
    variants: [{ margin: 0.3 }, { reduction: "sum" }],
    points: [
      {
        at: "the margin",
        inputs: [
          [1, -1],
          [1, -1],
        ],
        value: 0,
        gradients: [[0, 0], null],
      },
    ],
    sources: ["Cortes and Vapnik 1995, Support-vector networks, Machine Learning 20"],
    libraries: {
      Keras: "turns {0, 1} labels into +-1 when all of a batch are in {0, 1}; here `labels` says so.",
      "TensorFlow.js": "tf.losses.hingeLoss takes {0, 1}, its layers' hinge +-1.",
    },
    curves: together,
  },

  squaredHinge: {
    title: "Squared hinge loss (L2-SVM)",
    tasks: ["binary"],
    formula: String.raw`\max(0,\ m - t\,x)^2`,
    use: "A hinge whose gradient does not jump, and which punishes large violations harder.",
    avoid: "With mislabelled samples: a far one outweighs many near ones.",
    inputs: perScore,
    options: { margin: nonNegative(1), labels: convention, reduction: reduction() },
    variants: [{ margin: 0.3 }],
    points: [
      {
        at: "labels 0 and 1",
        inputs: [[0.5], [0]],
        options: { labels: "binary" },
        value: 2.25,
        gradients: [[3], null],
      },
      {
        at: "the margin",
        inputs: [
          [1, -1],
          [1, -1],
        ],
        value: 0,
        gradients: [[0, 0], null],
      },
    ],
    sources: ["Tang 2013, Deep learning using linear support vector machines, arXiv:1306.0239"],
    curves: together,
  },

  softMargin: {
    title: "Soft margin loss (logistic loss of +-1)",
    tasks: ["binary"],
    formula: String.raw`\log\big(1 + e^{-t x}\big)`,
    use: "Binary cross-entropy where labels are +-1.",
    avoid: "With labels in [0, 1]; take binaryCrossEntropyWithLogits.",
    inputs: perScore,
    options: { labels: convention, reduction: reduction() },
    points: [{ at: "a score of -1e4 for a positive", inputs: [[-1e4], [1]], value: 1e4, gradients: [[-1], null] }],
    sources: ["Friedman, Hastie and Tibshirani 2000, Additive logistic regression, Annals of Statistics 28"],
    libraries: {
      PyTorch: "SoftMarginLoss overflows to infinity, with gradient NaN, for scores beyond 88 on the wrong side.",
    },
    curves: together,
  },

  multiMargin: {
    title: "Multi-class hinge loss of Weston and Watkins",
    tasks: ["multiclass"],
    formula: String.raw`\frac{w_y}{C} \sum_{j \ne y} \max(0,\ m - x_y + x_j)^p`,
    use: "A multi-class SVM in which every class that comes too near pays.",
    avoid: "When you need probabilities; take crossEntropy.",
    inputs: perClass,
    options: {
      p: oneOf(1, [1, 2]),
      margin: nonNegative(1),
      weight: other(null, "a factor for each class", [1], [-1, 1, 1, 1]),
      divideByClasses: flag(true),
      reduction: reduction(),
    },
    variants: [
      { p: 2, margin: 0.4 },
      { weight: [1, 2, 0.5, 0], divideByClasses: false },
    ],
    points: [{ at: "the margin", inputs: [[[1, 0]], [0]], value: 0, gradients: [[0, 0], null] }],
    sources: ["Weston and Watkins 1999, Support vector machines for multi-class pattern recognition, ESANN"],
  },

  crammerSinger: {
    title: "Multi-class hinge loss of Crammer and Singer",
    tasks: ["multiclass"],
    formula: String.raw`\max_j\big(x_j + m\,[j \ne y]\big) - x_y`,
    use: "A multi-class SVM in which only the worst class pays.",
    avoid: "When you need probabilities, or all wrong classes should be pressed down; take multiMargin.",
    inputs: perClass,
    options: { margin: nonNegative(1), reduction: reduction() },
    variants: [{ margin: 0.4 }],
    points: [
      {
        at: "two classes that tie for the worst",
        inputs: [[[0, 1, 1]], [0]],
        value: 2,
        gradients: [[-1, 0.5, 0.5], null],
      },
    ],
    sources: [
      "Crammer and Singer 2001, On the algorithmic implementation of multiclass kernel-based vector machines, JMLR 2",
    ],
    libraries: { Keras: "CategoricalHinge is another loss: categoricalHinge here." },
  },

  multiclassPerceptron: {
    title: "Multi-class perceptron loss",
    tasks: ["multiclass"],
    formula: String.raw`\max_j x_j - x_y`,
    use: "The classical online rule: only mistakes move the model. Structured prediction, with classes as structures.",
    avoid: "When classes should win by a margin; take crammerSinger.",
    inputs: perClass,
    options: { reduction: reduction() },
    points: [{ at: "all classes equal", inputs: [[[0, 0]], [0]], value: 0, gradients: [[-0.5, 0.5], null] }],
    sources: ["Collins 2002, Discriminative training methods for hidden Markov models, EMNLP"],
  },

  categoricalHinge: {
    title: "Categorical hinge (Keras)",
    tasks: ["multiclass"],
    formula: String.raw`\max\big(0,\ 1 + \max_c (1 - y_c)\,x_c - \textstyle\sum_c y_c x_c\big)`,
    use: "To reproduce models trained with Keras.",
    avoid: "Otherwise: the labelled class takes part in the maximum with score 0. Take crammerSinger.",
    inputs: { scores: scores(["n", "classes"]), labelsOrOneHot: labels(["n"]) },
    options: { reduction: reduction() },
    points: [
      {
        at: "all scores negative, where a margin is kept against 0",
        inputs: [[[-1, -3, -4]], [0]],
        value: 2,
        gradients: [[-1, 0, 0], null],
      },
    ],
    sources: ["Chollet et al. 2015, Keras"],
  },
};
