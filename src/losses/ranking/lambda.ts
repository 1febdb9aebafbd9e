import { stopGradient } from "../../autograd/elementwise.ts";
import { onesLike } from "../../tensor/creation.ts";
import { expectNonNegative, expectOneOf, expectPositive } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import {
  bothReal,
  differences,
  discount,
  expectCutoff,
  expectGain,
  type Gain,
  gains,
  isPreferred,
  type ListOptions,
  type Lists,
  listsOf,
  normalizedGains,
  ranks,
  resolvePreset,
} from "./lists.ts";
import { expectPairAverage, reducePairs } from "./pairwise.ts";

// Pairwise logistic losses whose weights come from the ranks that the scores give. Ranks and weights are constants to
// the gradient. "none" gives [lists, items, items].

/** What weighs a pair of items i, j at ranks r_i, r_j with gains G and discounts D(r) = 1 / log2(1 + r). */
export type LambdaScheme =
  | "ndcgLoss1"
  | "ndcgLoss2"
  | "ndcgLoss2PP"
  | "lambdaRank"
  | "rankNet"
  | "rankNetByDifference"
  | "rankNetBySquares";

const schemes: readonly LambdaScheme[] = [
  "ndcgLoss1",
  "ndcgLoss2",
  "ndcgLoss2PP",
  "lambdaRank",
  "rankNet",
  "rankNetByDifference",
  "rankNetBySquares",
];

export interface LambdaOptions extends ListOptions {
  /**
   * The weight of a pair. "ndcgLoss2PP" (default): mu times that of ndcgLoss2 plus that of lambdaRank; "ndcgLoss2":
   * |G_i - G_j| (D(|r_i - r_j|) - D(|r_i - r_j| + 1)); "lambdaRank": |G_i - G_j| |D(r_i) - D(r_j)|; "ndcgLoss1": G_i
   * D(r_i), over all pairs, each item with itself included; "rankNet": 1; "rankNetByDifference": y_i - y_j;
   * "rankNetBySquares": y_i^2 - y_j^2.
   */
  scheme?: LambdaScheme;
  /** The rank up to which pairs count, and of the ideal DCG. Default null: all. */
  k?: number | null;
  /** Whether "either" item of a pair (default) or "both" must be among the first k. */
  cutoff?: "either" | "both";
  /** The factor on ndcgLoss2 in "ndcgLoss2PP", >= 0. Default 10. */
  mu?: number;
  /** The factor on the difference of the scores, > 0. Default 1. */
  sigma?: number;
  /** The base of the logarithm of the loss: "binary" (default), or "natural". */
  logarithm?: "binary" | "natural";
  /** How relevance becomes gain: "exponential" 2^y - 1 (default), or "linear" y. */
  gain?: Gain;
  /**
   * Divide the gains by the largest DCG that the list can have. Default true; false lets 2^y overflow float32 from y =
   * 128.
   */
  normalize?: boolean;
  /** Multiply the weights by the number of items, padding included. Default false. */
  scaleByItems?: boolean;
  /**
   * Start from what a library computes; the other options go on top: "allRank" (its sum, both items among the first k),
   * "sentenceTransformers" (the defaults), "rax" (dcg2_lambdaweight), "tfRanking" (NDCGLambdaWeight). Default null.
   */
  preset?: "allRank" | "sentenceTransformers" | "rax" | "tfRanking" | null;
  /** What "mean" divides by: the number of "pairs" (default), or of "items", padding included. */
  average?: "pairs" | "items";
}

/** The weight [lists, items, items] of each pair that the scheme gives, a constant. */
function pairWeights(lists: Lists, rank: Tensor, settings: Required<LambdaOptions>): Tensor {
  const { scheme, gain, normalize, k, mu, scaleByItems } = settings;
  const gained = normalize ? normalizedGains(lists, gain, k) : gains(lists, gain);
  const byScheme: Record<LambdaScheme, () => Tensor> = {
    ndcgLoss1: () => gained.mul(discount(rank)).unsqueeze(2),
    ndcgLoss2: () => differences(gained).abs().mul(byDistance(rank)),
    lambdaRank: () =>
      differences(gained)
        .abs()
        .mul(differences(discount(rank)).abs()),
    ndcgLoss2PP: () => byScheme.ndcgLoss2().mul(mu).add(byScheme.lambdaRank()),
    rankNet: () => onesLike(rank).unsqueeze(2),
    rankNetByDifference: () => differences(lists.y),
    rankNetBySquares: () => differences(lists.y.square()),
  };
  const weights = byScheme[scheme]();
  return stopGradient(scaleByItems ? weights.mul(lists.s.shape[1]) : weights);
}

