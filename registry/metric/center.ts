import type { Entries } from "../entry.ts";
import { embeddings } from "../inputs.ts";
import { positive, reduction } from "../options.ts";
import { axes, withCentres } from "./inputs.ts";

export const center: Entries = {
  center: {
    title: "Centre loss",
    tasks: ["verification", "regularisation"],
    formula: String.raw`\tfrac12 \|x - w_y\|^2`,
    use: "Beside softmax cross-entropy, weighted by about 0.003, to draw each class together.",
    avoid: "By itself: everything in one point is its minimum.",
    inputs: withCentres,
    options: { reduction: reduction() },
    variants: [{ reduction: "sum" }],
    points: [
      {
        at: "on the centre",
        inputs: [[[1, 0]], axes, [0]],
        value: 0,
        gradients: [[0, 0], [0, 0, 0, 0], null],
      },
    ],
    sources: ["Wen et al. 2016, A discriminative feature learning approach for deep face recognition, ECCV"],
    libraries: {
      "the authors' Caffe code":
        "moves the centres by their own rule, here the method follow of the module, and does not learn them by the gradient.",
    },
  },

  ring: {
    title: "Ring loss",
    tasks: ["verification", "regularisation"],
    formula: String.raw`\tfrac12 (\|x\| - R)^2`,
    use: "Beside softmax cross-entropy, weighted by about 0.01, to bring embeddings to one length, which is learned.",
    avoid: "When the loss normalises its embeddings already.",
    inputs: { embeddings: embeddings(["n", "d"]) },
    options: { radius: positive(1), reduction: reduction() },
    variants: [{ radius: 2.5, reduction: "sum" }],
    points: [
      { at: "the zero vector", inputs: [[[0, 0]]], value: 0.5, gradients: [[0, 0]] },
      { at: "the radius", inputs: [[[0.6, 0.8]]], value: 0, gradients: [[0, 0]] },
    ],
    sources: ["Zheng et al. 2018, Ring loss, arXiv:1803.00130"],
  },

  p2sGrad: {
    title: "P2SGrad as mean squared error",
    tasks: ["verification"],
    formula: String.raw`\frac1C \sum_c (\cos\theta_c - [c = y])^2`,
    use: "Speakers and spoofed speech, when there is no time to tune scale and margin: it has neither.",
    avoid: "With very many classes: the mean over them drowns the own one.",
    inputs: withCentres,
    options: { reduction: reduction() },
    variants: [{ reduction: "sum" }],
    points: [{ at: "on the centre", inputs: [[[2, 0]], axes, [0]], value: 0, gradients: [[0, 0], [0, 0, 0, 0], null] }],
    sources: [
      "Zhang et al. 2019, P2SGrad, arXiv:1905.02479",
      "Wang and Yamagishi 2021, A comparative study on recent neural spoofing countermeasures, arXiv:2103.11326",
    ],
    libraries: { "pytorch-metric-learning": "P2SGradLoss." },
  },
};
