import { where as select } from "../../autograd/elementwise.ts";
import { safeSqrt } from "../../functional/numerics.ts";
import { expectProbabilities, expectShape, floatTensor } from "../../tensor/checks.ts";
import { arange } from "../../tensor/creation.ts";
import { ShapeError } from "../../tensor/errors.ts";
import { expectOneOf, expectPositive, resolve } from "../../tensor/options.ts";
import { formatShape } from "../../tensor/shape.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import type { Reduction } from "../reduction.ts";
import { sigmoidCrossEntropy } from "../sigmoid-cross-entropy.ts";
import {
  hasReal,
  type ListOptions,
  listsOf,
  type Relevance,
  reduceCounted,
  relevanceOf,
  resolvePreset,
} from "./lists.ts";

// Losses of each item for itself, over padded lists. Irrelevant items count: their relevance of 0 is what is predicted.
// "none" gives [lists, items], 0 at padding, but where said otherwise.

export interface PointwiseOptions extends ListOptions {
  /** Start from what a library computes; the other options go on top. Default null. */
  preset?: "rax" | "tfRanking" | null;
  /** What "mean" divides by: the number of "real" items (default), or of "all", padding included. */
  average?: "real" | "all";
}

/** The defaults of `PointwiseOptions`. */
const plain = {
  preset: null,
  mask: null as TensorLike | null,
  average: "real" as "real" | "all",
  reduction: "mean" as Reduction,
};

const averages = { rax: { average: "real" }, tfRanking: { average: "all" } } as const;

export const expectPointAverage = (where: string, average: "real" | "all"): void =>
  expectOneOf(where, "average", average, ["real", "all"]);

/** The terms of the real items, and 0 for padding, as the caller wants them. */
export function reduceItems(
  where: string,
  terms: Tensor,
  { real, single }: Relevance,
  { average, reduction }: { average: "real" | "all"; reduction: Reduction },
): Tensor {
  return reduceCounted(where, select(real, terms, 0), average === "all" ? null : real, single, reduction);
}

export interface PointwiseSigmoidOptions extends PointwiseOptions {
  /** Take relevance above 1 for 1, as rax does. Default false: it is an error. */
  clamp?: boolean;
}

/**
 * Sigmoid cross-entropy of each item: -y log sigmoid(s) - (1 - y) log(1 - sigmoid(s)).
 *
 * scores, relevance: [lists, items] or [items]; relevance in [0, 1], -1 is padding.
 * Options: clamp (false; preset "rax": true), preset (null), mask (null), average ("real"), reduction ("mean").
 * Reference values: rax.pointwise_sigmoid_loss. TensorFlow Ranking takes relevance above 1, where the loss has no
 * bound.
 */
export function pointwiseSigmoid(
  scores: TensorLike,
  relevance: TensorLike,
  options: PointwiseSigmoidOptions = {},
): Tensor {
  const where = "pointwiseSigmoid";
  const defaults: Required<PointwiseSigmoidOptions> = { clamp: false, ...plain };
  const presets = { ...averages, rax: { clamp: true, ...averages.rax } };
  const settings = resolvePreset(where, options, defaults, presets);
  expectPointAverage(where, settings.average);
  const lists = listsOf(where, scores, relevance, settings.mask);
  if (!settings.clamp) expectProbabilities(where, "relevance", lists.y, "clamp: true takes more than 1 for 1");
  const y = settings.clamp ? lists.y.minimum(1) : lists.y;
  return reduceItems(where, sigmoidCrossEntropy(lists.s, y), lists, settings);
}

/**
 * The squared error of each item: (s - y)^2.
 *
 * scores, relevance: [lists, items] or [items]; relevance >= 0, -1 is padding.
 * Options: preset (null), mask (null), average ("real"), reduction ("mean").
 * Reference values: rax.pointwise_mse_loss.
 */
export function pointwiseMSE(scores: TensorLike, relevance: TensorLike, options: PointwiseOptions = {}): Tensor {
  const where = "pointwiseMSE";
  const settings = resolvePreset<Required<PointwiseOptions>>(where, options, plain, averages);
  expectPointAverage(where, settings.average);
  const lists = listsOf(where, scores, relevance, settings.mask);
  return reduceItems(where, lists.s.sub(lists.y).square(), lists, settings);
}

