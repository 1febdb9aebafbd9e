import * as losses from "../../src/losses/index.ts";
import type { Entries } from "../entry.ts";
import { scores, targets } from "../inputs.ts";
import { other, positive, reduction } from "../options.ts";

const residual = { predictions: scores(["n"]), targets: targets(["n"]) };

export const squared: Entries = {
  meanAbsoluteError: {
    title: "Mean absolute error (MAE, L1)",
    tasks: ["regression", "robust", "forecasting"],
    formula: String.raw`|\hat y - y|`,
    use: "When outliers should pull no more than any other error; it predicts the median.",
    avoid: "When small errors should fade smoothly: its gradient keeps its size up to the exact fit. Take huber.",
    inputs: residual,
    options: { reduction: reduction() },
    variants: [{ reduction: "sum" }],
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
    sources: ["Laplace 1774, Mémoire sur la probabilité des causes par les événements"],
    curves: {
      along: "residual",
      from: -3,
      to: 3,
      lines: {
        meanAbsoluteError: (x) => losses.meanAbsoluteError(x, 0),
        meanSquaredError: (x) => losses.meanSquaredError(x, 0),
        huber: (x) => losses.huber(x, 0),
      },
    },
  },

  meanSquaredError: {
    title: "Mean squared error (MSE, L2)",
    tasks: ["regression", "forecasting"],
    formula: String.raw`(\hat y - y)^2`,
    use: "The first choice for a number: it predicts the mean, and its gradient fades as the fit gets good.",
    avoid:
      "When some targets are wrong by far: a single outlier can outweigh all else. Take huber or meanAbsoluteError.",
    inputs: residual,
    options: { reduction: reduction() },
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
    sources: ["Legendre 1805, Nouvelles méthodes", "Gauss 1809, Theoria motus"],
    libraries: { "optax, MXNet": "l2_loss and L2Loss are half of it: halfMeanSquaredError here." },
  },

  halfMeanSquaredError: {
    title: "Half the mean squared error",
    tasks: ["regression"],
    formula: String.raw`\tfrac12 (\hat y - y)^2`,
    use: "When the gradient should be the residual itself, as in optax and MXNet.",
    avoid: "When values are compared with those of PyTorch or Keras; take meanSquaredError.",
    inputs: residual,
    options: { reduction: reduction() },
    sources: ["Gauss 1809, Theoria motus"],
  },

  rootMeanSquaredError: {
    title: "Root mean squared error (RMSE)",
    tasks: ["regression", "forecasting"],
    formula: String.raw`\sqrt{\tfrac1n \sum_i (\hat y_i - y_i)^2}`,
    use: "When the loss should have the unit of the targets, or series of different scale should weigh more alike.",
    avoid:
      "For minibatches in general: a mean of roots is not the root of a mean. Take meanSquaredError and report its root.",
    inputs: { predictions: scores(["n", "d"]), targets: targets(["n", "d"]) },
    options: { axis: other(null, "an axis, axes, or null for all"), reduction: reduction() },
    variants: [{ axis: 1 }, { axis: 0, reduction: "none" }],
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
    sources: ["Gauss 1809, Theoria motus"],
    libraries: { "hand-written sqrt(mse)": "in PyTorch has gradient NaN at an exact fit." },
  },

  lp: {
    title: "Lp error",
    tasks: ["regression"],
    formula: String.raw`|\hat y - y|^p`,
    use: "To set by hand how much large errors count: p between 1 and 2 lies between the absolute and the squared error.",
    avoid: "Below p = 1 when the fit should become exact: the pull there has no bound.",
    inputs: residual,
    options: { p: positive(2), reduction: reduction() },
    variants: [{ p: 1 }, { p: 1.5 }, { p: 3 }, { p: 0.5 }],
    points: [
      { at: "an exact fit, p = 0.5", inputs: [[1], [1]], options: { p: 0.5 }, value: 0, gradients: [[0], null] },
      { at: "an exact fit, p = 3", inputs: [[1], [1]], options: { p: 3 }, value: 0, gradients: [[0], null] },
    ],
    sources: ["Gentle 1977, Least absolute values estimation: an introduction"],
  },

  relativeMeanSquaredError: {
    title: "Relative mean squared error",
    tasks: ["forecasting"],
    formula: String.raw`\frac{\sum (\hat y - y)^2}{\sum (b - y)^2}`,
    use: "To say, and to train for, how much better than a simple forecast a model is.",
    avoid: "When the benchmark can be exact.",
    inputs: {
      predictions: scores(["n", "d"]),
      targets: targets(["n", "d"]),
      benchmark: targets(["n", "d"], { seed: "benchmark" }),
    },
    options: {},
    points: [{ at: "an exact benchmark", inputs: [[3], [1], [1]], value: 4, gradients: [[4], null, null] }],
    sources: [
      "Hyndman and Koehler 2006, Another look at measures of forecast accuracy, International Journal of Forecasting 22",
    ],
    libraries: { neuralforecast: "RelMSE adds 1e-5 to the denominator." },
  },
};
