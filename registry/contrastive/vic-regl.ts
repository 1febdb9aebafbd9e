import { random } from "../../src/index.ts";
import type { Entries } from "../entry.ts";
import { embeddings } from "../inputs.ts";
import { fraction, nonNegative, other, positive } from "../options.ts";

const generator = new random.Generator("crops");
const crops = {
  features: generator.normal([1, 5, 4], { dtype: "float64" }).toArray(),
  maps: generator.normal([1, 5, 2, 3], { dtype: "float64" }).toArray(),
  locations: generator.normal([1, 5, 2, 2], { dtype: "float64" }).toArray(),
};

export const vicRegL: Entries = {
  vicRegL: {
    title: "VICRegL (VICReg with local features)",
    tasks: ["selfSupervised", "segmentation"],
    formula: String.raw`\alpha\, \mathrm{VICReg}(z, z') + (1 - \alpha) \sum_{m \in \{\text{place}, \text{feature}\}} \mathrm{VICReg}\big(Z, Z'_{m}\big)`,
    use: "To pretrain for segmentation and detection as well as for classification: places in an image keep their own features.",
    avoid: "When only whole images will be told apart; take vicReg.",
    inputs: {
      features: embeddings(["views", 5, "d"]),
      maps: embeddings(["views", 5, "places", 3], { seed: "maps" }),
      locations: embeddings(["views", 5, "places", 2], { seed: "locations", differentiable: false }),
    },
    sizes: { views: 2, places: 4 },
    options: {
      crops: other(null, "{ features [crops, n, d], maps [crops, n, places, k], locations [crops, n, places, 2] }", 1, {
        features: [[[1]]],
      }),
      alpha: fraction(0.75),
      invariance: nonNegative(25),
      variance: nonNegative(25),
      covariance: nonNegative(1),
      matches: other([20, 4], "two whole numbers, >= 1", [0, 4], [3], 2),
      eps: positive(1e-4),
    },
    variants: [
      { crops, matches: [3, 2] },
      { alpha: 0, invariance: 1, variance: 3, covariance: 0.5 },
      { alpha: 0.5, matches: [2, 1], eps: 0.01 },
    ],
    points: [
      {
        at: "nothing that varies",
        inputs: [
          [
            [[1], [1]],
            [[1], [1]],
          ],
          [
            [[[2]], [[2]]],
            [[[2]], [[2]]],
          ],
          [
            [[[0, 0]], [[0, 0]]],
            [[[0, 0]], [[0, 0]]],
          ],
        ],
        value: 25 * 0.99 * (0.75 + 0.25 * 2),
        gradients: [[0, 0, 0, 0], [0, 0, 0, 0], null],
      },
    ],
    sources: [
      "Bardes, Ponce and LeCun 2022, VICRegL: Self-supervised learning of local visual features, arXiv:2210.01571",
    ],
    libraries: {
      lightly: "the same value; matches are sorted by distance, as here, which the authors' code does not do.",
    },
  },
};
