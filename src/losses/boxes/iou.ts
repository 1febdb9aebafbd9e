import { atan2, where as select, stopGradient } from "../../autograd/elementwise.ts";
import { expectOneOf, expectPositive, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { boxPair, type Corners, centreDistance, overlap } from "./corners.ts";

export interface BoxOptions {
  /** Added to every denominator, > 0, so that empty boxes have IoU 0. Default 1e-7. */
  eps?: number;
  reduction?: Reduction;
}

/** The reduction of a loss of pairs of boxes. */
function ofBoxes(
  where: string,
  predictions: TensorLike,
  targets: TensorLike,
  options: BoxOptions,
  terms: (p: Corners, t: Corners, eps: number) => Tensor,
): Tensor {
  const { eps, reduction } = resolve<Required<BoxOptions>>(where, options, { eps: 1e-7, reduction: "mean" });
  expectPositive(where, "eps", eps);
  const [p, t] = boxPair(where, predictions, targets);
  return reduce(where, terms(p, t, eps), reduction);
}

/** Intersection over union. */
function ratio(p: Corners, t: Corners, eps: number): Tensor {
  const { intersection, union } = overlap(p, t);
  return intersection.div(union.add(eps));
}

export interface IoUOptions extends BoxOptions {
  /** 1 - IoU ("linear"), -log IoU ("log", with IoU at least 1e-6), or 1 - IoU^2 ("square"). Default "linear". */
  mode?: "linear" | "log" | "square";
}

/**
 * The IoU loss of boxes: 1 - intersection / union, -log of the quotient, or 1 - its square.
 *
 * predictions, targets [..., 4] as x1, y1, x2, y2. "none" gives [...]. Boxes that do not overlap have loss 1 (log: -log
 * 1e-6) and gradient 0: `giou` and `diou` pull them together. A predicted box with x2 < x1 counts as empty.
 * Options: mode ("linear"), eps (1e-7), reduction ("mean"). Yu et al. 2016, arXiv:1608.01471. Reference values: the
 * formula, as in mmdetection.
 */
export function iou(predictions: TensorLike, targets: TensorLike, options: IoUOptions = {}): Tensor {
  const { mode, ...rest } = resolve<Required<IoUOptions>>("iou", options, {
    mode: "linear",
    eps: 1e-7,
    reduction: "mean",
  });
  expectOneOf("iou", "mode", mode, ["linear", "log", "square"]);
  return ofBoxes("iou", predictions, targets, rest, (p, t, eps) => {
    const q = ratio(p, t, eps);
    if (mode === "linear") return q.neg().add(1);
    return mode === "log" ? q.clamp(1e-6).log().neg() : q.square().neg().add(1);
  });
}

/**
 * Generalised IoU: 1 - IoU + (C - U) / C, where C is the area of the smallest box around both and U that of their
 * union; it also pulls boxes together that do not overlap.
 *
 * predictions, targets [..., 4] as x1, y1, x2, y2. "none" gives [...]. A predicted box with x2 < x1 counts as empty.
 * Options: eps (1e-7), reduction ("mean"). Rezatofighi et al. 2019, arXiv:1902.09630. Reference values:
 * torchvision.ops.generalized_box_iou_loss.
 */
export function giou(predictions: TensorLike, targets: TensorLike, options: BoxOptions = {}): Tensor {
  return ofBoxes("giou", predictions, targets, options, (p, t, eps) => {
    const { union, hullWidth, hullHeight } = overlap(p, t);
    const hull = hullWidth.mul(hullHeight);
    return hull
      .sub(union)
      .div(hull.add(eps))
      .sub(ratio(p, t, eps))
      .add(1);
  });
}

/**
 * Distance IoU: 1 - IoU + d^2 / c^2, d the distance of the centres and c the diagonal of the smallest box around both.
 *
 * predictions, targets [..., 4] as x1, y1, x2, y2. "none" gives [...]. A predicted box with x2 < x1 counts as empty.
 * Options: eps (1e-7), reduction ("mean"). Zheng et al. 2020, arXiv:1911.08287. Reference values:
 * torchvision.ops.distance_box_iou_loss.
 */
export function diou(predictions: TensorLike, targets: TensorLike, options: BoxOptions = {}): Tensor {
  return ofBoxes("diou", predictions, targets, options, (p, t, eps) =>
    centreDistance(p, t, eps)
      .sub(ratio(p, t, eps))
      .add(1),
  );
}

/**
 * Complete IoU: `diou` + alpha v, v = (4 / pi^2) (atan(w / h) - atan(w' / h'))^2, alpha = v / (1 - IoU + v), which is
 * outside the gradient.
 *
 * predictions, targets [..., 4] as x1, y1, x2, y2. "none" gives [...]. The aspect of a box without height is pi / 2,
 * that of a point 0 with gradient 0. Options: eps (1e-7), reduction ("mean"). Zheng et al. 2020, arXiv:1911.08287.
 * Reference values: torchvision.ops.complete_box_iou_loss, which is NaN at boxes without height.
 */
export function ciou(predictions: TensorLike, targets: TensorLike, options: BoxOptions = {}): Tensor {
  return ofBoxes("ciou", predictions, targets, options, (p, t, eps) => {
    const q = ratio(p, t, eps);
    const v = aspect(t)
      .sub(aspect(p))
      .square()
      .mul(4 / Math.PI ** 2);
    const alpha = stopGradient(v.div(v.sub(q).add(1 + eps)));
    return centreDistance(p, t, eps).sub(q).add(1).add(alpha.mul(v));
  });
}

/**
 * Efficient IoU: `diou` + (w - w')^2 / W^2 + (h - h')^2 / H^2, the differences of width and height over those of the
 * smallest box around both: each side has a pull of its own, where `ciou` has one for their quotient.
 *
 * predictions, targets [..., 4] as x1, y1, x2, y2. "none" gives [...]. A predicted box with x2 < x1 counts as empty.
 * Options: eps (1e-7), reduction ("mean"). Zhang et al. 2021, arXiv:2101.08158 (whose focal form multiplies by IoU^0.5).
 * Reference values: the formula.
 */
export function eiou(predictions: TensorLike, targets: TensorLike, options: BoxOptions = {}): Tensor {
  return ofBoxes("eiou", predictions, targets, options, (p, t, eps) => {
    const { hullWidth, hullHeight } = overlap(p, t);
    const share = (a: Tensor, b: Tensor, side: Tensor) => a.sub(b).square().div(side.square().add(eps));
    return centreDistance(p, t, eps)
      .sub(ratio(p, t, eps))
      .add(1)
      .add(share(p.width, t.width, hullWidth))
      .add(share(p.height, t.height, hullHeight));
  });
}

/** atan(width / height), 0 of a point. */
function aspect({ width, height }: Corners): Tensor {
  const point = width.eq(0).logicalAnd(height.eq(0));
  return select(point, 0, atan2(width, select(point, 1, height)));
}
