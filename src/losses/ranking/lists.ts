import { except } from "../candidates.ts";
import { maskOf } from "../mask.ts";
import "../../functional/methods.ts";
import { where as select, stopGradient } from "../../autograd/elementwise.ts";
import { expectNotEmpty, expectRelevance, expectSameShape, floatTensor } from "../../tensor/checks.ts";
import { arange, eye, zerosLike } from "../../tensor/creation.ts";
import type { DType } from "../../tensor/dtype.ts";
import { ShapeError } from "../../tensor/errors.ts";
import { expectInteger, expectOneOf, resolve } from "../../tensor/options.ts";
import { formatShape } from "../../tensor/shape.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";

// Lists of items, scored and graded. All losses over lists agree on this: scores and relevance are [lists, items], or
// [items] for one list; relevance is >= 0, and larger is better; an item is padding when its relevance is -1 or the
// mask is false there, and then its score is neither read nor moved. Terms that say nothing (padding, pairs of equal
// relevance, and where only relevant items have a part, lists without one) are 0, have gradient 0, and are not counted
// by "mean".

export interface ListOptions {
  /**
   * Which items are real, the shape of the relevance: true or 1. Default null: those whose relevance is not -1. Padding
   * is what either says is padding.
   */
  mask?: TensorLike | null;
  reduction?: Reduction;
}

/** What is known of the items of lists. */
export interface Relevance {
  /** How relevant each item is, >= 0, and 0 where there is padding: [lists, items]. */
  y: Tensor;
  /** Whether each item is real, bool. */
  real: Tensor;
  /** Whether the arguments were one list, without an axis for lists. */
  single: boolean;
}

export interface Lists extends Relevance {
  /** The scores, 0 where there is padding: [lists, items]. */
  s: Tensor;
}

/** Scores and relevance of one shape, [lists, items] or [items], checked. */
export function listsOf(
  where: string,
  scores: TensorLike,
  relevance: TensorLike,
  mask: TensorLike | null,
  names: readonly [string, string] = ["scores", "relevance"],
): Lists {
  const s = floatTensor(where, names[0], scores);
  const y = asTensor(relevance, s.dtype, where, names[1]);
  expectSameShape(where, { [names[0]]: s, [names[1]]: y });
  return scored(s, relevanceOf(where, y, mask, s.dtype, names[1]));
}

/** Items with scores of their shape, which are 0 where there is padding. */
function scored(scores: Tensor, items: Relevance): Lists {
  const s = items.single ? scores.unsqueeze(0) : scores;
  return { ...items, s: s.maskedFill(items.real.logicalNot(), 0) };
}

/** The lists of two models that score the same items by any real numbers; padding is where the mask is false. */
export function scoredTwice(
  where: string,
  scores: TensorLike,
  teacherScores: TensorLike,
  mask: TensorLike | null,
): [Lists, Lists] {
  const [s, t] = [floatTensor(where, "scores", scores), floatTensor(where, "teacherScores", teacherScores)];
  expectSameShape(where, { scores: s, teacherScores: t });
  const items = relevanceOf(where, zerosLike(s), mask, s.dtype, "scores");
  return [scored(s, items), scored(t.to(s.dtype), items)];
}

/** Relevance [lists, items] or [items], checked. */
export function relevanceOf(
  where: string,
  relevance: TensorLike,
  mask: TensorLike | null,
  dtype: DType,
  name = "relevance",
): Relevance {
  const given = asTensor(relevance, dtype, where, name);
  if (given.ndim !== 1 && given.ndim !== 2) {
    throw new ShapeError(where, `${name} must be [lists, items] or [items], got shape ${formatShape(given.shape)}`);
  }
  expectNotEmpty(where, name, given);
  expectRelevance(where, name, given);
  const graded = given.ne(-1); // a NaN is no padding, and shows
  const isReal = mask === null ? graded : graded.logicalAnd(maskOf(where, mask, { [name]: given }));
  const single = given.ndim === 1;
  const [y, real] = single ? [given.unsqueeze(0), isReal.unsqueeze(0)] : [given, isReal];
  return { y: y.to(dtype).maskedFill(real.logicalNot(), 0), real, single };
}

/** x_i - x_j of every two items of a list: [lists, items] -> [lists, items, items]. */
export const differences = (x: Tensor): Tensor => x.unsqueeze(2).sub(x.unsqueeze(1));

/** Whether both of two items are real: bool [lists, items, items]. */
export const bothReal = ({ real }: Relevance): Tensor => real.unsqueeze(2).logicalAnd(real.unsqueeze(1));

/** Whether item i is more relevant than item j, both real: bool [lists, items, items]. */
export const isPreferred = (items: Relevance): Tensor => differences(items.y).gt(0).logicalAnd(bothReal(items));

/** Whether i and j are the same item: bool [items, items]. */
export const isSelf = ({ y }: Relevance): Tensor => eye(y.shape[1], { dtype: "bool" });

/** Which lists have a relevant item: bool [lists]. */
export const hasRelevant = ({ y }: Relevance): Tensor => y.gt(0).any(1);

/** Which lists have a real item: bool [lists]. */
export const hasReal = ({ real }: Relevance): Tensor => real.any(1);

