import type { Entries, Entry } from "../entry.ts";
import { positive } from "../options.ts";
import { gradedPairs } from "./inputs.ts";

const [equal, perpendicular] = [
  [
    [1, 0],
    [1, 0],
  ],
  [
    [1, 0],
    [0, 1],
  ],
];

const shared = {
  tasks: ["text"],
  inputs: gradedPairs,
  options: { scale: positive(20) },
  variants: [{ scale: 2 }],
} satisfies Partial<Entry>;

export const coSENT: Entries = {
  coSENT: {
    ...shared,
    title: "CoSENT",
    formula: String.raw`\log\Big(1 + \sum_{y_i < y_j} e^{\lambda(s_i - s_j)}\Big),\quad s_i = \cos(u_i, v_i)`,
    use: "Pairs of sentences with grades of similarity: only their order counts, so any scale of grades will do.",
    avoid: "When cosines must come out as certain numbers; then cosineSimilarityMSE.",
    points: [
      {
        at: "one grade for all",
        inputs: [equal, perpendicular, [1, 1]],
        value: 0,
        gradients: [[0, 0, 0, 0], [0, 0, 0, 0], null],
      },
      {
        at: "the right order",
        inputs: [equal, perpendicular, [1, 0]],
        options: { scale: 1 },
        value: Math.log1p(Math.exp(-1)),
      },
      {
        at: "the wrong order",
        inputs: [equal, perpendicular, [0, 1]],
        options: { scale: 1 },
        value: Math.log1p(Math.E),
      },
    ],
    sources: [
      "Su 2022, CoSENT, kexue.fm/archives/8847",
      "Huang et al. 2024, CoSENT: Consistent sentence embedding via similarity ranking, IEEE/ACM TASLP 32",
    ],
    libraries: { "sentence-transformers": "CoSENTLoss." },
  },

  anglE: {
    ...shared,
    title: "AnglE (AoE)",
    formula: String.raw`\log\Big(1 + \sum_{y_i < y_j} e^{\lambda(s_i - s_j)}\Big),\quad s = \Big|\sum_k \mathrm{Re}(u_k \bar v_k) + \mathrm{Im}(u_k \bar v_k)\Big|`,
    use: "As coSENT, or beside it, where most pairs are so alike or so different that cosines saturate.",
    avoid: "By itself for retrieval by cosine: it does not order by cosine.",
    points: [
      {
        at: "one grade for all",
        inputs: [equal, perpendicular, [1, 1]],
        value: 0,
        gradients: [[0, 0, 0, 0], [0, 0, 0, 0], null],
      },
      {
        at: "similarities of 1 both: a quarter turn is a sine",
        inputs: [equal, perpendicular, [1, 0]],
        options: { scale: 1 },
        value: Math.LN2,
      },
    ],
    sources: ["Li and Li 2024, AnglE-optimized text embeddings, arXiv:2309.12871"],
    libraries: { "sentence-transformers": "AnglELoss, without the other two parts of the paper, as here." },
  },
};
