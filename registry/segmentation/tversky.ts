import * as losses from "../../src/losses/index.ts";
import type { Entries } from "../entry.ts";
import { flag, nonNegative, oneOf, positive } from "../options.ts";
import { predicted } from "./dice.ts";
import { half, monaiBackground, ofMasks, overlap, overlapVariants, sizes } from "./masks.ts";

const empty = [[[0, 0]]];

export const tversky: Entries = {
  jaccard: {
    title: "Jaccard loss (soft intersection over union)",
    tasks: ["segmentation", "imbalance"],
    formula: String.raw`1 - \frac{\sum p\,t + s}{\sum p + \sum t - \sum p\,t + s}`,
    use: "To label pixels when intersection over union is what will be measured.",
    avoid: "When masks may be empty or tiny; lovaszSoftmax bounds the same measure without a soft intersection.",
    inputs: ofMasks,
    sizes,
    options: { preset: oneOf("plain", ["plain", "monai", "smp"]), squared: flag(false), ...overlap() },
    variants: [{ preset: "monai" }, { preset: "smp" }, { squared: true }, { softLabel: true }, ...overlapVariants],
    points: [
      { at: "a perfect mask", inputs: [half, half], value: 0, gradients: [[-0.5, -0.5, 0.5, 0.5], null] },
      {
        at: "a class that neither occurs nor is predicted",
        inputs: [empty, empty],
        value: 0,
        gradients: [[0, 0], null],
      },
    ],
    sources: [
      "Rahman and Wang 2016, Optimizing intersection-over-union in deep neural networks for image segmentation, ISVC",
    ],
    libraries: {
      MONAI: `DiceLoss with jaccard true smooths 2 I / (2 union): half of its smoothing here. ${monaiBackground}`,
      "segmentation-models-pytorch":
        "pools the batch, gives 0 to classes that do not occur, and has the form of softLabel.",
    },
    curves: {
      along: "probability of the pixels of the target",
      from: 0,
      to: 1,
      lines: {
        jaccard: (x) => losses.jaccard(predicted(x), half),
        dice: (x) => losses.dice(predicted(x), half, { squared: false }),
      },
    },
  },

  tversky: {
    title: "Tversky loss",
    tasks: ["segmentation", "imbalance"],
    formula: String.raw`1 - \frac{I + s}{I + \alpha\,FP + \beta\,FN + s}`,
    use: "As Dice, when missing a pixel and inventing one cost differently: beta above alpha favours recall.",
    avoid: "When both errors cost the same; then it is Dice.",
    inputs: ofMasks,
    sizes,
    options: {
      preset: oneOf("plain", ["plain", "monai", "keras", "smp"]),
      alpha: nonNegative(0.5),
      beta: nonNegative(0.5),
      ...overlap(),
    },
    variants: [
      { preset: "monai" },
      { preset: "keras" },
      { preset: "smp" },
      { alpha: 0.3, beta: 0.7 },
      { alpha: 0, beta: 0.4 },
      { softLabel: true },
      ...overlapVariants,
    ],
    points: [
      { at: "a perfect mask", inputs: [half, half], value: 0, gradients: [[-0.25, -0.25, 0.25, 0.25], null] },
      {
        at: "a class that neither occurs nor is predicted",
        inputs: [empty, empty],
        value: 0,
        gradients: [[0, 0], null],
      },
    ],
    sources: ["Salehi et al. 2017, Tversky loss function for image segmentation, arXiv:1706.05721"],
    libraries: {
      Keras:
        "keras.losses.tversky weighs false negatives by alpha, against its documentation (3.15): swap alpha and beta.",
      MONAI: `TverskyLoss smooths by 1e-5. ${monaiBackground}`,
      "segmentation-models-pytorch": 'raises the mean loss to gamma: tversky(p, t, { preset: "smp" }).pow(gamma).',
      Kornia:
        "tversky_loss averages over the classes present; older versions pool the classes, so that alpha and beta enter by their sum only.",
      Flux: "tversky_loss weighs false positives by beta.",
    },
    curves: {
      along: "probability of the pixels of the target",
      from: 0,
      to: 1,
      lines: {
        "beta 0.9": (x) => losses.tversky(predicted(x), half, { alpha: 0.1, beta: 0.9 }),
        "beta 0.5": (x) => losses.tversky(predicted(x), half),
        "beta 0.1": (x) => losses.tversky(predicted(x), half, { alpha: 0.9, beta: 0.1 }),
      },
    },
  },

  focalTversky: {
    title: "Focal Tversky loss",
    tasks: ["segmentation", "imbalance"],
    formula: String.raw`\left(1 - \frac{I + s}{I + \alpha\,FP + \beta\,FN + s}\right)^{1/\gamma}`,
    use: "For small structures: classes whose overlap is already fair keep pulling until it is good.",
    avoid: "Near the end of training with gamma above 1: its slope grows without bound as a loss falls to 0.",
    inputs: ofMasks,
    sizes,
    options: { alpha: nonNegative(0.3), beta: nonNegative(0.7), gamma: positive(4 / 3), ...overlap() },
    variants: [{ gamma: 0.5, alpha: 1 }, { gamma: 1, beta: 0.2 }, { softLabel: true }, ...overlapVariants],
    points: [
      { at: "a perfect mask", inputs: [half, half], value: 0, gradients: [[0, 0, 0, 0], null] },
      {
        at: "a class that neither occurs nor is predicted",
        inputs: [empty, empty],
        value: 0,
        gradients: [[0, 0], null],
      },
    ],
    sources: ["Abraham and Khan 2019, A novel focal Tversky loss function, arXiv:1810.07842"],
    libraries: {
      "segmentation-models-pytorch":
        "TverskyLoss raises the mean over the classes to gamma, not each loss to 1 / gamma.",
      "the paper": "has alpha 0.7 for false negatives; here beta weighs them.",
    },
    curves: {
      along: "probability of the pixels of the target",
      from: 0,
      to: 1,
      lines: {
        "gamma 4/3": (x) => losses.focalTversky(predicted(x), half),
        "gamma 1": (x) => losses.focalTversky(predicted(x), half, { gamma: 1 }),
        "gamma 0.5": (x) => losses.focalTversky(predicted(x), half, { gamma: 0.5 }),
      },
    },
  },
};
