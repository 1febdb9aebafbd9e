import type { Entries } from "../entry.ts";
import { scores } from "../inputs.ts";
import { nonNegative, other, reduction } from "../options.ts";

export const bradleyTerry: Entries = {
  bradleyTerry: {
    title: "Bradley-Terry (reward models)",
    tasks: ["preference", "ranking"],
    formula: String.raw`\log(1 + e^{-(r_w - r_l - m)})`,
    use: "Rewards or ratings from comparisons: which of two answers was preferred.",
    avoid:
      "When you have graded lists; take pairwiseLogistic or a listwise loss. The scores are fixed up to a constant only.",
    inputs: { chosen: scores(["n"]), rejected: scores(["n"], { seed: "rejected" }) },
    options: {
      margin: other(0, "a number, or one for each pair", Number.NaN, [1]),
      centring: nonNegative(0),
      reduction: reduction(),
    },
    variants: [{ margin: 0.7 }, { centring: 0.01 }],
    points: [
      { at: "equal scores", inputs: [[3], [3]], value: Math.LN2, gradients: [[-0.5], [0.5]] },
      { at: "a lead that is beyond doubt", inputs: [[1e4], [-1e4]], value: 0, gradients: [[0], [0]] },
    ],
    sources: [
      "Bradley and Terry 1952, Rank analysis of incomplete block designs, Biometrika 39",
      "Ouyang et al. 2022, Training language models to follow instructions with human feedback, arXiv:2203.02155",
      "Touvron et al. 2023, Llama 2, arXiv:2307.09288 (margin)",
    ],
    libraries: { TRL: "RewardTrainer; its center_rewards_coefficient is centring." },
  },

  bayesianPersonalizedRanking: {
    title: "Bayesian personalised ranking (BPR)",
    tasks: ["recommendation", "ranking"],
    formula: String.raw`\log(1 + e^{-(x_{ui} - x_{uj})})`,
    use: "Recommendation from clicks or purchases alone, with items that the user did not take as negatives.",
    avoid:
      "When the top of the list is what counts: all pairs weigh alike; take lambda, or a softmax over many negatives.",
    inputs: { positive: scores(["n"]), negative: scores(["n", "m"], { seed: "negative" }) },
    options: { reduction: reduction() },
    points: [{ at: "equal scores", inputs: [[3], [[3, 3]]], value: Math.LN2, gradients: [[-0.5], [0.25, 0.25]] }],
    sources: ["Rendle et al. 2009, BPR: Bayesian personalized ranking from implicit feedback, arXiv:1205.2618"],
    libraries: {
      RecBole:
        "adds 1e-10 to the sigmoid inside the logarithm, which bounds the loss and kills the gradient of bad pairs.",
    },
  },
};
