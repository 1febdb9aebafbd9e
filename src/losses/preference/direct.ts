import { stopGradient } from "../../autograd/elementwise.ts";
import { expectNumber, expectOneOf, expectPositive, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { scalarOption } from "../scalar-option.ts";
import { expectLessThanHalf, logRatios, quartetOf, smoothedLogistic } from "./log-ratios.ts";

// Losses of pairs of answers against a reference policy. Arguments are log-probabilities of whole answers, [n] each:
// of the chosen and the rejected one under the policy that learns, then under the reference, which stays as it is.

export interface DirectPreferenceOptions {
  /** How strongly the policy is held to the reference, > 0. Default 0.1. */
  beta?: number;
  /** The share of preferences that are the wrong way round, in [0, 0.5). Default 0. */
  labelSmoothing?: number;
  /**
   * With labelSmoothing: unbias the loss (robust DPO), in place of smoothing its targets (conservative DPO). Default
   * false.
   */
  robust?: boolean;
  /** The f-divergence that holds the policy: its derivative is taken of each ratio. Default "reverseKL". */
  divergence?: "reverseKL" | "forwardKL" | "jensenShannon" | "alpha";
  /** The parameter of divergence "alpha", above 0; 1 gives "reverseKL". Default 0.5. */
  alpha?: number;
  reduction?: Reduction;
}

/**
 * Direct preference optimisation (DPO): -log sigmoid(beta d), d = log(pi_w / ref_w) - log(pi_l / ref_l), w the chosen
 * and l the rejected answer; `bradleyTerry` of the implied rewards.
 *
 * policyChosen, policyRejected, referenceChosen, referenceRejected: log-probabilities of one shape. The reference is a
 * constant. Options: beta (0.1), labelSmoothing (0), robust (false: -(1 - s) log sigmoid(beta d) - s log sigmoid(-beta
 * d); true: with -s in place of + s, over 1 - 2 s, which may be negative), divergence ("reverseKL"), alpha (0.5),
 * reduction ("mean"). Ratios beyond e^80 count as e^80 where a divergence needs their exponential. Rafailov et al.
 * 2023, arXiv:2305.18290; Mitchell 2023 (conservative);
 * Chowdhury et al. 2024, arXiv:2403.00409 (robust); Wang et al. 2023, arXiv:2309.16240 (f-divergences). Reference
 * values: the formulas, as in TRL.
 */
export function directPreference(
  policyChosen: TensorLike,
  policyRejected: TensorLike,
  referenceChosen: TensorLike,
  referenceRejected: TensorLike,
  options: DirectPreferenceOptions = {},
): Tensor {
  const where = "directPreference";
  const { beta, labelSmoothing, robust, divergence, alpha, reduction } = resolve<Required<DirectPreferenceOptions>>(
    where,
    options,
    { beta: 0.1, labelSmoothing: 0, robust: false, divergence: "reverseKL", alpha: 0.5, reduction: "mean" },
  );
  expectPositive(where, "beta", beta);
  expectLessThanHalf(where, "labelSmoothing", labelSmoothing);
  expectOneOf(where, "divergence", divergence, ["reverseKL", "forwardKL", "jensenShannon", "alpha"]);
  expectPositive(where, "alpha", alpha);
  const slope = {
    reverseKL: (r: Tensor) => r,
    forwardKL: (r: Tensor) => r.neg().clamp(undefined, 80).expm1().neg(),
    jensenShannon: (r: Tensor) => r.logSigmoid().add(Math.LN2),
    alpha: (r: Tensor) =>
      alpha === 1
        ? r
        : r
            .mul(alpha - 1)
            .clamp(undefined, 80)
            .expm1()
            .div(alpha - 1),
  }[divergence];
  const [chosen, rejected] = logRatios(where, [policyChosen, policyRejected, referenceChosen, referenceRejected]);
  const z = slope(chosen).sub(slope(rejected)).mul(beta);
  if (!robust) return reduce(where, smoothedLogistic(z, labelSmoothing), reduction);
  const unbiased = z
    .neg()
    .softplus()
    .mul(1 - labelSmoothing)
    .sub(z.softplus().mul(labelSmoothing));
  return reduce(where, unbiased.div(1 - 2 * labelSmoothing), reduction);
}

export interface PreferenceOptions {
  /** How strongly the policy is held to the reference, > 0. Default 0.1. */
  beta?: number;
  reduction?: Reduction;
}

/** The reduction of a function of both log-ratios and beta. */
function ofRatios(
  where: string,
  quartet: readonly [TensorLike, TensorLike, TensorLike, TensorLike],
  options: PreferenceOptions,
  terms: (chosen: Tensor, rejected: Tensor, beta: number) => Tensor,
): Tensor {
  const { beta, reduction } = resolve<Required<PreferenceOptions>>(where, options, { beta: 0.1, reduction: "mean" });
  expectPositive(where, "beta", beta);
  const [chosen, rejected] = logRatios(where, quartet);
  return reduce(where, terms(chosen, rejected, beta), reduction);
}

/**
 * Identity preference optimisation (IPO): (d - 1 / (2 beta))^2, d the difference of the log-ratios; it stops pulling
 * when the preference is won by 1 / (2 beta).
 *
 * Arguments as in `directPreference`. Give log-probabilities averaged over tokens to have lengths count alike, as TRL
 * does.
 * Options: beta (0.1), reduction ("mean"). Azar et al. 2023, arXiv:2310.12036. Reference values: the formula, as in
 * TRL.
 */
export function identityPreference(
  policyChosen: TensorLike,
  policyRejected: TensorLike,
  referenceChosen: TensorLike,
  referenceRejected: TensorLike,
  options: PreferenceOptions = {},
): Tensor {
  const quartet = [policyChosen, policyRejected, referenceChosen, referenceRejected] as const;
  return ofRatios("identityPreference", quartet, options, (chosen, rejected, beta) =>
    chosen
      .sub(rejected)
      .sub(1 / (2 * beta))
      .square(),
  );
}

/**
 * The hinge loss of preferences (SLiC): [1 - beta d]+, d the difference of the log-ratios.
 *
 * Arguments as in `directPreference`. The gradient at the kink is 0. Options: beta (0.1), reduction ("mean").
 * Zhao et al. 2023, arXiv:2305.10425; Liu et al. 2023, arXiv:2309.06657. Reference values: the formula, as in TRL.
 */
export function hingePreference(
  policyChosen: TensorLike,
  policyRejected: TensorLike,
  referenceChosen: TensorLike,
  referenceRejected: TensorLike,
  options: PreferenceOptions = {},
): Tensor {
  const quartet = [policyChosen, policyRejected, referenceChosen, referenceRejected] as const;
  return ofRatios("hingePreference", quartet, options, (chosen, rejected, beta) =>
    chosen.sub(rejected).mul(-beta).add(1).relu(),
  );
}

/**
 * Noise-contrastive alignment of pairs (NCA): -log sigmoid(r_w) - 1/2 log sigmoid(-r_w) - 1/2 log sigmoid(-r_l), r =
 * beta times the log-ratio, which keeps the chosen answer likely and not only likelier than the other.
 *
 * Arguments as in `directPreference`. Options: beta (0.1), reduction ("mean"). Chen et al. 2024, arXiv:2402.05369.
 * Reference values: the formula, as in TRL.
 */
export function noiseContrastivePreference(
  policyChosen: TensorLike,
  policyRejected: TensorLike,
  referenceChosen: TensorLike,
  referenceRejected: TensorLike,
  options: PreferenceOptions = {},
): Tensor {
  const quartet = [policyChosen, policyRejected, referenceChosen, referenceRejected] as const;
  return ofRatios("noiseContrastivePreference", quartet, options, (chosen, rejected, beta) => {
    const [w, l] = [chosen.mul(beta), rejected.mul(beta)];
    return w.neg().softplus().add(w.softplus().add(l.softplus()).mul(0.5));
  });
}

export interface BinaryClassifierPreferenceOptions extends PreferenceOptions {
  /** What rewards are measured from, such as their running mean: a number, or a tensor with one element. Default 0. */
  shift?: number | Tensor;
}

/**
 * Binary classifier optimisation of pairs (BCO): -log sigmoid(r_w - shift) - log sigmoid(-(r_l - shift)), r = beta
 * times the log-ratio.
 *
 * Arguments as in `directPreference`. The shift is a constant: the paper's is the mean reward of both kinds of answers.
 * Options: beta (0.1), shift (0), reduction ("mean"). Jung et al. 2024, arXiv:2404.04656. Reference values: the
 * formula, as in TRL.
 */
export function binaryClassifierPreference(
  policyChosen: TensorLike,
  policyRejected: TensorLike,
  referenceChosen: TensorLike,
  referenceRejected: TensorLike,
  options: BinaryClassifierPreferenceOptions = {},
): Tensor {
  const where = "binaryClassifierPreference";
  const { shift, ...rest } = resolve<Required<BinaryClassifierPreferenceOptions>>(where, options, {
    beta: 0.1,
    shift: 0,
    reduction: "mean",
  });
  const given = scalarOption(where, "shift", shift, "any");
  const level = typeof given === "number" ? given : stopGradient(given);
  const quartet = [policyChosen, policyRejected, referenceChosen, referenceRejected] as const;
  return ofRatios(where, quartet, rest, (chosen, rejected, beta) => {
    const [w, l] = [chosen, rejected].map((t) => t.mul(beta).sub(level));
    return w.neg().softplus().add(l.softplus());
  });
}

/**
 * Self-play preference optimisation (SPPO) with certain winners: (log-ratio of the chosen - 1 / (2 beta))^2 + (that of
 * the rejected + 1 / (2 beta))^2.
 *
 * Arguments as in `directPreference`. Options: beta (0.1), reduction ("mean"). Wu et al. 2024, arXiv:2405.00675.
 * Reference values: the formula, as in TRL.
 */
export function selfPlayPreference(
  policyChosen: TensorLike,
  policyRejected: TensorLike,
  referenceChosen: TensorLike,
  referenceRejected: TensorLike,
  options: PreferenceOptions = {},
): Tensor {
  const quartet = [policyChosen, policyRejected, referenceChosen, referenceRejected] as const;
  return ofRatios("selfPlayPreference", quartet, options, (chosen, rejected, beta) =>
    chosen
      .sub(0.5 / beta)
      .square()
      .add(rejected.add(0.5 / beta).square()),
  );
}

export interface ExactPreferenceOptions extends PreferenceOptions {
  /** The probability that the rejected answer is the better one, in (0, 0.5). Default 0.001. */
  labelSmoothing?: number;
}

/**
 * Efficient exact optimisation of pairs (EXO): D(p || h) over the two answers, p = sigmoid(+-beta d), h = (1 - s, s), d
 * the difference of the log-ratios: the reverse of the divergence that `directPreference` minimises.
 *
 * Arguments as in `directPreference`. Options: beta (0.1), labelSmoothing s (0.001), reduction ("mean").
 * Ji et al. 2024, arXiv:2402.00856. Reference values: the formula, as in TRL.
 */
export function exactPreference(
  policyChosen: TensorLike,
  policyRejected: TensorLike,
  referenceChosen: TensorLike,
  referenceRejected: TensorLike,
  options: ExactPreferenceOptions = {},
): Tensor {
  const where = "exactPreference";
  const { labelSmoothing: s, ...rest } = resolve<Required<ExactPreferenceOptions>>(where, options, {
    beta: 0.1,
    labelSmoothing: 1e-3,
    reduction: "mean",
  });
  expectNumber(where, "labelSmoothing", s, "in (0, 0.5)", (v) => v > 0 && v < 0.5);
  const quartet = [policyChosen, policyRejected, referenceChosen, referenceRejected] as const;
  return ofRatios(where, quartet, rest, (chosen, rejected, beta) => {
    const z = chosen.sub(rejected).mul(beta);
    const won = z.sigmoid().mul(z.neg().softplus().neg().sub(Math.log1p(-s)));
    const lost = z
      .neg()
      .sigmoid()
      .mul(z.softplus().neg().sub(Math.log(s)));
    return won.add(lost);
  });
}

export interface AnchoredPreferenceOptions extends PreferenceOptions {
  /**
   * "zero": answers better than the model's own, so the chosen becomes likelier; "down": worse ones, so both become
   * less likely. Default "zero".
   */
  variant?: "zero" | "down";
}

/**
 * Anchored preference optimisation (APO), r = beta times the log-ratio: sigmoid(-r_w) + sigmoid(r_l) ("zero"), or
 * sigmoid(r_w) + sigmoid(-(r_w - r_l)) ("down").
 *
 * Arguments as in `directPreference`. Options: beta (0.1), variant ("zero"), reduction ("mean").
 * D'Oosterlinck et al. 2024, arXiv:2408.06266. Reference values: the formula, as in TRL.
 */
export function anchoredPreference(
  policyChosen: TensorLike,
  policyRejected: TensorLike,
  referenceChosen: TensorLike,
  referenceRejected: TensorLike,
  options: AnchoredPreferenceOptions = {},
): Tensor {
  const where = "anchoredPreference";
  const { variant, ...rest } = resolve<Required<AnchoredPreferenceOptions>>(where, options, {
    beta: 0.1,
    variant: "zero",
    reduction: "mean",
  });
  expectOneOf(where, "variant", variant, ["zero", "down"]);
  const quartet = [policyChosen, policyRejected, referenceChosen, referenceRejected] as const;
  return ofRatios(where, quartet, rest, (chosen, rejected, beta) => {
    const [w, l] = [chosen.mul(beta), rejected.mul(beta)];
    return variant === "zero" ? w.neg().sigmoid().add(l.sigmoid()) : w.sigmoid().add(l.sub(w).sigmoid());
  });
}

export interface TransportPreferenceOptions extends PreferenceOptions {
  /** The share of preferences that are the wrong way round, in [0, 0.5). Default 0. */
  labelSmoothing?: number;
  /** Whether answers come in pairs; false sorts the chosen and the rejected ones each by themselves. Default true. */
  paired?: boolean;
}

/**
 * Alignment by optimal transport (AOT): -log sigmoid(beta d) of sorted differences, so that the whole distribution of
 * rewards of chosen answers dominates that of rejected ones.
 *
 * Arguments as in `directPreference`, [n] each. Paired: d = sort(pi_w - pi_l) - sort(ref_w - ref_l), of
 * log-probabilities; else sort(log-ratio of the chosen) - sort(that of the rejected). The order has no gradient.
 * Options: beta (0.1), labelSmoothing (0), paired (true), reduction ("mean"). Melnyk et al. 2024, arXiv:2406.05882.
 * Reference values: the formula, as in TRL.
 */
export function transportPreference(
  policyChosen: TensorLike,
  policyRejected: TensorLike,
  referenceChosen: TensorLike,
  referenceRejected: TensorLike,
  options: TransportPreferenceOptions = {},
): Tensor {
  const where = "transportPreference";
  const { beta, labelSmoothing, paired, reduction } = resolve<Required<TransportPreferenceOptions>>(where, options, {
    beta: 0.1,
    labelSmoothing: 0,
    paired: true,
    reduction: "mean",
  });
  expectPositive(where, "beta", beta);
  expectLessThanHalf(where, "labelSmoothing", labelSmoothing);
  const [pc, pr, rc, rr] = quartetOf(where, [policyChosen, policyRejected, referenceChosen, referenceRejected]);
  const [a, b] = paired ? [pc.sub(pr), rc.sub(rr)] : [pc.sub(rc), pr.sub(rr)];
  const d = a.sort(0).sub(b.sort(0));
  return reduce(where, smoothedLogistic(d.mul(beta), labelSmoothing), reduction);
}

export interface DiscoveredPreferenceOptions extends PreferenceOptions {
  /** How soon the logistic loss gives way to the exponential one, in (0, 1]. Default 0.05. */
  tau?: number;
}

/**
 * Discovered preference optimisation (DiscoPOP), z = beta d: (1 - m) log(1 + e^-z) + m e^-z, m = sigmoid(z / tau), d
 * the difference of the log-ratios.
 *
 * Arguments as in `directPreference`. m e^-z is computed as one exponential, which does not overflow. Options: beta
 * (0.1), tau (0.05), reduction ("mean"). Lu et al. 2024, arXiv:2406.08414. Reference values: the formula, as in TRL,
 * which is NaN for z below -88.
 */
export function discoveredPreference(
  policyChosen: TensorLike,
  policyRejected: TensorLike,
  referenceChosen: TensorLike,
  referenceRejected: TensorLike,
  options: DiscoveredPreferenceOptions = {},
): Tensor {
  const where = "discoveredPreference";
  const { tau, ...rest } = resolve<Required<DiscoveredPreferenceOptions>>(where, options, {
    beta: 0.1,
    tau: 0.05,
    reduction: "mean",
  });
  expectNumber(where, "tau", tau, "in (0, 1]", (v) => v > 0 && v <= 1);
  const quartet = [policyChosen, policyRejected, referenceChosen, referenceRejected] as const;
  return ofRatios(where, quartet, rest, (chosen, rejected, beta) => {
    const z = chosen.sub(rejected).mul(beta);
    const logistic = z.div(-tau).sigmoid().mul(z.neg().softplus());
    return logistic.add(z.div(-tau).softplus().add(z).neg().exp());
  });
}
