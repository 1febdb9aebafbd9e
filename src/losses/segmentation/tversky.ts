import "../../functional/methods.ts";
import { safePower } from "../../functional/numerics.ts";
import { expectNonNegative, expectPositive, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { reduce } from "../reduction.ts";
import { type Masks, masksOf, weighClasses } from "./masks.ts";
import {
  falseNegatives,
  falsePositives,
  intersection,
  type OverlapOptions,
  overlapDefaults,
  overlapForm,
  resolvePreset,
  type Settings,
  type Smoothed,
  shortfall,
} from "./overlap.ts";

export interface JaccardOptions extends OverlapOptions {
  /** Start from a library's form; the other options go on top. Default "plain". */
  preset?: "plain" | "monai" | "smp";
  /** Sum p^2 + sum t^2 - sum p t for the union, in place of sum p + sum t - sum p t. Default false. */
  squared?: boolean;
}

const plainJaccard: Settings<JaccardOptions> = { preset: "plain", squared: false, ...overlapDefaults };

const jaccardPresets: Record<NonNullable<JaccardOptions["preset"]>, Partial<Settings<JaccardOptions>>> = {
  plain: {},
  monai: { smooth: 0.5e-5 },
  smp: { axis: "batch", empty: "mask", softLabel: true },
};

/**
 * Jaccard loss, soft intersection over union: 1 - (I + smooth) / (sum p + sum t - I + smooth), I = sum p t, over the
 * pixels of each class.
 *
 * probabilities [n, classes, ...pixels] in [0, 1] (logits with `activation`); targets of the same shape in [0, 1], or
 * int32 labels [n, ...pixels]. "none" gives [n, classes] for axis "sample", [classes] for "batch", a scalar for "all".
 * With J this loss and D that of `dice` (squared false, smooth 0), J = 2 D / (1 + D). Equals `tversky` with alpha and
 * beta 1. Options: see `JaccardOptions`. Presets: "monai" (DiceLoss with jaccard, whose smoothing of 2 I / (2 union) is
 * twice this), "smp" (segmentation_models_pytorch).
 * Rahman and Wang 2016, "Optimizing intersection-over-union in deep neural networks for image segmentation".
 */
export function jaccard(probabilities: TensorLike, targets: TensorLike, options: JaccardOptions = {}): Tensor {
  const settings = resolvePreset<Settings<JaccardOptions>>("jaccard", options, plainJaccard, jaccardPresets);
  const form = overlapForm("jaccard", settings);
  const masks = masksOf("jaccard", ["probabilities", probabilities], targets, form);
  return reduce("jaccard", weighClasses("jaccard", jaccardTerms(masks, form), masks.byClass, form), form.reduction);
}

export function jaccardTerms(masks: Masks, form: Smoothed<Settings<OverlapOptions>> & { squared: boolean }): Tensor {
  const { p, t, over } = masks;
  const total = (m: Tensor) => over(form.squared ? m.square() : m);
  const both = intersection(masks, form.softLabel && !form.squared);
  return shortfall(both, total(p).add(total(t)).sub(both), masks, form);
}

export interface TverskyOptions extends OverlapOptions {
  /** Start from a library's form; the other options go on top. Default "plain". */
  preset?: "plain" | "monai" | "keras" | "smp";
  /** The weight of false positives, >= 0. Default 0.5. */
  alpha?: number;
  /** The weight of false negatives, >= 0. Default 0.5. */
  beta?: number;
}

const plainTversky: Settings<TverskyOptions> = { preset: "plain", alpha: 0.5, beta: 0.5, ...overlapDefaults };

const tverskyPresets: Record<NonNullable<TverskyOptions["preset"]>, Partial<Settings<TverskyOptions>>> = {
  plain: {},
  monai: { smooth: 1e-5 },
  keras: { smoothDenominator: 1e-7, axis: "all", empty: "one" },
  smp: { axis: "batch", empty: "mask", softLabel: true },
};

/**
 * Tversky loss: 1 - (I + smooth) / (I + alpha FP + beta FN + smooth), I = sum p t, FP = sum p (1 - t),
 * FN = sum (1 - p) t, over the pixels of each class.
 *
 * probabilities [n, classes, ...pixels] in [0, 1] (logits with `activation`); targets of the same shape in [0, 1], or
 * int32 labels [n, ...pixels]. "none" gives [n, classes] for axis "sample", [classes] for "batch", a scalar for "all".
 * alpha and beta 0.5 make it `dice` with squared false, 1 make it `jaccard`; beta above alpha favours recall.
 * Options: see `TverskyOptions`. Presets: "monai", "keras", "smp" (segmentation_models_pytorch). Keras has the two
 * masks exchanged, so that its alpha weighs false negatives, against its documentation; so it does under the preset.
 * Salehi et al. 2017, arXiv:1706.05721. Reference values: the libraries of the presets.
 */
export function tversky(probabilities: TensorLike, targets: TensorLike, options: TverskyOptions = {}): Tensor {
  const settings = resolvePreset<Settings<TverskyOptions>>("tversky", options, plainTversky, tverskyPresets);
  const { preset, alpha, beta } = settings;
  const form = tverskyForm("tversky", preset === "keras" ? { ...settings, alpha: beta, beta: alpha } : settings);
  const masks = masksOf("tversky", ["probabilities", probabilities], targets, form);
  return reduce("tversky", weighClasses("tversky", tverskyTerms(masks, form), masks.byClass, form), form.reduction);
}

type TverskyForm = Smoothed<Settings<OverlapOptions>> & { alpha: number; beta: number };

function tverskyForm<S extends Settings<OverlapOptions> & { alpha: number; beta: number }>(
  where: string,
  settings: S,
): Smoothed<S> {
  expectNonNegative(where, "alpha", settings.alpha);
  expectNonNegative(where, "beta", settings.beta);
  return overlapForm(where, settings);
}

function tverskyTerms(masks: Masks, form: TverskyForm): Tensor {
  const { alpha, beta, softLabel } = form;
  const both = intersection(masks, softLabel);
  const wrong = falsePositives(masks, softLabel).mul(alpha).add(falseNegatives(masks, softLabel).mul(beta));
  return shortfall(both, both.add(wrong), masks, form);
}

export interface FocalTverskyOptions extends OverlapOptions {
  /** The weight of false positives, >= 0. Default 0.3. */
  alpha?: number;
  /** The weight of false negatives, >= 0. Default 0.7. */
  beta?: number;
  /**
   * Each loss is raised to the power 1 / gamma, gamma > 0; above 1 it dwells on classes of small overlap. Default 4/3.
   */
  gamma?: number;
}

/**
 * Focal Tversky loss: (1 - TI)^(1 / gamma), TI the Tversky index (I + smooth) / (I + alpha FP + beta FN + smooth).
 *
 * Arguments and options as of `tversky`; gamma 1 makes it that. For gamma > 1 the slope grows without bound as the loss
 * falls to 0; at 0 the gradient is 0. Here, as in `tversky`, alpha weighs false positives; the paper's alpha of 0.7
 * weighs false negatives. Options: see `FocalTverskyOptions`.
 * Abraham and Khan 2019, arXiv:1810.07842. Reference values: the formula in float64.
 */
export function focalTversky(
  probabilities: TensorLike,
  targets: TensorLike,
  options: FocalTverskyOptions = {},
): Tensor {
  const where = "focalTversky";
  const defaults = { alpha: 0.3, beta: 0.7, gamma: 4 / 3, ...overlapDefaults };
  const form = tverskyForm(where, resolve<Settings<FocalTverskyOptions>>(where, options, defaults));
  expectPositive(where, "gamma", form.gamma);
  const masks = masksOf(where, ["probabilities", probabilities], targets, form);
  const loss = safePower(tverskyTerms(masks, form), 1 / form.gamma);
  return reduce(where, weighClasses(where, loss, masks.byClass, form), form.reduction);
}
