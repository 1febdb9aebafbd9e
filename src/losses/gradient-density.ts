import { stopGradient } from "../autograd/elementwise.ts";
import "../functional/methods.ts";
import { arange } from "../tensor/creation.ts";
import type { Tensor } from "../tensor/tensor.ts";

/**
 * Weights by which examples whose gradients are alike share their pull: N / (bins in use x count of the example's bin),
 * the bins being of equal width on [0, 1]. `size` holds the magnitudes of the gradients; the weights have no gradient.
 * Li, Liu and Wang 2019, arXiv:1811.05181.
 */
export function densityWeights(size: Tensor, bins: number): Tensor {
  const bin = stopGradient(size)
    .mul(bins)
    .floor()
    .clamp(0, bins - 1)
    .reshape([-1, 1]);
  const member = bin.eq(arange(bins)); // [N, bins]
  const counts = member.sum(0);
  const share = counts.maximum(1).to(size.dtype).reciprocal().mul(size.size).div(counts.gt(0).sum());
  return member.to(size.dtype).matmul(share).reshape(size.shape);
}
