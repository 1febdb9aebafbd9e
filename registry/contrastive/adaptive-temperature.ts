import type { Entries } from "../entry.ts";
import { embeddings } from "../inputs.ts";
import { fraction, positive, reduction } from "../options.ts";

export const adaptiveTemperature: Entries = {
  macl: {
    title: "Model-aware contrastive learning (MACL)",
    tasks: ["selfSupervised"],
    formula: String.raw`-\frac{1}{1 - P_i} \log P_i,\ P_i = \mathrm{softmax}(s_i / \tau_A)_+,\ \tau_A = \tau (1 + \alpha (A - A_0))`,
    use: "NT-Xent with a temperature that grows as the views align, and a gradient that does not vanish for easy pairs.",
    avoid: "When the loss shall be read as a likelihood: its weights change from step to step.",
    inputs: { view1: embeddings(["n", "d"]), view2: embeddings(["n", "d"], { seed: "view2" }) },
    least: { n: 2 },
    options: { temperature: positive(0.1), alpha: fraction(0.5), baseline: fraction(0), reduction: reduction() },
    variants: [{ temperature: 0.5, alpha: 1, baseline: 0.3, reduction: "sum" }, { alpha: 0 }, { reduction: "none" }],
    detaches: () => true,
    sources: ["Huang et al. 2023, Model-Aware Contrastive Learning: Towards Escaping the Dilemmas, arXiv:2207.07874"],
    libraries: {
      lightly: "adds 1e-8 to 1 - P, which it takes by subtraction; here 1 - P is exact, and at least 1e-8.",
    },
  },
};
