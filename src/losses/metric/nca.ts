import { where as select } from "../../autograd/elementwise.ts";
import { maskedLogSumExp } from "../../functional/masks.ts";
import { expectPositive, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import type { Reduction } from "../reduction.ts";
import { type BatchDistance, type BatchOptions, distanceBatch, reduceValid } from "./batch.ts";

export interface NCAOptions extends BatchOptions {
  /** The factor of the distances, > 0. Default 1. */
  scale?: number;
  /** "squaredEuclidean" (default), "euclidean", "cosine", "manhattan", "snr", or a function. */
  distance?: BatchDistance;
  /** L2-normalise the embeddings first. Default false, as in the paper; true in pytorch-metric-learning. */
  normalize?: boolean;
  reduction?: Reduction;
}

/**
 * Neighbourhood components analysis: -log of the probability that a row picks a neighbour of its own class, when it
 * picks another row j with probability softmax_j(-scale d_ij).
 *
 * embeddings: [n, d]; labels: [n], int32. Returns [n] with reduction "none". An anchor without a positive has no term:
 * 0, and "mean" does not count it.
 *
 * Options: scale (1), distance ("squaredEuclidean"), normalize (false), references (null), pairs (null), reduction
 * ("mean").
 * Goldberger et al. 2004, "Neighbourhood components analysis", NeurIPS. Reference values: pytorch-metric-learning's
 * NCALoss (which drops the rows whose probability underflows, those with the largest loss).
 */
export function nca(embeddings: TensorLike, labels: TensorLike, options: NCAOptions = {}): Tensor {
  const where = "nca";
  const { scale, reduction, ...batch } = resolve<Required<NCAOptions>>(where, options, {
    scale: 1,
    distance: "squaredEuclidean",
    normalize: false,
    references: null,
    pairs: null,
    reduction: "mean",
  });
  expectPositive(where, "scale", scale);
  const { distances, isPositive, isNegative } = distanceBatch(where, embeddings, labels, batch);
  const nearness = distances.mul(-scale);
  const own = maskedLogSumExp(nearness, isPositive, 1);
  const all = maskedLogSumExp(nearness, isPositive.logicalOr(isNegative), 1);
  const valid = isPositive.any(1);
  return reduceValid(where, select(valid, all.sub(own), 0), valid, reduction);
}
