import type { Entries } from "../entry.ts";
import { flag, nonNegative, reduction } from "../options.ts";
import { batch, batchVariants, distance, noNegatives, noPositives, pairs, references, zeros } from "./batch.ts";

const common = {
  inputs: batch,
  options: {
    margin: nonNegative(1),
    posMargin: nonNegative(0),
    distance: distance(),
    normalize: flag(false),
    references,
    pairs,
    reduction: reduction(),
  },
  variants: [
    { margin: 2.5, posMargin: 0.1 },
    { normalize: true, distance: "squaredEuclidean" },
    { reduction: "none" },
    ...batchVariants,
  ],
  points: [
    { ...noPositives, value: 0, gradients: zeros },
    { ...noNegatives, value: 0, gradients: zeros },
  ],
};

export const liftedStructure: Entries = {
  liftedStructure: {
    title: "Lifted structured loss",
    tasks: ["embedding"],
    formula: String.raw`\tfrac{1}{2} \Big[\log\Big(\sum_{k} e^{m - d_{ik}} + \sum_{l} e^{m - d_{jl}}\Big) + d_{ij} - m^+\Big]_+^2`,
    use: "When each positive pair should be compared with all negatives of both its rows, not with one.",
    avoid: "With embeddings of any length: distances enter exponentials; normalise, or set the margin by their scale.",
    ...common,
    sources: [
      "Song, Xiang, Jegelka and Savarese 2016, Deep metric learning via lifted structured feature embedding, CVPR, arXiv:1511.06452",
    ],
    libraries: {
      "pytorch-metric-learning":
        "normalises the embeddings; with references it takes their row numbers for those of the batch.",
      "TensorFlow Addons": "the same value.",
    },
  },

  generalizedLiftedStructure: {
    title: "Generalised lifted structured loss",
    tasks: ["embedding"],
    formula: String.raw`\Big[\log \sum_p e^{d_{ap} - m^+} + \log \sum_n e^{m - d_{an}}\Big]_+`,
    use: "A smooth batch-hard triplet loss: all positives and all negatives of an anchor, the hardest most.",
    avoid: "With embeddings of any length: distances enter exponentials; normalise, or set the margin by their scale.",
    ...common,
    sources: [
      "Hermans, Beyer and Leibe 2017, In defense of the triplet loss for person re-identification, arXiv:1703.07737",
    ],
    libraries: {
      "pytorch-metric-learning":
        "normalises the embeddings; an anchor without positives or negatives counts, with 0 for the empty logarithm.",
    },
  },
};
