import { tensor } from "../../src/index.ts";
import * as losses from "../../src/losses/index.ts";
import type { Entries } from "../entry.ts";
import { embeddings, lowerTriangular, positives, scores, targets } from "../inputs.ts";
import { flag, fraction, nonNegative, positive, reduction } from "../options.ts";

const inputs = {
  mean: scores(["n"]),
  targets: targets(["n"]),
  variance: positives(["n"], { what: "variance, >= 0 (its logarithm with logVariance)", extremes: [1e-8, 80] }),
};
const options = { logVariance: flag(false), full: flag(false), eps: positive(1e-6), reduction: reduction() };

export const gaussian: Entries = {
  gaussianNLL: {
    title: "Gaussian negative log-likelihood (heteroscedastic regression)",
    tasks: ["uncertainty", "regression", "forecasting"],
    formula: String.raw`\frac{1}{2} \left( \log v + \frac{(t - \mu)^2}{v} \right)`,
    use: "To predict how sure a prediction is along with it: the model gives a mean and a variance, best as a logarithm.",
    avoid:
      "When the mean trains badly because its variance grows first (take betaNLL), or with outliers (studentTNLL).",
    inputs,
    options,
    variants: [
      { full: true, eps: 0.2 },
      { logVariance: true, reduction: "sum" },
    ],
    points: [
      {
        at: "a variance of 0, which counts as eps and keeps its gradient",
        inputs: [[0], [1], [0]],
        options: { eps: 0.5 },
        value: (Math.log(0.5) + 2) / 2,
        gradients: [[-2], null, [-1]],
      },
    ],
    sources: ["Nix and Weigend 1994, Estimating the mean and variance of the target probability distribution, ICNN"],
    libraries: { PyTorch: "torch.nn.GaussianNLLLoss: the same, without the form for log-variances." },
    curves: {
      along: "standard deviation that is predicted",
      from: 0.1,
      to: 4,
      lines: {
        "residual 0": (x) => losses.gaussianNLL(0, 0, x.square()),
        "residual 1": (x) => losses.gaussianNLL(tensor(0, { dtype: x.dtype }), 1, x.square()),
        "residual 2": (x) => losses.gaussianNLL(tensor(0, { dtype: x.dtype }), 2, x.square()),
      },
    },
  },

  betaNLL: {
    title: "beta-NLL",
    tasks: ["uncertainty", "regression"],
    formula: String.raw`\frac{\lfloor v^\beta \rfloor}{2} \left( \log v + \frac{(t - \mu)^2}{v} \right), \quad \lfloor \cdot \rfloor\ \text{constant}`,
    use: "When gaussianNLL leaves points badly fitted because it has called them noise; beta 0.5 suits most.",
    avoid: "When the value itself must be a likelihood, as for comparing models.",
    inputs,
    options: { beta: fraction(0.5), ...options },
    variants: [
      { beta: 1, full: true },
      { beta: 0, eps: 0.2 },
      { logVariance: true, reduction: "sum" },
    ],
    detaches: ({ beta = 0.5 }: { beta?: number }) => beta > 0,
    points: [
      {
        at: "beta 1, where the mean has the gradient of the squared error",
        inputs: [[1], [3], [4]],
        options: { beta: 1 },
        value: 2 * (Math.log(4) + 1),
        gradients: [[-2], null, [0]],
      },
    ],
    sources: ["Seitzer et al. 2022, On the pitfalls of heteroscedastic uncertainty estimation, arXiv:2203.09168"],
  },

  multivariateGaussianNLL: {
    title: "Multivariate Gaussian negative log-likelihood",
    tasks: ["uncertainty", "regression"],
    formula: String.raw`\sum_i \log L_{ii} + \frac{1}{2} \lVert L^{-1} (t - \mu) \rVert^2`,
    use: "When the errors of several outputs go together, as those of coordinates do; the model gives a Cholesky factor.",
    avoid: "For many outputs: d (d + 1) / 2 numbers are a lot to predict. gaussianNLL takes them as independent.",
    inputs: {
      mean: embeddings(["n", "d"], { what: "any real numbers" }),
      targets: embeddings(["n", "d"], { what: "any real numbers", differentiable: false, seed: "targets" }),
      scaleTril: lowerTriangular(["n", "d", "d"]),
    },
    options: { full: flag(false), reduction: reduction() },
    variants: [{ full: true, reduction: "sum" }],
    sources: ["Williams 1996, Using neural networks to model conditional multivariate densities, Neural Computation 8"],
    libraries: { PyTorch: "torch.distributions.MultivariateNormal(scale_tril=L) has the constant, as full does." },
  },

  evidentialRegression: {
    title: "Evidential regression (normal-inverse-gamma)",
    tasks: ["uncertainty", "regression"],
    formula: String.raw`\frac{1}{2} \log \frac{\pi}{\nu} - \alpha \log \Omega + \left( \alpha + \frac{1}{2} \right) \log \left( \nu (t - \gamma)^2 + \Omega \right) + \log \frac{\Gamma(\alpha)}{\Gamma(\alpha + \frac{1}{2})} + \lambda \lvert t - \gamma \rvert (2 \nu + \alpha)`,
    use: "To tell noise in the data from ignorance of the model in one forward pass.",
    avoid: "When you rely on the ignorance as calibrated: it depends on lambda. Ensembles are sounder.",
    inputs: {
      mean: scores(["n"]),
      targets: targets(["n"]),
      evidence: positives(["n"], { what: "nu, above 0", seed: "evidence" }),
      alpha: positives(["n"], { what: "above 0, in the paper above 1", seed: "alpha" }),
      beta: positives(["n"], { seed: "beta" }),
    },
    options: { coefficient: nonNegative(0.01), reduction: reduction() },
    variants: [{ coefficient: 0 }, { coefficient: 1, reduction: "sum" }],
    points: [
      {
        at: "an exact prediction, where |.| has gradient 0",
        inputs: [[1], [1], [1], [0.5], [1]],
        value: (Math.log(Math.PI) + Math.log(4)) / 2 + Math.log(Math.PI) / 2,
        gradients: [[0], null, null, null, null],
      },
    ],
    sources: ["Amini et al. 2020, Deep evidential regression, arXiv:1910.02600"],
  },
};
