import type { Entries } from "../entry.ts";
import { embeddings } from "../inputs.ts";
import { flag, nonNegative, oneOf, other, positive, reduction } from "../options.ts";
import { pairs } from "./inputs.ts";

const guide = (what: string, seed: string) => embeddings(["n", 3], { what, seed, differentiable: false });

const negatives = [
  [1, 0, 2, 1],
  [0, 1, -1, 0.5],
];
const guideNegatives = [
  [0.5, 1, -1],
  [1, 0.2, 0.3],
];

export const gist: Entries = {
  gist: {
    title: "GISTEmbed, guided in-batch negatives",
    tasks: ["text", "distillation"],
    formula: String.raw`-\log \frac{e^{s_{ii}/\tau}}{e^{s_{ii}/\tau} + \sum_{c:\,g_c \le g_{ii} - m} e^{s_c/\tau}}`,
    use: "Sentence embeddings from pairs with many near duplicates: a guide model says which negatives are false.",
    avoid: "Without a guide better than chance on your texts; then multipleNegativesRanking.",
    inputs: {
      ...pairs("anchors", "positives", ["anchors", "positives, row i for anchor i"]),
      guideAnchors: guide("the guide's embeddings of the anchors", "guide anchors"),
      guidePositives: guide("the guide's embeddings of the positives", "guide positives"),
    },
    options: {
      negatives: other(undefined, "[m, d], a pool", [[1, 2]]),
      guideNegatives: other(undefined, "[m, e]", [[1, 2]]),
      temperature: positive(0.01),
      margin: nonNegative(0),
      marginStrategy: oneOf("absolute", ["absolute", "relative"]),
      contrastAnchors: flag(true),
      contrastPositives: flag(true),
      reduction: reduction(),
    },
    variants: [
      { temperature: 0.5, margin: 0.1 },
      { temperature: 0.5, margin: 0.2, marginStrategy: "relative", contrastAnchors: false },
      { temperature: 0.5, contrastPositives: false, negatives, guideNegatives, reduction: "sum" },
    ],
    points: [
      {
        at: "one pair",
        inputs: [[[1, 2]], [[2, 1]], [[1, 0]], [[0, 1]]],
        value: 0,
        gradients: [[0, 0], [0, 0], null, null],
      },
      {
        at: "a guide that finds all alike, so that the others count",
        inputs: [
          [
            [1, 0],
            [1, 0],
          ],
          [
            [1, 0],
            [1, 0],
          ],
          [
            [1, 0],
            [1, 0],
          ],
          [
            [1, 0],
            [1, 0],
          ],
        ],
        value: Math.log(4),
      },
    ],
    sources: ["Solatorio 2024, GISTEmbed, arXiv:2402.16829"],
    libraries: {
      "sentence-transformers":
        "GISTEmbedLoss keeps a row among its own negatives if the guide's cosine of its pair is 1.",
    },
  },
};
