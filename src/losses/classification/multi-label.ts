import { where as select, stopGradient } from "../../autograd/elementwise.ts";
import { maskedLogSumExp } from "../../functional/masks.ts";
import "../../functional/methods.ts";
import {
  asIndices,
  expectAxes,
  expectBinary,
  expectIndices,
  expectProbabilities,
  expectSameShape,
  floatTensor,
} from "../../tensor/checks.ts";
import { arange } from "../../tensor/creation.ts";
import { ShapeError } from "../../tensor/errors.ts";
import { expectNonNegative, expectNumber, resolve } from "../../tensor/options.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import {
  alongAxis,
  classLabels,
  classProbabilities,
  classWeights,
  isLabelled,
  labelLogit,
  meansLabels,
} from "../classes.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { expectFraction } from "../scalar-option.ts";
import { sigmoidCrossEntropy } from "../sigmoid-cross-entropy.ts";

// Losses of samples with any number of labels among the classes; `binaryCrossEntropyWithLogits` is the plain one.

/** Logits and multi-hot targets of one shape, classes on the last axis, checked. */
function multiHot(where: string, logits: TensorLike, targets: TensorLike): [x: Tensor, y: Tensor] {
  const x = floatTensor(where, "logits", logits);
  const y = asTensor(targets, x.dtype, where, "targets");
  expectSameShape(where, { logits: x, targets: y });
  if (x.ndim === 0) throw new ShapeError(where, "logits must be [..., classes], got a number");
  return [x, y];
}

/**
 * The multi-label margin loss: 1 / classes sum over labels j and other classes i of [1 - (x_j - x_i)]+.
 *
 * scores [n, classes] or [classes]; labelLists int32 of the same shape: each row lists its labels and ends at the first
 * -1. A label listed twice counts twice. "none" gives [n]. The gradient at the kink is 0. Options: reduction ("mean").
 * Reference values: torch.nn.MultiLabelMarginLoss.
 */
export function multiLabelMargin(
  scores: TensorLike,
  labelLists: TensorLike,
  options: { reduction?: Reduction } = {},
): Tensor {
  const where = "multiLabelMargin";
  const { reduction } = resolve<{ reduction: Reduction }>(where, options, { reduction: "mean" });
  const x = floatTensor(where, "scores", scores);
  const lists = asIndices(where, "labelLists", labelLists);
  if (x.ndim !== 1) expectAxes(where, "scores", x, ["n", "classes"]);
  expectSameShape(where, { scores: x, labelLists: lists });
  const classes = x.shape.at(-1)!;
  expectIndices(where, "labelLists", lists, classes, `the class axis of scores`, -1);
  const listed = lists.ge(0).to("int32").cumprod(-1).ne(0); // until the first -1
  const slots = listed.unsqueeze(-1); // [.., slots, 1], against the classes
  const isLabel = lists.unsqueeze(-1).eq(arange(classes)).logicalAnd(slots).any(-2, { keepDims: true });
  const violation = x
    .unsqueeze(-2)
    .sub(x.gather(-1, select(listed, lists, 0)).unsqueeze(-1))
    .add(1)
    .relu();
  const terms = select(slots.logicalAnd(isLabel.logicalNot()), violation, 0).sum([-2, -1]).div(classes);
  return reduce(where, terms, reduction);
}

export interface MultiLabelSoftMarginOptions {
  /** A factor for each class, [classes]. */
  weight?: TensorLike | null;
  reduction?: Reduction;
}

/**
 * The mean over classes of the binary cross-entropy of each: what `binaryCrossEntropyWithLogits` averages, one value
 * for a sample.
 *
 * logits [n, classes, ...] or [classes], targets in [0, 1] of the same shape. "none" gives the shape without the
 * classes.
 * Options: weight (none), reduction ("mean"). Reference values: torch.nn.MultiLabelSoftMarginLoss.
 */
export function multiLabelSoftMargin(
  logits: TensorLike,
  targets: TensorLike,
  options: MultiLabelSoftMarginOptions = {},
): Tensor {
  const where = "multiLabelSoftMargin";
  const { weight, reduction } = resolve<Required<MultiLabelSoftMarginOptions>>(where, options, {
    weight: null,
    reduction: "mean",
  });
  const [x, y] = multiHot(where, logits, targets);
  expectProbabilities(where, "targets", y, "map +-1 labels with labels.add(1).div(2)");
  const axis = x.ndim === 1 ? 0 : 1;
  const w = classWeights(where, "weight", weight, x);
  const terms = sigmoidCrossEntropy(x, y);
  const weighted = w === null ? terms : terms.mul(alongAxis(w, x.ndim, axis));
  return reduce(where, weighted.mean(axis), reduction);
}

