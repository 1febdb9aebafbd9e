import type { Entries } from "../entry.ts";
import { distances, labels } from "../inputs.ts";
import { nonNegative, reduction } from "../options.ts";
import { ignoreIndex } from "./labelled.ts";

export const evidential: Entries = {
  evidentialClassification: {
    title: "Evidential classification (Dirichlet)",
    tasks: ["multiclass", "uncertainty"],
    formula: String.raw`\sum_c (y_c - p_c)^2 + \frac{p_c (1 - p_c)}{S + 1} + \lambda\, \mathrm{KL}(\mathrm{Dir}(b) \,\|\, \mathrm{Dir}(1))`,
    use: "When the model should say that it does not know: evidence for each class instead of a probability, none for strange inputs.",
    avoid: "When a calibrated probability is enough; take crossEntropy. Start with divergenceWeight 0 and raise it.",
    inputs: {
      evidence: distances(["n", "classes"], {
        what: "evidence for each class, >= 0",
        wrong: { "-1": [[-1, 0, 0, 0]] },
      }),
      labels: labels(["n"]),
    },
    options: { divergenceWeight: nonNegative(1), ignoreIndex, reduction: reduction() },
    variants: [{ divergenceWeight: 0 }, { divergenceWeight: 0.3, ignoreIndex: 0 }],
    points: [
      { at: "no evidence", inputs: [[[0, 0]], [0]], value: 0.5 + 1 / 6 },
      { at: "a batch of ignored labels", inputs: [[[1, 2]], [-100]], value: 0, gradients: [[0, 0], null] },
    ],
    sources: [
      "Sensoy, Kaplan and Kandemir 2018, Evidential deep learning to quantify classification uncertainty, arXiv:1806.01768",
    ],
  },
};
