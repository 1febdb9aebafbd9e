import { where as select } from "../../autograd/elementwise.ts";
import { expectInteger, expectPositive } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { except } from "../candidates.ts";
import { expectSampling, meanOfSamples, perturbed, type Resolved, type SamplingOptions } from "./gumbel.ts";
import {
  bothReal,
  differences,
  discountsTo,
  expectCutoff,
  expectGain,
  expectListAverage,
  type Gain,
  type Lists,
  type ListwiseOptions,
  listAverages,
  listsOf,
  listwise,
  normalizedGains,
  positions,
  type Relevance,
  reduceLists,
  resolvePreset,
} from "./lists.ts";

// Losses of NeuralSort's permutation matrix P, whose row r is softmax_k(((n + 1 - 2 r) s_k - sum_j |s_k - s_j|) /
// temperature) over the n real items: the item at rank r, made smooth. Grover et al. 2019, "Stochastic optimization of
// sorting networks via continuous relaxations", arXiv:1903.08850. A constant added to the scores of a list changes
// nothing. |x| has gradient 0 at 0. "none" gives [lists].

/** Which positions of a ranking hold real items: the first n. bool [lists, items]. */
const isRanked = (items: Relevance): Tensor => positions(items).le(items.real.sum(1, { keepDims: true }));

/** Which entries of P are between real items and their ranks: bool [lists, ranks, items]. */
const bothRanked = (items: Relevance): Tensor => isRanked(items).unsqueeze(2).logicalAnd(items.real.unsqueeze(1));

/**
 * The logits of P, [lists, ranks, items]. A real item is never at a rank beyond n, nor padding at one up to n; padding
 * has logits of 0 among itself.
 */
function sortLogits(lists: Lists, scores: Tensor, temperature: number): Tensor {
  const count = lists.real.sum(1, { keepDims: true }).to(scores.dtype);
  const scale = count.add(1).sub(positions(lists).mul(2)); // [lists, ranks]
  const spread = select(bothReal(lists), differences(scores).abs(), 0).sum(2);
  const logits = scale.unsqueeze(2).mul(scores.unsqueeze(1)).sub(spread.unsqueeze(1)).div(temperature);
  const isPadding = isRanked(lists).logicalNot().unsqueeze(2).logicalAnd(lists.real.logicalNot().unsqueeze(1));
  return select(bothRanked(lists), logits, select(isPadding, 0, except));
}

export interface NeuralSortCrossEntropyOptions extends ListwiseOptions<"tfRanking"> {
  /** What the logits of the scores are divided by, > 0; those of the relevance are not. Default 1. */
  temperature?: number;
}

/**
 * NeuralSort cross-entropy: -1/n sum_r sum_k P(y)_rk log P(s)_rk, between the smooth permutations that sort relevance
 * and scores.
 *
 * scores, relevance: [lists, items] or [items]; relevance >= 0, -1 is padding. Lists without a relevant item have loss
 * 0; "none" gives [lists].
 * Options: temperature (1), preset (null), mask (null), average ("relevant"), reduction ("mean").
 * Grover et al. 2019, arXiv:1903.08850. Reference values: the formula of TensorFlow Ranking's
 * NeuralSortCrossEntropyLoss, less its 1e-20 inside the logarithm.
 */
export function neuralSortCrossEntropy(
  scores: TensorLike,
  relevance: TensorLike,
  options: NeuralSortCrossEntropyOptions = {},
): Tensor {
  const where = "neuralSortCrossEntropy";
  const defaults = { temperature: 1, ...listwise } as Required<NeuralSortCrossEntropyOptions>;
  const settings = resolvePreset(where, options, defaults, { tfRanking: listAverages.tfRanking });
  expectPositive(where, "temperature", settings.temperature);
  expectListAverage(where, settings.average);
  const lists = listsOf(where, scores, relevance, settings.mask);
  const wanted = sortLogits(lists, lists.y, 1).softmax(2);
  const logp = sortLogits(lists, lists.s, settings.temperature).logSoftmax(2);
  const agreement = select(bothRanked(lists), wanted.mul(logp), 0).sum([1, 2]);
  return reduceLists(where, agreement.div(lists.real.sum(1).maximum(1)).neg(), lists, settings);
}

export interface NeuralSortNDCGOptions extends ListwiseOptions<"tfRanking">, SamplingOptions {
  /** What the logits of P are divided by, > 0. Default 1. */
  temperature?: number;
  /** The rank up to which NDCG counts. Default null: all. */
  k?: number | null;
  /** How relevance becomes gain: "exponential" 2^y - 1 (default), or "linear" y. */
  gain?: Gain;
  /** -NDCG, as in the libraries, in place of 1 - NDCG. Default false. */
  negate?: boolean;
}

const smooth = {
  temperature: 1,
  k: null,
  gain: "exponential",
  negate: false,
  samples: 1,
  noise: 0,
  generator: undefined,
  ...listwise,
} as Resolved<NeuralSortNDCGOptions>;

function expectSmooth(where: string, settings: Omit<Resolved<NeuralSortNDCGOptions>, "preset">): void {
  expectPositive(where, "temperature", settings.temperature);
  expectCutoff(where, settings.k);
  expectGain(where, settings.gain);
  expectSampling(where, settings);
  expectListAverage(where, settings.average);
}