export interface AsymmetricOptions {
  /** How strongly well-classified positives are passed over, >= 0. Default 1. */
  gammaPositive?: number;
  /** The same of negatives, >= 0. Default 4. */
  gammaNegative?: number;
  /** Negatives below this probability cost nothing, in [0, 1). Default 0.05. */
  clip?: number;
  /** Treat the powers as constants in the gradient. Default false. */
  detachWeights?: boolean;
  reduction?: Reduction;
}

/**
 * The asymmetric loss of many labels, few of them right: -y (1 - p)^g+ log p - (1 - y) m^g- log(1 - m), p = sigmoid(x),
 * m = [p - clip]+.
 *
 * logits, targets: the same shape, targets in [0, 1]. Computed from logits: log p = -softplus(-x), and 1 - m =
 * min(1, sigmoid(-x) + clip), which loses no digits. The gradient of a negative with p <= clip is 0.
 * Options: gammaPositive (1; the paper's 0), gammaNegative (4), clip (0.05), detachWeights (false), reduction ("mean";
 * the authors add up). Ben-Baruch et al. 2021, arXiv:2009.14119. Reference values: the formula, as in the authors' code
 * and timm, which clamp 1 - p at 1e-8 and lose the gradient of negatives with x > 17.
 */
export function asymmetric(logits: TensorLike, targets: TensorLike, options: AsymmetricOptions = {}): Tensor {
  const where = "asymmetric";
  const { gammaPositive, gammaNegative, clip, detachWeights, reduction } = resolve<Required<AsymmetricOptions>>(
    where,
    options,
    { gammaPositive: 1, gammaNegative: 4, clip: 0.05, detachWeights: false, reduction: "mean" },
  );
  expectNonNegative(where, "gammaPositive", gammaPositive);
  expectNonNegative(where, "gammaNegative", gammaNegative);
  expectNumber(where, "clip", clip, "in [0, 1)", (v) => v >= 0 && v < 1);
  const [x, y] = multiHot(where, logits, targets);
  expectProbabilities(where, "targets", y, "map +-1 labels with labels.add(1).div(2)");
  const constant = (weight: Tensor) => (detachWeights ? stopGradient(weight) : weight);
  const miss = constant(x.softplus().mul(-gammaPositive).exp()); // (1 - p)^g+
  const positive = miss.mul(x.neg().softplus());
  const raised = x.sigmoid().sub(clip).relu();
  const none = raised.eq(0);
  const hit = constant(gammaNegative === 0 ? raised.mul(0).add(1) : select(none, 1, raised).pow(gammaNegative));
  const other = clip === 0 ? x.softplus() : x.neg().sigmoid().add(clip).minimum(1).log().neg();
  const negative = clip === 0 ? hit.mul(other) : select(none, 0, hit.mul(other));
  return reduce(where, y.mul(positive).add(y.neg().add(1).mul(negative)), reduction);
}

export interface AsymmetricSingleLabelOptions {
  /** How strongly a well-classified label is passed over, >= 0. Default 0. */
  gammaPositive?: number;
  /** The same of the other classes, >= 0. Default 4. */
  gammaNegative?: number;
  /**
   * Targets become y (1 - labelSmoothing) + labelSmoothing / classes; without it the other classes have no term.
   * Default 0.1.
   */
  labelSmoothing?: number;
  reduction?: Reduction;
}

/**
 * The asymmetric loss of one label: -sum_c y_c w_c log p_c, p = softmax(x), w = (1 - p_c)^g+ for the label and p_c^g-
 * for the others, y the smoothed label.
 *
 * logits [n, classes, ...] or [classes], labels int32 [n, ...] or a number. "none" gives the shape of the labels.
 * Options: gammaPositive (0; timm's 1), gammaNegative (4), labelSmoothing (0.1), reduction ("mean").
 * Ben-Baruch et al. 2021, arXiv:2009.14119. Reference values: the formula, as in the authors' code.
 */
