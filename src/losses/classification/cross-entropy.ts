import { stopGradient, where } from "../../autograd/elementwise.ts";
import "../../functional/methods.ts";
import { expectNonNegativeElements, expectProbabilities, expectSameShape, floatTensor } from "../../tensor/checks.ts";
import { ShapeError, ValueError } from "../../tensor/errors.ts";
import { expectNumber, expectOneOf, resolve } from "../../tensor/options.ts";
import { formatShape } from "../../tensor/shape.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import {
  alongAxis,
  classAxis,
  classLabels,
  classProbabilities,
  classWeights,
  expectation,
  ignoreIndexIsForLabels,
  meansLabels,
  pick,
  reduceWeighted,
  weightOf,
} from "../classes.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { expectFraction } from "../scalar-option.ts";

/**
 * terms times a weight that broadcasts to them, checked; the terms themselves without one. `name` is that of the weight
 * in errors.
 */
function weighted(where: string, name: string, terms: Tensor, weight: TensorLike | null): Tensor {
  if (weight === null) return terms;
  const w = asTensor(weight, terms.dtype, where, name);
  const offset = terms.ndim - w.ndim;
  const fits = offset >= 0 && w.shape.every((size, i) => size === 1 || size === terms.shape[i + offset]);
  if (!fits)
    throw new ShapeError(where, `${name} ${formatShape(w.shape)} must broadcast to ${formatShape(terms.shape)}`);
  expectNonNegativeElements(where, name, w);
  return terms.mul(w);
}

const zeroOrOne = "map +-1 labels with labels.add(1).div(2)";

export interface BinaryCrossEntropyOptions {
  /** A factor for each term; broadcasts. The mean still divides by the count. */
  weight?: TensorLike | null;
  /**
   * "log100": each logarithm is at least -100, as in PyTorch. { eps }: probabilities are kept within [eps, 1 - eps], as
   * in Keras (eps 1e-7), whose gradient outside is 0. Default "log100".
   */
  clamp?: "log100" | { eps: number };
  reduction?: Reduction;
}

/**
 * Binary cross-entropy of probabilities: -(y log p + (1 - y) log(1 - p)).
 *
 * probabilities in (0, 1), targets in [0, 1], of the same shape. Prefer `binaryCrossEntropyWithLogits`, which keeps its
 * digits and its gradient where a sigmoid saturates.
 * With "log100" the gradient is (p - y) / max(p (1 - p), 1e-12), PyTorch's: finite at p = 0 and 1, and 0 where p = y.
 * Options: weight (none), clamp ("log100"), reduction ("mean").
 * Reference values: torch.nn.BCELoss; keras.losses.BinaryCrossentropy with { eps: 1e-7 }.
 */
export function binaryCrossEntropy(
  probabilities: TensorLike,
  targets: TensorLike,
  options: BinaryCrossEntropyOptions = {},
): Tensor {
  const { weight, clamp, reduction } = resolve<Required<BinaryCrossEntropyOptions>>("binaryCrossEntropy", options, {
    weight: null,
    clamp: "log100",
    reduction: "mean",
  });
  const p = floatTensor("binaryCrossEntropy", "probabilities", probabilities);
  const y = asTensor(targets, p.dtype, "binaryCrossEntropy", "targets");
  expectSameShape("binaryCrossEntropy", { probabilities: p, targets: y });
  expectProbabilities("binaryCrossEntropy", "probabilities", p, "for logits use binaryCrossEntropyWithLogits");
  expectProbabilities("binaryCrossEntropy", "targets", y, zeroOrOne);
  if (typeof clamp === "object" && clamp !== null) {
    expectNumber("binaryCrossEntropy", "clamp.eps", clamp.eps, "in (0, 0.5)", (v) => v > 0 && v < 0.5);
  } else if (clamp !== "log100") {
    throw new ValueError("binaryCrossEntropy", `clamp must be "log100" or { eps }, got ${JSON.stringify(clamp)}`);
  }
  const terms = typeof clamp === "object" ? logLoss(p.clamp(clamp.eps, 1 - clamp.eps), y) : clampedLogLoss(p, y);
  return reduce("binaryCrossEntropy", weighted("binaryCrossEntropy", "weight", terms, weight), reduction);
}

/** -(y log p + (1 - y) log(1 - p)), each logarithm at least -100; that of 0 is never taken. */
function logLoss(p: Tensor, y: Tensor): Tensor {
  const [zero, one] = [p.eq(0), p.eq(1)];
  const log = p.maskedFill(zero, 1).log().clamp(-100).maskedFill(zero, -100);
  const logOther = p.maskedFill(one, 0).neg().log1p().clamp(-100).maskedFill(one, -100);
  return y.mul(log).add(y.neg().add(1).mul(logOther)).neg();
}

