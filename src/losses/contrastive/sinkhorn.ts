import { stopGradient } from "../../autograd/elementwise.ts";
import "../../functional/methods.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/**
 * Sinkhorn and Knopp's balanced assignment of scores [n, ..., prototypes]: rows of e^scores, scaled so that all
 * prototypes get equally much, and each row 1. In the log domain, so that no score overflows, and a constant to the
 * gradient. Each iteration balances the columns, then the rows; none leaves the softmax of the rows.
 */
export function balanced(scores: Tensor, iterations: number): Tensor {
  let logs = stopGradient(scores);
  for (let i = 0; i < iterations; i++) {
    logs = logs.sub(logs.logSumExp(0, { keepDims: true }));
    logs = logs.sub(logs.logSumExp(-1, { keepDims: true }));
  }
  return logs.softmax(-1);
}
