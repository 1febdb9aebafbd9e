import type { Entries } from "../entry.ts";
import { embeddings, groups } from "../inputs.ts";
import { oneOf, other, positive, reduction } from "../options.ts";

export const supCon: Entries = {
  supCon: {
    title: "SupCon, supervised contrastive loss",
    tasks: ["embedding", "multiclass"],
    formula: String.raw`-\frac{1}{|P(i)|} \sum_{p \in P(i)} \log \frac{e^{\cos(x_i, x_p)/\tau}}{\sum_{a \ne i} e^{\cos(x_i, x_a)/\tau}}`,
    use: "Embeddings from labels, in batches with several rows of each class, of any number of views.",
    avoid: "With more classes than rows in a batch: few anchors have positives; take a loss over centres.",
    inputs: { embeddings: embeddings(["n", "d"]), labels: groups(["n"]) },
    options: {
      preset: oneOf("paper", ["paper", "supContrast", "pml"]),
      temperature: positive(0.1),
      baseTemperature: other(null, "> 0, or null", 0, -1),
      reduction: reduction("mean", ["meanNonZero"]),
    },
    variants: [
      { preset: "supContrast", temperature: 0.5 },
      { preset: "pml" },
      { temperature: 1, reduction: "sum" },
      { temperature: 0.5, baseTemperature: 0.1 },
    ],
    points: [
      {
        at: "no positives",
        inputs: [
          [
            [1, 2],
            [3, -1],
          ],
          [0, 1],
        ],
        value: 0,
        gradients: [[0, 0, 0, 0], null],
      },
      {
        at: "three rows of loss 0, which meanNonZero does not count",
        inputs: [
          [
            [1, 0],
            [1, 0],
            [-1, 0],
            [0, 1],
          ],
          [0, 0, 1, 1],
        ],
        options: { temperature: 1e-4, reduction: "meanNonZero" },
        value: Math.log(3),
      },
      { at: "a batch of one", inputs: [[[1, 2]], [3]], value: 0, gradients: [[0, 0], null] },
      {
        at: "one row without positives, which does not count",
        inputs: [
          [
            [1, 0],
            [1, 0],
            [1, 0],
          ],
          [4, 4, 9],
        ],
        value: Math.LN2,
        gradients: [[0, 0, 0, 0, 0, 0], null],
      },
    ],
    sources: ["Khosla et al. 2020, Supervised contrastive learning, arXiv:2004.11362"],
    libraries: {
      SupContrast:
        "temperature 0.07 and a factor temperature / 0.07; expects normalised features; NaN for an anchor without positives.",
      "pytorch-metric-learning": "SupConLoss is the mean of terms above 0, and 0 for a batch of one class.",
    },
  },
};
