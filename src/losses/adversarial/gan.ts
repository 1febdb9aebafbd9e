import "../../functional/methods.ts";
import { floatTensor } from "../../tensor/checks.ts";
import { expectNumber, expectOneOf, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";

/** The two-player game: "nonSaturating" and "minimax" (Goodfellow), "leastSquares" (LSGAN), "hinge", "wasserstein". */
export type Adversary = "nonSaturating" | "minimax" | "leastSquares" | "hinge" | "wasserstein";

const adversaries: readonly Adversary[] = ["nonSaturating", "minimax", "leastSquares", "hinge", "wasserstein"];

export interface AdversarialDiscriminatorOptions {
  /** Which game is played. Default "nonSaturating". */
  form?: Adversary;
  /** The target of real samples in "nonSaturating", "minimax" and "leastSquares", in (0.5, 1]. Default 1. */
  realTarget?: number;
  /** "mean" adds the mean over the real and that over the fake samples. */
  reduction?: Exclude<Reduction, "none">;
}

/**
 * What the discriminator of a generative adversarial network minimises, D(real) + D(fake), from its logits:
 * - "nonSaturating", "minimax": softplus(-real) + softplus(fake), the cross-entropy of real against fake.
 * - "leastSquares": (real - 1)^2 + fake^2.
 * - "hinge": [1 - real]+ + [1 + fake]+, with gradient 0 at the kinks.
 * - "wasserstein": fake - real, whose critic needs a bounded slope: clip its weights, or penalise its gradient.
 *
 * real, fake: logits of any shape, not necessarily the same. Always a scalar. Options: form ("nonSaturating"),
 * realTarget (1; below it is one-sided label smoothing), reduction ("mean", or "sum").
 * Goodfellow et al. 2014, arXiv:1406.2661; Mao et al. 2017, arXiv:1611.04076; Lim and Ye 2017, arXiv:1705.02894;
 * Arjovsky et al. 2017, arXiv:1701.07875. Reference values: torch, from the formulas.
 */
export function adversarialDiscriminator(
  real: TensorLike,
  fake: TensorLike,
  options: AdversarialDiscriminatorOptions = {},
): Tensor {
  const where = "adversarialDiscriminator";
  const { form, realTarget, reduction } = resolve<Required<AdversarialDiscriminatorOptions>>(where, options, {
    form: "nonSaturating",
    realTarget: 1,
    reduction: "mean",
  });
  expectOneOf(where, "form", form, adversaries);
  expectOneOf(where, "reduction", reduction, ["mean", "sum"]);
  expectNumber(where, "realTarget", realTarget, "in (0.5, 1]", (v) => v > 0.5 && v <= 1);
  const [r, f] = [floatTensor(where, "real", real), floatTensor(where, "fake", fake)];
  const logistic = [
    r
      .neg()
      .softplus()
      .mul(realTarget)
      .add(r.softplus().mul(1 - realTarget)),
    f.softplus(),
  ];
  const [onReal, onFake] = {
    nonSaturating: () => logistic,
    minimax: () => logistic,
    leastSquares: () => [r.sub(realTarget).square(), f.square()],
    hinge: () => [r.neg().add(1).relu(), f.add(1).relu()],
    wasserstein: () => [r.neg(), f],
  }[form]();
  return reduce(where, onReal, reduction).add(reduce(where, onFake, reduction));
}

export interface AdversarialGeneratorOptions {
  /** Which game is played. Default "nonSaturating". */
  form?: Adversary;
  reduction?: Reduction;
}

/**
 * What the generator of a generative adversarial network minimises, from the discriminator's logits of its samples:
 * - "nonSaturating": softplus(-fake) = -log D(fake). "minimax": -softplus(fake) = log(1 - D(fake)), whose gradient
 * fades
 *   where the generator is bad.
 * - "leastSquares": (fake - 1)^2. "hinge" and "wasserstein": -fake.
 *
 * fake: logits of any shape. Options: form ("nonSaturating"), reduction ("mean"). Sources as for
 * `adversarialDiscriminator`.
 */
export function adversarialGenerator(fake: TensorLike, options: AdversarialGeneratorOptions = {}): Tensor {
  const where = "adversarialGenerator";
  const { form, reduction } = resolve<Required<AdversarialGeneratorOptions>>(where, options, {
    form: "nonSaturating",
    reduction: "mean",
  });
  expectOneOf(where, "form", form, adversaries);
  const f = floatTensor(where, "fake", fake);
  const terms = {
    nonSaturating: () => f.neg().softplus(),
    minimax: () => f.softplus().neg(),
    leastSquares: () => f.sub(1).square(),
    hinge: () => f.neg(),
    wasserstein: () => f.neg(),
  }[form]();
  return reduce(where, terms, reduction);
}
