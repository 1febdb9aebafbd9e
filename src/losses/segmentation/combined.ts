import "../../functional/methods.ts";
import { expectNonNegative, expectOneOf, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { alongAxis } from "../classes.ts";
import { binaryCrossEntropyWithLogits, crossEntropy } from "../classification/cross-entropy.ts";
import { sigmoidFocal } from "../classification/focal.ts";
import { reduce } from "../reduction.ts";
import { expectFraction } from "../scalar-option.ts";
import { diceTerms } from "./dice.ts";
import {
  type GeneralizedDiceOptions,
  generalizedDiceDefaults,
  generalizedDiceTerms,
  generalizedForm,
} from "./generalized-dice.ts";
import { countedWeights, expectPixels, type Masks, masksOf, reduceMasked, weighClasses } from "./masks.ts";
import { type OverlapOptions, overlapDefaults, overlapForm, type Settings } from "./overlap.ts";
import { jaccardTerms } from "./tversky.ts";

// An overlap, which sees whole masks, plus a loss of each pixel. The terms of the two have different shapes, so there
// is no reduction "none".

/** "mean": each part over the count of its own terms; "sum". */
type Total = "mean" | "sum";

export interface DiceSumOptions extends Omit<OverlapOptions, "reduction" | "log" | "softLabel" | "activation"> {
  /** Sum p^2 + sum t^2 in the denominator, in place of sum p + sum t. Default false. */
  squared?: boolean;
  /** `jaccard` in place of `dice`. Default false. */
  jaccard?: boolean;
  /** Whether classes exclude each other ("softmax") or not ("sigmoid"). Default "softmax". */
  activation?: "softmax" | "sigmoid";
  /** The factor on the overlap, >= 0. Default 1. */
  diceWeight?: number;
  reduction?: Total;
}

/** The softmax of a single class is always 1. */
const singleClass = { softmax: 'for one take activation "sigmoid"', sigmoid: undefined };

const { log, softLabel, reduction: _, ...overlap } = overlapDefaults;

type DiceSum = Settings<DiceSumOptions>;

const diceSumDefaults: Omit<DiceSum, "diceWeight" | "reduction"> = {
  squared: false,
  jaccard: false,
  ...overlap,
  activation: "softmax",
};

function diceSumForm<S extends DiceSum>(where: string, settings: S) {
  expectOneOf(where, "activation", settings.activation, ["softmax", "sigmoid"]);
  expectOneOf(where, "reduction", settings.reduction, ["mean", "sum"]);
  expectNonNegative(where, "diceWeight", settings.diceWeight);
  return overlapForm(where, { ...settings, log, softLabel });
}

/** The overlap part, reduced and weighed. */
function overlapPart(where: string, masks: Masks, form: ReturnType<typeof diceSumForm>): Tensor {
  const terms = form.jaccard ? jaccardTerms(masks, form) : diceTerms(masks, form);
  return reduce(where, weighClasses(where, terms, masks.byClass, form), form.reduction).mul(form.diceWeight);
}

export interface DiceCrossEntropyOptions extends DiceSumOptions {
  /** The factor on the cross-entropy, >= 0. Default 1. */
  crossEntropyWeight?: number;
  /** Of the cross-entropy's targets, as for `crossEntropy` or `binaryCrossEntropyWithLogits`. Default 0. */
  labelSmoothing?: number;
}

/**
 * Dice + cross-entropy: diceWeight dice(p, t) + crossEntropyWeight crossEntropy(x, t), p = softmax(x).
 *
 * logits [n, classes, ...pixels]; targets of the same shape in [0, 1], or int32 labels [n, ...pixels]. With activation
 * "sigmoid" the second part is the binary cross-entropy of each class, which is right for one class or for classes that
 * overlap. `classWeight` weighs both parts, `includeBackground` is the first part's alone; with labels and class
 * weights the mean of the cross-entropy divides by the sum of weights, as `crossEntropy` does.
 * Options: see `DiceCrossEntropyOptions`; smooth is 0 where nnU-Net and MONAI have 1e-5.
 * Isensee et al. 2018, "nnU-Net", arXiv:1809.10486. Reference values: monai.losses.DiceCELoss.
 */
export function diceCrossEntropy(
  logits: TensorLike,
  targets: TensorLike,
  options: DiceCrossEntropyOptions = {},
): Tensor {
  const where = "diceCrossEntropy";
  const settings = resolve<Settings<DiceCrossEntropyOptions>>(where, options, {
    ...diceSumDefaults,
    diceWeight: 1,
    crossEntropyWeight: 1,
    labelSmoothing: 0,
    reduction: "mean",
  });
  const form = diceSumForm(where, settings);
  expectNonNegative(where, "crossEntropyWeight", form.crossEntropyWeight);
  expectFraction(where, "labelSmoothing", form.labelSmoothing);
  const masks = masksOf(where, ["logits", logits], targets, form);
  expectPixels(where, "logits", masks.x, singleClass[form.activation]);
  return overlapPart(where, masks, form).add(entropyPart(where, masks, form).mul(form.crossEntropyWeight));
}

type EntropyForm = Omit<Settings<DiceCrossEntropyOptions>, "smooth">;

/** The cross-entropy of all classes, reduced. */
function entropyPart(where: string, masks: Masks, form: EntropyForm): Tensor {
  const { activation, classWeight, ignoreIndex, labelSmoothing, reduction } = form;
  const { x, targets, labels } = masks;
  if (activation === "softmax") {
    const ignore = labels === null ? {} : { ignoreIndex };
    return crossEntropy(x, labels ?? targets, { weight: classWeight, ...ignore, labelSmoothing, reduction });
  }
  const terms = binaryCrossEntropyWithLogits(x, targets, { labelSmoothing, reduction: "none" });
  const all = { ...masks, classes: (m: Tensor) => m };
  return reduceMasked(where, weighTerms(where, terms, classWeight), all, reduction);
}

/** Terms shaped like the first argument times the weights of their classes. */
function weighTerms(where: string, terms: Tensor, classWeight: TensorLike | null): Tensor {
  if (classWeight === null) return terms;
  return terms.mul(alongAxis(countedWeights(where, classWeight, terms, 1, true), terms.ndim, 1));
}

interface FocalPart {
  /** The factor on the focal loss, >= 0. Default 1. */
  focalWeight?: number;
  /** Of the focal loss: how strongly well-classified pixels are passed over. Default 2. */
  gamma?: number;
  /** Of the focal loss: alpha for positives and 1 - alpha for negatives. Default null: none. */
  alpha?: number | null;
}

const focalDefaults: Required<FocalPart> = { focalWeight: 1, gamma: 2, alpha: null };

function checkFocal(where: string, { focalWeight, gamma, alpha }: Required<FocalPart>): void {
  expectNonNegative(where, "focalWeight", focalWeight);
  expectNonNegative(where, "gamma", gamma);
  if (alpha !== null) expectFraction(where, "alpha", alpha);
}

/** The focal loss of each class by its sigmoid, reduced and weighed. */
function focalPart(
  where: string,
  masks: Masks,
  form: Required<FocalPart> & { classWeight: TensorLike | null; reduction: Total },
): Tensor {
  const { focalWeight, gamma, alpha, classWeight, reduction } = form;
  const terms = sigmoidFocal(masks.x, masks.targets, { gamma, alpha, reduction: "none" });
  const counted = masks.classes(weighTerms(where, terms, classWeight));
  return reduceMasked(where, counted, masks, reduction).mul(focalWeight);
}

export interface DiceFocalOptions extends DiceSumOptions, FocalPart {}

/**
 * Dice + focal loss: diceWeight dice(p, t) + focalWeight sigmoidFocal(x, t).
 *
 * logits [n, classes, ...pixels]; targets of the same shape in [0, 1], or int32 labels [n, ...pixels]. `activation`
 * makes the probabilities of the first part; the second takes each class by its sigmoid, as MONAI does. `classWeight`
 * and `includeBackground` are for both. Options: see `DiceFocalOptions`; smooth is 0 where MONAI has 1e-5.
 * Zhu et al. 2019, "AnatomyNet", arXiv:1808.05238. Reference values: monai.losses.DiceFocalLoss.
 */
export function diceFocal(logits: TensorLike, targets: TensorLike, options: DiceFocalOptions = {}): Tensor {
  const where = "diceFocal";
  const form = diceSumForm(
    where,
    resolve<Settings<DiceFocalOptions>>(where, options, {
      ...diceSumDefaults,
      diceWeight: 1,
      ...focalDefaults,
      reduction: "mean",
    }),
  );
  checkFocal(where, form);
  const masks = masksOf(where, ["logits", logits], targets, form);
  expectPixels(where, "logits", masks.x, singleClass[form.activation]);
  return overlapPart(where, masks, form).add(focalPart(where, masks, form));
}

export interface GeneralizedDiceFocalOptions
  extends Omit<GeneralizedDiceOptions, "preset" | "activation" | "reduction">,
    FocalPart {
  /** What makes the probabilities of the first part. Default "softmax". */
  activation?: "softmax" | "sigmoid";
  /** A factor on the focal loss of each class, [classes]. */
  classWeight?: TensorLike | null;
  /** The factor on the generalised Dice loss, >= 0. Default 1. */
  diceWeight?: number;
  reduction?: Total;
}

/**
 * Generalised Dice + focal loss: diceWeight generalizedDice(p, t) + focalWeight sigmoidFocal(x, t).
 *
 * logits [n, classes, ...pixels]; targets of the same shape in [0, 1], or int32 labels [n, ...pixels]. As for
 * `diceFocal`, `activation` is for the first part and the second takes each class by its sigmoid; `classWeight` weighs
 * the second.
 * Options: see `GeneralizedDiceFocalOptions`. Reference values: monai.losses.GeneralizedDiceFocalLoss (smooth 1e-5).
 */
export function generalizedDiceFocal(
  logits: TensorLike,
  targets: TensorLike,
  options: GeneralizedDiceFocalOptions = {},
): Tensor {
  const where = "generalizedDiceFocal";
  const { preset, reduction, ...defaults } = generalizedDiceDefaults;
  const settings = resolve<Settings<GeneralizedDiceFocalOptions>>(where, options, {
    ...defaults,
    activation: "softmax",
    classWeight: null,
    diceWeight: 1,
    ...focalDefaults,
    reduction: "mean",
  });
  expectOneOf(where, "activation", settings.activation, ["softmax", "sigmoid"]);
  expectOneOf(where, "reduction", settings.reduction, ["mean", "sum"]);
  expectNonNegative(where, "diceWeight", settings.diceWeight);
  checkFocal(where, settings);
  const form = generalizedForm(where, settings);
  const masks = masksOf(where, ["logits", logits], targets, form);
  expectPixels(where, "logits", masks.x, singleClass[form.activation]);
  const overlap = reduce(where, generalizedDiceTerms(masks, form), form.reduction);
  return overlap.mul(form.diceWeight).add(focalPart(where, masks, form));
}
