import { concat } from "../../src/index.ts";
import * as losses from "../../src/losses/index.ts";
import type { Entries } from "../entry.ts";
import { binary, scores } from "../inputs.ts";
import { flag, oneOf, reduction } from "../options.ts";
import { activation, classWeight, ignoreIndex, ofLabels, sizes } from "./masks.ts";

export const lovasz: Entries = {
  lovaszHinge: {
    title: "Lovasz hinge",
    tasks: ["segmentation", "imbalance"],
    formula: String.raw`\sum_k \big[1 - x_{(k)} (2 t_{(k)} - 1)\big]_+ \big(J_k - J_{k-1}\big)`,
    use: "To optimise intersection over union of a binary mask directly, best after a start with cross-entropy.",
    avoid: "From scratch, and for calibrated probabilities: scores only need to pass the margin.",
    inputs: { logits: scores(["n", "height", "width"]), targets: binary(["n", "height", "width"]) },
    sizes,
    options: { axis: oneOf("sample", ["sample", "batch"]), ignoreIndex, reduction: reduction() },
    variants: [{ axis: "batch" }, { ignoreIndex: 1, reduction: "sum" }, { reduction: "none" }],
    points: [
      { at: "the margin", inputs: [[[1, -1]], [[1, 0]]], value: 0, gradients: [[0, 0], null] },
      { at: "one pixel", inputs: [[[0.25]], [[1]]], value: 0.75, gradients: [[-1], null] },
      {
        at: "no positives, where the largest error counts alone",
        inputs: [[[0.5, -0.5]], [[0, 0]]],
        value: 1.5,
        gradients: [[1, 0], null],
      },
      {
        at: "nothing but ignored pixels",
        inputs: [[[0.5, -0.5]], [[-100, -100]]],
        value: 0,
        gradients: [[0, 0], null],
      },
    ],
    sources: ["Berman et al. 2018, The Lovasz-softmax loss, arXiv:1705.08790"],
    libraries: {
      "segmentation-models-pytorch":
        "LovaszLoss pools the batch unless per_image is set; the authors' code is per image.",
    },
    curves: {
      along: "logit of a pixel of the target; another is at -0.5",
      from: -3,
      to: 3,
      lines: {
        lovaszHinge: (x) =>
          losses.lovaszHinge(concat([x.reshape([1, 1]), x.reshape([1, 1]).mul(0).sub(0.5)], 1), [[1, 0]]),
        "mean hinge": (x) =>
          losses.hinge(concat([x.reshape([1, 1]), x.reshape([1, 1]).mul(0).sub(0.5)], 1), [[1, 0]], {
            labels: "binary",
          }),
      },
    },
  },

  lovaszSoftmax: {
    title: "Lovasz-softmax loss",
    tasks: ["segmentation", "imbalance"],
    formula: String.raw`\frac{1}{|C|} \sum_{c \in C} \sum_k \big|t_c - p_c\big|_{(k)} \big(J_k - J_{k-1}\big)`,
    use: "To optimise mean intersection over union of classes directly, best after or together with cross-entropy.",
    avoid: 'With very small batches per class, whose intersection over union is noisy; pool with axis "batch".',
    inputs: ofLabels,
    sizes,
    options: {
      classes: oneOf("present", ["present", "all"]),
      axis: oneOf("batch", ["sample", "batch"]),
      includeBackground: flag(true),
      classWeight,
      ignoreIndex,
      activation,
      reduction: reduction(),
    },
    variants: [
      { classes: "all", axis: "sample", activation: "softmax" },
      { includeBackground: false, classWeight: [1, 2, 0.5], ignoreIndex: 2 },
      { activation: "sigmoid", reduction: "sum", axis: "sample" },
    ],
    points: [
      {
        at: "a perfect prediction",
        inputs: [
          [
            [
              [1, 0],
              [0, 1],
            ],
          ],
          [[0, 1]],
        ],
        value: 0,
        gradients: [[0, 0, 0, 0], null],
      },
      {
        at: "nothing but ignored pixels",
        inputs: [
          [
            [
              [1, 0],
              [0, 1],
            ],
          ],
          [[-100, -100]],
        ],
        value: 0,
        gradients: [[0, 0, 0, 0], null],
      },
    ],
    sources: ["Berman et al. 2018, The Lovasz-softmax loss, arXiv:1705.08790"],
    libraries: {
      "segmentation-models-pytorch": "LovaszLoss in multiclass mode applies the softmax itself.",
      Kornia:
        "lovasz_softmax_loss averages over all classes, present or not, and over images; older versions sort class indices in place of masks.",
    },
  },
};
