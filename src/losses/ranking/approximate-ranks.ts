import { where as select } from "../../autograd/elementwise.ts";
import { expectPositive, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { expectSampling, meanOfSamples, perturbed, type Resolved, type SamplingOptions } from "./gumbel.ts";
import {
  bothReal,
  differences,
  discount,
  expectGain,
  expectListAverage,
  type Gain,
  type ListOptions,
  type Lists,
  type ListwiseOptions,
  listAverages,
  listsOf,
  listwise,
  normalizedGains,
  type Relevance,
  reduceCounted,
  reduceLists,
  resolvePreset,
} from "./lists.ts";

// Measures of a ranking with its ranks made smooth: rank_i = 1 + sum_{j != i} sigmoid((s_j - s_i) / temperature), which
// tends to the rank as the temperature tends to 0. A constant added to the scores of a list changes nothing.

/** The smooth rank of each item: [lists, items]. */
function approximateRanks(lists: Lists, temperature: number): Tensor {
  const above = differences(lists.s).div(-temperature).sigmoid();
  return select(bothReal(lists), above, 0).sum(2).add(0.5); // an item is above itself by sigmoid(0) = 1/2
}

type ApproximatePreset = "tfRanking" | "rax" | "allRank";

export interface ApproxNDCGOptions extends ListwiseOptions<ApproximatePreset> {
  /** What the differences of the scores are divided by, > 0. Default 0.1. */
  temperature?: number;
  /** How relevance becomes gain: "exponential" 2^y - 1 (default), or "linear" y. */
  gain?: Gain;
  /** -NDCG, as in the libraries, in place of 1 - NDCG. Default false. */
  negate?: boolean;
}

const presets = {
  tfRanking: { negate: true, ...listAverages.tfRanking },
  rax: { temperature: 1, negate: true, ...listAverages.rax },
  allRank: { temperature: 1, negate: true, ...listAverages.allRank },
};

/** 1 - NDCG by smooth ranks, or -NDCG: [lists]. */
function smoothNDCG(lists: Lists, { temperature, gain, negate }: Required<ApproxNDCGOptions>): Tensor {
  const worth = normalizedGains(lists, gain).mul(discount(approximateRanks(lists, temperature)));
  return worth
    .sum(1)
    .neg()
    .add(negate ? 0 : 1);
}

function expectApproximation(where: string, { temperature, gain, average }: Required<ApproxNDCGOptions>): void {
  expectPositive(where, "temperature", temperature);
  expectGain(where, gain);
  expectListAverage(where, average);
}

/**
 * ApproxNDCG: 1 - sum_i G_i / log2(1 + rank_i), with gains G over the largest DCG of the list and smooth ranks.
 *
 * scores, relevance: [lists, items] or [items]; relevance >= 0, -1 is padding. Lists without a relevant item have loss
 * 0; "none" gives [lists]. As the temperature tends to 0 it tends to 1 - NDCG, and its gradient to 0.
 * Options: temperature (0.1), gain ("exponential"), negate (false), preset (null), mask (null), average ("relevant"),
 * reduction ("mean"). The presets negate; "rax" and "allRank" take temperature 1.
 * Qin et al. 2010, "A general approximation framework for direct optimization of information retrieval measures"; Bruch
 * et al. 2019, "Revisiting approximate metric optimization in the age of deep neural networks". Reference values: rax's
 * approx_t12n of ndcg_metric, allRank's approxNDCGLoss.
 */
export function approxNDCG(scores: TensorLike, relevance: TensorLike, options: ApproxNDCGOptions = {}): Tensor {
  const where = "approxNDCG";
  const defaults = { temperature: 0.1, gain: "exponential", negate: false, ...listwise } as Required<ApproxNDCGOptions>;
  const settings = resolvePreset(where, options, defaults, presets);
  expectApproximation(where, settings);
  const lists = listsOf(where, scores, relevance, settings.mask);
  return reduceLists(where, smoothNDCG(lists, settings), lists, settings);
}

export interface GumbelApproxNDCGOptions extends Omit<ApproxNDCGOptions, "preset">, SamplingOptions {
  /** As in `approxNDCG`. */
  preset?: ApproximatePreset | null;
}

/**
 * Gumbel ApproxNDCG: the mean of `approxNDCG` over scores perturbed by Gumbel noise, as if each ranking were drawn from
 * the Plackett-Luce model of the scores.
 *
 * scores, relevance: [lists, items] or [items]; relevance >= 0, -1 is padding. Lists without a relevant item have loss
 * 0; "none" gives [lists], means over the samples. With noise 0 it is `approxNDCG`.
 * Options: samples (8), noise (1), generator (the global one), temperature (0.1), gain ("exponential"), negate (false),
 * preset (null), mask (null), average ("relevant"), reduction ("mean"). TensorFlow Ranking's gumbel_temperature t
 * divides scores and noise: temperature 0.1 t.
 * Bruch et al. 2020, "A stochastic treatment of learning to rank scoring functions". Reference values: those of
 * `approxNDCG` without noise; with it rax and TensorFlow Ranking draw their own.
 */
export function gumbelApproxNDCG(
  scores: TensorLike,
  relevance: TensorLike,
  options: GumbelApproxNDCGOptions = {},
): Tensor {
  const where = "gumbelApproxNDCG";
  const defaults = {
    samples: 8,
    noise: 1,
    generator: undefined,
    temperature: 0.1,
    gain: "exponential",
    negate: false,
    ...listwise,
  } as Resolved<GumbelApproxNDCGOptions>;
  const settings = resolvePreset(where, options, defaults, presets);
  expectSampling(where, settings);
  expectApproximation(where, settings);
  const lists = listsOf(where, scores, relevance, settings.mask);
  const terms = meanOfSamples(smoothNDCG(perturbed(lists, settings), settings), settings.samples);
  return reduceLists(where, terms, lists, settings);
}

export interface ApproxMRROptions extends ListwiseOptions<"tfRanking"> {
  /** What the differences of the scores are divided by, > 0. Default 0.1. */
  temperature?: number;
  /** -MRR, as in TensorFlow Ranking, in place of 1 - MRR. Default false. */
  negate?: boolean;
}

/**
 * ApproxMRR: 1 - sum_i (y_i / rank_i) / sum_i y_i, with smooth ranks.
 *
 * scores, relevance: [lists, items] or [items]; relevance >= 0, -1 is padding. Lists without a relevant item have loss
 * 0; "none" gives [lists]. With several relevant items it is the mean of their reciprocal ranks, where rax takes the
 * largest.
 * Options: temperature (0.1), negate (false), preset (null), mask (null), average ("relevant"), reduction ("mean").
 * Qin et al. 2010, "A general approximation framework for direct optimization of information retrieval measures".
 * Reference values: TensorFlow Ranking's ApproxMRRLoss.
 */
export function approxMRR(scores: TensorLike, relevance: TensorLike, options: ApproxMRROptions = {}): Tensor {
  const where = "approxMRR";
  const defaults = { temperature: 0.1, negate: false, ...listwise } as Required<ApproxMRROptions>;
  const settings = resolvePreset(where, options, defaults, { tfRanking: presets.tfRanking });
  expectPositive(where, "temperature", settings.temperature);
  expectListAverage(where, settings.average);
  const lists = listsOf(where, scores, relevance, settings.mask);
  const total = lists.y.sum(1);
  const reciprocal = lists.y.div(approximateRanks(lists, settings.temperature)).sum(1);
  const mrr = reciprocal.div(total.maskedFill(total.eq(0), 1));
  return reduceLists(where, mrr.neg().add(settings.negate ? 0 : 1), lists, settings);
}

export interface AdrMSEOptions extends ListOptions {
  /** The factor on the differences of the scores, > 0: 1 / temperature. Default 1. */
  alpha?: number;
}

/**
 * ADR-MSE, approximate discounted rank: (r_i - rank_i)^2 / log2(1 + r_i), where r is the rank by relevance, ties
 * averaged, and rank the smooth rank by score, of temperature 1 / alpha.
 *
 * scores, relevance: [lists, items] or [items]; relevance >= 0, -1 is padding. "none" gives [lists, items], 0 at
 * padding; "mean" is over real items, those of lists of equal relevance too, whose scores it draws together.
 * Options: alpha (1), mask (null), reduction ("mean").
 * Schlatt et al. 2025, "Rank-DistiLLM", arXiv:2405.07920. Reference values: sentence-transformers' ADRMSELoss.
 */
export function adrMSE(scores: TensorLike, relevance: TensorLike, options: AdrMSEOptions = {}): Tensor {
  const where = "adrMSE";
  const { alpha, mask, reduction } = resolve<Required<AdrMSEOptions>>(where, options, {
    alpha: 1,
    mask: null,
    reduction: "mean",
  });
  expectPositive(where, "alpha", alpha);
  const lists = listsOf(where, scores, relevance, mask);
  const wanted = averagedRanks(lists);
  const errors = wanted
    .sub(approximateRanks(lists, 1 / alpha))
    .square()
    .mul(discount(wanted));
  return reduceCounted(where, select(lists.real, errors, 0), lists.real, lists.single, reduction);
}

/** The rank of each item by relevance, the mean of their ranks for items of equal relevance: [lists, items]. */
function averagedRanks(items: Relevance): Tensor {
  const lead = differences(items.y);
  const above = lead.lt(0).to(items.y.dtype).add(lead.eq(0).to(items.y.dtype).mul(0.5));
  return select(bothReal(items), above, 0).sum(2).add(0.5);
}
