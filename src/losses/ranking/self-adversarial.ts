import { stopGradient } from "../../autograd/elementwise.ts";
import { expectShape, floatTensor } from "../../tensor/checks.ts";
import { ShapeError } from "../../tensor/errors.ts";
import { expectNonNegative, expectNumber, expectOneOf, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";

export interface SelfAdversarialOptions {
  /** The distance gamma at which a fact is as likely true as not, any number. Default 12. */
  margin?: number;
  /** How much the negatives that seem true weigh more, >= 0; 0 weighs all alike. Default 1. */
  alpha?: number;
  /** Whether a true fact scores low ("distance", the default) or high ("similarity"). */
  score?: "distance" | "similarity";
  reduction?: Reduction;
}

/**
 * Self-adversarial negative sampling, of RotatE: -log sigmoid(gamma - d) - sum_k w_k log sigmoid(d_k - gamma), with the
 * distance d of a fact, those d_k of its corruptions, and w = softmax(alpha (gamma - d_k)), a constant to the gradient.
 *
 * positive: [...], negative: [..., k] with the corruptions of each. "none" gives the shape of positive. With score
 * "similarity" -d stands for the scores: -log sigmoid(gamma + s) - sum_k w_k log sigmoid(-s_k - gamma).
 * Options: margin (12), alpha (1), score ("distance"), reduction ("mean"). The authors' code halves the sum.
 * Sun et al. 2019, "RotatE: knowledge graph embedding by relational rotation in complex space", arXiv:1902.10197.
 * Reference values: the formula.
 */
export function selfAdversarial(
  positive: TensorLike,
  negative: TensorLike,
  options: SelfAdversarialOptions = {},
): Tensor {
  const where = "selfAdversarial";
  const { margin, alpha, score, reduction } = resolve<Required<SelfAdversarialOptions>>(where, options, {
    margin: 12,
    alpha: 1,
    score: "distance",
    reduction: "mean",
  });
  expectNumber(where, "margin", margin, "that is finite", Number.isFinite);
  expectNonNegative(where, "alpha", alpha);
  expectOneOf(where, "score", score, ["distance", "similarity"]);
  const [p, n] = [floatTensor(where, "positive", positive), floatTensor(where, "negative", negative)];
  if (n.ndim === 0 || n.shape[n.ndim - 1] === 0) throw new ShapeError(where, "negative needs a last axis of negatives");
  expectShape(where, "positive", p, n.shape.slice(0, -1));
  const plausible = (x: Tensor) => (score === "distance" ? x.neg() : x).add(margin);
  const weights = stopGradient(plausible(n)).mul(alpha).softmax(-1);
  const negatives = weights.mul(plausible(n).softplus()).sum(-1);
  return reduce(where, plausible(p).neg().softplus().add(negatives), reduction);
}
