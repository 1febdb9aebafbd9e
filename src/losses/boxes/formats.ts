import { concat } from "../../autograd/movement.ts";
import "../../functional/methods.ts";
import { floatTensor } from "../../tensor/checks.ts";
import { ShapeError } from "../../tensor/errors.ts";
import { formatShape } from "../../tensor/shape.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";

// Boxes in other coordinates.

function halves(where: string, boxes: TensorLike): [Tensor, Tensor] {
  const t = floatTensor(where, "boxes", boxes);
  if (t.ndim === 0 || t.shape.at(-1) !== 4) {
    throw new ShapeError(where, `boxes must be [..., 4], got ${formatShape(t.shape)}`);
  }
  const [a, b] = t.split(2, -1);
  return [a, b];
}

/** Centre x, centre y, width, height -> x1, y1, x2, y2, along the last axis. */
export function toCorners(boxes: TensorLike): Tensor {
  const [centre, size] = halves("toCorners", boxes);
  return concat([centre.sub(size.div(2)), centre.add(size.div(2))], -1);
}

/** x1, y1, x2, y2 -> centre x, centre y, width, height, along the last axis. */
export function toCentres(boxes: TensorLike): Tensor {
  const [first, second] = halves("toCentres", boxes);
  return concat([first.add(second).div(2), second.sub(first)], -1);
}
