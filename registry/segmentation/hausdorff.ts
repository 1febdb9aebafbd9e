import type { Entries } from "../entry.ts";
import { probabilities } from "../inputs.ts";
import { flag, oneOf, other, positive, reduction, whole } from "../options.ts";
import { classes, ofMasks, sizes } from "./masks.ts";

const one = (value: number) => [[[[value, value, value]]]];
const distances = other(null, "of the shape of the probabilities, >= 0", one(1), [[[[-1]]]]);

export const hausdorff: Entries = {
  hausdorffDistanceTransform: {
    title: "Hausdorff distance loss by distance transforms",
    tasks: ["segmentation"],
    formula: String.raw`\frac{1}{N} \sum (p - t)^2 \big(d_p^{\,\alpha} + d_t^{\,\alpha}\big)`,
    use: "To bring far-off errors of a shape down, together with an overlap loss and after it has converged.",
    avoid:
      "From scratch, where distances are large and arbitrary. Its distances are computed anew at each step, in JavaScript.",
    inputs: ofMasks,
    sizes,
    options: {
      alpha: positive(2),
      log: flag(false),
      axis: oneOf("sample", ["sample", "batch"]),
      predictedDistances: distances,
      targetDistances: distances,
      ...classes,
      reduction: reduction(),
    },
    variants: [
      { alpha: 1.5, log: true, axis: "batch" },
      { includeBackground: false, activation: "softmax", reduction: "sum" },
      { activation: "sigmoid" },
    ],
    points: [
      { at: "a perfect mask", inputs: [[[[1, 1, 0, 0]]], [[[1, 1, 0, 0]]]], value: 0, gradients: [[0, 0, 0, 0], null] },
      { at: "masks that are all or nothing", inputs: [[[[1, 1]]], [[[0, 0]]]], value: 0, gradients: [[0, 0], null] },
      {
        at: "an error next to the boundary and one far from it",
        inputs: [[[[1, 0, 0, 1]]], [[[1, 0, 0, 0]]]],
        options: { alpha: 1 },
        value: 1,
      },
    ],
    compiles: false, // the distances of the prediction read its values; with both distances given it does compile
    sources: [
      "Karimi and Salcudean 2019, Reducing the Hausdorff distance in medical image segmentation, arXiv:1904.10030",
    ],
    libraries: {
      MONAI:
        "HausdorffDTLoss leaves the background out unless told; LogHausdorffDTLoss takes the logarithm of the mean.",
    },
  },

  hausdorffErosion: {
    title: "Hausdorff distance loss by erosion",
    tasks: ["segmentation"],
    formula: String.raw`\sum_{k=1}^{K} k^\alpha\,e_k, \quad e_0 = (p - t)^2, \quad e_k = n\big([\,K * e_{k-1} - \tfrac12\,]_+\big)`,
    use: "As hausdorffDistanceTransform, with operations on images only: thick errors survive many erosions.",
    avoid: "Alone: an error that is thin, or less than about 0.7, has no gradient at all.",
    inputs: {
      probabilities: probabilities(["n", "classes", "height", "width"], {
        what: "in [0, 1]; any number with activation",
        values: [
          [
            [
              [0.02, 0.05, 0.93, 0.9],
              [0.04, 0.01, 0.08, 0.95],
              [0.06, 0.03, 0.07, 0.88],
            ],
            [
              [0.98, 0.95, 0.09, 0.1],
              [0.96, 0.99, 0.92, 0.12],
              [0.94, 0.97, 0.91, 0.11],
            ],
          ],
        ],
      }),
      targets: probabilities(["n", "classes", "height", "width"], {
        differentiable: false,
        values: [
          [
            [
              [1, 1, 0, 0],
              [1, 1, 1, 0],
              [1, 1, 1, 0],
            ],
            [
              [0, 0, 1, 1],
              [0, 0, 0, 1],
              [0, 0, 0, 1],
            ],
          ],
        ],
      }),
    },
    sizes: { n: 1, classes: 2, height: 3, width: 4 },
    options: { alpha: positive(2), erosions: whole(10), ...classes, reduction: reduction() },
    variants: [{ alpha: 1 }, { erosions: 1 }, { includeBackground: false, reduction: "sum" }],
    points: [
      { at: "a perfect mask", inputs: [[[[1, 1, 0, 0]]], [[[1, 1, 0, 0]]]], value: 0, gradients: [[0, 0, 0, 0], null] },
    ],
    sources: [
      "Karimi and Salcudean 2019, Reducing the Hausdorff distance in medical image segmentation, arXiv:1904.10030",
    ],
    libraries: { Kornia: 'HausdorffERLoss gives [classes, n, 1, ...pixels] with reduction "none".' },
  },
};
