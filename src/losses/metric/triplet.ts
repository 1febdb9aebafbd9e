import { where as select, stopGradient } from "../../autograd/elementwise.ts";
import { concat } from "../../autograd/movement.ts";
import { safeSqrt } from "../../functional/numerics.ts";
import { expectAxes, expectSameShape, expectShape, floatTensor } from "../../tensor/checks.ts";
import { zeros } from "../../tensor/creation.ts";
import { ValueError } from "../../tensor/errors.ts";
import { expectNonNegative, expectNumber, expectOneOf, resolve } from "../../tensor/options.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { reduceSparse, type SparseReduction } from "../mean-non-zero.ts";
import type { Reduction } from "../reduction.ts";
import { type BatchOptions, distanceBatch, reduceValid } from "./batch.ts";

export interface TripletOptions {
  /** By how much the negative must be farther than the positive, >= 0. Default 1, and 0 with `soft`. */
  margin?: number;
  /** The p of the p-norm that measures distance, >= 1 or Infinity. Default 2. */
  p?: number;
  /** Compare squared Euclidean distances. Default false. */
  squared?: boolean;
  /**
   * Take the distance from positive to negative where it is smaller than that from anchor to negative. Default false.
   */
  swap?: boolean;
  /** softplus in place of [.]+, which never stops pulling. Default false. */
  soft?: boolean;
  /** Keeps the root away from 0. Default 1e-6, and 0 with `squared`. */
  eps?: number;
  /** Where eps is added: to every "difference" (PyTorch; the default), or to the "sum" of powers (optax, MLX). */
  epsPlacement?: "difference" | "sum";
  /** L2-normalise all three first. Default false. */
  normalize?: boolean;
  /** A distance [..., d], [..., d] -> [...] in place of the p-norm. */
  distance?: (a: Tensor, b: Tensor) => Tensor;
  /** "facenet": squared, margin 0.2 (the paper's embeddings have length 1: see `normalize`). "torch": the defaults. */
  preset?: "facenet" | "torch";
  /** Default "mean". "meanNonZero" divides by the number of triplets with a loss. */
  reduction?: SparseReduction;
}

type Resolved<T> = { [K in keyof Required<T>]: T[K] | undefined };

/**
 * Triplet loss: [d(a, p) - d(a, n) + margin]+.
 *
 * anchor, positive, negative: [..., d] of one shape; one term for each row. Options: see `TripletOptions`; given
 * options override the preset's. Gradients: 0 at the hinge's kink (PyTorch: 1) and, with eps 0, at distance 0; `swap`
 * shares evenly where both distances tie. With `soft` the terms are softplus(d(a, p) - d(a, n) + margin).
 *
 * Schroff et al. 2015, arXiv:1503.03832 (facenet); Balntas et al. 2016 (swap); Hermans et al. 2017, arXiv:1703.07737
 * (soft). Reference values: torch.nn.TripletMarginLoss; pytorch-metric-learning's TripletMarginLoss.
 */
export function triplet(
  anchor: TensorLike,
  positive: TensorLike,
  negative: TensorLike,
  options: TripletOptions = {},
): Tensor {
  const where = "triplet";
  const settings = tripletSettings(where, options);
  const { margin, swap, soft, normalize, reduction } = settings;
  let [a, p, n] = [
    floatTensor(where, "anchor", anchor),
    floatTensor(where, "positive", positive),
    floatTensor(where, "negative", negative),
  ];
  if (a.ndim === 0) expectAxes(where, "anchor", a, ["n", "d"]);
  expectSameShape(where, { anchor: a, positive: p, negative: n });
  if (normalize) [a, p, n] = [a, p, n].map((x) => x.normalize({ axis: -1 }));
  const distance = (x: Tensor, y: Tensor) => tripletDistance(where, x, y, settings);
  const toNegative = swap ? distance(a, n).minimum(distance(p, n)) : distance(a, n);
  return reduceSparse(where, hinge(distance(a, p).sub(toNegative).add(margin), soft), reduction);
}

const hinge = (violation: Tensor, soft: boolean): Tensor => (soft ? violation.softplus() : violation.relu());

type TripletSettings = Required<Omit<TripletOptions, "distance" | "preset">> & Pick<TripletOptions, "distance">;

