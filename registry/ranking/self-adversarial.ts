import type { Entries } from "../entry.ts";
import { scores } from "../inputs.ts";
import { finite, nonNegative, oneOf, reduction } from "../options.ts";

export const selfAdversarial: Entries = {
  selfAdversarial: {
    title: "Self-adversarial negative sampling (RotatE)",
    tasks: ["recommendation"],
    formula: String.raw`-\log\sigma(\gamma - d) - \sum_k w_k \log\sigma(d_k - \gamma),\quad w = \mathrm{softmax}(\alpha(\gamma - d_k))`,
    use: "Embeddings of knowledge graphs: corruptions that seem true weigh more, without drawing them on purpose.",
    avoid: "When corruptions may be true facts: those weigh most.",
    inputs: { positive: scores(["n"]), negative: scores(["n", "m"], { seed: "negative" }) },
    options: {
      margin: finite(12),
      alpha: nonNegative(1),
      score: oneOf("distance", ["distance", "similarity"]),
      reduction: reduction(),
    },
    detaches: (options) => (options as { alpha?: number }).alpha !== 0,
    variants: [
      { alpha: 0, margin: 1 },
      { score: "similarity", margin: 0.5 },
    ],
    points: [
      {
        at: "distances of gamma",
        inputs: [[12], [[12, 12]]],
        value: 2 * Math.LN2,
        gradients: [[0.5], [-0.25, -0.25]],
      },
    ],
    sources: [
      "Sun et al. 2019, RotatE: Knowledge graph embedding by relational rotation in complex space, arXiv:1902.10197",
    ],
    libraries: { "RotatE's code": "halves the sum of the two terms." },
  },
};
