import * as losses from "../../src/losses/index.ts";
import type { Entries } from "../entry.ts";
import { fractions, labels, scores } from "../inputs.ts";
import { finite, flag, nonNegative, type Option, other, reduction } from "../options.ts";

const perElement = { logits: scores(["n", "classes"]), targets: fractions(["n", "classes"]) };
const perClass = { logits: scores(["n", "classes"]), labelsOrProbabilities: labels(["n"]) };
const ignoreIndex: Option = { ...finite(-100), domain: "whole", wrong: [0.5] };
const normalizer = other(null, 'null, a number > 0, or "positives"', 0, "negatives");
const epsilons = other(1, "a number or a list of numbers", Number.NaN, [1, Number.NaN]);

export const focal: Entries = {
  sigmoidFocal: {
    title: "Focal loss (sigmoid)",
    tasks: ["binary", "multilabel", "imbalance", "detection", "segmentation"],
    formula: String.raw`-\alpha_t\,(1 - p_t)^\gamma \log p_t`,
    use: "Many easy negatives, few positives, as in dense detection: what is classified well hardly pulls.",
    avoid: "When probabilities must be calibrated, or labels are noisy: it works hardest on the mislabelled.",
    inputs: perElement,
    options: {
      alpha: other(null, "in [0, 1], one for each class, or null", -0.1, 1.1, [0.1, 0.2]),
      gamma: nonNegative(2),
      detachPt: flag(false),
      normalizer,
      reduction: reduction(),
    },
    variants: [
      { alpha: 0.25, gamma: 1.5 },
      { gamma: 0.5, alpha: [0.1, 0.2, 0.5, 0.9] },
      { normalizer: "positives" },
      { gamma: 0 },
    ],
    points: [
      {
        at: "a saturated positive, gamma 0.5",
        inputs: [[100], [1]],
        options: { gamma: 0.5 },
        value: 0,
        gradients: [[0], null],
      },
      { at: "a lost positive", inputs: [[-1e4], [1]], value: 1e4, gradients: [[-1], null] },
    ],
    sources: ["Lin et al. 2017, Focal loss for dense object detection, arXiv:1708.02002"],
    libraries: {
      torchvision:
        "alpha defaults to 0.25; 1 - p by subtraction: for confident positives value and gradient are 0, and NaN for gamma below 1.",
      Keras: "alpha 0.25 applies only with apply_class_balancing; goes through clipped probabilities.",
    },
    curves: {
      along: "logit of a positive",
      from: -5,
      to: 5,
      lines: Object.fromEntries(
        [0, 0.5, 2, 5].map((gamma) => [`gamma ${gamma}`, (x) => losses.sigmoidFocal(x, 1, { gamma })]),
      ),
    },
  },

  softmaxFocal: {
    title: "Focal loss (softmax)",
    tasks: ["multiclass", "imbalance", "segmentation"],
    formula: String.raw`-\alpha_y\,(1 - p_y)^\gamma \log p_y`,
    use: "Several classes of very different size, of which exactly one is right.",
    avoid: "When probabilities must be calibrated, or labels are noisy.",
    inputs: perClass,
    options: {
      alpha: other(null, "a factor >= 0, one for each class, or null", -1, [1, 2]),
      gamma: nonNegative(2),
      ignoreIndex,
      detachPt: flag(false),
      normalizer,
      reduction: reduction(),
    },
    variants: [{ alpha: [1, 2, 0.5, 0.25], gamma: 0.5 }, { gamma: 0 }, { normalizer: 3 }, { ignoreIndex: 1 }],
    points: [{ at: "all ignored", inputs: [[[1, 2]], [-100]], value: 0, gradients: [[0, 0], null] }],
    sources: ["Lin et al. 2017, Focal loss for dense object detection, arXiv:1708.02002"],
    libraries: {
      Keras:
        "alpha multiplies all classes alike, 0.25 by default; goes through clipped probabilities, where the gradient ends.",
      "kornia, MONAI": "a number alpha gives class 0 the weight 1 - alpha.",
    },
  },

  poly: {
    title: "PolyLoss (softmax)",
    tasks: ["multiclass"],
    formula: String.raw`-\log p_t + \sum_{j} \varepsilon_j\,(1 - p_t)^j`,
    use: "To tune cross-entropy by one number: epsilon above 0 presses confident predictions on, below 0 lets go.",
    avoid: "Without a validation set to tune epsilon on.",
    inputs: perClass,
    options: { epsilon: epsilons, divideByIndex: flag(false), ignoreIndex, reduction: reduction() },
    variants: [{ epsilon: [1, -0.5, 2] }, { epsilon: [1, 1], divideByIndex: true }, { epsilon: 0 }],
    sources: ["Leng et al. 2022, PolyLoss, arXiv:2204.12511"],
    libraries: { optax: "epsilon defaults to 2.", "TF-Ranking, rax": "epsilon defaults to 1, as here." },
  },

  sigmoidPoly: {
    title: "PolyLoss (sigmoid)",
    tasks: ["binary", "multilabel"],
    formula: String.raw`-\log p_t + \sum_{j} \varepsilon_j\,(1 - p_t)^j`,
    use: "PolyLoss for problems with any number of labels.",
    avoid: "Without a validation set to tune epsilon on.",
    inputs: perElement,
    options: { epsilon: epsilons, divideByIndex: flag(false), reduction: reduction() },
    variants: [{ epsilon: [1, -0.5, 2] }, { epsilon: [1, 1], divideByIndex: true, reduction: "sum" }],
    sources: ["Leng et al. 2022, PolyLoss, arXiv:2204.12511"],
  },

  polyFocal: {
    title: "Poly-1 focal loss",
    tasks: ["imbalance", "detection"],
    formula: String.raw`-\alpha_t\,(1 - p_t)^\gamma \log p_t + \varepsilon\,(1 - p_t)^{\gamma + 1}`,
    use: "Detection with focal loss, where one more number may be tuned.",
    avoid: "Where plain focal loss already is hard to tune.",
    inputs: { logits: scores(["n", "classes"]), targets: labels(["n"]) },
    options: {
      epsilon: finite(1),
      alpha: other(null, "as for the focal loss", -1, [0.1, 0.2]),
      gamma: nonNegative(2),
      ignoreIndex,
      detachPt: flag(false),
      normalizer,
      reduction: reduction(),
    },
    variants: [{ epsilon: -1, alpha: 0.25, gamma: 1.5 }, { normalizer: 3 }, { reduction: "none" }],
    sources: ["Leng et al. 2022, PolyLoss, arXiv:2204.12511"],
  },
};
