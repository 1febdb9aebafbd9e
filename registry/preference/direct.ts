import { directPreference, exactPreference, hingePreference, identityPreference } from "../../src/losses/index.ts";
import type { Entries } from "../entry.ts";
import { scores } from "../inputs.ts";
import { flag, oneOf, other, positive, reduction, within } from "../options.ts";

const what = "log-probabilities of answers";
const inputs = {
  policyChosen: scores(["n"], { what, std: 4 }),
  policyRejected: scores(["n"], { what, std: 4, seed: "policyRejected" }),
  referenceChosen: scores(["n"], { what, std: 4, seed: "referenceChosen", differentiable: false }),
  referenceRejected: scores(["n"], { what, std: 4, seed: "referenceRejected", differentiable: false }),
};
const common = { beta: positive(0.1), reduction: reduction() };
const smoothing = within(0, "in [0, 0.5)", -0.1, 0.5);
const avoidUnstable = "Without a reference policy that already gives the chosen answers some probability.";
const curves = {
  along: "log-ratio of the chosen answer (the other's is 0), beta 1",
  from: -5,
  to: 5,
  lines: {
    directPreference: (x) => directPreference(x, 0, 0, 0, { beta: 1 }),
    identityPreference: (x) => identityPreference(x, 0, 0, 0, { beta: 1 }),
    hingePreference: (x) => hingePreference(x, 0, 0, 0, { beta: 1 }),
    exactPreference: (x) => exactPreference(x, 0, 0, 0, { beta: 1 }),
  },
} satisfies Entries[string]["curves"];

