import type { Entries } from "../entry.ts";
import { embeddings, labels } from "../inputs.ts";
import { nonNegative, oneOf, positive, reduction, within } from "../options.ts";

const withSubCentres = {
  embeddings: embeddings(["n", "d"]),
  centres: embeddings(["classes", 2, "d"], { what: "some centres for each class", seed: "sub-centres" }),
  labels: labels(["n"]),
};

const two = [
  [
    [1, 0],
    [-1, 0],
  ],
  [
    [0, 1],
    [0, 1],
  ],
];

export const subCentres: Entries = {
  subCenterArcFace: {
    title: "Sub-centre ArcFace",
    tasks: ["verification", "noise"],
    formula: String.raw`-\log \frac{e^{s\cos(\theta_y + m)}}{e^{s\cos(\theta_y + m)} + \sum_{c \ne y} e^{s\cos\theta_c}},\quad \cos\theta_c = \max_k \cos(x, w_{ck})`,
    use: "Faces collected from the web: mislabelled ones find a centre of their own and do not disturb the main one.",
    avoid: "With clean labels; one centre for each class, arcFace, makes classes more compact.",
    inputs: withSubCentres,
    options: {
      scale: positive(64),
      margin: within(0.5, "radians in [0, pi]", -0.1, 3.2, Number.NaN),
      overflow: oneOf("taylor", ["taylor", "easy", "none"]),
      reduction: reduction(),
    },
    variants: [
      { scale: 4, margin: 0.2 },
      { scale: 4, overflow: "easy" },
      { scale: 4, margin: 2.5, overflow: "none", reduction: "sum" },
    ],
    points: [
      {
        at: "equally near to both centres of the class, which share the gradient",
        inputs: [[[0, -1]], two, [0]],
        options: { scale: 1, margin: 0 },
        value: Math.log1p(Math.exp(-1)),
        gradients: [null, [0, -0.5 / (1 + Math.E), 0, -0.5 / (1 + Math.E), 0, 0, 0, 0].map((g) => -g), null],
      },
    ],
    sources: ["Deng et al. 2020, Sub-center ArcFace, ECCV"],
    libraries: {
      "pytorch-metric-learning":
        "SubCenterArcFaceLoss takes the margin in degrees; of equally near centres the first gets the gradient.",
    },
  },

  softTriple: {
    title: "SoftTriple",
    tasks: ["embedding"],
    formula: String.raw`-\log \frac{e^{\lambda(S_y - \delta)}}{e^{\lambda(S_y - \delta)} + \sum_{c \ne y} e^{\lambda S_c}} + \tau R,\quad S_c = \sum_k \frac{e^{s_{ck}/\gamma}}{\sum_j e^{s_{cj}/\gamma}} s_{ck}`,
    use: "Classes that fall into several clusters, without sampling triplets.",
    avoid: "With thousands of classes: the centres are many. Compact classes need one centre only, as in cosFace.",
    inputs: withSubCentres,
    options: {
      scale: positive(20),
      gamma: positive(0.1),
      margin: nonNegative(0.01),
      tau: nonNegative(0.2),
      reduction: reduction(),
    },
    variants: [
      { scale: 3, gamma: 0.5, margin: 0.2 },
      { scale: 3, tau: 0 },
      { scale: 3, tau: 1, reduction: "sum" },
    ],
    points: [
      {
        at: "one class with one centre",
        inputs: [[[1, 2]], [[[3, 1]]], [0]],
        value: 0,
        gradients: [[0, 0], [0, 0], null],
      },
    ],
    sources: ["Qian et al. 2019, SoftTriple loss, arXiv:1909.05235"],
    libraries: {
      "pytorch-metric-learning":
        "SoftTripleLoss has no regulariser unless SparseCentersRegularizer is given as weight_regularizer.",
    },
  },
};
