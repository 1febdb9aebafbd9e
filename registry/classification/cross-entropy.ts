import * as losses from "../../src/losses/index.ts";
import { tensor } from "../../src/tensor/tensor.ts";
import type { Entries } from "../entry.ts";
import { fractions, labels, logDistribution, probabilities, scores } from "../inputs.ts";
import { finite, fraction, type Option, oneOf, other, reduction } from "../options.ts";

const perElement = { logits: scores(["n", "classes"]), targets: fractions(["n", "classes"]) };
const perClass = { logits: scores(["n", "classes"]), labelsOrProbabilities: labels(["n"]) };
const classWeight = other(null, "a factor for each class", [1], [-1, 1, 1, 1]);
const elementWeight = other(null, "a factor for each term, broadcasts", [1, 2, 3]);
const ignoreIndex: Option = { ...finite(-100), domain: "whole", wrong: [0.5] };

export const crossEntropy: Entries = {
  binaryCrossEntropyWithLogits: {
    title: "Binary cross-entropy with logits (sigmoid cross-entropy)",
    tasks: ["binary", "multilabel"],
    formula: String.raw`q\,y\,\operatorname{softplus}(-x) + (1 - y)\operatorname{softplus}(x)`,
    use: "The first choice for yes or no, and for any number of labels a sample: a calibrated probability, stable at any logit.",
    avoid: "When exactly one class is right: crossEntropy lets the classes compete.",
    inputs: perElement,
    options: {
      weight: elementWeight,
      posWeight: other(null, "a factor for positives, broadcasts", [1, 2, 3], -1),
      labelSmoothing: fraction(0),
      reduction: reduction(),
    },
    variants: [{ posWeight: 3 }, { weight: [1, 2, 0, 0.5], labelSmoothing: 0.1 }],
    points: [{ at: "a logit of -1e4 for a positive", inputs: [[-1e4], [1]], value: 1e4, gradients: [[-1], null] }],
    sources: ["Cox 1958, The regression analysis of binary sequences, Journal of the Royal Statistical Society B 20"],
    libraries: {
      "Keras, TensorFlow.js":
        "smooth labels as here, y (1 - s) + s / 2; segmentation_models_pytorch twice as much, y (1 - s) + (1 - y) s.",
    },
    curves: {
      along: "logit",
      from: -6,
      to: 6,
      lines: {
        "target 1": (x) => losses.binaryCrossEntropyWithLogits(x, 1),
        "target 0": (x) => losses.binaryCrossEntropyWithLogits(x, 0),
        "target 1, posWeight 3": (x) => losses.binaryCrossEntropyWithLogits(x, 1, { posWeight: 3 }),
      },
    },
  },

  crossEntropy: {
    title: "Cross-entropy (softmax, log loss)",
    tasks: ["multiclass", "segmentation", "sequence"],
    formula: String.raw`-\sum_c w_c\,y_c \log \operatorname{softmax}(x)_c`,
    use: "The first choice when exactly one class is right; also for soft targets and, with labelSmoothing, against overconfidence.",
    avoid: "When several labels may be right at once; take binaryCrossEntropyWithLogits.",
    inputs: perClass,
    options: {
      weight: classWeight,
      ignoreIndex,
      labelSmoothing: fraction(0),
      meanBy: oneOf(undefined, ["weight", "count"]),
      reduction: reduction(),
    },
    variants: [{ weight: [1, 2, 0.5, 0.25], meanBy: "count" }, { labelSmoothing: 0.1 }, { ignoreIndex: 1 }],
    points: [
      { at: "all ignored", inputs: [[[1, 2]], [-100]], value: 0, gradients: [[0, 0], null] },
      {
        at: "an impossible class of target 0",
        inputs: [[[1, Number.NEGATIVE_INFINITY]], tensor([[1, 0]])],
        value: 0,
        gradients: [[0, 0], null],
      },
      {
        at: "logits of +-1e4, the wrong way round",
        inputs: [[[-1e4, 1e4]], [0]],
        value: 2e4,
        gradients: [[-1, 1], null],
      },
    ],
    sources: [
      "Bridle 1990, Probabilistic interpretation of feedforward classification network outputs",
      "Szegedy et al. 2016, Rethinking the Inception architecture, arXiv:1512.00567 (label smoothing)",
    ],
    libraries: {
      PyTorch: "the mean over a batch in which all labels are ignored is NaN; otherwise the same, class axis included.",
      "optax, Keras": "classes on the last axis.",
      "TensorFlow.js":
        "the layers' categoricalCrossentropy goes through clipped probabilities: at most 16.118, and no gradient beyond.",
    },
    curves: {
      along: "logit of the labelled class, against one of 0",
      from: -6,
      to: 6,
      lines: {
        crossEntropy: (x) => losses.crossEntropy(x.mul([1, 0]), 0),
        "labelSmoothing 0.2": (x) => losses.crossEntropy(x.mul([1, 0]), 0, { labelSmoothing: 0.2 }),
        "softmaxFocal, gamma 2": (x) => losses.softmaxFocal(x.mul([1, 0]), 0),
        "poly, epsilon 1": (x) => losses.poly(x.mul([1, 0]), 0),
      },
    },
  },

  binaryCrossEntropy: {
    title: "Binary cross-entropy of probabilities (log loss)",
    tasks: ["binary", "multilabel"],
    formula: String.raw`-\big(y \log p + (1 - y) \log(1 - p)\big)`,
    use: "When only probabilities are at hand, from a model that does not give logits.",
    avoid: "When logits are at hand: binaryCrossEntropyWithLogits keeps digits and gradient where a sigmoid saturates.",
    inputs: {
      probabilities: probabilities(["n", "classes"]),
      targets: fractions(["n", "classes"]),
    },
    options: {
      weight: elementWeight,
      clamp: other("log100", '"log100" or { eps }', "log", { eps: 0.6 }, { eps: 0 }),
      reduction: reduction(),
    },
    variants: [{ clamp: { eps: 1e-7 } }, { weight: [1, 2, 0, 0.5] }],
    points: [
      {
        at: "p = 0 for y = 1, where the logarithm is cut at -100",
        inputs: [[0], [1]],
        value: 100,
        gradients: [[-1e12], null],
      },
      { at: "p = 1 for y = 1", inputs: [[1], [1]], value: 0, gradients: [[0], null] },
      {
        at: "p = 0 with Keras's clamp, whose gradient ends",
        inputs: [[0], [1]],
        options: { clamp: { eps: 1e-7 } },
        value: -Math.log(1e-7),
        gradients: [[0], null],
      },
    ],
    sources: ["Good 1952, Rational decisions, Journal of the Royal Statistical Society B 14"],
    libraries: {
      Keras: "clips probabilities to [1e-7, 1 - 1e-7]: at most 16.118, and no gradient beyond. clamp { eps: 1e-7 }.",
      PyTorch: "the same as here.",
    },
  },

  negativeLogLikelihood: {
    title: "Negative log-likelihood of classes (NLL)",
    tasks: ["multiclass"],
    formula: String.raw`-w_y \log p_y`,
    use: "When a model already gives log-probabilities.",
    avoid: "On logits; that is crossEntropy.",
    inputs: { logProbabilities: logDistribution(["n", "classes"]), labels: labels(["n"]) },
    options: { weight: classWeight, ignoreIndex, reduction: reduction() },
    variants: [{ weight: [1, 2, 0.5, 0.25] }, { ignoreIndex: 1, reduction: "none" }],
    points: [{ at: "all ignored", inputs: [[[-1, -2]], [-100]], value: 0, gradients: [[0, 0], null] }],
    sources: ["Fisher 1922, On the mathematical foundations of theoretical statistics"],
    curves: {
      along: "log-probability of the labelled class",
      from: -6,
      to: 0,
      lines: {
        "weight 1": (x) => losses.negativeLogLikelihood(x.reshape([1]), 0),
        "weight 2, summed": (x) => losses.negativeLogLikelihood(x.reshape([1]), 0, { weight: [2], reduction: "sum" }),
      },
    },
    libraries: { PyTorch: "the mean over a batch in which all labels are ignored is NaN." },
  },
};
