import { expectInteger, expectNumber } from "../tensor/options.ts";
import type { Tensor } from "../tensor/tensor.ts";

/**
 * log(candidates) - loss: how many nats of mutual information an InfoNCE loss with that many candidates a query shows.
 * Never above log(candidates), however much there is. van den Oord et al. 2018, arXiv:1807.03748.
 *
 * loss: a number, or a tensor with one element.
 */
export function mutualInformationBound(loss: number | Tensor, candidates: number): number {
  expectInteger("mutualInformationBound", "candidates", candidates);
  const value = typeof loss === "number" ? loss : loss.item();
  expectNumber("mutualInformationBound", "loss", value);
  return Math.log(candidates) - value;
}
