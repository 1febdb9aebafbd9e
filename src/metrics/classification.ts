import "../functional/methods.ts";
import { expectAxes, expectSameShape } from "../tensor/checks.ts";
import { zeros } from "../tensor/creation.ts";
import { ValueError } from "../tensor/errors.ts";
import { expectInteger, expectNumber, expectOneOf, resolve } from "../tensor/options.ts";
import type { Tensor, TensorLike } from "../tensor/tensor.ts";
import { binary, classIndices, expectSameLength, input, numbers, predictedClasses } from "./labels.ts";
import { mean, sum } from "./mean.ts";

// Everywhere here predictions are class indices [n] or scores [n, classes], of which the largest counts, and labels are
// class indices [n]. Where it says "or multilabel", both may be zeros and ones [n, labels] instead.

/**
 * The fraction of right predictions, or, multilabel, of rows that are right in every label.
 *
 * Throws for an empty batch. Semantics of sklearn.metrics.accuracy_score.
 */
export function accuracy(predictions: TensorLike, labels: TensorLike): number {
  const where = "accuracy";
  const y = input(where, "labels", labels);
  if (y.ndim === 2) {
    const { p, width } = multilabel(where, predictions, y);
    let right = 0;
    for (let row = 0; row < y.shape[0]; row++) {
      let same = true;
      for (let i = row * width; i < (row + 1) * width; i++) same &&= p.data[i] === y.data[i];
      if (same) right++;
    }
    return right / y.shape[0];
  }
  const { p } = pairs(where, predictions, y);
  return y.data.filter((label, i) => label === p[i]).length / y.size;
}

/**
 * The fraction of rows whose label is among the k classes of largest score. scores [n, classes], labels [n].
 *
 * A class that ties with the label's counts before it only if its index is smaller. `k` defaults to 5.
 * As sklearn.metrics.top_k_accuracy_score.
 */
export function topKAccuracy(scores: TensorLike, labels: TensorLike, options: { k?: number } = {}): number {
  const where = "topKAccuracy";
  const { k } = resolve(where, options, { k: 5 });
  expectInteger(where, "k", k);
  const s = numbers(where, "scores", scores);
  const y = classIndices(where, "labels", labels);
  expectAxes(where, "scores", s, ["n", "classes"]);
  expectSameLength(where, "scores", s.shape[0], y);
  const classes = s.shape[1];
  expectClasses(where, "labels", y.data, classes);
  let hits = 0;
  y.data.forEach((label, row) => {
    let above = 0;
    for (let c = 0; c < classes; c++) {
      const difference = s.data[row * classes + c] - s.data[row * classes + label];
      if (difference > 0 || (difference === 0 && c < label)) above++;
    }
    if (above < k) hits++;
  });
  return hits / y.size;
}

/**
 * The mean over the classes that occur in the labels of the fraction of their members found (recall).
 *
 * Semantics of sklearn.metrics.balanced_accuracy_score.
 */
export function balancedAccuracy(predictions: TensorLike, labels: TensorLike): number {
  const counts = countsOf("balancedAccuracy", predictions, labels, undefined).filter(({ actual }) => actual > 0);
  return mean(counts.map(({ hits, actual }) => hits / actual));
}

/**
 * How often each class was taken for which: int32 [classes, classes], a row for each label, a column for each
 * prediction.
 *
 * `classes` defaults to one more than the largest index seen. Semantics of sklearn.metrics.confusion_matrix.
 */
export function confusionMatrix(
  predictions: TensorLike,
  labels: TensorLike,
  options: { classes?: number } = {},
): Tensor {
  const where = "confusionMatrix";
  const { classes } = resolve<{ classes: number | undefined }>(where, options, { classes: undefined });
  const { p, y, count } = pairs(where, predictions, input(where, "labels", labels), classes);
  const matrix = zeros([count, count], { dtype: "int32" });
  y.data.forEach((label, i) => {
    matrix.data[label * count + p[i]]++;
  });
  return matrix;
}

export interface AverageOptions<A extends Average = Average> {
  /**
   * "binary" (default): of the class `positive`, when there are two. "macro": the mean over the classes that occur.
   * "weighted": that mean weighted by how often they are the label. "micro": of all decisions together.
   * "none": of each class, as an array.
   */
  average?: A;
  /** The positive class of "binary". Default 1. */
  positive?: number;
  /** How many classes (or labels) there are: then "macro" counts all. Default: those that occur. */
  classes?: number;
  /** What 0 / 0 counts as. Default 0. */
  zeroDivision?: number;
}

export type Average = "binary" | "macro" | "weighted" | "micro" | "none";

type AverageMetric = {
  (predictions: TensorLike, labels: TensorLike, options: AverageOptions<"none"> & { average: "none" }): number[];
  (predictions: TensorLike, labels: TensorLike, options?: AverageOptions<Exclude<Average, "none">>): number;
};

/**
 * Precision: of what was predicted as a class, the fraction that is of it. Class indices or multilabel.
 *
 * Throws when "binary" meets a class above 1. Semantics of sklearn.metrics.precision_score.
 */
export const precision = averaged("precision", ({ hits, predicted }) => [hits, predicted]);

