import { where as select, stopGradient } from "../../autograd/elementwise.ts";
import { noGrad } from "../../autograd/primitive.ts";
import { Module } from "../../nn/module.ts";
import { expectNonNegativeElements, expectShape } from "../../tensor/checks.ts";
import { zeros } from "../../tensor/creation.ts";
import { expectInteger, expectNumber, expectOptions, resolve } from "../../tensor/options.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import type { Reduction } from "../reduction.ts";
import { type BatchOptions, distanceBatch, reduceValid } from "./batch.ts";
import { softHistogram } from "./soft-histogram.ts";

export interface DynamicSoftMarginOptions extends BatchOptions {
  /** The number of bins of the histogram between -2 and 2, >= 1. Default 10. */
  bins?: number;
  /**
   * The histogram that gives the weights, [bins + 1], >= 0; what it sums to does not matter. Default that of the batch.
   */
  histogram?: TensorLike | null;
  reduction?: Reduction;
}

/**
 * Dynamic soft margin: F(d_p - d_n) (d_p - d_n) for each positive pair, d_n the distance to the nearest negative of
 * either of the two, F the cumulative distribution of these differences: hard triplets weigh most, and no margin is to
 * be set.
 *
 * embeddings: [n, d], normalised here; labels: [n], int32. Returns [n, n] with reduction "none", 0 where that is no
 * positive pair or neither has a negative; "mean" divides by the number of pairs. Views of the same n things are
 * `references` with labels 0 .. n - 1, as in the paper. F is a constant, that of the node below; the class
 * `DynamicSoftMargin` keeps a running one. Negatives that tie share the gradient evenly.
 *
 * Options: bins (10), histogram (null), references (null), pairs (null), reduction ("mean").
 * Zhang and Rusinkiewicz 2019, "Learning local descriptors with a CDF-based dynamic soft margin", ICCV. Reference
 * values: pytorch-metric-learning's DynamicSoftMarginLoss without labels.
 */
export function dynamicSoftMargin(
  embeddings: TensorLike,
  labels: TensorLike,
  options: DynamicSoftMarginOptions = {},
): Tensor {
  const where = "dynamicSoftMargin";
  const { bins, histogram, reduction, ...batch } = resolve<Required<DynamicSoftMarginOptions>>(where, options, {
    bins: 10,
    histogram: null,
    references: null,
    pairs: null,
    reduction: "mean",
  });
  expectInteger(where, "bins", bins);
  const given = histogram === null ? null : asTensor(histogram, undefined, where, "histogram");
  if (given !== null) {
    expectShape(where, "histogram", given, [bins + 1]);
    expectNonNegativeElements(where, "histogram", given);
  }
  const { differences, valid } = differencesOf(where, embeddings, labels, batch);
  const counts = (given ?? histogramOf(differences, valid, bins)).to(differences.dtype);
  const total = counts.sum();
  const distribution = counts.cumsum(0).div(select(total.eq(0), 1, total));
  const below = stopGradient(differences)
    .add(2)
    .mul(bins / 4)
    .floor()
    .clamp(0, bins)
    .to("int32");
  const weights = stopGradient(distribution)
    .indexSelect(0, below.reshape([-1]))
    .reshape(below.shape);
  return reduceValid(where, select(valid, weights.mul(differences), 0), valid, reduction);
}

/** d_p - d_n of each positive pair, in [-2, 2], and which pairs these are: [n, m]. */
function differencesOf(where: string, embeddings: TensorLike, labels: TensorLike, batch: BatchOptions) {
  const { distances, isPositive, isNegative } = distanceBatch(where, embeddings, labels, {
    ...batch,
    distance: "euclidean",
    normalize: true,
  });
  const negatives = select(isNegative, distances, far);
  const nearest = negatives.min(1, { keepDims: true }).minimum(negatives.min(0, { keepDims: true }));
  const valid = isPositive.logicalAnd(nearest.lt(far));
  return { differences: select(valid, distances.sub(nearest), 0), valid };
}

/** Beyond every distance of unit vectors. */
const far = 10;

/** How many pairs lie about each of the nodes -2 .. 2: [bins + 1]. */
function histogramOf(differences: Tensor, valid: Tensor, bins: number): Tensor {
  const [counts] = softHistogram(stopGradient(differences), [valid.to(differences.dtype)], {
    low: -2,
    step: 4 / bins,
    bins,
  });
  return counts.sum(0);
}

/**
 * `dynamicSoftMargin` with a running histogram: every call moves it towards the batch's by `momentum`, in training
 * mode, and weighs by the result. Options: those of the function without `histogram`, and `momentum`, in (0, 1],
 * default 0.01.
 */
export class DynamicSoftMargin extends Module {
  /** [bins + 1], sums to 1; all 0 before the first batch with a triplet. */
  histogram: Tensor;
  readonly #momentum: number;
  readonly #options: Omit<DynamicSoftMarginOptions, "histogram">;

  constructor(given: Omit<DynamicSoftMarginOptions, "histogram"> & { momentum?: number } = {}) {
    super();
    const defaults = { momentum: 0.01 };
    expectOptions("DynamicSoftMargin", given, defaults);
    const { momentum = defaults.momentum, ...options } = given;
    expectNumber("DynamicSoftMargin", "momentum", momentum, "in (0, 1]", (v) => v > 0 && v <= 1);
    noGrad(() => dynamicSoftMargin(zeros([1, 1]), [0], options)); // checks the options now
    this.#momentum = momentum;
    this.#options = options;
    this.histogram = zeros([(options.bins ?? 10) + 1]);
  }

  /** embeddings: [n, d]; labels: [n], int32. `more` goes on top of the options: references, pairs. */
  forward(embeddings: TensorLike, labels: TensorLike, more: BatchOptions = {}): Tensor {
    const options = { ...this.#options, ...more };
    if (this.training) noGrad(() => this.update(embeddings, labels, options));
    return dynamicSoftMargin(embeddings, labels, { ...options, histogram: this.histogram });
  }

  private update(
    embeddings: TensorLike,
    labels: TensorLike,
    { references, pairs, bins = 10 }: DynamicSoftMarginOptions,
  ) {
    const { differences, valid } = differencesOf("DynamicSoftMargin", embeddings, labels, { references, pairs });
    const counts = histogramOf(differences, valid, bins).to("float32");
    const total = counts.sum();
    const first = this.histogram.sum().eq(0);
    const share = select(total.eq(0), 0, select(first, 1, this.#momentum));
    const batch = counts.div(total.maximum(1));
    this.histogram.assign(this.histogram.mul(share.neg().add(1)).add(batch.mul(share)));
  }
}
