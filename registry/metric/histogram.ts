import type { Entries } from "../entry.ts";
import { whole } from "../options.ts";
import { batch, batchVariants, noNegatives, noPositives, pairs, references, zeros } from "./batch.ts";

export const histogram: Entries = {
  histogram: {
    title: "Histogram loss",
    tasks: ["embedding"],
    formula: String.raw`\sum_r h^-_r \sum_{q \le r} h^+_q`,
    use: "When no margin should be tuned: it only asks that positive pairs be more similar than negative ones.",
    avoid: "With small batches: the histograms need many pairs of either kind.",
    inputs: batch,
    sizes: { n: 16 },
    options: { bins: whole(100), references, pairs },
    variants: [{ bins: 7 }, ...batchVariants],
    points: [
      { ...noPositives, value: 0, gradients: zeros },
      { ...noNegatives, value: 0, gradients: zeros },
    ],
    sources: ["Ustinova and Lempitsky 2016, Learning deep embeddings with histogram loss, NeurIPS, arXiv:1611.00822"],
    libraries: { "pytorch-metric-learning": "the same value; finds the bin in float32 whatever the precision." },
  },
};