function tripletSettings(where: string, options: TripletOptions): TripletSettings {
  const open: Resolved<TripletOptions> = {
    margin: undefined,
    p: 2,
    squared: false,
    swap: false,
    soft: false,
    eps: undefined,
    epsPlacement: "difference",
    normalize: false,
    distance: undefined,
    preset: undefined,
    reduction: "mean",
  };
  const { preset } = resolve(where, options, open);
  if (preset !== undefined) expectOneOf(where, "preset", preset, ["facenet", "torch"]);
  const facenet = preset === "facenet" ? { squared: true, margin: 0.2 } : {};
  const given = resolve(where, options, { ...open, ...facenet }) as TripletSettings;
  const settings = {
    ...given,
    margin: given.margin ?? (given.soft ? 0 : 1),
    eps: given.eps ?? (given.squared ? 0 : 1e-6),
  };
  const { p, squared, epsPlacement, distance } = settings;
  expectNonNegative(where, "margin", settings.margin);
  expectNonNegative(where, "eps", settings.eps);
  expectNumber(where, "p", p, ">= 1 or Infinity", (v) => v >= 1);
  expectOneOf(where, "epsPlacement", epsPlacement, ["difference", "sum"]);
  if (squared && p !== 2) throw new ValueError(where, `squared needs p = 2, got ${p}`);
  if (p === Number.POSITIVE_INFINITY && epsPlacement === "sum")
    throw new ValueError(where, 'p = Infinity has no sum to add eps to; use epsPlacement "difference"');
  if (distance !== undefined && (typeof distance !== "function" || squared || p !== 2))
    throw new ValueError(where, "distance must be a function, and stands in place of p and squared");
  return settings;
}

function tripletDistance(where: string, x: Tensor, y: Tensor, settings: TripletSettings): Tensor {
  const { p, squared, eps, epsPlacement, distance } = settings;
  if (distance !== undefined) {
    const d = asTensor(distance(x, y));
    expectShape(where, "distance(a, b)", d, x.shape.slice(0, -1));
    return d;
  }
  const difference = eps > 0 && epsPlacement === "difference" ? x.sub(y).add(eps) : x.sub(y);
  if (eps === 0 || epsPlacement === "difference") {
    return squared ? difference.square().sum(-1) : difference.norm(-1, { p });
  }
  const powers = p === 2 ? difference.square() : difference.abs().pow(p);
  const total = powers.sum(-1).add(eps);
  return squared ? total : p === 2 ? total.sqrt() : total.pow(1 / p);
}

export interface BatchTripletOptions extends BatchOptions {
  /** By how much the negative must be farther than the positive, >= 0. Default 1, and 0 with `soft`. */
  margin?: number;
  /** Compare squared Euclidean distances. Default false. */
  squared?: boolean;
  /** softplus in place of [.]+. Default false. */
  soft?: boolean;
  /** L2-normalise the embeddings first; with `squared` the distances are then 2 - 2 cos. Default false. */
  normalize?: boolean;
  reduction?: Reduction;
}

type BatchSettings = Required<Omit<BatchTripletOptions, "reduction">>;

/** The distances [n, m] of a batch, and who is a positive and who a negative of whom. */
function tripletBatch(where: string, embeddings: TensorLike, labels: TensorLike, settings: BatchSettings) {
  const { margin, squared, soft: _, ...batch } = settings;
  expectNonNegative(where, "margin", margin);
  return distanceBatch(where, embeddings, labels, { ...batch, distance: squared ? "squaredEuclidean" : "euclidean" });
}

/** Beyond every distance. Finite, also in float32 and doubled: nothing for `detectAnomaly` to find. */
const far = 1e38;

const batchDefaults = (options: { soft?: boolean }) => ({
  margin: options?.soft === true ? 0 : 1,
  squared: false,
  soft: false,
  normalize: false,
  references: null,
  pairs: null,
});

export interface BatchAllTripletOptions extends Omit<BatchTripletOptions, "reduction"> {
  /** Default "meanNonZero". "mean" divides by the number of valid triplets. */
  reduction?: SparseReduction;
}

