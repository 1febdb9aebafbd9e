import type { Entries } from "../entry.ts";
import { embeddings, scores, targets } from "../inputs.ts";
import { other, positive, reduction } from "../options.ts";

export const similarity: Entries = {
  cosineDistance: {
    title: "Cosine distance",
    tasks: ["regression", "embedding", "distillation"],
    formula: String.raw`1 - \frac{\hat y \cdot y}{\lVert \hat y \rVert\,\lVert y \rVert}`,
    use: "To match the direction of a vector when its length says nothing.",
    avoid: "When vectors near zero occur: their direction is noise, and the gradient there is huge.",
    inputs: { predictions: embeddings(["n", "d"]), targets: embeddings(["n", "d"], { seed: "targets" }) },
    options: { axis: other(-1, "an axis", 0.5), eps: positive(1e-8), reduction: reduction() },
    variants: [{ axis: 0, eps: 1 }, { reduction: "none" }],
    points: [
      {
        at: "equal vectors",
        inputs: [[[3, 4]], [[3, 4]]],
        value: 0,
        gradients: [
          [0, 0],
          [0, 0],
        ],
      },
    ],
    sources: ["Singhal 2001, Modern information retrieval: a brief overview"],
    libraries: {
      optax: "is NaN at a zero vector, with its default eps of 0.",
      Keras: "CosineSimilarity is -cos, in [-1, 1].",
      "TensorFlow.js": "cosineDistance does not normalise: 1 - y . y'.",
    },
  },

  correlation: {
    title: "Correlation loss (1 - Pearson)",
    tasks: ["regression", "forecasting"],
    formula: String.raw`1 - \operatorname{corr}(\hat y, y)`,
    use: "When the shape of a series counts and its scale and offset do not.",
    avoid: "When values matter: predictions may drift freely.",
    inputs: { predictions: scores(["n", "steps"]), targets: targets(["n", "steps"]) },
    least: { steps: 2 },
    options: { reduction: reduction() },
    points: [
      {
        at: "a constant prediction",
        inputs: [
          [1, 1, 1],
          [1, 2, 4],
        ],
        value: 1,
        gradients: [[0, 0, 0], null],
      },
    ],
    sources: ["Pearson 1895, Notes on regression and inheritance in the case of two parents"],
  },
};
