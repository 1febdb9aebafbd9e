import type { Entries } from "../entry.ts";
import { embeddings } from "../inputs.ts";
import { fraction, nonNegative, oneOf, other, positive } from "../options.ts";

const views = { view1: embeddings(["n", "d"]), view2: embeddings(["n", "d"], { seed: "view2" }) };

export const redundancy: Entries = {
  barlowTwins: {
    title: "Barlow Twins",
    tasks: ["selfSupervised"],
    formula: String.raw`\sum_i (1 - C_{ii})^2 + \lambda \sum_{i \ne j} C_{ij}^2`,
    use: "Self-supervised learning without negatives, momentum encoder or stop-gradient; wants wide embeddings and works with small batches.",
    avoid: "With few samples for many coordinates, whose correlations are noise.",
    inputs: views,
    least: { n: 2 },
    options: {
      preset: oneOf("paper", ["paper", "lightly", "monai"]),
      lambda: nonNegative(0.0051),
      correction: oneOf(0, [0, 1]),
      eps: positive(1e-5),
      epsOn: oneOf("variance", ["variance", "deviation"]),
    },
    variants: [
      { preset: "lightly" },
      { preset: "monai" },
      { lambda: 0.5, correction: 1, eps: 1e-3 },
      { epsOn: "deviation" },
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
        value: 2,
        gradients: [
          [0, 0, 0, 0],
          [0, 0, 0, 0],
        ],
      },
    ],
    sources: ["Zbontar et al. 2021, Barlow Twins: Self-Supervised Learning via Redundancy Reduction, arXiv:2103.03230"],
    libraries: {
      lightly: 'the biased variance + 1e-5, as batch normalisation: preset "lightly".',
      MONAI:
        'the unbiased deviation + 1e-6, but the correlation over n, so that equal views of 8 samples have C_ii = 0.875: preset "monai".',
    },
  },

  tiCo: {
    title: "TiCo (transformation invariance and covariance contrast)",
    tasks: ["selfSupervised"],
    formula: String.raw`1 - \overline{a \cdot b} + \rho\, \overline{a^{\top} C a},\ C = \beta C_{-} + (1 - \beta) \tfrac1n A^{\top} A`,
    use: "A memory of earlier batches in one matrix of the embedding's width, in place of a queue.",
    avoid: "With very wide embeddings; the matrix has the square of their size.",
    inputs: views,
    least: { n: 2 },
    options: {
      secondMoments: other(null, "running second moments [d, d]", [[1]], [1]),
      beta: fraction(0.9),
      rho: nonNegative(8),
    },
    variants: [
      {
        secondMoments: [
          [0.3, 0.1, 0, 0],
          [0.1, 0.2, 0, 0],
          [0, 0, 0.4, 0.1],
          [0, 0, 0.1, 0.1],
        ],
      },
      { beta: 0.5, rho: 2 },
    ],
    detaches: () => true,
    sources: [
      "Zhu et al. 2022, TiCo: Transformation Invariance and Covariance Contrast for Self-Supervised Visual Representation Learning, arXiv:2206.10698",
    ],
    libraries: { lightly: "keeps the moments in the loss; here they are an option, and SecondMoments keeps them." },
  },
};
