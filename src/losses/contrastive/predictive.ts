import { where as select, stopGradient } from "../../autograd/elementwise.ts";
import { cosineSimilarity } from "../../functional/distances.ts";
import { maskedMean } from "../../functional/masks.ts";
import "../../functional/methods.ts";
import { expectAxes, expectBinary, expectSameShape, expectShape, floatTensor } from "../../tensor/checks.ts";
import { ShapeError } from "../../tensor/errors.ts";
import { expectPositive, resolve } from "../../tensor/options.ts";
import { formatShape } from "../../tensor/shape.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { viewPair } from "./views.ts";

// Losses that predict: the other view's embedding, or what was masked.

export interface NegativeCosineOptions {
  /** Norms below this count as this, > 0. Default 1e-8. */
  eps?: number;
  /** Do not differentiate by the targets, without which embeddings collapse. Default true. */
  detachTargets?: boolean;
  reduction?: Reduction;
}

/**
 * Negative cosine similarity (SimSiam): -cos(p, stopGradient(z)); BYOL's loss is 2 + 2 of it.
 *
 * predictions, targets: [n, d]. Returns [n] with reduction "none". For both directions take the mean of
 * negativeCosine(p1, z2) and negativeCosine(p2, z1). A zero vector has cosine 0.
 * Options: eps (1e-8), detachTargets (true), reduction ("mean").
 * Chen and He 2021, arXiv:2011.10566; Grill et al. 2020, arXiv:2006.07733. Reference values: lightly's
 * NegativeCosineSimilarity, which leaves the detaching to the caller.
 */
export function negativeCosine(
  predictions: TensorLike,
  targets: TensorLike,
  options: NegativeCosineOptions = {},
): Tensor {
  const where = "negativeCosine";
  const { eps, detachTargets, reduction } = resolve<Required<NegativeCosineOptions>>(where, options, {
    eps: 1e-8,
    detachTargets: true,
    reduction: "mean",
  });
  expectPositive(where, "eps", eps);
  const [p, z] = viewPair(where, { predictions, targets }, 1);
  return reduce(where, cosineSimilarity(p, detachTargets ? stopGradient(z) : z, { axis: 1, eps }).neg(), reduction);
}

export interface MaskedReconstructionOptions {
  /** Standardise each target patch by its own mean and variance, as MAE does for its best results. Default false. */
  normalizePatches?: boolean;
  /** Added to that variance, > 0. Default 1e-6. */
  eps?: number;
  reduction?: Reduction;
}

/**
 * Masked reconstruction (MAE): the mean squared error of a patch, over the patches that were masked.
 *
 * predictions, targets: [n, patches, d]; mask: [n, patches], 1 where a patch was masked. Returns [n, patches] with
 * reduction "none", 0 for visible patches, which "mean" does not count; with nothing masked the loss is 0. With
 * normalizePatches the variance is the unbiased one, so that d is at least 2.
 * Options: normalizePatches (false), eps (0.000001), reduction ("mean").
 * He et al. 2022, arXiv:2111.06377.
 */
export function maskedReconstruction(
  predictions: TensorLike,
  targets: TensorLike,
  mask: TensorLike,
  options: MaskedReconstructionOptions = {},
): Tensor {
  const where = "maskedReconstruction";
  const { normalizePatches, eps, reduction } = resolve<Required<MaskedReconstructionOptions>>(where, options, {
    normalizePatches: false,
    eps: 1e-6,
    reduction: "mean",
  });
  expectPositive(where, "eps", eps);
  const p = floatTensor(where, "predictions", predictions);
  expectAxes(where, "predictions", p, ["n", "patches", "d"]);
  const pixels = floatTensor(where, "targets", targets);
  expectSameShape(where, { predictions: p, targets: pixels });
  if (normalizePatches && p.shape[2] < 2) {
    throw new ShapeError(where, `targets ${formatShape(p.shape)} have patches of one element, which have no variance`);
  }
  const masked = asTensor(mask, p.dtype, where, "mask");
  expectShape(where, "mask", masked, p.shape.slice(0, 2));
  expectBinary(where, "mask", masked);
  const standard = (x: Tensor) =>
    x.sub(x.mean(2, { keepDims: true })).div(x.variance(2, { keepDims: true }).add(eps).sqrt());
  const errors = p
    .sub(normalizePatches ? standard(pixels) : pixels)
    .square()
    .mean(2);
  if (reduction === "mean" && errors.size > 0) return maskedMean(errors, masked.ne(0));
  return reduce(where, select(masked.ne(0), errors, 0), reduction);
}
