import type { Entries } from "../entry.ts";
import { binary, probabilities, scores, targets } from "../inputs.ts";
import { flag, oneOf, reduction } from "../options.ts";
import { activation, sizes } from "./masks.ts";

export const boundary: Entries = {
  boundary: {
    title: "Boundary loss (Kervadec)",
    tasks: ["segmentation", "imbalance"],
    formula: String.raw`\frac{1}{N} \sum \varphi_t\,p`,
    use: "Added to dice or crossEntropy, with a weight that grows: it pulls the boundary itself, however small the region.",
    avoid: "Alone: predicting the target's deepest inside is enough to make it low.",
    inputs: {
      probabilities: probabilities(["n", "classes", "height", "width"], {
        what: "in [0, 1]; any number with activation",
      }),
      distances: targets(["n", "classes", "height", "width"], {
        what: "signed distances, below 0 inside; distanceMaps.signed",
      }),
    },
    sizes,
    options: { includeBackground: flag(true), activation, reduction: reduction() },
    variants: [
      { includeBackground: false, activation: "softmax" },
      { activation: "sigmoid", reduction: "sum" },
    ],
    points: [{ at: "two pixels", inputs: [[[[1, 0.5]]], [[[-1, 2]]]], value: 0, gradients: [[-0.5, 1], null] }],
    sources: ["Kervadec et al. 2019, Boundary loss for highly unbalanced segmentation, arXiv:1812.07032"],
    libraries: {
      MONAI: "BoundaryLoss makes the distances of the target itself.",
      mmsegmentation: "its BoundaryLoss is boundaryCrossEntropy.",
    },
  },

  boundaryCrossEntropy: {
    title: "Class-balanced boundary cross-entropy (HED, PIDNet)",
    tasks: ["segmentation", "binary", "imbalance"],
    formula: String.raw`-(1 - r)\,t \log p - r\,(1 - t) \log(1 - p), \quad r = \frac{1}{N} \sum t`,
    use: "To detect edges and boundaries, which are a few pixels of many: both kinds weigh the same in the sum.",
    avoid: "When probabilities are to be calibrated; take binaryCrossEntropyWithLogits.",
    inputs: { logits: scores(["n", "height", "width"]), targets: binary(["n", "height", "width"]) },
    sizes,
    options: { axis: oneOf("batch", ["batch", "sample"]), reduction: reduction() },
    variants: [{ axis: "sample" }, { reduction: "sum" }],
    points: [
      {
        at: "even logits",
        inputs: [
          [0, 0, 0, 0],
          [1, 0, 0, 0],
        ],
        value: 0.375 * Math.LN2,
      },
      {
        at: "no boundary",
        inputs: [
          [0, 0],
          [0, 0],
        ],
        value: 0,
        gradients: [[0, 0], null],
      },
    ],
    sources: [
      "Xie and Tu 2015, Holistically-nested edge detection, arXiv:1504.06375",
      "Xu et al. 2023, PIDNet, arXiv:2206.02066",
    ],
    libraries: { mmsegmentation: 'BoundaryLoss, with axis "batch".' },
  },
};
