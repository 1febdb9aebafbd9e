import "../../functional/methods.ts";
import { expectInteger, expectNonNegative, expectOneOf, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { expectFraction } from "../scalar-option.ts";
import { diceTerms } from "./dice.ts";
import { expectPixels, type MaskOptions, type Masks, maskDefaults, masksOf } from "./masks.ts";
import { softSkeleton } from "./morphology.ts";
import { overlapDefaults } from "./overlap.ts";

export interface ClDiceOptions extends MaskOptions {
  /** How often the masks are eroded for their skeletons: about half the width of the widest tube. Default 3. */
  iterations?: number;
  /** Added to numerators and denominators of precision and sensitivity, >= 0. Default 1. */
  smooth?: number;
  /** Added to the sum of precision and sensitivity, >= 0. Default 0. */
  epsilon?: number;
  reduction?: Reduction;
}

const defaults: Required<ClDiceOptions> = {
  iterations: 3,
  smooth: 1,
  epsilon: 0,
  ...maskDefaults,
  reduction: "mean",
};

/**
 * Centreline Dice (clDice): 1 - 2 P S / (P + S + epsilon), where P = (sum s(p) t + smooth) / (sum s(p) + smooth) is how
 * much of the skeleton of the prediction lies in the target and S = (sum s(t) p + smooth) / (sum s(t) + smooth) how
 * much of that of the target lies in the prediction. Keeps tubes connected.
 *
 * probabilities [n, classes, ...pixels] in [0, 1] (logits with `activation`); targets of the same shape in [0, 1], or
 * int32 labels [n, ...pixels]. "none" gives [n]: classes are pooled. Skeletons are soft, of erosions and dilations by
 * minima and maxima of neighbours, whose ties share the gradient. Options: see `ClDiceOptions`; MONAI's epsilon is
 * 1e-4.
 * Shit et al. 2021, arXiv:2003.07311. Reference values: monai.losses.SoftclDiceLoss.
 */
export function clDice(probabilities: TensorLike, targets: TensorLike, options: ClDiceOptions = {}): Tensor {
  const where = "clDice";
  const form = clDiceForm(where, resolve(where, options, defaults));
  const masks = masksOf(where, ["probabilities", probabilities], targets, { ...form, axis: "sample" });
  return reduce(where, clDiceTerms(where, masks, form), form.reduction);
}

function clDiceForm<F extends Omit<Required<ClDiceOptions>, "reduction">>(where: string, form: F): F {
  expectInteger(where, "iterations", form.iterations, 0);
  expectNonNegative(where, "smooth", form.smooth);
  expectNonNegative(where, "epsilon", form.epsilon);
  return form;
}

/** The losses [n]. */
function clDiceTerms(
  where: string,
  { p, t, x }: Masks,
  { iterations, smooth, epsilon }: { iterations: number; smooth: number; epsilon: number },
): Tensor {
  expectPixels(where, "probabilities", x);
  const total = (m: Tensor) => m.flatten(1).sum(1);
  const within = (skeleton: Tensor, mask: Tensor) => {
    const whole = total(skeleton).add(smooth);
    const nothing = whole.eq(0);
    return total(skeleton.mul(mask)).add(smooth).div(whole.maskedFill(nothing, 1)).maskedFill(nothing, 1);
  };
  const precision = within(softSkeleton(p, iterations), t);
  const sensitivity = within(softSkeleton(t, iterations), p);
  const sum = precision.add(sensitivity).add(epsilon);
  const apart = sum.eq(0);
  return precision.mul(sensitivity).mul(2).div(sum.maskedFill(apart, 1)).neg().add(1);
}

export interface DiceClDiceOptions extends Omit<ClDiceOptions, "reduction"> {
  /** The weight of clDice, in [0, 1]; Dice has 1 - alpha. Default 0.5. */
  alpha?: number;
  /** "mean": each part over the count of its own terms; "sum". */
  reduction?: "mean" | "sum";
}

/**
 * Dice + clDice: (1 - alpha) `dice` (squared false, the same smooth) + alpha `clDice`.
 *
 * Arguments as of `clDice`. Dice is of each class, clDice of all, so there is no reduction "none". Options: see
 * `DiceClDiceOptions`. Shit et al. 2021, arXiv:2003.07311. Reference values: monai.losses.SoftDiceclDiceLoss.
 */
export function diceClDice(probabilities: TensorLike, targets: TensorLike, options: DiceClDiceOptions = {}): Tensor {
  const where = "diceClDice";
  const settings = resolve<Required<DiceClDiceOptions>>(where, options, { alpha: 0.5, ...defaults, reduction: "mean" });
  const form = clDiceForm(where, settings);
  expectFraction(where, "alpha", form.alpha);
  expectOneOf(where, "reduction", form.reduction, ["mean", "sum"]);
  const masks = masksOf(where, ["probabilities", probabilities], targets, { ...form, axis: "sample" });
  const skeletons = reduce(where, clDiceTerms(where, masks, form), form.reduction);
  const smooth = { smoothNumerator: form.smooth, smoothDenominator: form.smooth };
  const overlap = reduce(where, diceTerms(masks, { ...overlapDefaults, squared: false, ...smooth }), form.reduction);
  return overlap.mul(1 - form.alpha).add(skeletons.mul(form.alpha));
}
