import type { Entries } from "../entry.ts";
import { embeddings } from "../inputs.ts";
import { flag, positive, reduction } from "../options.ts";

const views = { view1: embeddings(["n", "d"]), view2: embeddings(["n", "d"], { seed: "view2" }) };
const batch = { embeddings: embeddings(["n", "d"]) };

export const uniformity: Entries = {
  alignment: {
    title: "Alignment",
    tasks: ["selfSupervised", "embedding"],
    formula: String.raw`\lVert x_i - y_i \rVert^{\alpha}`,
    use: "To pull the views of a sample together, beside uniformity, which keeps samples apart; also as a measure of embeddings.",
    avoid: "Alone: all points in one place is its minimum.",
    inputs: views,
    options: { alpha: positive(2), normalize: flag(true), reduction: reduction() },
    variants: [{ alpha: 1 }, { alpha: 3, normalize: false, reduction: "sum" }, { reduction: "none" }],
    points: [
      {
        at: "equal views",
        inputs: [[[3, 4]], [[3, 4]]],
        options: { alpha: 1 },
        value: 0,
        gradients: [
          [0, 0],
          [0, 0],
        ],
      },
    ],
    sources: [
      "Wang and Isola 2020, Understanding Contrastive Representation Learning through Alignment and Uniformity on the Hypersphere, arXiv:2005.10242",
    ],
    libraries: { lightly: "HypersphereLoss is alignment + lam (uniformity(z_a) + uniformity(z_b)) / 2." },
  },

  uniformity: {
    title: "Uniformity",
    tasks: ["selfSupervised", "regularisation"],
    formula: String.raw`\log \frac{2}{n(n-1)} \sum_{i < j} e^{-t \lVert x_i - x_j \rVert^2}`,
    use: "To spread embeddings over the sphere, beside alignment; also as a measure of collapse.",
    avoid: "Where clusters are wanted, as it pushes apart samples of one class too.",
    inputs: batch,
    least: { n: 2 },
    options: { t: positive(2), normalize: flag(true) },
    variants: [{ t: 1 }, { t: 0.5, normalize: false }],
    points: [
      {
        at: "one point",
        inputs: [
          [
            [3, 4],
            [3, 4],
          ],
        ],
        value: 0,
        gradients: [[0, 0, 0, 0]],
      },
    ],
    sources: [
      "Wang and Isola 2020, Understanding Contrastive Representation Learning through Alignment and Uniformity on the Hypersphere, arXiv:2005.10242",
    ],
    libraries: { lightly: "HypersphereLoss has t 1 by default, where the paper takes 2." },
  },

  koLeo: {
    title: "KoLeo (Kozachenko-Leonenko entropy)",
    tasks: ["regularisation", "selfSupervised"],
    formula: String.raw`-\log\left(\min_{j \ne i} \lVert x_i - x_j \rVert + \epsilon\right)`,
    use: "A light regulariser that keeps each embedding away from its nearest neighbour, as in DINOv2.",
    avoid: "With duplicates in the batch: equal points have the highest loss, and no gradient.",
    inputs: batch,
    least: { n: 2 },
    options: { eps: positive(1e-8), normalize: flag(true), reduction: reduction() },
    variants: [{ eps: 0.1, normalize: false, reduction: "sum" }, { reduction: "none" }],
    points: [
      {
        at: "two equal points",
        inputs: [
          [
            [0, 1],
            [0, 1],
          ],
        ],
        value: -Math.log(1e-8),
        gradients: [[0, 0, 0, 0]],
      },
    ],
    sources: [
      "Sablayrolles et al. 2019, Spreading vectors for similarity search, arXiv:1806.03198",
      "Oquab et al. 2023, DINOv2, arXiv:2304.07193",
    ],
    libraries: {
      lightly:
        "KoLeoLoss adds eps to each coordinate of the difference as well, which gives equal points a gradient that means nothing.",
    },
  },
};
