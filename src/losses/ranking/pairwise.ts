import { where as select } from "../../autograd/elementwise.ts";
import { expectNonNegative, expectNumber, expectOneOf, expectPositive } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import type { Reduction } from "../reduction.ts";
import {
  bothReal,
  differences,
  isPreferred,
  isSelf,
  type ListOptions,
  type Lists,
  listsOf,
  reduceCounted,
  resolvePreset,
} from "./lists.ts";

// Losses of the differences s_i - s_j of the scores of two items of a list. In all but `pairwiseMSE` the pairs are
// those whose first item is the more relevant. "none" gives [lists, items, items], 0 where there is no pair.

export interface PairOptions extends ListOptions {
  /**
   * Start from what a library computes; the other options go on top: "rax", or "tfRanking" (its Keras losses, whose
   * mean is over items). Default null.
   */
  preset?: "rax" | "tfRanking" | null;
  /** What "mean" divides by: the number of "pairs" (default), or of "items", padding included. */
  average?: "pairs" | "items";
}

/** The defaults of `PairOptions`. */
const plain = {
  preset: null,
  mask: null as TensorLike | null,
  average: "pairs" as "pairs" | "items",
  reduction: "mean" as Reduction,
};

const averages = { rax: { average: "pairs" }, tfRanking: { average: "items" } } as const;

export const expectPairAverage = (where: string, average: "pairs" | "items"): void =>
  expectOneOf(where, "average", average, ["pairs", "items"]);

/** The terms of the pairs, and 0 elsewhere, as the caller wants them. */
export function reducePairs(
  where: string,
  terms: Tensor,
  isPair: Tensor,
  { s, single }: Lists,
  { average, reduction }: { average: "pairs" | "items"; reduction: Reduction },
): Tensor {
  const kept = select(isPair, terms, 0);
  if (reduction === "mean" && average === "items") return kept.sum().div(s.size);
  return reduceCounted(where, kept, isPair, single, reduction);
}

/** How much a pair counts: 1, the difference of its relevances, or that of their squares. */
export type PairWeighting = "none" | "difference" | "squares";

export interface WeightedPairOptions extends PairOptions {
  /** The factor on a pair: "none" (default), the "difference" y_i - y_j, or that of the "squares" y_i^2 - y_j^2. */
  weighting?: PairWeighting;
}

/** The reduction of terms that depend on the differences of scores alone. */
function ofDifferences(
  where: string,
  scores: TensorLike,
  relevance: TensorLike,
  options: Omit<Required<WeightedPairOptions>, "preset">,
  term: (lead: Tensor) => Tensor,
): Tensor {
  const { weighting, mask, average } = options;
  expectOneOf(where, "weighting", weighting, ["none", "difference", "squares"]);
  expectPairAverage(where, average);
  const lists = listsOf(where, scores, relevance, mask);
  const terms = term(differences(lists.s));
  const weighted = {
    none: () => terms,
    difference: () => terms.mul(differences(lists.y)),
    squares: () => terms.mul(differences(lists.y.square())),
  }[weighting]();
  return reducePairs(where, weighted, isPreferred(lists), lists, options);
}

export interface PairwiseHingeOptions extends WeightedPairOptions {
  /** By how much the more relevant item must lead, >= 0. Default 1. */
  margin?: number;
}

/**
 * Pairwise hinge, of ranking SVMs: [margin - (s_i - s_j)]+ for every two items with y_i > y_j.
 *
 * scores, relevance: [lists, items] or [items]; relevance >= 0, -1 is padding. "none" gives [lists, items, items];
 * "mean" is over pairs, 0 when there are none. The gradient at the kink is 0.
 * Options: margin (1), weighting ("none"), preset (null), mask (null), average ("pairs"), reduction ("mean").
 * Joachims 2002, "Optimizing search engines using clickthrough data". Reference values: rax.pairwise_hinge_loss.
 */
export function pairwiseHinge(scores: TensorLike, relevance: TensorLike, options: PairwiseHingeOptions = {}): Tensor {
  const where = "pairwiseHinge";
  const defaults: Required<PairwiseHingeOptions> = { margin: 1, weighting: "none", ...plain };
  const settings = resolvePreset(where, options, defaults, averages);
  expectNonNegative(where, "margin", settings.margin);
  return ofDifferences(where, scores, relevance, settings, (lead) => lead.neg().add(settings.margin).relu());
}

export interface PairwiseLogisticOptions extends Omit<WeightedPairOptions, "preset"> {
  /** The factor on the difference of the scores, > 0. Default 1. */
  sigma?: number;
  /** The base of the logarithm: "natural" (default), or "binary". */
  logarithm?: "natural" | "binary";
  /**
   * As in the other pairwise losses, and "allRank" (natural logarithm), "sentenceTransformers" (binary). Default null.
   */
  preset?: "rax" | "tfRanking" | "allRank" | "sentenceTransformers" | null;
}

/**
 * Pairwise logistic loss, RankNet: log(1 + e^(-sigma (s_i - s_j))) for every two items with y_i > y_j.
 *
 * scores, relevance: [lists, items] or [items]; relevance >= 0, -1 is padding. "none" gives [lists, items, items];
 * "mean" is over pairs, 0 when there are none. One pair is `bradleyTerry`.
 * Options: sigma (1), logarithm ("natural"), weighting ("none"), preset (null), mask (null), average ("pairs"),
 * reduction ("mean"). weighting "difference" and "squares" are allRank's rankNet_weightByGTDiff and _pow.
 * Burges et al. 2005, "Learning to rank using gradient descent". Reference values: rax.pairwise_logistic_loss,
 * allRank's rankNet, sentence-transformers' RankNetLoss.
 */
