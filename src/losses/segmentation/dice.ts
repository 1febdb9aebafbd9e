import "../../functional/methods.ts";
import { resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { reduce } from "../reduction.ts";
import { logCosh } from "../regression/huber.ts";
import { type Masks, masksOf, weighClasses } from "./masks.ts";
import {
  intersection,
  type OverlapOptions,
  overlapDefaults,
  overlapForm,
  resolvePreset,
  type Settings,
  type Smoothed,
  shortfall,
} from "./overlap.ts";

/** The form of Dice that a library computes. */
export type DicePreset = "vnet" | "monai" | "keras" | "smp" | "mmdet" | "detr" | "optax" | "flux";

export interface DiceOptions extends OverlapOptions {
  /** Start from a library's form; the other options go on top. Default "vnet", the paper's. */
  preset?: DicePreset;
  /**
   * Sum p^2 + sum t^2 in the denominator, in place of sum p + sum t. Default true. Its product is largest at p = t
   * already, so `softLabel` says nothing with it.
   */
  squared?: boolean;
}

const plain: Settings<DiceOptions> = { preset: "vnet", squared: true, ...overlapDefaults };

const presets: Record<DicePreset, Partial<Settings<DiceOptions>>> = {
  vnet: {},
  monai: { squared: false, smooth: 1e-5 },
  keras: { squared: false, smoothDenominator: 1e-7, axis: "all", empty: "one" },
  smp: { squared: false, axis: "batch", empty: "mask", softLabel: true },
  mmdet: { smoothDenominator: 2e-3, empty: "one" },
  detr: { squared: false, smooth: 1 },
  optax: { squared: false, smooth: 2 },
  flux: { smooth: 1, axis: "all" },
};

/**
 * Dice loss: 1 - (2 sum p t + smooth) / (sum p^2 + sum t^2 + smooth), over the pixels of each class; without `squared`,
 * sum p + sum t in the denominator.
 *
 * probabilities [n, classes, ...pixels] in [0, 1] (logits with `activation`); targets of the same shape in [0, 1], or
 * int32 labels [n, ...pixels]. "none" gives [n, classes] for axis "sample", [classes] for "batch", a scalar for "all".
 * Without pixels, [n, classes], axis "sample" pools the row, as is usual of flattened masks, and "none" gives [n].
 * Options: see `DiceOptions`. Presets: "vnet", the paper; "monai" (monai.losses.DiceLoss); "keras" (keras.losses.Dice);
 * "smp" (segmentation_models_pytorch); "mmdet"; "detr" (Hugging Face too); "optax" (whose smooth of 1 is 2 in this
 * form); "flux" (Flux.dice_coeff_loss).
 * Milletari et al. 2016, "V-Net", arXiv:1606.04797. Reference values: the libraries of the presets.
 */
export function dice(probabilities: TensorLike, targets: TensorLike, options: DiceOptions = {}): Tensor {
  const form = overlapForm("dice", resolvePreset<Settings<DiceOptions>>("dice", options, plain, presets));
  const masks = masksOf("dice", ["probabilities", probabilities], targets, form);
  return reduce("dice", weighClasses("dice", diceTerms(masks, form), masks.byClass, form), form.reduction);
}

export function diceTerms(masks: Masks, form: Smoothed<Settings<OverlapOptions>> & { squared: boolean }): Tensor {
  const { p, t, over } = masks;
  const total = (m: Tensor) => over(form.squared ? m.square() : m);
  const overlap = intersection(masks, form.softLabel && !form.squared).mul(2);
  return shortfall(overlap, total(p).add(total(t)), masks, form);
}

export type LogCoshDiceOptions = Omit<DiceOptions, "preset">;

/**
 * Log-cosh Dice: log cosh of each Dice loss, whose slope, the tangent of that loss, flattens as the overlap gets good.
 *
 * Arguments and options as of `dice`, but with the paper's form for defaults: squared false, smooth 1. The paper pools
 * the batch (axis "all"); "none" has the shape that it has for `dice`.
 * Jadon 2020, "A survey of loss functions for semantic segmentation", arXiv:2006.14822. Reference values: the formula
 * in float64.
 */
export function logCoshDice(probabilities: TensorLike, targets: TensorLike, options: LogCoshDiceOptions = {}): Tensor {
  const where = "logCoshDice";
  const defaults = { squared: false, ...overlapDefaults, smooth: 1 };
  const form = overlapForm(where, resolve<Settings<LogCoshDiceOptions>>(where, options, defaults));
  const masks = masksOf(where, ["probabilities", probabilities], targets, form);
  const loss = diceTerms(masks, form);
  return reduce(
    where,
    weighClasses(where, logCosh(loss, loss.mul(0), { reduction: "none" }), masks.byClass, form),
    form.reduction,
  );
}
