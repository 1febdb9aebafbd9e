import type { Entries } from "../entry.ts";
import { boxes } from "../inputs.ts";
import { oneOf, positive, reduction } from "../options.ts";

const pair = {
  predictions: boxes(["n", 4]),
  targets: boxes(["n", 4], {
    differentiable: false,
    seed: "targets",
    wrong: { "x2 below x1": Array(5).fill([2, 0, 1, 1]) },
  }),
};
const options = { eps: positive(1e-7), reduction: reduction() };

export const iou: Entries = {
  iou: {
    title: "IoU loss",
    tasks: ["detection"],
    formula: String.raw`1 - \frac{|P \cap T|}{|P \cup T|}`,
    use: "Boxes that overlap already: it optimises the measure itself.",
    avoid: "For boxes that may not overlap, where it has no gradient; take giou or diou.",
    inputs: pair,
    options: { mode: oneOf("linear", ["linear", "log", "square"]), ...options },
    variants: [{ mode: "log" }, { mode: "square" }, { eps: 0.1 }],
    points: [
      { at: "boxes apart", inputs: [[[0, 0, 1, 1]], [[2, 2, 3, 3]]], value: 1, gradients: [[0, 0, 0, 0], null] },
    ],
    sources: ["Yu et al. 2016, UnitBox, arXiv:1608.01471"],
    libraries: { mmdetection: 'defaults to mode "log".' },
  },

  giou: {
    title: "Generalised IoU loss (GIoU)",
    tasks: ["detection"],
    formula: String.raw`1 - \mathrm{IoU} + \frac{|C| - |P \cup T|}{|C|}`,
    use: "The first choice for boxes: also pulls together those that do not overlap.",
    avoid: "When one box contains the other: it is then plain IoU; take diou.",
    inputs: pair,
    options,
    points: [
      {
        at: "two equal points, whose IoU counts as 0",
        inputs: [[[1, 1, 1, 1]], [[1, 1, 1, 1]]],
        value: 1,
        gradients: [[0, 0, 0, 0], null],
      },
    ],
    sources: ["Rezatofighi et al. 2019, Generalized intersection over union, arXiv:1902.09630"],
    libraries: { "TensorFlow Addons": "boxes are y1, x1, y2, x2." },
  },

  diou: {
    title: "Distance IoU loss (DIoU)",
    tasks: ["detection"],
    formula: String.raw`1 - \mathrm{IoU} + \frac{\lVert c_P - c_T \rVert^2}{\operatorname{diag}(C)^2}`,
    use: "Boxes that should meet fast: it moves their centres together.",
    avoid: "When the aspect matters too; take ciou.",
    inputs: pair,
    options,
    sources: ["Zheng et al. 2020, Distance-IoU loss, arXiv:1911.08287"],
  },

  ciou: {
    title: "Complete IoU loss (CIoU)",
    tasks: ["detection"],
    formula: String.raw`\mathrm{DIoU} + \alpha v, \quad v = \tfrac{4}{\pi^2}\Big(\arctan\tfrac{w_T}{h_T} - \arctan\tfrac{w}{h}\Big)^2`,
    use: "Overlap, centres and aspect in one, the default of YOLO models.",
    avoid: "For boxes that may be flat in both axes.",
    inputs: pair,
    options,
    variants: [{ eps: 0.1 }],
    detaches: () => true,
    sources: ["Zheng et al. 2020, Distance-IoU loss, arXiv:1911.08287"],
    libraries: {
      torchvision: "is NaN at boxes without height.",
      mmdetection: "older versions use v^2 / (1 - IoU + v), with gradient through alpha.",
    },
  },

  eiou: {
    title: "Efficient IoU loss (EIoU)",
    tasks: ["detection"],
    formula: String.raw`\mathrm{DIoU} + \frac{(w_P - w_T)^2}{W_C^2} + \frac{(h_P - h_T)^2}{H_C^2}`,
    use: "Overlap, centres and each side: width and height are pulled apart from one another.",
    avoid: "When only the overlap is scored; take giou.",
    inputs: pair,
    options,
    variants: [{ eps: 0.1 }],
    sources: ["Zhang et al. 2021, Focal and efficient IOU loss for accurate bounding box regression, arXiv:2101.08158"],
  },
};
