import type { Entries } from "../entry.ts";
import { finite, positive, reduction } from "../options.ts";
import { pairs } from "./inputs.ts";

const softplus = (x: number) => Math.log1p(Math.exp(x));

export const sigLIP: Entries = {
  sigLIP: {
    title: "SigLIP, sigmoid loss for image and text",
    tasks: ["selfSupervised", "embedding"],
    formula: String.raw`\sum_j -\log \sigma\big(z_{ij}(t\cos(u_i, v_j) + b)\big),\quad z_{ij} = \begin{cases}1 & i = j\\-1 & \text{else}\end{cases}`,
    use: "As clip, where batches are small or spread over machines: no sum over the batch normalises it.",
    avoid: "With a fixed bias far from -log n: then the many negatives outweigh the pairs. Let the module learn it.",
    inputs: pairs("images", "texts", ["embeddings of images", "embeddings of their texts"]),
    options: { scale: positive(10), bias: finite(-10), reduction: reduction() },
    variants: [
      { scale: 2, bias: -1 },
      { scale: 1, bias: 0.5, reduction: "sum" },
    ],
    points: [
      { at: "one pair alike", inputs: [[[2, 0]], [[1, 0]]], value: Math.LN2 },
      {
        at: "two pairs at right angles",
        inputs: [
          [
            [1, 0],
            [0, 1],
          ],
          [
            [1, 0],
            [0, 1],
          ],
        ],
        options: { scale: 2, bias: -1 },
        value: 2 * softplus(-1),
      },
    ],
    sources: ["Zhai et al. 2023, Sigmoid loss for language image pre-training, arXiv:2303.15343"],
  },
};
