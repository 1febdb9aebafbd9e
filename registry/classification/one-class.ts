import type { Entries } from "../entry.ts";
import { embeddings } from "../inputs.ts";
import { other, reduction, within } from "../options.ts";

export const oneClass: Entries = {
  deepSVDD: {
    title: "Deep SVDD (one-class classification)",
    tasks: ["binary", "embedding"],
    formula: String.raw`\|f - c\|^2, \quad R^2 + \frac{1}{\nu} \max(0,\ \|f - c\|^2 - R^2)`,
    use: "To detect anomalies from normal samples alone: what lies far from their common centre is strange.",
    avoid: "With a network that can map everything to the centre, through biases or bounded activations.",
    inputs: {
      embeddings: embeddings(["n", "d"]),
      center: embeddings(["d"], { what: "the centre", differentiable: false, seed: "center" }),
    },
    options: {
      radius: other(null, "> 0, or null", 0, -1, "1"),
      nu: within(0.1, "in (0, 1]", 0, 1.1),
      reduction: reduction(),
    },
    variants: [{ radius: 1.5 }, { radius: 0.5, nu: 0.5, reduction: "sum" }],
    points: [
      { at: "the centre", inputs: [[[1, 2]], [1, 2]], value: 0, gradients: [[0, 0], null] },
      { at: "the sphere", inputs: [[[1, 0]], [0, 0]], options: { radius: 1 }, value: 1, gradients: [[0, 0], null] },
    ],
    sources: ["Ruff et al. 2018, Deep one-class classification, ICML"],
  },
};