/** D(d) - D(d + 1) for the distance d of two ranks, 0 for d = 0. */
function byDistance(rank: Tensor): Tensor {
  const distance = differences(rank).abs();
  const least = distance.maximum(1);
  return discount(least)
    .sub(discount(least.add(1)))
    .maskedFill(distance.eq(0), 0);
}

/** Whether either item of a pair, or both, is among the first k. */
function isAmong(rank: Tensor, k: number, cutoff: "either" | "both"): Tensor {
  const [first, second] = [rank.le(k).unsqueeze(2), rank.le(k).unsqueeze(1)];
  return cutoff === "both" ? first.logicalAnd(second) : first.logicalOr(second);
}

/**
 * LambdaLoss: sum of w_ij log2(1 + e^(-sigma (s_i - s_j))) over pairs with y_i > y_j. The weights w_ij, which make it a
 * bound on NDCG or its classical heuristics, come from the ranks and are constants to the gradient.
 *
 * scores, relevance: [lists, items] or [items]; relevance >= 0, -1 is padding. "none" gives [lists, items, items];
 * "mean" is over pairs, 0 when there are none. Items of equal score are ranked as they come.
 * Options: scheme ("ndcgLoss2PP"), k (null), cutoff ("either"), mu (10), sigma (1), logarithm ("binary"), gain
 * ("exponential"), normalize (true), scaleByItems (false), preset (null), mask (null), average ("pairs"), reduction
 * ("mean"; preset "allRank": "sum").
 * Wang et al. 2018, "The LambdaLoss framework for ranking metric optimization"; Burges et al. 2006, "Learning to rank
 * with nonsmooth cost functions" (LambdaRank). Reference values: sentence-transformers' LambdaLoss; allRank's
 * lambdaLoss, where it does not clamp probabilities at 1e-10.
 */
export function lambda(scores: TensorLike, relevance: TensorLike, options: LambdaOptions = {}): Tensor {
  const where = "lambda";
  const defaults: Required<LambdaOptions> = {
    scheme: "ndcgLoss2PP",
    k: null,
    cutoff: "either",
    mu: 10,
    sigma: 1,
    logarithm: "binary",
    gain: "exponential",
    normalize: true,
    scaleByItems: false,
    preset: null,
    mask: null,
    average: "pairs",
    reduction: "mean",
  };
  const settings = resolvePreset(where, options, defaults, {
    allRank: { cutoff: "both", reduction: "sum" },
    sentenceTransformers: {},
    rax: { scheme: "ndcgLoss2", logarithm: "natural", normalize: false, scaleByItems: true },
    tfRanking: { scheme: "ndcgLoss2", logarithm: "natural", scaleByItems: true, average: "items" },
  });
  const { scheme, k, cutoff, sigma, logarithm } = settings;
  expectSettings(where, settings);
  const lists = listsOf(where, scores, relevance, settings.mask);
  const rank = ranks(lists);
  const weights = pairWeights(lists, rank, settings);
  const losses = differences(lists.s).mul(-sigma).softplus();
  const terms = weights.mul(logarithm === "binary" ? losses.div(Math.LN2) : losses);
  const pairs = scheme === "ndcgLoss1" ? bothReal(lists) : isPreferred(lists);
  const counted = k === null ? pairs : pairs.logicalAnd(isAmong(rank, k, cutoff));
  return reducePairs(where, terms, counted, lists, settings);
}

function expectSettings(where: string, settings: Required<LambdaOptions>): void {
  expectOneOf(where, "scheme", settings.scheme, schemes);
  expectCutoff(where, settings.k);
  expectOneOf(where, "cutoff", settings.cutoff, ["either", "both"]);
  expectNonNegative(where, "mu", settings.mu);
  expectPositive(where, "sigma", settings.sigma);
  expectOneOf(where, "logarithm", settings.logarithm, ["binary", "natural"]);
  expectGain(where, settings.gain);
  expectPairAverage(where, settings.average);
}
