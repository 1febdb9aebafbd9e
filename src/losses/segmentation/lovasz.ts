import { stopGradient } from "../../autograd/elementwise.ts";
import "../../functional/methods.ts";
import { expectBinary, expectNotEmpty, expectSameShape, floatTensor } from "../../tensor/checks.ts";
import { onesLike } from "../../tensor/creation.ts";
import { ShapeError } from "../../tensor/errors.ts";
import { expectNumber, expectOneOf, resolve } from "../../tensor/options.ts";
import { formatShape } from "../../tensor/shape.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { expectPixels, type MaskOptions, masksOf, weighClasses } from "./masks.ts";

// The Lovasz extension of the Jaccard loss 1 - shared / union: errors in falling order, each times how much that loss
// grows when it joins the errors before it. The order is a constant to the gradient, so where errors tie it is that of
// the pixels.

/** The extension along the last axis, for errors >= 0 and targets in [0, 1]. */
function extension(errors: Tensor, targets: Tensor): Tensor {
  const order = errors.argsort(-1, { descending: true });
  const t = stopGradient(targets).gather(-1, order);
  const rest = t.neg().add(1);
  const total = t.sum(-1, { keepDims: true });
  const shared = total.sub(t.cumsum(-1)).add(t); // before the error joins: the positives that are right
  const union = total.add(rest.cumsum(-1)).sub(rest);
  // shared / union - (shared - t) / (union + 1 - t) without a difference of near numbers; from no union at all it is 1
  const none = union.eq(0);
  const growth = shared
    .mul(rest)
    .add(union.mul(t))
    .div(union.mul(union.add(rest)).maskedFill(none, 1));
  return errors.gather(-1, order).mul(growth.maskedFill(none, 1)).sum(-1);
}

export interface LovaszHingeOptions {
  /** Whether the Jaccard loss is of the pixels of each "sample" or of the "batch". Default "sample". */
  axis?: "sample" | "batch";
  /** Pixels whose target is this count nowhere. Default -100. */
  ignoreIndex?: number;
  reduction?: Reduction;
}

/**
 * Lovasz hinge: the extension of the Jaccard loss of a binary mask to the hinge errors [1 - x (2 t - 1)]+ of its
 * pixels.
 *
 * logits [n, ...pixels], targets of the same shape, 0 or 1. "none" gives [n] for axis "sample", a scalar for "batch".
 * Of one pixel it is the hinge loss. The gradient at a kink of the hinge is 0; without positives the largest error
 * counts alone. Where all pixels are ignored the loss is 0. Options: axis ("sample"; segmentation_models_pytorch has
 * "batch"), ignoreIndex (-100), reduction ("mean").
 * Berman et al. 2018, arXiv:1705.08790. Reference values: segmentation_models_pytorch's LovaszLoss, the authors'
 * formula.
 */
export function lovaszHinge(logits: TensorLike, targets: TensorLike, options: LovaszHingeOptions = {}): Tensor {
  const where = "lovaszHinge";
  const { axis, ignoreIndex, reduction } = resolve<Required<LovaszHingeOptions>>(where, options, {
    axis: "sample",
    ignoreIndex: -100,
    reduction: "mean",
  });
  expectOneOf(where, "axis", axis, ["sample", "batch"]);
  expectNumber(where, "ignoreIndex", ignoreIndex, "that is whole", Number.isInteger);
  const x = floatTensor(where, "logits", logits);
  const given = asTensor(targets, x.dtype, where, "targets");
  expectSameShape(where, { logits: x, targets: given });
  if (x.ndim < 2) throw new ShapeError(where, `logits must be [n, ...pixels], got ${formatShape(x.shape)}`);
  expectNotEmpty(where, "logits", x);
  const ignored = given.eq(ignoreIndex);
  const t = given.to(x.dtype).maskedFill(ignored, 0);
  expectBinary(where, "targets", t);
  const errors = x.mul(t.mul(-2).add(1)).add(1).relu().maskedFill(ignored, 0); // an error of 0 adds nothing
  const rows = (m: Tensor) => (axis === "sample" ? m.flatten(1) : m.reshape([-1]));
  return reduce(where, extension(rows(errors), rows(t)), reduction);
}

export interface LovaszSoftmaxOptions extends MaskOptions {
  /** Which classes count in the mean: those that are "present" in the targets, or "all". Default "present". */
  classes?: "present" | "all";
  /** Whether the Jaccard loss is of the pixels of each "sample" or of the "batch". Default "batch". */
  axis?: "sample" | "batch";
  /** A factor for each class, [classes]; the mean still divides by the count. */
  classWeight?: TensorLike | null;
  reduction?: Reduction;
}

/**
 * Lovasz-softmax: for each class the extension of its Jaccard loss to the errors |t - p| of the pixels.
 *
 * probabilities [n, classes, ...pixels] (logits with `activation`), labels int32 [n, ...pixels] or masks of the shape
 * of the probabilities. "none" gives [classes] for axis "batch", [n, classes] for "sample", 0 for classes that do not
 * count; "mean" is over those that do, in each sample first; with none of them it is 0. The gradient at p = t is 0.
 * Options: classes ("present"), axis ("batch"), includeBackground (true), classWeight (none), ignoreIndex (-100),
 * activation ("none"), reduction ("mean").
 * Berman et al. 2018, arXiv:1705.08790. Reference values: segmentation_models_pytorch's LovaszLoss, the authors'
 * formula.
 */
export function lovaszSoftmax(
  probabilities: TensorLike,
  labels: TensorLike,
  options: LovaszSoftmaxOptions = {},
): Tensor {
  const where = "lovaszSoftmax";
  const form = resolve<Required<LovaszSoftmaxOptions>>(where, options, {
    classes: "present",
    axis: "batch",
    includeBackground: true,
    classWeight: null,
    ignoreIndex: -100,
    activation: "none",
    reduction: "mean",
  });
  expectOneOf(where, "classes", form.classes, ["present", "all"]);
  expectOneOf(where, "axis", form.axis, ["sample", "batch"]);
  const masks = masksOf(where, ["probabilities", probabilities], labels, form);
  expectPixels(where, "probabilities", masks.x);
  // [n, classes, pixels], or [classes, pixels of the batch]
  const rows = (m: Tensor) => (form.axis === "sample" ? m.flatten(2) : m.swapAxes(0, 1).flatten(1));
  const [p, t] = [rows(masks.p), rows(masks.t)];
  const loss = weighClasses(where, extension(t.sub(p).abs(), t), true, form);
  const counted = form.classes === "all" ? onesLike(loss) : t.sum(-1).gt(0).to(loss.dtype);
  const terms = loss.mul(counted);
  if (form.reduction !== "mean") return reduce(where, terms, form.reduction);
  return terms.sum(-1).div(counted.sum(-1).maximum(1)).mean();
}
