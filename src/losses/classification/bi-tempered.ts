import { stopGradient } from "../../autograd/elementwise.ts";
import { xlogy } from "../../functional/numerics.ts";
import "../../functional/methods.ts";
import { floatTensor } from "../../tensor/checks.ts";
import { zerosLike } from "../../tensor/creation.ts";
import { expectNumber, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import type { Reduction } from "../reduction.ts";
import { expectFraction } from "../scalar-option.ts";
import { distributionOf, expectSeveralClasses } from "./labelled.ts";

export interface BiTemperedOptions {
  /**
   * The temperature of the loss, in [0, 1]: below 1 it is bounded, so that a wrong label far away cannot dominate.
   * Default 0.8.
   */
  t1?: number;
  /**
   * The temperature of the softmax, >= 1: above 1 its tails are heavy, so that a wrong label nearby pulls less. Default
   * 1.2.
   */
  t2?: number;
  /** The label keeps 1 - labelSmoothing, and the other classes share the rest; in [0, 1]. Default 0. */
  labelSmoothing?: number;
  /** Labels with this value count nowhere; not for probabilities. Default -100. */
  ignoreIndex?: number;
  reduction?: Reduction;
}

/**
 * The bi-tempered logistic loss: sum_c y_c (log_t1 y_c - log_t1 p_c) - (y_c^(2 - t1) - p_c^(2 - t1)) / (2 - t1), where
 * p_c = exp_t2(x_c - norm(x)) sums to 1, log_t(a) = (a^(1 - t) - 1) / (1 - t), and exp_t is its inverse.
 * With t1 = t2 = 1 it is cross-entropy (less the entropy of y).
 *
 * logits [n, classes, ...] or [classes], at least two classes; the target is class labels, int32 [n, ...], or
 * distributions of the shape of the logits. "none" gives [n, ...], 0 where ignored; the mean is over the others.
 * norm(x) is solved for to the precision of the dtype; the five iterations of the authors' code leave probabilities
 * that add up to 1.02 with 1000 classes. Light tails, t2 < 1, are not offered: they give probabilities of 0, and
 * gradients that die.
 * Options: t1 (0.8), t2 (1.2), labelSmoothing (0; not crossEntropy's convention), ignoreIndex (-100), reduction
 * ("mean").
 * Amid et al. 2019, arXiv:1906.03361. Reference values: the formula, and pytorch_optimizer's bi_tempered_logistic_loss
 * with 500 iterations.
 */
export function biTempered(
  logits: TensorLike,
  labelsOrProbabilities: TensorLike,
  options: BiTemperedOptions = {},
): Tensor {
  const { t1, t2, labelSmoothing, reduction } = resolve<Required<BiTemperedOptions>>("biTempered", options, {
    t1: 0.8,
    t2: 1.2,
    labelSmoothing: 0,
    ignoreIndex: -100,
    reduction: "mean",
  });
  expectFraction("biTempered", "t1", t1);
  expectNumber("biTempered", "t2", t2, ">= 1", (v) => v >= 1 && Number.isFinite(v));
  expectFraction("biTempered", "labelSmoothing", labelSmoothing);
  const x = floatTensor("biTempered", "logits", logits);
  const target = distributionOf("biTempered", "logits", x, labelsOrProbabilities, options.ignoreIndex);
  const { axis } = target;
  expectSeveralClasses("biTempered", x, axis);
  const classes = x.shape[axis];
  const other = labelSmoothing / (classes - 1);
  const y = labelSmoothing === 0 ? target.y : target.y.mul(1 - classes * other).add(other);
  const logp = logTemperedSoftmax(x, t2, axis);
  const power = 2 - t1;
  const powers = logp.mul(power).exp().sub(y.pow(power)).div(power);
  const terms = timesTemperedLog(y, t1)
    .sub(y.mul(temperedLogOfExp(logp, t1)))
    .add(powers);
  return target.reduceTerms(terms.sum(axis), reduction);
}

/** log_t(e^a). */
function temperedLogOfExp(a: Tensor, t: number): Tensor {
  const power = 1 - t;
  return t === 1 ? a : a.mul(power).expm1().div(power);
}

/** y log_t y, which is 0 at 0. */
function timesTemperedLog(y: Tensor, t: number): Tensor {
  if (t === 1) return xlogy(y, y);
  const [above, below] = [2 - t, 1 - t];
  return y.pow(above).sub(y).div(below);
}

/** Steps of Newton's method on constants: enough for 1e-13 with 2 to 1e5 classes, t up to 10, and logits up to 1e4. */
const steps = 6;

/**
 * log exp_t(x_c - norm(x)), t >= 1.
 *
 * With v_c = (t - 1)(max x - x_c) and w(s) = (1 + v + s)^(-1 / (t - 1)), the probabilities are w(s) at the s >= 0 for
 * which they sum to 1. As (sum w)^(1 - t) is concave in s, and linear when all scores are equal, Newton's method on it
 * rises to the solution from s = 0 and never passes it. It runs on constants; two more steps from there, which move s
 * no further, depend on x and have the derivatives of the solution, to second order.
 */
function logTemperedSoftmax(x: Tensor, t: number, axis: number): Tensor {
  if (t === 1) return x.logSoftmax(axis);
  const top = stopGradient(x.max(axis, { keepDims: true }));
  const v = x.sub(top).mul(1 - t);
  let s = zerosLike(top);
  for (let i = 0; i < steps; i++) s = newton(stopGradient(v), s, t, axis);
  for (let i = 0; i < 2; i++) s = newton(v, s, t, axis);
  return logPower(v.add(s), t);
}

/** log (1 + v)^(-1 / (t - 1)), precise for t near 1 too. */
const logPower = (v: Tensor, t: number): Tensor => v.log1p().div(1 - t);

/** One step of Newton's method for (sum (1 + v + s)^(-1 / (t - 1)))^(1 - t) = 1. */
function newton(v: Tensor, s: Tensor, t: number, axis: number): Tensor {
  const w = logPower(v.add(s), t).exp();
  const total = w.sum(axis, { keepDims: true });
  const slope = w.div(v.add(s).add(1)).sum(axis, { keepDims: true });
  const excess = total
    .log()
    .mul(t - 1)
    .expm1(); // total^(t - 1) - 1
  return s.add(total.mul(excess).div(slope));
}
