import "../../functional/methods.ts";
import { expectSameShape, floatTensor } from "../../tensor/checks.ts";
import { expectNonNegative, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { type BatchReduction, reduce, withBatchMean } from "../reduction.ts";

export interface GaussianKLOptions {
  /** Free bits: a dimension costs at least this many nats, below which its gradient is 0; >= 0. Default 0. */
  freeNats?: number;
  /** "batchMean" is the divergence of all dimensions, averaged over the batch. Default "batchMean". */
  reduction?: BatchReduction;
}

/**
 * The divergence of a diagonal normal distribution from the standard one, D(N(mean, e^s) || N(0, 1)) of each dimension:
 * (mean^2 + e^s - 1 - s) / 2. It is the regularising term of variational autoencoders; beta-VAE multiplies it.
 *
 * mean, logVariance = s: the same shape, [n, ...]; "none" keeps it. e^s overflows float32 for s > 88.
 * Options: freeNats (0), reduction ("batchMean").
 * Kingma and Welling 2014, arXiv:1312.6114; Kingma et al. 2016, arXiv:1606.04934 (free bits, here for each element).
 * Reference values: torch.distributions.kl_divergence.
 */
export function gaussianKL(mean: TensorLike, logVariance: TensorLike, options: GaussianKLOptions = {}): Tensor {
  const { freeNats, reduction } = resolve<Required<GaussianKLOptions>>("gaussianKL", options, {
    freeNats: 0,
    reduction: "batchMean",
  });
  expectNonNegative("gaussianKL", "freeNats", freeNats);
  const m = floatTensor("gaussianKL", "mean", mean);
  const s = floatTensor("gaussianKL", "logVariance", logVariance);
  expectSameShape("gaussianKL", { mean: m, logVariance: s });
  const terms = m.square().add(s.expm1()).sub(s).mul(0.5);
  const charged = freeNats === 0 ? terms : terms.sub(freeNats).relu().add(freeNats);
  return reduce("gaussianKL", charged, reduction, withBatchMean);
}