/** 1 - NDCG by permutations P of the perturbed lists, or -NDCG, as the caller wants it. */
function permutedNDCG(
  where: string,
  lists: Lists,
  settings: Omit<Resolved<NeuralSortNDCGOptions>, "preset">,
  worthOf: (permutation: Tensor, gain: Tensor, discounts: Tensor) => Tensor,
  scaled: (logits: Tensor) => Tensor = (logits) => logits.logSoftmax(2),
): Tensor {
  const { temperature, k, gain, negate, samples } = settings;
  const drawn = perturbed(lists, settings);
  const permutation = select(bothRanked(drawn), scaled(sortLogits(drawn, drawn.s, temperature)).exp(), 0);
  const worth = worthOf(permutation, normalizedGains(drawn, gain, k), discountsTo(drawn, k));
  return reduceLists(where, meanOfSamples(worth.neg().add(negate ? 0 : 1), samples), lists, settings);
}

/** sum_r D(r) sum_k P_rk G_k: the gain expected at each rank, discounted. [lists] */
const gainByRank = (permutation: Tensor, gain: Tensor, discounts: Tensor): Tensor =>
  permutation.matmul(gain.unsqueeze(2)).squeeze(2).mul(discounts).sum(1);

/** sum_k G_k sum_r P_rk D(r): the discount expected for each item, times its gain. [lists] */
const discountByItem = (permutation: Tensor, gain: Tensor, discounts: Tensor): Tensor =>
  permutation.transpose([0, 2, 1]).matmul(discounts.unsqueeze(1)).squeeze(2).mul(gain).sum(1);

/**
 * NeuralSort NDCG, PiRank: 1 - sum_r D(r) sum_k P_rk G_k, with gains G over the largest DCG of the list and D(r) =
 * 1 / log2(1 + r).
 *
 * scores, relevance: [lists, items] or [items]; relevance >= 0, -1 is padding. Lists without a relevant item have loss
 * 0; "none" gives [lists]. As the temperature tends to 0 it tends to 1 - NDCG.
 * Options: temperature (1), k (null), gain ("exponential"), negate (false; preset "tfRanking": true), samples (1),
 * noise (0), generator (the global one), preset (null), mask (null), average ("relevant"), reduction ("mean").
 * Swezey et al. 2021, "PiRank: scalable learning to rank via differentiable sorting", arXiv:2012.06731. Reference
 * values: the formula of TensorFlow Ranking's NeuralSortNDCGLoss.
 */
export function neuralSortNDCG(scores: TensorLike, relevance: TensorLike, options: NeuralSortNDCGOptions = {}): Tensor {
  const where = "neuralSortNDCG";
  const presets = { tfRanking: { negate: true, ...listAverages.tfRanking } };
  const settings = resolvePreset(where, options, smooth, presets);
  expectSmooth(where, settings);
  const lists = listsOf(where, scores, relevance, settings.mask);
  return permutedNDCG(where, lists, settings, gainByRank);
}

export interface NeuralNDCGOptions extends Omit<NeuralSortNDCGOptions, "preset"> {
  /** Expect discounts of items, in place of gains of ranks: the paper's transposed form. Default false. */
  transposed?: boolean;
  /** How often rows and columns are scaled to sums of 1, whole, >= 1. Default 50. */
  iterations?: number;
  /** Start from what a library computes; the other options go on top: "allRank", which negates. Default null. */
  preset?: "allRank" | null;
}

/**
 * NeuralNDCG: `neuralSortNDCG` with P made doubly stochastic by Sinkhorn's scaling of its columns and rows, so that no
 * item is counted twice.
 *
 * scores, relevance: [lists, items] or [items]; relevance >= 0, -1 is padding. Lists without a relevant item have loss
 * 0; "none" gives [lists]. The scaling is done on logarithms, always `iterations` times (allRank stops at sums within
 * 1e-6).
 * Options: transposed (false), iterations (50), temperature (1), k (null), gain ("exponential"), negate (false),
 * samples (1), noise (0), generator (the global one), preset (null), mask (null), average ("relevant"), reduction
 * ("mean").
 * Pobrotyn and Bialobrzeski 2021, "NeuralNDCG", arXiv:2102.07831. Reference values: the formula of allRank's neuralNDCG
 * and neuralNDCG_transposed.
 */
export function neuralNDCG(scores: TensorLike, relevance: TensorLike, options: NeuralNDCGOptions = {}): Tensor {
  const where = "neuralNDCG";
  const defaults = { transposed: false, iterations: 50, ...smooth } as Resolved<NeuralNDCGOptions>;
  const settings = resolvePreset(where, options, defaults, { allRank: { negate: true } });
  expectInteger(where, "iterations", settings.iterations);
  expectSmooth(where, settings);
  const lists = listsOf(where, scores, relevance, settings.mask);
  const worthOf = settings.transposed ? discountByItem : gainByRank;
  return permutedNDCG(where, lists, settings, worthOf, (logits) => sinkhorn(logits.logSoftmax(2), settings.iterations));
}

/** Logarithms of matrices [lists, n, n] whose columns, then rows, are scaled to sums of 1, again and again. */
function sinkhorn(logs: Tensor, iterations: number): Tensor {
  let scaled = logs;
  for (let i = 0; i < iterations; i++) scaled = scaled.logSoftmax(1).logSoftmax(2);
  return scaled;
}
