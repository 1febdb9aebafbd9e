import { stopGradient } from "../../autograd/elementwise.ts";
import { maskedLogSumExp } from "../../functional/masks.ts";
import { expectNumber, expectPositive } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import {
  expectListAverage,
  isPreferred,
  type ListwiseOptions,
  listAverages,
  listsOf,
  listwise,
  reduceLists,
  resolvePreset,
} from "./lists.ts";

export interface RankingCircleOptions extends ListwiseOptions<"tfRanking"> {
  /** The factor on the exponents, > 0. Default 64. */
  gamma?: number;
  /** How far from 1 and 0 the scores of a pair may stay, any number. Default 0.25. */
  margin?: number;
  /** Clamp the scores into [0, 1], beyond which they get no gradient. Default true. */
  clamp?: boolean;
}

/**
 * Circle loss of a list of similarities: log(1 + sum over y_i > y_j of e^(gamma (a_i (1 - m - s_i) + b_j (s_j - m)))),
 * where a_i = [1 + m - s_i]+ and b_j = [s_j + m]+ are constants to the gradient.
 *
 * scores, relevance: [lists, items] or [items], scores meant to be in [0, 1]; relevance >= 0, -1 is padding. Lists
 * without a pair have loss 0; "none" gives [lists]. For binary relevance it is `circle` of the list's positives and
 * negatives.
 * Options: gamma (64), margin (0.25), clamp (true), preset (null), mask (null), average ("relevant"), reduction
 * ("mean").
 * Sun et al. 2020, "Circle loss: a unified perspective of pair similarity optimization", arXiv:2002.10857. Reference
 * values: the formula of TensorFlow Ranking's CircleLoss, which is NaN in lists without a pair.
 */
export function rankingCircle(scores: TensorLike, relevance: TensorLike, options: RankingCircleOptions = {}): Tensor {
  const where = "rankingCircle";
  const defaults = { gamma: 64, margin: 0.25, clamp: true, ...listwise } as Required<RankingCircleOptions>;
  const settings = resolvePreset(where, options, defaults, { tfRanking: listAverages.tfRanking });
  const { gamma, margin, clamp, mask, average } = settings;
  expectPositive(where, "gamma", gamma);
  expectNumber(where, "margin", margin, "that is finite", Number.isFinite);
  expectListAverage(where, average);
  const lists = listsOf(where, scores, relevance, mask);
  const s = clamp ? lists.s.clamp(0, 1) : lists.s;
  const wanted = stopGradient(
    s
      .neg()
      .add(1 + margin)
      .relu(),
  ).mul(s.neg().add(1 - margin));
  const unwanted = stopGradient(s.add(margin).relu()).mul(s.sub(margin));
  const exponents = wanted.unsqueeze(2).add(unwanted.unsqueeze(1)).mul(gamma);
  const n = s.shape[1];
  const flat = (x: Tensor) => x.reshape([x.shape[0], n * n]);
  const terms = maskedLogSumExp(flat(exponents), flat(isPreferred(lists)), 1, { addOne: true });
  return reduceLists(where, terms, lists, settings);
}