/**
 * Triplet loss of all triplets of a batch: anchor and positive share a label, the negative has another.
 *
 * embeddings: [n, d]; labels: [n], int32. With reduction "none" the terms are [n, n, n] by anchor, positive and
 * negative, 0 where that is no triplet. A batch without triplets has loss 0 and gradient 0. The hinges of all n^3
 * triplets are added up by sorting, in n^2 memory; with `soft`, and with reduction "none", they take n^3.
 *
 * Options: margin, squared (false), soft (false), normalize (false), references (null), pairs (null), reduction
 * ("meanNonZero").
 * Hermans et al. 2017, arXiv:1703.07737. Reference values: sentence-transformers' BatchAllTripletLoss (margin 5 there);
 * pytorch-metric-learning's TripletMarginLoss.
 */
export function batchAllTriplet(
  embeddings: TensorLike,
  labels: TensorLike,
  options: BatchAllTripletOptions = {},
): Tensor {
  const where = "batchAllTriplet";
  const { reduction, ...settings } = resolve<Required<BatchAllTripletOptions>>(where, options, {
    ...batchDefaults(options),
    reduction: "meanNonZero",
  });
  expectOneOf(where, "reduction", reduction, ["none", "mean", "sum", "meanNonZero"]);
  const { distances, isPositive, isNegative } = tripletBatch(where, embeddings, labels, settings);
  const thresholds = distances.add(settings.margin);
  const [positives, negatives] = [isPositive, isNegative].map((mask) => mask.to(distances.dtype).sum(1));
  const valid = positives.mul(negatives);
  if (settings.soft || reduction === "none") {
    // What is no triplet is satisfied by far, which both hinges turn into 0 with gradient 0.
    const toPositive = select(isPositive, thresholds, -far);
    const toNegative = select(isNegative, distances, far);
    const terms = hinge(toPositive.unsqueeze(2).sub(toNegative.unsqueeze(1)), settings.soft);
    return reduceValid(where, terms, valid, reduction);
  }
  const { total, active } = hingeSums(thresholds, isPositive, distances, isNegative);
  return reduction === "sum" ? total : total.div((reduction === "mean" ? valid : active).sum().maximum(1));
}

/**
 * The sum of [t_ap - d_an]+ over all triplets, and how many are above 0 for each anchor and positive. A threshold t
 * counts once for each negative below it, a distance once for each threshold above it: the sum is linear in both, with
 * these counts as coefficients, and as gradients. Distances are taken from the row's smallest, for the digits of the
 * difference.
 */
function hingeSums(thresholds: Tensor, isPositive: Tensor, distances: Tensor, isNegative: Tensor) {
  const { below, above } = crossings(thresholds, isPositive, distances, isNegative);
  const smallest = stopGradient(distances.min(1, { keepDims: true }));
  const ofRows = below
    .mul(thresholds.sub(smallest))
    .sub(above.mul(distances.sub(smallest)))
    .sum(1);
  return { total: ofRows.sum(), active: below };
}

/**
 * For each threshold of a row how many values of it are below, for each value how many thresholds are above, both
 * strictly; 0 for what the masks leave out. All [n, m]; constants.
 */
function crossings(thresholds: Tensor, isThreshold: Tensor, values: Tensor, isValue: Tensor) {
  const { dtype, shape } = thresholds;
  const both = concat([select(isThreshold, thresholds, -far), select(isValue, values, far)], 1);
  const order = stopGradient(both).argsort(1); // stable: of ties the thresholds come first
  const none = zeros(shape, { dtype });
  const upTo = (first: Tensor, second: Tensor) => {
    const sorted = concat([first, second], 1).gather(1, order).cumsum(1);
    return zeros(order.shape, { dtype }).scatterAdd(1, order, sorted);
  };
  const valuesUpTo = upTo(none, isValue.to(dtype)).slice([{}, { stop: shape[1] }]);
  const thresholdsUpTo = upTo(isThreshold.to(dtype), none).slice([{}, { start: shape[1] }]);
  return {
    below: select(isThreshold, valuesUpTo, 0),
    above: select(isValue, isThreshold.to(dtype).sum(1, { keepDims: true }).sub(thresholdsUpTo), 0),
  };
}

