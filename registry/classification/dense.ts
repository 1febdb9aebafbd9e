import type { Entries } from "../entry.ts";
import { binary, fractions, scores } from "../inputs.ts";
import { finite, flag, insideUnit, nonNegative, other, positive, reduction } from "../options.ts";

const logits = scores(["n", "classes"]);

export const dense: Entries = {
  focalStar: {
    title: "FL* (alternate focal loss)",
    tasks: ["imbalance", "detection"],
    formula: String.raw`-\tfrac1\gamma \log \sigma(\gamma x_t + \beta), \quad x_t = x\,(2y - 1)`,
    use: "The focal loss's shape from one logistic curve: cheaper, with the same effect.",
    avoid: "When values are compared with those of the focal loss.",
    inputs: { logits, targets: binary(["n", "classes"]) },
    options: {
      gamma: positive(1),
      beta: finite(0),
      alpha: other(null, "in [0, 1], or null", -0.1, 1.1),
      reduction: reduction(),
    },
    variants: [{ gamma: 2, beta: 1, alpha: 0.25 }],
    sources: ["Lin et al. 2017, Focal loss for dense object detection, arXiv:1708.02002, appendix"],
  },

  reducedFocal: {
    title: "Reduced focal loss",
    tasks: ["imbalance", "detection", "segmentation"],
    formula: String.raw`-\min\Big(1,\ \frac{1 - p_t}{\theta}\Big)^\gamma \log p_t \quad (\theta = \tfrac12)`,
    use: "A focal loss that does not also weaken the hard examples.",
    avoid: "When labels are noisy: the mislabelled keep all their pull.",
    inputs: { logits, targets: binary(["n", "classes"]) },
    options: { gamma: nonNegative(2), threshold: insideUnit(0.5), normalized: flag(false), reduction: reduction() },
    variants: [{ gamma: 0.5 }, { gamma: 3, threshold: 0.7 }, { gamma: 0 }],
    sources: ["Sergievskiy and Ponamarev 2019, Reduced focal loss: 1st place solution to xView, arXiv:1903.01347"],
  },

  qualityFocal: {
    title: "Quality focal loss (QFL)",
    tasks: ["detection"],
    formula: String.raw`|q - p|^\beta\,\big(-q \log p - (1 - q) \log(1 - p)\big)`,
    use: "A score that should say how good a box is, and not only whether there is one.",
    avoid: "With 0/1 targets: it is then the focal loss.",
    inputs: { logits, qualities: fractions(["n", "classes"]) },
    options: { beta: nonNegative(2), reduction: reduction() },
    variants: [{ beta: 1.5 }, { beta: 0.5 }],
    points: [{ at: "p = q", inputs: [[0], [0.5]], value: 0, gradients: [[0], null] }],
    sources: ["Li et al. 2020, Generalized focal loss, arXiv:2006.04388"],
  },

  varifocal: {
    title: "Varifocal loss (VFL)",
    tasks: ["detection"],
    formula: String.raw`\begin{cases} q\,\mathrm{BCE}(p, q) & q > 0 \\ \alpha\,p^\gamma\,\mathrm{BCE}(p, 0) & q = 0 \end{cases}`,
    use: "As qualityFocal, with all positives at their full weight and only negatives passed over.",
    avoid: "When positives are not rare.",
    inputs: {
      logits: scores([2, 4]),
      qualities: fractions([2, 4], {
        values: [
          [0, 0.3, 0.9, 1],
          [0, 0, 0.6, 0.5],
        ],
      }),
    },
    options: { alpha: nonNegative(0.75), gamma: nonNegative(2), weighPositives: flag(true), reduction: reduction() },
    variants: [{ alpha: 0.5, gamma: 1.5, weighPositives: false }],
    sources: ["Zhang et al. 2021, VarifocalNet, arXiv:2008.13367"],
  },

  gaussianFocal: {
    title: "Gaussian focal loss (heat maps)",
    tasks: ["detection"],
    formula: String.raw`\begin{cases} -(1 - p)^\alpha \log p & y = 1 \\ -(1 - y)^\gamma\,p^\alpha \log(1 - p) & \text{else} \end{cases}`,
    use: "Key points and centres of objects as peaks of a heat map: pixels near a peak count less as negatives.",
    avoid: "With hard 0/1 maps; take sigmoidFocal.",
    inputs: {
      logits: scores([2, 4]),
      heat: fractions([2, 4], {
        values: [
          [0, 0.3, 1, 0.9],
          [0, 1, 0.6, 0.5],
        ],
      }),
    },
    options: {
      alpha: nonNegative(2),
      gamma: nonNegative(4),
      normalizer: other(null, 'null, a number > 0, or "peaks"', 0, "positives"),
      reduction: reduction(),
    },
    variants: [{ alpha: 1.5, gamma: 3 }, { normalizer: "peaks" }],
    sources: ["Law and Deng 2018, CornerNet, arXiv:1808.01244"],
    libraries: { mmdetection: "takes probabilities, adds 1e-12 inside the logarithms." },
  },
};
