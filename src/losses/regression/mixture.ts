import "../../functional/methods.ts";
import { expectAxes, expectSameShape, expectShape, floatTensor } from "../../tensor/checks.ts";
import { promote } from "../../tensor/dtype.ts";
import { expectPositive, resolve } from "../../tensor/options.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { gaussianTerms, halfLog2Pi, parameter, varianceOf } from "./parameters.ts";

// Mixture density networks: a distribution with several peaks.

export interface MixtureNLLOptions {
  reduction?: Reduction;
}

/**
 * The negative log-likelihood of a mixture of any distributions, from the negative log-likelihood l_k of each
 * component: -log sum_k softmax(logits)_k e^(-l_k).
 *
 * componentNLL, logits: [n, ..., components], the same shape; the first comes from another likelihood with reduction
 * "none" and its constants (full), its targets repeated for each component. "none" gives [n, ...].
 * Options: reduction ("mean"). Bishop 1994, "Mixture density networks".
 * Reference values: torch.distributions.MixtureSameFamily.
 */
export function mixtureNLL(componentNLL: TensorLike, logits: TensorLike, options: MixtureNLLOptions = {}): Tensor {
  const { reduction } = resolve<Required<MixtureNLLOptions>>("mixtureNLL", options, { reduction: "mean" });
  const terms = floatTensor("mixtureNLL", "componentNLL", componentNLL);
  const x = floatTensor("mixtureNLL", "logits", logits);
  expectSameShape("mixtureNLL", { componentNLL: terms, logits: x });
  return reduce("mixtureNLL", mixed(terms, x), reduction);
}

const mixed = (componentNLL: Tensor, logits: Tensor): Tensor =>
  logits.logSoftmax(-1).sub(componentNLL).logSumExp(-1).neg();

export interface GaussianMixtureNLLOptions extends MixtureNLLOptions {
  /** The variances are given by their logarithms. Default false. */
  logVariance?: boolean;
  /** Variances below this count as this, > 0; the gradient passes all the same. Default 1e-6. */
  eps?: number;
}

/**
 * The negative log-likelihood of a mixture of normal distributions: -log sum_k softmax(logits)_k N(t; mean_k,
 * variance_k).
 *
 * means, logits [n, components], targets [n]; variances >= 0 (their logarithms with logVariance) broadcast to the
 * means. "none" gives [n]. The constant log(2 pi) / 2 is part of it. Every component starts from a mean of its own, or
 * all stay alike. Options: logVariance (false), eps (1e-6), reduction ("mean").
 * Bishop 1994, "Mixture density networks". Reference values: torch.distributions.MixtureSameFamily.
 */
export function gaussianMixtureNLL(
  means: TensorLike,
  targets: TensorLike,
  variances: TensorLike,
  logits: TensorLike,
  options: GaussianMixtureNLLOptions = {},
): Tensor {
  const { logVariance, eps, reduction } = resolve<Required<GaussianMixtureNLLOptions>>("gaussianMixtureNLL", options, {
    logVariance: false,
    eps: 1e-6,
    reduction: "mean",
  });
  expectPositive("gaussianMixtureNLL", "eps", eps);
  const m = floatTensor("gaussianMixtureNLL", "means", means);
  expectAxes("gaussianMixtureNLL", "means", m, ["n", "components"]);
  const given = asTensor(targets, m.dtype, "gaussianMixtureNLL", "targets");
  expectShape("gaussianMixtureNLL", "targets", given, m.shape.slice(0, 1));
  const t = given.to(promote(given.dtype, m.dtype)).unsqueeze(1);
  const v = parameter("gaussianMixtureNLL", "variances", variances, m, logVariance ? "any" : "nonNegative");
  const x = floatTensor("gaussianMixtureNLL", "logits", logits);
  expectSameShape("gaussianMixtureNLL", { means: m, logits: x });
  const terms = gaussianTerms(t.sub(m), varianceOf(v, logVariance, eps)).add(halfLog2Pi);
  return reduce("gaussianMixtureNLL", mixed(terms, x), reduction);
}
