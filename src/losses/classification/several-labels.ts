import "../../functional/methods.ts";
import { expectProbabilities, expectSameShape, floatTensor } from "../../tensor/checks.ts";
import { ShapeError } from "../../tensor/errors.ts";
import { expectNonNegative, expectOneOf, expectPositive, resolve } from "../../tensor/options.ts";
import { formatShape } from "../../tensor/shape.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { classAxis, classProbabilities, expectation, reduceWeighted } from "../classes.ts";
import { type Reduction, reduce } from "../reduction.ts";

/**
 * Cross-entropy with several right classes: -1/m sum over the m right classes of log p_c, p = softmax(x); of weighted
 * ones -sum_c y_c log p_c / sum_c y_c.
 *
 * logits [n, classes, ...] or [classes], targets of the same shape, 1 for right classes and 0 for others, or weights in
 * [0, 1]. "none" gives [n, ...]; samples without a right class have loss 0, and the mean is over the others.
 * Options: reduction ("mean"). Khosla et al. 2020, arXiv:2004.11362 (the sum outside the logarithm); Mahajan et al.
 * 2018, arXiv:1805.00932 (for hashtags). Reference values: torch.nn.functional.cross_entropy of the divided targets.
 */
export function multiPositiveCrossEntropy(
  logits: TensorLike,
  targets: TensorLike,
  options: { reduction?: Reduction } = {},
): Tensor {
  const where = "multiPositiveCrossEntropy";
  const { reduction } = resolve<{ reduction: Reduction }>(where, options, { reduction: "mean" });
  const x = floatTensor(where, "logits", logits);
  const axis = classAxis(where, "logits", x);
  const y = classProbabilities(where, "logits", x, targets, "targets");
  const total = y.sum(axis);
  const none = total.eq(0);
  const terms = expectation(y, x.logSoftmax(axis)).sum(axis).div(total.maskedFill(none, 1)).neg();
  return reduceWeighted(where, terms, none.logicalNot().to(x.dtype), reduction);
}

export interface SoftFBetaOptions {
  /** How many times recall counts as much as precision, > 0. Default 1. */
  beta?: number;
  /**
   * Over what counts are added up: everything ("micro"), the samples for each label ("macro"), or the labels of each
   * sample ("samples"). Default "micro".
   */
  average?: "micro" | "macro" | "samples";
  /** Added to numerator and denominator of F, >= 0. Default 0. */
  smooth?: number;
  reduction?: Reduction;
}

/**
 * Soft F-beta loss: 1 - F, F = (1 + beta^2) TP / ((1 + beta^2) TP + beta^2 FN + FP), where probabilities count as parts
 * of a prediction: TP = sum y p, FN = sum y (1 - p), FP = sum (1 - y) p.
 *
 * probabilities, targets: the same shape [n, labels, ...] or [n], in [0, 1]. "none" gives a scalar for "micro", a value
 * for each label or each sample otherwise. With nothing to find and nothing found the loss is 0, and so is its
 * gradient.
 * Options: beta (1), average ("micro"), smooth (0), reduction ("mean").
 * van Rijsbergen 1979, "Information Retrieval" (the measure). Reference values: pytorch_optimizer's SoftF1Loss for beta
 * 1 (it exchanges FN and FP, as it shows for other betas), and the formula.
 */
export function softFBeta(probabilities: TensorLike, targets: TensorLike, options: SoftFBetaOptions = {}): Tensor {
  const { beta, average, smooth, reduction } = resolve<Required<SoftFBetaOptions>>("softFBeta", options, {
    beta: 1,
    average: "micro",
    smooth: 0,
    reduction: "mean",
  });
  expectPositive("softFBeta", "beta", beta);
  expectOneOf("softFBeta", "average", average, ["micro", "macro", "samples"]);
  expectNonNegative("softFBeta", "smooth", smooth);
  const p = floatTensor("softFBeta", "probabilities", probabilities);
  const y = asTensor(targets, p.dtype, "softFBeta", "targets").to(p.dtype);
  expectSameShape("softFBeta", { probabilities: p, targets: y });
  expectProbabilities("softFBeta", "probabilities", p, "for logits use logits.sigmoid()");
  expectProbabilities("softFBeta", "targets", y);
  if (average !== "micro" && p.ndim < 2)
    throw new ShapeError(
      "softFBeta",
      `average "${average}" needs probabilities [n, labels, ...], got ${formatShape(p.shape)}`,
    );
  const kept = { micro: -1, macro: 1, samples: 0 }[average];
  const axes = p.shape.flatMap((_, i) => (i === kept ? [] : [i]));
  const [hits, wanted, found] = [y.mul(p), y, p].map((t) => t.sum(axes));
  // (1 + beta^2) TP + beta^2 FN + FP = beta^2 wanted + found
  const denominator = wanted
    .mul(beta ** 2)
    .add(found)
    .add(smooth);
  const missed = denominator.sub(hits.mul(1 + beta ** 2).add(smooth));
  const empty = denominator.eq(0);
  return reduce("softFBeta", missed.div(denominator.maskedFill(empty, 1)).maskedFill(empty, 0), reduction);
}