/**
 * Triplet loss of the hardest positive and the hardest negative of each anchor in a batch:
 * [max_p d(a, p) - min_n d(a, n) + margin]+.
 *
 * embeddings: [n, d]; labels: [n], int32. Returns [n] with reduction "none". Ties share the gradient evenly. An anchor
 * without a positive or without a negative has no term: 0, and "mean" does not count it.
 *
 * Options: margin, squared (false), soft (false), normalize (false), references (null), pairs (null), reduction
 * ("mean").
 * Hermans et al. 2017, arXiv:1703.07737. Reference values: sentence-transformers' BatchHardTripletLoss (margin 5 there,
 * and the distance to a missing positive counts as 0).
 */
export function batchHardTriplet(
  embeddings: TensorLike,
  labels: TensorLike,
  options: BatchTripletOptions = {},
): Tensor {
  const where = "batchHardTriplet";
  const settings = resolve<Required<BatchTripletOptions>>(where, options, {
    ...batchDefaults(options),
    reduction: "mean",
  });
  expectOneOf(where, "reduction", settings.reduction, ["none", "mean", "sum"]);
  const batch = tripletBatch(where, embeddings, labels, { ...settings, squared: true });
  const { distances: squares, isPositive, isNegative } = batch;
  const valid = isPositive.any(1).logicalAnd(isNegative.any(1));
  // Squares are >= 0, so 0 is below every positive's; the root of what is left keeps their order.
  const distance = (square: Tensor) => (settings.squared ? square : safeSqrt(square));
  const hardestPositive = distance(select(isPositive, squares, 0).max(1));
  const hardestNegative = distance(select(isNegative, squares, far).min(1));
  const violation = hardestPositive.sub(select(valid, hardestNegative, 0)).add(settings.margin);
  return reduceValid(where, select(valid, hinge(violation, settings.soft), 0), valid, settings.reduction);
}

/**
 * Triplet loss with a semi-hard negative for each anchor and positive: the nearest negative that is farther than the
 * positive, else, when none is, the farthest negative: [d(a, p) - d(a, n) + margin]+.
 *
 * embeddings: [n, d]; labels: [n], int32. With reduction "none" the terms are [n, n] by anchor and positive, 0 where
 * that is no pair or the anchor has no negative; "mean" divides by the number of terms that are. The negative is
 * selected outside the gradient, the first of ties.
 *
 * Options: margin, squared (false), soft (false), normalize (false), references (null), pairs (null), reduction
 * ("mean").
 * Schroff et al. 2015, arXiv:1503.03832 (with squared distances and margin 0.2 of unit vectors). Reference values:
 * sentence-transformers' BatchSemiHardTripletLoss (margin 5 there), which follows TensorFlow Addons.
 */
export function semiHardTriplet(embeddings: TensorLike, labels: TensorLike, options: BatchTripletOptions = {}): Tensor {
  const where = "semiHardTriplet";
  const settings = resolve<Required<BatchTripletOptions>>(where, options, {
    ...batchDefaults(options),
    reduction: "mean",
  });
  expectOneOf(where, "reduction", settings.reduction, ["none", "mean", "sum"]);
  const { distances, isPositive, isNegative } = tripletBatch(where, embeddings, labels, settings);
  const valid = isPositive.logicalAnd(isNegative.any(1, { keepDims: true }));
  const negative = semiHardNegative(distances, isPositive, isNegative);
  const violation = distances.sub(distances.gather(1, negative)).add(settings.margin);
  return reduceValid(where, select(valid, hinge(violation, settings.soft), 0), valid, settings.reduction);
}

/** For each anchor and positive, the column of the negative to use: int32 [n, m]. */
function semiHardNegative(distances: Tensor, isPositive: Tensor, isNegative: Tensor): Tensor {
  const d = stopGradient(distances);
  const farther = crossings(d, isNegative, d, isPositive).above; // how many negatives, for each positive
  const byDistance = select(isNegative, d, far).argsort(1);
  const rank = isNegative
    .to(d.dtype)
    .sum(1, { keepDims: true })
    .sub(farther)
    .minimum(d.shape[1] - 1);
  const nearestBeyond = byDistance.gather(1, rank.to("int32"));
  const farthest = select(isNegative, d, -1).argmax(1, { keepDims: true });
  return select(farther.gt(0), nearestBeyond, farthest);
}
