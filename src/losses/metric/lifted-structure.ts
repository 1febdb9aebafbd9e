import { logAddExp, where as select } from "../../autograd/elementwise.ts";
import { maskedLogSumExp } from "../../functional/masks.ts";
import { expectNonNegative, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import type { Reduction } from "../reduction.ts";
import { type BatchDistance, type BatchOptions, distanceBatch, reduceValid } from "./batch.ts";

export interface LiftedStructureOptions extends BatchOptions {
  /** The distance beyond which negatives are left alone, >= 0. Default 1. */
  margin?: number;
  /** The distance within which positives are left alone, >= 0. Default 0. */
  posMargin?: number;
  /** "euclidean" (default), "squaredEuclidean", "cosine", "manhattan", "snr", or a function. */
  distance?: BatchDistance;
  /** L2-normalise the embeddings first. Default false, as in the papers; true in pytorch-metric-learning. */
  normalize?: boolean;
  reduction?: Reduction;
}

const defaults: Required<LiftedStructureOptions> = {
  margin: 1,
  posMargin: 0,
  distance: "euclidean",
  normalize: false,
  references: null,
  pairs: null,
  reduction: "mean",
};

/** Where a row has no negative: below every logarithm there is, and finite. */
const noNegative = -1e30;

function liftedBatch(where: string, embeddings: TensorLike, labels: TensorLike, options: LiftedStructureOptions) {
  const { margin, posMargin, reduction, ...batch } = resolve(where, options, defaults);
  expectNonNegative(where, "margin", margin);
  expectNonNegative(where, "posMargin", posMargin);
  const { distances, isPositive, isNegative } = distanceBatch(where, embeddings, labels, batch);
  return {
    isPositive,
    isNegative,
    toPositives: distances.sub(posMargin),
    toNegatives: distances.neg().add(margin),
    ofBatch: batch.references === null,
    reduction,
  };
}

/**
 * Lifted structured loss: 1/2 [J_ij]+^2 for each positive pair, J_ij = log(sum e^(margin - d_ik) + sum e^(margin -
 * d_jl)) + d_ij - posMargin, the sums over the negatives k of i and l of j.
 *
 * embeddings: [n, d]; labels: [n], int32. Returns [n, n] with reduction "none", 0 where that is no positive pair with a
 * negative; "mean" divides by the number of ordered pairs that are. With `references` only the negatives of i count.
 * The gradient at J = 0 is 0.
 *
 * Options: margin (1), posMargin (0), distance ("euclidean"), normalize (false), references (null), pairs (null),
 * reduction ("mean").
 * Song et al. 2016, "Deep metric learning via lifted structured feature embedding", CVPR, arXiv:1511.06452. Reference
 * values: pytorch-metric-learning's LiftedStructureLoss (of unit vectors there); half of a batch's, TensorFlow Addons'.
 */
export function liftedStructure(
  embeddings: TensorLike,
  labels: TensorLike,
  options: LiftedStructureOptions = {},
): Tensor {
  const where = "liftedStructure";
  const { isPositive, isNegative, toPositives, toNegatives, ofBatch, reduction } = liftedBatch(
    where,
    embeddings,
    labels,
    options,
  );
  const negatives = maskedLogSumExp(toNegatives, isNegative, 1, { empty: noNegative, keepDims: true }); // [n, 1]
  const ofBoth = ofBatch ? logAddExp(negatives, negatives.transpose()) : negatives;
  const valid = isPositive.logicalAnd(ofBoth.gt(noNegative / 2));
  const violation = select(valid, toPositives.add(ofBoth), 0).relu();
  return reduceValid(where, violation.square().div(2), valid, reduction);
}

/**
 * Generalised lifted structured loss: [log sum_p e^(d_ap - posMargin) + log sum_n e^(margin - d_an)]+ for each anchor.
 *
 * embeddings: [n, d]; labels: [n], int32. Returns [n] with reduction "none". An anchor without a positive or without a
 * negative has no term: 0, and "mean" does not count it (in pytorch-metric-learning an empty logarithm counts as 0, and
 * the anchor in the mean). The gradient at the kink is 0.
 *
 * Options: margin (1), posMargin (0), distance ("euclidean"), normalize (false), references (null), pairs (null),
 * reduction ("mean").
 * Hermans et al. 2017, arXiv:1703.07737. Reference values: pytorch-metric-learning's GeneralizedLiftedStructureLoss.
 */
export function generalizedLiftedStructure(
  embeddings: TensorLike,
  labels: TensorLike,
  options: LiftedStructureOptions = {},
): Tensor {
  const where = "generalizedLiftedStructure";
  const { isPositive, isNegative, toPositives, toNegatives, reduction } = liftedBatch(
    where,
    embeddings,
    labels,
    options,
  );
  const valid = isPositive.any(1).logicalAnd(isNegative.any(1));
  const violation = maskedLogSumExp(toPositives, isPositive, 1).add(maskedLogSumExp(toNegatives, isNegative, 1));
  return reduceValid(where, select(valid, violation, 0).relu(), valid, reduction);
}
