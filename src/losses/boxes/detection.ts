import { stack } from "../../functional/shapes.ts";
import { expectAxes, expectNonNegativeElements, expectShape, floatTensor } from "../../tensor/checks.ts";
import { ShapeError } from "../../tensor/errors.ts";
import { expectNonNegative, expectPositive, resolve } from "../../tensor/options.ts";
import { formatShape } from "../../tensor/shape.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { squareThenLine } from "../regression/residual.ts";
import { boxPair } from "./corners.ts";
import * as formats from "./formats.ts";
import { giou } from "./iou.ts";

export interface BoundedIoUOptions {
  /** Where the square turns into a line, > 0. Default 0.2. */
  beta?: number;
  /** Added to every denominator, > 0. Default 1e-3. */
  eps?: number;
  reduction?: Reduction;
}

/**
 * Bounded IoU: smooth L1 of 1 - the best IoU that a box could still have given its error in x, in y, in width or in
 * height alone.
 *
 * predictions, targets [..., 4] as x1, y1, x2, y2. "none" gives [..., 4], by x, y, width, height. Options: beta (0.2),
 * eps (1e-3), reduction ("mean"). Tychsen-Smith and Petersson 2018, arXiv:1711.00164. Reference values: the formula, as
 * in mmdetection.
 */
export function boundedIoU(predictions: TensorLike, targets: TensorLike, options: BoundedIoUOptions = {}): Tensor {
  const where = "boundedIoU";
  const { beta, eps, reduction } = resolve<Required<BoundedIoUOptions>>(where, options, {
    beta: 0.2,
    eps: 1e-3,
    reduction: "mean",
  });
  expectPositive(where, "beta", beta);
  expectPositive(where, "eps", eps);
  const [p, t] = boxPair(where, predictions, targets);
  const shifted = (a1: Tensor, a2: Tensor, b1: Tensor, b2: Tensor, size: Tensor) => {
    const twice = a1.add(a2).sub(b1).sub(b2).abs(); // twice the distance of the centres
    return size.sub(twice).relu().div(size.add(twice).add(eps)).neg().add(1);
  };
  const scaled = (a: Tensor, b: Tensor) =>
    a
      .div(b.add(eps))
      .minimum(b.div(a.add(eps)))
      .neg()
      .add(1);
  const terms = stack(
    [
      shifted(p.x1, p.x2, t.x1, t.x2, t.width),
      shifted(p.y1, p.y2, t.y1, t.y2, t.height),
      scaled(p.width, t.width),
      scaled(p.height, t.height),
    ],
    -1,
  );
  return reduce(where, squareThenLine(terms, beta, 1), reduction);
}

/**
 * Distribution focal loss: the cross-entropy of a distribution over whole positions against the two around a position
 * y, -(ceil y - y) log p_floor - (y - floor y) log p_ceil.
 *
 * logits [n, bins], targets [n] in [0, bins - 1]. "none" gives [n]. Options: reduction ("mean").
 * Li et al. 2020, arXiv:2006.04388. Reference values: the formula, as in mmdetection, where y = bins - 1 would need one
 * bin more.
 */
export function distributionFocal(
  logits: TensorLike,
  targets: TensorLike,
  options: { reduction?: Reduction } = {},
): Tensor {
  const where = "distributionFocal";
  const { reduction } = resolve<{ reduction: Reduction }>(where, options, { reduction: "mean" });
  const x = floatTensor(where, "logits", logits);
  const y = asTensor(targets, x.dtype, where, "targets");
  expectAxes(where, "logits", x, ["n", "bins"]);
  expectShape(where, "targets", y, [x.shape[0]]);
  const bins = x.shape[1];
  if (bins < 2) throw new ShapeError(where, `logits ${formatShape(x.shape)} need at least 2 bins`);
  expectNonNegativeElements(where, "targets", y);
  expectNonNegativeElements(where, `${bins - 1} - targets`, y.neg().add(bins - 1));
  const left = y.floor().clamp(0, bins - 2);
  const toRight = y.sub(left);
  const logp = x.logSoftmax(1);
  const at = (position: Tensor) => logp.gather(1, position.to("int32").unsqueeze(1)).squeeze(1);
  const terms = at(left)
    .mul(toRight.neg().add(1))
    .add(at(left.add(1)).mul(toRight))
    .neg();
  return reduce(where, terms, reduction);
}

export interface DetrBoxOptions {
  /** The weight of the absolute error, >= 0. Default 5. */
  l1Weight?: number;
  /** The weight of `giou`, >= 0. Default 2. */
  giouWeight?: number;
  reduction?: Reduction;
}

/**
 * The box loss of DETR: l1Weight times the absolute error of centre, width and height, added up, plus giouWeight times
 * `giou`.
 *
 * predictions, targets [..., 4] as centre x, centre y, width, height, matched one to one, usually as fractions of the
 * image. "none" gives [...]; the mean is over boxes. Options: l1Weight (5), giouWeight (2), reduction ("mean"). Carion
 * et al. 2020, arXiv:2005.12872. Reference values: the formula, as in transformers' DetrLoss.
 */
export function detrBox(predictions: TensorLike, targets: TensorLike, options: DetrBoxOptions = {}): Tensor {
  const where = "detrBox";
  const { l1Weight, giouWeight, reduction } = resolve<Required<DetrBoxOptions>>(where, options, {
    l1Weight: 5,
    giouWeight: 2,
    reduction: "mean",
  });
  expectNonNegative(where, "l1Weight", l1Weight);
  expectNonNegative(where, "giouWeight", giouWeight);
  const p = floatTensor(where, "predictions", predictions);
  if (p.ndim === 0 || p.shape.at(-1) !== 4) {
    throw new ShapeError(where, `predictions must be boxes [..., 4] as cx, cy, w, h, got ${formatShape(p.shape)}`);
  }
  const t = asTensor(targets, p.dtype, where, "targets");
  expectShape(where, "targets", t, p.shape);
  expectNonNegativeElements(where, "width and height of targets", t.split(2, -1)[1]);
  const l1 = p.sub(t).abs().sum(-1);
  const overlap = giou(formats.toCorners(p), formats.toCorners(t), { reduction: "none" });
  return reduce(where, l1.mul(l1Weight).add(overlap.mul(giouWeight)), reduction);
}
