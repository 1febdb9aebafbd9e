import { safeSqrt } from "../../functional/numerics.ts";
import "../../functional/methods.ts";
import { expectNonNegative, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { expectFraction } from "../scalar-option.ts";
import { type MaskOptions, maskDefaults, masksOf, type Pooling } from "./masks.ts";
import { falseNegatives, falsePositives, intersection, trueNegatives } from "./overlap.ts";

// Losses of all four counts, in which true negatives matter too.

export interface MatthewsOptions extends MaskOptions {
  /** Added to each of the four counts, >= 0. Default 0. */
  smooth?: number;
  /** Added to TP TN - FP FN, >= 0. Default 0. */
  smoothNumerator?: number;
  /** Added to the product under the root, >= 0. Default 0. */
  smoothDenominator?: number;
  /** What the counts are taken over, as for `dice`. Default "sample". */
  axis?: Pooling;
  reduction?: Reduction;
}

/**
 * Matthews correlation loss: 1 - (TP TN - FP FN) / sqrt((TP + FP)(TP + FN)(TN + FP)(TN + FN)), of the soft counts
 * TP = sum p t, TN = sum (1 - p)(1 - t), FP = sum p (1 - t), FN = sum (1 - p) t, over the pixels of each class.
 *
 * probabilities [n, classes, ...pixels] in [0, 1] (logits with `activation`); targets of the same shape in [0, 1], or
 * int32 labels [n, ...pixels]. "none" gives [n, classes] for axis "sample", [classes] for "batch", a scalar for "all".
 * The loss is in [0, 2]: 0 where there is no false count, and otherwise 1 where a factor under the root is 0.
 * Options: see `MatthewsOptions`. segmentation_models_pytorch has smooth 1e-5 and axis "all", MONAI smoothDenominator
 * 1e-5.
 * Abhishek and Hamarneh 2021, arXiv:2010.13454. Reference values: these libraries.
 */
export function matthews(probabilities: TensorLike, targets: TensorLike, options: MatthewsOptions = {}): Tensor {
  const where = "matthews";
  const form = resolve<Required<MatthewsOptions>>(where, options, {
    smooth: 0,
    smoothNumerator: 0,
    smoothDenominator: 0,
    axis: "sample",
    ...maskDefaults,
    reduction: "mean",
  });
  for (const name of ["smooth", "smoothNumerator", "smoothDenominator"] as const) {
    expectNonNegative(where, name, form[name]);
  }
  const masks = masksOf(where, ["probabilities", probabilities], targets, form);
  const [tp, tn] = [intersection(masks, false).add(form.smooth), trueNegatives(masks).add(form.smooth)];
  const [fp, fn] = [falsePositives(masks, false).add(form.smooth), falseNegatives(masks, false).add(form.smooth)];
  const product = tp.add(fp).mul(tp.add(fn)).mul(tn.add(fp)).mul(tn.add(fn));
  const root = safeSqrt(product.add(form.smoothDenominator));
  const undefinedRatio = root.eq(0);
  const covariance = tp.mul(tn).sub(fp.mul(fn)).add(form.smoothNumerator);
  const correlation = covariance.div(root.maskedFill(undefinedRatio, 1)).maskedFill(undefinedRatio, 0);
  const perfect = fp.eq(0).logicalAnd(fn.eq(0));
  return reduce(where, correlation.neg().add(1).maskedFill(perfect, 0), form.reduction);
}

export interface SensitivitySpecificityOptions extends MaskOptions {
  /** The weight of the sensitivity's part, in [0, 1]. Default 0.05. */
  sensitivity?: number;
  /** What the sums are taken over, as for `dice`. Default "sample". */
  axis?: Pooling;
  reduction?: Reduction;
}

/**
 * Sensitivity-specificity loss: s sum (t - p)^2 t / sum t + (1 - s) sum (t - p)^2 (1 - t) / sum (1 - t), s the weight
 * `sensitivity`: the mean squared error of the positives and that of the negatives.
 *
 * probabilities [n, classes, ...pixels] in [0, 1] (logits with `activation`); targets of the same shape in [0, 1], or
 * int32 labels [n, ...pixels]. "none" gives [n, classes] for axis "sample", [classes] for "batch", a scalar for "all".
 * Where there are no positives, or no negatives, their part is 0. Options: see `SensitivitySpecificityOptions`.
 * Brosch et al. 2015, "Deep convolutional encoder networks for multiple sclerosis lesion segmentation". Reference
 * values: the formula in float64.
 */
export function sensitivitySpecificity(
  probabilities: TensorLike,
  targets: TensorLike,
  options: SensitivitySpecificityOptions = {},
): Tensor {
  const where = "sensitivitySpecificity";
  const form = resolve<Required<SensitivitySpecificityOptions>>(where, options, {
    sensitivity: 0.05,
    axis: "sample",
    ...maskDefaults,
    reduction: "mean",
  });
  expectFraction(where, "sensitivity", form.sensitivity);
  const masks = masksOf(where, ["probabilities", probabilities], targets, form);
  const { p, t, over, ignored, classes } = masks;
  const rest = t.neg().add(1);
  const negatives = ignored === null ? rest : rest.maskedFill(classes(ignored), 0);
  const error = t.sub(p).square();
  const mean = (weight: Tensor) => {
    const total = over(weight);
    return over(error.mul(weight)).div(total.maskedFill(total.eq(0), 1));
  };
  const terms = mean(t)
    .mul(form.sensitivity)
    .add(mean(negatives).mul(1 - form.sensitivity));
  return reduce(where, terms, form.reduction);
}
