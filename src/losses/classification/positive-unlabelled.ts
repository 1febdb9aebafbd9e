import { where as select, stopGradient } from "../../autograd/elementwise.ts";
import { maskedMean } from "../../functional/masks.ts";
import "../../functional/methods.ts";
import { expectBinary, expectNotEmpty, expectSameShape, floatTensor } from "../../tensor/checks.ts";
import { expectNonNegative, expectNumber, expectOneOf, resolve } from "../../tensor/options.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { expectFraction } from "../scalar-option.ts";

export interface PositiveUnlabelledOptions {
  /** The share of positives among the unlabelled, inside (0, 1). Required. */
  prior: number;
  /** The loss of a score and a sign: sigmoid(-t x), or softplus(-t x). Default "sigmoid", the paper's. */
  surrogate?: "sigmoid" | "logistic";
  /** Keep the risk of the negatives from falling below -beta; false gives the unbiased estimate. Default true. */
  nonNegative?: boolean;
  /** How far below 0 the risk of the negatives may fall, >= 0. Default 0. */
  beta?: number;
  /** How fast the risk of the negatives is raised again when it is below that, in [0, 1]. Default 1. */
  gamma?: number;
}

/**
 * Learning from positive and unlabelled data: prior R+_p + max(0, R-_u - prior R-_p), where R+_p and R-_p are the mean
 * losses of the positives taken for positive and for negative, and R-_u that of the unlabelled taken for negative.
 *
 * scores, targets: the same shape, targets 1 for positives and 0 for the unlabelled. A scalar. Where the risk of the
 * negatives, r = R-_u - prior R-_p, is below -beta, the value is prior R+_p - beta and the gradient, by the paper's
 * algorithm, that of -gamma r alone. A batch without positives, or without unlabelled, has 0 for their risks.
 * Options: prior (required), surrogate ("sigmoid"), nonNegative (true), beta (0), gamma (1).
 * Kiryo et al. 2017, arXiv:1703.00593; du Plessis, Niu and Sugiyama 2015 (unbiased). Reference values: the authors'
 * algorithm.
 */
export function positiveUnlabelled(
  scores: TensorLike,
  targets: TensorLike,
  options: PositiveUnlabelledOptions,
): Tensor {
  const where = "positiveUnlabelled";
  const { prior, surrogate, nonNegative, beta, gamma } = resolve<
    Required<Omit<PositiveUnlabelledOptions, "prior">> & { prior: number | undefined }
  >(where, options, { prior: undefined, surrogate: "sigmoid", nonNegative: true, beta: 0, gamma: 1 });
  expectNumber(
    where,
    "prior",
    prior,
    "inside (0, 1), the share of positives among the unlabelled",
    (v) => v > 0 && v < 1,
  );
  expectOneOf(where, "surrogate", surrogate, ["sigmoid", "logistic"]);
  expectNonNegative(where, "beta", beta);
  expectFraction(where, "gamma", gamma);
  const x = floatTensor(where, "scores", scores);
  const t = asTensor(targets, x.dtype, where, "targets");
  expectSameShape(where, { scores: x, targets: t });
  expectBinary(where, "targets", t);
  expectNotEmpty(where, "scores", x);
  const [asPositive, asNegative] = [x.neg(), x].map((v) => (surrogate === "sigmoid" ? v.sigmoid() : v.softplus()));
  const positives = maskedMean(asPositive, t.eq(1)).mul(prior as number);
  const negatives = maskedMean(asNegative, t.eq(0)).sub(maskedMean(asNegative, t.eq(1)).mul(prior as number));
  const risk = positives.add(negatives);
  if (!nonNegative) return risk;
  const raising = negatives.mul(-gamma);
  const corrected = stopGradient(positives.sub(beta).sub(raising)).add(raising);
  return select(negatives.lt(-beta), corrected, risk);
}
