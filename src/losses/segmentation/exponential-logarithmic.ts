import "../../functional/methods.ts";
import { safePower } from "../../functional/numerics.ts";
import { expectNonNegative, expectOneOf, expectPositive, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { alongAxis } from "../classes.ts";
import { reduce } from "../reduction.ts";
import { expectFraction } from "../scalar-option.ts";
import { diceTerms } from "./dice.ts";
import {
  countedWeights,
  expectPixels,
  logProbabilities,
  type MaskOptions,
  maskDefaults,
  masksOf,
  type Pooling,
  reduceMasked,
  reducePixels,
} from "./masks.ts";
import { overlapDefaults } from "./overlap.ts";

// Logarithms of overlaps and pixels, of probabilities. As in `combined.ts` there is no reduction "none".

type Total = "mean" | "sum";
const { includeBackground, ...classDefaults } = maskDefaults;
const linear = { ...overlapDefaults, squared: false };

export interface ComboOptions extends Omit<MaskOptions, "includeBackground" | "activation"> {
  /** The weight of the cross-entropy, in [0, 1]; the Dice coefficient has 1 - alpha. Default 0.5. */
  alpha?: number;
  /** The weight of positives in the cross-entropy, in [0, 1]; negatives have 1 - beta. Default 0.5. */
  beta?: number;
  /** Added to numerator and denominator of the coefficient. Default 1. */
  smooth?: number;
  /** As for `dice`. Default "sample". */
  axis?: Pooling;
  /** "sigmoid" for logits, whose logarithms are exact. Default "none". */
  activation?: "none" | "sigmoid";
  reduction?: Total;
}

/**
 * Combo loss: alpha mean(-beta t log p - (1 - beta)(1 - t) log(1 - p)) - (1 - alpha) D, D the Dice coefficient
 * (2 sum p t + smooth) / (sum p + sum t + smooth).
 *
 * probabilities [n, classes, ...pixels] in [0, 1] (logits with activation "sigmoid"); targets of the same shape in [0,
 * 1], or int32 labels [n, ...pixels]. Its least value is alpha - 1, not 0. Probabilities within 1e-7 of 0 and 1 count
 * as that far away, with gradient 0. "mean" is over classes and pixels, and for D over its classes. Options: see
 * `ComboOptions`.
 * Taghanaki et al. 2019, arXiv:1805.02798. Reference values: the formula in float64.
 */
export function combo(probabilities: TensorLike, targets: TensorLike, options: ComboOptions = {}): Tensor {
  const where = "combo";
  const form = resolve<Required<ComboOptions>>(where, options, {
    alpha: 0.5,
    beta: 0.5,
    smooth: 1,
    axis: "sample",
    ignoreIndex: -100,
    activation: "none",
    reduction: "mean",
  });
  expectFraction(where, "alpha", form.alpha);
  expectFraction(where, "beta", form.beta);
  expectNonNegative(where, "smooth", form.smooth);
  expectOneOf(where, "activation", form.activation, ["none", "sigmoid"]);
  expectOneOf(where, "reduction", form.reduction, ["mean", "sum"]);
  const masks = masksOf(where, ["probabilities", probabilities], targets, { ...form, includeBackground: true });
  expectPixels(where, "probabilities", masks.x);
  const { x, targets: t } = masks;
  const logp = logProbabilities(x, form.activation);
  const logOther = logProbabilities(form.activation === "none" ? x.neg().add(1) : x.neg(), form.activation);
  const positive = t.mul(logp).mul(form.beta);
  const negative = t.neg().add(1).mul(logOther);
  const entropy = positive.add(negative.mul(1 - form.beta)).neg();
  const smooth = { smoothNumerator: form.smooth, smoothDenominator: form.smooth };
  const coefficient = diceTerms(masks, { ...linear, ...smooth })
    .neg()
    .add(1);
  const [pixels, overlap] = [
    reduceMasked(where, entropy, masks, form.reduction),
    reduce(where, coefficient, form.reduction),
  ];
  return pixels.mul(form.alpha).sub(overlap.mul(1 - form.alpha));
}

export interface ExponentialLogarithmicOptions extends Omit<MaskOptions, "includeBackground"> {
  /** The factor on the Dice part, >= 0. Default 0.8. */
  diceWeight?: number;
  /** The factor on the cross-entropy part, >= 0. Default 0.2. */
  crossEntropyWeight?: number;
  /** The power of -log of each Dice coefficient, above 0. Default 0.3. */
  diceGamma?: number;
  /** The power of -log of each probability, above 0. Default 0.3. */
  crossEntropyGamma?: number;
  /** Added to numerator and denominator of the coefficient, above 0. Default 1. */
  smooth?: number;
  /**
   * A factor for each class in the cross-entropy part, [classes]; the paper's is sqrt(pixels / pixels of the class).
   */
  classWeight?: TensorLike | null;
  reduction?: Total;
}

/**
 * Exponential logarithmic loss: a mean_c (-log D_c)^g + b mean (w_y (-log p_y)^h), D the Dice coefficient
 * (2 sum p t + smooth) / (sum p + sum t + smooth) of a class in a sample, y the label of a pixel.
 *
 * probabilities [n, classes, ...pixels] in [0, 1] (logits with `activation`, whose logarithms are exact; of
 * probabilities, p below 1e-7 counts as 1e-7 and has gradient 0); targets of the same shape in [0, 1], or int32 labels
 * [n, ...pixels]. Powers below 1 make small losses large, with a slope that grows without bound towards 0; at 0 the
 * gradient is 0. The mean of the second part is over pixels. Options: see `ExponentialLogarithmicOptions` (a, b, g, h
 * in their order).
 * Wong et al. 2018, arXiv:1809.00076. Reference values: the formula in float64.
 */
export function exponentialLogarithmic(
  probabilities: TensorLike,
  targets: TensorLike,
  options: ExponentialLogarithmicOptions = {},
): Tensor {
  const where = "exponentialLogarithmic";
  const form = resolve<Required<ExponentialLogarithmicOptions>>(where, options, {
    diceWeight: 0.8,
    crossEntropyWeight: 0.2,
    diceGamma: 0.3,
    crossEntropyGamma: 0.3,
    smooth: 1,
    classWeight: null,
    ...classDefaults,
    reduction: "mean",
  });
  for (const name of ["diceWeight", "crossEntropyWeight"] as const) expectNonNegative(where, name, form[name]);
  for (const name of ["diceGamma", "crossEntropyGamma", "smooth"] as const) expectPositive(where, name, form[name]);
  expectOneOf(where, "reduction", form.reduction, ["mean", "sum"]);
  const masks = masksOf(where, ["probabilities", probabilities], targets, {
    ...form,
    axis: "sample",
    includeBackground: true,
  });
  const { x, targets: t } = masks;
  expectPixels(where, "probabilities", x);
  const smooth = { smoothNumerator: form.smooth, smoothDenominator: form.smooth };
  const overlap = safePower(diceTerms(masks, { ...linear, ...smooth, log: true }), form.diceGamma);
  let pixels = safePower(logProbabilities(x, form.activation).neg(), form.crossEntropyGamma).mul(t);
  if (form.classWeight !== null) {
    pixels = pixels.mul(alongAxis(countedWeights(where, form.classWeight, x, 1, true), x.ndim, 1));
  }
  return reduce(where, overlap, form.reduction)
    .mul(form.diceWeight)
    .add(reducePixels(where, pixels.sum(1), masks, form.reduction).mul(form.crossEntropyWeight));
}
