import * as losses from "../../src/losses/index.ts";
import type { Entries } from "../entry.ts";
import { counts, fixed, positives, scores } from "../inputs.ts";
import { flag, nonNegative, oneOf, reduction } from "../options.ts";

export const countLikelihoods: Entries = {
  poissonNLL: {
    title: "Poisson negative log-likelihood",
    tasks: ["regression", "uncertainty", "forecasting"],
    formula: String.raw`e^x - t\,x`,
    use: "For counts, such as events in an hour, whose variance is about their mean; the model gives the logarithm of the rate.",
    avoid: "When counts vary more than their mean; take negativeBinomialNLL.",
    inputs: {
      input: positives(["n"], { what: "log-rate (a rate with logInput false)", extremes: [1e-3, 80], refused: false }),
      targets: counts(["n"]),
    },
    options: { logInput: flag(true), full: flag(false), eps: nonNegative(1e-8), reduction: reduction() },
    variants: [{ full: true }, { logInput: false, eps: 1e-3 }, { logInput: false, full: true, reduction: "sum" }],
    points: [
      {
        at: "a rate of 1 and no events",
        inputs: [[0], [0]],
        value: 1,
        gradients: [[1], null],
      },
      {
        at: "a rate of 0 and no events",
        inputs: [[0], [0]],
        options: { logInput: false },
        value: 0,
        gradients: [[1], null],
      },
    ],
    sources: ["Poisson 1837", "Cameron and Trivedi 1998, Regression Analysis of Count Data"],
    libraries: {
      PyTorch: "torch.nn.PoissonNLLLoss: the same, and it does not refuse negative targets.",
      Keras: "keras.losses.Poisson takes the rate, with 1e-7 inside the logarithm.",
    },
    curves: {
      along: "log-rate",
      from: -3,
      to: 3,
      lines: {
        "0 events": (x) => losses.poissonNLL(x, 0),
        "1 event": (x) => losses.poissonNLL(x, 1),
        "5 events": (x) => losses.poissonNLL(x, 5),
      },
    },
  },

  negativeBinomialNLL: {
    title: "Negative binomial negative log-likelihood (NB2)",
    tasks: ["regression", "uncertainty", "forecasting"],
    formula: String.raw`r\,\mathrm{sp}(x) + t\,\mathrm{sp}(-x) - \log\binom{t + r - 1}{t}, \quad r = \frac{1}{a},\ x = \log(a\,m)`,
    use: "For counts that vary more than Poisson's: intermittent demand, reads of genes. The model gives mean and dispersion.",
    avoid: "When the dispersion cannot be told from 0; poissonNLL has one parameter fewer.",
    inputs: {
      input: positives(["n"], { what: "mean (or its logarithm, or logits)" }),
      targets: counts(["n"]),
      dispersion: positives(["n"], { seed: "dispersion" }),
    },
    options: { input: oneOf("mean", ["mean", "logMean", "logits"]), reduction: reduction() },
    variants: [{ input: "logMean" }, { input: "logits", reduction: "sum" }],
    points: [
      {
        at: "no events, where it is r log(1 + a m)",
        inputs: [[2], [0], [0.5]],
        value: 2 * Math.LN2,
        gradients: [[0.5], null, [-4 * Math.LN2 + 2]],
      },
    ],
    sources: [
      "Greenwood and Yule 1920, Journal of the Royal Statistical Society 83",
      "Hilbe 2011, Negative Binomial Regression",
    ],
    libraries: {
      PyTorch: "torch.distributions.NegativeBinomial takes r = 1 / dispersion and the logits.",
      SciPy: "scipy.stats.nbinom takes r and the probability 1 / (1 + dispersion mean).",
    },
  },

  binomialNLL: {
    title: "Binomial negative log-likelihood",
    tasks: ["regression", "uncertainty", "binary"],
    formula: String.raw`k\,\mathrm{sp}(x) - t\,x`,
    use: "For the number of successes among a known number of trials, as clicks among views.",
    avoid: "When every trial has features of its own; take binaryCrossEntropyWithLogits of each.",
    inputs: {
      logits: scores(["n"]),
      targets: counts(["n"], { most: 8 }),
      trials: fixed([], {
        what: "how many trials",
        values: 8,
        degenerate: { many: 1e4 },
        wrong: { "fewer than the successes": 1, "-1": -1 },
      }),
    },
    options: { full: flag(false), reduction: reduction() },
    variants: [{ full: true, reduction: "sum" }],
    points: [
      {
        at: "one success in two trials, with even odds",
        inputs: [[0], [1], 2],
        options: { full: true },
        value: Math.LN2,
        gradients: [[0], null, null],
      },
    ],
    sources: ["Bernoulli 1713, Ars Conjectandi", "McCullagh and Nelder 1989, Generalized Linear Models"],
    libraries: { PyTorch: "torch.distributions.Binomial(trials, logits=x) has the constant, as full does." },
  },
};
