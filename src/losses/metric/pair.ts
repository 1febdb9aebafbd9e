import { cosineSimilarity } from "../../functional/distances.ts";
import { safeSqrt } from "../../functional/numerics.ts";
import { expectAxes, expectSameShape, expectShape, floatTensor } from "../../tensor/checks.ts";
import { expectOneOf } from "../../tensor/options.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";

// What losses over pairs of rows share: x1 and x2 [..., d], one pair for each row.

/** A distance between the rows of two tensors: a name, or a function [..., d], [..., d] -> [...]. */
export type PairDistance = "euclidean" | "cosine" | "manhattan" | ((a: Tensor, b: Tensor) => Tensor);

/** The distance of each pair, and its square, which has a gradient at 0 that needs no root. */
export function distancesOf(
  where: string,
  a: Tensor,
  b: Tensor,
  distance: PairDistance,
): { d: Tensor; dSquared: Tensor } {
  if (distance === "euclidean") {
    const dSquared = a.sub(b).square().sum(-1);
    return { d: safeSqrt(dSquared), dSquared };
  }
  if (typeof distance !== "function") expectOneOf(where, "distance", distance, ["euclidean", "cosine", "manhattan"]);
  const d =
    typeof distance === "function"
      ? asTensor(distance(a, b))
      : distance === "cosine"
        ? cosineSimilarity(a, b, { axis: -1 }).neg().add(1)
        : a.sub(b).abs().sum(-1);
  expectShape(where, "distance(x1, x2)", d, a.shape.slice(0, -1));
  return { d, dSquared: d.square() };
}

/** Two tensors [..., d] and one label for each pair of rows. */
export function pairOf(
  where: string,
  x1: TensorLike,
  x2: TensorLike,
  labelName: string,
  labels: TensorLike,
): [a: Tensor, b: Tensor, y: Tensor] {
  const [a, b, y] = [
    floatTensor(where, "x1", x1),
    floatTensor(where, "x2", x2),
    asTensor(labels, undefined, where, "labels"),
  ];
  if (a.ndim === 0) expectAxes(where, "x1", a, ["n", "d"]);
  expectSameShape(where, { x1: a, x2: b });
  expectShape(where, labelName, y, a.shape.slice(0, -1));
  return [a, b, y];
}
