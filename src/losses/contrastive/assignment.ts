import { concat } from "../../autograd/movement.ts";
import "../../functional/methods.ts";
import { expectAxes, expectNotEmpty, expectSameShape, expectShape, floatTensor } from "../../tensor/checks.ts";
import { arange } from "../../tensor/creation.ts";
import { ShapeError } from "../../tensor/errors.ts";
import { expectInteger, expectNonNegative, expectPositive, resolve } from "../../tensor/options.ts";
import { formatShape } from "../../tensor/shape.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { balanced } from "./sinkhorn.ts";
import { batchOf, viewStack } from "./views.ts";

// Losses over assignments to prototypes: one view says where a sample belongs, the others predict it.

export interface SwAVOptions {
  /** Scores of further, small crops, [crops, n, d], which predict but are not predicted. */
  smallCrops?: TensorLike | null;
  /** What the scores are divided by in the predictions, > 0. Default 0.1. */
  temperature?: number;
  /** What the scores are divided by in the assignments, > 0. Default 0.05. */
  epsilon?: number;
  /** Rounds of balancing, whole, >= 0. Default 3. */
  iterations?: number;
  reduction?: Reduction;
}

/**
 * SwAV: -sum_k q_k log softmax(z / t)_k, where the assignment q of one view, balanced over the batch, is predicted by
 * the scores z of every other view; the mean over such pairs of views.
 *
 * scores: [views, n, d], at least 2 views, of cosines with d prototypes. Returns [n] with reduction "none". Assignments
 * (Sinkhorn and Knopp, in the log domain) are constants to the gradient.
 * Options: smallCrops (null), temperature (0.1), epsilon (0.05), iterations (3), reduction ("mean").
 * Caron et al. 2020, arXiv:2006.09882. Reference values: lightly's SwaVLoss.
 */
export function swAV(scores: TensorLike, options: SwAVOptions = {}): Tensor {
  const where = "swAV";
  const { smallCrops, temperature, epsilon, iterations, reduction } = resolve<Required<SwAVOptions>>(where, options, {
    smallCrops: null,
    temperature: 0.1,
    epsilon: 0.05,
    iterations: 3,
    reduction: "mean",
  });
  expectPositive(where, "temperature", temperature);
  expectPositive(where, "epsilon", epsilon);
  expectInteger(where, "iterations", iterations, 0);
  const full = viewStack(where, "scores", scores, 2, 1);
  const all = smallCrops === null ? full : concat([full, cropsOf(where, full, smallCrops)]);
  const predicted = all.div(temperature).logSoftmax(2); // [views + crops, n, d]
  const views = full.shape[0];
  const terms = Array.from({ length: views }, (_, i) => {
    const assigned = balanced(full.indexSelect(0, [i]).squeeze(0).div(epsilon), iterations);
    const others = predicted.sum(0).sub(predicted.indexSelect(0, [i]).squeeze(0));
    return assigned.mul(others).sum(1);
  });
  const total = terms.reduce((a, b) => a.add(b)).neg();
  return reduce(where, total.div(views * (all.shape[0] - 1)), reduction);
}

/** smallCrops as [crops, n, d], with n and d of the scores. */
function cropsOf(where: string, scores: Tensor, smallCrops: TensorLike): Tensor {
  const crops = floatTensor(where, "smallCrops", smallCrops);
  const [, n, d] = scores.shape;
  if (crops.ndim !== 3 || crops.shape[1] !== n || crops.shape[2] !== d) {
    throw new ShapeError(where, `smallCrops must be [crops, ${n}, ${d}], got ${formatShape(crops.shape)}`);
  }
  return crops;
}

export interface MSNOptions {
  /** What the cosines with the prototypes are divided by, > 0. Default 0.1. */
  temperature?: number;
  /** The targets' probabilities are taken to the power 1 / sharpening, > 0. Default 0.25. */
  sharpening?: number;
  /** Rounds of balancing the targets over the batch, whole, >= 0. Default 3. */
  iterations?: number;
  /** The factor of the regulariser on the mean prediction, >= 0. Default 1. */
  regularization?: number;
}

export interface PMSNOptions extends MSNOptions {
  /** The prior of prototype k is proportional to k^-exponent, >= 0. Default 0.25. */
  exponent?: number;
}

const msnDefaults: Required<MSNOptions> = { temperature: 0.1, sharpening: 0.25, iterations: 3, regularization: 1 };

/**
 * Masked siamese networks (MSN): the cross-entropy of each masked view's softmax over prototypes with the sharpened,
 * balanced one of the target view, and log(prototypes) - the entropy of the mean prediction, so that all prototypes are
 * used.
 *
 * anchors: [views, n, d], masked views; targets: [n, d]; prototypes: [classes, d]; all normalised here. Returns a
 * scalar. Targets are constants to the gradient. Assran et al. 2022, arXiv:2204.07141. Reference values: lightly's
 * MSNLoss.
 * Options: temperature (0.1), sharpening (0.25), iterations (3), regularization (1).
 */
