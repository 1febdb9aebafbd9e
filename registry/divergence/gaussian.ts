import * as losses from "../../src/losses/index.ts";
import type { Entries } from "../entry.ts";
import { scores } from "../inputs.ts";
import { nonNegative, reduction } from "../options.ts";

export const gaussian: Entries = {
  gaussianKL: {
    title: "Gaussian KL divergence (VAE regulariser)",
    tasks: ["generative", "divergence", "regularisation"],
    formula: String.raw`\frac{1}{2} \left( \mu^2 + e^s - 1 - s \right)`,
    use: "As the regularising term of variational autoencoders, added to the reconstruction's likelihood.",
    avoid: "When the latent collapses to the prior; give it free nats, or weigh the term up slowly.",
    inputs: {
      mean: scores(["n", "d"]),
      logVariance: scores(["n", "d"], { extreme: 80, seed: "logVariance" }),
    },
    options: { freeNats: nonNegative(0), reduction: reduction("batchMean", ["batchMean"]) },
    variants: [{ freeNats: 0.5 }, { reduction: "mean" }, { reduction: "none" }],
    points: [
      { at: "the standard distribution", inputs: [[0], [0]], value: 0, gradients: [[0], [0]] },
      {
        at: "free nats that are not used up",
        inputs: [[0.5], [0]],
        options: { freeNats: 1 },
        value: 1,
        gradients: [[0], [0]],
      },
    ],
    sources: [
      "Kingma and Welling 2014, Auto-encoding variational Bayes, arXiv:1312.6114",
      "Kingma et al. 2016, Improving variational inference with inverse autoregressive flow, arXiv:1606.04934",
    ],
    curves: {
      along: "log-variance",
      from: -4,
      to: 3,
      lines: {
        "mean 0": (x) => losses.gaussianKL(x.mul(0), x),
        "mean 1": (x) => losses.gaussianKL(x.mul(0).add(1), x),
      },
    },
  },
};
