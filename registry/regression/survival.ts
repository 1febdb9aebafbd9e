import { tensor } from "../../src/index.ts";
import * as losses from "../../src/losses/index.ts";
import type { Entries } from "../entry.ts";
import { binary, labels, positives, scores, targets } from "../inputs.ts";
import { oneOf, reduction } from "../options.ts";

const events = binary(["n"], { what: "1 where the event happened, 0 where the time is censored", seed: "events" });

export const survival: Entries = {
  coxPartialLikelihood: {
    title: "Cox partial likelihood (DeepSurv)",
    tasks: ["survival"],
    formula: String.raw`\frac{1}{E} \sum_{i:\, e_i = 1} \left( \log \sum_{j:\, t_j \ge t_i} e^{h_j} - h_i \right)`,
    use: "To learn who has the event earlier, without saying when: risk scores from times of which some are censored.",
    avoid:
      "With small batches, or when probabilities over time are wanted; take discreteTimeHazard or acceleratedFailureTime.",
    inputs: { logHazards: scores(["n"]), times: targets(["n"], { what: "times, in any unit" }), events },
    options: { ties: oneOf("efron", ["efron", "breslow"]), reduction: reduction() },
    variants: [{ ties: "breslow" }, { reduction: "sum" }],
    points: [
      {
        at: "no events",
        inputs: [
          [1, 2],
          [3, 4],
          [0, 0],
        ],
        value: 0,
        gradients: [[0, 0], null, null],
      },
      {
        at: "two events at one time, which Efron takes one after the other",
        inputs: [
          [0, 0],
          [3, 3],
          [1, 1],
        ],
        value: Math.LN2 / 2,
        gradients: [[0, 0], null, null],
      },
      {
        at: "two events at one time, both at risk for Breslow",
        inputs: [
          [0, 0],
          [3, 3],
          [1, 1],
        ],
        options: { ties: "breslow" },
        value: Math.LN2,
        gradients: [[0, 0], null, null],
      },
    ],
    sources: [
      "Cox 1972, Regression models and life-tables, JRSS B 34",
      "Efron 1977, The efficiency of Cox's likelihood function for censored data, JASA 72",
      "Katzman et al. 2018, DeepSurv, arXiv:1606.00931",
    ],
    libraries: {
      pycox:
        "cox_ph_loss takes the rows after sorting by time as those at risk, so that tied times depend on their order; it adds 1e-7 inside the logarithm and is NaN without events.",
    },
    curves: {
      along: "log-hazard of who has the event first, among three others at 0",
      from: -4,
      to: 4,
      lines: {
        loss: (x) => {
          const at = x.reshape([1]).mul([1, 0, 0, 0]);
          return losses.coxPartialLikelihood(at, [1, 2, 3, 4], [1, 0, 0, 0]);
        },
      },
    },
  },

  acceleratedFailureTime: {
    title: "Accelerated failure time (AFT)",
    tasks: ["survival", "regression", "uncertainty"],
    formula: String.raw`-e \log \frac{f(z)}{s\,t} - (1 - e) \log S(z), \quad z = \frac{\log t - \mu}{s}`,
    use: "To predict a time of which some examples are censored, with its distribution.",
    avoid: "When the shape of the distribution is unknown; discreteTimeHazard assumes none.",
    inputs: {
      location: scores(["n"], { extreme: 20 }),
      times: positives(["n"], { differentiable: false, seed: "times" }),
      events,
      scale: positives(["n"], { extremes: [0.5, 1e4] }),
    },
    options: { distribution: oneOf("normal", ["normal", "logistic", "extreme"]), reduction: reduction() },
    variants: [{ distribution: "logistic" }, { distribution: "extreme", reduction: "sum" }],
    points: [
      {
        at: "a censored time at the median",
        inputs: [[0], [1], [0], [1]],
        value: Math.LN2,
        gradients: [[-Math.sqrt(2 / Math.PI)], null, null, [0]],
      },
    ],
    sources: [
      "Wei 1992, The accelerated failure time model, Statistics in Medicine 11",
      "Barnwal et al. 2022, Survival regression with accelerated failure time model in XGBoost, arXiv:2006.04920",
    ],
    libraries: {
      XGBoost:
        "survival:aft has the same three distributions and one fixed scale for all (aft_loss_distribution_scale).",
    },
  },

  discreteTimeHazard: {
    title: "Discrete-time hazard (logistic hazard, nnet-survival)",
    tasks: ["survival"],
    formula: String.raw`\sum_{j \le b} \mathrm{sp}(x_j) - e\,x_b`,
    use: "To predict survival over time without a form for it: one hazard for each interval, and censored times as they are.",
    avoid: "When times are few and intervals many; coxPartialLikelihood or acceleratedFailureTime needs less data.",
    inputs: {
      logits: scores(["n", "classes"], { what: "the logit of the hazard in each interval" }),
      intervals: labels(["n"], { what: "the interval of each time, int32" }),
      events,
    },
    options: { reduction: reduction() },
    variants: [{ reduction: "sum" }],
    points: [
      {
        at: "an event in the first of two intervals",
        inputs: [[[0, 5]], tensor([0], { dtype: "int32" }), [1]],
        value: Math.LN2,
        gradients: [[-0.5, 0], null, null],
      },
    ],
    sources: [
      "Brown 1975, On the use of indicator variables for studying the time-dependence of parameters in a response-time model, Biometrics 31",
      "Gensheimer and Narasimhan 2019, A scalable discrete-time survival model for neural networks, arXiv:1805.00917",
    ],
    libraries: { pycox: "LogisticHazard's nll_logistic_hazard: the same." },
  },
};
