import { stopGradient } from "../../autograd/elementwise.ts";
import { safeSqrt } from "../../functional/numerics.ts";
import { rootOfEntmax15, sparsemax as sparsemaxOf } from "../../functional/projections.ts";
import "../../functional/methods.ts";
import { expectShape, floatTensor } from "../../tensor/checks.ts";
import { expectFunction, resolve } from "../../tensor/options.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { expectation } from "../classes.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { agreement, type SignedOptions } from "./agreement.ts";
import { distributionOf } from "./labelled.ts";

// Losses of Fenchel and Young: Omega*(x) + Omega(y) - <y, x>, whose gradient is p - y, where p is the distribution that
// the scores stand for. Cross-entropy has p = softmax(x); sparse p make losses that reach 0.

export interface DistributionLossOptions {
  /** Labels with this value count nowhere; not for probabilities. Default -100. */
  ignoreIndex?: number;
  reduction?: Reduction;
}

const distributionDefaults: Required<DistributionLossOptions> = { ignoreIndex: -100, reduction: "mean" };

/**
 * The sparsemax loss: <p - y, x> - ||p||^2 / 2 + ||y||^2 / 2, p = sparsemax(x), the distribution nearest to the logits.
 *
 * logits [n, classes, ...] or [classes]; the target is class labels, int32 [n, ...], or distributions of the shape of
 * the logits. It is 0, with gradient 0, once the labelled logit leads all others by 1; the gradient is p - y
 * everywhere. "none" gives [n, ...], 0 where ignored; the mean is over the others. Options: ignoreIndex (-100),
 * reduction ("mean").
 * Martins and Astudillo 2016, arXiv:1602.02068. Reference values: optax.losses.multiclass_sparsemax_loss.
 */
export function sparsemax(
  logits: TensorLike,
  labelsOrProbabilities: TensorLike,
  options: DistributionLossOptions = {},
): Tensor {
  const { reduction } = resolve("sparsemax", options, distributionDefaults);
  const x = floatTensor("sparsemax", "logits", logits);
  const { axis, y, reduceTerms } = distributionOf("sparsemax", "logits", x, labelsOrProbabilities, options.ignoreIndex);
  const p = sparsemaxOf(x, axis);
  const terms = expectation(p.sub(y), fromMaximum(x, axis)).sub(p.square().sub(y.square()).div(2));
  return reduceTerms(terms.sum(axis), reduction);
}

/**
 * The 1.5-entmax loss: <p - y, x> + H(p) - H(y), p = entmax15(x), H(p) = (1 - sum_c p_c^1.5) / 0.75; between
 * cross-entropy and `sparsemax`.
 *
 * logits [n, classes, ...] or [classes]; the target is class labels, int32 [n, ...], or distributions of the shape of
 * the logits. It is 0, with gradient 0, once the labelled logit leads all others by 2; the gradient is p - y
 * everywhere. "none" gives [n, ...], 0 where ignored; the mean is over the others. Options: ignoreIndex (-100),
 * reduction ("mean"). Peters, Niculae and Martins 2019, arXiv:1905.05702. Reference values: entmax.entmax15_loss.
 */
export function entmax15(
  logits: TensorLike,
  labelsOrProbabilities: TensorLike,
  options: DistributionLossOptions = {},
): Tensor {
  const { reduction } = resolve("entmax15", options, distributionDefaults);
  const x = floatTensor("entmax15", "logits", logits);
  const { axis, y, reduceTerms } = distributionOf("entmax15", "logits", x, labelsOrProbabilities, options.ignoreIndex);
  const root = rootOfEntmax15(x, axis);
  const p = root.square();
  const entropies = y.mul(safeSqrt(y)).sub(p.mul(root)).div(0.75);
  const terms = expectation(p.sub(y), fromMaximum(x, axis)).add(entropies);
  return reduceTerms(terms.sum(axis), reduction);
}

/** Logits less their maximum, which no loss of distributions depends on, so that large ones keep their digits. */
const fromMaximum = (x: Tensor, axis: number): Tensor => x.sub(stopGradient(x.max(axis, { keepDims: true })));

