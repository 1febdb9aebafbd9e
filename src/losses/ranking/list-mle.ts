import { where as select, stopGradient } from "../../autograd/elementwise.ts";
import { concat } from "../../autograd/movement.ts";
import { expectNonNegativeElements, expectShape } from "../../tensor/checks.ts";
import { full } from "../../tensor/creation.ts";
import { expectOneOf, resolve } from "../../tensor/options.ts";
import { type Generator, generatorOr } from "../../tensor/random.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { except } from "../candidates.ts";
import { expectSampling, meanOfSamples, perturbed, type Resolved, type SamplingOptions } from "./gumbel.ts";
import {
  discount,
  expectCutoff,
  expectListAverage,
  hasReal,
  hasRelevant,
  type ListAverage,
  type ListOptions,
  type Lists,
  type ListwiseOptions,
  listAverages,
  listsOf,
  listwise,
  positions,
  type Relevance,
  reduceLists,
  resolvePreset,
  scoredTwice,
} from "./lists.ts";

// Likelihoods of an order under the Plackett-Luce model of the scores, which chooses the first item by softmax, the
// second by softmax among the others, and so on. A constant added to the scores of a list changes nothing. "none" gives
// [lists].

export interface ListMLEOptions extends ListwiseOptions {
  /** How many positions count, from the first: the likelihood of the best k in order. Default null: all. */
  k?: number | null;
  /** How items of equal relevance are ordered: "stable", as they come (default), or at "random" at every call. */
  ties?: "stable" | "random";
  /** Draws the random order from this generator instead of the global one. */
  generator?: Generator;
}

/** The order of each list from the most relevant item to the least, padding last. */
function idealOrder({ y, real }: Relevance, ties: "stable" | "random", generator: Generator | undefined): Tensor {
  const key = y.maskedFill(real.logicalNot(), -1);
  if (ties === "stable") return key.argsort(1, { descending: true });
  const shuffle = generatorOr(generator).uniform(y.shape).argsort(1);
  return shuffle.gather(1, key.gather(1, shuffle).argsort(1, { descending: true }));
}

/**
 * -log of the chance that the item at each position of an order is chosen among it and those after it, [lists, items];
 * 0 at positions that hold padding.
 */
function choices({ s, real }: Pick<Lists, "s" | "real">, order: Tensor): Tensor {
  const kept = s.maskedFill(real.logicalNot(), except);
  const shifted = kept.sub(stopGradient(kept.max(1, { keepDims: true }))); // a common offset would take the digits
  const sorted = shifted.gather(1, order);
  const among = sorted.flip(1).logCumSumExp(1).flip(1);
  const after = concat([among.slice([null, { start: 1 }]), full([sorted.shape[0], 1], except, { dtype: s.dtype })], 1);
  return select(real.gather(1, order), after.sub(sorted).softplus(), 0);
}

/**
 * Which lists have a loss: where they are counted, those whose items are all alike have that of the order they come in.
 */
const informative = (items: Relevance, average: ListAverage): Tensor =>
  average === "relevant" ? hasRelevant(items) : hasReal(items);

const presets = { rax: listAverages.rax, tfRanking: listAverages.tfRanking };

const upTo = (terms: Tensor, k: number | null): Tensor =>
  k === null ? terms : terms.slice([null, { stop: Math.min(k, terms.shape[1]) }]);

/**
 * ListMLE: -log of the Plackett-Luce likelihood of the items in the order of their relevance:
 * sum_k (log sum_{j >= k} e^(s_j) - s_k) over positions k of that order.
 *
 * scores, relevance: [lists, items] or [items]; relevance >= 0, -1 is padding. Lists without a relevant item have loss
 * 0, since they say nothing of an order, unless `average` counts them, as the libraries do; "none" gives [lists]. Two
 * items of different relevance are `bradleyTerry`.
 * Options: k (null), ties ("stable"), generator (the global one), preset (null), mask (null), average ("relevant"),
 * reduction ("mean").
 * Xia et al. 2008, "Listwise approach to learning to rank: theory and algorithm". Reference values: rax.listmle_loss.
 * Up to 5.6.1 sentence-transformers counted padding in the denominators.
 */
export function listMLE(scores: TensorLike, relevance: TensorLike, options: ListMLEOptions = {}): Tensor {
  const where = "listMLE";
  const defaults: Resolved<ListMLEOptions> = { k: null, ties: "stable", generator: undefined, ...listwise };
  const { k, ties, generator, mask, average, reduction } = resolvePreset(where, options, defaults, presets);
  expectCutoff(where, k);
  expectOneOf(where, "ties", ties, ["stable", "random"]);
  expectListAverage(where, average);
  const lists = listsOf(where, scores, relevance, mask);
  const terms = choices(lists, idealOrder(lists, ties, generator));
  return reduceLists(where, upTo(terms, k).sum(1), lists, { average, reduction }, informative(lists, average));
}

export interface PListMLEOptions extends ListwiseOptions<"tfRanking" | "sentenceTransformers"> {
  /**
   * The weight of position k of n: "exponential" 2^(n - k) - 1 (default, the paper's), "logarithmic" 1 / log2(1 + k),
   * or a tensor [items] of weights >= 0.
   */
  positionWeights?: "exponential" | "logarithmic" | TensorLike;
  /**
   * Divide the weights of a list by their sum. Default true; false is the paper, whose weights overflow from n = 128.
   */
  normalize?: boolean;
  /** How items of equal relevance are ordered: "stable", as they come (default), or at "random" at every call. */
  ties?: "stable" | "random";
  /** Draws the random order from this generator instead of the global one. */
  generator?: Generator;
}

