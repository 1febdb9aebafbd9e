import type { Entries } from "../entry.ts";
import { binary, embeddings, scores } from "../inputs.ts";
import { flag, positive, reduction } from "../options.ts";

export const predictive: Entries = {
  negativeCosine: {
    title: "Negative cosine similarity (SimSiam, BYOL)",
    tasks: ["selfSupervised"],
    formula: String.raw`-\frac{p \cdot z}{\lVert p \rVert \lVert z \rVert}`,
    use: "A predictor head learns the other view's embedding, which is detached here; no negatives.",
    avoid: "Without predictor head and detached targets: embeddings collapse to one point.",
    inputs: {
      predictions: embeddings(["n", "d"]),
      targets: embeddings(["n", "d"], { seed: "view2" }),
    },
    options: { eps: positive(1e-8), detachTargets: flag(true), reduction: reduction() },
    detaches: (options) => !("detachTargets" in options),
    variants: [{ detachTargets: false }, { eps: 1, reduction: "sum" }, { reduction: "none" }],
    points: [
      { at: "equal directions", inputs: [[[3, 4]], [[6, 8]]], value: -1, gradients: [[0, 0], null] },
      { at: "opposite directions", inputs: [[[3, 4]], [[-3, -4]]], value: 1, gradients: [[0, 0], null] },
    ],
    sources: [
      "Chen and He 2021, Exploring Simple Siamese Representation Learning, arXiv:2011.10566",
      "Grill et al. 2020, Bootstrap Your Own Latent, arXiv:2006.07733",
    ],
    libraries: { lightly: "NegativeCosineSimilarity does not detach the targets: detachTargets false." },
  },

  maskedReconstruction: {
    title: "Masked reconstruction (MAE)",
    tasks: ["selfSupervised"],
    formula: String.raw`\frac{\sum_{i} m_i \frac1d \lVert p_i - t_i \rVert^2}{\sum_i m_i}`,
    use: "To pretrain an encoder by filling in masked patches.",
    avoid: "When embeddings shall be useful without fine-tuning; losses over views give better ones.",
    inputs: {
      predictions: scores(["n", "patches", "d"]),
      targets: scores(["n", "patches", "d"], { seed: "targets", differentiable: false }),
      mask: binary(["n", "patches"]),
    },
    sizes: { patches: 3 },
    options: { normalizePatches: flag(false), eps: positive(1e-6), reduction: reduction() },
    variants: [
      { normalizePatches: true },
      { normalizePatches: true, eps: 0.1, reduction: "sum" },
      { reduction: "none" },
    ],
    points: [
      { at: "nothing masked", inputs: [[[[1, 2]]], [[[3, 5]]], [[0]]], value: 0, gradients: [[0, 0], null, null] },
    ],
    sources: ["He et al. 2022, Masked Autoencoders Are Scalable Vision Learners, arXiv:2111.06377"],
  },
};
