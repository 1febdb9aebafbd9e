import type { Entries } from "../entry.ts";
import { labels, scores } from "../inputs.ts";
import { nonNegative, oneOf, other, positive, reduction } from "../options.ts";
import { ignoreIndex, sizes } from "./masks.ts";

export const nacl: Entries = {
  nacl: {
    title: "Neighbour-aware calibration (NACL)",
    tasks: ["segmentation"],
    formula: String.raw`-\log p_y + \alpha \frac{1}{C} \sum_c \Big|x_c - \sum_j K_j\,[y_j = c]\Big|`,
    use: "When the probabilities of a segmentation are to be calibrated: it keeps logits from growing without bound.",
    avoid: "When only the labels matter.",
    inputs: { logits: scores(["n", "classes", "height", "width"]), labels: labels(["n", "height", "width"]) },
    sizes,
    options: {
      alpha: nonNegative(0.1),
      smoothing: oneOf("mean", ["mean", "gaussian"]),
      kernelSize: other(3, "odd, >= 1", 0, 2, 1.5),
      sigma: positive(1),
      distance: oneOf("l1", ["l1", "l2"]),
      ignoreIndex,
      reduction: reduction(),
    },
    variants: [
      { alpha: 0.7, kernelSize: 1, distance: "l2" },
      { smoothing: "gaussian", sigma: 0.5, ignoreIndex: 1, reduction: "sum" },
    ],
    points: [
      {
        at: "logits that are the labels, without neighbours",
        inputs: [[[[1], [0]]], [[0]]],
        options: { kernelSize: 1 },
        value: Math.log1p(Math.exp(-1)),
      },
    ],
    sources: [
      "Murugesan et al. 2023, Trust your neighbours: penalty-based constraints for model calibration, arXiv:2303.06268",
    ],
  },
};
