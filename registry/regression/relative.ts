import type { Entries } from "../entry.ts";
import { positives, scores, targets } from "../inputs.ts";
import { flag, fraction, oneOf, other, positive, reduction, whole } from "../options.ts";

const residual = { predictions: scores(["n"]), targets: targets(["n"]) };

export const relative: Entries = {
  meanAbsolutePercentageError: {
    title: "Mean absolute percentage error (MAPE)",
    tasks: ["regression", "forecasting"],
    formula: String.raw`100\,\frac{|y - \hat y|}{\max(|y|, \varepsilon)}`,
    use: "When an error of 10 % matters alike for small and large targets, and no target is near 0.",
    avoid: "With targets near 0, or when too high must not cost more than too low: it favours low forecasts.",
    inputs: residual,
    options: {
      eps: positive(1e-7),
      zero: oneOf("clamp", ["clamp", "ignore"]),
      percent: flag(true),
      reduction: reduction(),
    },
    variants: [{ zero: "ignore", percent: false }, { eps: 0.5 }],
    points: [
      {
        at: "a target of 0, ignored",
        inputs: [[3], [0]],
        options: { zero: "ignore" },
        value: 0,
        gradients: [[0], null],
      },
      { at: "an exact fit", inputs: [[2], [2]], value: 0, gradients: [[0], null] },
    ],
    sources: ["Lewis 1982, Industrial and business forecasting methods"],
    libraries: { neuralforecast: 'MAPE is the ratio, and 0 where the target is 0: percent false, zero "ignore".' },
  },

  symmetricMeanAbsolutePercentageError: {
    title: "Symmetric mean absolute percentage error (sMAPE)",
    tasks: ["forecasting"],
    formula: String.raw`200\,\frac{|y - \hat y|}{|y| + |\hat y|}`,
    use: "Relative errors with a bound, as in the M competitions.",
    avoid: "When signs may differ: any forecast of the wrong sign costs the same 200.",
    inputs: residual,
    options: { percent: flag(true), reduction: reduction() },
    variants: [{ percent: false }],
    points: [{ at: "0 against 0", inputs: [[0], [0]], value: 0, gradients: [[0], null] }],
    sources: [
      "Makridakis 1993, Accuracy measures: theoretical and practical concerns, International Journal of Forecasting 9",
    ],
  },

  meanAbsoluteScaledError: {
    title: "Mean absolute scaled error (MASE)",
    tasks: ["forecasting"],
    formula: String.raw`\frac{|y - \hat y|}{\operatorname{mean}_t |y_t - y_{t - m}|}`,
    use: "Series of different scale in one model; below 1 is better than the naive forecast.",
    avoid: "For histories that repeat exactly.",
    inputs: {
      predictions: scores(["n", 3]),
      targets: targets(["n", 3]),
      history: targets(["n", "steps"], { seed: "history" }),
    },
    sizes: { steps: 6 },
    least: { steps: 2 },
    options: { seasonality: whole(1), reduction: reduction() },
    points: [{ at: "a constant history", inputs: [[3], [1], [2, 2, 2]], value: 0, gradients: [[0], null, null] }],
    sources: [
      "Hyndman and Koehler 2006, Another look at measures of forecast accuracy, International Journal of Forecasting 22",
    ],
  },

  meanSquaredLogarithmicError: {
    title: "Mean squared logarithmic error (MSLE)",
    tasks: ["regression", "forecasting"],
    formula: String.raw`\big(\log(1 + \hat y) - \log(1 + y)\big)^2`,
    use: "Targets over several orders of magnitude, from 0: ratios count, not differences.",
    avoid: "For targets below 0.",
    inputs: {
      predictions: positives(["n"], { extremes: [0, 1e4], refused: false }),
      targets: positives(["n"], { differentiable: false, seed: "targets", extremes: [0, 1e4] }),
    },
    options: { preset: oneOf("plain", ["plain", "keras", "flux"]), reduction: reduction() },
    variants: [{ preset: "keras" }, { preset: "flux" }],
    points: [
      { at: "a prediction below 0, which counts as itself", inputs: [[-2], [0]], value: 4, gradients: [[-4], null] },
    ],
    sources: [
      "Törnqvist, Vartia and Vartia 1985, How should relative changes be measured?, The American Statistician 39",
    ],
    libraries: {
      Keras: 'clips at 1e-7: a prediction below 0 has no gradient. preset "keras".',
      "Flux.jl": 'takes log(x + eps), without the 1: another loss. preset "flux".',
    },
  },

  scaleInvariantLog: {
    title: "Scale-invariant logarithmic error (SILog)",
    tasks: ["regression"],
    formula: String.raw`\overline{d^2} - \lambda\,\bar d^{\,2}, \quad d = \log \hat y - \log y`,
    use: "Depth from one image, whose overall scale cannot be known.",
    avoid: "When the absolute scale matters; take lambda 0.",
    inputs: {
      predictions: positives(["n", "d"], { wrong: { "0": [[0, 1, 1, 1], ...Array(4).fill([1, 1, 1, 1])] } }),
      targets: positives(["n", "d"], { differentiable: false, seed: "targets" }),
    },
    options: {
      lambda: fraction(0.5),
      sqrt: flag(false),
      mask: other(null, "bool, of the shape of the targets", [true]),
      reduction: reduction(),
    },
    variants: [{ lambda: 1 }, { lambda: 0.85, sqrt: true }],
    points: [
      {
        at: "an exact fit, with the root",
        inputs: [[[1, 2]], [[1, 2]]],
        options: { sqrt: true },
        value: 0,
        gradients: [[0, 0], null],
      },
      {
        at: "an image without counted pixels",
        inputs: [[[1, 2]], [[0, 0]]],
        options: { mask: [[false, false]] },
        value: 0,
        gradients: [[0, 0], null],
      },
    ],
    sources: ["Eigen, Puhrsch and Fergus 2014, Depth map prediction from a single image, arXiv:1406.2283"],
    libraries: { mmsegmentation: "SILogLoss takes the root, whose gradient at an exact fit is NaN." },
  },
};