/**
 * Recall: of what is of a class, the fraction predicted as such. Class indices or multilabel.
 *
 * Throws when "binary" meets a class above 1. Semantics of sklearn.metrics.recall_score.
 */
export const recall = averaged("recall", ({ hits, actual }) => [hits, actual]);

/**
 * F1: the harmonic mean of precision and recall, 2 hits / (predicted + actual). Class indices or multilabel.
 *
 * Throws when "binary" meets a class above 1. Semantics of sklearn.metrics.f1_score.
 */
export const f1 = averaged("f1", ({ hits, predicted, actual }) => [2 * hits, predicted + actual]);

/** For one class: how many were rightly predicted, how many predicted, and how many there are. */
interface Counts {
  hits: number;
  predicted: number;
  actual: number;
}

function averaged(where: string, ratio: (counts: Counts) => [above: number, below: number]): AverageMetric {
  const metric = (predictions: TensorLike, labels: TensorLike, options: AverageOptions = {}): number | number[] => {
    const { average, positive, classes, zeroDivision } = resolve<{
      average: Average;
      positive: number;
      classes: number | undefined;
      zeroDivision: number;
    }>(where, options, { average: "binary", positive: 1, classes: undefined, zeroDivision: 0 });
    expectOneOf(where, "average", average, ["binary", "macro", "weighted", "micro", "none"]);
    expectNumber(where, "positive", positive, "that is 0 or 1", (v) => v === 0 || v === 1);
    expectNumber(where, "zeroDivision", zeroDivision, "that is 0 or 1, or NaN", (v) => v === 0 || v === 1 || v !== v);
    const counts = countsOf(where, predictions, labels, classes);
    const score = (c: Counts) => {
      const [above, below] = ratio(c);
      return below === 0 ? zeroDivision : above / below;
    };
    if (average === "binary") {
      if (counts.length > 2 || input(where, "labels", labels).ndim === 2) {
        throw new ValueError(where, 'average "binary" is for the classes 0 and 1; choose "macro", "micro" or "none"');
      }
      return score(counts[positive] ?? { hits: 0, predicted: 0, actual: 0 });
    }
    if (average === "none") return counts.map(score);
    if (average === "micro") {
      return score({
        hits: sum(counts.map((c) => c.hits)),
        predicted: sum(counts.map((c) => c.predicted)),
        actual: sum(counts.map((c) => c.actual)),
      });
    }
    const all = classes !== undefined || input(where, "labels", labels).ndim === 2;
    const occurring = counts.filter((c) => all || c.predicted + c.actual > 0);
    if (average === "macro") return mean(occurring.map(score));
    return sum(occurring.map((c) => c.actual * score(c))) / sum(occurring.map((c) => c.actual));
  };
  return metric as AverageMetric;
}

/** The counts of every class, or of every label. */
function countsOf(where: string, predictions: TensorLike, labels: TensorLike, classes: number | undefined): Counts[] {
  const given = input(where, "labels", labels);
  if (given.ndim === 2) {
    const { p, width } = multilabel(where, predictions, given);
    const counts = emptyCounts(width);
    given.data.forEach((label, i) => {
      const c = counts[i % width];
      c.hits += label * p.data[i];
      c.predicted += p.data[i];
      c.actual += label;
    });
    return counts;
  }
  const { p, y, count } = pairs(where, predictions, given, classes);
  const counts = emptyCounts(count);
  y.data.forEach((label, i) => {
    counts[p[i]].predicted++;
    counts[label].actual++;
    if (p[i] === label) counts[label].hits++;
  });
  return counts;
}

const emptyCounts = (length: number): Counts[] => Array.from({ length }, () => ({ hits: 0, predicted: 0, actual: 0 }));

/** Predicted classes and labels, both [n], and how many classes there are. */
function pairs(where: string, predictions: TensorLike, labels: Tensor, classes?: number) {
  const y = classIndices(where, "labels", labels);
  const p = predictedClasses(where, predictions);
  expectSameLength(where, "predictions", p.length, y);
  if (classes === undefined) return { p, y, count: 1 + Math.max(largest(p), largest(y.data)) };
  expectInteger(where, "classes", classes);
  expectClasses(where, "predictions", p, classes);
  expectClasses(where, "labels", y.data, classes);
  return { p, y, count: classes };
}

function multilabel(where: string, predictions: TensorLike, labels: Tensor) {
  const y = binary(where, "labels", labels, ["n", "labels"]);
  const p = binary(where, "predictions", predictions, ["n", "labels"], "; decide with probabilities.gt(0.5)");
  expectSameShape(where, { predictions: p, labels: y });
  return { p, width: y.shape[1] };
}

function expectClasses(where: string, name: string, indices: ArrayLike<number>, classes: number): void {
  for (let i = 0; i < indices.length; i++) {
    if (indices[i] >= classes) {
      throw new ValueError(where, `${name}[${i}] is ${indices[i]}, but there are the classes 0..${classes - 1}`);
    }
  }
}

function largest(values: ArrayLike<number>): number {
  let max = 0;
  for (let i = 0; i < values.length; i++) max = Math.max(max, values[i]);
  return max;
}
