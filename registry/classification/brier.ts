import type { Entries } from "../entry.ts";
import { reduction } from "../options.ts";
import { ignoreIndex, perClass } from "./labelled.ts";

export const brier: Entries = {
  brier: {
    title: "Brier score (quadratic score)",
    tasks: ["multiclass", "noise"],
    formula: String.raw`\sum_c (p_c - y_c)^2`,
    use: "A proper score that is bounded: calibrated like cross-entropy, with less weight on samples that are plainly wrong.",
    avoid: "From a bad start with many classes: where p_y is near 0 its gradient is too.",
    inputs: perClass,
    options: { ignoreIndex, reduction: reduction() },
    variants: [{ ignoreIndex: 0 }, { reduction: "sum" }],
    points: [
      { at: "a label that is certain to be wrong", inputs: [[[1e4, 0]], [1]], value: 2, gradients: [[0, 0], null] },
      { at: "equal logits", inputs: [[[4, 4]], [0]], value: 0.5, gradients: [[-0.5, 0.5], null] },
    ],
    sources: ["Brier 1950, Verification of forecasts expressed in terms of probability, Monthly Weather Review 78"],
    libraries: { "scikit-learn": "brier_score_loss of two classes is half of this, the square of one error." },
  },
};
