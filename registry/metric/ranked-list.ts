import type { Entries } from "../entry.ts";
import { flag, fraction, nonNegative, oneOf, positive, reduction } from "../options.ts";
import { batch, batchVariants, distance, indices, pairs, references } from "./batch.ts";

export const rankedList: Entries = {
  rankedList: {
    title: "Ranked list loss",
    tasks: ["embedding"],
    formula: String.raw`(1 - \lambda) \frac{\sum_p w_p [d_p - (\alpha - m)]_+}{\sum_p w_p} + \lambda \frac{\sum_n w_n [\alpha - d_n]_+}{\sum_n w_n} \qquad w = e^{T [\cdot]_+}`,
    use: "When classes should keep some spread: positives need only come within a ball, negatives stay outside a larger one.",
    avoid: "With temperatures much above 10: only the nearest negative is left.",
    inputs: batch,
    sizes: { n: 9 },
    options: {
      alpha: positive(),
      margin: nonNegative(0.4),
      negativeTemperature: nonNegative(10),
      positiveTemperature: nonNegative(0),
      balance: fraction(0.5),
      distance: distance(),
      normalize: flag(true),
      references,
      pairs,
      preset: oneOf(undefined, ["pml"]),
      reduction: reduction(),
    },
    variants: [
      { alpha: 1.6, margin: 0.8 },
      { negativeTemperature: 2, positiveTemperature: 1, balance: 0.3, reduction: "none" },
      { normalize: false, distance: "squaredEuclidean", alpha: 6, margin: 3, negativeTemperature: 1 },
      { preset: "pml", positiveTemperature: 1, negativeTemperature: 3 },
      ...batchVariants,
    ],
    points: [
      {
        at: "both kinks",
        inputs: [
          [
            [1, 0],
            [1, 0],
            [0, 1],
          ],
          indices(0, 0, 1),
        ],
        options: { alpha: Math.SQRT2, margin: Math.SQRT2 },
        value: 0,
        gradients: [[0, 0, 0, 0, 0, 0], null],
      },
    ],
    detaches: (options) => !("preset" in options),
    sources: [
      "Wang, Hua, Kodirov, Hu, Garnier and Robertson 2019, Ranked list loss for deep metric learning, CVPR, arXiv:1903.03238",
    ],
    libraries: {
      "pytorch-metric-learning":
        'preset "pml": gradients pass the weights, and 1e-5 is added to each. It drops negatives at distance 0, which are the worst.',
    },
  },
};
