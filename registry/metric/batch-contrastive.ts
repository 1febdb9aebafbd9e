import type { Entries } from "../entry.ts";
import { flag, nonNegative, oneOf, reduction } from "../options.ts";
import { batch, batchVariants, distance, noPositives, pairs, references } from "./batch.ts";

const sparse = (fallback: string) => reduction(fallback, ["meanNonZero"]);

export const batchContrastive: Entries = {
  batchContrastive: {
    title: "Contrastive loss of all pairs of a batch",
    tasks: ["embedding", "verification"],
    formula: String.raw`\begin{cases} [d - m^+]_+^2 & \text{same label} \\ [m - d]_+^2 & \text{otherwise} \end{cases}`,
    use: "The simplest loss of a labelled batch: pull pairs together, push the others beyond a margin.",
    avoid: "When classes differ in spread: one margin must suit all. multiSimilarity weighs the pairs.",
    inputs: batch,
    options: {
      margin: nonNegative(1),
      posMargin: nonNegative(0),
      squared: flag(true),
      distance: distance(),
      normalize: flag(false),
      references,
      pairs,
      reduction: sparse("mean"),
      preset: oneOf(undefined, ["pml"]),
    },
    variants: [
      { margin: 3, posMargin: 0.3 },
      { margin: 3, squared: false, distance: "squaredEuclidean" },
      { normalize: true, distance: "cosine" },
      { distance: "manhattan", margin: 4 },
      { preset: "pml" },
      { margin: 2.5, reduction: "none" },
      ...batchVariants,
    ],
    points: [{ ...noPositives, options: { margin: Math.SQRT2 }, value: 0, gradients: [[0, 0, 0, 0], null] }],
    sources: ["Hadsell, Chopra and LeCun 2006, Dimensionality reduction by learning an invariant mapping, CVPR"],
    libraries: {
      "pytorch-metric-learning":
        'ContrastiveLoss: preset "pml". With MeanReducer it averages positive and negative pairs apart; here "mean" is over both.',
    },
  },

  snrContrastive: {
    title: "Signal-to-noise ratio contrastive loss",
    tasks: ["embedding"],
    formula: String.raw`\begin{cases} [d - m^+]_+ & \text{same label} \\ [m - d]_+ & \text{otherwise} \end{cases} \qquad d(a, b) = \frac{\mathrm{var}(a - b)}{\mathrm{var}(a)}`,
    use: "When embeddings are not normalised and their scale should not matter.",
    avoid: "With embeddings that may be constant: they have no variance to divide by.",
    inputs: batch,
    options: {
      margin: nonNegative(1),
      posMargin: nonNegative(0),
      normalize: flag(false),
      references,
      pairs,
      reduction: sparse("meanNonZero"),
    },
    variants: [{ margin: 4, posMargin: 0.2 }, { normalize: true }, { reduction: "none" }, ...batchVariants],
    sources: [
      "Yuan, Deng, Tang, Tang and Chen 2019, Signal-to-noise ratio: a robust distance metric for deep metric learning, CVPR, arXiv:1904.02616",
    ],
    libraries: { "pytorch-metric-learning": "normalises the embeddings, and divides by a variance of 0 (NaN)." },
  },
};
