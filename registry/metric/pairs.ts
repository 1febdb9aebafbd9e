import * as losses from "../../src/losses/index.ts";
import type { Entries } from "../entry.ts";
import { binary, distances, embeddings, signs } from "../inputs.ts";
import { flag, nonNegative, oneOf, other, positive, reduction, within } from "../options.ts";

const rows = { x1: embeddings(["n", "d"]), x2: embeddings(["n", "d"], { seed: "x2" }) };

export const pairs: Entries = {
  contrastive: {
    title: "Contrastive loss of pairs (Hadsell)",
    tasks: ["embedding", "verification"],
    formula: String.raw`\begin{cases} d^2 & \text{similar} \\ [m - d]_+^2 & \text{dissimilar} \end{cases}`,
    use: "For pairs that are labelled similar or not. batchContrastive takes a batch with class labels.",
    avoid: "When the order matters rather than a distance: triplet losses need no absolute margin.",
    inputs: { ...rows, labels: binary(["n"]) },
    required: { positiveLabel: 1 },
    options: {
      positiveLabel: { ...oneOf(undefined, [0, 1]), wrong: ["nonsense", 2] },
      preset: oneOf(undefined, ["hadsell2006", "siamese", "pml"]),
      margin: nonNegative(1),
      half: flag(false),
      squared: flag(true),
      posMargin: nonNegative(0),
      distance: other("euclidean", '"euclidean", "cosine", "manhattan", or a function', "nonsense"),
      normalize: flag(false),
      reduction: reduction("mean", ["meanNonZero"]),
    },
    variants: [
      { positiveLabel: 0, margin: 3, half: true },
      { preset: "hadsell2006", margin: 3 },
      { preset: "siamese" },
      { preset: "pml" },
      { margin: 3, squared: false, posMargin: 0.5, reduction: "none" },
      { distance: "cosine", normalize: true },
      { distance: "manhattan", margin: 5, reduction: "sum" },
    ],
    points: [
      {
        at: "distance 0 and the margin",
        inputs: [
          [
            [0, 0],
            [0, 0],
          ],
          [
            [0, 0],
            [0, 1],
          ],
          [0, 0],
        ],
        value: 0.5,
        gradients: [[0, 0, 0, 0], [0, 0, 0, 0], null],
      },
    ],
    sources: ["Hadsell, Chopra and LeCun 2006, Dimensionality reduction by learning an invariant mapping, CVPR"],
    libraries: {
      "pytorch-metric-learning": 'preset "pml".',
      "sentence-transformers": "half: true, cosine distance, margin 0.5; label 1 is similar.",
      "TensorFlow Addons": "takes distances; label 1 is similar.",
    },
  },

  hingeEmbedding: {
    title: "Hinge embedding loss",
    tasks: ["embedding"],
    formula: String.raw`\begin{cases} x & y = 1 \\ [m - x]_+ & y = -1 \end{cases}`,
    use: "When distances are at hand, of similar (1) and dissimilar (-1) pairs.",
    avoid: "From embeddings: contrastive computes the distances, with safe gradients.",
    inputs: { distances: distances(["n"]), targets: signs(["n"]) },
    options: { margin: nonNegative(1), reduction: reduction() },
    variants: [{ margin: 2 }, { reduction: "none" }],
    points: [{ at: "the margin", inputs: [[1], [-1]], value: 0, gradients: [[0], null] }],
    sources: ["Torch 7 and PyTorch, HingeEmbeddingLoss"],
    libraries: { PyTorch: "gradient -1 at the kink." },
    curves: {
      along: "distance",
      from: 0,
      to: 2,
      lines: {
        similar: (x) => losses.hingeEmbedding(x, 1),
        dissimilar: (x) => losses.hingeEmbedding(x, -1),
      },
    },
  },

  cosineEmbedding: {
    title: "Cosine embedding loss",
    tasks: ["embedding", "text"],
    formula: String.raw`\begin{cases} 1 - \cos(x_1, x_2) & y = 1 \\ [\cos(x_1, x_2) - m]_+ & y = -1 \end{cases}`,
    use: "For pairs labelled similar (1) or not (-1) when only directions matter.",
    avoid: "When lengths carry meaning; take contrastive.",
    inputs: { ...rows, targets: signs(["n"]) },
    options: { margin: within(0, "in [-1, 1]", -1.1, 1.1), eps: positive(1e-12), reduction: reduction() },
    variants: [
      { margin: 0.3, eps: 1e-8 },
      { margin: -1, reduction: "none" },
    ],
    points: [
      {
        at: "orthogonal and dissimilar",
        inputs: [[[1, 0]], [[0, 1]], [-1]],
        value: 0,
        gradients: [[0, 0], [0, 0], null],
      },
    ],
    sources: ["Torch 7 and PyTorch, CosineEmbeddingLoss"],
    libraries: {
      PyTorch: "the same, with eps 1e-12 on the squared norms.",
      MXNet: "clips the cosine to [0, 1 - margin].",
    },
  },
};
