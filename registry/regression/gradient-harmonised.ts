import type { Entries } from "../entry.ts";
import { scores, targets } from "../inputs.ts";
import { positive, reduction, whole } from "../options.ts";

export const gradientHarmonised: Entries = {
  ghmR: {
    title: "GHM-R (gradient harmonising for boxes)",
    tasks: ["detection", "robust"],
    formula: String.raw`\frac{N}{B\,\#\mathrm{bin}(g)} \Big(\sqrt{r^2 + \mu^2} - \mu\Big), \quad g = \frac{|r|}{\sqrt{r^2 + \mu^2}}`,
    use: "Box regression in which outliers should not dominate the many good boxes.",
    avoid: "On small batches: the weights are counts of the batch.",
    inputs: { predictions: scores(["n", "d"]), targets: targets(["n", "d"]) },
    options: { mu: positive(0.02), bins: whole(10), reduction: reduction() },
    variants: [{ mu: 1, bins: 4 }],
    points: [{ at: "an exact fit", inputs: [[1], [1]], value: 0, gradients: [[0], null] }],
    sources: ["Li, Liu and Wang 2019, Gradient harmonized single-stage detector, arXiv:1811.05181"],
  },
};
