import { concat } from "../../autograd/movement.ts";
import "../../functional/methods.ts";
import { safePower } from "../../functional/numerics.ts";
import { expectNonNegative, expectNumber, expectOneOf, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { expectFraction } from "../scalar-option.ts";
import {
  expectPixels,
  logProbabilities,
  type MaskOptions,
  type Masks,
  maskDefaults,
  masksOf,
  reducePixels,
} from "./masks.ts";
import { falseNegatives, falsePositives, intersection, shortfall } from "./overlap.ts";

// Losses that treat class 0, the background, unlike the rare classes: its well-classified pixels are passed over, and
// the poor overlaps of the others are dwelt on. Each takes at least two classes.

type Classes = Omit<MaskOptions, "includeBackground">;
const { includeBackground, ...classDefaults } = maskDefaults;

function classMasks(where: string, probabilities: TensorLike, targets: TensorLike, form: Required<Classes>): Masks {
  const masks = masksOf(where, ["probabilities", probabilities], targets, {
    ...form,
    includeBackground: true,
    axis: "sample",
  });
  expectPixels(where, "probabilities", masks.x, "for one give it and its complement");
  return masks;
}

export interface AsymmetricFocalOptions extends Classes {
  /** The weight of the classes other than 0, in [0, 1]; class 0 has 1 - delta. Default 0.7. */
  delta?: number;
  /** How strongly well-classified pixels of class 0 are passed over, >= 0. Default 2. */
  gamma?: number;
  reduction?: Reduction;
}

/**
 * Asymmetric focal loss of a pixel: -(1 - delta) t_0 (1 - p_0)^gamma log p_0 - delta sum_{c > 0} t_c log p_c. Only the
 * background is focal, so that rare classes keep their gradient.
 *
 * probabilities [n, classes, ...pixels] in [0, 1] (logits with `activation`, whose logarithms are exact; of
 * probabilities, p below 1e-7 counts as 1e-7 and has gradient 0); targets of the same shape in [0, 1], or int32 labels
 * [n, ...pixels]. "none" gives [n, ...pixels], 0 where ignored; "mean" is over the others. Options: see
 * `AsymmetricFocalOptions`.
 * Yeung et al. 2022, "Unified focal loss", arXiv:2102.04525. Reference values: MONAI, whose mean is over classes as
 * well.
 */
export function asymmetricFocal(
  probabilities: TensorLike,
  targets: TensorLike,
  options: AsymmetricFocalOptions = {},
): Tensor {
  const where = "asymmetricFocal";
  const form = resolve<Required<AsymmetricFocalOptions>>(where, options, {
    delta: 0.7,
    gamma: 2,
    ...classDefaults,
    reduction: "mean",
  });
  expectFraction(where, "delta", form.delta);
  expectNonNegative(where, "gamma", form.gamma);
  return focalPart(where, classMasks(where, probabilities, targets, form), form);
}

function focalPart(
  where: string,
  masks: Masks,
  { delta, gamma, activation, reduction }: Required<AsymmetricFocalOptions>,
): Tensor {
  const logp = logProbabilities(masks.x, activation);
  const loss = masks.targets.mul(logp).neg(); // [n, classes, ...pixels]
  const miss = logp.slice([null, 0]).expm1().neg(); // 1 - p_0
  const background = loss.slice([null, 0]).mul(gamma === 0 ? 1 : safePower(miss, gamma));
  const foreground = loss.slice([null, { start: 1 }]).sum(1);
  return reducePixels(where, background.mul(1 - delta).add(foreground.mul(delta)), masks, reduction);
}

export interface AsymmetricFocalTverskyOptions extends Classes {
  /** The weight of false negatives, in [0, 1]; false positives have 1 - delta. Default 0.7. */
  delta?: number;
  /** The loss of each class but 0 is raised to the power 1 - gamma, in [0, 1). Default 0.75. */
  gamma?: number;
  /** Added to numerator and denominator. Default 1e-7. */
  smooth?: number;
  reduction?: Reduction;
}

/**
 * Asymmetric focal Tversky loss: 1 - TI_0 for the background and (1 - TI_c)^(1 - gamma) for each other class, TI the
 * Tversky index (I + smooth) / (I + delta FN + (1 - delta) FP + smooth) of a class in a sample.
 *
 * probabilities [n, classes, ...pixels] in [0, 1] (logits with `activation`); targets of the same shape in [0, 1], or
 * int32 labels [n, ...pixels]. "none" gives [n, classes]. At TI = 1, where the slope is infinite, the gradient is 0.
 * Options: see `AsymmetricFocalTverskyOptions`.
 * Yeung et al. 2022, "Unified focal loss", arXiv:2102.04525. Reference values: MONAI, which clips p to [1e-7, 1 -
 * 1e-7].
 */
export function asymmetricFocalTversky(
  probabilities: TensorLike,
  targets: TensorLike,
  options: AsymmetricFocalTverskyOptions = {},
): Tensor {
  const where = "asymmetricFocalTversky";
  const form = resolve<Required<AsymmetricFocalTverskyOptions>>(where, options, {
    delta: 0.7,
    gamma: 0.75,
    smooth: 1e-7,
    ...classDefaults,
    reduction: "mean",
  });
  expectFraction(where, "delta", form.delta);
  expectBelowOne(where, form.gamma);
  expectNonNegative(where, "smooth", form.smooth);
  return reduce(where, tverskyTerms(classMasks(where, probabilities, targets, form), form), form.reduction);
}

const expectBelowOne = (where: string, gamma: unknown): void =>
  expectNumber(where, "gamma", gamma, "in [0, 1)", (v) => v >= 0 && v < 1);

function tverskyTerms(
  masks: Masks,
  { delta, gamma, smooth }: { delta: number; gamma: number; smooth: number },
): Tensor {
  const both = intersection(masks, false);
  const wrong = falseNegatives(masks, false)
    .mul(delta)
    .add(falsePositives(masks, false).mul(1 - delta));
  const smoothing = { smoothNumerator: smooth, smoothDenominator: smooth };
  const loss = shortfall(both, both.add(wrong), masks, { ...smoothing, empty: "zero", log: false });
  return concat([loss.slice([null, { stop: 1 }]), safePower(loss.slice([null, { start: 1 }]), 1 - gamma)], 1);
}

export interface UnifiedFocalOptions extends Classes {
  /** The weight of the focal part, in [0, 1]; the Tversky part has 1 - weight. Default 0.5. */
  weight?: number;
  /** As for the two parts. Default 0.6. */
  delta?: number;
  /** As for the two parts, in [0, 1). Default 0.5. */
  gamma?: number;
  /** "mean": each part over the count of its own terms; "sum". */
  reduction?: "mean" | "sum";
}

/**
 * Unified focal loss, asymmetric: weight `asymmetricFocal` + (1 - weight) `asymmetricFocalTversky`, with one delta and
 * one gamma for both.
 *
 * probabilities [n, classes, ...pixels] in [0, 1] (logits with `activation`); targets of the same shape in [0, 1], or
 * int32 labels [n, ...pixels]. The terms of the parts differ in shape, so there is no reduction "none". Options: see
 * `UnifiedFocalOptions`. MONAI's delta is 0.7, and its mean of the focal part is over the classes as well, which halves
 * it.
 * Yeung et al. 2022, arXiv:2102.04525. Reference values: MONAI, with a weight that makes up for that.
 */
export function unifiedFocal(
  probabilities: TensorLike,
  targets: TensorLike,
  options: UnifiedFocalOptions = {},
): Tensor {
  const where = "unifiedFocal";
  const form = resolve<Required<UnifiedFocalOptions>>(where, options, {
    weight: 0.5,
    delta: 0.6,
    gamma: 0.5,
    ...classDefaults,
    reduction: "mean",
  });
  expectFraction(where, "weight", form.weight);
  expectFraction(where, "delta", form.delta);
  expectBelowOne(where, form.gamma);
  expectOneOf(where, "reduction", form.reduction, ["mean", "sum"]);
  const masks = classMasks(where, probabilities, targets, form);
  const overlap = reduce(where, tverskyTerms(masks, { ...form, smooth: 1e-7 }), form.reduction);
  return focalPart(where, masks, form)
    .mul(form.weight)
    .add(overlap.mul(1 - form.weight));
}
