import type { Entries } from "../entry.ts";
import { embeddings } from "../inputs.ts";
import { nonNegative, positive, reduction, within } from "../options.ts";

const views = { view1: embeddings(["n", "d"]), view2: embeddings(["n", "d"], { seed: "view2" }) };

export const decoupled: Entries = {
  decoupledContrastive: {
    title: "Decoupled contrastive loss (DCL, DCLW)",
    tasks: ["selfSupervised", "embedding"],
    formula: String.raw`-w_i \frac{a_i \cdot b_i}{\tau} + \log \sum_{c \notin \{a_i, b_i\}} e^{a_i \cdot c / \tau}`,
    use: "SimCLR with small batches: without the positive in the sum easy batches still have a gradient. The weighted form (sigma) pulls distant pairs harder.",
    avoid: "When a loss at or above 0 or a bound on mutual information is wanted; take ntXent or infoNCE.",
    inputs: views,
    least: { n: 2 },
    options: {
      temperature: positive(0.1),
      sigma: { ...positive(), default: null, domain: "> 0, or null for weight 1" },
      reduction: reduction(),
    },
    variants: [{ sigma: 0.5 }, { temperature: 0.5, sigma: 2, reduction: "sum" }, { reduction: "none" }],
    detaches: (options) => "sigma" in options,
    points: [
      {
        at: "all embeddings equal",
        inputs: [
          [
            [1, 0],
            [1, 0],
          ],
          [
            [1, 0],
            [1, 0],
          ],
        ],
        value: Math.log(2),
        gradients: [
          [0, 0, 0, 0],
          [0, 0, 0, 0],
        ],
      },
    ],
    sources: ["Yeh et al. 2022, Decoupled Contrastive Learning, arXiv:2110.06848"],
    libraries: { lightly: "two classes, DCLLoss and DCLWLoss; the means of both directions, as here." },
  },

  debiased: {
    title: "Debiased contrastive loss",
    tasks: ["selfSupervised"],
    formula: String.raw`-\log \frac{e^{s^+/\tau}}{e^{s^+/\tau} + g},\ g = \max\left(\frac{\sum_{c} e^{s_c/\tau} - N \rho\, e^{s^+/\tau}}{1 - \rho},\ N e^{-1/\tau}\right)`,
    use: "Contrastive learning on data with few classes, where many negatives are of the anchor's own class.",
    avoid: "With labels, which name the false negatives: take supCon.",
    inputs: views,
    least: { n: 2 },
    options: {
      temperature: positive(0.5),
      positivePrior: within(0.1, "in [0, 1)", -0.1, 1),
      reduction: reduction(),
    },
    variants: [{ positivePrior: 0, temperature: 0.2 }, { positivePrior: 0.3, reduction: "sum" }, { reduction: "none" }],
    sources: ["Chuang et al. 2020, Debiased Contrastive Learning, arXiv:2007.00224"],
  },

  hardNegative: {
    title: "Hard-negative contrastive loss (HCL)",
    tasks: ["selfSupervised"],
    formula: String.raw`-\log \frac{e^{s^+/\tau}}{e^{s^+/\tau} + g},\ g = \max\left(\frac{\sum_c w_c e^{s_c/\tau} - N \rho\, e^{s^+/\tau}}{1 - \rho},\ N e^{-1/\tau}\right),\ w_c = \frac{e^{\beta s_c / \tau}}{\frac1N \sum_k e^{\beta s_k / \tau}}`,
    use: "When most negatives are easy and the near ones carry the information.",
    avoid:
      "With many false negatives: they are near, and get the most weight. Lower the concentration or take debiased.",
    inputs: views,
    least: { n: 2 },
    options: {
      temperature: positive(0.5),
      positivePrior: within(0.1, "in [0, 1)", -0.1, 1),
      reduction: reduction(),
      concentration: nonNegative(1),
    },
    variants: [
      { concentration: 0 },
      { concentration: 2, positivePrior: 0.05, temperature: 0.3, reduction: "sum" },
      { reduction: "none" },
    ],
    sources: ["Robinson et al. 2021, Contrastive Learning with Hard Negative Samples, arXiv:2010.04592"],
  },
};
