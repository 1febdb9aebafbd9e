import { expectAxes, expectSameShape, floatTensor } from "../../tensor/checks.ts";
import { expectNonNegative, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { reduceSparse, type SparseReduction } from "../mean-non-zero.ts";
import { distancesOf, type PairDistance } from "./pair.ts";

export interface QuadrupletOptions {
  /** By how much the first negative must be farther from the anchor than the positive, >= 0. Default 1. */
  margin?: number;
  /** By how much the negatives must be farther from each other than anchor and positive, >= 0. Default 0.5. */
  negativesMargin?: number;
  /** Compare squared distances, as the paper does. Default true. */
  squared?: boolean;
  /** "euclidean" (default), "cosine", "manhattan", or a function. */
  distance?: PairDistance;
  /** Default "mean". "meanNonZero" divides by the number of quadruplets with a loss. */
  reduction?: SparseReduction;
}

/**
 * Quadruplet loss: [d(a, p) - d(a, n1) + margin]+ + [d(a, p) - d(n1, n2) + negativesMargin]+, d squared.
 *
 * anchor, positive, negative1, negative2: [..., d] of one shape, of which only anchor and positive are of one class;
 * one term for each row. The gradient is 0 at the kinks, and at distance 0.
 *
 * Options: margin (1), negativesMargin (0.5), squared (true), distance ("euclidean"), reduction ("mean").
 * Chen et al. 2017, "Beyond triplet loss: a deep quadruplet network for person re-identification", CVPR,
 * arXiv:1704.01719. The paper sets the margins by the mean distances of a batch. Reference values: the formula with
 * loops.
 */
export function quadruplet(
  anchor: TensorLike,
  positive: TensorLike,
  negative1: TensorLike,
  negative2: TensorLike,
  options: QuadrupletOptions = {},
): Tensor {
  const where = "quadruplet";
  const { margin, negativesMargin, squared, distance, reduction } = resolve<Required<QuadrupletOptions>>(
    where,
    options,
    { margin: 1, negativesMargin: 0.5, squared: true, distance: "euclidean", reduction: "mean" },
  );
  expectNonNegative(where, "margin", margin);
  expectNonNegative(where, "negativesMargin", negativesMargin);
  const [a, p, n1, n2] = Object.entries({ anchor, positive, negative1, negative2 }).map(([name, x]) =>
    floatTensor(where, name, x),
  );
  if (a.ndim === 0) expectAxes(where, "anchor", a, ["n", "d"]);
  expectSameShape(where, { anchor: a, positive: p, negative1: n1, negative2: n2 });
  const between = (x: Tensor, y: Tensor) => distancesOf(where, x, y, distance)[squared ? "dSquared" : "d"];
  const near = between(a, p);
  const first = near.sub(between(a, n1)).add(margin).relu();
  const second = near.sub(between(n1, n2)).add(negativesMargin).relu();
  return reduceSparse(where, first.add(second), reduction);
}
