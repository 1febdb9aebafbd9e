import type { Tensor } from "../../src/index.ts";
import type { Entries } from "../entry.ts";
import { embeddings } from "../inputs.ts";
import { flag, nonNegative, oneOf, other, reduction, within } from "../options.ts";
import { batch, batchVariants, noNegatives, noPositives, pairs, references, zeros } from "./batch.ts";

const batchOptions = {
  margin: nonNegative(),
  squared: flag(false),
  soft: flag(false),
  normalize: flag(false),
  references,
  pairs,
};

const common = {
  tasks: ["embedding", "verification"] as const,
  inputs: batch,
  variants: [
    { margin: 2.5 },
    { soft: true },
    { squared: true, normalize: true, margin: 1.5 },
    { reduction: "none" },
    ...batchVariants,
  ],
  points: [
    { ...noPositives, value: 0, gradients: zeros },
    { ...noNegatives, value: 0, gradients: zeros },
  ],
};

export const triplet: Entries = {
  triplet: {
    title: "Triplet margin loss",
    tasks: ["embedding", "verification"],
    formula: "[d(a, p) - d(a, n) + m]_+",
    use: "When it is known, or mined, which is more alike: the positive must be nearer than the negative by a margin.",
    avoid: "With random triplets: most are satisfied early and teach nothing. Mine them, or take a loss of the batch.",
    inputs: {
      anchor: embeddings(["n", "d"]),
      positive: embeddings(["n", "d"], { seed: "positive" }),
      negative: embeddings(["n", "d"], { seed: "negative" }),
    },
    options: {
      margin: nonNegative(),
      p: within(2, ">= 1 or Infinity", 0.5, Number.NaN),
      squared: flag(false),
      swap: flag(false),
      soft: flag(false),
      eps: nonNegative(),
      epsPlacement: oneOf("difference", ["difference", "sum"]),
      normalize: flag(false),
      distance: other(undefined, "a function [..., d], [..., d] -> [...]", "euclidean", 1),
      preset: oneOf(undefined, ["facenet", "torch"]),
      reduction: reduction("mean", ["meanNonZero"]),
    },
    variants: [
      { margin: 2, swap: true },
      { distance: (a: Tensor, b: Tensor) => a.sub(b).abs().sum(-1) },
      { p: 1, reduction: "meanNonZero" },
      { p: 3, margin: 2, epsPlacement: "sum", eps: 1e-3 },
      { soft: true, normalize: true, reduction: "none" },
      { squared: true, eps: 1e-2 },
      { preset: "facenet" },
      { preset: "torch" },
    ],
    points: [
      {
        at: "the kink",
        inputs: [[[0, 0]], [[1, 0]], [[2, 0]]],
        options: { eps: 0 },
        value: 0,
        gradients: [
          [0, 0],
          [0, 0],
          [0, 0],
        ],
      },
    ],
    sources: [
      "Weinberger and Saul 2009, Distance metric learning for large margin nearest neighbor classification, JMLR 10",
      "Schroff, Kalenichenko and Philbin 2015, FaceNet, CVPR, arXiv:1503.03832",
      "Balntas, Riba, Ponsa and Mikolajczyk 2016, Learning local feature descriptors with triplets, BMVC",
    ],
    libraries: {
      PyTorch: "TripletMarginLoss: the defaults, gradient 1 at the kink.",
      optax: 'epsPlacement: "sum"; takes powers without abs, so that odd p give NaN.',
      "sentence-transformers": "5.0 to 5.3 have the wrong sign for Euclidean and Manhattan distances.",
    },
  },

  batchAllTriplet: {
    ...common,
    title: "Batch-all triplet loss",
    formula: String.raw`\frac{\sum_{a, p, n} [d(a, p) - d(a, n) + m]_+}{|\{(a, p, n) : [\cdot]_+ > 0\}|}`,
    use: "All triplets of a labelled batch; the mean over those with a loss does not fade as most become easy.",
    avoid: "With noisy labels: wrong triplets stay the ones with a loss.",
    options: { ...batchOptions, reduction: reduction("meanNonZero", ["meanNonZero"]) },
    variants: [...common.variants, { margin: 2.5, reduction: "mean" }, { reduction: "sum" }],
    sources: [
      "Hermans, Beyer and Leibe 2017, In defense of the triplet loss for person re-identification, arXiv:1703.07737",
    ],
    libraries: {
      "sentence-transformers": "margin 5.",
      "pytorch-metric-learning": "TripletMarginLoss: margin 0.05 of unit vectors.",
    },
  },

  batchHardTriplet: {
    ...common,
    title: "Batch-hard triplet loss",
    formula: String.raw`\big[\max_p d(a, p) - \min_n d(a, n) + m\big]_+`,
    use: "The hardest positive and negative of each anchor; the strongest of the triplet losses once training is stable.",
    avoid: "At the start on hard data, where it may collapse all embeddings to a point: begin with soft or semi-hard.",
    options: { ...batchOptions, reduction: reduction() },
    sources: [
      "Hermans, Beyer and Leibe 2017, In defense of the triplet loss for person re-identification, arXiv:1703.07737",
    ],
    libraries: { "sentence-transformers": "margin 5; the distance to a missing positive counts as 0." },
  },

  semiHardTriplet: {
    ...common,
    title: "Semi-hard triplet loss (FaceNet mining)",
    formula: String.raw`[d(a, p) - d(a, n) + m]_+ \qquad n = \arg\min_{d(a, n) > d(a, p)} d(a, n)`,
    use: "For faces and other data with noise, where the very hardest negatives are often wrong labels.",
    avoid: "With small batches, which seldom hold a semi-hard negative.",
    options: { ...batchOptions, reduction: reduction() },
    sources: ["Schroff, Kalenichenko and Philbin 2015, FaceNet, CVPR, arXiv:1503.03832"],
    libraries: { "sentence-transformers": "margin 5.", "TensorFlow Addons": "the same value." },
  },
};
