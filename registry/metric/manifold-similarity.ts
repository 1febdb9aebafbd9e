import type { Entries } from "../entry.ts";
import { embeddings, labels } from "../inputs.ts";
import { insideUnit, nonNegative, reduction } from "../options.ts";

export const manifoldSimilarity: Entries = {
  manifoldSimilarity: {
    title: "Manifold similarity loss",
    tasks: ["embedding"],
    formula: String.raw`\log\Big(1 + \sum_{k \ne y} e^{F_{ik} - F_{iy} + m}\Big) + \lambda\,(\text{the same of } \cos(F_i, F_k)) \qquad F = (1 - \alpha)(I - \alpha \bar{S})^{-1}`,
    use: "With few labels: similarity spreads along the manifold of a batch and its proxies by random walks.",
    avoid: "With large batches: it costs some fifteen products of (n + proxies)-square matrices.",
    inputs: {
      embeddings: embeddings(["n", "d"]),
      proxies: embeddings(["classes", "d"], { seed: "proxies" }),
      labels: labels(["n"]),
    },
    options: {
      alpha: insideUnit(0.8),
      margin: nonNegative(5e-4),
      contextWeight: nonNegative(1),
      reduction: reduction(),
    },
    variants: [
      { alpha: 0.4, margin: 0.02 },
      { contextWeight: 0.3, reduction: "none" },
    ],
    sources: ["Aziere and Todorovic 2019, Ensemble deep manifold similarity learning using hard proxies, CVPR"],
    libraries: {
      "pytorch-metric-learning":
        "inverts in float32, and gives infinity for lambdaC = infinity; otherwise the same value.",
    },
  },
};
