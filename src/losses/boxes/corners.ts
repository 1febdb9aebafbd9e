import { expectNonNegativeElements, expectSameShape, floatTensor } from "../../tensor/checks.ts";
import { ShapeError } from "../../tensor/errors.ts";
import { formatShape } from "../../tensor/shape.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import "../../functional/methods.ts";

/** The coordinates of boxes, each [...], and their sizes; a box turned inside out counts as empty. */
export interface Corners {
  x1: Tensor;
  y1: Tensor;
  x2: Tensor;
  y2: Tensor;
  width: Tensor;
  height: Tensor;
}

/** Boxes [..., 4] as x1, y1, x2, y2 by their columns. */
export function cornersOf(boxes: Tensor): Corners {
  const [x1, y1, x2, y2] = boxes.split(1, -1).map((t) => t.squeeze(-1));
  return { x1, y1, x2, y2, width: x2.sub(x1).relu(), height: y2.sub(y1).relu() };
}

/** Predicted and true boxes [..., 4] of one shape, checked; true ones must have x1 <= x2 and y1 <= y2. */
export function boxPair(where: string, predictions: TensorLike, targets: TensorLike): [p: Corners, t: Corners] {
  const p = floatTensor(where, "predictions", predictions);
  const t = asTensor(targets, p.dtype, where, "targets");
  if (p.ndim === 0 || p.shape.at(-1) !== 4) {
    throw new ShapeError(where, `predictions must be boxes [..., 4] as x1, y1, x2, y2, got ${formatShape(p.shape)}`);
  }
  expectSameShape(where, { predictions: p, targets: t });
  const found = cornersOf(t);
  expectNonNegativeElements(where, "x2 - x1 of targets", found.x2.sub(found.x1));
  expectNonNegativeElements(where, "y2 - y1 of targets", found.y2.sub(found.y1));
  return [cornersOf(p), found];
}

/** Intersection and union of pairs of boxes, and the smallest box around both. */
export function overlap(p: Corners, t: Corners) {
  const across = p.x2.minimum(t.x2).sub(p.x1.maximum(t.x1)).relu();
  const down = p.y2.minimum(t.y2).sub(p.y1.maximum(t.y1)).relu();
  const intersection = across.mul(down);
  const union = p.width.mul(p.height).add(t.width.mul(t.height)).sub(intersection);
  const hullWidth = p.x2.maximum(t.x2).sub(p.x1.minimum(t.x1));
  const hullHeight = p.y2.maximum(t.y2).sub(p.y1.minimum(t.y1));
  return { intersection, union, hullWidth, hullHeight };
}

/** The squared distance of the centres, over the squared diagonal of the box around both. */
export function centreDistance(p: Corners, t: Corners, eps: number): Tensor {
  const { hullWidth, hullHeight } = overlap(p, t);
  const dx = p.x1.add(p.x2).sub(t.x1).sub(t.x2).div(2);
  const dy = p.y1.add(p.y2).sub(t.y1).sub(t.y2).div(2);
  return dx.square().add(dy.square()).div(hullWidth.square().add(hullHeight.square()).add(eps));
}
