import type { Entries } from "../entry.ts";
import { fraction, nonNegative, reduction, within } from "../options.ts";
import { activation, ignoreIndex, ofMasks, sizes, total } from "./masks.ts";

const given = { ignoreIndex, activation };
const belowOne = (value: number) => within(value, "in [0, 1)", -0.1, 1, Number.NaN);
const perfect = [
  [
    [1, 0],
    [0, 1],
  ],
];

export const unifiedFocal: Entries = {
  asymmetricFocal: {
    title: "Asymmetric focal loss",
    tasks: ["segmentation", "imbalance"],
    formula: String.raw`-(1 - \delta)\,t_0 (1 - p_0)^\gamma \log p_0 - \delta \sum_{c > 0} t_c \log p_c`,
    use: "When the background drowns rare classes: only its easy pixels are passed over, those of the rare keep their gradient.",
    avoid: "When class 0 is not a background; take softmaxFocal.",
    inputs: ofMasks,
    sizes,
    options: { delta: fraction(0.7), gamma: nonNegative(2), ...given, reduction: reduction() },
    variants: [
      { delta: 0.3, gamma: 0.5 },
      { activation: "softmax", gamma: 0 },
      { activation: "sigmoid", reduction: "sum" },
    ],
    points: [{ at: "a perfect prediction", inputs: [perfect, perfect], value: 0, gradients: [[0, 0, 0, -0.35], null] }],
    sources: ["Yeung et al. 2022, Unified focal loss, arXiv:2102.04525"],
    libraries: { MONAI: "AsymmetricFocalLoss has two classes, and its mean is over them as well: half of this." },
  },

  asymmetricFocalTversky: {
    title: "Asymmetric focal Tversky loss",
    tasks: ["segmentation", "imbalance"],
    formula: String.raw`\frac{1}{C} \Big( (1 - TI_0) + \sum_{c > 0} (1 - TI_c)^{1 - \gamma} \Big)`,
    use: "To dwell on poor overlaps of rare classes while the background's counts as it is.",
    avoid: "Near the end of training with a large gamma: its slope grows without bound as a loss falls to 0.",
    inputs: ofMasks,
    sizes,
    options: {
      delta: fraction(0.7),
      gamma: belowOne(0.75),
      smooth: nonNegative(1e-7),
      ...given,
      reduction: reduction(),
    },
    variants: [
      { delta: 0.3, gamma: 0 },
      { smooth: 0, activation: "softmax" },
      { activation: "sigmoid", reduction: "sum" },
    ],
    points: [
      {
        at: "a perfect prediction",
        inputs: [perfect, perfect],
        options: { smooth: 0 },
        value: 0,
        gradients: [[-0.35, 0.15, 0, 0], null],
      },
    ],
    sources: ["Yeung et al. 2022, Unified focal loss, arXiv:2102.04525"],
    libraries: {
      MONAI: "AsymmetricFocalTverskyLoss has two classes, smooths by 1e-7 and clips probabilities to [1e-7, 1 - 1e-7].",
    },
  },

  unifiedFocal: {
    title: "Unified focal loss (asymmetric)",
    tasks: ["segmentation", "imbalance"],
    formula: String.raw`\lambda\,L_{aF}(\delta, \gamma) + (1 - \lambda)\,L_{aFT}(\delta, \gamma)`,
    use: "Pixels and overlaps of rare classes in one loss with three numbers to set.",
    avoid: "When diceCrossEntropy does: it has fewer.",
    inputs: ofMasks,
    sizes,
    options: { weight: fraction(0.5), delta: fraction(0.6), gamma: belowOne(0.5), ...given, reduction: total },
    variants: [
      { weight: 0.2, delta: 0.7, gamma: 0.2 },
      { activation: "softmax", reduction: "sum" },
      { activation: "sigmoid" },
    ],
    sources: ["Yeung et al. 2022, Unified focal loss, arXiv:2102.04525"],
    libraries: {
      MONAI: "AsymmetricUnifiedFocalLoss has two classes and delta 0.7; its focal part is half of this one's.",
    },
  },
};
