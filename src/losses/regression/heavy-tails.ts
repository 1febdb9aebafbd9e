import "../../functional/methods.ts";
import { logRisingFactorial } from "../../functional/numerics.ts";
import { resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { parameter, predicted } from "./parameters.ts";

// Likelihoods with more weight far from the centre than the normal distribution has.

export interface LaplaceNLLOptions {
  /** The scale is given by its logarithm. Default false. */
  logScale?: boolean;
  reduction?: Reduction;
}

/**
 * The negative log-likelihood of Laplace's distribution: log(2 b) + |t - location| / b, for the scale b.
 *
 * location, targets: the same shape; scale > 0 (log b with logScale) broadcasts to it. The gradient of |.| at 0 is 0.
 * Options: logScale (false), reduction ("mean"). Laplace 1774. Reference values: torch.distributions.Laplace.
 */
export function laplaceNLL(
  location: TensorLike,
  targets: TensorLike,
  scale: TensorLike,
  options: LaplaceNLLOptions = {},
): Tensor {
  const { logScale, reduction } = resolve<Required<LaplaceNLLOptions>>("laplaceNLL", options, {
    logScale: false,
    reduction: "mean",
  });
  const [m, t] = predicted("laplaceNLL", "location", location, targets);
  const b = parameter("laplaceNLL", "scale", scale, m, logScale ? "any" : "positive");
  const distance = t.sub(m).abs();
  const terms = logScale ? distance.mul(b.neg().exp()).add(b) : distance.div(b).add(b.log());
  return reduce("laplaceNLL", terms.add(Math.LN2), reduction);
}

export interface StudentTNLLOptions {
  reduction?: Reduction;
}

/**
 * The negative log-likelihood of Student's t distribution with scale s and nu degrees of freedom, z = (t - location) /
 * s: (nu + 1) / 2 log(1 + z^2 / nu) + log s + log(nu pi) / 2 + log gamma(nu / 2) - log gamma((nu + 1) / 2).
 *
 * location, targets: the same shape; scale > 0 and degreesOfFreedom > 0 broadcast to it. The variance exists for nu >
 * 2; nu = 1 is Cauchy's distribution, large nu the normal one. Options: reduction ("mean").
 * Student 1908; Lange et al. 1989, "Robust statistical modeling using the t distribution".
 * Reference values: torch.distributions.StudentT.
 */
export function studentTNLL(
  location: TensorLike,
  targets: TensorLike,
  scale: TensorLike,
  degreesOfFreedom: TensorLike,
  options: StudentTNLLOptions = {},
): Tensor {
  const { reduction } = resolve<Required<StudentTNLLOptions>>("studentTNLL", options, { reduction: "mean" });
  const [m, t] = predicted("studentTNLL", "location", location, targets);
  const s = parameter("studentTNLL", "scale", scale, m);
  const nu = parameter("studentTNLL", "degreesOfFreedom", degreesOfFreedom, m);
  const tail = t.sub(m).div(s).square().div(nu).log1p().mul(nu.add(1).mul(0.5));
  const constant = nu
    .mul(Math.PI)
    .log()
    .mul(0.5)
    .sub(logRisingFactorial(nu.mul(0.5), 0.5));
  return reduce("studentTNLL", tail.add(s.log()).add(constant), reduction);
}
