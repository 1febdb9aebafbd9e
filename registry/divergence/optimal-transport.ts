import type { Entries } from "../entry.ts";
import { embeddings, scores } from "../inputs.ts";
import { oneOf, other, positive, reduction, whole, within } from "../options.ts";

const directions = [
  [1, 0, 0.5],
  [0.3, -1, 0.2],
  [-0.5, 0.4, 1],
  [0.1, 0.7, -0.9],
];

export const optimalTransport: Entries = {
  wasserstein1D: {
    title: "Wasserstein distance in one dimension",
    tasks: ["divergence", "generative"],
    formula: String.raw`\frac{1}{n} \sum_i \left\lvert x_{(i)} - y_{(i)} \right\rvert^p`,
    use: "To match the distribution of a number: histograms, scores, pixel values.",
    avoid: "When samples belong together in pairs; take meanAbsoluteError.",
    inputs: { samples: scores(["m", "n"]), references: scores(["m", "n"], { seed: "references" }) },
    options: { p: within(1, ">= 1", 0.5, -1), reduction: reduction() },
    variants: [{ p: 2 }, { p: 3, reduction: "sum" }],
    points: [
      {
        at: "the same numbers in another order",
        inputs: [
          [1, 2],
          [2, 1],
        ],
        value: 0,
        gradients: [
          [0, 0],
          [0, 0],
        ],
      },
    ],
    sources: ["Villani 2003, Topics in Optimal Transportation"],
    libraries: { SciPy: "scipy.stats.wasserstein_distance: p = 1, and sets of different sizes." },
  },

  slicedWasserstein: {
    title: "Sliced Wasserstein distance",
    tasks: ["divergence", "generative", "regularisation"],
    formula: String.raw`\frac{1}{L\,n} \sum_l \sum_i \left\lvert (x \cdot \theta_l)_{(i)} - (y \cdot \theta_l)_{(i)} \right\rvert^p`,
    use: "To match two sets of points in many dimensions at the price of sorting.",
    avoid: "When one value must not change from call to call; give the directions, or take sinkhornDivergence.",
    inputs: { samples: embeddings(["n", "d"]), references: embeddings(["n", "d"], { seed: "references" }) },
    options: {
      projections: whole(50),
      directions: other(null, "[d, projections], scaled to length 1", [[1], [2]]),
      p: within(2, ">= 1", 0.5, -1),
      generator: other(undefined, "a random.Generator", "nonsense"),
    },
    variants: [
      { p: 1, directions },
      { p: 3, projections: 7 },
    ],
    points: [
      {
        at: "the same points in another order",
        inputs: [
          [
            [1, 2],
            [3, 4],
          ],
          [
            [3, 4],
            [1, 2],
          ],
        ],
        options: { directions: [[1], [0]] },
        value: 0,
        gradients: [
          [0, 0, 0, 0],
          [0, 0, 0, 0],
        ],
      },
    ],
    sources: [
      "Rabin et al. 2011, Wasserstein barycenter and its application to texture mixing, SSVM",
      "Bonneel et al. 2015, Sliced and Radon Wasserstein barycenters of measures, JMIV 51",
    ],
  },

  sinkhornDivergence: {
    title: "Sinkhorn divergence",
    tasks: ["divergence", "generative"],
    formula: String.raw`OT_\varepsilon(x, y) - \frac{1}{2} OT_\varepsilon(x, x) - \frac{1}{2} OT_\varepsilon(y, y)`,
    use: "To move one set of points onto another along the cheapest plan, smoothly and without bias.",
    avoid: "With thousands of points and a small epsilon: each update is a matrix, and many are needed.",
    inputs: { samples: embeddings(["n", "d"]), references: embeddings(["m", "d"], { seed: "references" }) },
    options: { epsilon: positive(0.1), iterations: whole(100), p: oneOf(2, [1, 2]) },
    variants: [
      { epsilon: 1, p: 1 },
      { epsilon: 2, iterations: 20 },
    ],
    detaches: () => true,
    points: [
      {
        at: "equal points",
        inputs: [[[1, 2]], [[1, 2]]],
        value: 0,
        gradients: [
          [0, 0],
          [0, 0],
        ],
      },
    ],
    sources: [
      "Cuturi 2013, Sinkhorn distances: lightspeed computation of optimal transport, arXiv:1306.0895",
      "Feydy et al. 2019, Interpolating between optimal transport and MMD using Sinkhorn divergences, arXiv:1810.08278",
    ],
    libraries: {
      geomloss:
        'SamplesLoss("sinkhorn", p, blur) with blur^p = epsilon; it lowers epsilon step by step and stops early.',
    },
  },
};