export interface PointwiseRMSEOptions extends ListOptions {
  /** The factor on the scores, > 0: the number of levels, where the scores are in [0, 1]. Default 1. */
  levels?: number;
}

/**
 * The root of the mean squared error of each list: sqrt(mean_i (levels s_i - y_i)^2).
 *
 * scores, relevance: [lists, items] or [items]; relevance >= 0, -1 is padding. "none" gives [lists]; "mean" is over
 * lists with a real item. The gradient of a list without error is 0.
 * Options: levels (1), mask (null), reduction ("mean"). Reference values: allRank's pointwise_rmse, which is NaN for
 * lists that are all padding.
 */
export function pointwiseRMSE(scores: TensorLike, relevance: TensorLike, options: PointwiseRMSEOptions = {}): Tensor {
  const where = "pointwiseRMSE";
  const { levels, mask, reduction } = resolve<Required<PointwiseRMSEOptions>>(where, options, {
    levels: 1,
    mask: null,
    reduction: "mean",
  });
  expectPositive(where, "levels", levels);
  const lists = listsOf(where, scores, relevance, mask);
  const { s, y, real, single } = lists;
  const meanSquare = s.mul(levels).sub(y).square().sum(1).div(real.sum(1).maximum(1));
  return reduceCounted(where, safeSqrt(meanSquare), hasReal(lists), single, reduction);
}

export interface PointwiseOrdinalOptions extends Omit<PointwiseOptions, "preset"> {
  /** Whether the level above relevance 1.2 is a target of 0.2 (true) or of 0 (default). */
  fractions?: boolean;
  /** Start from what a library computes; the other options go on top. Default null. */
  preset?: "tfRanking" | null;
}

/**
 * Ordinal loss: for each item the sum over levels l = 1, ..., levels of the sigmoid cross-entropy between logit l and
 * whether y >= l.
 *
 * logits: [lists, items, levels] or [items, levels]; relevance: [lists, items] or [items], >= 0, -1 is padding.
 * Options: fractions (false), preset (null), mask (null), average ("real"), reduction ("mean").
 * Niu et al. 2016, "Ordinal regression with multiple output CNN for age estimation". Reference values: the
 * formula of TensorFlow Ranking's OrdinalLoss. allRank's ordinal takes probabilities.
 */
export function pointwiseOrdinal(
  logits: TensorLike,
  relevance: TensorLike,
  options: PointwiseOrdinalOptions = {},
): Tensor {
  const where = "pointwiseOrdinal";
  const defaults = { fractions: false, ...plain } as Required<PointwiseOrdinalOptions>;
  const settings = resolvePreset(where, options, defaults, { tfRanking: averages.tfRanking });
  expectPointAverage(where, settings.average);
  const { x, items } = itemLogits(where, logits, relevance, settings.mask, "levels");
  const level = arange(1, x.shape[2] + 1).to(x.dtype);
  const above = items.y.unsqueeze(2).sub(level).add(1); // >= 1 where the level is reached
  const targets = settings.fractions ? above.clamp(0, 1) : above.ge(1).to(x.dtype);
  return reduceItems(where, sigmoidCrossEntropy(x, targets).sum(2), items, settings);
}

/** Logits [lists, items, outputs], 0 at padding, and the relevance [lists, items] of their items, checked. */
export function itemLogits(
  where: string,
  logits: TensorLike,
  relevance: TensorLike,
  mask: TensorLike | null,
  outputs: string,
  name = "relevance",
): { x: Tensor; items: Relevance } {
  const given = floatTensor(where, "logits", logits);
  const graded = asTensor(relevance, given.dtype, where, name);
  if (given.ndim !== 2 && given.ndim !== 3) {
    const seen = formatShape(given.shape);
    throw new ShapeError(where, `logits must be [lists, items, ${outputs}] or [items, ${outputs}], got shape ${seen}`);
  }
  expectShape(where, name, graded, given.shape.slice(0, -1));
  const items = relevanceOf(where, graded, mask, given.dtype, name);
  const x = items.single ? given.unsqueeze(0) : given;
  return { x: x.maskedFill(items.real.logicalNot().unsqueeze(2), 0), items };
}
