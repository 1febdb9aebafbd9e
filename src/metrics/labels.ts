import { expectAxes, expectNotEmpty, expectSameShape } from "../tensor/checks.ts";
import { ShapeError, ValueError } from "../tensor/errors.ts";
import { formatShape } from "../tensor/shape.ts";
import { asTensor, type Tensor, type TensorLike } from "../tensor/tensor.ts";

// What metrics are given. Arrays of numbers become float64: rounding to float32 would make ties of near scores.

/** An argument as a tensor with at least one element. */
export function input(where: string, name: string, value: TensorLike): Tensor {
  const t = Array.isArray(value) || typeof value === "number" ? asTensor(value, "float64") : asTensor(value);
  expectNotEmpty(where, name, t);
  return t;
}

/** An argument [n] or [n, columns] of numbers that can be ranked or averaged: no NaN. */
export function numbers(where: string, name: string, value: TensorLike): Tensor {
  const t = input(where, name, value);
  const bad = t.data.findIndex((v) => v !== v);
  if (bad >= 0) throw new ValueError(where, `${name}[${bad}] is NaN; find where it came from with detectAnomaly`);
  return t;
}

/** Class indices [n]: whole numbers >= 0 in any dtype. */
export function classIndices(where: string, name: string, value: TensorLike, hint = ""): Tensor {
  const t = input(where, name, value);
  expectAxes(where, name, t, ["n"]);
  const bad = t.data.findIndex((v) => !(Number.isInteger(v) && v >= 0));
  if (bad >= 0) throw new ValueError(where, `${name}[${bad}] is ${t.data[bad]}, not a class index${hint}`);
  return t;
}

/** The predicted classes [n]: given as indices, or as the largest of the scores [n, classes] (the first of equals). */
export function predictedClasses(where: string, value: TensorLike): ArrayLike<number> {
  const t = numbers(where, "predictions", value);
  if (t.ndim !== 2) {
    const hint = "; give scores [n, classes], or decide with probabilities.gt(0.5)";
    return classIndices(where, "predictions", t, hint).data;
  }
  const [n, classes] = t.shape;
  if (classes === 1) {
    throw new ShapeError(
      where,
      `predictions ${formatShape(t.shape)} have one column, always the largest; flatten them`,
    );
  }
  return Int32Array.from({ length: n }, (_, row) => {
    let best = 0;
    for (let c = 1; c < classes; c++) if (t.data[row * classes + c] > t.data[row * classes + best]) best = c;
    return best;
  });
}

/** Zeros and ones of the shape that `form` names. */
export function binary(where: string, name: string, value: TensorLike, form: readonly string[], hint = ""): Tensor {
  const t = input(where, name, value);
  expectAxes(where, name, t, form);
  const bad = t.data.findIndex((v) => v !== 0 && v !== 1);
  if (bad >= 0) throw new ValueError(where, `${name}[${bad}] is ${t.data[bad]}, but must be 0 or 1${hint}`);
  return t;
}

/** Scores [n] and labels [n] of zeros and ones. */
export function scored(where: string, scores: TensorLike, labels: TensorLike) {
  const s = numbers(where, "scores", scores);
  expectAxes(where, "scores", s, ["n"]);
  const y = binary(where, "labels", labels, ["n"]);
  expectSameShape(where, { scores: s, labels: y });
  return { scores: s.data, labels: y.data };
}

export function expectSameLength(where: string, name: string, length: number, labels: Tensor): void {
  if (length !== labels.shape[0]) {
    throw new ShapeError(where, `labels ${formatShape(labels.shape)} must have as many rows as ${name}, ${length}`);
  }
}
