import { concat, type Tensor } from "../../src/index.ts";
import * as losses from "../../src/losses/index.ts";
import type { Entries } from "../entry.ts";
import { flag, fraction, nonNegative, type Option, oneOf, other } from "../options.ts";
import { classWeight, half, ignoreIndex, ofLogits, pooling, sizes, smoothing, total } from "./masks.ts";

const choice = oneOf("softmax", ["softmax", "sigmoid"]);
const parts: Record<string, Option> = { includeBackground: flag(true), ignoreIndex, activation: choice };
const diceOptions: Record<string, Option> = {
  squared: flag(false),
  jaccard: flag(false),
  ...smoothing(),
  axis: pooling,
  empty: oneOf("zero", ["zero", "one", "mask"]),
  classWeight,
  ...parts,
  diceWeight: nonNegative(1),
};
const focalOptions: Record<string, Option> = {
  focalWeight: nonNegative(1),
  gamma: nonNegative(2),
  alpha: other(null, "in [0, 1]", -0.1, 1.1),
};
const diceVariants = [
  { squared: true, jaccard: true, smooth: 1e-5 },
  { smoothNumerator: 0.1, smoothDenominator: 0.3, axis: "batch", empty: "mask" },
  { classWeight: [1, 2, 0.5], includeBackground: false, reduction: "sum" },
  { activation: "sigmoid", classWeight: [1, 2, 0.5], diceWeight: 0.3 },
  { activation: "sigmoid", empty: "one" },
];

/** Logits of a mask: x in the two pixels of the target, -2 in the two others. */
const logits = (x: Tensor): Tensor => {
  const one = x.reshape([1, 1, 1]);
  return concat([one, one, one.mul(0).sub(2), one.mul(0).sub(2)], 2);
};
const binary = { activation: "sigmoid" } as const;
const curves = {
  along: "logit of the pixels of the target",
  from: -5,
  to: 5,
  lines: {
    diceCrossEntropy: (x: Tensor) => losses.diceCrossEntropy(logits(x), half, binary),
    diceFocal: (x: Tensor) => losses.diceFocal(logits(x), half, binary),
    "dice alone": (x: Tensor) => losses.dice(logits(x), half, { ...binary, squared: false }),
  },
};

export const combined: Entries = {
  diceCrossEntropy: {
    title: "Dice + cross-entropy (DiceCE, the nnU-Net loss)",
    tasks: ["segmentation", "imbalance"],
    formula: String.raw`\lambda_d \left(1 - \frac{2 \sum p\,t + s}{\sum p + \sum t + s}\right) - \lambda_c \frac{1}{N} \sum t \log p`,
    use: "The first loss to try for labelling pixels: the overlap for rare classes, the cross-entropy for a gradient everywhere.",
    avoid: "When classes are balanced and crossEntropy alone does.",
    inputs: ofLogits,
    sizes,
    options: { ...diceOptions, crossEntropyWeight: nonNegative(1), labelSmoothing: fraction(0), reduction: total },
    variants: [...diceVariants, { crossEntropyWeight: 0.3, labelSmoothing: 0.2 }],
    points: [
      {
        at: "nothing to find and nothing found, with empty one",
        inputs: [[[[-1e4, -1e4]]], [[[0, 0]]]],
        options: { ...binary, empty: "one" },
        value: 1,
        gradients: [[0, 0], null],
      },
      { at: "one class, even logits", inputs: [[[[0, 0]]], [[[1, 0]]]], options: binary, value: 0.5 + Math.LN2 },
    ],
    sources: ["Isensee et al. 2018, nnU-Net, arXiv:1809.10486"],
    libraries: {
      MONAI:
        "DiceCELoss smooths by 1e-5; for several classes its cross-entropy is that of the softmax even when sigmoid is set; for one, the class weight is a pos_weight.",
    },
    curves,
  },

  diceFocal: {
    title: "Dice + focal loss",
    tasks: ["segmentation", "imbalance"],
    formula: String.raw`\lambda_d \left(1 - \frac{2 \sum p\,t + s}{\sum p + \sum t + s}\right) - \lambda_f \frac{1}{N} \sum (1 - q_t)^\gamma \log q_t, \quad q = \sigma(x)`,
    use: "As Dice + cross-entropy, when most pixels are easy and their small losses add up.",
    avoid: "When labels are noisy: the focal part dwells on wrong ones.",
    inputs: ofLogits,
    sizes,
    options: { ...diceOptions, ...focalOptions, reduction: total },
    variants: [...diceVariants, { focalWeight: 0.3, gamma: 0.5, alpha: 0.25 }],
    points: [
      {
        at: "nothing to find and nothing found, with empty one",
        inputs: [[[[-1e4, -1e4]]], [[[0, 0]]]],
        options: { ...binary, empty: "one" },
        value: 1,
        gradients: [[0, 0], null],
      },
      { at: "one class, even logits", inputs: [[[[0, 0]]], [[[1, 0]]]], options: binary, value: 0.5 + Math.LN2 / 4 },
    ],
    sources: ["Zhu et al. 2019, AnatomyNet, arXiv:1808.05238"],
    libraries: {
      MONAI: "DiceFocalLoss smooths by 1e-5; its sum averages the focal part over pixels first.",
    },
    curves,
  },

  generalizedDiceFocal: {
    title: "Generalised Dice + focal loss",
    tasks: ["segmentation", "imbalance"],
    formula: String.raw`\lambda_d\,\mathrm{GDL}(p, t) - \lambda_f \frac{1}{N} \sum (1 - q_t)^\gamma \log q_t, \quad q = \sigma(x)`,
    use: "As Dice + focal loss, with all classes in one coefficient, weighed by the inverse of their areas.",
    avoid: "When a class may have only a few pixels; diceFocal is steadier.",
    inputs: ofLogits,
    sizes,
    options: {
      weighting: oneOf("square", ["square", "simple", "uniform"]),
      ...smoothing(),
      axis: oneOf("sample", ["sample", "batch"]),
      empty: oneOf("zero", ["zero", "one"]),
      softLabel: flag(false),
      ...parts,
      classWeight,
      diceWeight: nonNegative(1),
      ...focalOptions,
      reduction: total,
    },
    variants: [
      { weighting: "simple", smooth: 1e-5, axis: "batch", softLabel: true },
      { weighting: "uniform", smoothNumerator: 0.1, smoothDenominator: 0.3, includeBackground: false },
      { activation: "sigmoid", empty: "one" },
      { activation: "sigmoid", classWeight: [1, 2, 0.5], diceWeight: 0.3, focalWeight: 2, gamma: 0.5, alpha: 0.3 },
      { reduction: "sum" },
    ],
    points: [
      {
        at: "nothing to find and nothing found, with empty one",
        inputs: [[[[-1e4, -1e4]]], [[[0, 0]]]],
        options: { ...binary, empty: "one" },
        value: 1,
        gradients: [[0, 0], null],
      },
    ],
    sources: [
      "Sudre et al. 2017, arXiv:1707.03237",
      "Lin et al. 2017, Focal loss for dense object detection, arXiv:1708.02002",
    ],
    libraries: {
      MONAI: "GeneralizedDiceFocalLoss smooths by 1e-5; its sum averages the focal part over pixels first.",
    },
  },
};
