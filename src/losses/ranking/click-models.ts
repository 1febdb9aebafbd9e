import { where as select, stopGradient } from "../../autograd/elementwise.ts";
import { expectBinary, expectSameShape, floatTensor } from "../../tensor/checks.ts";
import { expectNonNegative } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import type { Reduction } from "../reduction.ts";
import { sigmoidCrossEntropy } from "../sigmoid-cross-entropy.ts";
import {
  expectListAverage,
  type ListOptions,
  type ListwiseOptions,
  listAverages,
  listsOf,
  listwise,
  reduceLists,
  resolvePreset,
} from "./lists.ts";
import { expectPointAverage, itemLogits, reduceItems } from "./pointwise.ts";

// Losses of clicks, whose causes are hidden: an expectation step, whose posterior is a constant to the gradient, and
// the loss of the maximisation step.

export interface ClickEMOptions extends ListOptions {
  /** The factor on the loss of examination, >= 0. Default 1. */
  examinationWeight?: number;
  /** The factor on the loss of relevance, >= 0. Default 1. */
  relevanceWeight?: number;
  /** Start from what a library computes; the other options go on top. Default null. */
  preset?: "tfRanking" | null;
  /** What "mean" divides by: the number of "real" items (default), or of "all", padding included. */
  average?: "real" | "all";
}

/**
 * Click EM: an item is clicked if it is examined and relevant, two hidden events with logits e and r. The loss is the
 * sigmoid cross-entropy of each with its posterior given the click: 1 after a click, else sigmoid(e - softplus(r)) and
 * sigmoid(r - softplus(e)), constants to the gradient.
 *
 * examination, relevance: logits [lists, items] or [items]; clicks: 1 or 0 of that shape, -1 is padding. "none" gives
 * their shape, 0 at padding.
 * Options: examinationWeight (1), relevanceWeight (1), preset (null), mask (null), average ("real"), reduction
 * ("mean").
 * Wang et al. 2018, "Position bias estimation for unbiased learning to rank in personal search". Reference values:
 * TensorFlow Ranking's ClickEMLoss.
 */
export function clickEM(
  examination: TensorLike,
  relevance: TensorLike,
  clicks: TensorLike,
  options: ClickEMOptions = {},
): Tensor {
  const where = "clickEM";
  const defaults = {
    examinationWeight: 1,
    relevanceWeight: 1,
    preset: null,
    mask: null,
    average: "real",
    reduction: "mean" as Reduction,
  } as Required<ClickEMOptions>;
  const settings = resolvePreset(where, options, defaults, { tfRanking: { average: "all" } });
  const { examinationWeight, relevanceWeight, mask, average } = settings;
  expectNonNegative(where, "examinationWeight", examinationWeight);
  expectNonNegative(where, "relevanceWeight", relevanceWeight);
  expectPointAverage(where, average);
  const examined = floatTensor(where, "examination", examination);
  expectSameShape(where, { examination: examined, relevance: floatTensor(where, "relevance", relevance) });
  const lists = listsOf(where, examined, clicks, mask, ["examination", "clicks"]);
  const { s: r } = listsOf(where, relevance, clicks, mask, ["relevance", "clicks"]);
  const { s: e, y: clicked } = lists;
  expectBinary(where, "clicks", clicked);
  const posterior = (x: Tensor, other: Tensor) =>
    stopGradient(select(clicked.eq(1), 1, x.sub(other.softplus()).sigmoid()));
  const terms = sigmoidCrossEntropy(e, posterior(e, r))
    .mul(examinationWeight)
    .add(sigmoidCrossEntropy(r, posterior(r, e)).mul(relevanceWeight));
  return reduceItems(where, terms, lists, settings);
}

export interface MixtureEMOptions extends ListwiseOptions<"tfRanking"> {
  /** How sharply a list chooses among the models, >= 0: 1 is the posterior under equal priors. Default 1. */
  alpha?: number;
}

/**
 * Mixture EM: the clicks of a list come from one of several models, with logits for each. The loss of a list is
 * sum_m q_m L_m, where L_m is the sigmoid cross-entropy of model m, summed over the items, and q = softmax(-alpha L) is
 * the posterior of the models, a constant to the gradient.
 *
 * logits: [lists, items, models] or [items, models]; clicks: [lists, items] or [items], 1 or 0, -1 is padding. Lists
 * without a click have loss 0; "none" gives [lists].
 * Options: alpha (1), preset (null), mask (null), average ("relevant": with a click), reduction ("mean").
 * Yan et al. 2022, "Revisiting two-tower models for unbiased learning to rank". Reference values: TensorFlow Ranking's
 * MixtureEMLoss.
 */
export function mixtureEM(logits: TensorLike, clicks: TensorLike, options: MixtureEMOptions = {}): Tensor {
  const where = "mixtureEM";
  const defaults = { alpha: 1, ...listwise } as Required<MixtureEMOptions>;
  const settings = resolvePreset(where, options, defaults, { tfRanking: listAverages.tfRanking });
  const { alpha, mask, average } = settings;
  expectNonNegative(where, "alpha", alpha);
  expectListAverage(where, average);
  const { x, items } = itemLogits(where, logits, clicks, mask, "models", "clicks");
  expectBinary(where, "clicks", items.y);
  const losses = select(items.real.unsqueeze(2), sigmoidCrossEntropy(x, items.y.unsqueeze(2)), 0).sum(1);
  const posterior = stopGradient(losses).mul(-alpha).softmax(1);
  return reduceLists(where, posterior.mul(losses).sum(1), items, settings);
}
