import "../../functional/methods.ts";
import { expectNonNegativeElements, expectShape } from "../../tensor/checks.ts";
import { arange, onesLike } from "../../tensor/creation.ts";
import { expectOneOf, resolve } from "../../tensor/options.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { reduce } from "../reduction.ts";
import { expectPixels, type MaskOptions, type Masks, maskDefaults, masksOf } from "./masks.ts";
import {
  intersection,
  type OverlapOptions,
  resolvePreset,
  type Settings,
  type Smoothed,
  shortfall,
  smoothed,
  smoothing,
} from "./overlap.ts";

export interface GeneralizedDiceOptions
  extends MaskOptions,
    Pick<OverlapOptions, "smooth" | "smoothNumerator" | "smoothDenominator" | "softLabel" | "reduction"> {
  /** Start from a library's form; the other options go on top. Default "sudre", the paper's. */
  preset?: "sudre" | "monai";
  /** The weight of a class with sum t = v: "square" 1 / v^2, "simple" 1 / v, "uniform" 1. Default "square". */
  weighting?: "square" | "simple" | "uniform";
  /** Whether a coefficient is taken over each "sample" or over the "batch". Default "sample". */
  axis?: "sample" | "batch";
  /** The loss where nothing occurs, when nothing smooths its 0 / 0. Default "zero". */
  empty?: "zero" | "one";
}

export const generalizedDiceDefaults: Settings<GeneralizedDiceOptions> = {
  preset: "sudre",
  weighting: "square",
  ...smoothing,
  axis: "sample",
  empty: "zero",
  softLabel: false,
  ...maskDefaults,
  reduction: "mean",
};

/**
 * Generalised Dice loss: 1 - (2 sum_c w_c I_c + smooth) / (sum_c w_c (P_c + T_c) + smooth), I = sum p t, P = sum p,
 * T = sum t over the pixels of class c, w = 1 / T^2. Rare classes weigh as much as frequent ones.
 *
 * probabilities [n, classes, ...pixels] in [0, 1] (logits with `activation`); targets of the same shape in [0, 1], or
 * int32 labels [n, ...pixels]. "none" gives [n] for axis "sample", a scalar for "batch". A class that does not occur
 * gets the largest weight of those that do, as in MONAI; where none occurs all weights are 0. Of one class it is `dice`
 * with squared false. Options: see `GeneralizedDiceOptions`; preset "monai" (GeneralizedDiceLoss) has smooth 1e-5.
 * Sudre et al. 2017, arXiv:1707.03237. Reference values: MONAI.
 */
export function generalizedDice(
  probabilities: TensorLike,
  targets: TensorLike,
  options: GeneralizedDiceOptions = {},
): Tensor {
  const where = "generalizedDice";
  const settings = resolvePreset<Settings<GeneralizedDiceOptions>>(where, options, generalizedDiceDefaults, {
    sudre: {},
    monai: { smooth: 1e-5 },
  });
  const form = generalizedForm(where, settings);
  const masks = masksOf(where, ["probabilities", probabilities], targets, form);
  expectPixels(where, "probabilities", masks.x);
  return reduce(where, generalizedDiceTerms(masks, form), form.reduction);
}

type GeneralizedSettings = Omit<Settings<GeneralizedDiceOptions>, "preset" | "reduction">;

/** Settings with their smoothing worked out, checked. */
export function generalizedForm<S extends GeneralizedSettings>(where: string, settings: S): Smoothed<S> {
  expectOneOf(where, "weighting", settings.weighting, ["square", "simple", "uniform"]);
  expectOneOf(where, "axis", settings.axis, ["sample", "batch"]);
  expectOneOf(where, "empty", settings.empty, ["zero", "one"]);
  return smoothed(where, settings);
}

/** The losses [n], or [] over the batch. */
export function generalizedDiceTerms(masks: Masks, form: Smoothed<GeneralizedSettings>): Tensor {
  const { p, t, over } = masks;
  const volume = over(t);
  const { weight, unit } = inverseVolumes(volume, { square: 2, simple: 1, uniform: 0 }[form.weighting]);
  const weighted = (m: Tensor, smooth: number) => m.mul(weight).sum(-1).add(unit.mul(smooth));
  const both = weighted(intersection(masks, form.softLabel).mul(2), form.smoothNumerator);
  const each = weighted(over(p).add(volume), form.smoothDenominator);
  return shortfall(both, each, masks, { smoothNumerator: 0, smoothDenominator: 0, empty: form.empty, log: false });
}

