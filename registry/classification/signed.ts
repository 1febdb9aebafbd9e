import * as losses from "../../src/losses/index.ts";
import type { Entries } from "../entry.ts";
import { scores, signs } from "../inputs.ts";
import { oneOf, reduction } from "../options.ts";

const inputs = { scores: scores(["n"], { seed: "mistakes" }), targets: signs(["n"]) };
const options = { labels: oneOf("signed", ["signed", "binary"]), reduction: reduction() };
const curves = {
  along: "score of a positive sample",
  from: -4,
  to: 4,
  lines: {
    modifiedHuber: (x) => losses.modifiedHuber(x, 1),
    savage: (x) => losses.savage(x, 1),
    tangent: (x) => losses.tangent(x, 1),
    perceptron: (x) => losses.perceptron(x, 1),
  },
} satisfies Entries[string]["curves"];

export const signed: Entries = {
  perceptron: {
    title: "Perceptron loss",
    tasks: ["binary"],
    formula: String.raw`\max(0,\ -t\,x)`,
    use: "The classical online rule: only mistakes move the model.",
    avoid: "When samples should be right by a margin; take hinge.",
    inputs,
    options,
    points: [{ at: "a score of 0", inputs: [[0], [1]], value: 0, gradients: [[0], null] }],
    sources: ["Rosenblatt 1958, The perceptron, Psychological Review 65"],
    libraries: { optax: "shares the gradient at 0 evenly: -1/2." },
    curves,
  },

  modifiedHuber: {
    title: "Modified Huber loss",
    tasks: ["binary", "noise"],
    formula: String.raw`\begin{cases} \max(0,\ 1 - t x)^2 & t x \ge -1 \\ -4\,t x & \text{else} \end{cases}`,
    use: "A smooth hinge that outliers pull with bounded strength.",
    avoid: "When you need calibrated probabilities.",
    inputs,
    options,
    points: [
      {
        at: "labels 0 and 1",
        inputs: [[0.5], [0]],
        options: { labels: "binary" },
        value: 2.25,
        gradients: [[3], null],
      },
      { at: "the end of the parabola", inputs: [[-1], [1]], value: 4, gradients: [[-4], null] },
    ],
    sources: [
      "Zhang 2004, Solving large scale linear prediction problems using stochastic gradient descent algorithms, ICML",
    ],
    curves,
  },

  exponential: {
    title: "Exponential loss (AdaBoost)",
    tasks: ["binary"],
    formula: "e^{-t x}",
    use: "Boosting, and to study it.",
    avoid: "With noisy labels or large scores: it grows without measure. Take softMargin.",
    inputs: { scores: scores(["n"], { extreme: 80 }), targets: signs(["n"]) },
    options,
    points: [
      {
        at: "labels 0 and 1",
        inputs: [[0.5], [0]],
        options: { labels: "binary" },
        value: Math.exp(0.5),
        gradients: [[Math.exp(0.5)], null],
      },
    ],
    sources: [
      "Freund and Schapire 1997, A decision-theoretic generalization of on-line learning and an application to boosting",
    ],
  },

  savage: {
    title: "Savage loss",
    tasks: ["binary", "noise"],
    formula: String.raw`\frac{1}{(1 + e^{t x})^2}`,
    use: "Mislabelled samples: those far on the wrong side let go.",
    avoid: "For a cold start far from the truth: there is no pull left there.",
    inputs,
    options,
    sources: ["Masnadi-Shirazi and Vasconcelos 2008, On the design of loss functions for classification, NeurIPS"],
    curves,
  },

  tangent: {
    title: "Tangent loss",
    tasks: ["binary", "noise"],
    formula: String.raw`\big(2 \arctan(t x) - 1\big)^2`,
    use: "Outliers on both sides: too right costs as well as wrong, and both are bounded.",
    avoid: "When scores should grow without bound.",
    inputs,
    options,
    points: [
      {
        at: "labels 0 and 1",
        inputs: [[0.5], [0]],
        options: { labels: "binary" },
        value: (2 * Math.atan(0.5) + 1) ** 2,
        gradients: [[(2 * (2 * Math.atan(0.5) + 1) * 2) / 1.25], null],
      },
    ],
    sources: [
      "Masnadi-Shirazi, Mahadevan and Vasconcelos 2010, On the design of robust classifiers for computer vision, CVPR",
    ],
    curves,
  },
};
