import type { Entries } from "../entry.ts";
import { flag, positive, reduction } from "../options.ts";
import { batch, batchVariants, distance, noNegatives, noPositives, pairs, references, zeros } from "./batch.ts";

export const nca: Entries = {
  nca: {
    title: "Neighbourhood components analysis (NCA)",
    tasks: ["embedding"],
    formula: String.raw`-\log \frac{\sum_{p} e^{-d_{ip}}}{\sum_{j \ne i} e^{-d_{ij}}}`,
    use: "When nearest neighbours will classify: it raises the chance that a random neighbour is of the own class.",
    avoid: "With embeddings of any length and no scale: far rows saturate the softmax; set scale, or normalise.",
    inputs: batch,
    options: {
      scale: positive(1),
      distance: distance("squaredEuclidean"),
      normalize: flag(false),
      references,
      pairs,
      reduction: reduction(),
    },
    variants: [{ scale: 0.3, normalize: true }, { distance: "cosine", reduction: "none" }, ...batchVariants],
    points: [
      { ...noPositives, value: 0, gradients: zeros },
      { ...noNegatives, value: 0, gradients: zeros },
    ],
    sources: ["Goldberger, Roweis, Hinton and Salakhutdinov 2004, Neighbourhood components analysis, NeurIPS"],
    libraries: {
      "pytorch-metric-learning": "normalises the embeddings; drops rows whose probability underflows, the worst ones.",
    },
  },
};
