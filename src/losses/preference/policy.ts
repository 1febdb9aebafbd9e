import { where as select, stopGradient } from "../../autograd/elementwise.ts";
import { expectAxes, expectNotEmpty, expectShape } from "../../tensor/checks.ts";
import { ValueError } from "../../tensor/errors.ts";
import {
  expectInteger,
  expectNonNegative,
  expectNumber,
  expectOneOf,
  expectPositive,
  resolve,
} from "../../tensor/options.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { maskOf } from "../mask.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { sameFloats } from "./log-ratios.ts";

// Objectives of policy gradients over log-probabilities of actions or tokens.

/**
 * e^x, cut at e^20, beyond which a ratio of probabilities says only that the policies have parted; its gradient there
 * is 0.
 */
const ratioOf = (logRatio: Tensor): Tensor => logRatio.clamp(undefined, 20).exp();

/** -min(ratio advantage, clip(ratio) advantage). */
const surrogate = (ratio: Tensor, advantage: Tensor, low: number, high: number): Tensor =>
  ratio
    .mul(advantage)
    .minimum(ratio.clamp(1 - low, 1 + high).mul(advantage))
    .neg();

export interface ClippedSurrogateOptions {
  /** How far the ratio may leave 1 before it stops paying, in (0, 1). Default 0.2. */
  epsilon?: number;
  reduction?: Reduction;
}

/**
 * The clipped surrogate of proximal policy optimisation (PPO): -min(r A, clip(r, 1 - epsilon, 1 + epsilon) A), r =
 * policy / old policy of the action taken, A its advantage.
 *
 * logProbabilities, oldLogProbabilities, advantages: one shape; old ones and advantages are constants. Ratios beyond
 * e^20 count as e^20. Where both terms tie, half of the gradient of each. Options: epsilon (0.2), reduction ("mean").
 * Schulman et al. 2017, arXiv:1707.06347. Reference values: the formula, as in TRL.
 */
export function clippedSurrogate(
  logProbabilities: TensorLike,
  oldLogProbabilities: TensorLike,
  advantages: TensorLike,
  options: ClippedSurrogateOptions = {},
): Tensor {
  const where = "clippedSurrogate";
  const { epsilon, reduction } = resolve<Required<ClippedSurrogateOptions>>(where, options, {
    epsilon: 0.2,
    reduction: "mean",
  });
  expectNumber(where, "epsilon", epsilon, "inside (0, 1)", (v) => v > 0 && v < 1);
  const [now, ...constants] = sameFloats(where, { logProbabilities, oldLogProbabilities, advantages });
  const [old, a] = constants.map((t) => stopGradient(t));
  return reduce(where, surrogate(ratioOf(now.sub(old)), a, epsilon, epsilon), reduction);
}

export interface ClippedValueOptions {
  /** How far a value may move from the old one, > 0. Default 0.2. */
  epsilon?: number;
  reduction?: Reduction;
}

/**
 * The clipped value loss of PPO: max((v - R)^2, (clip(v, v_old - epsilon, v_old + epsilon) - R)^2) / 2, R the return.
 *
 * values, oldValues, returns: one shape; old values and returns are constants. Options: epsilon (0.2), reduction
 * ("mean").
 * Schulman et al. 2017, in the authors' code. Reference values: the formula, as in TRL.
 */
export function clippedValue(
  values: TensorLike,
  oldValues: TensorLike,
  returns: TensorLike,
  options: ClippedValueOptions = {},
): Tensor {
  const where = "clippedValue";
  const { epsilon, reduction } = resolve<Required<ClippedValueOptions>>(where, options, {
    epsilon: 0.2,
    reduction: "mean",
  });
  expectPositive(where, "epsilon", epsilon);
  const [v, ...constants] = sameFloats(where, { values, oldValues, returns });
  const [old, r] = constants.map((t) => stopGradient(t));
  const near = old.add(v.sub(old).clamp(-epsilon, epsilon));
  return reduce(where, v.sub(r).square().maximum(near.sub(r).square()).mul(0.5), reduction);
}

/** How the tokens of answers are weighed and averaged. */
export type GroupRelativeForm = "grpo" | "bnpo" | "drGRPO" | "dapo" | "gspo" | "cispo" | "sapo";

export interface GroupRelativePolicyOptions {
  /**
   * "grpo": the mean over answers of means over their tokens; "bnpo", "dapo": the mean over all tokens; "drGRPO": the
   * sum over answers times maxLength; "gspo": as "grpo" with one ratio for an answer; "cispo": all tokens, with a
   * detached, capped ratio on log-probabilities; "sapo": as "grpo" with a smooth gate in place of clipping. Default
   * "grpo".
   */
  form?: GroupRelativeForm;
  /** How far the ratio may fall below 1, in (0, 1). Default 0.2. */
  epsilonLow?: number;
  /** How far it may rise above 1, > 0; of "cispo" the cap of the ratio itself is 1 + this. Default `epsilonLow`. */
  epsilonHigh?: number;
  /** Which tokens belong to the answers: bool [n, steps]. Default null: all. */
  mask?: TensorLike | null;
  /** Log-probabilities under a reference policy, [n, steps], a constant. Default null. */
  reference?: TensorLike | null;
  /** The weight of the divergence from the reference, >= 0. Default 0. */
  klWeight?: number;
  /** The length that "drGRPO" divides by, >= 1. Default null: steps. */
  maxLength?: number | null;
  /** The steepness of "sapo"'s gate for advantages above 0, > 0. Default 1. */
  temperaturePositive?: number;
  /** The same for the others. Default 1.05. */
  temperatureNegative?: number;
}

