import type { Entries } from "../entry.ts";
import { scores } from "../inputs.ts";
import { other, reduction } from "../options.ts";

export const sampledSoftmax: Entries = {
  sampledSoftmax: {
    title: "Sampled softmax with logQ correction",
    tasks: ["recommendation", "text"],
    formula: String.raw`-\log \frac{e^{s - \log Q}}{e^{s - \log Q} + \sum_k e^{s_k - \log Q_k}}`,
    use: "Retrieval among very many items, with drawn or in-batch negatives: the correction keeps popular items from being pushed down for being drawn often.",
    avoid: "When all items can be scored; crossEntropy has no sampling error.",
    inputs: { positive: scores(["n"]), negative: scores(["n", "m"], { seed: "negative" }) },
    options: {
      positiveLogQ: other(null, "[n]", [1], 0),
      negativeLogQ: other(null, "[n, k]", [1], 0),
      mask: other(null, "bool, [n, k]", [[1]], [[0.5]]),
      reduction: reduction(),
    },
    points: [
      { at: "equal scores", inputs: [[3], [[3]]], value: Math.LN2, gradients: [[-0.5], [0.5]] },
      {
        at: "a negative that is the positive itself",
        inputs: [[3], [[3, 3]]],
        options: { mask: [[true, false]] },
        value: Math.LN2,
        gradients: [[-0.5], [0.5, 0]],
      },
      { at: "no negatives", inputs: [[3], [[3]]], options: { mask: [[false]] }, value: 0, gradients: [[0], [0]] },
    ],
    sources: [
      "Bengio and Senecal 2008, Adaptive importance sampling to accelerate training of a neural probabilistic language model",
      "Yi et al. 2019, Sampling-bias-corrected neural modeling for large corpus item recommendations, RecSys",
    ],
    libraries: {
      "TensorFlow Recommenders": "Retrieval takes the chances themselves, and clips them to [1e-6, 1].",
    },
  },
};