/** The logarithmic loss, and where p (1 - p) < 1e-12 a line through its value with the slope (p - y) / 1e-12. */
function clampedLogLoss(p: Tensor, y: Tensor): Tensor {
  const saturated = p.mul(p.neg().add(1)).lt(1e-12);
  const at = stopGradient(p);
  const line = logLoss(at, y).add(p.sub(at).mul(at.sub(y).mul(1e12)));
  return where(saturated, line, logLoss(p.maskedFill(saturated, 0.5), y));
}

export interface BinaryCrossEntropyWithLogitsOptions {
  /** A factor for each term; broadcasts. The mean still divides by the count. */
  weight?: TensorLike | null;
  /** A factor for the terms of positives; broadcasts (one for each class of the last axis). */
  posWeight?: TensorLike | null;
  /** Targets become y (1 - labelSmoothing) + labelSmoothing / 2. Default 0. */
  labelSmoothing?: number;
  reduction?: Reduction;
}

/**
 * Binary cross-entropy of logits: q y softplus(-x) + (1 - y) softplus(x) = -q y log p - (1 - y) log(1 - p),
 * p = sigmoid(x), q = posWeight.
 *
 * logits of any size, targets in [0, 1], of the same shape; for several labels per sample each is a problem of its own.
 * Options: weight (none), posWeight (none), labelSmoothing (0; Keras's convention), reduction ("mean").
 * Reference values: torch.nn.BCEWithLogitsLoss.
 */
export function binaryCrossEntropyWithLogits(
  logits: TensorLike,
  targets: TensorLike,
  options: BinaryCrossEntropyWithLogitsOptions = {},
): Tensor {
  const name = "binaryCrossEntropyWithLogits";
  const { weight, posWeight, labelSmoothing, reduction } = resolve<Required<BinaryCrossEntropyWithLogitsOptions>>(
    name,
    options,
    { weight: null, posWeight: null, labelSmoothing: 0, reduction: "mean" },
  );
  expectFraction(name, "labelSmoothing", labelSmoothing);
  const x = floatTensor(name, "logits", logits);
  const given = asTensor(targets, x.dtype, name, "targets");
  expectSameShape(name, { logits: x, targets: given });
  expectProbabilities(name, "targets", given, zeroOrOne);
  const y = labelSmoothing === 0 ? given : given.mul(1 - labelSmoothing).add(labelSmoothing / 2);
  let positive = y.mul(x.neg().softplus());
  if (posWeight !== null) {
    expectNonNegativeElements(name, "posWeight", asTensor(posWeight, x.dtype, name, "posWeight"));
    positive = weighted(name, "posWeight", positive, posWeight);
  }
  const terms = positive.add(y.neg().add(1).mul(x.softplus()));
  return reduce(name, weighted(name, "weight", terms, weight), reduction);
}

export interface NegativeLogLikelihoodOptions {
  /** A factor for each class, [classes]. The mean then divides by the sum of the labels' weights. */
  weight?: TensorLike | null;
  /** Labels with this value count nowhere. Default -100. */
  ignoreIndex?: number;
  reduction?: Reduction;
}

/**
 * -w_y log p_y, from log-probabilities; the mean divides by the sum of w_y. `crossEntropy` takes logits.
 *
 * logProbabilities [n, classes, ...] or [classes], labels int32 [n, ...] or a number. "none" gives the shape of the
 * labels, 0 where ignored; if all are ignored the mean is 0, and so is the gradient.
 * Options: weight (none), ignoreIndex (-100), reduction ("mean").
 * Reference values: torch.nn.NLLLoss (where all are ignored, its mean is NaN).
 */
export function negativeLogLikelihood(
  logProbabilities: TensorLike,
  labels: TensorLike,
  options: NegativeLogLikelihoodOptions = {},
): Tensor {
  const { weight, ignoreIndex, reduction } = resolve<Required<NegativeLogLikelihoodOptions>>(
    "negativeLogLikelihood",
    options,
    { weight: null, ignoreIndex: -100, reduction: "mean" },
  );
  const logp = floatTensor("negativeLogLikelihood", "logProbabilities", logProbabilities);
  const target = classLabels("negativeLogLikelihood", "logProbabilities", logp, labels, ignoreIndex);
  const classWeight = classWeights("negativeLogLikelihood", "weight", weight, logp);
  const weights = weightOf(classWeight, target, logp);
  const terms = pick(logp, target).neg().maskedFill(target.ignored, 0).mul(weights);
  return reduceWeighted("negativeLogLikelihood", terms, weights, reduction);
}

