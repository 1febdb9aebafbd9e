import { tensor } from "../../src/index.ts";
import * as losses from "../../src/losses/index.ts";
import type { Entries } from "../entry.ts";
import { labels, scores } from "../inputs.ts";
import { flag, nonNegative, positive, reduction } from "../options.ts";

const teacher = { differentiable: false, seed: "teacher" };
const perClass = {
  studentLogits: scores(["n", "classes"]),
  teacherLogits: scores(["n", "classes"], teacher),
};

export const distillation: Entries = {
  knowledgeDistillation: {
    title: "Knowledge distillation (Hinton)",
    tasks: ["distillation"],
    formula: String.raw`T^2\, D\left( \mathrm{softmax}(t / T) \Vert \mathrm{softmax}(s / T) \right)`,
    use: "To teach a small classifier what a large one knows of the wrong classes; add crossEntropy with the labels.",
    avoid: "When the teacher is sure of nearly everything; take decoupledKnowledgeDistillation.",
    inputs: perClass,
    options: { temperature: positive(4), rescale: flag(true), reduction: reduction() },
    variants: [
      { temperature: 2, rescale: false },
      { temperature: 20, reduction: "sum" },
    ],
    points: [
      { at: "logits that differ by a constant", inputs: [[[1, 2]], [[4, 5]]], value: 0, gradients: [[0, 0], null] },
    ],
    sources: ["Hinton et al. 2015, Distilling the knowledge in a neural network, arXiv:1503.02531"],
    libraries: {
      mmdet: 'divides by the number of classes as well, unless class_reduction is "sum"; T is 10.',
      "sentence-transformers": "DistillKLDivLoss: temperature 1 by default.",
    },
    curves: {
      along: "logit of the first class, 2 for the teacher",
      from: -6,
      to: 6,
      lines: Object.fromEntries(
        [1, 4, 20].map((temperature) => [
          `temperature ${temperature}`,
          (x) =>
            losses.knowledgeDistillation(x.reshape([1]).mul([1, 0, 0]), tensor([2, 0, 0], { dtype: x.dtype }), {
              temperature,
            }),
        ]),
      ),
    },
  },

  decoupledKnowledgeDistillation: {
    title: "Decoupled knowledge distillation (DKD)",
    tasks: ["distillation"],
    formula: String.raw`T^2 \left( \alpha\, D(b_t \Vert b_s) + \beta\, D(u_t \Vert u_s) \right)`,
    use: "To distil from a teacher that is sure of the label: what it thinks of the other classes is weighed on its own.",
    avoid: "Without labels, or with few classes; take knowledgeDistillation.",
    inputs: { ...perClass, labels: labels(["n"]) },
    options: { alpha: nonNegative(1), beta: nonNegative(8), temperature: positive(4), reduction: reduction() },
    variants: [{ alpha: 0, temperature: 1 }, { beta: 0 }, { reduction: "sum" }],
    points: [
      {
        at: "logits that differ by a constant",
        inputs: [[[1, 2, 0]], [[4, 5, 3]], tensor([1], { dtype: "int32" })],
        value: 0,
        gradients: [[0, 0, 0], null, null],
      },
    ],
    sources: ["Zhao et al. 2022, Decoupled knowledge distillation, arXiv:2203.08679"],
    libraries: { mdistiller: "subtracts 1000 from the labelled logit in place of leaving it out." },
  },

  marginMSE: {
    title: "Margin-MSE",
    tasks: ["distillation", "text", "ranking"],
    formula: String.raw`\left( (s^+ - s^-) - (t^+ - t^-) \right)^2`,
    use: "To train a fast retriever from a slow reranker: only the margins are learned, so that the scales may differ.",
    avoid: "When there is a whole list of candidates for each query; take rankingDistillation.",
    inputs: {
      studentPositive: scores(["n"]),
      studentNegative: scores(["n", "m"], { seed: "negative" }),
      teacherPositive: scores(["n"], teacher),
      teacherNegative: scores(["n", "m"], { differentiable: false, seed: "teacherNegative" }),
    },
    options: { reduction: reduction() },
    variants: [{ reduction: "sum" }],
    points: [
      {
        at: "one negative, and margins of 1 and 3",
        inputs: [[2], [1], [5], [2]],
        value: 4,
        gradients: [[-4], [4], null, null],
      },
    ],
    sources: [
      "Hofstätter et al. 2020, Improving efficient neural ranking models with cross-architecture knowledge distillation, arXiv:2010.02666",
    ],
    libraries: { "sentence-transformers": "MarginMSELoss takes the teacher's margins, or its scores, as labels." },
  },

  rankingDistillation: {
    title: "Ranking distillation (KL over candidates)",
    tasks: ["distillation", "text", "ranking"],
    formula: String.raw`T^2\, D\left( \mathrm{softmax}(t / T) \Vert \mathrm{softmax}(s / T) \right)`,
    use: "To train a retriever from a reranker's scores of several candidates for each query.",
    avoid: "When the scores' scale means something; take marginMSE.",
    inputs: {
      studentScores: scores(["n", "items"]),
      teacherScores: scores(["n", "items"], teacher),
    },
    options: { temperature: positive(1), rescale: flag(true), reduction: reduction() },
    variants: [
      { temperature: 3, rescale: false },
      { temperature: 2, reduction: "sum" },
    ],
    sources: [
      "Lin et al. 2020, Distilling dense representations for ranking using tightly-coupled teachers, arXiv:2010.11386",
    ],
    libraries: {
      "sentence-transformers": "DistillKLDivLoss: the same, and it may give the teacher a temperature of its own.",
    },
  },

  localizationDistillation: {
    title: "Localisation distillation",
    tasks: ["distillation", "detection"],
    formula: String.raw`T^2\, D\left( \mathrm{softmax}(t / T) \Vert \mathrm{softmax}(s / T) \right) \text{ over the bins of each edge}`,
    use: "To teach a detector where a teacher sees the edges of a box, with its doubts.",
    avoid: "When boxes are four numbers and not distributions; take a loss of boxes.",
    inputs: {
      studentLogits: scores(["n", 4, "bins"]),
      teacherLogits: scores(["n", 4, "bins"], teacher),
    },
    sizes: { bins: 6 },
    options: { temperature: positive(10), rescale: flag(true), divideByBins: flag(false), reduction: reduction() },
    variants: [
      { temperature: 2, rescale: false },
      { divideByBins: true, reduction: "sum" },
    ],
    sources: ["Zheng et al. 2022, Localization distillation for dense object detection, arXiv:2102.12252"],
    libraries: {
      mmdet:
        'KnowledgeDistillationKLDivLoss averages over the bins, as divideByBins does, unless class_reduction is "sum".',
    },
  },
};
