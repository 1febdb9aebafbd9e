import type { Entries } from "../entry.ts";
import { embeddings } from "../inputs.ts";
import { fraction, nonNegative, positive, whole } from "../options.ts";

const directions = embeddings(["d", "slices"], {
  what: "random directions, as columns",
  seed: "directions",
  differentiable: false,
});
const integral = { knots: whole(17, 2), tMax: positive(3) };

export const gaussian: Entries = {
  sigReg: {
    title: "SIGReg (sketched isotropic Gaussian regularisation)",
    tasks: ["regularisation", "selfSupervised"],
    formula: String.raw`\frac{n}{|A|} \sum_{a} \int_{-T}^{T} \left|\tfrac1n \sum_i e^{\mathrm{i} t\, x_i \cdot a} - e^{-t^2/2}\right|^2 e^{-t^2/2}\, dt`,
    use: "To keep embeddings standard Gaussian, beside any predictive loss; linear in batch and width.",
    avoid: "Where embeddings are on the sphere; take uniformity.",
    inputs: { embeddings: embeddings(["n", "d"]), directions },
    sizes: { slices: 3 },
    options: integral,
    variants: [{ knots: 5, tMax: 2 }],
    sources: [
      "Balestriero and LeCun 2025, LeJEPA: Provable and Scalable Self-Supervised Learning Without the Heuristics, arXiv:2511.08544",
    ],
    libraries: { lightly: "draws the directions itself and integrates in float32; here they are an argument." },
  },

  leJEPA: {
    title: "LeJEPA",
    tasks: ["selfSupervised"],
    formula: String.raw`\lambda\, \mathrm{SIGReg}(z) + (1 - \lambda)\, \overline{(z - \bar z_{\mathrm{global}})^2}`,
    use: "Self-supervised learning with one factor to choose, without teacher, stop-gradient or schedule.",
    avoid: "With batches of a few samples, whose distribution cannot be told from a Gaussian.",
    inputs: {
      globalViews: embeddings(["views", "n", "d"]),
      localViews: embeddings(["localViews", "n", "d"], { seed: "view2" }),
      directions,
    },
    sizes: { views: 2, localViews: 3, slices: 3 },
    options: { ...integral, lambda: fraction(0.05) },
    variants: [{ knots: 5, tMax: 2, lambda: 0.5 }, { lambda: 0 }],
    sources: [
      "Balestriero and LeCun 2025, LeJEPA: Provable and Scalable Self-Supervised Learning Without the Heuristics, arXiv:2511.08544",
    ],
    libraries: { lightly: "the same, with directions of its own." },
  },

  visReg: {
    title: "VISReg",
    tasks: ["selfSupervised"],
    formula: String.raw`(1 - \lambda)\, \overline{(z - \bar z_{\mathrm{global}})^2} + \lambda\, \Big( \overline{(1 - \sigma)^2} + \overline{(\operatorname{sort}(\tilde z a) - q)^2} + \overline{\mu^2} \Big)`,
    use: "As leJEPA, with the size and the shape of the distribution apart: collapsed embeddings are still pulled open.",
    avoid: "With batches of a few samples, whose distribution cannot be told from a Gaussian.",
    inputs: {
      globalViews: embeddings(["views", "n", "d"]),
      localViews: embeddings(["localViews", "n", "d"], { seed: "view2" }),
      directions,
    },
    sizes: { views: 2, localViews: 3, slices: 3 },
    least: { n: 2 },
    options: {
      lambda: fraction(0.9),
      scaleWeight: nonNegative(1),
      shapeWeight: nonNegative(1),
      centerWeight: nonNegative(1),
      eps: positive(1e-4),
    },
    variants: [
      { lambda: 0.6, scaleWeight: 2, shapeWeight: 0, centerWeight: 0.5 },
      { shapeWeight: 3, eps: 1e-2 },
    ],
    detaches: ({ shapeWeight }: { shapeWeight?: number }) => shapeWeight !== 0,
    sources: ["Wu et al. 2026, VISReg, arXiv:2606.02572"],
    libraries: { lightly: "the same, with directions of its own and quantiles in float32." },
  },
};
