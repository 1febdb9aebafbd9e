import type { Entries } from "../entry.ts";
import { binary, scores, targets } from "../inputs.ts";
import { flag, nonNegative, other, positive, reduction } from "../options.ts";

export const language: Entries = {
  unlikelihood: {
    title: "Unlikelihood",
    tasks: ["sequence", "text"],
    formula: String.raw`-\sum_{c \in C} \log(1 - p_c)`,
    use: "Text that repeats itself or says what it must not: beside the cross-entropy, with the tokens to avoid as candidates.",
    avoid: "Alone: it says what not to write, and nothing else.",
    inputs: { logits: scores(["n", "classes"]), candidates: binary(["n", "classes"]) },
    options: { reduction: reduction() },
    variants: [{ reduction: "none" }],
    points: [
      {
        at: "even chances",
        inputs: [[[0, 0]], [[1, 0]]],
        value: Math.log(2),
        gradients: [[0.5, -0.5], null],
      },
      {
        at: "a candidate that is certain",
        inputs: [[[1e4, 0]], [[1, 0]]],
        value: 1e4,
        gradients: [[1, -1], null],
      },
    ],
    sources: ["Welleck et al. 2020, Neural text generation with unlikelihood training, arXiv:1908.04319"],
  },

  zLoss: {
    title: "z-loss",
    tasks: ["sequence", "regularisation"],
    formula: String.raw`c \Big( \log \sum_j e^{x_j} \Big)^2`,
    use: "Beside the cross-entropy of a large model, or of a router of experts (coefficient 1e-3), so that logits do not drift.",
    avoid: "Alone: it does not look at labels.",
    inputs: { logits: scores(["n", "classes"]) },
    options: { coefficient: nonNegative(1e-4), reduction: reduction() },
    variants: [{ coefficient: 0.5 }, { reduction: "none" }],
    points: [{ at: "a normaliser of 1", inputs: [[[-Math.LN2, -Math.LN2]]], value: 0, gradients: [[0, 0]] }],
    sources: ["Chowdhery et al. 2022, PaLM, arXiv:2204.02311", "Zoph et al. 2022, ST-MoE, arXiv:2202.08906"],
  },

  loadBalance: {
    title: "Load balance of experts (MoE auxiliary loss)",
    tasks: ["sequence", "regularisation"],
    formula: String.raw`E \sum_{i=1}^{E} f_i P_i`,
    use: "Beside the loss of a mixture of experts, with a factor of about 0.01, so that no expert is left idle.",
    avoid: "With experts that differ in size or purpose: it makes all equally busy.",
    inputs: { logits: scores(["n", "classes"], { what: "the router's logits [tokens, experts]" }) },
    options: { topK: other(1, "whole, at most the number of experts", 0, 1.5, 5) },
    variants: [{ topK: 2 }],
    points: [{ at: "one expert for all", inputs: [[[1e4, 0]]], value: 2, gradients: [[0, 0]] }],
    sources: ["Fedus, Zoph and Shazeer 2021, Switch Transformers, arXiv:2101.03961"],
    libraries: { "Hugging Face": "load_balancing_loss_func is the same, for the logits of all layers together." },
  },

  minimumRisk: {
    title: "Minimum risk (MWER)",
    tasks: ["sequence"],
    formula: String.raw`\sum_k q_k (W_k - \overline{W}), \quad q = \mathrm{softmax}(a \log p)`,
    use: "The last phase of training a recogniser or translator: its own best hypotheses, weighed by their word errors or 1 - BLEU.",
    avoid: "From scratch, when no hypothesis is good yet; begin with cross-entropy, ctc or rnnT.",
    inputs: {
      logProbabilities: scores(["n", "items"]),
      risks: targets(["n", "items"], { what: "errors of hypotheses" }),
    },
    options: { scale: positive(1), baseline: flag(true), reduction: reduction() },
    variants: [{ scale: 0.3, baseline: false }, { reduction: "none" }],
    points: [{ at: "equal risks", inputs: [[[1, 3]], [[2, 2]]], value: 0, gradients: [[0, 0], null] }],
    sources: [
      "Prabhavalkar et al. 2018, Minimum word error rate training for attention-based sequence-to-sequence models, arXiv:1712.01818",
      "Shen et al. 2016, Minimum risk training for neural machine translation, arXiv:1512.02433",
    ],
  },
};
