import { concat } from "../../src/index.ts";
import * as losses from "../../src/losses/index.ts";
import { type Tensor, tensor } from "../../src/tensor/tensor.ts";
import type { Entries } from "../entry.ts";
import { flag, fraction, nonNegative, other, reduction, whole, within } from "../options.ts";
import { ignoreIndex, perClass } from "./labelled.ts";

/** Logits of two classes that x apart, of which the first is the label. */
const againstOne = (x: Tensor): Tensor => concat([x.reshape([1]), tensor([0], { dtype: x.dtype })]);

const sure = [[0, 1e4, 0, 0]];
const noPull = [[0, 0, 0, 0], null];

export const noiseRobust: Entries = {
  generalizedCrossEntropy: {
    title: "Generalised cross-entropy (GCE, L_q)",
    tasks: ["noise", "multiclass"],
    formula: String.raw`\frac{1 - p_y^q}{q}`,
    use: "When some labels are wrong: between cross-entropy (q towards 0), which learns fast, and 1 - p_y (q = 1), which wrong labels cannot mislead.",
    avoid: "With clean labels, where crossEntropy learns faster; with many classes, a q near 1 learns slowly.",
    inputs: perClass,
    options: {
      q: within(0.7, "in (0, 1]", 0, 1.1),
      truncation: other(null, "in (0, 1), or null", 0, 1, "1"),
      ignoreIndex,
      reduction: reduction(),
    },
    variants: [{ q: 0.3 }, { q: 1 }, { truncation: 0.2 }, { q: 0.5, ignoreIndex: 0 }],
    points: [
      { at: "a label that is certain to be wrong", inputs: [sure, [0]], value: 1 / 0.7, gradients: noPull },
      { at: "a label that is certain to be right", inputs: [sure, [1]], value: 0, gradients: noPull },
      {
        at: "a probability below the truncation",
        inputs: [[[0, 4]], [0]],
        options: { q: 1, truncation: 0.5 },
        value: 0.5,
        gradients: [[0, 0], null],
      },
      { at: "a batch of ignored labels", inputs: [[[1, 2]], [-100]], value: 0, gradients: [[0, 0], null] },
    ],
    sources: [
      "Zhang and Sabuncu 2018, Generalized cross entropy loss for training deep neural networks with noisy labels, arXiv:1805.07836",
    ],
    libraries: { Keras: "CategoricalGeneralizedCrossEntropy takes probabilities and has q 0.5; the paper has 0.7." },
    curves: {
      along: "logit of the label against one other class",
      from: -6,
      to: 4,
      lines: {
        "q 0.7": (x) => losses.generalizedCrossEntropy(againstOne(x), 0),
        "q 0.3": (x) => losses.generalizedCrossEntropy(againstOne(x), 0, { q: 0.3 }),
        "taylorCrossEntropy, 2 terms": (x) => losses.taylorCrossEntropy(againstOne(x), 0),
        probabilityMAE: (x) => losses.probabilityMAE(againstOne(x), 0),
        crossEntropy: (x) => losses.crossEntropy(againstOne(x), 0),
      },
    },
  },

  taylorCrossEntropy: {
    title: "Taylor cross-entropy",
    tasks: ["noise", "multiclass"],
    formula: String.raw`\sum_{j=1}^{T} \frac{(1 - p_y)^j}{j}`,
    use: "When some labels are wrong: few terms are robust, many learn like cross-entropy; the loss is at most 1 + 1/2 + ... + 1/T.",
    avoid: "With clean labels; take crossEntropy.",
    inputs: perClass,
    options: { terms: whole(2), ignoreIndex, reduction: reduction() },
    variants: [{ terms: 1 }, { terms: 6, reduction: "sum" }, { ignoreIndex: 0 }],
    points: [
      { at: "a label that is certain to be wrong", inputs: [sure, [0]], value: 1.5, gradients: noPull },
      { at: "a label that is certain to be right", inputs: [sure, [1]], value: 0, gradients: noPull },
    ],
    sources: ["Feng et al. 2020, Can cross entropy loss be robust to label noise?, IJCAI"],
  },

  probabilityMAE: {
    title: "Mean absolute error of probabilities (unhinged softmax)",
    tasks: ["noise", "multiclass"],
    formula: String.raw`1 - p_y = \tfrac12 \sum_c |p_c - y_c|`,
    use: "When many labels are wrong, alone or as the passive part of activePassive: its best model does not depend on symmetric noise.",
    avoid: "Alone with many classes: it hardly learns where p_y is still near 0. Take generalizedCrossEntropy.",
    inputs: perClass,
    options: { factor: within(1, "> 0", 0, -1), ignoreIndex, reduction: reduction() },
    variants: [{ factor: 2 }, { ignoreIndex: 0 }],
    points: [{ at: "a label that is certain to be wrong", inputs: [sure, [0]], value: 1, gradients: noPull }],
    sources: [
      "Ghosh, Kumar and Sastry 2017, Robust loss functions under label noise for deep neural networks, arXiv:1712.09482",
    ],
    libraries: { "Active-Passive-Losses": "the authors' MAE is 1 - p_y, factor 1; Ghosh et al. have factor 2." },
  },

  reverseCrossEntropy: {
    title: "Reverse cross-entropy (RCE)",
    tasks: ["noise", "multiclass"],
    formula: String.raw`-\sum_c p_c \log y_c = -A\,(1 - p_y), \quad \log 0 := A`,
    use: "As the robust part of symmetricCrossEntropy or activePassive.",
    avoid: "Alone; it is probabilityMAE times -A, and learns as slowly.",
    inputs: perClass,
    options: { logOfZero: within(-4, "< 0", 0, 1), ignoreIndex, reduction: reduction() },
    variants: [{ logOfZero: Math.log(1e-4) }, { ignoreIndex: 0 }],
    points: [{ at: "a label that is certain to be wrong", inputs: [sure, [0]], value: 4, gradients: noPull }],
    sources: ["Wang et al. 2019, Symmetric cross entropy for robust learning with noisy labels, arXiv:1908.06112"],
  },

  symmetricCrossEntropy: {
    title: "Symmetric cross-entropy (SCE, SL)",
    tasks: ["noise", "multiclass"],
    formula: String.raw`-\alpha \log p_y - \beta A\,(1 - p_y)`,
    use: "When some labels are wrong and cross-entropy fits them too closely in some classes while it learns others too little.",
    avoid: "With clean labels; take crossEntropy.",
    inputs: perClass,
    options: {
      alpha: nonNegative(0.1),
      beta: nonNegative(1),
      logOfZero: within(-4, "< 0", 0, 1),
      ignoreIndex,
      reduction: reduction(),
    },
    variants: [{ alpha: 6, beta: 0.1 }, { logOfZero: -9, ignoreIndex: 0 }, { alpha: 0 }],
    points: [{ at: "a label that is certain to be right", inputs: [sure, [1]], value: 0, gradients: noPull }],
    sources: ["Wang et al. 2019, Symmetric cross entropy for robust learning with noisy labels, arXiv:1908.06112"],
    libraries: {
      "Active-Passive-Losses":
        "clamps the labels at 1e-4, so logOfZero is log(1e-4) = -9.21, and the probabilities at 1e-7.",
    },
  },

  bootstrap: {
    title: "Bootstrapped cross-entropy (soft, hard)",
    tasks: ["noise", "multiclass"],
    formula: String.raw`-\sum_c \left(\beta\, y_c + (1 - \beta)\, t_c\right) \log p_c`,
    use: "When some labels are wrong and the model is already better than they are: its own prediction corrects them in part.",
    avoid: "From the first step on: an untrained model confirms its own guesses.",
    inputs: perClass,
    options: {
      beta: fraction(0.95),
      hard: flag(false),
      detach: flag(false),
      ignoreIndex,
      reduction: reduction(),
    },
    variants: [
      { beta: 0.8, hard: true },
      { beta: 0.3, ignoreIndex: 0 },
    ],
    points: [
      {
        at: "two classes that tie for the most probable, of which the first counts",
        inputs: [[[0, 0]], [1]],
        options: { hard: true, beta: 0 },
        value: Math.LN2,
        gradients: [[-0.5, 0.5], null],
      },
    ],
    sources: ["Reed et al. 2015, Training deep neural networks on noisy labels with bootstrapping, arXiv:1412.6596"],
  },
};
