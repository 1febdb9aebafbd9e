import type { Entries } from "../entry.ts";
import { scores } from "../inputs.ts";
import { nonNegative, oneOf, reduction, whole } from "../options.ts";

export const warp: Entries = {
  warp: {
    title: "WARP (weighted approximate-rank pairwise)",
    tasks: ["recommendation", "ranking"],
    formula: String.raw`\Phi\Big(\Big\lfloor \frac{N - 1}{t} \Big\rfloor\Big) \max(0,\ m - f + f_t),\quad \Phi(r) = \sum_{j=1}^{r} \frac{1}{j}`,
    use: "Recommendation of a few items out of many, with negatives drawn until one comes near: the top of the list counts.",
    avoid: "When all items can be scored at once; a softmax over them, or many negatives, learns more from each step.",
    inputs: { positive: scores(["n"]), negative: scores(["n", "m"], { seed: "negative" }) },
    options: {
      margin: nonNegative(1),
      items: { ...whole(undefined, 2), default: null, domain: "whole, >= 2, or null" },
      weight: oneOf("harmonic", ["harmonic", "logarithmic"]),
      reduction: reduction(),
    },
    variants: [
      { margin: 0.2, items: 100 },
      { weight: "logarithmic", items: 40 },
    ],
    points: [
      { at: "the margin", inputs: [[2], [[1, 0]]], value: 0, gradients: [[0], [0, 0]] },
      { at: "a violation at the second trial", inputs: [[2], [[0, 1.5]]], value: 0.5, gradients: [[-1], [0, 1]] },
      { at: "a violation at the first trial", inputs: [[2], [[1.5, 9]]], value: 0.75, gradients: [[-1.5], [1.5, 0]] },
    ],
    sources: ["Weston et al. 2011, WSABIE: Scaling up to large vocabulary image annotation, IJCAI"],
    libraries: {
      LightFM: 'steps by weight "logarithmic", at most 10, with margin 1, however large the violation.',
    },
  },
};
