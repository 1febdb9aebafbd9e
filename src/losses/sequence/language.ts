import { where as select, stopGradient } from "../../autograd/elementwise.ts";
import "../../functional/methods.ts";
import { log1mexp } from "../../functional/numerics.ts";
import { topK as largest, oneHot } from "../../functional/selection.ts";
import { expectAxes, expectBinary, expectNotEmpty, expectSameShape, floatTensor } from "../../tensor/checks.ts";
import { ShapeError, ValueError } from "../../tensor/errors.ts";
import { expectInteger, expectNonNegative, expectOneOf, expectPositive, resolve } from "../../tensor/options.ts";
import { formatShape } from "../../tensor/shape.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { impossible } from "./alignment.ts";

// What language models are trained with besides the cross-entropy of their tokens.

/** Float [..., classes] with at least `least` classes. */
function classScores(where: string, logits: TensorLike, least: number): Tensor {
  const x = floatTensor(where, "logits", logits);
  if (x.ndim === 0 || x.shape[x.ndim - 1] < least) {
    throw new ShapeError(where, `logits must be [..., classes], classes >= ${least}, got ${formatShape(x.shape)}`);
  }
  return x;
}

/**
 * The unlikelihood of tokens that should not come: -sum_c log(1 - p_c) over the candidates c, p = softmax(x).
 *
 * logits [..., classes], two classes at least; candidates of the same shape, 1 for what to avoid and 0 elsewhere.
 * "none" gives [...]. Finite where p rounds to 1: 1 - p is the sum of the other probabilities there. Options: reduction
 * ("mean").
 * Welleck et al. 2020, arXiv:1908.04319, whose weight alpha is the caller's factor.
 */
export function unlikelihood(
  logits: TensorLike,
  candidates: TensorLike,
  options: { reduction?: Reduction } = {},
): Tensor {
  const { reduction } = resolve<{ reduction: Reduction }>("unlikelihood", options, { reduction: "mean" });
  expectOneOf("unlikelihood", "reduction", reduction, ["none", "mean", "sum"]);
  const x = classScores("unlikelihood", logits, 2);
  const avoided = asTensor(candidates, x.dtype, "unlikelihood", "candidates");
  expectSameShape("unlikelihood", { logits: x, candidates: avoided });
  expectBinary("unlikelihood", "candidates", avoided);
  const logp = x.logSoftmax(-1);
  const likely = logp.gt(-Math.LN2); // one class at most
  const others = logp.maskedFill(likely, impossible).logSumExp(-1, { keepDims: true });
  const logOfRest = select(likely, others, log1mexp(logp.maskedFill(likely, -1)));
  return reduce("unlikelihood", logOfRest.mul(avoided.to(x.dtype)).sum(-1).neg(), reduction);
}

export interface ZLossOptions {
  /** The factor, >= 0. Default 1e-4. */
  coefficient?: number;
  reduction?: Reduction;
}

/**
 * z-loss: coefficient (log sum_c e^(x_c))^2, which keeps the normaliser of a softmax near 1 and logits from drifting.
 *
 * logits [..., classes]; "none" gives [...]. To be added to the cross-entropy, or to the loss of a router.
 * Options: coefficient (1e-4), reduction ("mean"). Chowdhery et al. 2022, arXiv:2204.02311 (PaLM); Zoph et al. 2022,
 * arXiv:2202.08906 (routers, 1e-3).
 */
export function zLoss(logits: TensorLike, options: ZLossOptions = {}): Tensor {
  const { coefficient, reduction } = resolve<Required<ZLossOptions>>("zLoss", options, {
    coefficient: 1e-4,
    reduction: "mean",
  });
  expectNonNegative("zLoss", "coefficient", coefficient);
  return reduce("zLoss", classScores("zLoss", logits, 1).logSumExp(-1).square().mul(coefficient), reduction);
}

export interface LoadBalanceOptions {
  /** How many experts serve a token, >= 1. Default 1. */
  topK?: number;
}

/**
 * The load balance of a mixture of experts: E sum_i f_i P_i, with f_i the share of tokens sent to expert i, a constant
 * to the gradient, and P_i its mean probability. `topK` where all experts get as many tokens.
 *
 * logits of the router [tokens, experts]; a token goes to its `topK` (1) most probable experts, the first of equals.
 * Options: topK (1).
 * Returns a scalar, to be added with a small factor (0.01 in the paper). Fedus, Zoph and Shazeer 2021, arXiv:2101.03961
 * (Switch Transformer). With several experts a token: the sum over ranks, as Hugging Face's load_balancing_loss_func.
 */
export function loadBalance(logits: TensorLike, options: LoadBalanceOptions = {}): Tensor {
  const { topK } = resolve<{ topK: number }>("loadBalance", options, { topK: 1 });
  expectInteger("loadBalance", "topK", topK);
  const x = floatTensor("loadBalance", "logits", logits);
  expectAxes("loadBalance", "logits", x, ["tokens", "experts"]);
  expectNotEmpty("loadBalance", "logits", x);
  const [tokens, experts] = x.shape;
  if (topK > experts) throw new ValueError("loadBalance", `topK is ${topK}, but logits have ${experts} experts`);
  const { indices } = largest(stopGradient(x), topK, 1);
  const share = oneHot(indices.reshape([-1]), experts, { dtype: x.dtype })
    .sum(0)
    .div(tokens);
  return share.mul(x.softmax(1).mean(0)).sum().mul(experts);
}

export interface MinimumRiskOptions {
  /** How sharply the hypotheses' probabilities are renormalised, > 0. Default 1. */
  scale?: number;
  /** Subtract the mean risk of a sample's hypotheses; the gradient is the same. Default true. */
  baseline?: boolean;
  reduction?: Reduction;
}

/**
 * Minimum risk (MWER with word errors): sum_k q_k (W_k - mean W), q = softmax(scale log p) over a sample's hypotheses.
 *
 * logProbabilities [n, hypotheses], each the log-probability of a whole sequence; risks of the same shape, any numbers:
 * word errors, 1 - BLEU. "none" gives [n]. Options: scale (1), baseline (true), reduction ("mean").
 * Prabhavalkar et al. 2018, arXiv:1712.01818; Shen et al. 2016, arXiv:1512.02433 (scale).
 */
export function minimumRisk(logProbabilities: TensorLike, risks: TensorLike, options: MinimumRiskOptions = {}): Tensor {
  const { scale, baseline, reduction } = resolve<Required<MinimumRiskOptions>>("minimumRisk", options, {
    scale: 1,
    baseline: true,
    reduction: "mean",
  });
  expectPositive("minimumRisk", "scale", scale);
  const x = floatTensor("minimumRisk", "logProbabilities", logProbabilities);
  expectAxes("minimumRisk", "logProbabilities", x, ["n", "hypotheses"]);
  const w = asTensor(risks, x.dtype).to(x.dtype);
  expectSameShape("minimumRisk", { logProbabilities: x, risks: w });
  expectNotEmpty("minimumRisk", "logProbabilities", x);
  const relative = baseline ? w.sub(w.mean(1, { keepDims: true })) : w;
  return reduce("minimumRisk", x.mul(scale).softmax(1).mul(relative).sum(1), reduction);
}
