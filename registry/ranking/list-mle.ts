import type { Entries } from "../entry.ts";
import { scores } from "../inputs.ts";
import { flag, nonNegative, oneOf, other, reduction, whole } from "../options.ts";
import { generator, lists, mask, perList } from "./lists.ts";

const k = { ...whole(), default: null, domain: "whole, >= 1, or null" };
const ties = oneOf("stable", ["stable", "random"]);
const nothing = { at: "nothing relevant", inputs: [[[0.3, -2]], [[0, 0]]], value: 0, gradients: [[0, 0], null] };
const averages = [{ average: "real" }, { average: "all" }, { preset: "rax" }, { preset: "tfRanking" }];

export const listMLE: Entries = {
  listMLE: {
    title: "ListMLE",
    tasks: ["ranking", "distillation", "text"],
    formula: String.raw`\sum_{k=1}^{n} \Big(\log \sum_{j \ge k} e^{s_{\pi(j)}} - s_{\pi(k)}\Big)`,
    use: "Lists whose full order is known: a teacher's ranking, or relevance with few ties.",
    avoid: "With many ties, whose order is arbitrary; take uniqueSoftmax, or ties random.",
    inputs: lists,
    options: { k, ties, generator, ...perList("rax", "tfRanking") },
    variants: [{ k: 2 }, { ties: "random" }, ...averages],
    points: [
      { at: "two items of equal score", inputs: [[[3, 3]], [[0, 1]]], value: Math.LN2, gradients: [[0.5, -0.5], null] },
      {
        at: "padding in the lead",
        inputs: [[[3, 9, 3]], [[0, -1, 1]]],
        value: Math.LN2,
        gradients: [[0.5, 0, -0.5], null],
      },
      { at: "one item", inputs: [[[5]], [[1]]], value: 0, gradients: [[0], null] },
      nothing,
    ],
    sources: ["Xia et al. 2008, Listwise approach to learning to rank: theory and algorithm, ICML"],
    libraries: {
      rax: 'gives lists without a relevant item the loss of the order in which they come: preset "rax".',
      "TensorFlow Ranking": "orders ties at random.",
      allRank: "orders ties at random, and adds 1e-10 inside the logarithm.",
      "sentence-transformers":
        "takes the documents in the order in which they come, unless respect_input_order is false. Up to 5.6.1 padding counted in the denominators.",
    },
  },

  pListMLE: {
    title: "p-ListMLE (position-aware)",
    tasks: ["ranking", "text"],
    formula: String.raw`\sum_{k=1}^{n} w_k \Big(\log \sum_{j \ge k} e^{s_{\pi(j)}} - s_{\pi(k)}\Big),\quad w_k \propto 2^{n-k} - 1`,
    use: "As listMLE, when the first positions of the order are the ones that count.",
    avoid: "With long lists and exponential weights only the first few items learn; take logarithmic ones.",
    inputs: lists,
    options: {
      positionWeights: other(
        "exponential",
        '"exponential", "logarithmic", or [items]',
        "nonsense",
        [1, -1, 1, 1, 1],
        [1],
      ),
      normalize: flag(true),
      ties,
      generator,
      ...perList("tfRanking", "sentenceTransformers"),
    },
    variants: [
      { positionWeights: "logarithmic" },
      { normalize: false },
      { ties: "random" },
      { positionWeights: "logarithmic", normalize: false },
      { average: "real" },
      { preset: "tfRanking" },
      { preset: "sentenceTransformers" },
    ],
    points: [
      { at: "one item, whose weight is 0", inputs: [[[5]], [[1]]], value: 0, gradients: [[0], null] },
      { at: "two items of equal score", inputs: [[[3, 3]], [[0, 1]]], value: Math.LN2, gradients: [[0.5, -0.5], null] },
      nothing,
    ],
    sources: ["Lan et al. 2014, Position-aware ListMLE: a sequential learning process for ranking, UAI"],
    libraries: {
      "sentence-transformers": "PListMLELoss is this, with normalised weights.",
      "TensorFlow Ranking": 'ListMLELoss with a ListMLELambdaWeight, which is not normalised: preset "tfRanking".',
    },
  },

  coupledRankDistil: {
    title: "Coupled RankDistil",
    tasks: ["distillation", "ranking"],
    formula: String.raw`-\mathbb{E}_{\pi \sim \mathrm{PL}(t)} \log \mathrm{PL}(\pi \mid s)`,
    use: "A student that shall learn a teacher's ranking with its doubts: close scores come in either order.",
    avoid:
      "When the teacher's scores have no scale, as those of an SVM: the Gumbel noise has; take listMLE of its order.",
    inputs: {
      scores: scores(["n", "items"]),
      teacherScores: scores(["n", "items"], { seed: "teacher", differentiable: false }),
    },
    options: {
      samples: whole(8),
      noise: nonNegative(1),
      generator,
      k,
      mask,
      reduction: reduction(),
    },
    variants: [{ noise: 0 }, { samples: 2, k: 2 }],
    points: [
      {
        at: "two items of equal score, without noise",
        inputs: [[[3, 3]], [[0, 1]]],
        options: { noise: 0 },
        value: Math.LN2,
        gradients: [[0.5, -0.5], null],
      },
    ],
    sources: ["Reddi et al. 2021, RankDistil: Knowledge distillation for ranking, AISTATS"],
    libraries: { "TensorFlow Ranking": "gives lists whose labels are all 0 no weight, and requires sample_size." },
  },
};
