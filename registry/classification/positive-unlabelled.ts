import type { Entries } from "../entry.ts";
import { binary, scores } from "../inputs.ts";
import { flag, fraction, nonNegative, oneOf, within } from "../options.ts";

export const positiveUnlabelled: Entries = {
  positiveUnlabelled: {
    title: "Positive-unlabelled risk (nnPU, uPU)",
    tasks: ["binary"],
    formula: String.raw`\pi R_p^+ + \max(0,\ R_u^- - \pi R_p^-)`,
    use: "When only some positives are labelled, and the rest of the data is a mixture with a known share of positives.",
    avoid: "When negatives are labelled, or the share of positives is unknown.",
    inputs: {
      scores: scores(["n"], { values: [1.2, 0.8, -1, -2, 0.5] }),
      targets: binary(["n"], { what: "1 for positives, 0 for unlabelled", values: [1, 1, 0, 0, 0] }),
    },
    options: {
      prior: within(undefined, "inside (0, 1)", 0, 1),
      surrogate: oneOf("sigmoid", ["sigmoid", "logistic"]),
      nonNegative: flag(true),
      beta: nonNegative(0),
      gamma: fraction(1),
    },
    required: { prior: 0.4 },
    variants: [
      { surrogate: "logistic" },
      { nonNegative: false },
      { prior: 0.1, beta: 0.2 },
      { prior: 0.9, gamma: 0.5 },
    ],
    detaches: ({ prior, surrogate }: { prior?: number; surrogate?: string }) =>
      prior === 0.9 || surrogate === "logistic", // where the risk of the negatives is below 0
    points: [
      {
        at: "a risk of the negatives below 0, whose gradient raises it",
        inputs: [
          [0, -1e4],
          [1, 0],
        ],
        options: { prior: 0.5 },
        value: 0.25,
        gradients: [[0.125, 0], null],
      },
      {
        at: "a batch without positives",
        inputs: [[0], [0]],
        options: { prior: 0.5 },
        value: 0.5,
        gradients: [[0.25], null],
      },
    ],
    sources: [
      "Kiryo, Niu, du Plessis and Sugiyama 2017, Positive-unlabeled learning with non-negative risk estimator, arXiv:1703.00593",
      "du Plessis, Niu and Sugiyama 2015, Convex formulation for learning from positive and unlabeled data, ICML",
    ],
  },
};
