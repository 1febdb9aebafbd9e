import type { Entries } from "../entry.ts";
import { nonNegative, reduction } from "../options.ts";
import { ignoreIndex, perClass } from "./labelled.ts";

export const focalCosine: Entries = {
  focalCosine: {
    title: "Focal cosine loss",
    tasks: ["multiclass"],
    formula: String.raw`1 - u_y - \lambda\, (1 - p_y)^\gamma \log p_y, \quad u = \frac{x}{\|x\|},\ p = \mathrm{softmax}(u)`,
    use: "For small data sets trained from scratch, where the cosine loss generalises better than cross-entropy.",
    avoid: "When the length of the logits should say how sure the model is.",
    inputs: perClass,
    options: { focalWeight: nonNegative(0.1), gamma: nonNegative(2), ignoreIndex, reduction: reduction() },
    variants: [
      { focalWeight: 1, gamma: 0 },
      { gamma: 0.5, ignoreIndex: 0 },
    ],
    points: [
      {
        at: "the one-hot label itself",
        inputs: [[[3, 0]], [0]],
        options: { focalWeight: 0 },
        value: 0,
        gradients: [[0, 0], null],
      },
      { at: "zero logits", inputs: [[[0, 0]], [0]], options: { gamma: 0 }, value: 1 + 0.1 * Math.LN2 },
    ],
    sources: [
      "Barz and Denzler 2020, Deep learning on small datasets without pre-training using cosine loss, arXiv:1901.09054",
      "Lin et al. 2017, Focal loss for dense object detection, arXiv:1708.02002",
    ],
  },
};
