import { where as select, stopGradient } from "../../autograd/elementwise.ts";
import "../../functional/methods.ts";
import { expectNonNegativeElements, expectShape } from "../../tensor/checks.ts";
import { onesLike } from "../../tensor/creation.ts";
import { expectInteger, expectOneOf, expectPositive, resolve } from "../../tensor/options.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { toOther } from "./distance-maps.ts";
import { expectPixels, type MaskOptions, type Masks, maskDefaults, masksOf, pixelAxes, reduceMasked } from "./masks.ts";
import { filtered } from "./morphology.ts";

export interface HausdorffDistanceTransformOptions extends MaskOptions {
  /** The power of the distances, above 0. Default 2. */
  alpha?: number;
  /** log(1 + .) of each term. Default false. */
  log?: boolean;
  /** Whether a term is the mean over the pixels of a class in a "sample" or in the "batch". Default "sample". */
  axis?: "sample" | "batch";
  /**
   * Distance maps of prediction and target, of the shape of the probabilities; those left out are computed, as
   * `distanceMaps.toOther` does, from the probabilities above 0.5 and from the targets.
   */
  predictedDistances?: TensorLike | null;
  /** The same of the targets. Default null: computed. */
  targetDistances?: TensorLike | null;
  reduction?: Reduction;
}

/**
 * Hausdorff distance loss by distance transforms: the mean of (p - t)^2 (d_p^alpha + d_t^alpha) over the pixels of each
 * class, d_p and d_t how far a pixel is from the other side of the boundary of the predicted and of the target mask.
 *
 * probabilities [n, classes, ...pixels] in [0, 1] (logits with `activation`); targets of the same shape in [0, 1], or
 * int32 labels [n, ...pixels]. "none" gives [n, classes] for axis "sample", [classes] for "batch". No gradient passes
 * the distances; a mask that is all or nothing has distance 0. They read the values of the prediction, so inside
 * `compile` the distances have to be arguments. Options: see `HausdorffDistanceTransformOptions`. MONAI leaves the
 * background out unless told.
 * Karimi and Salcudean 2019, arXiv:1904.10030. Reference values: monai.losses.HausdorffDTLoss, LogHausdorffDTLoss.
 */
export function hausdorffDistanceTransform(
  probabilities: TensorLike,
  targets: TensorLike,
  options: HausdorffDistanceTransformOptions = {},
): Tensor {
  const where = "hausdorffDistanceTransform";
  const form = resolve<Required<HausdorffDistanceTransformOptions>>(where, options, {
    alpha: 2,
    log: false,
    axis: "sample",
    predictedDistances: null,
    targetDistances: null,
    ...maskDefaults,
    reduction: "mean",
  });
  expectPositive(where, "alpha", form.alpha);
  expectOneOf(where, "axis", form.axis, ["sample", "batch"]);
  const masks = masksOf(where, ["probabilities", probabilities], targets, form);
  expectPixels(where, "probabilities", masks.x);
  const { p, t, over, classes, x } = masks;
  const power = (name: "predictedDistances" | "targetDistances", mask: Tensor) => {
    const given = form[name];
    return (given === null ? toOther(mask) : classes(distancesLike(where, name, given, x))).pow(form.alpha);
  };
  const weight = power("predictedDistances", p).add(power("targetDistances", t));
  const mean = over(p.sub(t).square().mul(weight)).div(pixelCount(masks));
  return reduce(where, form.log ? mean.log1p() : mean, form.reduction);
}

/** How many pixels a sum is over that count; at least 1. */
function pixelCount({ p, over, ignored, classes }: Masks): Tensor {
  return over(ignored === null ? onesLike(p) : classes(ignored.logicalNot()).to(p.dtype)).maximum(1);
}

/** Distances of the shape of x, checked, as constants. */
function distancesLike(where: string, name: string, distances: TensorLike, x: Tensor): Tensor {
  const d = asTensor(distances, x.dtype, where, name);
  expectShape(where, name, d, x.shape);
  expectNonNegativeElements(where, name, d);
  return stopGradient(d);
}

export interface HausdorffErosionOptions extends MaskOptions {
  /** The power of the number of the erosion, above 0. Default 2. */
  alpha?: number;
  /** How many erosions, at least 1. Default 10. */
  erosions?: number;
  reduction?: Reduction;
}

/**
 * Hausdorff distance loss by erosion: sum_k k^alpha e_k, e_0 = (p - t)^2, e_k = n([mean of e_{k-1} over a pixel and its
 * neighbours along each axis - 0.5]+), where n maps the least value of a mask to 0 and the largest to 1. What survives
 * many erosions is a thick error.
 *
 * probabilities [n, classes, ...pixels] in [0, 1] (logits with `activation`); targets of the same shape in [0, 1], or
 * int32 labels [n, ...pixels]. "none" gives [n, classes, ...pixels], 0 where ignored. A mask without differences is
 * left as it is by n; the gradient at the kink is 0. Only errors above 0.7 or so have a gradient. Options: alpha (2),
 * erosions (10), includeBackground (true), ignoreIndex (-100), activation ("none"), reduction ("mean").
 * Karimi and Salcudean 2019, arXiv:1904.10030. Reference values: kornia.losses.HausdorffERLoss.
 */
export function hausdorffErosion(
  probabilities: TensorLike,
  targets: TensorLike,
  options: HausdorffErosionOptions = {},
): Tensor {
  const where = "hausdorffErosion";
  const form = resolve<Required<HausdorffErosionOptions>>(where, options, {
    alpha: 2,
    erosions: 10,
    ...maskDefaults,
    reduction: "mean",
  });
  expectPositive(where, "alpha", form.alpha);
  expectInteger(where, "erosions", form.erosions);
  const masks = masksOf(where, ["probabilities", probabilities], targets, { ...form, axis: "sample" });
  expectPixels(where, "probabilities", masks.x);
  let error = masks.p.sub(masks.t).square();
  let total = error.mul(0);
  for (let k = 1; k <= form.erosions; k++) {
    error = stretched(crossMean(error).sub(0.5).relu());
    total = total.add(error.mul(k ** form.alpha));
  }
  return reduceMasked(where, total, masks, form.reduction);
}

/** The mean of a pixel and its neighbours along each axis, with zeros beyond the edges. */
function crossMean(x: Tensor): Tensor {
  const axes = pixelAxes(x);
  return axes.reduce((sum, axis) => sum.add(filtered(x, axis, [1, 0, 1])), x).div(2 * axes.length + 1);
}

/** Each mask with its values spread over [0, 1]; one whose values are all equal as it is. */
function stretched(x: Tensor): Tensor {
  const axes = pixelAxes(x);
  const least = x.min(axes, { keepDims: true });
  const range = x.max(axes, { keepDims: true }).sub(least);
  const flat = range.eq(0);
  return select(flat, x, x.sub(least).div(range.maskedFill(flat, 1)));
}
