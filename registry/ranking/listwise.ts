import type { Entries } from "../entry.ts";
import { relevance, scores } from "../inputs.ts";
import { finite, flag, nonNegative, reduction } from "../options.ts";
import { gain, lists, mask, perList } from "./lists.ts";

const nothing = { at: "nothing relevant", inputs: [[[0.3, -2]], [[0, 0]]], value: 0, gradients: [[0, 0], null] };
const averages = [{ average: "real" }, { average: "all" }, { preset: "rax" }, { preset: "tfRanking" }];

export const listwise: Entries = {
  listNet: {
    title: "ListNet (top one)",
    tasks: ["ranking", "distillation", "text"],
    formula: String.raw`-\sum_i \mathrm{softmax}(y)_i \log \mathrm{softmax}(s)_i`,
    use: "Graded relevance or a teacher's scores whose differences mean something: a step of 1 is a factor of e in the chance of coming first.",
    avoid:
      "With one relevant item in many: its softmax is hardly peaked, and the loss stays high; take listwiseSoftmax.",
    inputs: lists,
    options: { mask, reduction: reduction() },
    points: [
      {
        at: "equal relevance",
        inputs: [[[3, 3]], [[2, 2]]],
        value: Math.LN2,
        gradients: [[0, 0], null],
      },
      { at: "padding only", inputs: [[[3, 3]], [[-1, -1]]], value: 0, gradients: [[0, 0], null] },
    ],
    sources: ["Cao et al. 2007, Learning to rank: from pairwise approach to listwise approach, ICML"],
    libraries: {
      allRank: "adds 1e-10 to the probabilities inside the logarithm.",
      "sentence-transformers": "ListNetLoss is this.",
    },
  },

  listwiseSoftmax: {
    title: "Listwise softmax cross-entropy (binary ListNet)",
    tasks: ["ranking", "text"],
    formula: String.raw`-\sum_i y_i \log \frac{e^{s_i}}{\sum_j e^{s_j}}`,
    use: "Clicks and other lists with few relevant items; a bound on MRR and NDCG, and a strong baseline.",
    avoid: "With many relevant items in a list: they compete with one another; take uniqueSoftmax.",
    inputs: lists,
    options: { normalize: flag(false), ...perList("rax", "tfRanking", "allRank") },
    variants: [{ normalize: true }, ...averages, { preset: "allRank" }],
    points: [
      { at: "equal scores", inputs: [[[3, 3]], [[1, 0]]], value: Math.LN2, gradients: [[-0.5, 0.5], null] },
      {
        at: "padding in the lead",
        inputs: [[[3, 3, 9]], [[1, 0, -1]]],
        value: Math.LN2,
        gradients: [[-0.5, 0.5, 0], null],
      },
      nothing,
    ],
    sources: [
      "Bruch et al. 2019, An analysis of the softmax cross entropy loss for learning-to-rank with binary relevance, ICTIR",
      "Cao et al. 2007, Learning to rank: from pairwise approach to listwise approach, ICML",
    ],
    libraries: {
      rax: 'counts lists without a relevant item in the mean: preset "rax".',
      "TensorFlow Ranking": 'so do its Keras losses, and lists that are all padding: preset "tfRanking".',
      allRank: "binary_listNet divides the relevance by its sum, and adds 1e-10 inside the logarithm.",
    },
  },

  polySoftmax: {
    title: "Poly-1 softmax",
    tasks: ["ranking"],
    formula: String.raw`-\sum_i y_i \log p_i + \varepsilon \Big(1 - \sum_i \frac{y_i}{\sum_j y_j} p_i\Big),\quad p = \mathrm{softmax}(s)`,
    use: "listwiseSoftmax with one more number to tune: epsilon above 0 pulls harder while the relevant items are far from the top.",
    avoid: "Before listwiseSoftmax was tried.",
    inputs: lists,
    options: { epsilon: finite(1), weighted: flag(false), ...perList("rax", "tfRanking") },
    variants: [{ epsilon: -0.5 }, { weighted: true }, ...averages],
    points: [
      { at: "equal scores", inputs: [[[3, 3]], [[1, 0]]], value: Math.LN2 + 0.5, gradients: [[-0.75, 0.75], null] },
      nothing,
    ],
    sources: [
      "Leng et al. 2022, PolyLoss: A polynomial expansion perspective of classification loss functions, arXiv:2204.12511",
      "Jagerman et al. 2022, Rax: Composable learning-to-rank using JAX, KDD",
    ],
    libraries: {
      rax: "takes the relevance of lists without a relevant item for uniform; here their loss is 0.",
      "TensorFlow Ranking": 'multiplies the polynomial term by the sum of the relevance: preset "tfRanking".',
    },
  },

  uniqueSoftmax: {
    title: "Unique softmax",
    tasks: ["ranking"],
    formula: String.raw`-\sum_i (2^{y_i} - 1) \log \frac{e^{s_i}}{e^{s_i} + \sum_{y_j < y_i} e^{s_j}}`,
    use: "Graded relevance with many ties: items compete with less relevant ones only.",
    avoid: "With relevance of large numbers, whose gains 2^y swamp all others; take gain linear.",
    inputs: lists,
    options: { gain, ...perList("rax", "tfRanking") },
    variants: [{ gain: "linear" }, ...averages],
    points: [
      { at: "equal relevance", inputs: [[[0.3, -2]], [[1, 1]]], value: 0, gradients: [[0, 0], null] },
      { at: "equal scores", inputs: [[[3, 3]], [[2, 0]]], value: 3 * Math.LN2, gradients: [[-1.5, 1.5], null] },
      nothing,
    ],
    sources: ["Zhu and Klabjan 2020, Listwise learning to rank by exploring unique ratings, arXiv:2001.01828"],
  },

  calibratedSoftmax: {
    title: "Calibrated softmax",
    tasks: ["ranking"],
    formula: String.raw`-\sum_i y_i \log \frac{e^{s_i}}{1 + \sum_j e^{s_j}} - y_0 \log \frac{1}{1 + \sum_j e^{s_j}}`,
    use: "Rankings whose scores are used by themselves too, as in auctions: a virtual item of score 0 fixes their level.",
    avoid: "When only the order counts; take listwiseSoftmax.",
    inputs: { scores: scores(["n", "items"]), relevance: relevance(["n", "items"]) },
    options: { virtualLabel: nonNegative(0), ...perList("tfRanking") },
    variants: [
      { virtualLabel: 0.3 },
      { average: "real" },
      { average: "all", virtualLabel: 1 },
      { preset: "tfRanking" },
    ],
    points: [
      { at: "scores of 0", inputs: [[[0]], [[1]]], value: Math.LN2, gradients: [[-0.5], null] },
      {
        at: "nothing relevant but the virtual item",
        inputs: [[[0]], [[0]]],
        options: { virtualLabel: 1 },
        value: Math.LN2,
        gradients: [[0.5], null],
      },
      nothing,
    ],
    sources: ["Yan et al. 2022, Scale calibration of deep ranking models, KDD"],
  },
};
