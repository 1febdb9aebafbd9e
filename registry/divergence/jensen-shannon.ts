import type { Entries } from "../entry.ts";
import { distribution, logDistribution } from "../inputs.ts";
import { flag, fraction, insideUnit, other, reduction } from "../options.ts";

const inputs = { logProbabilities: logDistribution(["n", "classes"]), target: distribution(["n", "classes"]) };
const shared = { logTarget: flag(false), reduction: reduction() };
const equal = [[Math.log(0.5), Math.log(0.5)]];

export const mixed: Entries = {
  jensenShannon: {
    title: "Jensen-Shannon divergence",
    tasks: ["divergence", "distillation", "noise"],
    formula: String.raw`w\, D(p \Vert m) + (1 - w)\, D(q \Vert m), \quad m = w\,p + (1 - w)\,q`,
    use: "To compare distributions that may be 0 where the other is not: it is at most log 2, so that no single case dominates.",
    avoid: "When predictions start far from the target: the gradient nearly vanishes there; klDivergence pulls.",
    inputs,
    options: { weight: insideUnit(0.5), ...shared },
    variants: [{ weight: 0.2 }, { logTarget: true, reduction: "sum" }],
    points: [
      {
        at: "distributions without a class in common",
        inputs: [[[0, -1e4]], [[0, 1]]],
        value: Math.LN2,
        gradients: [[Math.LN2 / 2, 0], null],
      },
    ],
    sources: ["Lin 1991, Divergence measures based on the Shannon entropy, IEEE Transactions on Information Theory 37"],
    libraries: {
      SciPy: "scipy.spatial.distance.jensenshannon is the square root.",
      kornia: "js_div_loss_2d takes probabilities of a heat map.",
    },
  },

  multiwayJensenShannon: {
    title: "Jensen-Shannon divergence of several distributions (AugMix consistency)",
    tasks: ["divergence", "regularisation", "selfSupervised"],
    formula: String.raw`\sum_i w_i\, D(p_i \Vert m), \quad m = \sum_i w_i\, p_i`,
    use: "To make predictions for several views of one image agree.",
    avoid: "When one of them is the truth; take klDivergence to it.",
    inputs: { logProbabilities: logDistribution([3, "n", "classes"], { axis: 2 }) },
    options: {
      weights: other(null, "numbers >= 0 with sum 1, one for each distribution", [0.5, 0.5], [1, 1, 1], [2, -1, 0]),
      reduction: reduction(),
    },
    variants: [{ weights: [0.5, 0.25, 0.25] }, { weights: [0.5, 0.5, 0], reduction: "sum" }],
    points: [{ at: "equal distributions", inputs: [[equal, equal]], value: 0, gradients: [[0, 0, 0, 0]] }],
    sources: [
      "Lin 1991, Divergence measures based on the Shannon entropy",
      "Hendrycks et al. 2020, AugMix, arXiv:1912.02781",
    ],
  },

  generalizedJensenShannon: {
    title: "Generalised Jensen-Shannon divergence (GKD)",
    tasks: ["distillation", "text", "divergence"],
    formula: String.raw`\beta\, D(p \Vert m) + (1 - \beta)\, D(q \Vert m), \quad m = \beta\,p + (1 - \beta)\,q`,
    use: "To distil language models from texts that the student writes: beta leads from covering the teacher's peaks to choosing one.",
    avoid: "For two predictions of equal rank; take jensenShannon.",
    inputs,
    options: { beta: fraction(0.5), ...shared },
    variants: [{ beta: 0 }, { beta: 1, logTarget: true }, { beta: 0.9, reduction: "sum" }],
    sources: ["Agarwal et al. 2024, On-policy distillation of language models, arXiv:2306.13649"],
    libraries: { trl: "GKDTrainer.generalized_jsd_loss takes logits and a temperature; its ends are these." },
  },

  skewedKL: {
    title: "Skewed Kullback-Leibler divergence (DistiLLM)",
    tasks: ["distillation", "text", "divergence"],
    formula: String.raw`D(p \Vert \alpha\,p + (1 - \alpha)\,q)`,
    use: "To distil with klDivergence's direction and without its infinities: the value is at most -log alpha.",
    avoid: "When the target is never 0 and gradients behave; klDivergence is the plain form.",
    inputs,
    options: { alpha: insideUnit(0.1), reverse: flag(false), ...shared },
    variants: [
      { alpha: 0.5, reverse: true },
      { logTarget: true, reduction: "sum" },
    ],
    points: [
      {
        at: "distributions without a class in common",
        inputs: [[[0, -1e4]], [[0, 1]]],
        value: Math.log(10),
        gradients: [[0, 0], null],
      },
    ],
    sources: [
      "Lee 2001, On the effectiveness of the skew divergence for statistical language analysis, AISTATS",
      "Ko et al. 2024, DistiLLM, arXiv:2402.03898",
    ],
  },
};
