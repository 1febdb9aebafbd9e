import type { Entries } from "../entry.ts";
import { flag, nonNegative, oneOf, reduction, within } from "../options.ts";
import { ignoreIndex, perClass } from "./labelled.ts";

const source = "Ma et al. 2020, Normalized loss functions for deep learning with noisy labels, arXiv:2006.13554";
const alike = {
  at: "equal logits",
  inputs: [[[7, 7, 7, 7]], [2]],
  value: 0.25,
};

export const activePassive: Entries = {
  normalizedCrossEntropy: {
    title: "Normalised cross-entropy (NCE)",
    tasks: ["noise", "multiclass"],
    formula: String.raw`\frac{\log p_y}{\sum_c \log p_c}`,
    use: "As the active part of activePassive: bounded by 1, so a wrong label cannot pull without limit.",
    avoid: "Alone: robust, but it learns too little. Take activePassive.",
    inputs: perClass,
    options: { ignoreIndex, reduction: reduction() },
    variants: [{ ignoreIndex: 0 }, { reduction: "sum" }],
    points: [alike],
    sources: [source],
  },

  normalizedFocal: {
    title: "Normalised focal loss (NFL)",
    tasks: ["noise", "multiclass"],
    formula: String.raw`\frac{(1 - p_y)^\gamma \log p_y}{\sum_c (1 - p_c)^\gamma \log p_c}`,
    use: "As the active part of activePassive, where well-classified samples are to count less.",
    avoid: "Alone: robust, but it learns too little. Take activePassive.",
    inputs: perClass,
    options: { gamma: nonNegative(0.5), detachPt: flag(false), ignoreIndex, reduction: reduction() },
    variants: [{ gamma: 0 }, { gamma: 2 }, { ignoreIndex: 0 }, { detachPt: true }],
    detaches: (options) => "detachPt" in options,
    points: [
      alike,
      { at: "a label that is certain to be right", inputs: [[[0, 1e4]], [1]], value: 0, gradients: [[0, 0], null] },
    ],
    sources: [source],
    libraries: { "Active-Passive-Losses": "detaches (1 - p_c)^gamma (detachPt) and the whole denominator." },
  },

  activePassive: {
    title: "Active passive loss (APL)",
    tasks: ["noise", "multiclass"],
    formula: String.raw`\alpha \frac{\log p_y}{\sum_c \log p_c} + \beta\,(1 - p_y)`,
    use: "When many labels are wrong: one part raises the label, the other lowers the rest, and both are robust to noise.",
    avoid: "With clean labels; take crossEntropy.",
    inputs: perClass,
    options: {
      active: oneOf("normalizedCrossEntropy", ["normalizedCrossEntropy", "normalizedFocal"]),
      passive: oneOf("probabilityMAE", ["probabilityMAE", "reverseCrossEntropy"]),
      alpha: nonNegative(1),
      beta: nonNegative(1),
      gamma: nonNegative(0.5),
      logOfZero: within(-4, "< 0", 0, 1),
      ignoreIndex,
      reduction: reduction(),
    },
    variants: [
      { active: "normalizedFocal", gamma: 1 },
      { passive: "reverseCrossEntropy", logOfZero: -2, alpha: 10, beta: 0.1 },
      { active: "normalizedFocal", passive: "reverseCrossEntropy", ignoreIndex: 0 },
    ],
    points: [{ ...alike, value: 1 }],
    sources: [source],
    libraries: { "Active-Passive-Losses": "its reverse cross-entropy has logOfZero log(1e-4) = -9.21." },
  },
};
