import type { Entries } from "../entry.ts";
import { embeddings } from "../inputs.ts";
import { positive, reduction } from "../options.ts";

export const instance: Entries = {
  instance: {
    title: "Instance loss (within the batch)",
    tasks: ["embedding", "selfSupervised"],
    formula: String.raw`-\log \frac{e^{s}}{\sum_j e^{s\cos(x_i, x_j)}}`,
    use: "To spread the embeddings of a batch in which every sample is its own class.",
    avoid: "When rows of the batch belong together: it drives them apart; take infoNCE or supCon.",
    inputs: { embeddings: embeddings(["n", "d"]) },
    options: { scale: positive(64), reduction: reduction() },
    variants: [{ scale: 3 }, { scale: 1, reduction: "sum" }],
    points: [
      { at: "one sample", inputs: [[[1, 2]]], value: 0, gradients: [[0, 0]] },
      {
        at: "two equal samples",
        inputs: [
          [
            [1, 0],
            [1, 0],
          ],
        ],
        value: Math.LN2,
        gradients: [[0, 0, 0, 0]],
      },
    ],
    sources: ["Zheng et al. 2020, Dual-path convolutional image-text embeddings with instance loss, arXiv:1711.05535"],
    libraries: {
      "pytorch-metric-learning":
        "InstanceLoss takes the index of a class among the batch's classes for that of a sample; equal to this where all labels differ and ascend.",
    },
  },
};
