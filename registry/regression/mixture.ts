import { tensor } from "../../src/index.ts";
import * as losses from "../../src/losses/index.ts";
import type { Entries } from "../entry.ts";
import { positives, scores, targets } from "../inputs.ts";
import { flag, positive, reduction } from "../options.ts";

export const mixture: Entries = {
  mixtureNLL: {
    title: "Mixture negative log-likelihood (any components)",
    tasks: ["uncertainty", "regression", "forecasting"],
    formula: String.raw`-\log \sum_k \mathrm{softmax}(x)_k\, e^{-l_k}`,
    use: "To mix distributions of any kind: Poisson, negative binomial, Laplace. Each component's likelihood comes from its own loss.",
    avoid: "For normal components; gaussianMixtureNLL does both steps.",
    inputs: {
      componentNLL: scores(["n", "m"], { what: "the negative log-likelihood of each component" }),
      logits: scores(["n", "m"], { seed: "logits" }),
    },
    options: { reduction: reduction() },
    variants: [{ reduction: "sum" }],
    points: [
      {
        at: "two equal components",
        inputs: [[[1, 1]], [[0, 5]]],
        value: 1,
        gradients: [
          [1 / (1 + Math.exp(5)), 1 / (1 + Math.exp(-5))],
          [0, 0],
        ],
      },
    ],
    sources: ["Bishop 1994, Mixture density networks, Aston University NCRG/94/004"],
  },

  gaussianMixtureNLL: {
    title: "Gaussian mixture negative log-likelihood (mixture density network)",
    tasks: ["uncertainty", "regression", "forecasting"],
    formula: String.raw`-\log \sum_k \mathrm{softmax}(x)_k\, \mathcal{N}(t;\ \mu_k, v_k)`,
    use: "When one input has several right answers, so that their mean would be wrong: inverse problems, strokes, routes.",
    avoid: "When one peak is enough; gaussianNLL trains more easily.",
    inputs: {
      means: scores(["n", "m"]),
      targets: targets(["n"]),
      variances: positives(["n", "m"], { extremes: [1e-8, 80] }),
      logits: scores(["n", "m"], { seed: "logits" }),
    },
    options: { logVariance: flag(false), eps: positive(1e-6), reduction: reduction() },
    variants: [{ logVariance: true, reduction: "sum" }, { eps: 0.2 }],
    sources: ["Bishop 1994, Mixture density networks, Aston University NCRG/94/004"],
    libraries: {
      PyTorch: "torch.distributions.MixtureSameFamily(Categorical(logits=x), Normal(means, std)): the same density.",
    },
    curves: {
      along: "target",
      from: -5,
      to: 5,
      lines: {
        "means -2 and 2, variance 1": (x) =>
          losses.gaussianMixtureNLL(
            tensor([[-2, 2]], { dtype: x.dtype }).sub(x.reshape([1, 1])),
            [0],
            1,
            tensor([[0, 0]], { dtype: x.dtype }),
          ),
      },
    },
  },
};
