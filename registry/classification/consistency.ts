import type { Entries } from "../entry.ts";
import { labels, scores } from "../inputs.ts";
import { fraction, nonNegative, reduction } from "../options.ts";
import { ignoreIndex, perClass } from "./labelled.ts";

const logits = scores(["n", "classes"]);
const target = labels(["n"]);

export const consistency: Entries = {
  jensenShannonConsistency: {
    title: "Jensen-Shannon consistency (AugMix)",
    tasks: ["multiclass", "regularisation"],
    formula: String.raw`-\log p_y + \frac{\alpha}{V} \sum_v \mathrm{KL}\left(p_v \,\middle\|\, \tfrac1V \sum_u p_u\right)`,
    use: "To make predictions stable under image corruption: augmented views must agree with the clean image.",
    avoid: "Where the augmentation changes the label.",
    inputs: {
      logits,
      augmentedLogits: scores(["m", "n", "classes"], { what: "logits of augmented views", seed: "views" }),
      labels: target,
    },
    sizes: { m: 2 },
    options: { alpha: nonNegative(12), labelSmoothing: fraction(0), ignoreIndex, reduction: reduction() },
    variants: [{ alpha: 0 }, { alpha: 2, labelSmoothing: 0.1, ignoreIndex: 0 }],
    points: [
      {
        at: "views that agree",
        inputs: [[[3, 3]], [[[0, 0]]], [0]],
        value: Math.LN2,
        gradients: [[-0.5, 0.5], [0, 0], null],
      },
    ],
    sources: [
      "Hendrycks et al. 2020, AugMix: a simple data processing method to improve robustness and uncertainty, arXiv:1912.02781",
    ],
    libraries: {
      timm: "JsdCrossEntropy takes all views in one tensor, smooths by 0.1, and clamps the mixture at 1e-7.",
    },
  },

  rDrop: {
    title: "R-Drop (regularised dropout)",
    tasks: ["multiclass", "regularisation"],
    formula: String.raw`-\log p_y - \log q_y + \frac{\alpha}{2}\left(\mathrm{KL}(p \| q) + \mathrm{KL}(q \| p)\right)`,
    use: "For fine-tuning with dropout: two passes of the same sample must agree.",
    avoid: "Without dropout, or when a second pass is too dear.",
    inputs: { logits, otherLogits: scores(["n", "classes"], { seed: "otherLogits" }), labels: target },
    options: { alpha: nonNegative(1), ignoreIndex, reduction: reduction() },
    variants: [{ alpha: 0 }, { alpha: 5, ignoreIndex: 0 }],
    points: [
      {
        at: "passes that agree",
        inputs: [[[2, 2]], [[0, 0]], [0]],
        value: 2 * Math.LN2,
        gradients: [[-0.5, 0.5], [-0.5, 0.5], null],
      },
    ],
    sources: ["Liang et al. 2021, R-Drop: regularized dropout for neural networks, arXiv:2106.14448"],
    libraries: {
      "open-retrievals":
        "takes the mean of the two cross-entropies and alpha / 4 of the divergences, half of this loss.",
    },
  },

  confidencePenalty: {
    title: "Cross-entropy with a confidence penalty (entropy bonus)",
    tasks: ["multiclass", "regularisation"],
    formula: String.raw`-\log p_y - \beta H(p)`,
    use: "Against over-confident predictions, as label smoothing is, yet without moving probability to classes that are plainly wrong.",
    avoid: "As a likelihood: the best prediction is no longer the true distribution.",
    inputs: perClass,
    options: { beta: nonNegative(0.1), ignoreIndex, reduction: reduction() },
    variants: [{ beta: 0 }, { beta: 1, ignoreIndex: 0 }],
    points: [{ at: "equal logits", inputs: [[[4, 4]], [0]], value: 0.9 * Math.LN2, gradients: [[-0.5, 0.5], null] }],
    sources: [
      "Pereyra et al. 2017, Regularizing neural networks by penalizing confident output distributions, arXiv:1701.06548",
    ],
  },
};
