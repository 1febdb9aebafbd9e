import type { Entries } from "../entry.ts";
import { embeddings } from "../inputs.ts";
import { fraction, reduction } from "../options.ts";

export const sdml: Entries = {
  sdml: {
    title: "Smoothed deep metric learning loss (SDML)",
    tasks: ["embedding", "text"],
    formula: String.raw`D_{KL}\big(t_i \,\|\, \mathrm{softmax}_j(-\|x_{1,i} - x_{2,j}\|^2)\big) \qquad t_{ii} = 1 - \varepsilon`,
    use: "For aligned pairs without hard negatives: label smoothing keeps it from pushing unlabelled paraphrases away.",
    avoid: "When the pairs are clean and many; infoNCE is sharper.",
    inputs: { x1: embeddings(["n", "d"]), x2: embeddings(["n", "d"], { seed: "x2" }) },
    least: { n: 2 },
    options: { smoothing: fraction(0.3), reduction: reduction() },
    variants: [{ smoothing: 0 }, { smoothing: 1, reduction: "sum" }, { reduction: "none" }],
    sources: [
      "Bonadiman, Kumar and Mittal 2019, Large scale question paraphrase retrieval with smoothed deep metric learning, W-NUT, arXiv:1905.12786",
    ],
    libraries: { "MXNet Gluon": "SDMLLoss gives the value of each row." },
  },
};