export interface CrossEntropyOptions {
  /** A factor for each class, [classes]. */
  weight?: TensorLike | null;
  /** Labels with this value count nowhere; not for probabilities. Default -100. */
  ignoreIndex?: number;
  /** Targets become y (1 - labelSmoothing) + labelSmoothing / classes. Default 0. */
  labelSmoothing?: number;
  /**
   * What the mean divides by: the sum of the targets' class weights, or their count. Default "weight" for labels,
   * "count" for probabilities.
   */
  meanBy?: "weight" | "count";
  reduction?: Reduction;
}

/**
 * Cross-entropy of logits: -sum_c w_c y_c log p_c, p = softmax(x); for a label y, -w_y log p_y.
 *
 * logits [n, classes, ...] or [classes]. The target is either class labels, int32 [n, ...] (nested arrays of whole
 * numbers will do), or probabilities, float of the shape of the logits; the dtype and the shape decide. "none" gives
 * [n, ...]. With class weights the mean of labels divides by the sum of their weights and that of probabilities by
 * their count, as in PyTorch; `meanBy` says otherwise. If all labels are ignored the mean is 0, and so is the gradient.
 * A logit may be -Infinity where its target probability is 0.
 * Options: weight (none), ignoreIndex (-100), labelSmoothing (0), meanBy (as above), reduction ("mean").
 * Label smoothing: Szegedy et al. 2016, arXiv:1512.00567. Reference values: torch.nn.CrossEntropyLoss (where all are
 * ignored, its mean is NaN).
 */
export function crossEntropy(
  logits: TensorLike,
  labelsOrProbabilities: TensorLike,
  options: CrossEntropyOptions = {},
): Tensor {
  const resolved = resolve<Required<Omit<CrossEntropyOptions, "meanBy">> & Pick<CrossEntropyOptions, "meanBy">>(
    "crossEntropy",
    options,
    { weight: null, ignoreIndex: -100, labelSmoothing: 0, meanBy: undefined, reduction: "mean" },
  );
  expectFraction("crossEntropy", "labelSmoothing", resolved.labelSmoothing);
  if (resolved.meanBy !== undefined) expectOneOf("crossEntropy", "meanBy", resolved.meanBy, ["weight", "count"]);
  const x = floatTensor("crossEntropy", "logits", logits);
  const axis = classAxis("crossEntropy", "logits", x);
  const weight = classWeights("crossEntropy", "weight", resolved.weight, x);
  if (meansLabels(x, labelsOrProbabilities)) return labelCrossEntropy(x, labelsOrProbabilities, weight, resolved);
  if (options.ignoreIndex !== undefined) throw ignoreIndexIsForLabels("crossEntropy");
  return softCrossEntropy(x, labelsOrProbabilities, weight, axis, resolved);
}

type Resolved = { labelSmoothing: number; ignoreIndex: number; meanBy?: "weight" | "count"; reduction: Reduction };

function labelCrossEntropy(
  x: Tensor,
  labels: TensorLike,
  weight: Tensor | null,
  { labelSmoothing, ignoreIndex, meanBy, reduction }: Resolved,
): Tensor {
  const target = classLabels("crossEntropy", "logits", x, labels, ignoreIndex);
  const { axis, ignored } = target;
  const logp = x.logSoftmax(axis);
  const weights = weightOf(weight, target, x);
  let terms = pick(logp, target).maskedFill(ignored, 0).mul(weights).neg();
  if (labelSmoothing > 0) {
    const even = weighByClass(logp, weight, axis).mean(axis).neg();
    terms = terms.mul(1 - labelSmoothing).add(even.mul(labelSmoothing));
  }
  const counted = meanBy === "count" ? ignored.logicalNot().to(x.dtype) : weights;
  return reduceWeighted("crossEntropy", terms.maskedFill(ignored, 0), counted, reduction);
}

function softCrossEntropy(
  x: Tensor,
  probabilities: TensorLike,
  weight: Tensor | null,
  axis: number,
  { labelSmoothing, meanBy, reduction }: Resolved,
): Tensor {
  const given = classProbabilities("crossEntropy", "logits", x, probabilities);
  const y = labelSmoothing === 0 ? given : given.mul(1 - labelSmoothing).add(labelSmoothing / x.shape[axis]);
  const terms = weighByClass(expectation(y, x.logSoftmax(axis)), weight, axis)
    .sum(axis)
    .neg();
  if (meanBy !== "weight") return reduce("crossEntropy", terms, reduction);
  return reduceWeighted("crossEntropy", terms, weighByClass(given, weight, axis).sum(axis), reduction);
}

const weighByClass = (terms: Tensor, weight: Tensor | null, axis: number): Tensor =>
  weight === null ? terms : terms.mul(alongAxis(weight, terms.ndim, axis));
