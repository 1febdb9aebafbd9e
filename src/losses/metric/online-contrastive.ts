import { where as select, stopGradient } from "../../autograd/elementwise.ts";
import { cosineMatrix } from "../../functional/distances.ts";
import { maskedMean } from "../../functional/masks.ts";
import { expectAxes, expectBinary, expectSameShape, floatTensor } from "../../tensor/checks.ts";
import { eye } from "../../tensor/creation.ts";
import { expectNonNegative, expectNumber, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { reduceValid } from "./batch.ts";
import { distancesOf, type PairDistance, pairOf } from "./pair.ts";

export interface OnlineContrastiveOptions {
  /** The distance beyond which dissimilar pairs are left alone, >= 0. Default 0.5. */
  margin?: number;
  /** "cosine" (default), which is 1 - cos, "euclidean", "manhattan", or a function. */
  distance?: PairDistance;
  /** Default "sum". "mean" divides by the number of hard pairs. */
  reduction?: Reduction;
}

/** Beyond every distance, and finite. */
const far = 1e38;

/**
 * Contrastive loss of the hard pairs of a batch: d^2 for the similar pairs that are farther apart than the nearest
 * dissimilar one, [margin - d]+^2 for the dissimilar pairs that are nearer than the farthest similar one.
 *
 * x1, x2: [n, d]; labels: [n], 1 (similar) or 0. Returns [n] with reduction "none", 0 for the pairs that are not hard.
 * In a batch of one kind the hard pairs are those beyond its mean distance. The selection is outside the gradient.
 *
 * Options: margin (0.5), distance ("cosine"), reduction ("sum").
 * Reference values: sentence-transformers' OnlineContrastiveLoss.
 */
export function onlineContrastive(
  x1: TensorLike,
  x2: TensorLike,
  labels: TensorLike,
  options: OnlineContrastiveOptions = {},
): Tensor {
  const where = "onlineContrastive";
  const { margin, distance, reduction } = resolve<Required<OnlineContrastiveOptions>>(where, options, {
    margin: 0.5,
    distance: "cosine",
    reduction: "sum",
  });
  expectNonNegative(where, "margin", margin);
  const [a, b, y] = pairOf(where, x1, x2, "labels", labels);
  expectAxes(where, "x1", a, ["n", "d"]);
  expectBinary(where, "labels", y);
  const { d, dSquared } = distancesOf(where, a, b, distance);
  const [isSimilar, isDissimilar, fixed] = [y.eq(1), y.eq(0), stopGradient(d)];
  const farthest = select(isSimilar.any(), select(isSimilar, fixed, -far).max(), maskedMean(fixed, isDissimilar));
  const nearest = select(isDissimilar.any(), select(isDissimilar, fixed, far).min(), maskedMean(fixed, isSimilar));
  const pulled = isSimilar.logicalAnd(fixed.gt(nearest));
  const pushed = isDissimilar.logicalAnd(fixed.lt(farthest));
  const terms = select(pulled, dSquared, 0).add(select(pushed, d.neg().add(margin).relu().square(), 0));
  return reduceValid(where, terms, pulled.logicalOr(pushed), reduction);
}

export interface MegaBatchMarginOptions {
  /** The cosine above which positives are left alone, in [-1, 1]. Default 0.8. */
  posMargin?: number;
  /** The cosine below which the hardest negative is left alone, in [-1, 1]. Default 0.3. */
  negMargin?: number;
  reduction?: Reduction;
}

/**
 * Mega-batch margin: [posMargin - cos(a_i, p_i)]+ + [max_{j != i} cos(a_i, p_j) - negMargin]+, the negative of a row
 * being the most similar positive of another.
 *
 * anchors, positives: [n, d]. Returns [n] with reduction "none". A batch of one has no negative and lacks the second
 * half. The gradient is 0 at the kinks; negatives that tie share it evenly.
 *
 * Options: posMargin (0.8), negMargin (0.3), reduction ("mean").
 * Wieting and Gimpel 2018, "ParaNMT-50M", ACL. Reference values: sentence-transformers' MegaBatchMarginLoss.
 */
export function megaBatchMargin(
  anchors: TensorLike,
  positives: TensorLike,
  options: MegaBatchMarginOptions = {},
): Tensor {
  const where = "megaBatchMargin";
  const { posMargin, negMargin, reduction } = resolve<Required<MegaBatchMarginOptions>>(where, options, {
    posMargin: 0.8,
    negMargin: 0.3,
    reduction: "mean",
  });
  for (const [name, value] of Object.entries({ posMargin, negMargin })) {
    expectNumber(where, name, value, "in [-1, 1]", (v) => v >= -1 && v <= 1);
  }
  const [a, p] = [floatTensor(where, "anchors", anchors), floatTensor(where, "positives", positives)];
  expectAxes(where, "anchors", a, ["n", "d"]);
  expectSameShape(where, { anchors: a, positives: p });
  const cosines = cosineMatrix(a, p);
  const hardest = cosines.maskedFill(eye(a.shape[0], { dtype: "bool" }), -1).max(1);
  const pull = cosines.diagonal().neg().add(posMargin).relu();
  return reduce(where, pull.add(hardest.sub(negMargin).relu()), reduction);
}
