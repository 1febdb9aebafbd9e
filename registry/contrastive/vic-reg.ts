import type { Entries } from "../entry.ts";
import { embeddings } from "../inputs.ts";
import { nonNegative, oneOf, positive } from "../options.ts";

export const vicReg: Entries = {
  vicReg: {
    title: "VICReg (variance, invariance, covariance)",
    tasks: ["selfSupervised"],
    formula: String.raw`\lambda \overline{(z - z')^2} + \tfrac{\mu}{2} \sum_{z} \overline{\left[\gamma - \sqrt{\mathrm{Var}(z_j) + \epsilon}\right]_+} + \nu \sum_{z} \tfrac1d \sum_{i \ne j} \mathrm{Cov}(z)_{ij}^2`,
    use: "Self-supervised learning without negatives whose terms can be read one by one; the views may come from different networks.",
    avoid: "With a batch of a few samples, whose variances are noise.",
    inputs: { view1: embeddings(["n", "d"]), view2: embeddings(["n", "d"], { seed: "view2" }) },
    least: { n: 2 },
    options: {
      invariance: nonNegative(25),
      variance: nonNegative(25),
      covariance: nonNegative(1),
      deviation: positive(1),
      correction: oneOf(1, [0, 1]),
      eps: positive(1e-4),
    },
    variants: [
      { invariance: 1, variance: 3, covariance: 0.5 },
      { deviation: 2, correction: 0, eps: 0.01 },
    ],
    points: [
      {
        at: "coordinates that do not vary",
        inputs: [
          [
            [1, 2],
            [1, 2],
          ],
          [
            [1, 2],
            [1, 2],
          ],
        ],
        value: 25 * 0.99,
        gradients: [
          [0, 0, 0, 0],
          [0, 0, 0, 0],
        ],
      },
    ],
    sources: ["Bardes, Ponce and LeCun 2022, VICReg: Variance-Invariance-Covariance Regularization, arXiv:2105.04906"],
    libraries: {
      lightly: "the same, with the half of the variance terms that the authors' code has and the paper has not.",
    },
  },
};
