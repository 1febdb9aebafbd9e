import { tensor } from "../../src/index.ts";
import type { Entries } from "../entry.ts";
import { embeddings, labels } from "../inputs.ts";
import { other, positive, reduction } from "../options.ts";
import { pairs } from "./inputs.ts";

export const protoNCE: Entries = {
  protoNCE: {
    title: "ProtoNCE (prototypical contrastive learning)",
    tasks: ["selfSupervised"],
    formula: String.raw`\mathrm{InfoNCE}(q, k) - \frac1M \sum_m \log \frac{e^{q_i \cdot c_s^m / \phi_s^m}}{\sum_j e^{q_i \cdot c_j^m / \phi_j^m}}`,
    use: "Self-supervised learning of data with clusters: samples of one cluster, found anew each epoch, draw together.",
    avoid: "When clusters cannot be kept up to date; take infoNCE alone.",
    inputs: {
      ...pairs("queries", "keys", ["embeddings of a view", "embeddings of the other view, row i for query i"]),
      prototypes: embeddings(["classes", "d"], { seed: "prototypes", differentiable: false }),
      assignments: labels(["n"]),
    },
    options: {
      temperature: positive(0.1),
      bank: other(null, "[m, d], or null", [1], [[1]]),
      counts: other(null, "whole numbers that add up to the prototypes, or null", [3], [0, 4], "1"),
      concentrations: other(null, "[k], > 0, or null", [1], [1, -1, 1, 1]),
      reduction: reduction(),
    },
    variants: [
      {
        temperature: 0.5,
        bank: [
          [1, -1, 0.5, 2],
          [0.3, 0.4, -1, 1],
        ],
      },
      { concentrations: [0.1, 0.5, 1, 0.2], reduction: "sum" },
    ],
    points: [
      {
        at: "two granularities, each with one prototype",
        inputs: [
          [[1, 0]],
          [[1, 0]],
          [
            [1, 0],
            [0, 1],
          ],
          tensor([[0, 0]], { dtype: "int32" }),
        ],
        options: { counts: [1, 1] },
        value: 0,
        gradients: [[0, 0], [0, 0], null, null],
      },
    ],
    sources: [
      "Li, Zhou, Xiong and Hoi 2021, Prototypical contrastive learning of unsupervised representations, arXiv:2005.04966",
    ],
    libraries: { "salesforce/PCL": "takes some prototypes, drawn at random, for negatives; the paper all." },
  },
};