export const direct: Entries = {
  directPreference: {
    title: "Direct preference optimisation (DPO, cDPO, robust DPO, f-DPO)",
    tasks: ["preference"],
    formula: String.raw`-\log \sigma\Big(\beta \log \frac{\pi(y_w)}{\pi_{\mathrm{ref}}(y_w)} - \beta \log \frac{\pi(y_l)}{\pi_{\mathrm{ref}}(y_l)}\Big)`,
    use: "The first choice to teach a model preferences between pairs of answers, without a reward model.",
    avoid: avoidUnstable,
    inputs,
    options: {
      beta: positive(0.1),
      labelSmoothing: smoothing,
      robust: flag(false),
      divergence: oneOf("reverseKL", ["reverseKL", "forwardKL", "jensenShannon", "alpha"]),
      alpha: positive(0.5),
      reduction: reduction(),
    },
    variants: [
      { beta: 0.5, labelSmoothing: 0.1 },
      { labelSmoothing: 0.2, robust: true },
      { divergence: "forwardKL" },
      { divergence: "jensenShannon", beta: 1 },
      { divergence: "alpha", alpha: 0.7 },
    ],
    points: [
      {
        at: "policy and reference equal",
        inputs: [[-3], [-4], [-3], [-4]],
        value: Math.LN2,
        gradients: [[-0.05], [0.05], null, null],
      },
    ],
    sources: [
      "Rafailov et al. 2023, Direct preference optimization, arXiv:2305.18290",
      "Mitchell 2023, A note on DPO with noisy preferences and relationship to IPO",
      "Chowdhury, Kini and Natarajan 2024, Provably robust DPO, arXiv:2403.00409",
      "Wang et al. 2023, Beyond reverse KL, arXiv:2309.16240",
    ],
    curves,
  },

  identityPreference: {
    title: "Identity preference optimisation (IPO)",
    tasks: ["preference"],
    formula: String.raw`\Big(d - \frac{1}{2\beta}\Big)^2, \quad d = \log \frac{\pi(y_w)\,\pi_{\mathrm{ref}}(y_l)}{\pi_{\mathrm{ref}}(y_w)\,\pi(y_l)}`,
    use: "When DPO overfits preferences that are certain: it aims at a finite difference.",
    avoid: "With summed log-probabilities of answers of very different length; average them first.",
    inputs,
    options: common,
    variants: [{ beta: 0.5 }],
    sources: [
      "Azar et al. 2023, A general theoretical paradigm to understand learning from human preferences, arXiv:2310.12036",
    ],
    libraries: { TRL: "averages log-probabilities over tokens; here the caller gives what should be compared." },
    curves,
  },

  hingePreference: {
    title: "Hinge preference (SLiC, RSO)",
    tasks: ["preference"],
    formula: String.raw`\max(0,\ 1 - \beta d)`,
    use: "Preferences that should be won by a margin and then left alone.",
    avoid: avoidUnstable,
    inputs,
    options: common,
    variants: [{ beta: 0.5 }],
    points: [{ at: "the margin", inputs: [[10], [0], [0], [0]], value: 0, gradients: [[0], [0], null, null] }],
    sources: [
      "Zhao et al. 2023, SLiC-HF, arXiv:2305.10425",
      "Liu et al. 2023, Statistical rejection sampling improves preference optimization, arXiv:2309.06657",
    ],
    curves,
  },

  noiseContrastivePreference: {
    title: "Noise-contrastive alignment of pairs (NCA)",
    tasks: ["preference"],
    formula: String.raw`-\log \sigma(r_w) - \tfrac12 \log \sigma(-r_w) - \tfrac12 \log \sigma(-r_l)`,
    use: "When DPO makes the chosen answers less likely along with the rejected: it anchors them.",
    avoid: avoidUnstable,
    inputs,
    options: common,
    variants: [{ beta: 0.5 }],
    sources: [
      "Chen et al. 2024, Noise contrastive alignment of language models with explicit rewards, arXiv:2402.05369",
    ],
  },

  binaryClassifierPreference: {
    title: "Binary classifier optimisation of pairs (BCO)",
    tasks: ["preference"],
    formula: String.raw`-\log \sigma(r_w - \delta) - \log \sigma(-(r_l - \delta))`,
    use: "Answers judged good or bad each for itself, of which pairs happen to be at hand.",
    avoid: "When only the difference within a pair means something; take directPreference.",
    inputs,
    options: {
      beta: positive(0.1),
      shift: other(0, "a number, or a tensor with one element", Number.NaN, "1"),
      reduction: reduction(),
    },
    variants: [{ beta: 0.5, shift: -0.7 }],
    sources: ["Jung et al. 2024, Binary classifier optimization for large language model alignment, arXiv:2404.04656"],
  },

  selfPlayPreference: {
    title: "Self-play preference optimisation (SPPO)",
    tasks: ["preference"],
    formula: String.raw`\Big(\log \tfrac{\pi(y_w)}{\pi_{\mathrm{ref}}(y_w)} - \tfrac{1}{2\beta}\Big)^2 + \Big(\log \tfrac{\pi(y_l)}{\pi_{\mathrm{ref}}(y_l)} + \tfrac{1}{2\beta}\Big)^2`,
    use: "Rounds of self-play: each answer has its own target, so neither drifts.",
    avoid: "When win probabilities other than 0 and 1 are known; they are taken as certain.",
    inputs,
    options: common,
    variants: [{ beta: 0.5 }],
    sources: ["Wu et al. 2024, Self-play preference optimization for language model alignment, arXiv:2405.00675"],
  },

  exactPreference: {
    title: "Efficient exact optimisation of pairs (EXO)",
    tasks: ["preference"],
    formula: String.raw`D_{\mathrm{KL}}\big((\sigma(\beta d), \sigma(-\beta d))\ \|\ (1 - s, s)\big)`,
    use: "The mode-seeking counterpart of DPO.",
    avoid: "Early in training: its gradient fades where the preference is badly wrong.",
    inputs,
    options: { beta: positive(0.1), labelSmoothing: within(1e-3, "in (0, 0.5)", 0, 0.5), reduction: reduction() },
    variants: [{ beta: 0.5, labelSmoothing: 0.1 }],
    sources: ["Ji et al. 2024, Towards efficient exact optimization of language model alignment, arXiv:2402.00856"],
    curves,
  },

  anchoredPreference: {
    title: "Anchored preference optimisation (APO)",
    tasks: ["preference"],
    formula: String.raw`\sigma(-r_w) + \sigma(r_l) \quad\text{or}\quad \sigma(r_w) + \sigma(r_l - r_w)`,
    use: "To say whether the chosen answers are better than the model's own (zero) or worse (down).",
    avoid: "When that is not known.",
    inputs,
    options: { beta: positive(0.1), variant: oneOf("zero", ["zero", "down"]), reduction: reduction() },
    variants: [{ beta: 0.5, variant: "down" }],
    sources: [
      "D'Oosterlinck et al. 2024, Anchored preference optimization and contrastive revisions, arXiv:2408.06266",
    ],
  },

  transportPreference: {
    title: "Alignment by optimal transport (AOT)",
    tasks: ["preference"],
    formula: String.raw`-\frac1n \sum_i \log \sigma\big(\beta\,(\operatorname{sort}(u)_i - \operatorname{sort}(v)_i)\big)`,
    use: "When chosen answers should dominate as a distribution, or are not paired with rejected ones.",
    avoid: "On tiny batches, whose order says little.",
    inputs,
    options: { beta: positive(0.1), labelSmoothing: smoothing, paired: flag(true), reduction: reduction() },
    variants: [{ beta: 0.5, paired: false }, { labelSmoothing: 0.1 }],
    sources: [
      "Melnyk et al. 2024, Distributional preference alignment of LLMs via optimal transport, arXiv:2406.05882",
    ],
  },

  discoveredPreference: {
    title: "Discovered preference optimisation (DiscoPOP)",
    tasks: ["preference"],
    formula: String.raw`(1 - m) \log(1 + e^{-z}) + m\,e^{-z}, \quad m = \sigma(z / \tau),\ z = \beta d`,
    use: "To try what a search over losses found: logistic where the preference is wrong, exponential where it is right.",
    avoid: "As a default: it is not convex.",
    inputs,
    options: { beta: positive(0.1), tau: within(0.05, "in (0, 1]", 0, 1.1), reduction: reduction() },
    variants: [{ beta: 0.5, tau: 0.5 }],
    sources: [
      "Lu et al. 2024, Discovering preference optimization algorithms with and for large language models, arXiv:2406.08414",
    ],
    libraries: { TRL: "is NaN where the difference is below -88 / beta." },
  },
};
