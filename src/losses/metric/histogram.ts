import { expectInteger, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { type BatchOptions, similarityBatch } from "./batch.ts";
import { softHistogram } from "./soft-histogram.ts";

export interface HistogramOptions extends BatchOptions {
  /** The number of bins between the cosines -1 and 1, >= 1. Default 100. */
  bins?: number;
}

/**
 * Histogram loss: the probability that a negative pair is more similar than a positive one, sum_r h-_r sum_{q <= r}
 * h+_q, from histograms h+ and h- of the cosines of all positive and all negative pairs, with triangular bins.
 *
 * embeddings: [n, d]; labels: [n], int32. Returns a scalar: 0 without positive or without negative pairs. Where a
 * cosine lies on a node, the gradient is that of the bin above.
 *
 * Options: bins (100), references (null), pairs (null).
 * Ustinova and Lempitsky 2016, "Learning deep embeddings with histogram loss", NeurIPS, arXiv:1611.00822. Reference
 * values: pytorch-metric-learning's HistogramLoss.
 */
export function histogram(embeddings: TensorLike, labels: TensorLike, options: HistogramOptions = {}): Tensor {
  const where = "histogram";
  const { bins, ...batch } = resolve<Required<HistogramOptions>>(where, options, {
    bins: 100,
    references: null,
    pairs: null,
  });
  expectInteger(where, "bins", bins);
  const { similarities, isPositive, isNegative } = similarityBatch(where, embeddings, labels, {
    ...batch,
    similarity: "cosine",
  });
  const masks = [isPositive, isNegative].map((mask) => mask.to(similarities.dtype));
  const counts = softHistogram(similarities, masks, { low: -1, step: 2 / bins, bins });
  const [positives, negatives] = counts.map((count, i) => count.sum(0).div(masks[i].sum().maximum(1)));
  return negatives.mul(positives.cumsum(0)).sum();
}
