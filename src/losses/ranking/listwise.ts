import { maskedLogSumExp } from "../../functional/masks.ts";
import { expectNonNegative, expectNumber, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { except } from "../candidates.ts";
import {
  differences,
  expectGain,
  expectListAverage,
  type Gain,
  gains,
  hasReal,
  hasRelevant,
  isPreferred,
  isSelf,
  type ListOptions,
  type ListwiseOptions,
  listAverages,
  listsOf,
  listwise,
  logSoftmaxOf,
  type Relevance,
  reduceLists,
  resolvePreset,
} from "./lists.ts";

// Cross-entropies between a list's relevance and the softmax of its scores. A constant added to the scores of a list
// changes none of them but `calibratedSoftmax`, whose point that is. "none" gives [lists].

const { rax, tfRanking, allRank } = listAverages;

/**
 * ListNet: -sum_i softmax(y)_i log softmax(s)_i, the cross-entropy of the chances of coming first under relevance and
 * scores.
 *
 * scores, relevance: [lists, items] or [items]; relevance >= 0, -1 is padding. A constant added to the relevance of a
 * list changes nothing, so a teacher's scores may be shifted to be >= 0. Equal relevances ask for equal scores, so
 * every list with a real item counts; "none" gives [lists]. Options: mask (null), reduction ("mean").
 * Cao et al. 2007, "Learning to rank: from pairwise approach to listwise approach". Reference values:
 * sentence-transformers' ListNetLoss; allRank's listNet, less its 1e-10 inside the logarithm.
 */
export function listNet(scores: TensorLike, relevance: TensorLike, options: ListOptions = {}): Tensor {
  const where = "listNet";
  const { mask, reduction } = resolve<Required<ListOptions>>(where, options, { mask: null, reduction: "mean" });
  const lists = listsOf(where, scores, relevance, mask);
  const wanted = lists.y.maskedFill(lists.real.logicalNot(), except).softmax(1);
  const terms = wanted.mul(logSoftmaxOf(lists)).sum(1).neg();
  return reduceLists(where, terms, lists, { average: "real", reduction }, hasReal(lists));
}

export interface ListwiseSoftmaxOptions extends ListwiseOptions<"rax" | "tfRanking" | "allRank"> {
  /** Divide the relevance of a list by its sum, as allRank's binary_listNet does. Default false. */
  normalize?: boolean;
}

/**
 * Softmax cross-entropy over a list: -sum_i y_i log softmax(s)_i.
 *
 * scores, relevance: [lists, items] or [items]; relevance >= 0, -1 is padding. Lists without a relevant item have loss
 * 0; "none" gives [lists]. One relevant item of relevance 1 makes it `crossEntropy`.
 * Options: normalize (false), preset (null), mask (null), average ("relevant"), reduction ("mean").
 * Bruch et al. 2019, "An analysis of the softmax cross entropy loss for learning-to-rank with binary relevance".
 * Reference values: rax.softmax_loss.
 */
export function listwiseSoftmax(
  scores: TensorLike,
  relevance: TensorLike,
  options: ListwiseSoftmaxOptions = {},
): Tensor {
  const where = "listwiseSoftmax";
  const defaults = { normalize: false, ...listwise } as Required<ListwiseSoftmaxOptions>;
  const presets = { rax, tfRanking, allRank: { normalize: true, ...allRank } };
  const settings = resolvePreset(where, options, defaults, presets);
  expectListAverage(where, settings.average);
  const lists = listsOf(where, scores, relevance, settings.mask);
  const wanted = settings.normalize ? shares(lists) : lists.y;
  return reduceLists(where, wanted.mul(logSoftmaxOf(lists)).sum(1).neg(), lists, settings);
}

/** The relevance of each item over the sum of its list; 0 in a list without a relevant item. */
function shares({ y }: Relevance): Tensor {
  const total = y.sum(1, { keepDims: true });
  return y.div(total.maskedFill(total.eq(0), 1));
}

export interface PolySoftmaxOptions extends ListwiseOptions {
  /** The factor on 1 - p, any number; 0 is `listwiseSoftmax`. Default 1. */
  epsilon?: number;
  /** Multiply 1 - p by the sum of the relevance too, as TensorFlow Ranking does. Default false. */
  weighted?: boolean;
}

/**
 * Poly-1 softmax: -sum_i y_i log softmax(s)_i + epsilon (1 - p), where p = sum_i y_i / sum_j y_j softmax(s)_i.
 *
 * scores, relevance: [lists, items] or [items]; relevance >= 0, -1 is padding. Lists without a relevant item have loss
 * 0 (rax takes their relevance for uniform); "none" gives [lists].
 * Options: epsilon (1), weighted (false; preset "tfRanking": true), preset (null), mask (null), average ("relevant"),
 * reduction ("mean").
 * Leng et al. 2022, "PolyLoss", arXiv:2204.12511; Jagerman et al. 2022, "Rax: composable learning-to-rank using JAX".
 * Reference values: rax.poly1_softmax_loss.
 */
export function polySoftmax(scores: TensorLike, relevance: TensorLike, options: PolySoftmaxOptions = {}): Tensor {
  const where = "polySoftmax";
  const defaults: Required<PolySoftmaxOptions> = { epsilon: 1, weighted: false, ...listwise };
  const presets = { rax, tfRanking: { weighted: true, ...tfRanking } };
  const settings = resolvePreset(where, options, defaults, presets);
  expectNumber(where, "epsilon", settings.epsilon, "that is finite", Number.isFinite);
  expectListAverage(where, settings.average);
  const lists = listsOf(where, scores, relevance, settings.mask);
  const logp = logSoftmaxOf(lists);
  const missed = shares(lists).mul(logp.exp()).sum(1).neg().add(1).mul(settings.epsilon);
  const polynomial = settings.weighted ? missed.mul(lists.y.sum(1)) : missed;
  return reduceLists(where, lists.y.mul(logp).sum(1).neg().add(polynomial), lists, settings);
}

export interface UniqueSoftmaxOptions extends ListwiseOptions {
  /** The weight of an item: "exponential" 2^y - 1 (default; overflows float32 from y = 128), or "linear" y. */
  gain?: Gain;
}

/**
 * Unique softmax: sum_i gain(y_i) (log(e^(s_i) + sum_{y_j < y_i} e^(s_j)) - s_i): each item competes with the less
 * relevant ones alone, never with its equals.
 *
 * scores, relevance: [lists, items] or [items]; relevance >= 0, -1 is padding. Lists without a relevant item have loss
 * 0; "none" gives [lists].
 * Options: gain ("exponential"), preset (null), mask (null), average ("relevant"), reduction ("mean").
 * Zhu and Klabjan 2020, "Listwise learning to rank by exploring unique ratings", arXiv:2001.01828.
 * Reference values: rax.unique_softmax_loss.
 */
export function uniqueSoftmax(scores: TensorLike, relevance: TensorLike, options: UniqueSoftmaxOptions = {}): Tensor {
  const where = "uniqueSoftmax";
  const defaults: Required<UniqueSoftmaxOptions> = { gain: "exponential", ...listwise };
  const settings = resolvePreset(where, options, defaults, { rax, tfRanking });
  expectGain(where, settings.gain);
  expectListAverage(where, settings.average);
  const lists = listsOf(where, scores, relevance, settings.mask);
  const leads = differences(lists.s).neg(); // s_j - s_i, so that the log-sum-exp is the loss of item i
  const losses = maskedLogSumExp(leads, isPreferred(lists).logicalOr(isSelf(lists)), 2);
  return reduceLists(where, gains(lists, settings.gain).mul(losses).sum(1), lists, settings);
}

export interface CalibratedSoftmaxOptions extends ListwiseOptions<"tfRanking"> {
  /** The label of the virtual item, >= 0; what is above 0 pulls all scores down. Default 0. */
  virtualLabel?: number;
}

/**
 * Calibrated softmax: the softmax cross-entropy of a list to which an item of score 0 and label y_0 is added:
 * sum_i y_i (log(1 + sum_j e^(s_j)) - s_i) + y_0 log(1 + sum_j e^(s_j)). It fixes the scale of the scores.
 *
 * scores, relevance: [lists, items] or [items]; relevance >= 0, -1 is padding. A list without a relevant item has loss
 * 0, unless virtualLabel > 0: then it counts. "none" gives [lists].
 * Options: virtualLabel (0), preset (null), mask (null), average ("relevant"), reduction ("mean").
 * Yan et al. 2022, "Scale calibration of deep ranking models". Reference values: TensorFlow Ranking's
 * CalibratedSoftmaxLoss.
 */
export function calibratedSoftmax(
  scores: TensorLike,
  relevance: TensorLike,
  options: CalibratedSoftmaxOptions = {},
): Tensor {
  const where = "calibratedSoftmax";
  const defaults = { virtualLabel: 0, ...listwise } as Required<CalibratedSoftmaxOptions>;
  const { virtualLabel, mask, average, reduction } = resolvePreset(where, options, defaults, { tfRanking });
  expectNonNegative(where, "virtualLabel", virtualLabel);
  expectListAverage(where, average);
  const lists = listsOf(where, scores, relevance, mask);
  const total = maskedLogSumExp(lists.s, lists.real, 1, { addOne: true, keepDims: true });
  const terms = lists.y.mul(total.sub(lists.s)).sum(1).add(total.squeeze(1).mul(virtualLabel));
  const informative = virtualLabel > 0 ? hasReal(lists) : hasRelevant(lists);
  return reduceLists(where, terms, lists, { average, reduction }, informative);
}
