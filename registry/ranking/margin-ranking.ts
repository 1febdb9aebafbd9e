import * as losses from "../../src/losses/index.ts";
import type { Entries } from "../entry.ts";
import { scores, signs } from "../inputs.ts";
import { nonNegative, oneOf, reduction } from "../options.ts";

export const marginRanking: Entries = {
  marginRanking: {
    title: "Margin ranking",
    tasks: ["ranking"],
    formula: String.raw`\max(0,\ m - y\,(x_1 - x_2))`,
    use: "Pairs of scores of which you know the better one, and only the order matters.",
    avoid: "With margin 0 equal scores do not move; give a margin, or take pairwiseLogistic for whole lists.",
    inputs: { x1: scores(["n"]), x2: scores(["n"], { seed: "x2" }), targets: signs(["n"]) },
    options: { margin: nonNegative(0), reduction: reduction() },
    variants: [{ margin: 0.4 }],
    points: [
      {
        at: "equal scores without a margin",
        inputs: [
          [2, 3],
          [2, 3],
          [1, -1],
        ],
        value: 0,
        gradients: [[0, 0], [0, 0], null],
      },
      {
        at: "equal scores with a margin",
        inputs: [[2], [2], [1]],
        options: { margin: 1 },
        value: 1,
        gradients: [[-1], [1]],
      },
    ],
    sources: ["Herbrich et al. 2000, Large margin rank boundaries for ordinal regression"],
    libraries: { PyTorch: "has gradient 1 at the kink; here it is 0." },
    curves: {
      along: "x1 - x2, where x1 should be above x2",
      from: -2,
      to: 2,
      lines: {
        "margin 0": (x) => losses.marginRanking(x, 0, 1),
        "margin 1": (x) => losses.marginRanking(x, 0, 1, { margin: 1 }),
        bradleyTerry: (x) => losses.bradleyTerry(x, x.mul(0)),
      },
    },
  },

  knowledgeGraphMarginRanking: {
    title: "Margin ranking of knowledge graphs (TransE)",
    tasks: ["recommendation"],
    formula: String.raw`\sum_{i,j} \max(0,\ f(p_i) + m - f(n_j))`,
    use: "Facts of a graph, scored by distance, that must come nearer than corrupted ones.",
    avoid: "When most corruptions are easy: few terms are above 0; selfAdversarial weighs the hard ones.",
    inputs: { positive: scores(["n"]), negative: scores(["m"], { seed: "negative" }) },
    options: {
      margin: nonNegative(1),
      pairs: oneOf("all", ["all", "aligned"]),
      score: oneOf("distance", ["distance", "similarity"]),
      reduction: reduction("sum"),
    },
    variants: [{ score: "similarity", margin: 0.3 }, { reduction: "mean" }],
    points: [
      { at: "the margin", inputs: [[2], [3]], value: 0, gradients: [[0], [0]] },
      {
        at: "aligned corruptions",
        inputs: [[1], [[0, 5]]],
        options: { pairs: "aligned" },
        value: 2,
        gradients: [[1], [-1, 0]],
      },
    ],
    sources: ["Bordes et al. 2013, Translating embeddings for modeling multi-relational data, NeurIPS"],
  },
};