/**
 * Group-relative policy optimisation (GRPO) and its kin: the clipped surrogate of each token with the advantage of its
 * answer, plus klWeight (e^d - d - 1), d = log(reference / policy).
 *
 * logProbabilities, oldLogProbabilities [n, steps], advantages [n], such as rewards standardised within the answers to
 * one question; always a scalar. All but logProbabilities are constants. Ratios beyond e^20 count as e^20. An answer
 * without tokens counts 0. Options: see `GroupRelativePolicyOptions`.
 * Shao et al. 2024, arXiv:2402.03300 (GRPO); Liu et al. 2025, arXiv:2503.20783 (Dr. GRPO); Yu et al. 2025,
 * arXiv:2503.14476 (DAPO); Zheng et al. 2025, arXiv:2507.18071 (GSPO); Chen et al. 2025, arXiv:2506.13585 (CISPO); Gao
 * et al. 2025, arXiv:2511.20347 (SAPO). Reference values: the formulas, as in TRL.
 */
export function groupRelativePolicy(
  logProbabilities: TensorLike,
  oldLogProbabilities: TensorLike,
  advantages: TensorLike,
  options: GroupRelativePolicyOptions = {},
): Tensor {
  const where = "groupRelativePolicy";
  const settings = policySettings(where, options);
  const { form, epsilonLow, epsilonHigh, klWeight } = settings;
  const [logPolicy, logOld, logReference] = sameFloats(where, {
    logProbabilities,
    oldLogProbabilities,
    ...(settings.reference === null ? {} : { reference: settings.reference }),
  });
  expectAxes(where, "logProbabilities", logPolicy, ["n", "steps"]);
  expectNotEmpty(where, "logProbabilities", logPolicy);
  const given = asTensor(advantages, logPolicy.dtype, where, "advantages");
  expectShape(where, "advantages", given, [logPolicy.shape[0]]);
  const a = stopGradient(given).unsqueeze(1);
  const isToken = maskOf(where, settings.mask, { logProbabilities: logPolicy });
  const tokensOf = (t: Tensor) => select(isToken, t, 0); // padding may hold anything
  const [now, old] = [tokensOf(logPolicy), stopGradient(tokensOf(logOld))];
  const counted = isToken.to(now.dtype);
  const perAnswer = (t: Tensor) => t.mul(counted).sum(1).div(counted.sum(1).maximum(1));
  const logRatio = now.sub(old);
  const ratio = ratioOf(form === "gspo" ? perAnswer(logRatio).unsqueeze(1) : logRatio);
  let terms = {
    clipped: () => surrogate(ratio, a, epsilonLow, epsilonHigh),
    cispo: () =>
      stopGradient(ratio.clamp(undefined, 1 + epsilonHigh))
        .mul(a)
        .mul(now)
        .neg(),
    sapo: () => gate(ratio, a, settings).mul(a).neg(),
  }[form === "cispo" || form === "sapo" ? form : "clipped"]();
  if (settings.reference !== null) {
    const d = stopGradient(tokensOf(logReference)).sub(now);
    terms = terms.add(d.clamp(undefined, 20).expm1().sub(d).mul(klWeight));
  }
  if (form === "grpo" || form === "gspo" || form === "sapo") return perAnswer(terms).mean();
  const total = terms.mul(counted).sum();
  const [n, steps] = now.shape;
  return form === "drGRPO" ? total.div(n * (settings.maxLength ?? steps)) : total.div(counted.sum().maximum(1));
}

type PolicySettings = Required<GroupRelativePolicyOptions>;

function policySettings(where: string, options: GroupRelativePolicyOptions): PolicySettings {
  const settings = resolve<Omit<PolicySettings, "epsilonHigh"> & { epsilonHigh: number | undefined }>(where, options, {
    form: "grpo",
    epsilonLow: 0.2,
    epsilonHigh: undefined,
    mask: null,
    reference: null,
    klWeight: 0,
    maxLength: null,
    temperaturePositive: 1,
    temperatureNegative: 1.05,
  });
  const epsilonHigh = settings.epsilonHigh ?? settings.epsilonLow;
  expectOneOf(where, "form", settings.form, ["grpo", "bnpo", "drGRPO", "dapo", "gspo", "cispo", "sapo"]);
  expectNumber(where, "epsilonLow", settings.epsilonLow, "inside (0, 1)", (v) => v > 0 && v < 1);
  expectPositive(where, "epsilonHigh", epsilonHigh);
  expectNonNegative(where, "klWeight", settings.klWeight);
  if (settings.maxLength !== null) expectInteger(where, "maxLength", settings.maxLength);
  expectPositive(where, "temperaturePositive", settings.temperaturePositive);
  expectPositive(where, "temperatureNegative", settings.temperatureNegative);
  if (settings.klWeight > 0 && settings.reference === null) {
    throw new ValueError(where, "klWeight weighs the divergence from a reference; give reference too");
  }
  return { ...settings, epsilonHigh };
}

/** 4 sigmoid(t (ratio - 1)) / t: slope 1 at ratio 1, fading away from it. */
function gate(ratio: Tensor, advantage: Tensor, { temperaturePositive, temperatureNegative }: PolicySettings): Tensor {
  const gains = advantage.gt(0).to(ratio.dtype);
  const t = gains.mul(temperaturePositive - temperatureNegative).add(temperatureNegative);
  return ratio.sub(1).mul(t).sigmoid().mul(4).div(t);
}