export function pairwiseLogistic(
  scores: TensorLike,
  relevance: TensorLike,
  options: PairwiseLogisticOptions = {},
): Tensor {
  const where = "pairwiseLogistic";
  const defaults = { sigma: 1, logarithm: "natural", weighting: "none", ...plain } as Required<PairwiseLogisticOptions>;
  const settings = resolvePreset(where, options, defaults, {
    ...averages,
    allRank: {},
    sentenceTransformers: { logarithm: "binary" },
  });
  const { sigma, logarithm } = settings;
  expectPositive(where, "sigma", sigma);
  expectOneOf(where, "logarithm", logarithm, ["natural", "binary"]);
  const unit = logarithm === "binary" ? 1 / Math.LN2 : 1;
  return ofDifferences(where, scores, relevance, settings, (lead) => lead.mul(-sigma).softplus().mul(unit));
}

/** `pairwiseLogistic` by the name of its paper. */
export const rankNet = pairwiseLogistic;

/**
 * Pairwise soft zero-one loss: sigmoid(-(s_i - s_j)) for every two items with y_i > y_j, a smooth count of the pairs in
 * the wrong order. Its gradient vanishes for pairs that are wrong by far.
 *
 * scores, relevance: [lists, items] or [items]; relevance >= 0, -1 is padding. "none" gives [lists, items, items];
 * "mean" is over pairs, 0 when there are none.
 * Options: weighting ("none"), preset (null), mask (null), average ("pairs"), reduction ("mean").
 * Reference values: rax.pairwise_soft_zero_one_loss.
 */
export function pairwiseSoftZeroOne(
  scores: TensorLike,
  relevance: TensorLike,
  options: WeightedPairOptions = {},
): Tensor {
  const where = "pairwiseSoftZeroOne";
  const defaults: Required<WeightedPairOptions> = { weighting: "none", ...plain };
  const settings = resolvePreset(where, options, defaults, averages);
  return ofDifferences(where, scores, relevance, settings, (lead) => lead.neg().sigmoid());
}

export interface PairwiseMSEOptions extends PairOptions {
  /** Whether an item's pair with itself, whose loss is 0, counts in the mean, as in rax. Default false. */
  selfPairs?: boolean;
}

/**
 * Pairwise mean squared error: ((s_i - s_j) - (y_i - y_j))^2 for all ordered pairs of items, those of equal relevance
 * too.
 *
 * scores, relevance: [lists, items] or [items]; relevance >= 0, -1 is padding. A constant added to the relevance of a
 * list changes nothing, so a teacher's scores may be shifted to be >= 0. "none" gives [lists, items, items]; "mean" is
 * over the pairs of real items.
 * Options: selfPairs (false), preset (null), mask (null), average ("pairs"), reduction ("mean").
 * Reference values: rax.pairwise_mse_loss, TensorFlow Ranking's PairwiseMSELoss.
 */
export function pairwiseMSE(scores: TensorLike, relevance: TensorLike, options: PairwiseMSEOptions = {}): Tensor {
  const where = "pairwiseMSE";
  const defaults: Required<PairwiseMSEOptions> = { selfPairs: false, ...plain };
  const settings = resolvePreset(where, options, defaults, { ...averages, rax: { selfPairs: true } });
  expectPairAverage(where, settings.average);
  const lists = listsOf(where, scores, relevance, settings.mask);
  const isPair = settings.selfPairs ? bothReal(lists) : bothReal(lists).logicalAnd(isSelf(lists).logicalNot());
  return reducePairs(where, differences(lists.s.sub(lists.y)).square(), isPair, lists, settings);
}

export interface PairwiseQuantileOptions extends PairOptions {
  /** How much a lead that is too small costs; one that is too large costs 1 - quantile. In (0, 1]. Default 0.5. */
  quantile?: number;
  /** Square what is too small or too large. Default false. */
  squared?: boolean;
}

/**
 * Pairwise quantile regression: quantile [r]+ + (1 - quantile) [-r]+ for every two items with y_i > y_j, where
 * r = (y_i - y_j) - (s_i - s_j) is by how much the lead of item i is too small.
 *
 * scores, relevance: [lists, items] or [items]; relevance >= 0, -1 is padding. A constant added to the relevance of a
 * list changes nothing. "none" gives [lists, items, items]; "mean" is over pairs, 0 when there are none. The gradient
 * at r = 0 is 0.
 * Options: quantile (0.5), squared (false), preset (null), mask (null), average ("pairs"), reduction ("mean").
 * Koenker and Bassett 1978, "Regression quantiles", of differences. Reference values: rax.pairwise_qr_loss.
 */
export function pairwiseQuantile(
  scores: TensorLike,
  relevance: TensorLike,
  options: PairwiseQuantileOptions = {},
): Tensor {
  const where = "pairwiseQuantile";
  const defaults: Required<PairwiseQuantileOptions> = { quantile: 0.5, squared: false, ...plain };
  const settings = resolvePreset(where, options, defaults, { rax: averages.rax });
  const { quantile, squared } = settings;
  expectNumber(where, "quantile", quantile, "in (0, 1]", (v) => v > 0 && v <= 1);
  expectPairAverage(where, settings.average);
  const lists = listsOf(where, scores, relevance, settings.mask);
  const short = differences(lists.y.sub(lists.s));
  const cost = (excess: Tensor) => (squared ? excess.relu().square() : excess.relu());
  const terms = cost(short)
    .mul(quantile)
    .add(cost(short.neg()).mul(1 - quantile));
  return reducePairs(where, terms, isPreferred(lists), lists, settings);
}
