import type { Entries } from "../entry.ts";
import { boxes, fixed, positives, scores } from "../inputs.ts";
import { nonNegative, positive, reduction } from "../options.ts";

export const detection: Entries = {
  boundedIoU: {
    title: "Bounded IoU loss",
    tasks: ["detection"],
    formula: String.raw`\sum_i \operatorname{smoothL1}_\beta\big(1 - \mathrm{IoU}^{\max}_i\big)`,
    use: "Box regression by coordinates that still speaks the language of IoU.",
    avoid: "In new models; giou and its kin are simpler.",
    inputs: {
      predictions: boxes(["n", 4]),
      targets: boxes(["n", 4], {
        differentiable: false,
        seed: "targets",
        wrong: { "x2 below x1": Array(5).fill([2, 0, 1, 1]) },
      }),
    },
    options: { beta: positive(0.2), eps: positive(1e-3), reduction: reduction() },
    variants: [{ beta: 0.5, eps: 1e-2 }],
    sources: [
      "Tychsen-Smith and Petersson 2018, Improving object localization with fitness NMS and bounded IoU loss, arXiv:1711.00164",
    ],
  },

  distributionFocal: {
    title: "Distribution focal loss (DFL)",
    tasks: ["detection", "regression"],
    formula: String.raw`-(\lceil y \rceil - y) \log p_{\lfloor y \rfloor} - (y - \lfloor y \rfloor) \log p_{\lceil y \rceil}`,
    use: "To predict a coordinate as a distribution over whole positions, for boxes with uncertain edges.",
    avoid: "When targets lie outside the positions.",
    inputs: {
      logits: scores([4, 5]),
      targets: fixed([4], {
        what: "in [0, bins - 1]",
        values: [0.3, 2, 3.75, 4],
        degenerate: { "the first": [0, 0, 0, 0], "the last": [4, 4, 4, 4] },
        wrong: { "a position beyond the last": [0, 1, 2, 4.5], "-1": [-1, 0, 1, 2] },
      }),
    },
    options: { reduction: reduction() },
    sources: ["Li et al. 2020, Generalized focal loss, arXiv:2006.04388"],
    libraries: { mmdetection: "a target of bins - 1 reads beyond the last bin; callers clamp below it." },
  },

  detrBox: {
    title: "DETR box loss",
    tasks: ["detection"],
    formula: String.raw`\lambda_1 \lVert b - \hat b \rVert_1 + \lambda_g \mathrm{GIoU}(b, \hat b)`,
    use: "Set prediction of boxes, after matching: an absolute and a scale-free term.",
    avoid: "For boxes in pixels, where the absolute error would outweigh all else.",
    inputs: {
      predictions: positives(["n", 4], { what: "boxes cx, cy, w, h", refused: false }),
      targets: positives(["n", 4], {
        what: "boxes cx, cy, w, h",
        differentiable: false,
        seed: "targets",
        refused: false,
        wrong: { "a width below 0": Array(5).fill([1, 1, -1, 1]) },
      }),
    },
    options: { l1Weight: nonNegative(5), giouWeight: nonNegative(2), reduction: reduction() },
    variants: [{ l1Weight: 0, giouWeight: 1 }],
    points: [
      {
        at: "an exact fit",
        inputs: [[[1, 1, 2, 2]], [[1, 1, 2, 2]]],
        options: { giouWeight: 0 },
        value: 0,
        gradients: [[0, 0, 0, 0], null],
      },
    ],
    sources: ["Carion et al. 2020, End-to-end object detection with transformers, arXiv:2005.12872"],
  },
};
