import * as losses from "../../src/losses/index.ts";
import type { Entries } from "../entry.ts";
import { embeddings, positives, scores, targets } from "../inputs.ts";
import { flag, insideUnit, reduction, within } from "../options.ts";

const located = { location: scores(["n"]), targets: targets(["n"]), scale: positives(["n"]) };

export const crps: Entries = {
  crpsGaussian: {
    title: "CRPS of a normal distribution",
    tasks: ["uncertainty", "forecasting", "regression"],
    formula: String.raw`s \left( z\,(2 \Phi(z) - 1) + 2 \varphi(z) - \frac{1}{\sqrt{\pi}} \right), \quad z = \frac{t - \mu}{s}`,
    use: "To fit and to score forecasts in the units of the target; outliers cost their distance, not its square.",
    avoid: "When the tails must be right; the likelihood, gaussianNLL, punishes them more.",
    inputs: { mean: scores(["n"]), targets: targets(["n"]), standardDeviation: positives(["n"]) },
    options: { reduction: reduction() },
    variants: [{ reduction: "sum" }],
    points: [
      {
        at: "the mean",
        inputs: [[1], [1], [2]],
        value: 2 * (Math.sqrt(2 / Math.PI) - 1 / Math.sqrt(Math.PI)),
        gradients: [[0], null, [Math.sqrt(2 / Math.PI) - 1 / Math.sqrt(Math.PI)]],
      },
    ],
    sources: [
      "Gneiting et al. 2005, Calibrated probabilistic forecasting using ensemble model output statistics and minimum CRPS estimation, Monthly Weather Review 133",
    ],
    curves: {
      along: "residual",
      from: -4,
      to: 4,
      lines: {
        crpsGaussian: (x) => losses.crpsGaussian(x, 0, 1),
        crpsLogistic: (x) => losses.crpsLogistic(x, 0, 1),
        crpsLaplace: (x) => losses.crpsLaplace(x, 0, 1),
        meanAbsoluteError: (x) => losses.meanAbsoluteError(x, 0),
      },
    },
  },

  crpsLogistic: {
    title: "CRPS of a logistic distribution",
    tasks: ["uncertainty", "forecasting", "regression"],
    formula: String.raw`s \left( z + 2 \log(1 + e^{-z}) - 1 \right), \quad z = \frac{t - \mu}{s}`,
    use: "As crpsGaussian, for errors with somewhat heavier tails, and without an error function.",
    avoid: "When the errors are normal; take crpsGaussian.",
    inputs: located,
    options: { reduction: reduction() },
    variants: [{ reduction: "sum" }],
    points: [
      {
        at: "the median",
        inputs: [[1], [1], [2]],
        value: 4 * Math.LN2 - 2,
        gradients: [[0], null, [2 * Math.LN2 - 1]],
      },
    ],
    sources: [
      "Taillardat et al. 2016, Calibrated ensemble forecasts using quantile regression forests and ensemble model output statistics, Monthly Weather Review 144",
    ],
  },

  crpsLaplace: {
    title: "CRPS of Laplace's distribution",
    tasks: ["uncertainty", "forecasting", "robust"],
    formula: String.raw`b \left( \lvert z \rvert + e^{-\lvert z \rvert} - \frac{3}{4} \right), \quad z = \frac{t - \mu}{b}`,
    use: "As crpsGaussian, for errors with outliers.",
    avoid: "When the errors are normal; take crpsGaussian.",
    inputs: located,
    options: { reduction: reduction() },
    variants: [{ reduction: "sum" }],
    points: [{ at: "the median", inputs: [[1], [1], [2]], value: 0.5, gradients: [[0], null, [0.25]] }],
    sources: [
      "Jordan et al. 2019, Evaluating probabilistic forecasts with scoringRules, Journal of Statistical Software 90",
    ],
  },

  crpsEnsemble: {
    title: "CRPS of an ensemble",
    tasks: ["forecasting", "uncertainty"],
    formula: String.raw`\frac{1}{m} \sum_i \lvert x_i - t \rvert - \frac{1}{2 m^2} \sum_{i, j} \lvert x_i - x_j \rvert`,
    use: "To train a model that gives samples, not a distribution, so that they spread as the targets do.",
    avoid: "When the distribution has a closed form; its score has less noise.",
    inputs: { members: scores(["n", 4], { seed: "members" }), targets: targets(["n"]) },
    options: { fair: flag(false), reduction: reduction() },
    variants: [{ fair: true }, { reduction: "sum" }],
    points: [
      { at: "two members about the target", inputs: [[[-1, 1]], [0]], value: 0.5, gradients: [[-0.25, 0.25], null] },
    ],
    sources: [
      "Gneiting and Raftery 2007, Strictly proper scoring rules, prediction, and estimation, JASA 102",
      "Ferro 2014, Fair scores for ensemble forecasts, Quarterly Journal of the Royal Meteorological Society 140",
    ],
  },

  energyScore: {
    title: "Energy score",
    tasks: ["forecasting", "uncertainty", "generative"],
    formula: String.raw`\frac{1}{m} \sum_i \lVert x_i - t \rVert^\beta - \frac{1}{2 m^2} \sum_{i, j} \lVert x_i - x_j \rVert^\beta`,
    use: "To train a model that gives samples of several outputs that belong together.",
    avoid: "When it is the dependence between the outputs that matters: the score is not very sensitive to it.",
    inputs: {
      samples: embeddings(["n", 3, "d"], { what: "samples of a vector" }),
      targets: embeddings(["n", "d"], { what: "vectors", differentiable: false, seed: "targets" }),
    },
    options: { beta: within(1, "inside (0, 2)", 0, 2), fair: flag(false), reduction: reduction() },
    variants: [{ fair: true }, { beta: 1.5, reduction: "sum" }],
    points: [
      {
        at: "all samples at the target",
        inputs: [
          [
            [
              [1, 2],
              [1, 2],
            ],
          ],
          [[1, 2]],
        ],
        value: 0,
        gradients: [[0, 0, 0, 0], null],
      },
    ],
    sources: ["Gneiting and Raftery 2007, Strictly proper scoring rules, prediction, and estimation, JASA 102"],
  },

  intervalScore: {
    title: "Interval score (Winkler)",
    tasks: ["uncertainty", "forecasting"],
    formula: String.raw`(u - l) + \frac{2}{\alpha} \left( [l - t]_+ + [t - u]_+ \right)`,
    use: "To predict an interval that holds the target with probability 1 - alpha and is no wider than needed.",
    avoid: "When several levels are wanted; take quantile with a list.",
    inputs: {
      lower: scores(["n"], { seed: "lower" }),
      upper: scores(["n"], { seed: "upper" }),
      targets: targets(["n"]),
    },
    options: { alpha: insideUnit(0.1), reduction: reduction() },
    variants: [{ alpha: 0.5 }, { reduction: "sum" }],
    points: [{ at: "the lower end", inputs: [[1], [2], [1]], value: 1, gradients: [[-1], [1], null] }],
    sources: ["Winkler 1972, A decision-theoretic approach to interval estimation, JASA 67"],
    curves: {
      along: "target of the interval from -1 to 1",
      from: -3,
      to: 3,
      lines: {
        "alpha 0.1": (x) => losses.intervalScore(x.neg().sub(1), x.neg().add(1), 0),
        "alpha 0.5": (x) => losses.intervalScore(x.neg().sub(1), x.neg().add(1), 0, { alpha: 0.5 }),
      },
    },
  },
};
