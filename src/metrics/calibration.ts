import { expectAxes } from "../tensor/checks.ts";
import { ShapeError, ValueError } from "../tensor/errors.ts";
import { expectInteger, resolve } from "../tensor/options.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Tensor, TensorLike } from "../tensor/tensor.ts";
import { binary, classIndices, expectSameLength, numbers } from "./labels.ts";

// Probabilities are [n], those of class 1, with labels of zeros and ones, or [n, classes], rows adding up to 1, with
// class indices [n].

/** The relative rounding error of the type in which the probabilities came. */
const epsilon = ({ dtype }: Tensor): number => (dtype === "float32" ? 2 ** -23 : Number.EPSILON);

const rowOf = ({ data, shape: [, width] }: Tensor, row: number): number[] =>
  Array.from(data.subarray(row * width, (row + 1) * width));

function probabilitiesAndLabels(where: string, probabilities: TensorLike, labels: TensorLike) {
  const p = numbers(where, "probabilities", probabilities);
  if (p.ndim !== 1 && p.ndim !== 2) {
    throw new ShapeError(where, `probabilities must be [n] or [n, classes], got shape ${formatShape(p.shape)}`);
  }
  const bad = p.data.findIndex((v) => v < 0 || v > 1);
  if (bad >= 0) {
    throw new ValueError(
      where,
      `probabilities[${bad}] is ${p.data[bad]}, not in [0, 1]; apply sigmoid or softmax to logits`,
    );
  }
  const [n, classes = 2] = p.shape;
  const y = p.ndim === 1 ? binary(where, "labels", labels, ["n"]) : classIndices(where, "labels", labels);
  expectSameLength(where, "probabilities", n, y);
  const beyond = y.data.findIndex((label) => label >= classes);
  if (beyond >= 0) {
    throw new ValueError(where, `labels[${beyond}] is ${y.data[beyond]}, but there are the classes 0..${classes - 1}`);
  }
  for (let row = 0; p.ndim === 2 && row < n; row++) {
    const total = rowOf(p, row).reduce((a, b) => a + b, 0);
    if (Math.abs(total - 1) > 1e-3) {
      throw new ValueError(
        where,
        `the probabilities of row ${row} add up to ${total}, not to 1; apply softmax to logits`,
      );
    }
  }
  return { p, y, n, classes };
}

/**
 * Cross-entropy of probabilities: -mean of log p_(i, y_i).
 *
 * Probabilities are taken as at least eps and at most 1 - eps, the rounding error of their type, so that a certain
 * mistake costs 16 (float32) or 36 (float64), not infinity. Semantics of sklearn.metrics.log_loss.
 */
export function logLoss(probabilities: TensorLike, labels: TensorLike): number {
  const { p, y, n, classes } = probabilitiesAndLabels("logLoss", probabilities, labels);
  const eps = epsilon(p);
  let total = 0;
  for (let i = 0; i < n; i++) {
    const label = y.data[i];
    const chance = p.ndim === 2 ? p.data[i * classes + label] : label === 1 ? p.data[i] : 1 - p.data[i];
    total -= Math.log(Math.min(Math.max(chance, eps), 1 - eps));
  }
  return total / n;
}

/** Mean of (probability - label)^2, binary. probabilities [n], labels [n]. As sklearn.metrics.brier_score_loss. */
export function brierScore(probabilities: TensorLike, labels: TensorLike): number {
  const { p, y, n } = probabilitiesAndLabels("brierScore", probabilities, labels);
  expectAxes("brierScore", "probabilities", p, ["n"]);
  let total = 0;
  for (let i = 0; i < n; i++) total += (p.data[i] - y.data[i]) ** 2;
  return total / n;
}

/** The items whose confidence is in (low, high]; the first bin takes 0 as well. */
export interface ReliabilityBin {
  low: number;
  high: number;
  count: number;
  /** The mean confidence. NaN in an empty bin. */
  confidence: number;
  /** The fraction that is right. NaN in an empty bin. */
  accuracy: number;
}

/**
 * What a reliability diagram shows: for equal ranges of confidence, how confident and how right the predictions are.
 *
 * Of [n, classes] the confidence is the largest probability, and right is a prediction whose class is the label; of [n]
 * the confidence is the probability itself, and "right" the label 1. `bins` defaults to 15.
 * For [n] as sklearn.calibration.calibration_curve, which leaves out empty bins.
 */
export function reliabilityBins(
  probabilities: TensorLike,
  labels: TensorLike,
  options: { bins?: number } = {},
): ReliabilityBin[] {
  return binsOf("reliabilityBins", probabilities, labels, options);
}

/**
 * Expected calibration error: the mean over items of |accuracy - confidence| of their bin.
 *
 * Arguments as `reliabilityBins`. Naeini et al. 2015; Guo et al. 2017, arXiv:1706.04599.
 */
export function calibrationError(
  probabilities: TensorLike,
  labels: TensorLike,
  options: { bins?: number } = {},
): number {
  const bins = binsOf("calibrationError", probabilities, labels, options).filter(({ count }) => count > 0);
  const n = bins.reduce((total, { count }) => total + count, 0);
  return bins.reduce((error, bin) => error + (bin.count / n) * Math.abs(bin.accuracy - bin.confidence), 0);
}

/** `reliabilityBins` for the function `where`. */
export function binsOf(
  where: string,
  probabilities: TensorLike,
  labels: TensorLike,
  options: { bins?: number },
): ReliabilityBin[] {
  const { bins } = resolve(where, options, { bins: 15 });
  expectInteger(where, "bins", bins);
  const { p, y, n } = probabilitiesAndLabels(where, probabilities, labels);
  const sums = Array.from({ length: bins }, () => ({ count: 0, confidence: 0, right: 0 }));
  for (let i = 0; i < n; i++) {
    let confidence = p.data[i];
    let right = y.data[i];
    if (p.ndim === 2) {
      const row = rowOf(p, i);
      confidence = Math.max(...row);
      right = row.indexOf(confidence) === y.data[i] ? 1 : 0;
    }
    const bin = sums[sums.findIndex((_, b) => confidence <= (b + 1) / bins)];
    bin.count++;
    bin.confidence += confidence;
    bin.right += right;
  }
  return sums.map(({ count, confidence, right }, b) => ({
    low: b / bins,
    high: (b + 1) / bins,
    count,
    confidence: confidence / count,
    accuracy: right / count,
  }));
}
