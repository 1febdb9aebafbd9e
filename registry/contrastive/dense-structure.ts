import type { Entries } from "../entry.ts";
import { embeddings, labels } from "../inputs.ts";
import { flag, other } from "../options.ts";

export const denseStructure: Entries = {
  denseStructure: {
    title: "Dense structure regularisation (DSE)",
    tasks: ["selfSupervised", "segmentation", "regularisation"],
    formula: String.raw`-\frac{D_{\mathrm{inter}} - \tfrac12 (D_{\mathrm{intra}}^{\mathrm{batch}} + D_{\mathrm{intra}}^{\mathrm{image}})}{\operatorname{mean} \lVert x - \bar x \rVert} - \frac{e^{H(\sigma)}}{\min(n, d)}`,
    use: "With a self-supervised loss whose features of places get worse while those of images get better.",
    avoid: "Without clusters of the places, which k-means has to find anew for each batch.",
    inputs: {
      features: embeddings([4, "places", "d"]),
      imageClusters: labels([4, "places"], { classes: "inImage" }),
      batchClusters: labels([4, "places"], { classes: "inBatch", seed: "batchClusters" }),
    },
    sizes: { places: 5, inImage: 3, inBatch: 24 },
    options: {
      counts: other([3, 24], "two whole numbers, >= 1", [0, 24], [3], 3),
      groupSize: other(null, "whole, divides n, or null", 3, 0.5),
      normalize: flag(true),
    },
    variants: [{ groupSize: 2 }, { normalize: false }],
    detaches: () => true,
    compiles: false,
    points: [
      {
        at: "features that are all alike",
        inputs: [
          [
            [
              [1, 0],
              [1, 0],
            ],
          ],
          [[0, 1]],
          [[0, 1]],
        ],
        value: -1 / 2,
        gradients: [[0, 0, 0, 0], null, null],
      },
    ],
    sources: [
      "Dai et al. 2025, Exploring structural degradation in dense representations for self-supervised learning, arXiv:2510.17299",
    ],
    libraries: { lightly: "finds the clusters itself, and has a weight; otherwise the same." },
  },
};