export function asymmetricSingleLabel(
  logits: TensorLike,
  labels: TensorLike,
  options: AsymmetricSingleLabelOptions = {},
): Tensor {
  const where = "asymmetricSingleLabel";
  const { gammaPositive, gammaNegative, labelSmoothing, reduction } = resolve<Required<AsymmetricSingleLabelOptions>>(
    where,
    options,
    { gammaPositive: 0, gammaNegative: 4, labelSmoothing: 0.1, reduction: "mean" },
  );
  expectNonNegative(where, "gammaPositive", gammaPositive);
  expectNonNegative(where, "gammaNegative", gammaNegative);
  expectFraction(where, "labelSmoothing", labelSmoothing);
  const x = floatTensor(where, "logits", logits);
  const target = classLabels(where, "logits", x, labels);
  const label = isLabelled(x, target);
  const logp = x.logSoftmax(target.axis);
  const z = labelLogit(x, target).unsqueeze(target.axis);
  const toLabel = z.softplus().mul(-gammaPositive).exp().mul(z.neg().softplus()); // (1 - p_y)^g+ (-log p_y)
  const toOthers = logp.mul(gammaNegative).exp().mul(logp).neg();
  const even = labelSmoothing / x.shape[target.axis];
  const terms = select(label, toLabel.mul(1 - labelSmoothing + even), toOthers.mul(even)).sum(target.axis);
  return reduce(where, terms, reduction);
}

/**
 * ZLPR, zero-bounded log-sum-exp and pairwise rank: log(1 + sum over negatives of e^x) + log(1 + sum over positives of
 * e^-x), which wants every positive above 0 and above every negative, and every negative below 0.
 *
 * logits, targets [..., classes] of one shape, targets 0 or 1. "none" gives [...]. Options: reduction ("mean").
 * Su et al. 2022, arXiv:2208.02955. Reference values: the formula.
 */
export function zlpr(logits: TensorLike, targets: TensorLike, options: { reduction?: Reduction } = {}): Tensor {
  const { reduction } = resolve<{ reduction: Reduction }>("zlpr", options, { reduction: "mean" });
  const [x, y] = multiHot("zlpr", logits, targets);
  expectBinary("zlpr", "targets", y);
  const negatives = maskedLogSumExp(x, y.eq(0), -1, { addOne: true });
  const positives = maskedLogSumExp(x.neg(), y.eq(1), -1, { addOne: true });
  return reduce("zlpr", negatives.add(positives), reduction);
}

export interface OneVersusAllOptions {
  /**
   * Targets become 1 - s + s / classes for the label and s / classes for the others, s = labelSmoothing. Default 0.1.
   */
  labelSmoothing?: number;
  /** Soft targets above this become 1, the others 0; null leaves them. In [0, 1]. Default null. */
  targetThreshold?: number | null;
  /** Add the classes up, in place of averaging over them too. Default false. */
  sumClasses?: boolean;
  reduction?: Reduction;
}

/**
 * Classification by one binary cross-entropy for each class, with targets spread over all of them.
 *
 * logits [n, classes] or [classes]; the target is labels, int32 [n] or a number, or soft labels, float of the shape of
 * the logits, which are not smoothed. Every class is a term, or with sumClasses every sample. Options: labelSmoothing
 * (0.1), targetThreshold (none), sumClasses (false), reduction ("mean"). Wightman, Touvron and Jegou 2021,
 * arXiv:2110.00476. Reference values: the formula, as in timm's BinaryCrossEntropy.
 */
export function oneVersusAll(
  logits: TensorLike,
  labelsOrProbabilities: TensorLike,
  options: OneVersusAllOptions = {},
): Tensor {
  const where = "oneVersusAll";
  const { labelSmoothing, targetThreshold, sumClasses, reduction } = resolve<Required<OneVersusAllOptions>>(
    where,
    options,
    { labelSmoothing: 0.1, targetThreshold: null, sumClasses: false, reduction: "mean" },
  );
  expectFraction(where, "labelSmoothing", labelSmoothing);
  if (targetThreshold !== null) expectFraction(where, "targetThreshold", targetThreshold);
  const x = floatTensor(where, "logits", logits);
  if (x.ndim !== 1) expectAxes(where, "logits", x, ["n", "classes"]);
  const soft = meansLabels(x, labelsOrProbabilities)
    ? isLabelled(x, classLabels(where, "logits", x, labelsOrProbabilities))
        .to(x.dtype)
        .mul(1 - labelSmoothing)
        .add(labelSmoothing / x.shape[x.ndim - 1])
    : classProbabilities(where, "logits", x, labelsOrProbabilities);
  const y = targetThreshold === null ? soft : soft.gt(targetThreshold).to(x.dtype);
  const terms = sigmoidCrossEntropy(x, y);
  return reduce(where, sumClasses ? terms.sum(-1) : terms, reduction);
}
