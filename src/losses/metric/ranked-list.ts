import { where as select, stopGradient } from "../../autograd/elementwise.ts";
import { expectNonNegative, expectOneOf, expectPositive, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { expectFraction } from "../scalar-option.ts";
import { type BatchDistance, type BatchOptions, distanceBatch } from "./batch.ts";

export interface RankedListOptions extends BatchOptions {
  /** The distance beyond which negatives are left alone, >= 0. Default 1 + margin / 2. */
  alpha?: number;
  /** By how much nearer than alpha positives must be, >= 0. Default 0.4. */
  margin?: number;
  /** How much the nearest negatives outweigh the others, >= 0. Default 10. */
  negativeTemperature?: number;
  /** How much the farthest positives outweigh the others, >= 0. Default 0. */
  positiveTemperature?: number;
  /** The share of the negatives in the loss, in [0, 1]. Default 0.5. */
  balance?: number;
  /** "euclidean" (default), "squaredEuclidean", "cosine", "manhattan", "snr", or a function. */
  distance?: BatchDistance;
  /** L2-normalise the embeddings first. Default true. */
  normalize?: boolean;
  /** "pml" computes what pytorch-metric-learning does: gradients pass the weights, and 1e-5 is added to each. */
  preset?: "pml";
  reduction?: Reduction;
}

/**
 * Ranked list loss: (1 - balance) P + balance N for each anchor, P the weighted mean of d - (alpha - margin) over the
 * positives farther than that, N that of alpha - d over the negatives nearer than alpha. A weight is e^(T violation), a
 * constant through which no gradient passes.
 *
 * embeddings: [n, d]; labels: [n], int32. Returns [n] with reduction "none"; without violations P and N are 0. The
 * gradient is 0 at the kinks and at distance 0.
 *
 * Options: alpha, margin (0.4), negativeTemperature (10), positiveTemperature (0), balance (0.5), distance
 * ("euclidean"), normalize (true), references (null), pairs (null), preset, reduction ("mean").
 * Wang et al. 2019, "Ranked list loss for deep metric learning", CVPR, arXiv:1903.03238. Reference values: the formula;
 * pytorch-metric-learning's RankedListLoss for "pml" (which drops the negatives at distance 0, the worst there are).
 */
export function rankedList(embeddings: TensorLike, labels: TensorLike, options: RankedListOptions = {}): Tensor {
  const where = "rankedList";
  const { preset, reduction, ...settings } = resolve<Resolved>(where, options, {
    alpha: undefined,
    margin: 0.4,
    negativeTemperature: 10,
    positiveTemperature: 0,
    balance: 0.5,
    distance: "euclidean",
    normalize: true,
    references: null,
    pairs: null,
    preset: undefined,
    reduction: "mean",
  });
  const { margin, negativeTemperature, positiveTemperature, balance, alpha = 1 + margin / 2, ...batch } = settings;
  expectNonNegative(where, "margin", margin);
  expectPositive(where, "alpha", alpha);
  expectNonNegative(where, "negativeTemperature", negativeTemperature);
  expectNonNegative(where, "positiveTemperature", positiveTemperature);
  expectFraction(where, "balance", balance);
  if (preset !== undefined) expectOneOf(where, "preset", preset, ["pml"]);
  const { distances: d, isPositive, isNegative } = distanceBatch(where, embeddings, labels, batch);
  const mean = (violation: Tensor, temperature: number) => weightedMean(violation, temperature, preset === "pml");
  const pull = mean(select(isPositive, d.sub(alpha - margin), 0).relu(), positiveTemperature);
  const push = mean(select(isNegative, d.neg().add(alpha), 0).relu(), negativeTemperature);
  return reduce(where, pull.mul(1 - balance).add(push.mul(balance)), reduction);
}

type Resolved = Required<Omit<RankedListOptions, "alpha" | "preset">> & {
  alpha: number | undefined;
  preset: "pml" | undefined;
};

/**
 * The mean of the violations above 0 of each row, weighted by e^(temperature violation), which the row's largest
 * scales.
 */
function weightedMean(violations: Tensor, temperature: number, asPML: boolean): Tensor {
  const exponents = violations.mul(temperature);
  const top = stopGradient(exponents.max(1, { keepDims: true }));
  const scaled = (asPML ? exponents : stopGradient(exponents)).sub(top).exp();
  const weights = select(violations.gt(0), scaled, 0);
  const total = weights.sum(1);
  const added = asPML
    ? total.add(
        top
          .squeeze(1)
          .neg()
          .exp()
          .mul(1e-5 * violations.shape[1]),
      )
    : total;
  return weights
    .mul(violations)
    .sum(1)
    .div(select(added.gt(0), added, 1));
}
