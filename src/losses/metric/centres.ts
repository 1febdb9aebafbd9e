import { cosineMatrix } from "../../functional/distances.ts";
import { except } from "../candidates.ts";
import "../../functional/methods.ts";
import { safeSqrt } from "../../functional/numerics.ts";
import { asIndices, expectAxes, expectIndices, expectShape, floatTensor } from "../../tensor/checks.ts";
import { arange, eye } from "../../tensor/creation.ts";
import { ShapeError } from "../../tensor/errors.ts";
import { expectPositive } from "../../tensor/options.ts";
import { formatShape } from "../../tensor/shape.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";

// What losses with a learned centre for each class share.

/** embeddings, centres and labels, as a loss is given them. */
export type Classified = readonly [embeddings: TensorLike, centres: TensorLike, labels: TensorLike];

export interface Centred {
  /** The embeddings, [n, d]. */
  x: Tensor;
  /** The centres, [classes, d] unless another form was asked for. */
  w: Tensor;
  /** The labels as a column, [n, 1]. */
  own: Tensor;
}

/** Embeddings [n, d], centres of a form from classes to d, and labels [n], checked. `name` is that of the centres. */
export function expectCentred(
  where: string,
  [embeddings, centres, labels]: Classified,
  { name = "centres", form = ["classes", "d"] }: { name?: string; form?: readonly string[] } = {},
): Centred {
  const x = floatTensor(where, "embeddings", embeddings);
  const w = floatTensor(where, name, centres);
  const y = asIndices(where, "labels", labels);
  expectAxes(where, "embeddings", x, ["n", "d"]);
  expectAxes(where, name, w, form);
  expectShape(where, "labels", y, [x.shape[0]]);
  if (x.shape[1] !== w.shape[w.ndim - 1]) {
    throw new ShapeError(
      where,
      `${name} ${formatShape(w.shape)} must have rows as long as those of embeddings ${formatShape(x.shape)}`,
    );
  }
  expectIndices(where, "labels", y, w.shape[0], `${name} ${formatShape(w.shape)}`);
  return { x, w, own: y.unsqueeze(1) };
}

/** Which of the classes is each row's own: bool [n, classes]. */
export const isOwn = (own: Tensor, classes: number): Tensor => own.eq(arange(classes));

/**
 * Cross-entropy [n] of logits [n, classes], in which `target` [n, 1] stands for that of the own class:
 * log(1 + sum over the others of e^(logit - target)), which keeps the digits of a small loss.
 */
export function crossEntropyWith(logits: Tensor, own: Tensor, target: Tensor): Tensor {
  const others = logits.maskedFill(isOwn(own, logits.shape[1]), except).logSumExp(1);
  return others.sub(target.squeeze(1)).softplus();
}

/**
 * Cross-entropy of scale cos(embedding, centre), after `penalised` has made the cosine of each row's own class harder:
 * log(1 + sum over c != y of e^(s cos_c - s p(cos_y))).
 */
export function marginSoftmax(
  where: string,
  given: Classified,
  { scale, reduction }: { scale: number; reduction: Reduction },
  penalised: (cosine: Tensor) => Tensor,
): Tensor {
  const { x, w, own } = expectCentred(where, given);
  expectPositive(where, "scale", scale);
  const cosines = cosineMatrix(x, w); // [n, classes]
  const target = penalised(cosines.gather(1, own)); // [n, 1]
  return reduce(where, crossEntropyWith(cosines.mul(scale), own, target.mul(scale)), reduction);
}

/**
 * How far the k centres of each class lie apart, [classes, k, d] -> []: the sum over pairs s < t of
 * sqrt(2 - 2 cos(w_s, w_t)), over classes k (k - 1).
 */
export function centreSpread(w: Tensor): Tensor {
  const [classes, k] = w.shape;
  const unit = w.normalize({ axis: 2 });
  const apart = unit.sub(unit.mean(1, { keepDims: true })); // short where the centres are close, so that squares keep digits
  const squares = apart.square().sum(2, { keepDims: true });
  const products = apart.matmul(apart, { transposeB: true }); // [classes, k, k]
  const distances = safeSqrt(
    squares
      .add(squares.swapAxes(1, 2))
      .sub(products.mul(2))
      .relu()
      .maskedFill(eye(k, { dtype: "bool" }), 0),
  );
  return distances.sum().div(2 * classes * Math.max(1, k * (k - 1)));
}
