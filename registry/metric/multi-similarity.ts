import * as losses from "../../src/losses/index.ts";
import type { Entries } from "../entry.ts";
import { finite, positive, reduction } from "../options.ts";
import { batch, batchVariants, noNegatives, pairs, references, similarity } from "./batch.ts";

export const multiSimilarity: Entries = {
  multiSimilarity: {
    title: "Multi-similarity loss",
    tasks: ["embedding", "verification"],
    formula: String.raw`\frac{1}{\alpha} \log\Big(1 + \sum_p e^{-\alpha (s_p - \lambda)}\Big) + \frac{1}{\beta} \log\Big(1 + \sum_n e^{\beta (s_n - \lambda)}\Big)`,
    use: "A strong default for retrieval with labels: every pair of a batch pulls, the informative ones most. Take miners.multiSimilarity for the pairs.",
    avoid: "When a class seldom occurs twice in a batch; use a balanced sampler, or a memory.",
    inputs: batch,
    options: {
      alpha: positive(2),
      beta: positive(50),
      base: finite(0.5),
      similarity: similarity(),
      references,
      pairs,
      reduction: reduction(),
    },
    variants: [
      { alpha: 1, beta: 10, base: 0.3 },
      { similarity: "dot", beta: 4 },
      { similarity: losses.distances.dot, alpha: 0.5, beta: 3 },
      ...batchVariants,
      { reduction: "none" },
    ],
    points: [{ ...noNegatives, value: Math.log1p(Math.E) / 2 }],
    sources: [
      "Wang, Han, Huang, Dong and Scott 2019, Multi-similarity loss with general pair weighting for deep metric learning, CVPR, arXiv:1904.06627",
    ],
    libraries: { "pytorch-metric-learning": "the same values and defaults." },
  },
};
