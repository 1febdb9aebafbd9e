import type { Entries } from "../entry.ts";
import { fraction, reduction, within } from "../options.ts";
import { ignoreIndex, perClass } from "./labelled.ts";

export const hardExamples: Entries = {
  hardExampleCrossEntropy: {
    title: "Cross-entropy of hard examples (OHEM, top-k loss, bootstrapped pixels)",
    tasks: ["multiclass", "imbalance", "segmentation"],
    formula: String.raw`\frac{1}{|H|} \sum_{i \in H} -\log p_{i, y_i}`,
    use: "When most samples or pixels are easy and drown the rest: only the hardest share is learnt from.",
    avoid: "With wrong labels, which are the hardest of all.",
    inputs: perClass,
    options: {
      fraction: within(0.25, "in (0, 1]", 0, 1.1),
      threshold: fraction(0),
      ignoreIndex,
      reduction: reduction(),
    },
    variants: [
      { fraction: 1 },
      { threshold: 0.3 },
      { threshold: 0.01, fraction: 0.01 },
      { fraction: 0.5, ignoreIndex: 0 },
    ],
    points: [
      {
        at: "equal terms, of which the first is kept",
        inputs: [
          [
            [0, 0],
            [1, 1],
          ],
          [0, 1],
        ],
        options: { fraction: 0.5 },
        value: Math.LN2,
        gradients: [[-0.5, 0.5, 0, 0], null],
      },
      { at: "a batch of ignored labels", inputs: [[[1, 2]], [-100]], value: 0, gradients: [[0, 0], null] },
    ],
    sources: [
      "Shrivastava, Gupta and Girshick 2016, Training region-based object detectors with online hard example mining, arXiv:1604.03540",
      "Wu, Shen and van den Hengel 2016, High-performance semantic segmentation using very deep fully convolutional networks, arXiv:1604.04339",
    ],
  },
};
