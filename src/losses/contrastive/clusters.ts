import { noGrad } from "../../autograd/primitive.ts";
import "../../functional/methods.ts";
import { asIndices, expectAxes, expectIndices, expectShape, floatTensor } from "../../tensor/checks.ts";
import { expectNonNegative, expectPositive, resolve } from "../../tensor/options.ts";
import { type Tensor, type TensorLike, tensor } from "../../tensor/tensor.ts";

// What a clustering of embeddings says to losses over clusters.

export interface ConcentrationOptions {
  /** The mean of the result, > 0. Default 0.1. */
  temperature?: number;
  /** Holds small clusters back from large values, >= 0. Default 10. */
  alpha?: number;
}

/**
 * How wide each cluster is, for `protoNCE`: phi = mean ||x - c|| / log(samples + alpha), that of clusters of less than
 * two samples the largest of the others; then clipped to the 10th and the 90th percentile, and scaled to the mean
 * `temperature`.
 *
 * embeddings: [n, d], normalised here; prototypes: [k, d], of one granularity, normalised here; assignments: int32 [n].
 * Returns [k], without gradient. It reads values, and is no part of a compiled step: clusters change once an epoch.
 * Li et al. 2021, arXiv:2005.04966, section 3.3 and its code.
 */
export function concentrations(
  embeddings: TensorLike,
  prototypes: TensorLike,
  assignments: TensorLike,
  options: ConcentrationOptions = {},
): Tensor {
  const where = "clusters.concentrations";
  const { temperature, alpha } = resolve<Required<ConcentrationOptions>>(where, options, {
    temperature: 0.1,
    alpha: 10,
  });
  expectPositive(where, "temperature", temperature);
  expectNonNegative(where, "alpha", alpha);
  const [x, c] = [floatTensor(where, "embeddings", embeddings), floatTensor(where, "prototypes", prototypes)];
  expectAxes(where, "embeddings", x, ["n", "d"]);
  expectAxes(where, "prototypes", c, ["k", "d"]);
  expectShape(where, "prototypes", c, [c.shape[0], x.shape[1]]);
  const clusters = asIndices(where, "assignments", assignments);
  expectShape(where, "assignments", clusters, [x.shape[0]]);
  expectIndices(where, "assignments", clusters, c.shape[0], "prototypes");
  const distances = noGrad(() => x.normalize().sub(c.normalize().indexSelect(0, clusters)).norm(1));
  const [sums, counts] = [new Float64Array(c.shape[0]), new Float64Array(c.shape[0])];
  for (const [i, k] of clusters.data.entries()) {
    sums[k] += distances.data[i];
    counts[k]++;
  }
  const widths = sums.map((sum, k) => (counts[k] > 1 ? sum / counts[k] / Math.log(counts[k] + alpha) : 0));
  const widest = widths.reduce((a, b) => Math.max(a, b), 0);
  const known = widths.map((w, k) => (counts[k] > 1 ? w : widest)).map((w) => (widest > 0 ? w : 1));
  const [low, high] = [0.1, 0.9].map((share) => percentile(known, share));
  const clipped = known.map((w) => Math.min(Math.max(w, low), high));
  const mean = clipped.reduce((a, b) => a + b, 0) / clipped.length;
  return tensor(
    clipped.map((w) => (w * temperature) / mean),
    { dtype: x.dtype },
  );
}

/** The value below which a share of the values lies, linear between them. */
function percentile(values: Float64Array, share: number): number {
  const sorted = values.toSorted();
  const at = share * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return low + (high - low) * (at % 1);
}
