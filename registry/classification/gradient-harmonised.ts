import type { Entries } from "../entry.ts";
import { fractions, scores } from "../inputs.ts";
import { reduction, whole } from "../options.ts";

export const gradientHarmonised: Entries = {
  ghmC: {
    title: "GHM-C (gradient harmonising)",
    tasks: ["imbalance", "detection"],
    formula: String.raw`\frac{N}{B\,\#\mathrm{bin}(g)}\,\mathrm{BCE}(\sigma(x), y), \quad g = |\sigma(x) - y|`,
    use: "Dense detection with many easy negatives and some outliers, neither of which should dominate.",
    avoid: "On small batches: the weights are counts of the batch.",
    inputs: { logits: scores(["n", "classes"]), targets: fractions(["n", "classes"]) },
    options: { bins: whole(10), reduction: reduction() },
    variants: [{ bins: 4 }],
    sources: ["Li, Liu and Wang 2019, Gradient harmonized single-stage detector, arXiv:1811.05181"],
    libraries: { mmdetection: "can keep a running mean of the counts (momentum); its default is none, as here." },
  },
};
