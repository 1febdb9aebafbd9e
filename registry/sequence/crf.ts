import type { Entries } from "../entry.ts";
import { labels, scores } from "../inputs.ts";
import { flag, other, reduction } from "../options.ts";

const mask = [
  [1, 1, 1, 1],
  [1, 1, 0, 0],
  [1, 0, 0, 0],
];

export const crf: Entries = {
  crf: {
    title: "Linear-chain conditional random field (CRF)",
    tasks: ["sequence"],
    formula: String.raw`\log \sum_{y'} e^{s(y')} - s(y), \quad s(y) = \sum_t e_t(y_t) + \sum_t A_{y_{t-1}, y_t}`,
    use: "Tagging words when tags depend on their neighbours: names, parts of speech. Take the module CRF, which decodes too.",
    avoid: "When tags do not constrain each other, or there are very many: a step costs the square of their number.",
    inputs: {
      emissions: scores(["n", 4, "classes"], { what: "scores of tags [n, T, tags]" }),
      tags: labels(["n", 4]),
      transitions: scores(["classes", "classes"], {
        what: "scores of steps from the row's tag to the column's",
        seed: "transitions",
      }),
    },
    sizes: { n: 3, classes: 3 },
    options: {
      start: other(null, "a score for each tag", [1], [1, 2]),
      end: other(null, "a score for each tag", [1], [1, 2]),
      mask: other(
        null,
        "1 and 0 of the shape of tags, ones first",
        [1],
        [[0, 1, 1, 1], mask[0], mask[0]],
        [[1, 0, 1, 1], mask[0], mask[0]],
        [[2, 1, 1, 1], mask[0], mask[0]],
      ),
      timeFirst: flag(false),
      reduction: reduction("mean", ["tokenMean"]),
    },
    variants: [{ start: [0.5, -1, 0], end: [1, 0.2, -0.3] }, { reduction: "tokenMean" }, { reduction: "none" }],
    points: [
      {
        at: "equal scores",
        inputs: [
          [
            [
              [0, 0],
              [0, 0],
            ],
          ],
          [[0, 1]],
          [
            [0, 0],
            [0, 0],
          ],
        ],
        value: Math.log(4),
        gradients: [[-0.5, 0.5, 0.5, -0.5], null, [0.25, -0.75, 0.25, 0.25]],
      },
    ],
    sources: [
      "Lafferty, McCallum and Pereira 2001, Conditional random fields: probabilistic models for segmenting and labeling sequence data, ICML",
    ],
    libraries: {
      "pytorch-crf":
        'Its forward is the log-likelihood, not the negative one; time comes first, and its reduction is "sum" by default. "tokenMean" is its token_mean.',
    },
  },
};