/**
 * p-ListMLE, position-aware: `listMLE` whose positions k are weighted, the first most:
 * sum_k w_k (log sum_{j >= k} e^(s_j) - s_k).
 *
 * scores, relevance: [lists, items] or [items]; relevance >= 0, -1 is padding. Lists without a relevant item have loss
 * 0, unless `average` counts them, and so have lists of one item; "none" gives [lists].
 * Options: positionWeights ("exponential"), normalize (true), ties ("stable"), generator (the global one), preset
 * (null), mask (null), average ("relevant"), reduction ("mean"). Preset "tfRanking" takes logarithmic weights, not
 * normalised, as with a ListMLELambdaWeight of 1 / log2(1 + rank).
 * Lan et al. 2014, "Position-aware ListMLE: a sequential learning process for ranking". Reference values:
 * sentence-transformers' PListMLELoss.
 */
export function pListMLE(scores: TensorLike, relevance: TensorLike, options: PListMLEOptions = {}): Tensor {
  const where = "pListMLE";
  const defaults = {
    positionWeights: "exponential",
    normalize: true,
    ties: "stable",
    generator: undefined,
    ...listwise,
  };
  const settings = resolvePreset(where, options, defaults as Resolved<PListMLEOptions>, {
    tfRanking: { positionWeights: "logarithmic", normalize: false, ...listAverages.tfRanking },
    sentenceTransformers: { average: "real" },
  });
  const { positionWeights, normalize, ties, generator, mask, average } = settings;
  expectOneOf(where, "ties", ties, ["stable", "random"]);
  expectListAverage(where, average);
  if (typeof positionWeights === "string")
    expectOneOf(where, "positionWeights", positionWeights, ["exponential", "logarithmic"]);
  const lists = listsOf(where, scores, relevance, mask);
  const weights = weightsOf(where, lists, positionWeights, normalize);
  const terms = choices(lists, idealOrder(lists, ties, generator))
    .mul(weights)
    .sum(1);
  return reduceLists(where, terms, lists, settings, informative(lists, average));
}

/** The weights of the positions of each list, 0 beyond its real items: [lists, items]. */
function weightsOf(
  where: string,
  items: Relevance,
  positionWeights: "exponential" | "logarithmic" | TensorLike,
  normalize: boolean,
): Tensor {
  const position = positions(items);
  const count = items.real.sum(1, { keepDims: true }).to(position.dtype);
  const power = (exponent: Tensor) => exponent.mul(Math.LN2).exp();
  const named = {
    // To be normalised, those of the paper over 2^n, which do not overflow.
    exponential: () => (normalize ? power(position.neg()).sub(power(count.neg())) : power(count.sub(position)).sub(1)),
    logarithmic: () => discount(position),
  };
  const weights =
    typeof positionWeights === "string" ? named[positionWeights]() : givenWeights(where, position, positionWeights);
  const kept = weights.mul(position.le(count));
  if (!normalize) return kept;
  const total = kept.sum(1, { keepDims: true });
  return kept.div(total.maskedFill(total.eq(0), 1));
}

function givenWeights(where: string, position: Tensor, weights: TensorLike): Tensor {
  const w = asTensor(weights, position.dtype, where, "positionWeights");
  expectShape(where, "positionWeights", w, position.shape);
  expectNonNegativeElements(where, "positionWeights", w);
  return w;
}

export interface CoupledRankDistilOptions extends ListOptions, SamplingOptions {
  /** How many positions of an order count, from the first. Default null: all. */
  k?: number | null;
}

/**
 * Coupled RankDistil: the mean, over orders drawn from the Plackett-Luce model of the teacher's scores, of -log of
 * their likelihood under the student's. An order is drawn by adding Gumbel noise to the teacher's scores and sorting.
 *
 * scores, teacherScores: [lists, items] or [items], any real numbers; padding is where the mask is false. Every list
 * with a real item counts; "none" gives [lists]. With noise 0 it is `listMLE` of the teacher's order.
 * Options: samples (8), noise (1), generator (the global one), k (null), mask (null), reduction ("mean").
 * Reddi et al. 2021, "RankDistil: knowledge distillation for ranking". Reference values: the formula; TensorFlow
 * Ranking's CoupledRankDistilLoss draws its own orders, and gives lists whose labels are all 0 no weight.
 */
export function coupledRankDistil(
  scores: TensorLike,
  teacherScores: TensorLike,
  options: CoupledRankDistilOptions = {},
): Tensor {
  const where = "coupledRankDistil";
  const settings = resolve<Resolved<CoupledRankDistilOptions>>(where, options, {
    samples: 8,
    noise: 1,
    generator: undefined,
    k: null,
    mask: null,
    reduction: "mean",
  });
  const { samples, k, mask, reduction } = settings;
  expectSampling(where, settings);
  expectCutoff(where, k);
  const [student, teacher] = scoredTwice(where, scores, teacherScores, mask);
  const drawn = perturbed({ ...teacher, s: stopGradient(teacher.s) }, settings);
  const order = drawn.s.maskedFill(drawn.real.logicalNot(), except).argsort(1, { descending: true });
  const repeated = perturbed(student, { ...settings, noise: 0 }); // as often as orders are drawn
  const terms = upTo(choices(repeated, order), k).sum(1);
  return reduceLists(where, meanOfSamples(terms, samples), student, { average: "real", reduction }, hasReal(student));
}
