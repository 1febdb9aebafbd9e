import type { Entries } from "../entry.ts";
import { scores, targets } from "../inputs.ts";
import { reduction } from "../options.ts";

const drawn = { positive: scores(["n"]), negative: scores(["n", 4], { seed: "negative" }) };
const weighed = {
  ...drawn,
  positiveLogNoise: targets(["n"], { what: "log q of the right class", std: 1, extreme: 10 }),
  negativeLogNoise: targets(["n", 4], { what: "log q of the drawn classes", std: 1, extreme: 10, seed: "noise" }),
};

export const sampling: Entries = {
  negativeSampling: {
    title: "Negative sampling (SGNS, word2vec)",
    tasks: ["text", "recommendation"],
    formula: String.raw`\log(1 + e^{-s^+}) + \sum_k \log(1 + e^{s_k^-})`,
    use: "Embeddings of words, nodes or items from what occurs together, with 5 to 20 negatives.",
    avoid: "When scores should become probabilities; take noiseContrastive or sampledSoftmax.",
    inputs: drawn,
    options: { reduction: reduction() },
    variants: [{ reduction: "none" }],
    points: [{ at: "scores of 0", inputs: [[0], [[0, 0]]], value: 3 * Math.LN2, gradients: [[-0.5], [0.5, 0.5]] }],
    sources: ["Mikolov et al. 2013, Distributed representations of words and phrases, arXiv:1310.4546"],
  },

  noiseContrastive: {
    title: "Noise-contrastive estimation (NCE)",
    tasks: ["text", "sequence"],
    formula: String.raw`\log(1 + e^{-(s^+ - \log k q^+)}) + \sum_j \log(1 + e^{s_j^- - \log k q_j^-})`,
    use: "Very many classes, when scores should be log-probabilities without a normaliser.",
    avoid: "When only the gradient of a softmax is wanted; sampledSoftmax is nearer to it.",
    inputs: weighed,
    options: { reduction: reduction() },
    variants: [{ reduction: "none" }],
    points: [
      {
        at: "scores that are the noise's",
        inputs: [[-1], [[-2]], [-1], [[-2]]],
        value: 2 * Math.LN2,
        gradients: [[-0.5], [0.5], null, null],
      },
    ],
    sources: [
      "Gutmann and Hyvarinen 2010, Noise-contrastive estimation, AISTATS",
      "Mnih and Teh 2012, A fast and simple algorithm for training neural probabilistic language models, arXiv:1206.6426",
    ],
    libraries: { TensorFlow: "nce_loss subtracts the log of expected counts, k q for draws with replacement." },
  },
};