/**
 * The sparsemax loss of two classes, of the agreement v = t x: 0 for v >= 1, (1 - v)^2 / 4 for |v| <= 1, -v for v <=
 * -1.
 *
 * scores, targets: the same shape, targets 1 or -1 (1 or 0 with labels "binary"). Its gradient has no jump. Equals
 * `sparsemax` of the logits [x, 0], and a quarter of `modifiedHuber`.
 * Options: labels ("signed"), reduction ("mean").
 * Martins and Astudillo 2016, arXiv:1602.02068; Blondel et al. 2020, arXiv:1901.02324. Reference values:
 * optax.losses.sparsemax_loss.
 */
export function binarySparsemax(scores: TensorLike, targets: TensorLike, options: SignedOptions = {}): Tensor {
  const { labels, reduction } = resolve<Required<SignedOptions>>("binarySparsemax", options, {
    labels: "signed",
    reduction: "mean",
  });
  const v = agreement("binarySparsemax", scores, targets, labels);
  const curved = v.clamp(-1, 1).neg().add(1).square().div(4);
  return reduce("binarySparsemax", curved.add(v.neg().sub(1).relu()), reduction);
}

export interface FenchelYoungOptions {
  /**
   * The convex conjugate Omega* of the regulariser: from scores and the number of the class axis, a value for each row.
   * Default null: log-sum-exp, whose loss is cross-entropy.
   */
  omegaConjugate?: ((scores: Tensor, axis: number) => Tensor) | null;
  /**
   * The regulariser Omega itself, of targets, in the same form: a constant that brings the least loss to 0. Default
   * null: left out.
   */
  omega?: ((targets: Tensor, axis: number) => Tensor) | null;
  /** Labels with this value count nowhere; not for probabilities. Default -100. */
  ignoreIndex?: number;
  reduction?: Reduction;
}

/**
 * The loss of Fenchel and Young for a regulariser Omega: Omega*(x) - <y, x> (+ Omega(y)). The gradient is that of
 * Omega*, the distribution that the scores stand for, less the target.
 *
 * scores [n, classes, ...] or [classes]; the target is class labels, int32 [n, ...], or distributions of the shape of
 * the scores. "none" gives [n, ...], 0 where ignored; the mean is over the others. Omega* = max gives the perceptron's
 * loss. Options: omegaConjugate (log-sum-exp), omega (left out), ignoreIndex (-100), reduction ("mean").
 * Blondel, Martins and Niculae 2020, arXiv:1901.02324. Reference values: optax.losses.make_fenchel_young_loss.
 */
export function fenchelYoung(
  scores: TensorLike,
  labelsOrProbabilities: TensorLike,
  options: FenchelYoungOptions = {},
): Tensor {
  const { omegaConjugate, omega, reduction } = resolve<Required<FenchelYoungOptions>>("fenchelYoung", options, {
    omegaConjugate: null,
    omega: null,
    ...distributionDefaults,
  });
  if (omegaConjugate !== null) expectFunction("fenchelYoung", "omegaConjugate", omegaConjugate);
  if (omega !== null) expectFunction("fenchelYoung", "omega", omega);
  const s = floatTensor("fenchelYoung", "scores", scores);
  const target = distributionOf("fenchelYoung", "scores", s, labelsOrProbabilities, options.ignoreIndex);
  const { axis, y } = target;
  const x = omegaConjugate === null ? fromMaximum(s, axis) : s;
  const conjugate = omegaConjugate === null ? x.logSumExp(axis) : perRow("omegaConjugate", omegaConjugate, x, axis);
  const terms = conjugate.sub(expectation(y, x).sum(axis));
  return target.reduceTerms(omega === null ? terms : terms.add(perRow("omega", omega, y, axis)), reduction);
}

/** What a function of the caller's gives for each row, checked. */
function perRow(name: string, fn: (t: Tensor, axis: number) => Tensor, t: Tensor, axis: number): Tensor {
  const value = asTensor(fn(t, axis), t.dtype, "fenchelYoung", `what ${name} returns`);
  expectShape(
    "fenchelYoung",
    `what ${name} returns`,
    value,
    t.shape.filter((_, i) => i !== axis),
  );
  return value;
}
