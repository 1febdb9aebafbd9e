import * as losses from "../../src/losses/index.ts";
import type { Entries } from "../entry.ts";
import { labels, scores, signs } from "../inputs.ts";
import { flag, nonNegative, oneOf, other, reduction } from "../options.ts";

const perScore = { scores: scores(["n"]), targets: signs(["n"]) };
const perClass = { scores: scores(["n", "classes"]), labels: labels(["n"]) };
const convention = oneOf("signed", ["signed", "binary"]);

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
      Keras: 'turns {0, 1} labels into +-1 when all of a batch are in {0, 1}; here labels: "binary" says so.',
      "TensorFlow.js": "tf.losses.hingeLoss takes {0, 1}, its layers' hinge +-1.",
    },
    curves: {
      along: "score of a positive sample",
      from: -3,
      to: 3,
      lines: {
        "margin 1": (x) => losses.hinge(x, 1),
        "margin 0": (x) => losses.hinge(x, 1, { margin: 0 }),
        squaredHinge: (x) => losses.squaredHinge(x, 1),
        softMargin: (x) => losses.softMargin(x, 1),
      },
    },
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
    sources: ["Weston and Watkins 1999, Support vector machines for multi-class pattern recognition, ESANN"],
  },
};
