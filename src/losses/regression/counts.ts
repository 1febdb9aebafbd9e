import "../../functional/methods.ts";
import { logBeta, xlogy } from "../../functional/numerics.ts";
import { expectNonNegativeElements } from "../../tensor/checks.ts";
import { expectNonNegative, expectOneOf, resolve } from "../../tensor/options.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { parameter, predicted } from "./parameters.ts";

// Likelihoods of counts.

export interface PoissonNLLOptions {
  /** The input is the logarithm of the rate. Default true. */
  logInput?: boolean;
  /** Add Stirling's approximation of log t!, t log t - t + log(2 pi t) / 2, where t > 1. Default false. */
  full?: boolean;
  /** Added to a rate before its logarithm is taken, >= 0; not used with logInput. Default 1e-8. */
  eps?: number;
  reduction?: Reduction;
}

/**
 * The negative log-likelihood of Poisson's distribution, without log t!: e^x - t x for x = log rate, and
 * rate - t log(rate + eps) for the rate itself.
 *
 * input, targets >= 0: the same shape. e^x overflows float32 for x > 88.
 * Options: logInput (true), full (false), eps (1e-8), reduction ("mean").
 * Poisson 1837. Reference values: torch.nn.PoissonNLLLoss.
 */
export function poissonNLL(input: TensorLike, targets: TensorLike, options: PoissonNLLOptions = {}): Tensor {
  const { logInput, full, eps, reduction } = resolve<Required<PoissonNLLOptions>>("poissonNLL", options, {
    logInput: true,
    full: false,
    eps: 1e-8,
    reduction: "mean",
  });
  expectNonNegative("poissonNLL", "eps", eps);
  const [x, t] = predicted("poissonNLL", "input", input, targets, logInput ? "any" : "nonNegative");
  expectNonNegativeElements("poissonNLL", "targets", t);
  const terms = logInput ? x.exp().sub(t.mul(x)) : x.sub(xlogy(t, x.add(eps)));
  return reduce("poissonNLL", full ? terms.add(stirling(t)) : terms, reduction);
}

/** Stirling's log t!, and 0 where t <= 1. */
function stirling(t: Tensor): Tensor {
  const above = t.clamp(1);
  const value = above
    .mul(above.log())
    .sub(above)
    .add(
      above
        .mul(2 * Math.PI)
        .log()
        .mul(0.5),
    );
  return value.maskedFill(t.le(1), 0);
}

export interface NegativeBinomialNLLOptions {
  /**
   * What the input is: the "mean", its logarithm ("logMean"), or the log-odds log(dispersion mean) of one more count
   * ("logits"), as torch.distributions.NegativeBinomial takes them. Default "mean".
   */
  input?: "mean" | "logMean" | "logits";
  reduction?: Reduction;
}

/**
 * The negative log-likelihood of counts t of mean m and variance m + a m^2, for the dispersion a = 1 / r (NB2):
 * r softplus(x) + t softplus(-x) - log C(t + r - 1, t), x = log(a m).
 *
 * input > 0 (any number with "logMean" and "logits"), targets >= 0: the same shape; dispersion > 0 broadcasts to it.
 * Dispersion towards 0 is Poisson's distribution; the binomial coefficient is taken as a beta function, which keeps its
 * digits there. In float32 the gradient by a dispersion below about 1e-3 has few digits. Options: input ("mean"),
 * reduction ("mean").
 * Greenwood and Yule 1920; Hilbe 2011, "Negative binomial regression". Reference values: scipy.stats.nbinom.
 */
export function negativeBinomialNLL(
  input: TensorLike,
  targets: TensorLike,
  dispersion: TensorLike,
  options: NegativeBinomialNLLOptions = {},
): Tensor {
  const { input: meaning, reduction } = resolve<Required<NegativeBinomialNLLOptions>>("negativeBinomialNLL", options, {
    input: "mean",
    reduction: "mean",
  });
  expectOneOf("negativeBinomialNLL", "input", meaning, ["mean", "logMean", "logits"]);
  const domain = meaning === "mean" ? "positive" : "any";
  const [given, t] = predicted("negativeBinomialNLL", "input", input, targets, domain);
  expectNonNegativeElements("negativeBinomialNLL", "targets", t);
  const a = parameter("negativeBinomialNLL", "dispersion", dispersion, given);
  const r = a.reciprocal();
  const x = meaning === "logits" ? given : (meaning === "mean" ? given.log() : given).add(a.log());
  const coefficient = logBeta(r, t.add(1)).add(t.add(r).log());
  const terms = x.softplus().mul(r).add(x.neg().softplus().mul(t)).add(coefficient);
  return reduce("negativeBinomialNLL", terms, reduction);
}

export interface BinomialNLLOptions {
  /** Add the constant -log C(trials, t). Default false. */
  full?: boolean;
  reduction?: Reduction;
}

/**
 * The negative log-likelihood of t successes among a number of trials, each of probability sigmoid(x):
 * trials softplus(x) - t x. One trial is `binaryCrossEntropyWithLogits`.
 *
 * logits, targets: the same shape, 0 <= targets <= trials; trials > 0 broadcasts to it.
 * Options: full (false), reduction ("mean"). Bernoulli 1713. Reference values: torch.distributions.Binomial.
 */
export function binomialNLL(
  logits: TensorLike,
  targets: TensorLike,
  trials: TensorLike,
  options: BinomialNLLOptions = {},
): Tensor {
  const { full, reduction } = resolve<Required<BinomialNLLOptions>>("binomialNLL", options, {
    full: false,
    reduction: "mean",
  });
  const [x, t] = predicted("binomialNLL", "logits", logits, targets);
  expectNonNegativeElements("binomialNLL", "targets", t);
  const whole = asTensor(trials, x.dtype, "binomialNLL", "trials");
  const count = parameter("binomialNLL", "trials", whole.to(x.dtype), x);
  const failures = count.sub(t);
  expectNonNegativeElements("binomialNLL", "trials - targets", failures);
  const terms = x.softplus().mul(failures).add(x.neg().softplus().mul(t));
  if (!full) return reduce("binomialNLL", terms, reduction);
  return reduce("binomialNLL", terms.add(count.add(1).log()).add(logBeta(failures.add(1), t.add(1))), reduction);
}
