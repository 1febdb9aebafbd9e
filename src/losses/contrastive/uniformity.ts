import { where as select, stopGradient } from "../../autograd/elementwise.ts";
import { distanceMatrix } from "../../functional/distances.ts";
import { maskedLogSumExp } from "../../functional/masks.ts";
import { safeNorm } from "../../functional/numerics.ts";
import "../../functional/methods.ts";
import { eye } from "../../tensor/creation.ts";
import { expectPositive, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { batchOf, viewPair } from "./views.ts";

// How near the views of a sample lie, and how evenly the samples fill the sphere.

export interface AlignmentOptions {
  /** The power of the distance, > 0. Default 2. */
  alpha?: number;
  /** L2-normalise both views. Default true. */
  normalize?: boolean;
  reduction?: Reduction;
}

/**
 * Alignment: ||x - y||^alpha for the two views of a sample.
 *
 * view1, view2: [n, d]. Returns [n] with reduction "none". The gradient at distance 0 is 0.
 * Options: alpha (2), normalize (true), reduction ("mean").
 * Wang and Isola 2020, arXiv:2005.10242; add `uniformity` of both views, half of each. Reference values: lightly's
 * HypersphereLoss.
 */
export function alignment(view1: TensorLike, view2: TensorLike, options: AlignmentOptions = {}): Tensor {
  const where = "alignment";
  const { alpha, normalize, reduction } = resolve<Required<AlignmentOptions>>(where, options, {
    alpha: 2,
    normalize: true,
    reduction: "mean",
  });
  expectPositive(where, "alpha", alpha);
  const [x, y] = viewPair(where, { view1, view2 }, 1).map((v) => (normalize ? v.normalize() : v));
  const square = x.sub(y).square().sum(1);
  const apart = square.gt(0);
  const terms = alpha === 2 ? square : select(apart, select(apart, square, 1).pow(alpha / 2), 0);
  return reduce(where, terms, reduction);
}

export interface UniformityOptions {
  /** The sharpness of the Gaussian, > 0. Default 2, the paper's. */
  t?: number;
  /** L2-normalise the embeddings. Default true. */
  normalize?: boolean;
}

/**
 * Uniformity: log of the mean over all pairs of e^(-t ||x_i - x_j||^2); lowest where points fill the sphere evenly, 0
 * where all are one point.
 *
 * embeddings: [n, d], n at least 2. Returns a scalar.
 * Options: t (2), normalize (true).
 * Wang and Isola 2020, arXiv:2005.10242. Reference values: lightly's HypersphereLoss, whose t is 1 by default.
 */
export function uniformity(embeddings: TensorLike, options: UniformityOptions = {}): Tensor {
  const where = "uniformity";
  const { t, normalize } = resolve<Required<UniformityOptions>>(where, options, { t: 2, normalize: true });
  expectPositive(where, "t", t);
  const given = batchOf(where, "embeddings", embeddings, 2);
  const x = normalize ? given.normalize() : given;
  const n = x.shape[0];
  const pairs = eye(n, { dtype: "bool" }).logicalNot(); // each pair twice
  const exponents = distanceMatrix(x, undefined, { squared: true }).mul(-t);
  return maskedLogSumExp(exponents.flatten(), pairs.flatten(), 0).sub(Math.log(n * (n - 1)));
}

export interface KoLeoOptions {
  /** Added to the distance, > 0: two equal points cost -log eps. Default 1e-8. */
  eps?: number;
  /** L2-normalise the embeddings. Default true. */
  normalize?: boolean;
  reduction?: Reduction;
}

/**
 * KoLeo: -log(distance to the nearest other point + eps), Kozachenko and Leonenko's estimate of the entropy up to
 * constants.
 *
 * embeddings: [n, d], n at least 2. Returns [n] with reduction "none". Who is nearest is not differentiated; the
 * gradient at distance 0 is 0. Sablayrolles et al. 2019, arXiv:1806.03198; Oquab et al. 2023, arXiv:2304.07193
 * (DINOv2).
 * Options: eps (1e-8), normalize (true), reduction ("mean").
 */
export function koLeo(embeddings: TensorLike, options: KoLeoOptions = {}): Tensor {
  const where = "koLeo";
  const { eps, normalize, reduction } = resolve<Required<KoLeoOptions>>(where, options, {
    eps: 1e-8,
    normalize: true,
    reduction: "mean",
  });
  expectPositive(where, "eps", eps);
  const given = batchOf(where, "embeddings", embeddings, 2);
  const x = normalize ? given.normalize() : given;
  const distances = distanceMatrix(stopGradient(x), undefined, { squared: true });
  const nearest = distances.maskedFill(eye(x.shape[0], { dtype: "bool" }), 1e38).argmin(1);
  const apart = safeNorm(x.sub(x.indexSelect(0, nearest)), 1);
  return reduce(where, apart.add(eps).log().neg(), reduction);
}
