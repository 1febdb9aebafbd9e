import type { Entries } from "../entry.ts";
import { flag, other, positive, reduction } from "../options.ts";
import { pairs } from "./inputs.ts";

const one = [[1, 2, 3]];
const another = [[-1, 0.5, 3]];
const alone = {
  at: "one pair",
  inputs: [one, another],
  value: 0,
  gradients: [
    [0, 0, 0],
    [0, 0, 0],
  ],
};
const alike = [
  [1, 2],
  [1, 2],
  [1, 2],
];

export const infoNCE: Entries = {
  infoNCE: {
    title: "InfoNCE (CPC, MoCo)",
    tasks: ["selfSupervised", "embedding", "text"],
    formula: String.raw`-\log \frac{e^{q_i \cdot k_i / \tau}}{\sum_{c} e^{q_i \cdot c / \tau}}`,
    use: "Pairs without labels: two views of a sample, a question and its answer. More negatives teach more.",
    avoid: "When a batch holds several rows of one class, which become each other's negatives; then supCon.",
    inputs: pairs("queries", "keys", ["queries", "keys, row i for query i"]),
    options: {
      negatives: other(undefined, "[m, d] for all queries, or [n, m, d], m for each", [[1, 2]]),
      temperature: positive(0.07),
      symmetric: flag(false),
      inBatch: flag(true),
      sameView: flag(false),
      normalize: flag(true),
      reduction: reduction(),
    },
    variants: [
      { temperature: 0.5, symmetric: true, sameView: true },
      { temperature: 0.5, negatives: [[1, 0, 2, 1]], reduction: "sum" },
      {
        temperature: 0.5,
        negatives: [
          [1, 0, 2, 1],
          [0, 1, -1, 0.5],
        ],
        inBatch: false,
      },
      { temperature: 2, normalize: false },
    ],
    points: [alone, { at: "three pairs all alike", inputs: [alike, alike], value: Math.log(3) }],
    sources: [
      "van den Oord et al. 2018, Representation learning with contrastive predictive coding, arXiv:1807.03748",
      "He et al. 2020, Momentum contrast (MoCo), arXiv:1911.05722",
    ],
    libraries: { lightly: "NTXentLoss with a memory bank is this with negatives and inBatch false." },
  },

  ntXent: {
    title: "NT-Xent (SimCLR)",
    tasks: ["selfSupervised"],
    formula: String.raw`-\log \frac{e^{\cos(z_i, z_{j(i)}) / \tau}}{\sum_{k \ne i} e^{\cos(z_i, z_k) / \tau}}`,
    use: "Two augmented views of each image, in large batches.",
    avoid: "With small batches; infoNCE with a queue of negatives, or a loss without negatives, does better.",
    inputs: pairs("view1", "view2", ["embeddings of one view", "embeddings of the other view"]),
    options: { temperature: positive(0.5), reduction: reduction() },
    variants: [{ temperature: 0.1 }, { temperature: 2, reduction: "sum" }],
    points: [alone, { at: "three pairs all alike", inputs: [alike, alike], value: Math.log(5) }],
    sources: ["Chen et al. 2020, A simple framework for contrastive learning (SimCLR), arXiv:2002.05709"],
    libraries: {
      "pytorch-metric-learning": "temperature 0.07; adds the float's smallest number inside the logarithm.",
      lightly:
        "temperature 0.5; its DirectCLRLoss is this of the first k coordinates of unprojected features: x.slice([null, { stop: k }]).",
    },
  },

  clip: {
    title: "CLIP loss (symmetric InfoNCE)",
    tasks: ["selfSupervised", "embedding"],
    formula: String.raw`-\tfrac12 \log \frac{e^{s_{ii}/\tau}}{\sum_j e^{s_{ij}/\tau}} - \tfrac12 \log \frac{e^{s_{ii}/\tau}}{\sum_j e^{s_{ji}/\tau}}`,
    use: "Images and their captions, or any two kinds of data that come in pairs.",
    avoid: "With small batches: sigLIP depends less on their size.",
    inputs: pairs("images", "texts", ["embeddings of images", "embeddings of their texts"]),
    options: { temperature: positive(0.07), reduction: reduction() },
    variants: [{ temperature: 0.5 }, { temperature: 2, reduction: "sum" }],
    points: [alone],
    sources: [
      "Radford et al. 2021, Learning transferable visual models from natural language supervision, arXiv:2103.00020",
    ],
    libraries: { CLIP: "learns the temperature, at least 0.01: losses.Clip." },
  },
};
