import { cosineMatrix } from "../../functional/distances.ts";
import { expectAxes, expectNotEmpty, floatTensor } from "../../tensor/checks.ts";
import { ValueError } from "../../tensor/errors.ts";
import { expectNonNegative, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { diagonalOf } from "./rows.ts";

// What is added to a loss over a batch of embeddings to keep them spread out, or sparse.

export interface GlobalOrthogonalOptions {
  /** The weight of the squared mean, >= 0. Default 1. */
  meanWeight?: number;
  /** The weight of the second moment beyond 1 / d, >= 0. Default 1. */
  secondMomentWeight?: number;
}

/**
 * Global orthogonal regularisation: (mean s)^2 + [mean s^2 - 1/d]+ over the cosines s of different rows: the moments
 * that points spread evenly over the sphere have.
 *
 * embeddings: [n, d]. Returns a scalar, 0 for one row. The gradient at mean s^2 = 1/d is 0.
 * Options: meanWeight (1), secondMomentWeight (1).
 * Zhang et al. 2017, arXiv:1708.06320. Reference values: sentence-transformers' GlobalOrthogonalRegularizationLoss,
 * whose two parts are added here.
 */
export function globalOrthogonal(embeddings: TensorLike, options: GlobalOrthogonalOptions = {}): Tensor {
  const where = "globalOrthogonal";
  const { meanWeight, secondMomentWeight } = resolve<Required<GlobalOrthogonalOptions>>(where, options, {
    meanWeight: 1,
    secondMomentWeight: 1,
  });
  expectNonNegative(where, "meanWeight", meanWeight);
  expectNonNegative(where, "secondMomentWeight", secondMomentWeight);
  if (meanWeight === 0 && secondMomentWeight === 0)
    throw new ValueError(where, "meanWeight and secondMomentWeight are both 0; nothing is left");
  const x = floatTensor(where, "embeddings", embeddings);
  expectAxes(where, "embeddings", x, ["n", "d"]);
  expectNotEmpty(where, "embeddings", x);
  const [n, d] = x.shape;
  const count = Math.max(1, n * (n - 1));
  const s = cosineMatrix(x).maskedFill(diagonalOf(x), 0);
  const mean = s.sum().div(count);
  const secondMoment = s.square().sum().div(count);
  return mean
    .square()
    .mul(meanWeight)
    .add(
      secondMoment
        .sub(1 / d)
        .relu()
        .mul(secondMomentWeight),
    );
}

export interface FlopsOptions {
  /** Count only rows with more elements other than 0 than this, >= 0; null counts all. Default null. */
  threshold?: number | null;
}

/**
 * FLOPS: sum over the vocabulary of (mean over the batch of |a|)^2, which is proportional to the operations that a
 * search with such sparse embeddings takes, and makes them sparse everywhere alike.
 *
 * activations: [n, vocabulary]. Returns a scalar. Rows left out by the threshold count as 0 in the mean. The gradient
 * at an activation of 0 is 0.
 * Options: threshold (null).
 * Paria et al. 2020, arXiv:2004.05665; Formal et al. 2021, arXiv:2107.05720 (SPLADE: `wrappers.splade`). Reference
 * values: sentence-transformers' FlopsLoss, which takes activations >= 0 and no absolute value.
 */
export function flops(activations: TensorLike, options: FlopsOptions = {}): Tensor {
  const where = "flops";
  const { threshold } = resolve<Required<FlopsOptions>>(where, options, { threshold: null });
  if (threshold !== null) expectNonNegative(where, "threshold", threshold);
  const a = floatTensor(where, "activations", activations);
  expectAxes(where, "activations", a, ["n", "vocabulary"]);
  expectNotEmpty(where, "activations", a);
  const isSparse = threshold === null ? null : a.ne(0).to("int32").sum(1, { keepDims: true }).le(threshold);
  const counted = isSparse === null ? a : a.maskedFill(isSparse, 0);
  return counted.abs().mean(0).square().sum();
}
