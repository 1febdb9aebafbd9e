import type { Entries } from "../entry.ts";
import { embeddings } from "../inputs.ts";
import { flag, other } from "../options.ts";

const inputs = { samples: embeddings(["n", "d"]), references: embeddings(["m", "d"], { seed: "references" }) };

export const discrepancy: Entries = {
  maximumMeanDiscrepancy: {
    title: "Maximum mean discrepancy (MMD)",
    tasks: ["divergence", "generative", "regularisation"],
    formula: String.raw`\overline{k(x, x')} + \overline{k(y, y')} - 2\, \overline{k(x, y)}`,
    use: "To bring two sets of samples to one distribution without a discriminator: domain adaptation, generators, priors.",
    avoid: "In many dimensions with one fixed width; give a list of widths, or take slicedWasserstein.",
    inputs,
    least: { n: 2, m: 2 },
    options: {
      bandwidth: other("median", 'a number > 0, a list of them, or "median"', 0, -1, [], [1, 0], "nonsense"),
      unbiased: flag(false),
    },
    variants: [{ bandwidth: 1.5, unbiased: true }, { bandwidth: [0.5, 1, 2] }],
    detaches: ({ bandwidth = "median" }: { bandwidth?: unknown }) => bandwidth === "median",
    points: [
      {
        at: "equal samples",
        inputs: [
          [
            [1, 2],
            [3, 5],
          ],
          [
            [1, 2],
            [3, 5],
          ],
        ],
        value: 0,
        gradients: [
          [0, 0, 0, 0],
          [0, 0, 0, 0],
        ],
      },
    ],
    sources: [
      "Gretton et al. 2012, A kernel two-sample test, JMLR 13",
      "Long et al. 2015, Learning transferable features with deep adaptation networks, arXiv:1502.02791",
    ],
  },

  deepCoral: {
    title: "Deep CORAL",
    tasks: ["divergence", "regularisation"],
    formula: String.raw`\frac{1}{4 d^2} \lVert C_x - C_y \rVert_F^2`,
    use: "To adapt features from one domain to another by their covariances; one matrix product, no kernel.",
    avoid: "When the domains differ in their means or in more than second moments; take maximumMeanDiscrepancy.",
    inputs,
    least: { n: 2, m: 2 },
    options: {},
    points: [
      {
        at: "equal covariances about different means",
        inputs: [
          [[1], [3]],
          [[5], [7]],
        ],
        value: 0,
        gradients: [
          [0, 0],
          [0, 0],
        ],
      },
    ],
    sources: ["Sun and Saenko 2016, Deep CORAL: correlation alignment for deep domain adaptation, arXiv:1607.01719"],
  },
};
