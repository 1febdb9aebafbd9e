import type { Entries } from "../entry.ts";
import { scores, targets } from "../inputs.ts";
import { fraction, other } from "../options.ts";

export const frequency: Entries = {
  freDF: {
    title: "FreDF (forecasting in the frequency domain)",
    tasks: ["forecasting"],
    formula: String.raw`(1 - \alpha)\,\overline{r^2} + \alpha\,\overline{|\mathcal F r|}`,
    use: "Forecasts of many steps whose errors hang together: the transform decorrelates them.",
    avoid: "For a single step, where there is nothing to transform.",
    inputs: { predictions: scores(["n", "steps"]), targets: targets(["n", "steps"]) },
    options: { alpha: fraction(0.5), axis: other(-1, "an axis", 0.5) },
    variants: [{ alpha: 1 }, { alpha: 0.2, axis: 0 }],
    points: [
      {
        at: "an exact fit",
        inputs: [
          [1, 2],
          [1, 2],
        ],
        value: 0,
        gradients: [[0, 0], null],
      },
    ],
    sources: ["Wang et al. 2024, FreDF: learning to forecast in the frequency domain, arXiv:2402.02399"],
  },
};
