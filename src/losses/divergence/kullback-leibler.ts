import { xlogy } from "../../functional/numerics.ts";
import "../../functional/methods.ts";
import { expectNonNegativeElements, expectProbabilities, expectSameShape, floatTensor } from "../../tensor/checks.ts";
import { promote } from "../../tensor/dtype.ts";
import { expectNumber, resolve } from "../../tensor/options.ts";
import { normalizeAxis } from "../../tensor/shape.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { classAxis, expectation } from "../classes.ts";
import { type BatchReduction, type Reduction, reduce, withBatchMean } from "../reduction.ts";
import { compared, finiteLogs, logsOf } from "./distributions.ts";

export interface EntropyOptions {
  /** The axis of the classes. Default 1, or 0 of a vector. */
  axis?: number;
  reduction?: Reduction;
}

/**
 * Shannon's entropy in nats: S(p) = -sum_c p_c log p_c, with 0 log 0 = 0. It is what cross-entropy has above
 * Kullback and Leibler's divergence: H(p, q) = D(p || q) + S(p).
 *
 * probabilities [n, classes, ...] or [classes], in [0, 1]. "none" gives the shape without the class axis. The gradient
 * at p_c = 0, which is infinite, is given as 0.
 * Options: axis (1), reduction ("mean"). Shannon 1948. Reference values: scipy.stats.entropy.
 */
export function entropy(probabilities: TensorLike, options: EntropyOptions = {}): Tensor {
  const p = floatTensor("entropy", "probabilities", probabilities);
  const { axis, reduction } = resolve<Required<EntropyOptions>>("entropy", options, {
    axis: classAxis("entropy", "probabilities", p),
    reduction: "mean",
  });
  expectNumber("entropy", "axis", axis, "that is whole", Number.isInteger);
  const classes = normalizeAxis("entropy", axis, p.ndim);
  expectProbabilities("entropy", "probabilities", p, "for logits pass logits.softmax(1)");
  return reduce("entropy", xlogy(p, p).sum(classes).neg(), reduction);
}

export interface KLDivergenceOptions {
  /** The target holds log-probabilities. Default false. */
  logTarget?: boolean;
  /** D(q || p) in place of D(p || q), for q the prediction and p the target. Default false. */
  reverse?: boolean;
  /**
   * "batchMean" is the divergence, averaged over the batch; "mean" divides by the classes as well. Default "batchMean".
   */
  reduction?: BatchReduction;
}

/**
 * Kullback and Leibler's divergence of the prediction q from the target p: D(p || q) = sum_c p_c (log p_c - log q_c);
 * reversed, D(q || p) = sum_c q_c (log q_c - log p_c).
 *
 * logProbabilities = log q, target p (log p with logTarget): the same shape, [n, classes, ...]; a vector is one
 * distribution. "none" gives a term for each element. Where the weight (p forwards, q reversed) is 0, so are the term
 * and its gradient by log q; where only the other is 0, the divergence is infinite.
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
  const [logq, given] = compared("klDivergence", logProbabilities, target, logTarget);
  let terms: Tensor;
  // Where q = 0, log p counts nowhere, and log 0 is not taken.
  if (reverse) terms = relative(logq, logTarget ? given : given.maskedFill(logq.eq(Number.NEGATIVE_INFINITY), 1).log());
  else if (logTarget) terms = relative(given, logq);
  else terms = xlogy(given, given).sub(expectation(given, logq));
  return reduceElements("klDivergence", terms, reduction);
}

/** A term for each class as the caller wants them; a vector is one distribution, not a batch of classes. */
function reduceElements(where: string, terms: Tensor, reduction: BatchReduction): Tensor {
  const single = reduction === "batchMean" && terms.ndim === 1;
  return reduce(where, single ? terms.unsqueeze(0) : terms, reduction, withBatchMean);
}

export interface ElementwiseDivergenceOptions {
  /** The target holds log-probabilities. Default false. */
  logTarget?: boolean;
  /**
   * "batchMean" is the divergence, averaged over the batch; "mean" divides by the classes as well. Default "batchMean".
   */
  reduction?: BatchReduction;
}

const elementwise: Required<ElementwiseDivergenceOptions> = { logTarget: false, reduction: "batchMean" };

/**
 * The generalised Kullback-Leibler divergence (I-divergence) of measures that need not add up to 1:
 * sum_c p_c log(p_c / q_c) + q_c - p_c. Of distributions it is `klDivergence`.
 *
 * logPredictions = log q, target p >= 0 (log p with logTarget): the same shape, [n, classes, ...] or one vector. "none"
 * gives a term for each element, none below 0; where p = 0 it is q. q = e^x overflows float32 for x > 88.
 * Options: logTarget (false), reduction ("batchMean").
 * Csiszár 1975, "I-divergence geometry of probability distributions and minimization problems".
 * Reference values: optax.losses.generalized_kl_divergence.
 */
export function generalizedKL(
  logPredictions: TensorLike,
  target: TensorLike,
  options: ElementwiseDivergenceOptions = {},
): Tensor {
  const { logTarget, reduction } = resolve("generalizedKL", options, elementwise);
  const logq = floatTensor("generalizedKL", "logPredictions", logPredictions);
  const t = asTensor(target, logq.dtype, "generalizedKL", "target");
  const given = t.to(promote(t.dtype, logq.dtype));
  expectSameShape("generalizedKL", { logPredictions: logq, target: given });
  if (!logTarget) expectNonNegativeElements("generalizedKL", "target", given);
  const relation = logTarget ? relative(given, logq) : xlogy(given, given).sub(expectation(given, logq));
  const terms = relation.add(logq.exp()).sub(logTarget ? given.exp() : given);
  return reduceElements("generalizedKL", terms, reduction);
}

/**
 * The symmetric Kullback-Leibler divergence, also Jeffreys's: D(p || q) + D(q || p) = sum_c (p_c - q_c) log(p_c / q_c).
 *
 * logProbabilities = log q, target p (log p with logTarget): the same shape, [n, classes, ...] or one vector. "none"
 * gives a term for each element. Where p = 0 < q the divergence is infinite: log p counts as -1e30 there.
 * Options: logTarget (false), reduction ("batchMean").
 * Jeffreys 1946, "An invariant form for the prior probability in estimation problems".
 * Reference values: torch.nn.KLDivLoss, both ways.
 */
export function symmetricKL(
  logProbabilities: TensorLike,
  target: TensorLike,
  options: ElementwiseDivergenceOptions = {},
): Tensor {
  const { logTarget, reduction } = resolve("symmetricKL", options, elementwise);
  const [given, p] = compared("symmetricKL", logProbabilities, target, logTarget);
  const [logq, logp] = [finiteLogs(given), logTarget ? finiteLogs(p) : logsOf(p)];
  return reduceElements("symmetricKL", logp.exp().sub(logq.exp()).mul(logp.sub(logq)), reduction);
}

/** e^a (a - b), 0 where a = -Infinity. */
function relative(a: Tensor, b: Tensor): Tensor {
  const impossible = a.eq(Number.NEGATIVE_INFINITY);
  return a.exp().mul(a.maskedFill(impossible, 0).sub(b.maskedFill(impossible, 0)));
}
