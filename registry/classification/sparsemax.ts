import { sparsemax as sparsemaxOf } from "../../src/functional/projections.ts";
import * as losses from "../../src/losses/index.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import type { Entries } from "../entry.ts";
import { labels, scores, signs } from "../inputs.ts";
import { oneOf, other, reduction } from "../options.ts";
import { ignoreIndex, perClass } from "./labelled.ts";

const martins = "Martins and Astudillo 2016, From softmax to sparsemax, arXiv:1602.02068";
const blondel = "Blondel, Martins and Niculae 2020, Learning with Fenchel-Young losses, JMLR 21, arXiv:1901.02324";

const halfSquare = (t: Tensor, axis: number): Tensor => t.square().sum(axis).div(2);

/** The conjugate of half the square of a distribution. */
function conjugateOfHalfSquare(x: Tensor, axis: number): Tensor {
  const p = sparsemaxOf(x, axis);
  return p.mul(x).sum(axis).sub(halfSquare(p, axis));
}

export const sparsemax: Entries = {
  sparsemax: {
    title: "Sparsemax loss",
    tasks: ["multiclass"],
    formula: String.raw`\langle p - y,\, x \rangle - \tfrac12 \|p\|^2 + \tfrac12 \|y\|^2, \quad p = \mathrm{sparsemax}(x)`,
    use: "When the predicted distribution should have exact zeros: the loss is 0 once the label leads by 1. Targets may be distributions over several right classes.",
    avoid: "When every class must keep some probability, as for likelihoods; take crossEntropy.",
    inputs: perClass,
    options: { ignoreIndex, reduction: reduction() },
    variants: [{ ignoreIndex: 0 }, { reduction: "sum" }],
    points: [
      { at: "a lead of 1", inputs: [[[2, 1, 0]], [0]], value: 0, gradients: [[0, 0, 0], null] },
      { at: "equal logits", inputs: [[[5, 5]], [0]], value: 0.25, gradients: [[-0.5, 0.5], null] },
      { at: "a batch of ignored labels", inputs: [[[1, 2]], [-100]], value: 0, gradients: [[0, 0], null] },
    ],
    sources: [martins, blondel],
    libraries: { optax: "multiclass_sparsemax_loss takes labels alone." },
  },

  binarySparsemax: {
    title: "Binary sparsemax loss (sparse plus, smoothed hinge)",
    tasks: ["binary"],
    formula: String.raw`\begin{cases} 0 & v \ge 1 \\ \tfrac14 (1 - v)^2 & |v| \le 1 \\ -v & v \le -1 \end{cases}, \quad v = t\,x`,
    use: "A hinge loss without a kink: samples beyond the margin stop pulling, and probabilities (x + 1) / 2 reach 0 and 1.",
    avoid: "When probabilities must stay inside (0, 1); take binaryCrossEntropyWithLogits.",
    inputs: { scores: scores(["n"]), targets: signs(["n"]) },
    options: { labels: oneOf("signed", ["signed", "binary"]), reduction: reduction() },
    variants: [{ reduction: "sum" }],
    points: [
      {
        at: "the margin",
        inputs: [
          [1, -1],
          [1, -1],
        ],
        value: 0,
        gradients: [[0, 0], null],
      },
      { at: "the opposite margin", inputs: [[-1], [1]], value: 1, gradients: [[-1], null] },
      { at: "the boundary", inputs: [[0], [0]], options: { labels: "binary" }, value: 0.25, gradients: [[0.5], null] },
    ],
    sources: [martins, blondel],
    libraries: {
      optax: "sparsemax_loss takes targets 0 and 1.",
      "scikit-learn": 'SGDClassifier\'s "modified_huber" is 4 times this loss.',
    },
    curves: {
      along: "score of a positive sample",
      from: -3,
      to: 3,
      lines: {
        binarySparsemax: (x) => losses.binarySparsemax(x, 1),
        hinge: (x) => losses.hinge(x, 1),
        softMargin: (x) => losses.softMargin(x, 1),
      },
    },
  },

  entmax15: {
    title: "1.5-entmax loss",
    tasks: ["multiclass"],
    formula: String.raw`\langle p - y,\, x \rangle + \tfrac{4}{3} \sum_c \left(y_c^{3/2} - p_c^{3/2}\right), \quad p = \mathrm{entmax}_{1.5}(x)`,
    use: "Between cross-entropy and sparsemax: sparse predictions, with a smoother path to them.",
    avoid: "When every class must keep some probability; take crossEntropy.",
    inputs: perClass,
    options: { ignoreIndex, reduction: reduction() },
    variants: [{ ignoreIndex: 0 }, { reduction: "sum" }],
    points: [
      { at: "a lead of 2", inputs: [[[3, 1, 0]], [0]], value: 0, gradients: [[0, 0, 0], null] },
      {
        at: "equal logits",
        inputs: [[[5, 5]], [0]],
        value: (4 / 3) * (1 - Math.SQRT1_2),
        gradients: [[-0.5, 0.5], null],
      },
    ],
    sources: ["Peters, Niculae and Martins 2019, Sparse sequence-to-sequence models, arXiv:1905.05702", blondel],
  },

  fenchelYoung: {
    title: "Fenchel-Young loss of any regulariser",
    tasks: ["multiclass"],
    formula: String.raw`\Omega^*(x) - \langle y,\, x \rangle + \Omega(y)`,
    use: "To make the loss that belongs to a prediction map of your own, argmax_p <p, x> - Omega(p): give the conjugate, and the gradient is prediction less target.",
    avoid: "For the maps that have losses here: crossEntropy (softmax), sparsemax, entmax15.",
    inputs: { scores: scores(["n", "classes"]), labels: labels(["n"]) },
    options: {
      omegaConjugate: other(null, "a function of scores and class axis, or null for log-sum-exp", 1, "max"),
      omega: other(null, "a function of targets and class axis, or null to leave it out", 1, "max"),
      ignoreIndex,
      reduction: reduction(),
    },
    variants: [
      { omegaConjugate: (x: Tensor, axis: number) => x.max(axis) },
      { omegaConjugate: halfSquare, omega: halfSquare, reduction: "sum" },
      { omegaConjugate: conjugateOfHalfSquare, ignoreIndex: 0 },
    ],
    points: [{ at: "equal scores", inputs: [[[5, 5]], [0]], value: Math.LN2, gradients: [[-0.5, 0.5], null] }],
    sources: [blondel],
    libraries: { optax: "make_fenchel_young_loss takes the conjugate of a single row, and leaves out Omega(y)." },
  },
};
