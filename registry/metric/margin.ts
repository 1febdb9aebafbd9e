import { tensor } from "../../src/index.ts";
import type { Entries } from "../entry.ts";
import { flag, nonNegative, oneOf, other, reduction } from "../options.ts";
import { batch, batchVariants, distance, indices, pairs, references } from "./batch.ts";

const byClass = tensor([1.1, 0.9, 1, 1.3, 1, 1, 1, 1.2], { dtype: "float32" });

export const margin: Entries = {
  margin: {
    title: "Margin loss (distance-weighted sampling)",
    tasks: ["embedding"],
    formula: String.raw`[d_p - \beta_y + m]_+ \quad\text{and}\quad [\beta_y - d_n + m]_+`,
    use: "A contrastive loss whose boundary beta is learned, one for each class, so that spread-out classes may stay so.",
    avoid: "Without a sampler of negatives: most are far away and teach nothing; take miners.distanceWeighted.",
    inputs: batch,
    options: {
      margin: nonNegative(0.2),
      beta: other(1.2, "> 0, or a tensor: one, or one for each class", 0, -1, Number.NaN, tensor([[1.2]])),
      nu: nonNegative(0),
      per: oneOf("pair", ["pair", "triplet"]),
      distance: distance(),
      normalize: flag(true),
      references,
      pairs,
      reduction: reduction(),
    },
    variants: [
      { margin: 0.4, beta: 0.8, per: "triplet" },
      { beta: byClass, nu: 0.1 },
      { beta: byClass, nu: 0.1, per: "triplet", reduction: "sum" },
      { normalize: false, distance: "squaredEuclidean", beta: 3, reduction: "none" },
      ...batchVariants,
    ],
    points: [
      {
        at: "both kinks",
        inputs: [
          [
            [1, 0],
            [1, 0],
            [0, 1],
          ],
          indices(0, 0, 1),
        ],
        options: { beta: Math.SQRT1_2, margin: Math.SQRT1_2 },
        value: 0,
        gradients: [[0, 0, 0, 0, 0, 0], null],
      },
    ],
    sources: [
      "Wu, Manmatha, Smola and Krähenbühl 2017, Sampling matters in deep embedding learning, ICCV, arXiv:1706.07567",
    ],
    libraries: {
      "pytorch-metric-learning": 'per: "triplet" over all triplets; a single learned beta is regularised once there.',
    },
  },
};
