import type { Tensor } from "../../src/index.ts";
import * as losses from "../../src/losses/index.ts";
import type { Entries } from "../entry.ts";
import { distribution, logDistribution, positives, scores } from "../inputs.ts";
import { flag, other, reduction } from "../options.ts";

const logProbabilities = logDistribution(["n", "classes"]);
const target = distribution(["n", "classes"]);
/** log-probabilities of two classes with these log-odds. */
const twoClasses = (x: Tensor): Tensor => x.reshape([1]).mul([1, 0]).logSoftmax();

const elementwise = { logTarget: flag(false), reduction: reduction("batchMean", ["batchMean"]) };

export const kullbackLeibler: Entries = {
  entropy: {
    title: "Shannon entropy",
    tasks: ["divergence", "regularisation"],
    formula: String.raw`-\sum_c p_c \log p_c`,
    use: "As a bonus that keeps a policy or a classifier from being sure too early (subtract it), or as a cost of doubt.",
    avoid:
      "On the softmax of large logits, where the gradient by the probabilities says little; add klDivergence from uniform.",
    inputs: { probabilities: distribution(["n", "classes"]) },
    options: { axis: other(1, "an axis", 3, 0.5), reduction: reduction() },
    variants: [{ axis: 0 }, { reduction: "sum" }],
    points: [{ at: "a certain outcome", inputs: [[[0, 1]]], value: 0, gradients: [[0, -1]] }],
    sources: ["Shannon 1948, A mathematical theory of communication"],
    curves: {
      along: "probability of one of two outcomes",
      from: 0,
      to: 1,
      lines: { entropy: (x) => losses.entropy(x.reshape([1]).mul([1, -1]).add([0, 1])) },
    },
  },

  klDivergence: {
    title: "Kullback-Leibler divergence (relative entropy)",
    tasks: ["divergence", "distillation"],
    formula: String.raw`\sum_c p_c (\log p_c - \log q_c)`,
    use: "To bring a predicted distribution to a soft target; reversed, to keep it on one of the target's peaks.",
    avoid: "When either may be 0 where the other is not; take jensenShannon, which stays finite.",
    inputs: {
      logProbabilities,
      target: distribution(["n", "classes"], {
        degenerate: {
          "one-hot": null,
          "one-hot elsewhere": null,
          "nearly one-hot": new Array(5).fill([1, 1e-30, 1e-30, 1e-30]),
        },
      }),
    },
    options: { logTarget: flag(false), reverse: flag(false), reduction: reduction("batchMean", ["batchMean"]) },
    variants: [
      { reverse: true },
      { logTarget: true, reduction: "mean" },
      { logTarget: true, reverse: true },
      { reduction: "none" },
    ],
    points: [
      {
        at: "a target of 0",
        inputs: [[[-0.5, -1]], [[1, 0]]],
        value: 0.5,
        gradients: [
          [-1, 0],
          [1.5, 1],
        ],
      },
    ],
    sources: ["Kullback and Leibler 1951, On information and sufficiency, Annals of Mathematical Statistics 22"],
    libraries: {
      PyTorch:
        "torch.nn.KLDivLoss takes the arguments in this order, and by default divides by the number of elements.",
      Keras: "keras.losses.KLDivergence takes both as probabilities, clipped at 1e-7.",
      optax: "kl_divergence: the gradient by a learned target is NaN at 0.",
    },
    curves: {
      along: "log-odds of a prediction, for a target of 0.8",
      from: -5,
      to: 5,
      lines: {
        forward: (x) => losses.klDivergence(twoClasses(x), [0.8, 0.2]),
        reverse: (x) => losses.klDivergence(twoClasses(x), [0.8, 0.2], { reverse: true }),
        symmetricKL: (x) => losses.symmetricKL(twoClasses(x), [0.8, 0.2]),
        jensenShannon: (x) => losses.jensenShannon(twoClasses(x), [0.8, 0.2]),
      },
    },
  },

  generalizedKL: {
    title: "Generalised Kullback-Leibler divergence (I-divergence)",
    tasks: ["divergence", "regression"],
    formula: String.raw`\sum_c p_c \log \frac{p_c}{q_c} + q_c - p_c`,
    use: "For measures whose totals differ and matter: spectra, histograms, counts, matrix factorisation.",
    avoid: "For distributions, where it is klDivergence.",
    inputs: {
      logPredictions: scores(["n", "classes"], { extreme: 80 }),
      target: positives(["n", "classes"], { what: ">= 0", extremes: [0, 80] }),
    },
    options: elementwise,
    variants: [{ logTarget: true }, { reduction: "sum" }, { reduction: "none" }],
    points: [
      {
        at: "a target of 0, and one that is met",
        inputs: [[[0, 0]], [[0, 1]]],
        options: { reduction: "none" },
        value: [1, 0],
        gradients: [
          [0.5, 0],
          [-0.5, 0],
        ],
      },
    ],
    sources: [
      "Csiszár 1975, I-divergence geometry of probability distributions and minimization problems, Annals of Probability 3",
    ],
    libraries: { optax: "generalized_kl_divergence sums over the last axis." },
  },

  symmetricKL: {
    title: "Symmetric Kullback-Leibler divergence (Jeffreys)",
    tasks: ["divergence", "regularisation"],
    formula: String.raw`\sum_c (p_c - q_c) \log \frac{p_c}{q_c}`,
    use: "To make two predictions agree when neither is the truth, as under two kinds of dropout (R-Drop).",
    avoid: "When one may be 0 where the other is not; take jensenShannon.",
    inputs: { logProbabilities, target },
    options: elementwise,
    variants: [{ logTarget: true }, { reduction: "mean" }, { reduction: "none" }],
    points: [
      {
        at: "equal distributions",
        inputs: [[[0, 0]], [[1, 1]]],
        value: 0,
        gradients: [
          [0, 0],
          [0, 0],
        ],
      },
    ],
    sources: [
      "Jeffreys 1946, An invariant form for the prior probability in estimation problems",
      "Liang et al. 2021, R-Drop, arXiv:2106.14448",
    ],
  },
};
