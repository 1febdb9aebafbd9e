import type { Entries } from "../entry.ts";
import { embeddings } from "../inputs.ts";
import { reduction, within } from "../options.ts";
import { axes, classCentres } from "./inputs.ts";

const rows = { embeddings: embeddings(["n", "d"]) };
const centres = { centres: classCentres() };
const byReduction = { options: { reduction: reduction() }, variants: [{ reduction: "sum" }] };

export const regularizers: Entries = {
  lpNorm: {
    title: "Lp norm of embeddings",
    tasks: ["regularisation"],
    formula: String.raw`\|x\|_p^{\,k}`,
    use: "To keep embeddings from growing under losses over dot products or plain distances.",
    avoid: "When the loss normalises its embeddings.",
    inputs: rows,
    options: {
      p: within(2, ">= 1 or Infinity", 0.5, Number.NaN),
      power: within(1, ">= 1", 0.5, Number.NaN),
      reduction: reduction(),
    },
    variants: [{ p: 1 }, { p: 3, power: 2 }, { power: 2, reduction: "sum" }],
    points: [{ at: "the zero vector", inputs: [[[0, 0]]], value: 0, gradients: [[0, 0]] }],
    sources: ["pytorch-metric-learning, LpRegularizer"],
    libraries: { "pytorch-metric-learning": "LpRegularizer." },
  },

  zeroMean: {
    title: "Zero mean of embeddings",
    tasks: ["regularisation"],
    formula: String.raw`\Big|\sum_d x_d\Big|`,
    use: "To keep a common offset out of embeddings that are compared by cosine.",
    avoid: "With embeddings that are all positive, after a relu.",
    inputs: rows,
    ...byReduction,
    points: [{ at: "a sum of 0", inputs: [[[1, -1]]], value: 0, gradients: [[0, 0]] }],
    sources: ["pytorch-metric-learning, ZeroMeanRegularizer"],
    libraries: { "pytorch-metric-learning": "ZeroMeanRegularizer." },
  },

  centerInvariant: {
    title: "Centre invariance",
    tasks: ["regularisation", "imbalance"],
    formula: String.raw`\tfrac14 \Big(\|w_c\|^2 - \frac1C\sum_k \|w_k\|^2\Big)^2`,
    use: "Beside a softmax over centres of any length, where frequent classes would get the longer ones.",
    avoid: "When the loss normalises its centres.",
    inputs: centres,
    ...byReduction,
    points: [{ at: "centres of one length", inputs: [axes], value: 0, gradients: [[0, 0, 0, 0]] }],
    sources: ["Wu et al. 2017, Deep face recognition with center invariant loss, ACM Multimedia Thematic Workshops"],
    libraries: { "pytorch-metric-learning": "CenterInvariantRegularizer." },
  },

  regularFace: {
    title: "RegularFace",
    tasks: ["regularisation", "verification"],
    formula: String.raw`\max_{j \ne i} \cos(w_i, w_j)`,
    use: "Beside a loss over centres, to push each away from its nearest neighbour.",
    avoid: "When classes are truly alike: it knows of no similarity between them.",
    inputs: centres,
    least: { classes: 2 },
    ...byReduction,
    points: [
      {
        at: "two nearest neighbours, which share the gradient",
        inputs: [
          [
            [1, 0],
            [0, 1],
            [0, -1],
          ],
        ],
        options: { reduction: "none" },
        value: [0, 0, 0],
      },
    ],
    sources: ["Zhao et al. 2019, RegularFace, CVPR"],
    libraries: {
      "pytorch-metric-learning": "RegularFaceRegularizer; of equally near classes the first gets the gradient.",
    },
  },

  sparseCenters: {
    title: "Merging of sub-centres (SoftTriple's regulariser)",
    tasks: ["regularisation"],
    formula: String.raw`\frac{1}{C K (K - 1)} \sum_c \sum_{s < t} \sqrt{2 - 2\cos(w_{cs}, w_{ct})}`,
    use: "With several centres a class, to merge those that the class does not need.",
    avoid: "With one centre a class.",
    inputs: { centres: embeddings(["classes", 3, "d"], { what: "some centres for each class", seed: "sub-centres" }) },
    options: {},
    points: [
      { at: "one centre a class", inputs: [[[[1, 0]], [[0, 1]]]], value: 0, gradients: [[0, 0, 0, 0]] },
      {
        at: "equal centres",
        inputs: [
          [
            [
              [1, 0],
              [1, 0],
            ],
          ],
        ],
        value: 0,
        gradients: [[0, 0, 0, 0]],
      },
      {
        at: "opposite centres",
        inputs: [
          [
            [
              [1, 0],
              [-1, 0],
            ],
          ],
        ],
        value: 1,
      },
    ],
    sources: ["Qian et al. 2019, SoftTriple loss, arXiv:1909.05235, equation 10"],
    libraries: {
      "pytorch-metric-learning": "SparseCentersRegularizer adds the float's smallest number under the root.",
    },
  },
};
