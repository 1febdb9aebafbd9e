import { cosineSimilarity } from "../../functional/distances.ts";
import { safeSqrt } from "../../functional/numerics.ts";
import { expectNotEmpty, expectSameShape, floatTensor } from "../../tensor/checks.ts";
import { ShapeError } from "../../tensor/errors.ts";
import { expectNumber, expectPositive, resolve } from "../../tensor/options.ts";
import { formatShape, normalizeAxis } from "../../tensor/shape.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";

// Losses that compare the direction of vectors, not their length.

export interface CosineDistanceOptions {
  /** The axis of the vectors. Default -1. */
  axis?: number;
  /** Norms below this count as this, > 0. Default 1e-8. */
  eps?: number;
  reduction?: Reduction;
}

function vectors(where: string, predictions: TensorLike, targets: TensorLike): [p: Tensor, t: Tensor] {
  const p = floatTensor(where, "predictions", predictions);
  const t = asTensor(targets, p.dtype, where, "targets");
  if (p.ndim === 0) throw new ShapeError(where, "predictions must be vectors, got a number");
  expectSameShape(where, { predictions: p, targets: t });
  return [p, t];
}

/**
 * The cosine distance 1 - cos(prediction, target), in [0, 2].
 *
 * predictions, targets: the same shape; "none" gives it without the axis. A zero vector is at distance 1 from
 * everything.
 * Options: axis (-1), eps (1e-8), reduction ("mean"). Reference values: 1 - torch.nn.functional.cosine_similarity,
 * optax.losses.cosine_distance; keras.losses.CosineSimilarity is -cos, this minus 1.
 */
export function cosineDistance(
  predictions: TensorLike,
  targets: TensorLike,
  options: CosineDistanceOptions = {},
): Tensor {
  const where = "cosineDistance";
  const { axis, eps, reduction } = resolve<Required<CosineDistanceOptions>>(where, options, {
    axis: -1,
    eps: 1e-8,
    reduction: "mean",
  });
  expectPositive(where, "eps", eps);
  expectNumber(where, "axis", axis, "that is whole", Number.isInteger);
  const [p, t] = vectors(where, predictions, targets);
  const at = normalizeAxis(where, axis, p.ndim);
  return reduce(where, cosineSimilarity(p, t, { axis: at, eps }).neg().add(1), reduction);
}

export interface CorrelationOptions {
  reduction?: Reduction;
}

/**
 * 1 - Pearson's correlation of prediction and target along the last axis, in [0, 2]: indifferent to scale and offset.
 *
 * predictions, targets [..., n], n at least 2; "none" gives [...]. A constant row has correlation 0 with everything,
 * and gradient 0. Options: reduction ("mean"). Pearson 1895. Reference values: 1 - scipy.stats.pearsonr.
 */
export function correlation(predictions: TensorLike, targets: TensorLike, options: CorrelationOptions = {}): Tensor {
  const where = "correlation";
  const { reduction } = resolve<Required<CorrelationOptions>>(where, options, { reduction: "mean" });
  const [p, t] = vectors(where, predictions, targets);
  if (p.shape.at(-1)! < 2) {
    throw new ShapeError(where, `predictions ${formatShape(p.shape)} need at least 2 entries on their last axis`);
  }
  expectNotEmpty(where, "predictions", p);
  const centred = (x: Tensor) => x.sub(x.mean(-1, { keepDims: true }));
  const [a, b] = [centred(p), centred(t)];
  const norms = safeSqrt(a.square().sum(-1)).mul(safeSqrt(b.square().sum(-1)));
  const flat = norms.eq(0);
  const cosine = a.mul(b).sum(-1).div(norms.maskedFill(flat, 1)).maskedFill(flat, 0);
  return reduce(where, cosine.neg().add(1), reduction);
}
