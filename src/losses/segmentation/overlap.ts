import "../../functional/methods.ts";
import { ValueError } from "../../tensor/errors.ts";
import { expectNonNegative, expectOneOf, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import type { Reduction } from "../reduction.ts";
import { type MaskOptions, type Masks, maskDefaults, type Pooling } from "./masks.ts";

// Coefficients of overlap: sums over masks, and 1 - a ratio of such sums with all that libraries add to it.

export interface OverlapOptions extends MaskOptions {
  /** Added to numerator and denominator. Default 0. */
  smooth?: number;
  /** Added to the numerator alone. Default `smooth`. */
  smoothNumerator?: number;
  /** Added to the denominator alone. Default `smooth`. */
  smoothDenominator?: number;
  /**
   * What one coefficient is taken over: the pixels of each class in a "sample", in the "batch", or "all" there are.
   * Default "sample". A matrix [n, classes] is one flattened mask for each sample, and its "sample" the whole row.
   */
  axis?: Pooling;
  /**
   * The loss of a class that neither occurs nor is predicted, when nothing smooths its 0 / 0: "zero" or "one".
   * "mask" gives 0 to every class that does not occur, predicted or not. Default "zero".
   */
  empty?: "zero" | "one" | "mask";
  /** A factor for each class, [classes]; the mean still divides by the count. */
  classWeight?: TensorLike | null;
  /** -log of the coefficient, in place of 1 - it; needs smoothing. Default false. */
  log?: boolean;
  /**
   * For targets between 0 and 1: (sum p + sum t - sum |p - t|) / 2 in place of sum p t, which is largest at p = t;
   * there the gradient of |p - t| is 0. Wang et al. 2023, arXiv:2302.05666. Default false.
   */
  softLabel?: boolean;
  reduction?: Reduction;
}

type Smoothing = "smoothNumerator" | "smoothDenominator";

/** All options with values, but for the two that `smooth` stands for. */
export type Settings<O extends object> = Required<Omit<O, Smoothing>> & Pick<OverlapOptions, Smoothing>;

/** Settings whose smoothing is worked out. */
export type Smoothed<S> = S & Required<Pick<OverlapOptions, Smoothing>>;

export const smoothing: Settings<Pick<OverlapOptions, Smoothing | "smooth">> = {
  smooth: 0,
  smoothNumerator: undefined,
  smoothDenominator: undefined,
};

export const overlapDefaults: Settings<OverlapOptions> = {
  ...smoothing,
  axis: "sample",
  empty: "zero",
  classWeight: null,
  log: false,
  softLabel: false,
  ...maskDefaults,
  reduction: "mean",
};

/** The options over those of their preset, which are over the plain ones. */
export function resolvePreset<S extends { preset: string; smooth?: number } & Pick<OverlapOptions, Smoothing>>(
  where: string,
  options: Partial<NoInfer<S>>,
  plain: S,
  presets: Readonly<Record<string, Partial<NoInfer<S>>>>,
): S {
  const { preset } = resolve<S>(where, options, plain);
  expectOneOf(where, "preset", preset, Object.keys(presets));
  const base = { ...plain, ...presets[preset] };
  if (options.smooth !== undefined) base.smoothDenominator = undefined; // the caller's smooth is for both
  return resolve<S>(where, options, base);
}

/** `smooth` for numerator and denominator that have no smoothing of their own; checked. */
export function smoothed<S extends { smooth: number } & Pick<OverlapOptions, Smoothing>>(
  where: string,
  settings: S,
): Smoothed<S> {
  const { smooth, smoothNumerator = smooth, smoothDenominator = smooth } = settings;
  expectNonNegative(where, settings.smoothNumerator === undefined ? "smooth" : "smoothNumerator", smoothNumerator);
  expectNonNegative(where, "smoothDenominator", smoothDenominator);
  return { ...settings, smoothNumerator, smoothDenominator };
}

/** Settings of an overlap with their smoothing worked out, checked. */
export function overlapForm<S extends Settings<OverlapOptions>>(where: string, settings: S): Smoothed<S> {
  const form = smoothed(where, settings);
  expectOneOf(where, "empty", form.empty, ["zero", "one", "mask"]);
  if (form.log && !(form.smoothNumerator > 0 && form.smoothDenominator > 0)) {
    throw new ValueError(where, "log needs smooth > 0: the logarithm of a coefficient of 0 is infinite");
  }
  return form;
}

/** sum p t, or with softLabel (sum p + sum t - sum |p - t|) / 2. */
export const intersection = ({ p, t, over }: Masks, softLabel: boolean): Tensor =>
  softLabel ? over(p.add(t).sub(p.sub(t).abs())).div(2) : over(p.mul(t));

/** sum p - intersection, as a sum of terms >= 0. */
export const falsePositives = ({ p, t, over }: Masks, softLabel: boolean): Tensor =>
  softLabel ? over(p.sub(t).abs().add(p).sub(t)).div(2) : over(p.mul(t.neg().add(1)));

/** sum t - intersection, as a sum of terms >= 0. */
export const falseNegatives = (masks: Masks, softLabel: boolean): Tensor =>
  falsePositives({ ...masks, p: masks.t, t: masks.p }, softLabel);

/** sum (1 - p)(1 - t) of what counts. */
export function trueNegatives({ p, t, over, ignored, classes }: Masks): Tensor {
  const neither = p.neg().add(1).mul(t.neg().add(1));
  return over(ignored === null ? neither : neither.maskedFill(classes(ignored), 0));
}

/** 1 - numerator / denominator, smoothed, or -log of that ratio. */
export function shortfall(
  numerator: Tensor,
  denominator: Tensor,
  { over, t }: Masks,
  { smoothNumerator, smoothDenominator, empty, log }: Smoothed<Pick<Settings<OverlapOptions>, "empty" | "log">>,
): Tensor {
  const below = denominator.add(smoothDenominator);
  const nothing = below.eq(0);
  const ratio = numerator.add(smoothNumerator).div(below.maskedFill(nothing, 1));
  const coefficient = ratio.maskedFill(nothing, empty === "one" ? 0 : 1);
  const loss = log ? coefficient.log().neg() : coefficient.neg().add(1);
  return empty === "mask" ? loss.maskedFill(over(t).eq(0), 0) : loss;
}
