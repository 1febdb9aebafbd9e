import { concat, type Tensor } from "../../src/index.ts";
import * as losses from "../../src/losses/index.ts";
import type { Entries } from "../entry.ts";
import { flag, oneOf } from "../options.ts";
import { half, monaiBackground, ofMasks, overlap, overlapVariants, sizes } from "./masks.ts";

const presets = ["vnet", "monai", "keras", "smp", "mmdet", "detr", "optax", "flux"];

/** Two pixels of the target with probability x and two others with 0.1. */
export const predicted = (x: Tensor): Tensor => {
  const one = x.reshape([1, 1, 1]);
  return concat([one, one, one.mul(0).add(0.1), one.mul(0).add(0.1)], 2);
};

export const dice: Entries = {
  dice: {
    title: "Dice loss (Sorensen, soft F1)",
    tasks: ["segmentation", "imbalance"],
    formula: String.raw`1 - \frac{2 \sum p\,t + s}{\sum p^2 + \sum t^2 + s}`,
    use: "To label pixels when the classes cover very different areas: it sees the overlap of each class, not the count of right pixels.",
    avoid: "Alone, when classes are often absent or probabilities must be calibrated; diceCrossEntropy is steadier.",
    inputs: ofMasks,
    sizes,
    options: { preset: oneOf("vnet", presets), squared: flag(true), ...overlap() },
    variants: [
      { squared: false },
      { squared: false, softLabel: true },
      ...presets.slice(1).map((preset) => ({ preset })),
      ...overlapVariants,
    ],
    points: [
      {
        at: "a perfect mask",
        inputs: [half, half],
        options: { squared: false },
        value: 0,
        gradients: [[-0.25, -0.25, 0.25, 0.25], null],
      },
      { at: "a perfect mask, squared", inputs: [half, half], value: 0, gradients: [[0, 0, 0, 0], null] },
      {
        at: "a class that neither occurs nor is predicted",
        inputs: [[[[0, 0]]], [[[0, 0]]]],
        value: 0,
        gradients: [[0, 0], null],
      },
      {
        at: "the same with empty one",
        inputs: [[[[0, 0]]], [[[0, 0]]]],
        options: { empty: "one" },
        value: 1,
        gradients: [[0, 0], null],
      },
      { at: "nothing in common", inputs: [[[[0, 1]]], [[[1, 0]]]], value: 1 },
    ],
    sources: ["Milletari et al. 2016, V-Net, arXiv:1606.04797"],
    libraries: {
      MONAI: `DiceLoss has linear denominators and smooth 1e-5. ${monaiBackground}`,
      Keras: "keras.losses.dice pools everything; only its denominator has an epsilon, so an empty mask has loss 1.",
      "segmentation-models-pytorch":
        "pools the batch, gives 0 to classes that do not occur, and has the form of softLabel; its class weights divide by their sum.",
      optax: "dice_loss of smooth 1 is (I + 1) / (I + FP / 2 + FN / 2 + 1): smooth 2 here.",
      mmdetection: "DiceLoss adds 1e-3 to each of the two squared sums.",
      "Hugging Face": "DETR's dice_loss has smooth 1 and divides by the number of boxes.",
      Kornia: 'dice_loss pools the classes as well unless average is "macro".',
    },
    curves: {
      along: "probability of the pixels of the target",
      from: 0,
      to: 1,
      lines: {
        squared: (x) => losses.dice(predicted(x), half),
        linear: (x) => losses.dice(predicted(x), half, { squared: false }),
        jaccard: (x) => losses.jaccard(predicted(x), half),
        logCoshDice: (x) => losses.logCoshDice(predicted(x), half, { smooth: 0 }),
      },
    },
  },

  logCoshDice: {
    title: "Log-cosh Dice loss",
    tasks: ["segmentation"],
    formula: String.raw`\log \cosh\left(1 - \frac{2 \sum p\,t + s}{\sum p + \sum t + s}\right)`,
    use: "As Dice, with a slope that falls off smoothly as the overlap gets good.",
    avoid: "When small remaining errors matter: they have almost no gradient.",
    inputs: ofMasks,
    sizes,
    options: { squared: flag(false), ...overlap(1) },
    variants: [
      { squared: true },
      { softLabel: true },
      ...overlapVariants.map((v) => ("empty" in v ? { ...v, smooth: 0 } : v)),
    ],
    points: [{ at: "a perfect mask", inputs: [half, half], value: 0, gradients: [[0, 0, 0, 0], null] }],
    sources: ["Jadon 2020, A survey of loss functions for semantic segmentation, arXiv:2006.14822"],
  },
};
