import { expectAxes, expectSameShape } from "../tensor/checks.ts";
import { ValueError } from "../tensor/errors.ts";
import { expectOneOf, resolve } from "../tensor/options.ts";
import type { TensorLike } from "../tensor/tensor.ts";
import { binary, numbers, scored } from "./labels.ts";

// Scores [n], larger for what is more likely positive, and labels [n] of zeros and ones. A threshold t predicts
// positive where score >= t, so items of equal score change sides together: ties are never broken by order.

/** How many of each kind score at least each threshold; thresholds are the distinct scores, falling. */
interface Cumulative {
  thresholds: number[];
  falsePositives: number[];
  truePositives: number[];
  negatives: number;
  positives: number;
}

function cumulative(scores: ArrayLike<number>, labels: ArrayLike<number>): Cumulative {
  const order = Int32Array.from({ length: scores.length }, (_, i) => i).sort((a, b) => scores[b] - scores[a] || a - b);
  const thresholds: number[] = [];
  const falsePositives: number[] = [];
  const truePositives: number[] = [];
  let positives = 0;
  order.forEach((item, i) => {
    positives += labels[item];
    if (i + 1 < order.length && scores[order[i + 1]] === scores[item]) return;
    thresholds.push(scores[item]);
    truePositives.push(positives);
    falsePositives.push(i + 1 - positives);
  });
  return { thresholds, falsePositives, truePositives, positives, negatives: scores.length - positives };
}

/** The entries at the positions in `kept`. */
const at = (values: readonly number[], kept: readonly number[]): number[] => kept.map((i) => values[i]);

export interface ROCCurve {
  falsePositiveRate: number[];
  truePositiveRate: number[];
  /** Falling; the first is infinite, where nothing is predicted positive. */
  thresholds: number[];
}

/**
 * The receiver operating characteristic: true against false positive rate, from (0, 0) to (1, 1), as the threshold
 * falls.
 *
 * `dropIntermediate` (default true) leaves out points inside straight lines. Without positives the true positive rates
 * are NaN, without negatives the false ones. Semantics of sklearn.metrics.roc_curve.
 */
export function rocCurve(
  scores: TensorLike,
  labels: TensorLike,
  options: { dropIntermediate?: boolean } = {},
): ROCCurve {
  const { dropIntermediate } = resolve("rocCurve", options, { dropIntermediate: true });
  expectOneOf("rocCurve", "dropIntermediate", dropIntermediate, [true, false]);
  const given = scored("rocCurve", scores, labels);
  return roc(cumulative(given.scores, given.labels), dropIntermediate);
}

function roc(counts: Cumulative, dropIntermediate: boolean): ROCCurve {
  const { thresholds, falsePositives: fp, truePositives: tp, positives, negatives } = counts;
  const bends = (v: readonly number[], i: number) => v[i + 1] - v[i] !== v[i] - v[i - 1];
  const kept = [...thresholds.keys()].filter(
    (i) => !dropIntermediate || i === 0 || i === thresholds.length - 1 || bends(fp, i) || bends(tp, i),
  );
  return {
    falsePositiveRate: [0, ...at(fp, kept)].map((count) => count / (negatives || Number.NaN)),
    truePositiveRate: [0, ...at(tp, kept)].map((count) => count / (positives || Number.NaN)),
    thresholds: [Number.POSITIVE_INFINITY, ...at(thresholds, kept)],
  };
}

/**
 * The area under the ROC curve: how often a positive scores above a negative, a tie counting one half.
 *
 * NaN when all labels are of one class. Semantics of sklearn.metrics.roc_auc_score.
 */
export function rocAUC(scores: TensorLike, labels: TensorLike): number {
  const given = scored("rocAUC", scores, labels);
  const { falsePositives: fp, truePositives: tp, positives, negatives } = cumulative(given.scores, given.labels);
  if (positives === 0 || negatives === 0) return Number.NaN;
  let area = 0; // in whole numbers up to the last line, so it is exact
  fp.forEach((count, i) => {
    area += (count - (fp[i - 1] ?? 0)) * (tp[i] + (tp[i - 1] ?? 0));
  });
  return area / (2 * positives * negatives);
}

export interface PrecisionRecallCurve {
  precision: number[];
  recall: number[];
  /** Rising; one fewer than the points, since the last point (precision 1, recall 0) has no threshold. */
  thresholds: number[];
}

/**
 * Precision and recall as the threshold rises, with (1, 0) at the end.
 *
 * Without positives every recall is 1. Semantics of sklearn.metrics.precision_recall_curve.
 */
