import * as losses from "../../src/losses/index.ts";
import type { Entries } from "../entry.ts";
import { fraction, nonNegative, reduction } from "../options.ts";
import { predicted } from "./dice.ts";
import { classes, half, ofMasks, pooling, sizes } from "./masks.ts";

const others = { axis: pooling, ...classes, reduction: reduction() };
const variants = [
  { axis: "batch", includeBackground: false },
  { axis: "all", activation: "softmax" },
  { activation: "sigmoid", reduction: "sum" },
];

export const matthews: Entries = {
  matthews: {
    title: "Matthews correlation loss (MCC)",
    tasks: ["segmentation", "imbalance"],
    formula: String.raw`1 - \frac{TP \cdot TN - FP \cdot FN}{\sqrt{(TP + FP)(TP + FN)(TN + FP)(TN + FN)}}`,
    use: "When a right background counts as well: no guess that ignores the image scores better than 1.",
    avoid: "When masks may be empty or full: the correlation is then undefined.",
    inputs: ofMasks,
    sizes,
    options: {
      smooth: nonNegative(0),
      smoothNumerator: nonNegative(0),
      smoothDenominator: nonNegative(0),
      ...others,
    },
    variants: [{ smooth: 1e-5 }, { smoothNumerator: 0.1, smoothDenominator: 1e-5 }, ...variants],
    points: [
      { at: "a perfect mask", inputs: [half, half], value: 0, gradients: [[0, 0, 0, 0], null] },
      { at: "an empty mask, predicted", inputs: [[[[0, 0]]], [[[0, 0]]]], value: 0, gradients: [[0, 0], null] },
      {
        at: "an empty mask, of which something is predicted",
        inputs: [[[[0.5, 0]]], [[[0, 0]]]],
        value: 1,
        gradients: [[0, 0], null],
      },
      { at: "everything wrong", inputs: [[[[0, 1]]], [[[1, 0]]]], value: 2 },
    ],
    sources: ["Abhishek and Hamarneh 2021, Matthews correlation coefficient loss, arXiv:2010.13454"],
    libraries: {
      "segmentation-models-pytorch": "MCCLoss is binary, pools everything and adds 1e-5 to each count.",
      MONAI: "MCCLoss adds 1e-5 under the root.",
    },
    curves: {
      along: "probability of the pixels of the target",
      from: 0,
      to: 1,
      lines: {
        matthews: (x) => losses.matthews(predicted(x), half),
        dice: (x) => losses.dice(predicted(x), half, { squared: false }),
      },
    },
  },

  sensitivitySpecificity: {
    title: "Sensitivity-specificity loss",
    tasks: ["segmentation", "imbalance"],
    formula: String.raw`s \frac{\sum (t - p)^2\,t}{\sum t} + (1 - s) \frac{\sum (t - p)^2 (1 - t)}{\sum (1 - t)}`,
    use: "For lesions in a few of many pixels, to set by hand how much a missed one weighs against a false alarm.",
    avoid: "When the overlap is what counts; take tversky, whose weights mean the same.",
    inputs: ofMasks,
    sizes,
    options: { sensitivity: fraction(0.05), ...others },
    variants: [{ sensitivity: 0.5 }, ...variants],
    points: [
      { at: "a perfect mask", inputs: [half, half], value: 0, gradients: [[0, 0, 0, 0], null] },
      { at: "no positives", inputs: [[[[1, 0]]], [[[0, 0]]]], value: 0.475 },
    ],
    sources: [
      "Brosch et al. 2015, Deep convolutional encoder networks for multiple sclerosis lesion segmentation, MICCAI",
    ],
  },
};
