import type { Entries } from "../entry.ts";
import { embeddings, scores } from "../inputs.ts";
import { nonNegative, other, positive, reduction, whole } from "../options.ts";

const anchored = {
  anchors: embeddings(["views", "n", "d"]),
  targets: embeddings(["n", "d"], { seed: "targets", differentiable: false }),
  prototypes: embeddings(["classes", "d"], { seed: "prototypes" }),
};
const msnOptions = {
  temperature: positive(0.1),
  sharpening: positive(0.25),
  iterations: whole(3, 0),
  regularization: nonNegative(1),
};

export const assignment: Entries = {
  swAV: {
    title: "SwAV (swapped assignments)",
    tasks: ["selfSupervised"],
    formula: String.raw`-\frac{1}{V(V-1)} \sum_{i \ne j} \sum_k q^{(i)}_k \log \mathrm{softmax}(z^{(j)} / \tau)_k`,
    use: "Clustering and representation at once, without negatives; small crops make it cheap to have many views.",
    avoid: "With batches much smaller than the number of prototypes, over which assignments cannot be balanced.",
    inputs: { scores: scores(["views", "n", "d"], { what: "scores of d prototypes, cosines as a rule", std: 0.5 }) },
    sizes: { views: 2 },
    options: {
      smallCrops: other(null, "scores [crops, n, d]", [[[1]]], [1]),
      temperature: positive(0.1),
      epsilon: positive(0.05),
      iterations: whole(3, 0),
      reduction: reduction(),
    },
    variants: [
      { temperature: 0.5, epsilon: 0.2, iterations: 1, reduction: "sum" },
      { iterations: 0 },
      { reduction: "none" },
    ],
    detaches: () => true,
    sources: [
      "Caron et al. 2020, Unsupervised Learning of Visual Features by Contrasting Cluster Assignments, arXiv:2006.09882",
    ],
    libraries: {
      lightly: "takes exponentials of scores / epsilon, which overflow in half precision; here it is the log domain.",
    },
  },

  msn: {
    title: "Masked siamese networks (MSN)",
    tasks: ["selfSupervised"],
    formula: String.raw`-\overline{\sum_k q_k \log p_k} + \lambda (\log K - H(\bar p))`,
    use: "Low-shot image classification: masked views of an image take its assignment to learned prototypes.",
    avoid: "On data with unequal classes, which the entropy term makes equal; take pmsn.",
    inputs: anchored,
    sizes: { views: 2, classes: 3 },
    options: msnOptions,
    variants: [
      { temperature: 0.5, sharpening: 1, iterations: 0 },
      { regularization: 0, iterations: 1 },
    ],
    detaches: () => true, // the prototypes inside the targets
    sources: ["Assran et al. 2022, Masked Siamese Networks for Label-Efficient Learning, arXiv:2204.07141"],
    libraries: { lightly: "log(p^-q), which is infinite where p underflows; here it is q times the log-softmax." },
  },

  pmsn: {
    title: "Prior-matching MSN (PMSN)",
    tasks: ["selfSupervised", "imbalance"],
    formula: String.raw`-\overline{\sum_k q_k \log p_k} + \lambda D(\pi \,\Vert\, \bar p),\ \pi_k \propto k^{-\alpha}`,
    use: "MSN on data with a long tail of classes.",
    avoid: "On balanced data; take msn.",
    inputs: anchored,
    sizes: { views: 2, classes: 3 },
    options: { ...msnOptions, exponent: nonNegative(0.25) },
    variants: [
      { temperature: 0.5, exponent: 1 },
      { exponent: 0, regularization: 2 },
    ],
    detaches: ({ exponent }: { exponent?: number }) => exponent !== 0, // the prototypes inside the targets
    sources: ["Assran et al. 2023, The Hidden Uniform Cluster Prior in Self-Supervised Learning, arXiv:2210.07277"],
  },

  capi: {
    title: "CAPI (cluster and predict latent patches)",
    tasks: ["selfSupervised"],
    formula: String.raw`-\sum_k q_k \log \mathrm{softmax}(s / \tau_s)_k`,
    use: "Masked image modelling in which the targets are the teacher's clusters, balanced for each patch position.",
    avoid: "Where few images share a position, so that there is nothing to balance over.",
    inputs: {
      student: scores(["n", "patches", "d"], { std: 0.3 }),
      teacher: scores(["n", "patches", "d"], { std: 0.3, seed: "teacher", differentiable: false }),
    },
    sizes: { patches: 3 },
    options: {
      teacherTemperature: positive(0.06),
      studentTemperature: positive(0.12),
      iterations: whole(3, 0),
      reduction: reduction(),
    },
    variants: [
      { teacherTemperature: 0.5, studentTemperature: 1, iterations: 1, reduction: "sum" },
      { reduction: "none" },
    ],
    sources: [
      "Darcet et al. 2025, Cluster and Predict Latent Patches for Improved Masked Image Modeling, arXiv:2502.08769",
    ],
    libraries: { lightly: "adds 1e-8 to each sum of its exponentials." },
  },
};
