import type { Entries } from "../entry.ts";
import { clicks, scores } from "../inputs.ts";
import { nonNegative } from "../options.ts";
import { perItem, perList } from "./lists.ts";

export const clickModels: Entries = {
  clickEM: {
    title: "Click EM (position bias)",
    tasks: ["ranking", "recommendation"],
    formula: String.raw`\mathrm{BCE}(\sigma(e), P(E \mid c)) + \mathrm{BCE}(\sigma(r), P(R \mid c)),\quad P(c) = \sigma(e)\,\sigma(r)`,
    use: "Clicks that depend on the position as well: a model of examination takes the blame for what was not seen.",
    avoid: "When examination and relevance see the same features: the two cannot be told apart.",
    inputs: {
      examination: scores(["n", "items"]),
      relevance: scores(["n", "items"], { seed: "relevance" }),
      clicks: clicks(["n", "items"]),
    },
    options: { examinationWeight: nonNegative(1), relevanceWeight: nonNegative(1), ...perItem("tfRanking") },
    variants: [{ examinationWeight: 0.5, relevanceWeight: 2 }, { average: "all" }, { preset: "tfRanking" }],
    detaches: () => true,
    points: [
      { at: "a click", inputs: [[[0]], [[0]], [[1]]], value: 2 * Math.LN2, gradients: [[-0.5], [-0.5], null] },
      { at: "no click", inputs: [[[0]], [[0]], [[0]]], value: 2 * Math.LN2, gradients: [[1 / 6], [1 / 6], null] },
      { at: "padding", inputs: [[[0.4]], [[2]], [[-1]]], value: 0, gradients: [[0], [0], null] },
    ],
    sources: ["Wang et al. 2018, Position bias estimation for unbiased learning to rank in personal search, WSDM"],
    libraries: {
      "TensorFlow Ranking": "takes both logits in one tensor [lists, items, 2]; its Keras mean counts padding.",
    },
  },

  mixtureEM: {
    title: "Mixture EM of click models",
    tasks: ["ranking", "recommendation"],
    formula: String.raw`\sum_m q_m L_m,\quad L_m = \sum_i \mathrm{BCE}(\sigma(x_{im}), c_i),\ q = \mathrm{softmax}(-\alpha L)`,
    use: "Clicks that come from several kinds of users or layouts, each with a model of its own.",
    avoid: "When the models start alike: the posterior gives all of them the same gradient for ever.",
    inputs: { logits: scores(["n", "items", "m"]), clicks: clicks(["n", "items"]) },
    options: { alpha: nonNegative(1), ...perList("tfRanking") },
    variants: [{ alpha: 0 }, { alpha: 0.5 }, { average: "real" }, { average: "all" }, { preset: "tfRanking" }],
    detaches: (options) => (options as { alpha?: number }).alpha !== 0,
    points: [
      { at: "models that agree", inputs: [[[[0, 0]]], [[1]]], value: Math.LN2, gradients: [[-0.25, -0.25], null] },
      { at: "no click", inputs: [[[[0.3, -2]]], [[0]]], value: 0, gradients: [[0, 0], null] },
    ],
    sources: ["Yan et al. 2022, Revisiting two-tower models for unbiased learning to rank, SIGIR"],
    libraries: { "TensorFlow Ranking": "MixtureEMLoss is this; its Keras mean counts lists without a click." },
  },
};
