import { resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { reduce } from "../reduction.ts";
import { agreement, type SignedOptions } from "./agreement.ts";

// Losses of the agreement v = t x of a score x with its target t = +-1. hinge.ts has those of support vector machines.

/** The reduction of a function of the agreement. */
function ofAgreement(
  where: string,
  scores: TensorLike,
  targets: TensorLike,
  options: SignedOptions,
  terms: (v: Tensor) => Tensor,
): Tensor {
  const { labels, reduction } = resolve<Required<SignedOptions>>(where, options, {
    labels: "signed",
    reduction: "mean",
  });
  return reduce(where, terms(agreement(where, scores, targets, labels)), reduction);
}

/**
 * The perceptron loss: [-t x]+.
 *
 * scores, targets: the same shape, targets 1 or -1 (1 or 0 with labels "binary"). The gradient at x = 0 is 0.
 * Options: labels ("signed"), reduction ("mean"). Rosenblatt 1958. Reference values: optax.losses.perceptron_loss.
 */
export function perceptron(scores: TensorLike, targets: TensorLike, options: SignedOptions = {}): Tensor {
  return ofAgreement("perceptron", scores, targets, options, (v) => v.neg().relu());
}

/**
 * The modified Huber loss: [1 - t x]+^2 where t x >= -1, -4 t x beyond: a squared hinge that outliers pull with bounded
 * strength.
 *
 * scores, targets: the same shape, targets 1 or -1 (1 or 0 with labels "binary"). Options: labels ("signed"), reduction
 * ("mean"). Zhang 2004, "Solving large scale linear prediction problems using stochastic gradient descent algorithms".
 * Reference values: scikit-learn's SGDClassifier.
 */
export function modifiedHuber(scores: TensorLike, targets: TensorLike, options: SignedOptions = {}): Tensor {
  return ofAgreement("modifiedHuber", scores, targets, options, (v) => {
    const inner = v.clamp(-1, 1);
    const beyond = inner.sub(v).relu(); // how far v is below -1
    return inner.neg().add(1).square().add(beyond.mul(4));
  });
}

/**
 * The exponential loss of AdaBoost: e^(-t x).
 *
 * scores, targets: the same shape, targets 1 or -1 (1 or 0 with labels "binary"). Overflows in float32 where t x < -88,
 * as the formula does; `softMargin` is what grows no faster than a line. Options: labels ("signed"), reduction
 * ("mean").
 * Freund and Schapire 1997, "A decision-theoretic generalization of on-line learning". Reference values: the formula.
 */
export function exponential(scores: TensorLike, targets: TensorLike, options: SignedOptions = {}): Tensor {
  return ofAgreement("exponential", scores, targets, options, (v) => v.neg().exp());
}

/**
 * The Savage loss: 1 / (1 + e^(t x))^2 = sigmoid(-t x)^2, bounded by 1, so that mislabelled samples let go.
 *
 * scores, targets: the same shape, targets 1 or -1 (1 or 0 with labels "binary"). Options: labels ("signed"), reduction
 * ("mean"). Masnadi-Shirazi and Vasconcelos 2008, "On the design of loss functions for classification". Reference
 * values: the formula.
 */
export function savage(scores: TensorLike, targets: TensorLike, options: SignedOptions = {}): Tensor {
  return ofAgreement("savage", scores, targets, options, (v) => v.neg().sigmoid().square());
}

/**
 * The tangent loss: (2 atan(t x) - 1)^2, which is bounded and also pulls back samples that are too right.
 *
 * scores, targets: the same shape, targets 1 or -1 (1 or 0 with labels "binary"). Smallest at t x = tan(1/2). Options:
 * labels ("signed"), reduction ("mean"). Masnadi-Shirazi, Mahadevan and Vasconcelos 2010, "On the design of robust
 * classifiers for computer vision". Reference values: the formula.
 */
export function tangent(scores: TensorLike, targets: TensorLike, options: SignedOptions = {}): Tensor {
  return ofAgreement("tangent", scores, targets, options, (v) => v.atan().mul(2).sub(1).square());
}
