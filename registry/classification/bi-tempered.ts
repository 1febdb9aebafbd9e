import { concat } from "../../src/index.ts";
import * as losses from "../../src/losses/index.ts";
import { type Tensor, tensor } from "../../src/tensor/tensor.ts";
import type { Entries } from "../entry.ts";
import { fraction, reduction, within } from "../options.ts";
import { ignoreIndex, perClass } from "./labelled.ts";

/** Logits of the label, x, and of two other classes. */
const againstTwo = (x: Tensor): Tensor => concat([x.reshape([1]), tensor([0, 0], { dtype: x.dtype })]);

export const biTempered: Entries = {
  biTempered: {
    title: "Bi-tempered logistic loss",
    tasks: ["noise", "multiclass"],
    formula: String.raw`\sum_c y_c (\log_{t_1} y_c - \log_{t_1} p_c) - \frac{y_c^{2-t_1} - p_c^{2-t_1}}{2 - t_1}, \quad p_c = \exp_{t_2}(x_c - \lambda(x))`,
    use: "When some labels are wrong: t1 < 1 bounds the loss of outliers far away, t2 > 1 weakens the pull of wrong labels near the boundary.",
    avoid:
      "With clean labels; t1 = t2 = 1 is crossEntropy, and faster there. The model's probabilities are those of the tempered softmax, not of softmax.",
    inputs: perClass,
    options: {
      t1: fraction(0.8),
      t2: within(1.2, ">= 1", 0.9, Number.POSITIVE_INFINITY),
      labelSmoothing: fraction(0),
      ignoreIndex,
      reduction: reduction(),
    },
    variants: [
      { t1: 1, t2: 1 },
      { t1: 0.2, t2: 3 },
      { t1: 1, t2: 1.05 },
      { t1: 0, t2: 1, ignoreIndex: 0 },
      { labelSmoothing: 0.1 },
    ],
    points: [
      {
        at: "equal logits, where p is uniform",
        inputs: [[[3, 3]], [0]],
        options: { t1: 0, t2: 2 },
        value: 0.25,
        gradients: [[-0.125, 0.125], null],
      },
    ],
    sources: [
      "Amid, Warmuth, Anil and Koren 2019, Robust bi-tempered logistic loss based on Bregman divergences, arXiv:1906.03361",
    ],
    libraries: {
      "google/bi-tempered-loss, pytorch_optimizer":
        "find the norm by 5 iterations of a fixed point: with 1000 classes and logits of deviation 3, probabilities add up to 1.02. They add 1e-10 to y.",
    },
    curves: {
      along: "logit of the label against two other classes",
      from: -8,
      to: 6,
      lines: {
        "t1 0.8, t2 1.2": (x) => losses.biTempered(againstTwo(x), 0),
        "t1 0.2, t2 1": (x) => losses.biTempered(againstTwo(x), 0, { t1: 0.2, t2: 1 }),
        "t1 0.2, t2 4": (x) => losses.biTempered(againstTwo(x), 0, { t1: 0.2, t2: 4 }),
        crossEntropy: (x) => losses.crossEntropy(againstTwo(x), 0),
      },
    },
  },
};
