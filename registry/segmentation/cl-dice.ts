import type { Entries } from "../entry.ts";
import { fraction, nonNegative, reduction, whole } from "../options.ts";
import { classes, ofMasks, total } from "./masks.ts";

const sizes = { n: 2, classes: 2, height: 3, width: 4 };
const options = {
  iterations: whole(3, 0),
  smooth: nonNegative(1),
  epsilon: nonNegative(0),
  ...classes,
};
const variants = [
  { iterations: 1, smooth: 0.1, epsilon: 1e-4 },
  { iterations: 0, includeBackground: false, activation: "softmax" },
  { activation: "sigmoid", reduction: "sum", smooth: 0 },
];
const line = [[[1, 1, 1, 0]]];

export const clDice: Entries = {
  clDice: {
    title: "clDice (centreline Dice)",
    tasks: ["segmentation"],
    formula: String.raw`1 - \frac{2\,P\,S}{P + S}, \quad P = \frac{\sum s(p)\,t + s}{\sum s(p) + s}, \quad S = \frac{\sum s(t)\,p + s}{\sum s(t) + s}`,
    use: "For vessels, roads and neurites, where an unbroken tube matters more than its width. Together with Dice: diceClDice.",
    avoid: "For compact shapes, whose skeleton says little, and alone: it does not see the width.",
    inputs: ofMasks,
    sizes,
    options: { ...options, reduction: reduction() },
    variants,
    points: [{ at: "a perfect line", inputs: [line, line], value: 0 }],
    sources: ["Shit et al. 2021, clDice, arXiv:2003.07311"],
    libraries: {
      MONAI:
        "SoftclDiceLoss adds 1e-4 to the sum of precision and sensitivity; versions before 1.6 drop channel 0 and take (true, predicted).",
    },
  },

  diceClDice: {
    title: "Dice + clDice",
    tasks: ["segmentation"],
    formula: String.raw`(1 - \alpha) \left(1 - \frac{2 \sum p\,t + s}{\sum p + \sum t + s}\right) + \alpha\,\mathrm{clDice}`,
    use: "For tubes: Dice for their width, clDice for their connectedness.",
    avoid: "For compact shapes; there Dice alone is as good and cheaper.",
    inputs: ofMasks,
    sizes,
    options: { alpha: fraction(0.5), ...options, reduction: total },
    variants: [{ alpha: 0.2 }, ...variants],
    points: [{ at: "a perfect line", inputs: [line, line], value: 0 }],
    sources: ["Shit et al. 2021, clDice, arXiv:2003.07311"],
    libraries: { MONAI: "SoftDiceclDiceLoss adds 1e-4 to the sum of precision and sensitivity." },
  },
};