/**
 * volume^-power along the last axis, relative to that of the smallest volume above 0, whose power is the unit: so no
 * weight exceeds 1. A volume of 0 weighs as much as the smallest above 0; when there is none, all weigh 0.
 */
function inverseVolumes(volume: Tensor, power: number): { weight: Tensor; unit: Tensor } {
  if (power === 0) return { weight: onesLike(volume), unit: onesLike(volume.sum(-1)) };
  const absent = volume.eq(0);
  const smallest = volume.maskedFill(absent, most).min(-1, { keepDims: true });
  const nothing = smallest.eq(most);
  const least = smallest.maskedFill(nothing, 1);
  const relative = least.div(volume.maskedFill(absent, 1)).pow(power);
  const weight = relative.maskedFill(absent, 1).maskedFill(nothing, 0);
  return { weight, unit: least.pow(power).squeeze(-1) };
}

/** More than any volume. */
const most = 2 ** 120;

export interface GeneralizedWassersteinDiceOptions
  extends Omit<MaskOptions, "includeBackground">,
    Pick<OverlapOptions, "smooth" | "smoothNumerator" | "smoothDenominator" | "reduction"> {
  /**
   * What correct pixels weigh: "foreground" 1, and 0 for class 0; "volume" 1 / (v + 1) for a class of v pixels, which
   * weighs the errors as well. Default "foreground".
   */
  weighting?: "foreground" | "volume";
}

/**
 * Generalised Wasserstein Dice loss: 1 - (2 TP + smooth) / (2 TP + sum W + smooth), where W = sum_c M_yc p_c is how far
 * the prediction of a pixel is from its label y, TP = sum a_y (1 - W), a = 1 for all classes but 0. With weighting
 * "volume", 1 - (2 TP + smooth) / (sum a_y (2 - W) + smooth). Confusing similar classes costs less.
 *
 * probabilities [n, classes, ...pixels] (logits with `activation`), labels int32 [n, ...pixels] or masks of the shape
 * of the probabilities; distances M [classes, classes], >= 0, of label and prediction, which are divided by the
 * largest. "none" gives [n]. A sample that is all background and predicted so has loss 0 without smoothing.
 * Options: weighting ("foreground"), smooth (0), smoothNumerator, smoothDenominator (smooth), ignoreIndex (-100),
 * activation ("none"), reduction ("mean"). Fidon et al. 2017, arXiv:1707.00478. Reference values: MONAI.
 */
export function generalizedWassersteinDice(
  probabilities: TensorLike,
  labels: TensorLike,
  distances: TensorLike,
  options: GeneralizedWassersteinDiceOptions = {},
): Tensor {
  const where = "generalizedWassersteinDice";
  const form = smoothed(
    where,
    resolve<Settings<GeneralizedWassersteinDiceOptions>>(where, options, {
      weighting: "foreground",
      ...smoothing,
      ignoreIndex: -100,
      activation: "none",
      reduction: "mean",
    }),
  );
  expectOneOf(where, "weighting", form.weighting, ["foreground", "volume"]);
  const masks = masksOf(where, ["probabilities", probabilities], labels, {
    ...form,
    axis: "sample",
    includeBackground: true,
  });
  const { p, t, over } = masks;
  expectPixels(where, "probabilities", p);
  const m = distanceMatrixOf(where, distances, p);
  const expected = m.matmul(p.flatten(2)).reshape(p.shape); // of each label
  const [volume, error] = [over(t), over(t.mul(expected))]; // [n, classes]
  const byVolume = form.weighting === "volume";
  const weight = byVolume ? volume.add(1).reciprocal() : arange(p.shape[1]).gt(0).to(p.dtype);
  const twice = volume.sub(error).mul(weight).sum(1).mul(2);
  const wrong = (byVolume ? error.mul(weight) : error).sum(1);
  return reduce(
    where,
    shortfall(twice, twice.add(wrong), masks, { ...form, empty: "zero", log: false }),
    form.reduction,
  );
}

/** Distances [classes, classes] over the largest, checked. */
function distanceMatrixOf(where: string, distances: TensorLike, p: Tensor): Tensor {
  const m = asTensor(distances, p.dtype, where, "distances");
  expectShape(where, "distances", m, [p.shape[1], p.shape[1]]);
  expectNonNegativeElements(where, "distances", m);
  const largest = m.max();
  return m.div(largest.maskedFill(largest.eq(0), 1));
}
