import "../functional/methods.ts";
import { fed } from "../tensor/creation.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { observe } from "../tensor/tracing.ts";

// Numbers that schedules change and counts of steps get into the formulas as tensors: a compiled step then reads them
// at each call, and a new value needs no new program.

/**
 * A number that may differ from step to step, as a scalar of the dtype of `like`. `read` computes it before each step.
 */
export const stepNumber = (like: Tensor, read: () => number): Tensor =>
  fed([], like.dtype, (data) => {
    data[0] = read();
  });

/** keep mean + (1 - keep) value: a running mean after one more value. */
export const runningMean = (mean: Tensor, value: Tensor, keep: () => number): Tensor =>
  mean.mul(stepNumber(mean, keep)).add(value.mul(stepNumber(mean, () => 1 - keep())));

/**
 * t + rate weightDecay p. With t the gradient it is that of the loss and an L2 penalty; with t what a step takes off p
 * and rate lr, p decays apart from the gradient, without the rounding of a factor 1 - lr weightDecay close to 1.
 */
export function withDecay(
  t: Tensor,
  p: Tensor,
  options: { readonly weightDecay: number },
  rate: () => number = () => 1,
): Tensor {
  if (observe(() => options.weightDecay === 0)) return t;
  return t.add(p.mul(stepNumber(p, () => rate() * options.weightDecay)));
}
