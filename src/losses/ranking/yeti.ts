import { where as select, stopGradient } from "../../autograd/elementwise.ts";
import { expectPositive, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { expectSampling, perturbed, type Resolved, type SamplingOptions } from "./gumbel.ts";
import {
  differences,
  expectGain,
  type Gain,
  gains,
  isPreferred,
  type ListOptions,
  listsOf,
  normalizedGains,
  ranks,
  reduceCounted,
} from "./lists.ts";
import { expectPairAverage } from "./pairwise.ts";

export interface YetiLogisticOptions extends ListOptions, SamplingOptions {
  /** The factor on the difference of the scores, > 0. Default 1. */
  sigma?: number;
  /** How relevance becomes gain G: "exponential" 2^y - 1 (default), or "linear" y. */
  gain?: Gain;
  /** Divide the gains by the largest DCG that the list can have. Default false. */
  normalize?: boolean;
  /** What "mean" divides by: the number of "items", padding included (default), or of "pairs". */
  average?: "items" | "pairs";
}

/** D(1) - D(2), the discount that neighbours in a ranking exchange. */
const neighbourDiscount = 1 - 1 / Math.log2(3);

/**
 * YetiLoss, logistic: Gumbel noise perturbs the scores, and the pairs are neighbours in the ranking that results:
 * n |G_i - G_j| (D(1) - D(2)) log(1 + e^(-sigma (z_i - z_j))) for y_i > y_j at ranks that differ by 1, where z are the
 * perturbed scores and n is the number of items, averaged over the samples.
 *
 * scores, relevance: [lists, items] or [items]; relevance >= 0, -1 is padding. "none" gives [lists, items, items].
 * Ranks and weights are constants to the gradient.
 * Options: samples (8), noise (1), generator (the global one), sigma (1), gain ("exponential"), normalize (false),
 * mask (null), average ("items"), reduction ("mean").
 * Gulin et al. 2011, "Winning the transfer learning track of Yahoo!'s learning to rank challenge with YetiRank"; Lyzhin
 * et al. 2023, "Which tricks are important for learning to rank?", arXiv:2204.01500. Reference values: the formula,
 * without noise; TensorFlow Ranking's YetiLogisticLoss, whose noise is its own.
 */
export function yetiLogistic(scores: TensorLike, relevance: TensorLike, options: YetiLogisticOptions = {}): Tensor {
  const where = "yetiLogistic";
  const settings = resolve<Resolved<YetiLogisticOptions>>(where, options, {
    samples: 8,
    noise: 1,
    generator: undefined,
    sigma: 1,
    gain: "exponential",
    normalize: false,
    mask: null,
    average: "items",
    reduction: "mean",
  });
  const { samples, sigma, gain, normalize, mask, average, reduction } = settings;
  expectSampling(where, settings);
  expectPositive(where, "sigma", sigma);
  expectGain(where, gain);
  expectPairAverage(where, average);
  const lists = listsOf(where, scores, relevance, mask);
  const drawn = perturbed(lists, settings);
  const gained = stopGradient(normalize ? normalizedGains(drawn, gain) : gains(drawn, gain));
  const [n, items] = lists.s.shape;
  const isPair = isPreferred(drawn).logicalAnd(differences(ranks(drawn)).abs().eq(1));
  const losses = differences(drawn.s).mul(-sigma).softplus();
  const terms = select(isPair, differences(gained).mul(losses), 0).mul(neighbourDiscount * items);
  if (reduction === "mean" && average === "pairs") return reduceCounted(where, terms, isPair, false, reduction);
  const mean = terms.reshape([samples, n, items, items]).mean(0);
  if (reduction === "mean") return mean.sum().div(n * items);
  return reduceCounted(where, mean, null, lists.single, reduction);
}
