import { stopGradient } from "../../autograd/elementwise.ts";
import { concat } from "../../autograd/movement.ts";
import { except } from "../candidates.ts";
import "../../functional/methods.ts";
import { eye } from "../../tensor/creation.ts";
import { expectNonNegative, expectNumber, expectPositive, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { scalarOption } from "../scalar-option.ts";
import { viewPair } from "./views.ts";

// NT-Xent with other negatives: the positive left out of them, or the negatives weighted.

/**
 * Of unit rows: the cosines of the pairs [n], and the cosines of each row of a with all 2n - 2 views of other samples.
 */
function pairsAndOthers(a: Tensor, b: Tensor): { positive: Tensor; negatives: Tensor; isPair: Tensor } {
  const across = a.matmul(b, { transposeB: true });
  const pair = eye(a.shape[0], { dtype: "bool" });
  return {
    positive: across.diagonal(),
    negatives: concat([a.matmul(a, { transposeB: true }), across], 1), // [n, 2n]
    isPair: concat([pair, pair], 1),
  };
}

export interface DecoupledContrastiveOptions {
  /** What the cosines are divided by, > 0; a number, or a learned tensor with one element. Default 0.1. */
  temperature?: number | Tensor;
  /**
   * The weighted form (DCLW): the positive counts 2 - n softmax_i(cos_i / sigma), less for pairs that are close
   * already. sigma > 0; the weight is not differentiated. Default null, weight 1; the paper's sigma is 0.5.
   */
  sigma?: number | null;
  reduction?: Reduction;
}

/**
 * Decoupled contrastive loss (DCL): -w a_i . b_i / t + log sum over the 2n - 2 views c of other samples of e^(a_i . c /
 * t), the mean of view a against b and b against a. Unlike NT-Xent's, the sum leaves out the positive.
 *
 * view1, view2: [n, d], n at least 2, normalised here. Returns [n] with reduction "none". It may be negative.
 * Options: temperature (0.1), sigma (null), reduction ("mean").
 * Yeh et al. 2022, arXiv:2110.06848. Reference values: lightly's DCLLoss and DCLWLoss.
 */
export function decoupledContrastive(
  view1: TensorLike,
  view2: TensorLike,
  options: DecoupledContrastiveOptions = {},
): Tensor {
  const where = "decoupledContrastive";
  const { temperature, sigma, reduction } = resolve<Required<DecoupledContrastiveOptions>>(where, options, {
    temperature: 0.1,
    sigma: null,
    reduction: "mean",
  });
  const t = scalarOption(where, "temperature", temperature);
  if (sigma !== null) expectPositive(where, "sigma", sigma);
  const [a, b] = viewPair(where, { view1, view2 }, 2).map((x) => x.normalize());
  const n = a.shape[0];
  const oneWay = (x: Tensor, y: Tensor) => {
    const { positive, negatives, isPair } = pairsAndOthers(x, y);
    const weight = sigma === null ? 1 : stopGradient(positive).div(sigma).softmax(0).mul(-n).add(2);
    return negatives.div(t).maskedFill(isPair, except).logSumExp(1).sub(positive.div(t).mul(weight));
  };
  return reduce(where, oneWay(a, b).add(oneWay(b, a)).div(2), reduction);
}

export interface DebiasedOptions {
  /** What the cosines are divided by, > 0; a number, or a learned tensor with one element. Default 0.5. */
  temperature?: number | Tensor;
  /** The share of negatives that are of the anchor's class after all, in [0, 1). Default 0.1. */
  positivePrior?: number;
  reduction?: Reduction;
}

export interface HardNegativeOptions extends DebiasedOptions {
  /** How much more the near negatives count, >= 0; 0 is `debiased`. Default 1. */
  concentration?: number;
}

/**
 * Debiased contrastive loss: NT-Xent whose sum over negatives is corrected for those that are of the anchor's class,
 * g = max((sum_negatives e^(s / t) - N p e^(s+ / t)) / (1 - p), N e^(-1 / t)), N = 2n - 2, p the prior.
 *
 * view1, view2: [n, d], n at least 2, normalised here. Returns [2n] with reduction "none", view1 first. Where the floor
 * holds, the negatives have gradient 0. Chuang et al. 2020, arXiv:2007.00224.
 * Options: temperature (0.5), positivePrior (0.1), reduction ("mean").
 */
export function debiased(view1: TensorLike, view2: TensorLike, options: DebiasedOptions = {}): Tensor {
  const settings = resolve<Required<DebiasedOptions>>("debiased", options, {
    temperature: 0.5,
    positivePrior: 0.1,
    reduction: "mean",
  });
  return corrected("debiased", view1, view2, { ...settings, concentration: 0 });
}

/**
 * Hard-negative contrastive loss (HCL): `debiased` with each negative weighted by e^(beta s / t) / mean e^(beta s / t),
 * so that near ones count more.
 *
 * view1, view2: [n, d], n at least 2, normalised here. Returns [2n] with reduction "none", view1 first.
 * Options: temperature (0.5), positivePrior (0.1), reduction ("mean"), concentration (1).
 * As in the authors' code the weights are differentiated too. Robinson et al. 2021, arXiv:2010.04592.
 */
export function hardNegative(view1: TensorLike, view2: TensorLike, options: HardNegativeOptions = {}): Tensor {
  const settings = resolve<Required<HardNegativeOptions>>("hardNegative", options, {
    temperature: 0.5,
    positivePrior: 0.1,
    reduction: "mean",
    concentration: 1,
  });
  expectNonNegative("hardNegative", "concentration", settings.concentration);
  return corrected("hardNegative", view1, view2, settings);
}

function corrected(
  where: string,
  view1: TensorLike,
  view2: TensorLike,
  settings: Required<HardNegativeOptions>,
): Tensor {
  const { positivePrior: p, concentration, reduction } = settings;
  const t = scalarOption(where, "temperature", settings.temperature);
  expectNumber(where, "positivePrior", p, "in [0, 1)", (v) => v >= 0 && v < 1);
  const [a, b] = viewPair(where, { view1, view2 }, 2).map((x) => x.normalize());
  const count = 2 * a.shape[0] - 2;
  const oneWay = (x: Tensor, y: Tensor) => {
    const { positive, negatives, isPair } = pairsAndOthers(x, y);
    // Everything over e^(most / t), of the nearest: no exponential overflows, and not all of them underflow.
    const most = stopGradient(positive.maximum(negatives.maskedFill(isPair, -1).max(1)));
    const near = positive.sub(most).div(t).exp();
    const weight = negatives.mul(concentration).div(t).maskedFill(isPair, except).softmax(1).mul(count);
    const sum = negatives.sub(most.unsqueeze(1)).div(t).maskedFill(isPair, except).exp().mul(weight).sum(1);
    const floor = most.add(1).neg().div(t).exp().mul(count);
    const others = sum
      .sub(near.mul(count * p))
      .div(1 - p)
      .maximum(floor);
    return near.add(others).log().sub(positive.sub(most).div(t));
  };
  return reduce(where, concat([oneWay(a, b), oneWay(b, a)]), reduction);
}
