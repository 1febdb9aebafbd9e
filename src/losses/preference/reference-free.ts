import { where as select, stopGradient } from "../../autograd/elementwise.ts";
import { log1mexp } from "../../functional/numerics.ts";
import { expectBinary, expectRange, expectSameShape } from "../../tensor/checks.ts";
import { expectNonNegative, expectNumber, expectPositive, resolve } from "../../tensor/options.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { scalarOption } from "../scalar-option.ts";
import { expectLessThanHalf, sameFloats, smoothedLogistic } from "./log-ratios.ts";

// Preferences without a reference policy, and without pairs.

export interface SimplePreferenceOptions {
  /** The factor on the rewards, > 0. Default 2. */
  beta?: number;
  /** By how much the chosen answer should win, >= 0. Default 0.5. */
  margin?: number;
  /** The shape of the reward (1 - p^-alpha) / alpha; 0 gives log p. Default 0. */
  alpha?: number;
  /** The share of preferences that are the wrong way round, in [0, 0.5). Default 0. */
  labelSmoothing?: number;
  reduction?: Reduction;
}

/**
 * Simple preference optimisation (SimPO): -log sigmoid(beta (l_w - l_l) - margin), l the log-probabilities averaged
 * over the tokens of the chosen and the rejected answer; with alpha, AlphaPO, which puts (1 - e^(-alpha l)) / alpha in
 * place of l.
 *
 * chosen, rejected: average log-probabilities of one shape. e^(-alpha l) is cut at e^80. Options: beta (2), margin
 * (0.5; the papers' gamma), alpha (0), labelSmoothing (0), reduction ("mean"). Meng et al. 2024, arXiv:2405.14734;
 * Gupta et al. 2025, arXiv:2501.03884 (AlphaPO). Reference values: the formula, as in TRL.
 */
export function simplePreference(
  chosen: TensorLike,
  rejected: TensorLike,
  options: SimplePreferenceOptions = {},
): Tensor {
  const where = "simplePreference";
  const { beta, margin, alpha, labelSmoothing, reduction } = resolve<Required<SimplePreferenceOptions>>(
    where,
    options,
    {
      beta: 2,
      margin: 0.5,
      alpha: 0,
      labelSmoothing: 0,
      reduction: "mean",
    },
  );
  expectPositive(where, "beta", beta);
  expectNonNegative(where, "margin", margin);
  expectNumber(where, "alpha", alpha, "that is finite", Number.isFinite);
  expectLessThanHalf(where, "labelSmoothing", labelSmoothing);
  const reward = (l: Tensor) => (alpha === 0 ? l : l.mul(-alpha).clamp(undefined, 80).expm1().div(-alpha));
  const [w, l] = sameFloats(where, { chosen, rejected }).map(reward);
  return reduce(where, smoothedLogistic(w.sub(l).mul(beta).sub(margin), labelSmoothing), reduction);
}

export interface ContrastivePreferenceOptions {
  /** The factor on the difference, > 0. Default 0.1. */
  beta?: number;
  /** The weight of the chosen answer's own -log-probability, >= 0. Default 1. */
  nllWeight?: number;
  /** The share of preferences that are the wrong way round, in [0, 0.5). Default 0. */
  labelSmoothing?: number;
  reduction?: Reduction;
}

/**
 * Contrastive preference optimisation (CPO): -log sigmoid(beta (l_w - l_l)) - nllWeight l_w, l the log-probabilities of
 * the chosen and the rejected answer.
 *
 * chosen, rejected: log-probabilities of one shape. Options: beta (0.1), nllWeight (1), labelSmoothing (0), reduction
 * ("mean"). Xu et al. 2024, arXiv:2401.08417. Reference values: the formula, as in TRL.
 */
export function contrastivePreference(
  chosen: TensorLike,
  rejected: TensorLike,
  options: ContrastivePreferenceOptions = {},
): Tensor {
  const where = "contrastivePreference";
  const { beta, nllWeight, labelSmoothing, reduction } = resolve<Required<ContrastivePreferenceOptions>>(
    where,
    options,
    { beta: 0.1, nllWeight: 1, labelSmoothing: 0, reduction: "mean" },
  );
  expectPositive(where, "beta", beta);
  expectNonNegative(where, "nllWeight", nllWeight);
  expectLessThanHalf(where, "labelSmoothing", labelSmoothing);
  const [w, l] = sameFloats(where, { chosen, rejected });
  return reduce(where, smoothedLogistic(w.sub(l).mul(beta), labelSmoothing).sub(w.mul(nllWeight)), reduction);
}

