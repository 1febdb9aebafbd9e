import type { Entries } from "../entry.ts";
import { scores } from "../inputs.ts";
import { flag, positive, reduction } from "../options.ts";

export const softDTW: Entries = {
  softDTW: {
    title: "Soft dynamic time warping (soft-DTW), and its divergence",
    tasks: ["forecasting", "regression"],
    formula: String.raw`-\gamma \log \sum_{A} e^{-\langle A, \Delta(x, y) \rangle / \gamma}`,
    use: "Series whose shape matters and not its timing: forecasts, averages, motions.",
    avoid:
      "When a delay is an error; take meanSquaredError. As a distance take divergence: true, as the plain value may be negative.",
    inputs: {
      predictions: scores(["n", 4, 2], { what: "series [n, T, d]", extreme: 1e3 }),
      targets: scores(["n", 3, 2], { what: "series [n, S, d]", seed: "targets", extreme: 1e3 }),
    },
    sizes: { n: 2 },
    options: { gamma: positive(1), divergence: flag(false), reduction: reduction() },
    variants: [{ gamma: 0.3 }, { divergence: true }, { reduction: "none" }],
    points: [
      {
        at: "single points",
        inputs: [[[[3]]], [[[1]]]],
        value: 4,
        gradients: [[4], [-4]],
      },
      {
        at: "equal series, as divergence",
        inputs: [[[[1], [2]]], [[[1], [2]]]],
        options: { divergence: true },
        value: 0,
        gradients: [
          [0, 0],
          [0, 0],
        ],
      },
    ],
    sources: [
      "Cuturi and Blondel 2017, Soft-DTW: a differentiable loss function for time-series, arXiv:1703.01541",
      "Blondel, Mensch and Vert 2021, Differentiable divergences between time series, arXiv:2010.08354",
    ],
  },
};
