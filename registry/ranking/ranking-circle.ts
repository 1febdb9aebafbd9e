import type { Entries } from "../entry.ts";
import { relevance, scores } from "../inputs.ts";
import { finite, flag, positive } from "../options.ts";
import { perList } from "./lists.ts";

export const rankingCircle: Entries = {
  rankingCircle: {
    title: "Circle loss for ranking",
    tasks: ["ranking", "embedding"],
    formula: String.raw`\log\Big(1 + \sum_{y_i > y_j} e^{\gamma(\alpha_i (1 - m - s_i) + \alpha_j (s_j - m))}\Big)`,
    use: "Similarities in [0, 1] of a query's items, with graded relevance: pairs far from their place weigh more.",
    avoid: "For scores that are no similarities: they are clamped into [0, 1].",
    inputs: {
      scores: scores(["n", "items"], { what: "similarities, meant to be in [0, 1]", std: 0.3 }),
      relevance: relevance(["n", "items"]),
    },
    options: { gamma: positive(64), margin: finite(0.25), clamp: flag(true), ...perList("tfRanking") },
    variants: [
      { gamma: 2, margin: 0.1 },
      { clamp: false, gamma: 2 },
      { average: "real" },
      { average: "all" },
      { preset: "tfRanking" },
    ],
    detaches: () => true,
    points: [
      {
        at: "the margins",
        inputs: [[[0.75, 0.25]], [[1, 0]]],
        value: Math.LN2,
        gradients: [[-16, 16], null],
      },
      { at: "equal relevance", inputs: [[[0.3, 0.7]], [[1, 1]]], value: 0, gradients: [[0, 0], null] },
      { at: "nothing relevant", inputs: [[[0.3, 0.7]], [[0, 0]]], value: 0, gradients: [[0, 0], null] },
    ],
    sources: ["Sun et al. 2020, Circle loss: A unified perspective of pair similarity optimization, arXiv:2002.10857"],
    libraries: {
      "TensorFlow Ranking": "is NaN in lists without a pair, and infinite where the exponential overflows.",
    },
  },
};