export interface OddsRatioPreferenceOptions {
  /** The weight of the odds ratio, >= 0. Default 0.1. */
  lambda?: number;
  reduction?: Reduction;
}

/** The largest log-probability below 0 that float32 tells from 0 after 1 - e^l. */
const nearlyCertain = -(2 ** -24);

/**
 * Odds-ratio preference optimisation (ORPO): -l_w + lambda softplus(-log OR), log OR = (l_w - l_l) - (log(1 - e^l_w) -
 * log(1 - e^l_l)), l the log-probabilities averaged over the tokens of the chosen and the rejected answer.
 *
 * chosen, rejected: average log-probabilities of one shape, <= 0; those above -2^-24, which are certain in float32,
 * count as that. log(1 - e^l) keeps its digits near 0. Options: lambda (0.1), reduction ("mean"). Hong, Lee and Thorne
 * 2024, arXiv:2403.07691. Reference values: the formula, as in TRL.
 */
export function oddsRatioPreference(
  chosen: TensorLike,
  rejected: TensorLike,
  options: OddsRatioPreferenceOptions = {},
): Tensor {
  const where = "oddsRatioPreference";
  const { lambda, reduction } = resolve<Required<OddsRatioPreferenceOptions>>(where, options, {
    lambda: 0.1,
    reduction: "mean",
  });
  expectNonNegative(where, "lambda", lambda);
  const [w, l] = sameFloats(where, { chosen, rejected });
  const domain = { low: Number.NEGATIVE_INFINITY, high: 1e-4 }; // rounding may leave a probability a little above 1
  for (const [name, t] of Object.entries({ chosen: w, rejected: l })) {
    expectRange(where, name, t, domain, "must be <= 0, the mean of log-probabilities; for logits use logSoftmax");
  }
  const logOdds = (t: Tensor) => {
    const uncertain = t.clamp(undefined, nearlyCertain);
    return uncertain.sub(log1mexp(uncertain));
  };
  return reduce(where, logOdds(l).sub(logOdds(w)).softplus().mul(lambda).sub(w), reduction);
}

export interface KahnemanTverskyOptions {
  /** How strongly the policy is held to the reference, > 0. Default 0.1. */
  beta?: number;
  /** The weight of desirable answers, >= 0. Default 1. */
  desirableWeight?: number;
  /** The weight of undesirable answers, >= 0. Default 1. */
  undesirableWeight?: number;
  /**
   * An estimate of the divergence of policy and reference, a number or a tensor with one element; below 0 it counts as
   * 0. Outside the gradient. Default 0.
   */
  divergence?: number | Tensor;
  reduction?: Reduction;
}

/**
 * Kahneman-Tversky optimisation (KTO), for answers that are each good or bad, without pairs: weight (1 - sigmoid(beta
 * (r - z))) for a desirable one, weight (1 - sigmoid(beta (z - r))) for an undesirable one, r = log(policy /
 * reference), z the divergence.
 *
 * policy, reference: log-probabilities of answers, of one shape, the reference a constant; desirable: 1 or 0 for each.
 * Options: beta (0.1), desirableWeight (1), undesirableWeight (1), divergence (0), reduction ("mean"). Ethayarajh et
 * al. 2024, arXiv:2402.01306. Reference values: the formula, as in TRL.
 */
export function kahnemanTversky(
  policy: TensorLike,
  reference: TensorLike,
  desirable: TensorLike,
  options: KahnemanTverskyOptions = {},
): Tensor {
  const where = "kahnemanTversky";
  const { beta, desirableWeight, undesirableWeight, divergence, reduction } = resolve<Required<KahnemanTverskyOptions>>(
    where,
    options,
    { beta: 0.1, desirableWeight: 1, undesirableWeight: 1, divergence: 0, reduction: "mean" },
  );
  expectPositive(where, "beta", beta);
  expectNonNegative(where, "desirableWeight", desirableWeight);
  expectNonNegative(where, "undesirableWeight", undesirableWeight);
  const given = scalarOption(where, "divergence", divergence, "any");
  const [p, q] = sameFloats(where, { policy, reference });
  const y = asTensor(desirable, p.dtype, where, "desirable");
  expectSameShape(where, { policy: p, desirable: y });
  expectBinary(where, "desirable", y);
  const z = stopGradient(asTensor(given, p.dtype)).relu();
  const lead = p.sub(stopGradient(q)).sub(z).mul(beta);
  const terms = select(y.eq(1), lead.neg().sigmoid().mul(desirableWeight), lead.sigmoid().mul(undesirableWeight));
  return reduce(where, terms, reduction);
}
