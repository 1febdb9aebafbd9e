import { stopGradient } from "../../autograd/elementwise.ts";
import { safeNorm } from "../../functional/numerics.ts";
import "../../functional/methods.ts";
import type { Tensor } from "../../tensor/tensor.ts";

// The lengths of embeddings, by which AdaFace tells how good an image is.

/** The lengths of embeddings [n, d], clipped to [0.001, 100]: a constant column [n, 1]. */
export const clippedLengths = (x: Tensor): Tensor => stopGradient(safeNorm(x, 1, { keepDims: true })).clamp(1e-3, 100);

/** Mean and standard deviation (divisor n - 1; 0 for one) of lengths [n, 1]. */
export function statistics(lengths: Tensor): { mean: Tensor; std: Tensor } {
  const mean = lengths.mean();
  const squares = lengths.sub(mean).square().sum();
  return { mean, std: squares.div(Math.max(1, lengths.size - 1)).sqrt() };
}
