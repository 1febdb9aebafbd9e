import "../../functional/methods.ts";
import { expectPositiveElements, expectShape } from "../../tensor/checks.ts";
import { expectNumber } from "../../tensor/options.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { classAxis } from "../classes.ts";

// How many training samples each class has, and weights that follow from it.

/** How many training samples each class of the scores has, [classes], each above 0. */
export function countsOfClasses(where: string, classCounts: TensorLike, scores: Tensor): Tensor {
  const counts = asTensor(classCounts, scores.dtype, where, "classCounts").to(scores.dtype);
  expectShape(where, "classCounts", counts, [scores.shape[classAxis(where, "logits", scores)]]);
  expectPositiveElements(where, "classCounts", counts, "leave out classes without samples, or count each as 1");
  return counts;
}

export const expectBeta = (where: string, beta: unknown): void =>
  expectNumber(where, "beta", beta, "inside (0, 1)", (v) => v > 0 && v < 1);

/** Weights proportional to (1 - beta) / (1 - beta^n_c), which add up to the number of classes. */
export const effectiveWeights = (counts: Tensor, beta: number): Tensor =>
  scaledToClasses(counts.mul(Math.log(beta)).expm1().neg().reciprocal());

/** Weights [classes] times what makes their sum the number of classes. */
export const scaledToClasses = (weights: Tensor): Tensor => weights.div(weights.mean());
