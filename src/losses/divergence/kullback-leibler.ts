import { xlogy } from "../../functional/numerics.ts";
import "../../functional/methods.ts";
import { expectProbabilities, expectSameShape, floatTensor } from "../../tensor/checks.ts";
import { promote } from "../../tensor/dtype.ts";
import { resolve } from "../../tensor/options.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { classAxis, expectation } from "../classes.ts";
import { type BatchReduction, type Reduction, reduce, withBatchMean } from "../reduction.ts";

export interface EntropyOptions {
  /** The axis of the classes. Default 1, or 0 of a vector. */
  axis?: number;
  reduction?: Reduction;
}

/**
 * Shannon's entropy in nats: S(p) = -sum_c p_c log p_c, with 0 log 0 = 0. It is what cross-entropy has above
 * Kullback and Leibler's divergence: H(p, q) = D(p || q) + S(p).
 *
 * probabilities [n, classes, ...] or [classes], in [0, 1]. "none" gives the shape without the class axis. The gradient at
 * p_c = 0, which is infinite, is given as 0.
 * Options: axis (1), reduction ("mean"). Shannon 1948. Reference values: scipy.stats.entropy.
 */
export function entropy(probabilities: TensorLike, options: EntropyOptions = {}): Tensor {
  const p = floatTensor("entropy", "probabilities", probabilities);
  const { axis, reduction } = resolve<Required<EntropyOptions>>("entropy", options, {
    axis: classAxis("entropy", "probabilities", p),
    reduction: "mean",
  });
  expectProbabilities("entropy", "probabilities", p, "for logits pass logits.softmax(1)");
  return reduce("entropy", xlogy(p, p).sum(axis).neg(), reduction);
}

export interface KLDivergenceOptions {
  /** The target holds log-probabilities. Default false. */
  logTarget?: boolean;
  /** D(q || p) in place of D(p || q), for q the prediction and p the target. Default false. */
  reverse?: boolean;
  /** "batchMean" is the divergence, averaged over the batch; "mean" divides by the classes as well. Default "batchMean". */
  reduction?: BatchReduction;
}

/**
 * Kullback and Leibler's divergence of the prediction q from the target p: D(p || q) = sum_c p_c (log p_c - log q_c);
 * reversed, D(q || p) = sum_c q_c (log q_c - log p_c).
 *
 * logProbabilities = log q, target p (log p with logTarget): the same shape, [n, classes, ...]; a vector is one
 * distribution. "none" gives a term for each element. Where the weight (p forwards, q reversed) is 0, so are the term and
 * its gradient by log q; where only the other is 0, the divergence is infinite.
 * Options: logTarget (false), reverse (false), reduction ("batchMean").
 * Kullback and Leibler 1951, "On information and sufficiency". Reference values: torch.nn.KLDivLoss, which for a vector
 * divides "batchmean" by the number of classes.
 */
export function klDivergence(
  logProbabilities: TensorLike,
  target: TensorLike,
  options: KLDivergenceOptions = {},
): Tensor {
  const { logTarget, reverse, reduction } = resolve<Required<KLDivergenceOptions>>("klDivergence", options, {
    logTarget: false,
    reverse: false,
    reduction: "batchMean",
  });
  const logq = floatTensor("klDivergence", "logProbabilities", logProbabilities);
  const t = asTensor(target, logq.dtype);
  const given = t.to(promote(t.dtype, logq.dtype));
  expectSameShape("klDivergence", { logProbabilities: logq, target: given });
  if (!logTarget) expectProbabilities("klDivergence", "target", given, "for log-probabilities set logTarget: true");
  let terms: Tensor;
  // Where q = 0, log p counts nowhere, and log 0 is not taken.
  if (reverse) terms = relative(logq, logTarget ? given : given.maskedFill(logq.eq(Number.NEGATIVE_INFINITY), 1).log());
  else if (logTarget) terms = relative(given, logq);
  else terms = xlogy(given, given).sub(expectation(given, logq));
  const single = reduction === "batchMean" && terms.ndim === 1; // one distribution, not a batch of classes
  return reduce("klDivergence", single ? terms.unsqueeze(0) : terms, reduction, withBatchMean);
}

/** e^a (a - b), 0 where a = -Infinity. */
function relative(a: Tensor, b: Tensor): Tensor {
  const impossible = a.eq(Number.NEGATIVE_INFINITY);
  return a.exp().mul(a.maskedFill(impossible, 0).sub(b.maskedFill(impossible, 0)));
}
