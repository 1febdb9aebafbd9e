import type { Entries } from "../entry.ts";
import { embeddings } from "../inputs.ts";
import { nonNegative, other } from "../options.ts";

const rows = (seed: string, what: string) => embeddings([3, 2], { what, seed });

const auxiliary = [
  [0.1, -0.4],
  [0.3, 0.2],
  [-0.5, 0.6],
];
const withoutBias = [
  [1, 0.5],
  [-0.2, 0.8],
  [0.4, -1],
];

export const csrReconstruction: Entries = {
  csrReconstruction: {
    title: "CSR reconstruction (sparse autoencoder)",
    tasks: ["text", "regularisation"],
    formula: String.raw`\mathrm{MSE}(x, r_k) + \tfrac18 \mathrm{MSE}(x, r_{4k}) + \beta\,\frac{\mathrm{MSE}(a, e)}{\mathrm{MSE}(\bar e, e)},\quad e = x - r_k^0`,
    use: "Sparse codes of dense embeddings that exist already, beside a contrastive loss over the codes.",
    avoid: "When the encoder itself can be trained: flops makes its embeddings sparse.",
    inputs: {
      reconstruction: rows("k", "reconstructions from k features"),
      wideReconstruction: rows("4k", "reconstructions from 4 k features"),
      embeddings: rows("embeddings", "dense embeddings"),
    },
    options: {
      auxiliary: other(null, "[n, d], or null", [[1]]),
      withoutBias: other(null, "[n, d], or null", [[1]]),
      beta: nonNegative(0.1),
    },
    variants: [
      { auxiliary, withoutBias },
      { auxiliary, withoutBias, beta: 2 },
    ],
    points: [
      {
        at: "an exact fit",
        inputs: [[[1, 2]], [[1, 2]], [[1, 2]]],
        value: 0,
        gradients: [
          [0, 0],
          [0, 0],
          [0, 0],
        ],
      },
      {
        at: "a batch of one, whose residual has no spread",
        inputs: [[[1, 2]], [[1, 2]], [[1, 2]]],
        options: { auxiliary: [[1, 1]], withoutBias: [[1, 2]], beta: 0.5 },
        value: 0.5,
      },
    ],
    sources: [
      "Wen et al. 2025, Beyond Matryoshka: Revisiting sparse coding for adaptive representation, arXiv:2503.01776",
    ],
    libraries: {
      "sentence-transformers":
        "CSRReconstructionLoss returns the three parts apart, beta 1 by itself and 0.1 within CSRLoss.",
    },
  },
};
