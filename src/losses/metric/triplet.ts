import { where as select, stopGradient } from "../../autograd/elementwise.ts";
import { distanceMatrix } from "../../functional/distances.ts";
import { asIndices, expectAxes, expectSameShape, expectShape, floatTensor } from "../../tensor/checks.ts";
import { eye } from "../../tensor/creation.ts";
import { ValueError } from "../../tensor/errors.ts";
import { expectNonNegative, expectNumber, expectOneOf, resolve } from "../../tensor/options.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { reduceSparse, type SparseReduction } from "../mean-non-zero.ts";
import { type Reduction, reduce } from "../reduction.ts";

export interface TripletOptions {
  /** By how much the negative must be farther than the positive, >= 0. Default 1, and 0 with `soft`. */
  margin?: number;
  /** The p of the p-norm that measures distance, >= 1. Default 2. */
  p?: number;
  /** Compare squared Euclidean distances. Default false. */
  squared?: boolean;
  /** Take the distance from positive to negative where it is smaller than that from anchor to negative. Default false. */
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
 * anchor, positive, negative: [..., d] of one shape; one term for each row. Options: see `TripletOptions`; given options
 * override the preset's. Gradients: 0 at the hinge's kink (PyTorch: 1) and, with eps 0, at distance 0; `swap` shares
 * evenly where both distances tie. With `soft` the terms are softplus(d(a, p) - d(a, n) + margin).
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
  expectNumber(where, "p", p, ">= 1", (v) => v >= 1);
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

export interface BatchTripletOptions {
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

/** The distances [n, n] of a batch, who is a positive and who a negative of whom (bool [n, n]), and the options. */
function batchOf(where: string, embeddings: TensorLike, labels: TensorLike, settings: BatchSettings) {
  const x = floatTensor(where, "embeddings", embeddings);
  const y = asIndices(where, "labels", labels);
  expectAxes(where, "embeddings", x, ["n", "d"]);
  const n = x.shape[0];
  expectShape(where, "labels", y, [n]);
  expectNonNegative(where, "margin", settings.margin);
  const same = y.unsqueeze(1).eq(y.unsqueeze(0));
  return {
    distances: distanceMatrix(settings.normalize ? x.normalize() : x, undefined, { squared: settings.squared }),
    isPositive: same.logicalAnd(eye(n, { dtype: "bool" }).logicalNot()),
    isNegative: same.logicalNot(),
  };
}

/** Beyond every distance. Finite, also in float32 and doubled: nothing for `detectAnomaly` to find. */
const far = 1e38;

const batchDefaults = (options: { soft?: boolean }) => ({
  margin: options?.soft === true ? 0 : 1,
  squared: false,
  soft: false,
  normalize: false,
});

export interface BatchAllTripletOptions extends Omit<BatchTripletOptions, "reduction"> {
  /** Default "meanNonZero". "mean" divides by the number of valid triplets. */
  reduction?: SparseReduction;
}

/**
 * Triplet loss of all triplets of a batch: anchor and positive share a label, the negative has another.
 *
 * embeddings: [n, d]; labels: [n], int32. With reduction "none" the terms are [n, n, n] by anchor, positive and
 * negative, 0 where that is no triplet. A batch without triplets has loss 0 and gradient 0. Takes n^3 memory: for more
 * than about 256 rows use `batchHardTriplet`, or `triplet` of what `losses.miners` selects.
 *
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
  const { distances, isPositive, isNegative } = batchOf(where, embeddings, labels, settings);
  // What is no triplet is satisfied by far, which both hinges turn into 0 with gradient 0.
  const toPositive = select(isPositive, distances.add(settings.margin), -far);
  const toNegative = select(isNegative, distances, far);
  const terms = hinge(toPositive.unsqueeze(2).sub(toNegative.unsqueeze(1)), settings.soft);
  return reduceValid(where, terms, isPositive.sum(1).mul(isNegative.sum(1)), reduction);
}

/** As `reduceSparse`, where "mean" divides by the sum of `counts`, the numbers of valid terms; 0 when there are none. */
function reduceValid(where: string, terms: Tensor, counts: Tensor, reduction: SparseReduction): Tensor {
  if (reduction === "mean" && terms.size > 0) return terms.sum().div(counts.sum().maximum(1));
  return reduceSparse(where, terms, reduction);
}

/**
 * Triplet loss of the hardest positive and the hardest negative of each anchor in a batch:
 * [max_p d(a, p) - min_n d(a, n) + margin]+.
 *
 * embeddings: [n, d]; labels: [n], int32. Returns [n] with reduction "none". Ties share the gradient evenly. An anchor
 * without a positive or without a negative has no term: 0, and "mean" does not count it.
 *
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
  const { distances, isPositive, isNegative } = batchOf(where, embeddings, labels, settings);
  if (distances.size === 0) return reduce(where, distances.sum(1), settings.reduction);
  const valid = isPositive.any(1).logicalAnd(isNegative.any(1));
  // Distances are >= 0, so 0 is below every positive's; the largest is above or at every negative's.
  const hardestPositive = select(isPositive, distances, 0).max(1);
  const hardestNegative = select(isNegative, distances, far).min(1);
  const violation = hardestPositive.sub(select(valid, hardestNegative, 0)).add(settings.margin);
  return reduceValid(where, select(valid, hinge(violation, settings.soft), 0), valid, settings.reduction);
}

/**
 * Triplet loss with a semi-hard negative for each anchor and positive: the nearest negative that is farther than the
 * positive, else, when none is, the farthest negative: [d(a, p) - d(a, n) + margin]+.
 *
 * embeddings: [n, d]; labels: [n], int32. With reduction "none" the terms are [n, n] by anchor and positive, 0 where that
 * is no pair or the anchor has no negative; "mean" divides by the number of terms that are. The negative is selected
 * outside the gradient, the first of ties. Takes n^3 memory: for more than about 256 rows use `triplet` of what
 * `losses.miners.semiHard` selects.
 *
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
  const { distances, isPositive, isNegative } = batchOf(where, embeddings, labels, settings);
  if (distances.size === 0) return reduce(where, distances, settings.reduction);
  const valid = isPositive.logicalAnd(isNegative.any(1, { keepDims: true }));
  const negative = semiHardNegative(distances, isNegative);
  const violation = distances.sub(distances.gather(1, negative)).add(settings.margin);
  return reduceValid(where, select(valid, hinge(violation, settings.soft), 0), valid, settings.reduction);
}

/** For each anchor and positive, the column of the negative to use: int32 [n, n]. */
function semiHardNegative(distances: Tensor, isNegative: Tensor): Tensor {
  const d = stopGradient(distances);
  const negatives = select(isNegative, d, far);
  const candidates = negatives.unsqueeze(1); // against every positive: [n, 1, n]
  const nearest = select(candidates.gt(d.unsqueeze(2)), candidates, far).argmin(2);
  const found = negatives.gather(1, nearest);
  const farthest = select(isNegative, d, -1).argmax(1, { keepDims: true });
  return select(found.gt(d).logicalAnd(found.lt(far)), nearest, farthest);
}
