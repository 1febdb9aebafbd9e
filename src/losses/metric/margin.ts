import { where as select } from "../../autograd/elementwise.ts";
import { expectIndices, expectPositiveElements } from "../../tensor/checks.ts";
import { ShapeError } from "../../tensor/errors.ts";
import { expectNonNegative, expectOneOf, expectPositive, resolve } from "../../tensor/options.ts";
import { formatShape } from "../../tensor/shape.ts";
import { Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { type BatchDistance, type BatchOptions, distanceBatch } from "./batch.ts";

export interface MarginOptions extends BatchOptions {
  /** By how much positives must be nearer, and negatives farther, than beta, >= 0. Default 0.2. */
  margin?: number;
  /**
   * The distance that parts positives from negatives: a number > 0, or a tensor, one or one for each class. Default
   * 1.2.
   */
  beta?: number | Tensor;
  /** The factor nu that keeps beta small, >= 0. Default 0. */
  nu?: number;
  /** What counts once: a "pair" (default), or a "triplet", so that a pair counts as often as it is in one. */
  per?: "pair" | "triplet";
  /** "euclidean" (default), "squaredEuclidean", "cosine", "manhattan", "snr", or a function. */
  distance?: BatchDistance;
  /** L2-normalise the embeddings first. Default true. */
  normalize?: boolean;
  /** Default "mean", which divides by the number of pairs with a loss. */
  reduction?: Reduction;
}

/**
 * Margin loss: [d_p - beta + margin]+ for positive pairs and [beta - d_n + margin]+ for negative ones, with the beta of
 * the anchor's class.
 *
 * embeddings: [n, d]; labels: [n], int32, indices into beta where that is one for each class. Returns [n] with
 * reduction "none", the sum over the pairs of an anchor; "mean" divides the total by the number of pairs with a loss,
 * or by 1. `nu` adds nu beta for each anchor that has a positive and a negative. The gradient at the kinks is 0. The
 * Module `Margin` learns beta. The paper draws the negatives: see `losses.miners.distanceWeighted` and the option
 * `pairs`.
 *
 * Options: margin (0.2), beta (1.2), nu (0), per ("pair"), distance ("euclidean"), normalize (true), references
 * (null), pairs (null), reduction ("mean").
 * Wu et al. 2017, "Sampling matters in deep embedding learning", ICCV, arXiv:1706.07567. Reference values:
 * pytorch-metric-learning's MarginLoss, which is per: "triplet" (a single learned beta is regularised once there).
 */
export function margin(embeddings: TensorLike, labels: TensorLike, options: MarginOptions = {}): Tensor {
  const where = "margin";
  const settings = resolve<Required<MarginOptions>>(where, options, {
    margin: 0.2,
    beta: 1.2,
    nu: 0,
    per: "pair",
    distance: "euclidean",
    normalize: true,
    references: null,
    pairs: null,
    reduction: "mean",
  });
  const { margin, beta, nu, per, reduction, ...batch } = settings;
  expectNonNegative(where, "margin", margin);
  expectNonNegative(where, "nu", nu);
  expectOneOf(where, "per", per, ["pair", "triplet"]);
  expectOneOf(where, "reduction", reduction, ["none", "mean", "sum"]);
  if (!(beta instanceof Tensor)) expectPositive(where, "beta", beta);
  else if (beta.ndim > 1)
    throw new ShapeError(where, `beta must be a number or [classes], got ${formatShape(beta.shape)}`);
  else expectPositiveElements(where, "beta", beta);
  const { x, labels: y, distances, isPositive, isNegative } = distanceBatch(where, embeddings, labels, batch);
  const boundary = boundaryOf(where, beta, y); // [n, 1], [1] or a number
  const [positives, negatives] = [isPositive, isNegative].map((mask) => mask.to(x.dtype).sum(1, { keepDims: true }));
  const [ofPositive, ofNegative] = per === "pair" ? [1, 1] : [negatives, positives]; // how often a pair counts
  const pull = select(isPositive, distances.sub(boundary).add(margin).relu(), 0);
  const push = select(isNegative, distances.neg().add(boundary).add(margin).relu(), 0);
  const anchors = per === "pair" ? positives.mul(negatives).gt(0).to(x.dtype) : positives.mul(negatives);
  const terms = pull.mul(ofPositive).add(push.mul(ofNegative)).sum(1).add(anchors.mul(boundary).mul(nu).sum(1));
  if (reduction !== "mean") return reduce(where, terms, reduction);
  const active = pull.gt(0).to(x.dtype).mul(ofPositive).add(push.gt(0).to(x.dtype).mul(ofNegative)).sum();
  return terms.sum().div(active.maximum(1));
}

/** beta for each anchor. */
function boundaryOf(where: string, beta: number | Tensor, labels: Tensor): number | Tensor {
  if (!(beta instanceof Tensor) || beta.size === 1) return beta instanceof Tensor ? beta.reshape([1]) : beta;
  expectIndices(where, "labels", labels, beta.size, `beta ${formatShape(beta.shape)}`);
  return beta.indexSelect(0, labels).unsqueeze(1);
}
