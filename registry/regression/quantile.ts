import * as losses from "../../src/losses/index.ts";
import type { Entries } from "../entry.ts";
import { scores, targets } from "../inputs.ts";
import { flag, insideUnit, nonNegative, other, positive, reduction } from "../options.ts";

const residual = { predictions: scores(["n"]), targets: targets(["n"]) };
const level = other(0.5, "inside (0, 1), or a list of such", 0, 1, [0.5, 1]);

export const quantile: Entries = {
  quantile: {
    title: "Quantile loss (pinball)",
    tasks: ["regression", "uncertainty", "forecasting"],
    formula: String.raw`\max\big(q\,e,\ (q - 1)\,e\big), \quad e = y - \hat y`,
    use: "To predict a quantile, or several at once for an interval: too low costs q, too high 1 - q.",
    avoid: "When a whole distribution is wanted and its form is known; take a likelihood.",
    inputs: residual,
    options: { quantile: level, reduction: reduction() },
    variants: [{ quantile: 0.1 }],
    points: [{ at: "an exact fit", inputs: [[1], [1]], value: 0, gradients: [[0], null] }],
    sources: ["Koenker and Bassett 1978, Regression quantiles, Econometrica 46"],
    curves: {
      along: "prediction for the target 0",
      from: -3,
      to: 3,
      lines: {
        "quantile 0.5": (x) => losses.quantile(x, 0),
        "quantile 0.9": (x) => losses.quantile(x, 0, { quantile: 0.9 }),
        "huberQuantile 0.9": (x) => losses.huberQuantile(x, 0, { quantile: 0.9 }),
      },
    },
  },

  huberQuantile: {
    title: "Quantile Huber loss (QR-DQN)",
    tasks: ["uncertainty", "preference"],
    formula: String.raw`\big|q - \mathbf 1[e < 0]\big|\ \frac{H_\delta(e)}{\delta}, \quad e = y - \hat y`,
    use: "Distributional reinforcement learning, and quantiles with a smooth fit.",
    avoid: "When exact quantiles matter: the parabola moves them by up to delta.",
    inputs: residual,
    options: { quantile: level, delta: positive(1), divideByDelta: flag(true), reduction: reduction() },
    variants: [
      { quantile: 0.1, delta: 0.4 },
      { quantile: 0.8, delta: 2, divideByDelta: false },
    ],
    points: [{ at: "an exact fit", inputs: [[1], [1]], value: 0, gradients: [[0], null] }],
    sources: ["Dabney et al. 2018, Distributional reinforcement learning with quantile regression, arXiv:1710.10044"],
    libraries: { neuralforecast: "HuberQLoss does not divide by delta." },
  },

  expectile: {
    title: "Expectile loss (asymmetric least squares)",
    tasks: ["regression", "uncertainty"],
    formula: String.raw`\big|q - \mathbf 1[e < 0]\big|\ e^2, \quad e = y - \hat y`,
    use: "When too low and too high cost differently, smoothly; implicit Q-learning.",
    avoid: "When a share of cases below is wanted: that is a quantile.",
    inputs: residual,
    options: { expectile: insideUnit(0.5), reduction: reduction() },
    variants: [{ expectile: 0.9 }],
    sources: ["Newey and Powell 1987, Asymmetric least squares estimation and testing, Econometrica 55"],
  },

  epsilonInsensitive: {
    title: "Epsilon-insensitive loss (support vector regression)",
    tasks: ["regression", "robust"],
    formula: String.raw`\max(0,\ |\hat y - y| - \varepsilon)`,
    use: "When errors up to a tolerance do not matter.",
    avoid: "When every error matters a little; take huber.",
    inputs: residual,
    options: { epsilon: nonNegative(0.1), squared: flag(false), reduction: reduction() },
    variants: [{ epsilon: 0.5, squared: true }],
    points: [
      { at: "the tolerance", inputs: [[0.5], [0]], options: { epsilon: 0.5 }, value: 0, gradients: [[0], null] },
    ],
    sources: ["Vapnik 1995, The nature of statistical learning theory"],
  },

  weightedQuantile: {
    title: "Weighted quantile loss (scaled CRPS)",
    tasks: ["forecasting", "uncertainty"],
    formula: String.raw`\frac1Q \sum_q \frac{2 \sum_i \rho_q(y_i - \hat y_{iq})}{\sum_i |y_i|}`,
    use: "Probabilistic forecasts by several quantiles, in a number without unit that series of different scale share.",
    avoid: "When targets are near 0 throughout.",
    inputs: { predictions: scores(["n", 3]), targets: targets(["n"]) },
    options: { quantile: other([0.1, 0.5, 0.9], "a list, each inside (0, 1)", 0.5, [0.1, 0.5, 1]) },
    variants: [{ quantile: [0.25, 0.5, 0.75] }],
    points: [{ at: "targets of 0", inputs: [[[0, 0, 0]], [0]], value: 0, gradients: [[0, 0, 0], null] }],
    sources: ["Gasthaus et al. 2019, Probabilistic forecasting with spline quantile function RNNs, AISTATS"],
    libraries: { neuralforecast: "sCRPS adds 1e-5 to the denominator." },
  },
};