export function msn(
  anchors: TensorLike,
  targets: TensorLike,
  prototypes: TensorLike,
  options: MSNOptions = {},
): Tensor {
  const settings = resolve<Required<MSNOptions>>("msn", options, msnDefaults);
  return masked("msn", anchors, targets, prototypes, settings, (mean, logMean) =>
    mean.mul(logMean).sum().add(Math.log(mean.size)),
  );
}

/**
 * Prior-matching MSN (PMSN): `msn` with the divergence D(prior || mean prediction) in place of the entropy, for data
 * whose classes are unequal; the prior is a power law.
 *
 * anchors: [views, n, d]; targets: [n, d]; prototypes: [classes, d]; all normalised here. Returns a scalar.
 * Options: temperature (0.1), sharpening (0.25), iterations (3), regularization (1), exponent (0.25).
 * Assran et al. 2023, arXiv:2210.07277. Reference values: lightly's PMSNLoss.
 */
export function pmsn(
  anchors: TensorLike,
  targets: TensorLike,
  prototypes: TensorLike,
  options: PMSNOptions = {},
): Tensor {
  const { exponent, ...settings } = resolve<Required<PMSNOptions>>("pmsn", options, { ...msnDefaults, exponent: 0.25 });
  expectNonNegative("pmsn", "exponent", exponent);
  return masked("pmsn", anchors, targets, prototypes, settings, (_, logMean) => {
    const logPrior = arange(1, logMean.size + 1)
      .to(logMean.dtype)
      .log()
      .mul(-exponent)
      .logSoftmax(0);
    return logPrior.exp().mul(logPrior.sub(logMean)).sum();
  });
}

/** MSN with the regulariser as a function of the mean prediction and its logarithm, [classes]. */
function masked(
  where: string,
  anchors: TensorLike,
  targets: TensorLike,
  prototypes: TensorLike,
  { temperature, sharpening, iterations, regularization }: Required<MSNOptions>,
  regularizer: (mean: Tensor, logMean: Tensor) => Tensor,
): Tensor {
  expectPositive(where, "temperature", temperature);
  expectPositive(where, "sharpening", sharpening);
  expectInteger(where, "iterations", iterations, 0);
  expectNonNegative(where, "regularization", regularization);
  const a = viewStack(where, "anchors", anchors, 1, 1);
  const t = batchOf(where, "targets", targets, 1);
  expectShape(where, "targets", t, a.shape.slice(1));
  const p = batchOf(where, "prototypes", prototypes, 1);
  if (p.shape[1] !== t.shape[1]) {
    throw new ShapeError(where, `prototypes must be [classes, ${t.shape[1]}], got ${formatShape(p.shape)}`);
  }
  const cosines = (x: Tensor) => x.normalize({ axis: -1 }).matmul(p.normalize(), { transposeB: true });
  const logs = cosines(a).div(temperature).logSoftmax(2); // [views, n, classes]
  const sharp = cosines(t)
    .div(temperature * sharpening)
    .logSoftmax(1);
  const assigned = balanced(sharp, iterations);
  const logMean = logs.logSumExp([0, 1]).sub(Math.log(a.shape[0] * a.shape[1]));
  const crossEntropy = assigned.mul(logs).sum(2).mean().neg();
  return crossEntropy.add(regularizer(logMean.exp(), logMean).mul(regularization));
}

export interface CAPIOptions {
  /** What the teacher's scores are divided by, > 0. Default 0.06. */
  teacherTemperature?: number;
  /** What the student's scores are divided by, > 0. Default 0.12. */
  studentTemperature?: number;
  /** Rounds of balancing, whole, >= 0. Default 3. */
  iterations?: number;
  reduction?: Reduction;
}

/**
 * CAPI: the cross-entropy of the student's softmax over prototypes with the teacher's assignment, which is balanced
 * over the batch for each patch position by itself.
 *
 * student, teacher: scores [n, patches, d] of d prototypes. Returns [n, patches] with reduction "none". The teacher is
 * a constant to the gradient. Darcet et al. 2025, arXiv:2502.08769. Reference values: the formula in
 * float64, from which lightly's CAPILoss differs by the 1e-8 that it adds to sums.
 * Options: teacherTemperature (0.06), studentTemperature (0.12), iterations (3), reduction ("mean").
 */
export function capi(student: TensorLike, teacher: TensorLike, options: CAPIOptions = {}): Tensor {
  const where = "capi";
  const { teacherTemperature, studentTemperature, iterations, reduction } = resolve<Required<CAPIOptions>>(
    where,
    options,
    { teacherTemperature: 0.06, studentTemperature: 0.12, iterations: 3, reduction: "mean" },
  );
  expectPositive(where, "teacherTemperature", teacherTemperature);
  expectPositive(where, "studentTemperature", studentTemperature);
  expectInteger(where, "iterations", iterations, 0);
  const s = floatTensor(where, "student", student);
  const t = floatTensor(where, "teacher", teacher);
  expectAxes(where, "student", s, ["n", "patches", "d"]);
  expectSameShape(where, { student: s, teacher: t });
  expectNotEmpty(where, "student", s);
  const assigned = balanced(t.div(teacherTemperature), iterations);
  return reduce(where, assigned.mul(s.div(studentTemperature).logSoftmax(2)).sum(2).neg(), reduction);
}
