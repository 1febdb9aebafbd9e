import type { Entries } from "../entry.ts";
import { positives, scores } from "../inputs.ts";
import { nonNegative, oneOf, other, positive, reduction, within } from "../options.ts";
import { ignoreIndex, perClass } from "./labelled.ts";

const counted = {
  ...perClass,
  classCounts: positives(["classes"], {
    what: "training samples of each class, above 0",
    differentiable: false,
    values: [100, 30, 7, 1],
    extremes: [1, 1e6],
    wrong: { "0": [0, 1, 1, 1] },
  }),
};

export const longTail: Entries = {
  logitAdjusted: {
    title: "Logit-adjusted cross-entropy",
    tasks: ["imbalance", "multiclass"],
    formula: String.raw`-\log \frac{\pi_y^\tau e^{x_y}}{\sum_c \pi_c^\tau e^{x_c}}, \quad \pi_c = \frac{n_c}{\sum n}`,
    use: "When classes are rare in training but count alike in the evaluation: the unadjusted logits then aim at the balanced error.",
    avoid: "When the classes will be as frequent in use as in training; take crossEntropy.",
    inputs: counted,
    options: { tau: nonNegative(1), ignoreIndex, reduction: reduction() },
    variants: [{ tau: 0 }, { tau: 1.5, ignoreIndex: 0 }],
    points: [
      {
        at: "logits that are the classes' log-frequencies reversed, where all classes are equal",
        inputs: [[[0, Math.log(3)]], [0], [3, 1]],
        value: Math.LN2,
        gradients: [[-0.5, 0.5], null, null],
      },
    ],
    sources: ["Menon et al. 2021, Long-tail learning via logit adjustment, arXiv:2007.07314"],
  },

  balancedSoftmax: {
    title: "Balanced softmax",
    tasks: ["imbalance", "multiclass"],
    formula: String.raw`-\log \frac{n_y e^{x_y}}{\sum_c n_c e^{x_c}}`,
    use: "As logitAdjusted with tau 1, under the name under which long-tailed recognition knows it.",
    avoid: "When the classes will be as frequent in use as in training; take crossEntropy.",
    inputs: counted,
    options: { ignoreIndex, reduction: reduction() },
    variants: [{ ignoreIndex: 0 }, { reduction: "sum" }],
    sources: ["Ren et al. 2020, Balanced meta-softmax for long-tailed visual recognition, arXiv:2007.10740"],
  },

  ldam: {
    title: "Label-distribution-aware margin loss (LDAM)",
    tasks: ["imbalance", "multiclass"],
    formula: String.raw`-\log \frac{e^{s (x_y - m_y)}}{e^{s (x_y - m_y)} + \sum_{c \ne y} e^{s x_c}}, \quad m_c = m \left(\frac{\min n}{n_c}\right)^{1/4}`,
    use: "When classes are rare and the logits are cosines: rare classes must win by a larger margin, which helps them generalise.",
    avoid: "With unbounded logits, which outgrow any margin; take logitAdjusted.",
    inputs: { ...counted, logits: scores(["n", "classes"], { what: "cosines, or any logits", std: 0.5 }) },
    options: {
      maxMargin: nonNegative(0.5),
      scale: positive(30),
      weight: other(null, "a factor for each class", [1], [-1, 1, 1, 1]),
      ignoreIndex,
      reduction: reduction(),
    },
    variants: [
      { maxMargin: 0.2, scale: 4 },
      { scale: 1, weight: [1, 2, 0.5, 0] },
      { scale: 2, ignoreIndex: 0 },
    ],
    sources: [
      "Cao et al. 2019, Learning imbalanced datasets with label-distribution-aware margin loss, arXiv:1906.07413",
    ],
    libraries: { "LDAM-DRW": "the authors' focal loss puts the class weight inside p_t; their LDAM is as here." },
  },

  seesaw: {
    title: "Seesaw loss",
    tasks: ["imbalance", "multiclass", "detection"],
    formula: String.raw`-\log \frac{e^{x_y}}{e^{x_y} + \sum_{c \ne y} \min\left(1, \frac{n_c}{n_y}\right)^p \max\left(1, \frac{p_c}{\max(p_y, \epsilon)}\right)^q e^{x_c}}`,
    use: "For long-tailed detection and recognition: samples of frequent classes push rare classes down less, unless they are mistaken for them.",
    avoid: "For mild imbalance, where logitAdjusted is simpler.",
    inputs: {
      ...perClass,
      classCounts: positives(["classes"], {
        what: "samples of each class seen so far, >= 0",
        differentiable: false,
        values: [100, 30, 7, 0],
        extremes: [0, 1e6],
      }),
    },
    options: {
      p: nonNegative(0.8),
      q: nonNegative(2),
      epsilon: within(0.01, "inside (0, 1)", 0, 1),
      ignoreIndex,
      reduction: reduction(),
    },
    variants: [{ p: 0 }, { q: 0 }, { p: 1.5, q: 0.5, epsilon: 0.3, ignoreIndex: 0 }],
    detaches: ({ q }: { q?: number }) => q !== 0,
    sources: ["Wang et al. 2021, Seesaw loss for long-tailed instance segmentation, arXiv:2008.10032"],
    libraries: { mmdetection: "SeesawLoss keeps the counts itself, as the class Seesaw does here." },
  },

  classBalanced: {
    title: "Class-balanced loss by the effective number of samples",
    tasks: ["imbalance", "multiclass"],
    formula: String.raw`w_y\, \ell(x, y), \quad w_c \propto \frac{1 - \beta}{1 - \beta^{n_c}}, \quad \sum_c w_c = C`,
    use: "When rare classes should weigh more, yet not in full inverse proportion to their counts.",
    avoid:
      "When one sample of a rare class would dominate a batch; logitAdjusted moves the boundary instead of the weight.",
    inputs: counted,
    options: {
      beta: within(0.9999, "inside (0, 1)", 0, 1),
      form: oneOf("softmax", ["softmax", "sigmoid", "focal"]),
      gamma: nonNegative(2),
      ignoreIndex,
      reduction: reduction(),
    },
    variants: [
      { beta: 0.9, form: "sigmoid" },
      { form: "focal", gamma: 0.5, ignoreIndex: 0 },
      { form: "focal", gamma: 0 },
    ],
    sources: ["Cui et al. 2019, Class-balanced loss based on effective number of samples, arXiv:1901.05555"],
    libraries: {
      "vandit15/Class-balanced-loss-pytorch":
        'means of the sigmoid form are over classes too, the focal form is divided by the number of samples, and its "softmax" is the binary cross-entropy of softmax outputs.',
    },
  },
};