export function precisionRecallCurve(scores: TensorLike, labels: TensorLike): PrecisionRecallCurve {
  const given = scored("precisionRecallCurve", scores, labels);
  const { thresholds, falsePositives: fp, truePositives: tp, positives } = cumulative(given.scores, given.labels);
  const precision = tp.map((hits, i) => hits / (hits + fp[i]));
  const recall = tp.map((hits) => (positives === 0 ? 1 : hits / positives));
  return {
    precision: [...precision.reverse(), 1],
    recall: [...recall.reverse(), 0],
    thresholds: thresholds.reverse(),
  };
}

/**
 * Average precision: sum_i (R_i - R_(i-1)) P_i over the thresholds; precision averaged over the positives, without
 * interpolation.
 *
 * 0 when there are no positives. Semantics of sklearn.metrics.average_precision_score.
 */
export function averagePrecision(scores: TensorLike, labels: TensorLike): number {
  const given = scored("averagePrecision", scores, labels);
  return averagePrecisionOf(given.scores, given.labels);
}

export function averagePrecisionOf(scores: ArrayLike<number>, labels: ArrayLike<number>): number {
  const { falsePositives: fp, truePositives: tp, positives } = cumulative(scores, labels);
  let total = 0;
  tp.forEach((hits, i) => {
    total += ((hits - (tp[i - 1] ?? 0)) * hits) / (hits + fp[i]);
  });
  return positives === 0 ? 0 : total / positives;
}

/**
 * The mean over labels (columns) of their average precision: scores [n, labels], labels [n, labels] of zeros and ones.
 *
 * A label without positives counts 0. Semantics of sklearn.metrics.average_precision_score with average "macro".
 */
export function meanAveragePrecision(scores: TensorLike, labels: TensorLike): number {
  const where = "meanAveragePrecision";
  const s = numbers(where, "scores", scores);
  expectAxes(where, "scores", s, ["n", "labels"]);
  const y = binary(where, "labels", labels, ["n", "labels"]);
  expectSameShape(where, { scores: s, labels: y });
  const [, width] = s.shape;
  const column = (values: ArrayLike<number>, c: number) => Array.from(values).filter((_, i) => i % width === c);
  let total = 0;
  for (let c = 0; c < width; c++) total += averagePrecisionOf(column(s.data, c), column(y.data, c));
  return total / width;
}

export interface DETCurve {
  /** Falling. */
  falsePositiveRate: number[];
  falseNegativeRate: number[];
  thresholds: number[];
}

/**
 * Detection error tradeoff: the rates of both errors as the threshold rises, between the last point where no positive
 * is missed and the first without a false alarm.
 *
 * Throws when all labels are of one class. Semantics of sklearn.metrics.det_curve.
 */
export function detCurve(scores: TensorLike, labels: TensorLike): DETCurve {
  const given = scored("detCurve", scores, labels);
  const counts = cumulative(given.scores, given.labels);
  expectBothClasses("detCurve", counts);
  const curve = roc(counts, false);
  const { falsePositiveRate: fpr, truePositiveRate: tpr } = curve;
  const first = fpr.lastIndexOf(0);
  const last = tpr.indexOf(1) + 1;
  return {
    falsePositiveRate: fpr.slice(first, last).reverse(),
    falseNegativeRate: tpr
      .slice(first, last)
      .map((rate) => 1 - rate)
      .reverse(),
    thresholds: curve.thresholds.slice(first, last).reverse(),
  };
}

/**
 * The equal error rate of a verification: where as many impostors are accepted (false positives) as genuine pairs are
 * rejected (false negatives), and the threshold for it.
 *
 * scores [n], larger for pairs that are more alike (negate distances); labels [n], 1 for genuine pairs. Between the
 * points of the ROC curve both rates and the threshold are interpolated linearly.
 * Throws when all labels are of one class.
 */
export function equalErrorRate(scores: TensorLike, labels: TensorLike): { rate: number; threshold: number } {
  const given = scored("equalErrorRate", scores, labels);
  const counts = cumulative(given.scores, given.labels);
  expectBothClasses("equalErrorRate", counts);
  const { falsePositiveRate: fpr, truePositiveRate: tpr, thresholds } = roc(counts, false);
  const excess = fpr.map((rate, i) => rate - (1 - tpr[i])); // rises from -1 to 1
  const after = excess.findIndex((e) => e >= 0);
  const before = after - 1;
  const part = -excess[before] / (excess[after] - excess[before]);
  const between = (values: readonly number[]) => values[before] + part * (values[after] - values[before]);
  return {
    rate: between(fpr),
    threshold: before === 0 ? thresholds[after] : between(thresholds), // no threshold lies between infinity and the first
  };
}

function expectBothClasses(where: string, { positives, negatives }: Cumulative): void {
  if (positives === 0 || negatives === 0) {
    throw new ValueError(where, `labels hold ${positives} ones and ${negatives} zeros; there must be both`);
  }
}
