import { oddsRatioPreference } from "../../src/losses/index.ts";
import type { Entries } from "../entry.ts";
import { binary, scores } from "../inputs.ts";
import { finite, nonNegative, other, positive, reduction, within } from "../options.ts";

const what = "log-probabilities of answers";
const pair = {
  chosen: scores(["n"], { what, std: 2 }),
  rejected: scores(["n"], { what, std: 2, seed: "rejected" }),
};
const negative = [-0.2, -1.5, -3, -0.01, -0.7];
const certain = {
  certain: [0, 0, 0, 0, 0],
  "far from it": Array(5).fill(-1e4),
  "nearly certain": Array(5).fill(-1e-7),
};
const smoothing = within(0, "in [0, 0.5)", -0.1, 0.5);

export const referenceFree: Entries = {
  simplePreference: {
    title: "Simple preference optimisation (SimPO, AlphaPO)",
    tasks: ["preference"],
    formula: String.raw`-\log \sigma\big(\beta(\bar\ell_w - \bar\ell_l) - \gamma\big)`,
    use: "Preferences without a reference policy: average log-probabilities are what generation ranks by.",
    avoid: "When the policy must stay near the reference.",
    inputs: pair,
    options: {
      beta: positive(2),
      margin: nonNegative(0.5),
      alpha: finite(0),
      labelSmoothing: smoothing,
      reduction: reduction(),
    },
    variants: [{ beta: 0.5, margin: 1, labelSmoothing: 0.1 }, { alpha: 0.3 }, { alpha: -0.5 }],
    sources: ["Meng, Xia and Chen 2024, SimPO, arXiv:2405.14734", "Gupta et al. 2025, AlphaPO, arXiv:2501.03884"],
  },

  contrastivePreference: {
    title: "Contrastive preference optimisation (CPO)",
    tasks: ["preference"],
    formula: String.raw`-\log \sigma\big(\beta(\ell_w - \ell_l)\big) - \alpha\,\ell_w`,
    use: "Preferences and supervised learning of the chosen answers in one, without a reference policy.",
    avoid: "When chosen answers are not worth imitating.",
    inputs: pair,
    options: { beta: positive(0.1), nllWeight: nonNegative(1), labelSmoothing: smoothing, reduction: reduction() },
    variants: [{ beta: 0.5, nllWeight: 0.3, labelSmoothing: 0.1 }],
    sources: ["Xu et al. 2024, Contrastive preference optimization, arXiv:2401.08417"],
  },

  oddsRatioPreference: {
    title: "Odds-ratio preference optimisation (ORPO)",
    tasks: ["preference"],
    formula: String.raw`-\ell_w - \lambda \log \sigma\Big(\log \frac{p_w / (1 - p_w)}{p_l / (1 - p_l)}\Big)`,
    use: "Supervised learning that turns away from rejected answers, in one stage.",
    avoid: "When chosen answers are not worth imitating.",
    inputs: {
      chosen: scores([5], {
        what: "average log-probabilities, <= 0",
        values: negative,
        degenerate: {
          ...certain,
          zero: null,
          "equal and large": null,
          "far apart": null,
          "far apart the other way": null,
        },
      }),
      rejected: scores([5], {
        what: "average log-probabilities, <= 0",
        values: negative.toReversed(),
        degenerate: {
          ...certain,
          zero: null,
          "equal and large": null,
          "far apart": null,
          "far apart the other way": null,
        },
      }),
    },
    options: { lambda: nonNegative(0.1), reduction: reduction() },
    variants: [{ lambda: 1 }],
    curves: {
      along: "log-probability of the chosen answer (the other's is -1)",
      from: -5,
      to: -0.02,
      lines: {
        "lambda 0.1": (x) => oddsRatioPreference(x, -1),
        "lambda 1": (x) => oddsRatioPreference(x, -1, { lambda: 1 }),
      },
    },
    sources: ["Hong, Lee and Thorne 2024, ORPO, arXiv:2403.07691"],
  },

  kahnemanTversky: {
    title: "Kahneman-Tversky optimisation (KTO)",
    tasks: ["preference"],
    formula: String.raw`\lambda_y \Big(1 - \sigma\big(\pm\beta\,(r - z)\big)\Big), \quad r = \log \frac{\pi(y)}{\pi_{\mathrm{ref}}(y)}`,
    use: "Answers marked good or bad one by one, without pairs.",
    avoid: "When pairs are at hand: they say more.",
    inputs: {
      policy: scores(["n"], { what, std: 4 }),
      reference: scores(["n"], { what, std: 4, seed: "reference", differentiable: false }),
      desirable: binary(["n"]),
    },
    options: {
      beta: positive(0.1),
      desirableWeight: nonNegative(1),
      undesirableWeight: nonNegative(1),
      divergence: other(0, "a number, or a tensor with one element", Number.NaN, "1"),
      reduction: reduction(),
    },
    variants: [{ beta: 0.5, desirableWeight: 1.3, undesirableWeight: 0.7 }, { divergence: 2 }],
    sources: ["Ethayarajh et al. 2024, KTO, arXiv:2402.01306"],
  },
};
