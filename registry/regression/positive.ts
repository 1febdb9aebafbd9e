import * as losses from "../../src/losses/index.ts";
import type { Entries } from "../entry.ts";
import { distances, positives, probabilities, scores } from "../inputs.ts";
import { flag, reduction, within } from "../options.ts";

const positiveTargets = positives(["n"], { differentiable: false, seed: "targets" });
const nonNegativeTargets = distances(["n"], {
  what: "0 or above",
  differentiable: false,
  seed: "targets",
  wrong: { "-1": [-1, 1, 1, 1, 1] },
});

export const positiveLikelihoods: Entries = {
  gammaNLL: {
    title: "Gamma negative log-likelihood",
    tasks: ["regression", "uncertainty"],
    formula: String.raw`\log \Gamma(k) - k \log \frac{k}{m} - (k - 1) \log t + \frac{k\,t}{m}`,
    use: "For amounts above 0 whose standard deviation grows with their mean: sizes of claims, durations, rainfall on wet days.",
    avoid: "When there are zeros (take tweedie) or the logarithms look normal (logNormalNLL).",
    inputs: { mean: positives(["n"]), targets: positiveTargets, shape: positives(["n"], { seed: "shape" }) },
    options: { reduction: reduction() },
    variants: [{ reduction: "sum" }],
    points: [
      {
        at: "shape 1, the exponential distribution",
        inputs: [[2], [2], [1]],
        value: Math.LN2 + 1,
        gradients: [[0], null, null],
      },
    ],
    sources: ["McCullagh and Nelder 1989, Generalized Linear Models"],
    libraries: { PyTorch: "torch.distributions.Gamma takes the shape and the rate shape / mean." },
  },

  exponentialNLL: {
    title: "Exponential negative log-likelihood",
    tasks: ["regression", "survival"],
    formula: String.raw`e^x\,t - x`,
    use: "For waiting times without memory; the model gives the logarithm of the rate.",
    avoid: "When the chance of an event changes as time passes; take weibullNLL.",
    inputs: { logRates: scores(["n"], { extreme: 70 }), targets: nonNegativeTargets },
    options: { reduction: reduction() },
    variants: [{ reduction: "sum" }],
    points: [{ at: "the best rate, 1 / t", inputs: [[0], [1]], value: 1, gradients: [[0], null] }],
    sources: [
      "Feigl and Zelen 1965, Estimation of exponential survival probabilities with concomitant information, Biometrics 21",
    ],
  },

  logNormalNLL: {
    title: "Log-normal negative log-likelihood",
    tasks: ["regression", "uncertainty", "forecasting"],
    formula: String.raw`\log(t\,s) + \frac{1}{2} \log 2\pi + \frac{(\log t - \mu)^2}{2 s^2}`,
    use: "For amounts above 0 over several orders of magnitude: prices, incomes, concentrations.",
    avoid: "When the mean, not the median, is wanted from a wrong model: its e^(s^2 / 2) magnifies errors.",
    inputs: { location: scores(["n"]), targets: positiveTargets, scale: positives(["n"]) },
    options: { reduction: reduction() },
    variants: [{ reduction: "sum" }],
    points: [
      {
        at: "the median",
        inputs: [[0], [1], [1]],
        value: Math.log(2 * Math.PI) / 2,
        gradients: [[0], null, [1]],
      },
    ],
    sources: [
      "Galton 1879, The geometric mean in vital and social statistics",
      "Crow and Shimizu 1988, Lognormal Distributions",
    ],
  },

  weibullNLL: {
    title: "Weibull negative log-likelihood",
    tasks: ["regression", "survival"],
    formula: String.raw`e^w - w - \log \frac{k}{t}, \quad w = k \log \frac{t}{l}`,
    use: "For lifetimes whose hazard rises (k > 1) or falls (k < 1), and wind speeds.",
    avoid: 'When some times are censored; take acceleratedFailureTime with distribution "extreme".',
    inputs: {
      scale: positives(["n"]),
      targets: positiveTargets,
      shape: positives(["n"], { extremes: [1e-3, 4], seed: "shape" }),
    },
    options: { reduction: reduction() },
    variants: [{ reduction: "sum" }],
    points: [
      {
        at: "a target at the scale, shape 1",
        inputs: [[2], [2], [1]],
        value: 1 + Math.LN2,
        gradients: [[0], null, [-1]],
      },
    ],
    sources: ["Weibull 1951, A statistical distribution function of wide applicability"],
  },

  tweedie: {
    title: "Tweedie loss (compound Poisson-gamma)",
    tasks: ["regression", "forecasting"],
    formula: String.raw`-\frac{t\,m^{1 - p}}{1 - p} + \frac{m^{2 - p}}{2 - p}, \quad m = e^x`,
    use: "For amounts that are often exactly 0 and else positive: claims of an insurance, sales of one item, rainfall.",
    avoid: "When the zeros have causes of their own; model those apart. For counts take poissonNLL.",
    inputs: {
      input: positives(["n"], {
        what: "logarithm of the mean (the mean with logInput false)",
        extremes: [1e-3, 80],
        refused: false,
      }),
      targets: nonNegativeTargets,
    },
    options: {
      power: within(1.5, "inside (1, 2)", 1, 2),
      logInput: flag(true),
      deviance: flag(false),
      reduction: reduction(),
    },
    variants: [{ power: 1.2 }, { logInput: false, deviance: true }, { deviance: true, power: 1.9, reduction: "sum" }],
    points: [
      {
        at: "an exact fit",
        inputs: [[0], [1]],
        options: { deviance: true },
        value: 0,
        gradients: [[0], null],
      },
      { at: "a target of 0", inputs: [[0], [0]], value: 2, gradients: [[1], null] },
    ],
    sources: [
      "Tweedie 1984, An index which distinguishes between some important exponential families",
      "Jørgensen 1987, Exponential dispersion models, JRSS B 49",
    ],
    libraries: {
      "scikit-learn": "mean_tweedie_deviance takes the mean and is the deviance.",
      NeuralForecast: "takes the logarithm of the mean; power 1.5.",
    },
    curves: {
      along: "logarithm of the mean",
      from: -3,
      to: 3,
      lines: {
        "target 0": (x) => losses.tweedie(x, 0),
        "target 1": (x) => losses.tweedie(x, 1),
        "target 5": (x) => losses.tweedie(x, 5),
      },
    },
  },

  betaDistributionNLL: {
    title: "Beta distribution negative log-likelihood (beta regression)",
    tasks: ["regression", "uncertainty"],
    formula: String.raw`\log B(a, b) - (a - 1) \log t - (b - 1) \log(1 - t), \quad a = f\,\sigma(x),\ b = f\,\sigma(-x)`,
    use: "For fractions and rates strictly between 0 and 1 that are not counts of trials.",
    avoid: "When there are exact zeros or ones; binomialNLL or binaryCrossEntropyWithLogits takes those.",
    inputs: {
      logits: scores(["n"], { extreme: 60 }),
      targets: probabilities(["n"], {
        what: "inside (0, 1)",
        differentiable: false,
        seed: "targets",
        degenerate: { zero: null, one: null, certain: null, nearly: [1e-30, 1e-7, 0.5, 0.999999, 0.9] },
        wrong: { "0": [0, 0.5, 0.5, 0.5, 0.5], "1": [1, 0.5, 0.5, 0.5, 0.5] },
      }),
      precision: positives(["n"]),
    },
    options: { reduction: reduction() },
    variants: [{ reduction: "sum" }],
    points: [
      {
        at: "the uniform distribution, a = b = 1",
        inputs: [[0], [0.25], [2]],
        value: 0,
        gradients: [[Math.log(3) / 2], null, null],
      },
    ],
    sources: [
      "Ferrari and Cribari-Neto 2004, Beta regression for modelling rates and proportions, Journal of Applied Statistics 31",
    ],
    libraries: { PyTorch: "torch.distributions.Beta takes a and b." },
  },
};
