import type { Entries } from "../entry.ts";
import { labels, scores } from "../inputs.ts";
import { flag, fraction, other, positive, reduction } from "../options.ts";

export const token: Entries = {
  tokenCrossEntropy: {
    title: "Token cross-entropy (language modelling)",
    tasks: ["sequence", "text"],
    formula: String.raw`-\frac{1}{N} \sum_{t} \log p(y_{t+1} \mid y_1, \ldots, y_t)`,
    use: "Training language models: the next token (causal), or hidden ones (causal: false, the others ignored).",
    avoid: "When your labels are shifted already: set causal: false then.",
    inputs: { logits: scores(["n", 4, "classes"]), labels: labels(["n", 4]) },
    options: {
      causal: flag(true),
      ignoreIndex: other(-100, "a whole number", 0.5, Number.NaN),
      labelSmoothing: fraction(0),
      count: { ...positive(), default: null },
      reduction: reduction(),
    },
    variants: [
      { causal: false, ignoreIndex: 1 },
      { labelSmoothing: 0.2, count: 10 },
      { reduction: "none", ignoreIndex: 0 },
    ],
    points: [
      {
        at: "ignored labels alone",
        inputs: [
          [
            [
              [1, 2],
              [3, 4],
            ],
          ],
          [[0, -100]],
        ],
        value: 0,
        gradients: [[0, 0, 0, 0], null],
      },
      {
        at: "equal logits",
        inputs: [
          [
            [
              [1, 1],
              [3, 4],
            ],
          ],
          [[0, 1]],
        ],
        value: Math.log(2),
        gradients: [[0.5, -0.5, 0, 0], null],
      },
    ],
    sources: [
      "Bengio, Ducharme, Vincent and Jauvin 2003, A neural probabilistic language model, JMLR 3",
      "Devlin et al. 2019, BERT, arXiv:1810.04805 (masked tokens)",
    ],
    libraries: {
      "Hugging Face":
        "ForCausalLMLoss shifts alike, and divides by num_items_in_batch (count here) where that is given.",
      PyTorch: "cross_entropy of the shifted logits; NaN where all labels are ignored, here 0.",
    },
  },
};