/** 1, 2, ..., items in the dtype of the relevance: [items]. */
export const positions = ({ y }: Relevance): Tensor => arange(1, y.shape[1] + 1).to(y.dtype);

/** The rank of each item when a list is sorted by score, 1 for the best; padding comes last, ties in their order. */
export function ranks({ s, y, real }: Lists): Tensor {
  const order = stopGradient(s).maskedFill(real.logicalNot(), except).argsort(1, { descending: true });
  return order.argsort(1).add(1).to(y.dtype);
}

/** 1 / log2(1 + rank), what a gain at that rank is worth. */
export const discount = (rank: Tensor): Tensor => rank.log1p().reciprocal().mul(Math.LN2);

/** log softmax of the scores over the real items of each list; 0 at padding. */
export function logSoftmaxOf({ s, real }: Lists): Tensor {
  const padding = real.logicalNot();
  return s.maskedFill(padding, except).logSoftmax(1).maskedFill(padding, 0);
}

/** How relevance y becomes gain: "exponential" 2^y - 1, or "linear" y. */
export type Gain = "exponential" | "linear";

export const expectGain = (where: string, gain: Gain): void =>
  expectOneOf(where, "gain", gain, ["exponential", "linear"]);

/** Throws unless a cutoff is a whole number of at least 1, or null. */
export function expectCutoff(where: string, k: number | null): void {
  if (k !== null) expectInteger(where, "k", k);
}

export const gains = ({ y }: Relevance, gain: Gain): Tensor => (gain === "linear" ? y : y.mul(Math.LN2).expm1());

/**
 * The gains over the largest DCG that the list can have at cutoff k: discounted and summed they are the NDCG. 0 in a
 * list without a relevant item. With gain "exponential" both are taken over 2^(largest y), so that neither overflows.
 */
export function normalizedGains(items: Relevance, gain: Gain, k: number | null = null): Tensor {
  const top = items.y.max(1, { keepDims: true });
  const power = (exponent: Tensor) => exponent.mul(Math.LN2).exp();
  const gained = gain === "linear" ? items.y : power(items.y.sub(top)).sub(power(top.neg()));
  const ideal = gained.sort(1, { descending: true }).mul(discountsTo(items, k)).sum(1, { keepDims: true });
  return gained.div(ideal.maskedFill(ideal.eq(0), 1));
}

/** The discounts of positions 1, 2, ..., 0 beyond k: [items]. */
export function discountsTo(items: Relevance, k: number | null): Tensor {
  const position = positions(items);
  return k === null ? discount(position) : discount(position).mul(position.le(k));
}

/** Over how many lists "mean" averages. */
export type ListAverage = "relevant" | "real" | "all";

export interface ListwiseOptions<Preset extends string = "rax" | "tfRanking"> extends ListOptions {
  /** Start from what a library computes; the other options go on top. Default null. */
  preset?: Preset | null;
  /**
   * Which lists "mean" counts: those with a "relevant" item (default), those with a "real" one, or "all".
   */
  average?: ListAverage;
}

/** The defaults of `ListwiseOptions`. */
export const listwise = {
  preset: null,
  mask: null as TensorLike | null,
  average: "relevant" as ListAverage,
  reduction: "mean" as Reduction,
};

/** What "mean" averages over in a library. */
export const listAverages = {
  rax: { average: "real" },
  tfRanking: { average: "all" },
  allRank: { average: "all" },
} as const;

/** The options over those of their preset. */
export function resolvePreset<S extends { preset: string | null }>(
  where: string,
  options: Partial<NoInfer<S>>,
  plain: S,
  presets: Readonly<Record<string, Partial<NoInfer<S>>>>,
): S {
  const { preset } = resolve<S>(where, options, plain);
  expectOneOf(where, "preset", preset, [null, ...Object.keys(presets)]);
  return preset === null
    ? resolve<S>(where, options, plain)
    : resolve<S>(where, options, { ...plain, ...presets[preset] });
}

export const expectListAverage = (where: string, average: ListAverage): void =>
  expectOneOf(where, "average", average, ["relevant", "real", "all"]);

/**
 * The terms [lists] of the informative lists, by default those with a relevant item, and 0 for the others, as the
 * caller wants them.
 */
export function reduceLists(
  where: string,
  terms: Tensor,
  items: Relevance,
  { average, reduction }: { average: ListAverage; reduction: Reduction },
  informative: Tensor = hasRelevant(items),
): Tensor {
  const counted = { relevant: informative, real: hasReal(items), all: null }[average];
  return reduceCounted(where, select(informative, terms, 0), counted, items.single, reduction);
}

/**
 * As `reduce`, with "mean" over the terms that are counted (null: all of them), and 0 when there are none. `single`
 * drops the axis of lists of terms.
 */
export function reduceCounted(
  where: string,
  terms: Tensor,
  counted: Tensor | null,
  single: boolean,
  reduction: Reduction,
): Tensor {
  if (reduction !== "mean" || counted === null) return reduce(where, single ? terms.squeeze(0) : terms, reduction);
  return terms.sum().div(counted.sum().maximum(1));
}
