import type { Entries } from "../entry.ts";
import { fixed } from "../inputs.ts";
import { flag, oneOf, reduction } from "../options.ts";
import { activation, classes, half, ignoreIndex, ofLabels, ofMasks, sizes, smoothing } from "./masks.ts";

const { includeBackground, ...others } = classes;

export const generalizedDice: Entries = {
  generalizedDice: {
    title: "Generalised Dice loss (GDL)",
    tasks: ["segmentation", "imbalance"],
    formula: String.raw`1 - \frac{2 \sum_c w_c \sum p_c t_c + s}{\sum_c w_c \sum (p_c + t_c) + s}, \quad w_c = \Big(\sum t_c\Big)^{-2}`,
    use: "When classes of very different sizes are to share one coefficient, each weighed by the inverse of its area.",
    avoid: 'When a class may have only a few pixels: its weight drowns the others. Take weighting "simple", or dice.',
    inputs: ofMasks,
    sizes,
    options: {
      preset: oneOf("sudre", ["sudre", "monai"]),
      weighting: oneOf("square", ["square", "simple", "uniform"]),
      ...smoothing(),
      axis: oneOf("sample", ["sample", "batch"]),
      empty: oneOf("zero", ["zero", "one"]),
      softLabel: flag(false),
      includeBackground,
      ...others,
      reduction: reduction(),
    },
    variants: [
      { preset: "monai" },
      { weighting: "simple", axis: "batch", softLabel: true },
      { weighting: "uniform", includeBackground: false, empty: "one" },
      { activation: "softmax", smooth: 0.1, reduction: "sum" },
      { activation: "sigmoid", smoothNumerator: 0.1, smoothDenominator: 0.2 },
    ],
    points: [
      { at: "a perfect mask", inputs: [half, half], value: 0, gradients: [[-0.25, -0.25, 0.25, 0.25], null] },
      { at: "nothing that occurs", inputs: [[[[1, 0]]], [[[0, 0]]]], value: 0, gradients: [[0, 0], null] },
    ],
    sources: ["Sudre et al. 2017, Generalised Dice overlap as a deep learning loss function, arXiv:1707.03237"],
    libraries: {
      MONAI: "GeneralizedDiceLoss: smooth 1e-5, the same rule for classes that do not occur.",
      optax: "multiclass_generalized_dice_loss weighs the Dice loss of each class, which is another loss.",
    },
  },

  generalizedWassersteinDice: {
    title: "Generalised Wasserstein Dice loss",
    tasks: ["segmentation"],
    formula: String.raw`1 - \frac{2\,TP + s}{2\,TP + \sum W + s}, \quad W = \sum_c M_{yc}\,p_c, \quad TP = \sum_{y \ne 0} (1 - W)`,
    use: "When some confusions are worse than others, as in a tree of tissues: the matrix says how far apart classes are.",
    avoid: "When all confusions are alike; then the matrix says nothing.",
    inputs: {
      ...ofLabels,
      distances: fixed(["classes", "classes"], {
        what: "distances of classes, >= 0",
        values: [
          [0, 2, 2],
          [2, 0, 1],
          [2, 1, 0],
        ],
        degenerate: {
          "all 0": [
            [0, 0, 0],
            [0, 0, 0],
            [0, 0, 0],
          ],
        },
        wrong: {
          "a distance of -1": [
            [0, -1, 1],
            [1, 0, 1],
            [1, 1, 0],
          ],
        },
      }),
    },
    sizes,
    options: {
      weighting: oneOf("foreground", ["foreground", "volume"]),
      ...smoothing(),
      ignoreIndex,
      activation,
      reduction: reduction(),
    },
    variants: [
      { weighting: "volume", smooth: 1e-5 },
      { activation: "softmax", ignoreIndex: 1, reduction: "sum" },
      { activation: "sigmoid", smoothNumerator: 0.1, smoothDenominator: 0.2 },
    ],
    points: [
      {
        at: "a perfect background",
        inputs: [
          [
            [
              [1, 1],
              [0, 0],
            ],
          ],
          [[0, 0]],
          [
            [0, 1],
            [1, 0],
          ],
        ],
        value: 0,
        gradients: [[0, 0, 0, 0], null, null],
      },
    ],
    sources: [
      "Fidon et al. 2017, Generalised Wasserstein Dice score for imbalanced multi-class segmentation, arXiv:1707.00478",
    ],
    libraries: {
      MONAI: "GeneralizedWassersteinDiceLoss takes logits and smooths by 1e-5; its modes are called default and GDL.",
    },
  },
};
