import type { Entries } from "../entry.ts";
import { embeddings, labels } from "../inputs.ts";
import { positive, reduction } from "../options.ts";

export const prototypes: Entries = {
  prototypical: {
    title: "Prototypical networks",
    tasks: ["embedding"],
    formula: String.raw`-\log \frac{e^{-s\|q - p_y\|^2}}{\sum_c e^{-s\|q - p_c\|^2}},\quad p_c = \frac1K \sum_k x_{ck}`,
    use: "Few-shot classification in episodes: the mean of a few examples stands for a class never seen before.",
    avoid:
      "With a fixed set of classes and many samples of each; learned centres, as in normalizedSoftmax, are better.",
    inputs: {
      queries: embeddings(["n", "d"]),
      support: embeddings(["classes", 2, "d"], { what: "a few embeddings of each class", seed: "support" }),
      labels: labels(["n"]),
    },
    options: { scale: positive(1), reduction: reduction() },
    variants: [{ scale: 0.3, reduction: "sum" }],
    points: [
      {
        at: "halfway between two prototypes",
        inputs: [[[0, 0]], [[[1, 0]], [[-1, 0]]], [0]],
        value: Math.LN2,
        gradients: [[-2, 0], null, null],
      },
    ],
    sources: ["Snell et al. 2017, Prototypical networks for few-shot learning, arXiv:1703.05175"],
  },

  angularPrototypical: {
    title: "Angular prototypical loss",
    tasks: ["verification"],
    formula: String.raw`-\log \frac{e^{w\cos(x_j, c_j)}}{\sum_k e^{w\cos(x_j, c_k)}},\quad c_k = \frac{1}{M-1}\sum_{i > 1} x_{ki}`,
    use: "Speakers, in batches of a few utterances from each: as good as ge2e, with one query for each speaker.",
    avoid: "With one utterance from each speaker; then use arcFace over all speakers.",
    inputs: { embeddings: embeddings(["n", 3, "d"], { what: "some utterances of each speaker" }) },
    options: { w: positive(10), reduction: reduction() },
    variants: [{ w: 2, reduction: "sum" }],
    points: [
      {
        at: "one speaker",
        inputs: [
          [
            [
              [1, 0],
              [0, 1],
            ],
          ],
        ],
        value: 0,
        gradients: [[0, 0, 0, 0]],
      },
    ],
    sources: ["Chung et al. 2020, In defence of metric learning for speaker recognition, arXiv:2003.11982"],
    libraries: { "coqui-TTS": "AngleProtoLoss clamps cosines at 1e-6 from below, which hides the negative ones." },
  },
};
