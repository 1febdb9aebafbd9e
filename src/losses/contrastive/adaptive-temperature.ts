import { stopGradient } from "../../autograd/elementwise.ts";
import { concat } from "../../autograd/movement.ts";
import "../../functional/methods.ts";
import { expectPositive, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { expectFraction } from "../scalar-option.ts";
import { cosines, others, viewPair } from "./views.ts";

export interface MACLOptions {
  /** The temperature at alignment `baseline`, > 0. Default 0.1. */
  temperature?: number;
  /** How strongly the temperature follows the alignment, in [0, 1]. Default 0.5. */
  alpha?: number;
  /** The alignment at which the temperature is as given, in [0, 1]. Default 0. */
  baseline?: number;
  reduction?: Reduction;
}

/**
 * Model-aware contrastive learning (MACL): NT-Xent whose temperature t (1 + alpha (A - A0)) follows the alignment A,
 * the mean cosine of the pairs, and whose terms weigh 1 / (1 - P), P the probability of the positive.
 *
 * view1, view2: [n, d], n at least 2. Returns [2n] with reduction "none", view1 first. Temperature and weights are
 * constants to the gradient; 1 - P is exact for P near 1, with a floor of 1e-8.
 * Options: temperature (0.1), alpha (0.5), baseline (0), reduction ("mean").
 * Huang et al. 2023, arXiv:2207.07874. Reference values: the formula in float64, from which lightly's MACLLoss
 * differs by the 1e-8 that it adds to 1 - P.
 */
export function macl(view1: TensorLike, view2: TensorLike, options: MACLOptions = {}): Tensor {
  const where = "macl";
  const { temperature, alpha, baseline, reduction } = resolve<Required<MACLOptions>>(where, options, {
    temperature: 0.1,
    alpha: 0.5,
    baseline: 0,
    reduction: "mean",
  });
  expectPositive(where, "temperature", temperature);
  expectFraction(where, "alpha", alpha);
  expectFraction(where, "baseline", baseline);
  const [a, b] = viewPair(where, { view1, view2 }, 2).map((x) => x.normalize());
  const positive = a.mul(b).sum(1);
  const t = stopGradient(positive).mean().sub(baseline).mul(alpha).add(1).mul(temperature);
  const across = cosines(a, b);
  const negatives = (x: Tensor, between: Tensor) => concat([others(cosines(x, x)), others(between)], 1);
  const logits = concat([negatives(a, across), negatives(b, across.transpose())])
    .div(t)
    .logSumExp(1);
  const pairs = concat([positive, positive]).div(t);
  const logProbability = pairs.sub(logits).logSigmoid(); // e^pair / (e^pair + e^logits)
  const weight = stopGradient(logits.sub(pairs).sigmoid()).maximum(1e-8).reciprocal();
  return reduce(where, logProbability.mul(weight).neg(), reduction);
}
