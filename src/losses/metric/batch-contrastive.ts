import { where as select } from "../../autograd/elementwise.ts";
import { expectNonNegative, expectOneOf, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { meanNonZero, type SparseReduction } from "../mean-non-zero.ts";
import { type BatchDistance, type BatchOptions, distanceBatch, reduceValid } from "./batch.ts";

export interface BatchContrastiveOptions extends BatchOptions {
  /** The distance beyond which dissimilar pairs are left alone, >= 0. Default 1. */
  margin?: number;
  /** The distance within which similar pairs are left alone, >= 0. Default 0. */
  posMargin?: number;
  /** Square both terms. Default true; false with preset "pml". */
  squared?: boolean;
  /** "euclidean" (default), "squaredEuclidean", "cosine", "manhattan", "snr", or a function. */
  distance?: BatchDistance;
  /** L2-normalise the embeddings first. Default false; true with preset "pml". */
  normalize?: boolean;
  /**
   * Default "mean"; "meanNonZero" averages the similar and the dissimilar pairs with a loss apart, and adds the two.
   */
  reduction?: SparseReduction;
  /** "pml" is pytorch-metric-learning's form: unit vectors, not squared, reduction "meanNonZero". */
  preset?: "pml";
}

type Settings = Required<Omit<BatchContrastiveOptions, "preset">>;

const plain: Settings & { preset: "pml" | undefined } = {
  margin: 1,
  posMargin: 0,
  squared: true,
  distance: "euclidean",
  normalize: false,
  references: null,
  pairs: null,
  reduction: "mean",
  preset: undefined,
};

const pml: Partial<Settings> = { squared: false, normalize: true, reduction: "meanNonZero" };

/**
 * Contrastive loss of all pairs of a batch: [d - posMargin]+^2 where two rows share a label, [margin - d]+^2 where not.
 *
 * embeddings: [n, d]; labels: [n], int32. Returns [n, n] with reduction "none", 0 on the diagonal, which "mean" does
 * not count. The gradient is 0 at the kinks and at distance 0. `contrastive` takes the pairs one by one.
 *
 * Options: margin (1), posMargin (0), squared (true), distance ("euclidean"), normalize (false), references (null),
 * pairs (null), reduction ("mean"), preset.
 * Hadsell, Chopra and LeCun 2006, CVPR. Reference values: pytorch-metric-learning's ContrastiveLoss.
 */
export function batchContrastive(
  embeddings: TensorLike,
  labels: TensorLike,
  options: BatchContrastiveOptions = {},
): Tensor {
  const where = "batchContrastive";
  const { preset } = resolve(where, options, plain);
  if (preset !== undefined) expectOneOf(where, "preset", preset, ["pml"]);
  const { preset: _, ...settings } = resolve(where, options, { ...plain, ...(preset && pml) });
  return contrastPairs(where, embeddings, labels, settings);
}

export type SNRContrastiveOptions = Omit<BatchContrastiveOptions, "distance" | "squared" | "preset">;

/**
 * Signal-to-noise contrastive loss: [d - posMargin]+ where two rows share a label, [margin - d]+ where not, of the
 * noise-to-signal ratio d(a, b) = var(a - b) / var(a), variances over the elements of a row.
 *
 * embeddings: [n, d]; labels: [n], int32. Returns [n, n] with reduction "none", by anchor and other; the ratio is not
 * symmetric. A sum of squares var(a) (d - 1) below 1e-12 counts as that.
 *
 * Options: margin (1), posMargin (0), normalize (false), references (null), pairs (null), reduction ("meanNonZero").
 * Yuan et al. 2019, "Signal-to-noise ratio: a robust distance metric for deep metric learning", CVPR, arXiv:1904.02616.
 * Reference values: pytorch-metric-learning's SignalToNoiseRatioContrastiveLoss, which has normalize: true.
 */
export function snrContrastive(
  embeddings: TensorLike,
  labels: TensorLike,
  options: SNRContrastiveOptions = {},
): Tensor {
  const where = "snrContrastive";
  const settings = resolve<Required<SNRContrastiveOptions>>(where, options, {
    margin: 1,
    posMargin: 0,
    normalize: false,
    references: null,
    pairs: null,
    reduction: "meanNonZero",
  });
  return contrastPairs(where, embeddings, labels, { ...settings, distance: "snr", squared: false });
}

function contrastPairs(
  where: string,
  embeddings: TensorLike,
  labels: TensorLike,
  { margin, posMargin, squared, reduction, ...batch }: Settings,
): Tensor {
  expectNonNegative(where, "margin", margin);
  expectNonNegative(where, "posMargin", posMargin);
  expectOneOf(where, "reduction", reduction, ["none", "mean", "sum", "meanNonZero"]);
  const { distances, isPositive, isNegative } = distanceBatch(where, embeddings, labels, batch);
  const power = (x: Tensor) => (squared ? x.square() : x);
  const attract = select(isPositive, power(distances.sub(posMargin).relu()), 0);
  const repel = select(isNegative, power(distances.neg().add(margin).relu()), 0);
  if (reduction === "meanNonZero") return meanNonZero(attract).add(meanNonZero(repel));
  return reduceValid(where, attract.add(repel), isPositive.logicalOr(isNegative), reduction);
}
