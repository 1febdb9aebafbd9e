import type { Entries } from "../entry.ts";
import { scores } from "../inputs.ts";
import { insideUnit, nonNegative, oneOf, other, positive, reduction } from "../options.ts";

const constant = (seed: string) => ({ seed, differentiable: false });
const forms = ["grpo", "bnpo", "drGRPO", "dapo", "gspo", "cispo", "sapo"];
const reference = Array.from({ length: 5 }, (_, i) => [0.2, -0.5, 0.1, 0.4].map((v) => v * (i - 2)));
const mask = Array.from({ length: 5 }, (_, i) => [0, 1, 2, 3].map((j) => j <= i % 4 && i > 0));

export const policy: Entries = {
  clippedSurrogate: {
    title: "Clipped surrogate (PPO)",
    tasks: ["preference"],
    formula: String.raw`-\min\big(\rho A,\ \operatorname{clip}(\rho, 1 - \varepsilon, 1 + \varepsilon)\,A\big), \quad \rho = \pi / \pi_{\mathrm{old}}`,
    use: "Reinforcement learning from sampled actions, several steps on each batch of them.",
    avoid: "When actions were sampled by a policy long gone.",
    inputs: {
      logProbabilities: scores(["n"], { std: 0.4 }),
      oldLogProbabilities: scores(["n"], { std: 0.4, ...constant("old") }),
      advantages: scores(["n"], constant("advantages")),
    },
    options: { epsilon: insideUnit(0.2), reduction: reduction() },
    variants: [{ epsilon: 0.5 }],
    points: [
      { at: "a ratio above the clip that pays", inputs: [[1], [0], [1]], value: -1.2, gradients: [[0], null, null] },
      {
        at: "a ratio above the clip that costs",
        inputs: [[1], [0], [-1]],
        value: Math.E,
        gradients: [[Math.E], null, null],
      },
    ],
    sources: ["Schulman et al. 2017, Proximal policy optimization algorithms, arXiv:1707.06347"],
  },

  clippedValue: {
    title: "Clipped value loss (PPO)",
    tasks: ["preference"],
    formula: String.raw`\tfrac12 \max\big((v - R)^2,\ (\operatorname{clip}(v, v_{\mathrm{old}} \pm \varepsilon) - R)^2\big)`,
    use: "The value network of PPO, held near its last version as the policy is.",
    avoid: "When values should learn as fast as they can; take halfMeanSquaredError.",
    inputs: {
      values: scores(["n"]),
      oldValues: scores(["n"], constant("old")),
      returns: scores(["n"], constant("returns")),
    },
    options: { epsilon: positive(0.2), reduction: reduction() },
    variants: [{ epsilon: 1.5 }],
    sources: ["Schulman et al. 2017, Proximal policy optimization algorithms, arXiv:1707.06347"],
  },

  groupRelativePolicy: {
    title: "Group-relative policy optimisation (GRPO, Dr. GRPO, DAPO, BNPO, GSPO, CISPO, SAPO)",
    tasks: ["preference"],
    formula: String.raw`-\frac1n \sum_i \frac{1}{|o_i|} \sum_t \min\big(\rho_{it} A_i,\ \operatorname{clip}(\rho_{it}) A_i\big) + \beta D`,
    use: "Language models with verifiable rewards: several answers to a question, each against their mean, without a value network.",
    avoid: "When all answers to a question get one reward: there is nothing to learn from it.",
    inputs: {
      logProbabilities: scores([5, 4], { std: 0.4 }),
      oldLogProbabilities: scores([5, 4], { std: 0.4, ...constant("old") }),
      advantages: scores([5], constant("advantages")),
    },
    options: {
      form: oneOf("grpo", forms),
      epsilonLow: insideUnit(0.2),
      epsilonHigh: positive(),
      mask: other(null, "bool, of the shape of the log-probabilities", [true]),
      reference: other(null, "log-probabilities, a constant", [1]),
      klWeight: nonNegative(0),
      maxLength: other(null, "whole, >= 1, or null", 0, 1.5),
      temperaturePositive: positive(1),
      temperatureNegative: positive(1.05),
    },
    variants: [
      ...forms.slice(1).map((form) => ({ form, mask })),
      { mask, epsilonHigh: 0.28, reference, klWeight: 0.04 },
      { form: "drGRPO", maxLength: 9 },
      { form: "sapo", temperaturePositive: 2, temperatureNegative: 3 },
    ],
    detaches: (options) => "form" in options && options.form === "cispo",
    points: [
      {
        at: "answers without tokens",
        inputs: [[[1, 2]], [[1, 1]], [1]],
        options: { mask: [[false, false]] },
        value: 0,
        gradients: [[0, 0], null, null],
      },
    ],
    sources: [
      "Shao et al. 2024, DeepSeekMath, arXiv:2402.03300 (GRPO)",
      "Liu et al. 2025, Understanding R1-Zero-like training, arXiv:2503.20783 (Dr. GRPO)",
      "Yu et al. 2025, DAPO, arXiv:2503.14476",
      "Zheng et al. 2025, Group sequence policy optimization, arXiv:2507.18071",
      "Chen et al. 2025, MiniMax-M1, arXiv:2506.13585 (CISPO)",
    ],
    libraries: { TRL: 'divides "dapo" and "cispo" by the tokens of the whole generation batch; here by those given.' },
  },
};
