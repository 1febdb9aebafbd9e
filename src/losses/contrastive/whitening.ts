import { where as select } from "../../autograd/elementwise.ts";
import { cosineSimilarity } from "../../functional/distances.ts";
import { cholesky, logDeterminant, nuclearNorm, solveTriangular } from "../../functional/factorisations.ts";
import "../../functional/methods.ts";
import { eye } from "../../tensor/creation.ts";
import { expectNonNegative, expectPositive, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { expectFraction } from "../scalar-option.ts";
import { viewPair, viewStack } from "./views.ts";

// Losses without negatives, kept from collapsing by the whole covariance: whitened, or its volume or rank kept large.

export interface WMSEOptions {
  /** The covariance is shrunk to (1 - eps) C + eps I, in [0, 1]. Default 0. */
  eps?: number;
}

/**
 * W-MSE: 2 - 2 mean cos(w1_i, w2_i), w the views whitened: w = L^-1 (x - mean), L Lt the view's covariance over n - 1.
 *
 * view1, view2: [n, d], n at least 2, and sensibly at least 2 d: with n <= d whitened points of either view are at
 * equal distances whatever the embeddings. Returns a scalar. Directions in which a view does not vary are 0 when
 * whitened, with gradient 0 (see `cholesky`). For more than two views take the mean over pairs; for large batches
 * whiten parts of them.
 * Options: eps (0).
 * Ermolov et al. 2021, arXiv:2007.06346. Reference values: lightly's WMSELoss.
 */
export function wMSE(view1: TensorLike, view2: TensorLike, options: WMSEOptions = {}): Tensor {
  const where = "wMSE";
  const { eps } = resolve<Required<WMSEOptions>>(where, options, { eps: 0 });
  expectFraction(where, "eps", eps);
  const [a, b] = viewPair(where, { view1, view2 }, 2).map((x) => {
    const centred = x.sub(x.mean(0));
    const covariance = centred.matmul(centred, { transposeA: true }).div(x.shape[0] - 1);
    const shrunk = covariance.mul(1 - eps).add(eye(x.shape[1], { dtype: x.dtype }).mul(eps));
    return solveTriangular(cholesky(shrunk), centred.transpose()); // [d, n]
  });
  return cosineSimilarity(a, b, { axis: 0, eps: 1e-12 }).mean().mul(-2).add(2);
}

export interface MMCROptions {
  /** The factor of the nuclear norms of each sample's views, >= 0. Default 0.005, lightly's. */
  lambda?: number;
  /** L2-normalise the embeddings, as the paper has it. Default true. */
  normalize?: boolean;
}

/**
 * Maximum manifold capacity representations (MMCR): lambda / n sum_i ||Z_i||_* - ||C||_*, ||.||_* the nuclear norm, Z_i
 * the views [views, d] of sample i and C [n, d] their means: views that agree, centroids that fill the space.
 *
 * views: [views, n, d], at least 2 views. Returns a scalar. See `nuclearNorm` for its gradient at singular values of 0.
 * Options: lambda (0.005), normalize (true).
 * Yerxa et al. 2023, arXiv:2303.03307. Reference values: lightly's MMCRLoss.
 */
export function mmcr(views: TensorLike, options: MMCROptions = {}): Tensor {
  const where = "mmcr";
  const { lambda, normalize } = resolve<Required<MMCROptions>>(where, options, { lambda: 0.005, normalize: true });
  expectNonNegative(where, "lambda", lambda);
  const given = viewStack(where, "views", views, 2, 1);
  const z = normalize ? given.normalize({ axis: -1 }) : given;
  const ofCentroids = nuclearNorm(z.mean(0));
  if (lambda === 0) return ofCentroids.neg();
  return nuclearNorm(z.transpose([1, 0, 2]))
    .mean()
    .mul(lambda)
    .sub(ofCentroids);
}

export interface EMPSSLOptions {
  /** The distortion of the coding rate, > 0. Default 0.2. */
  eps?: number;
  /** The factor of the invariance, >= 0. Default 200. */
  invariance?: number;
}

/**
 * EMP-SSL: -R - lambda mean cos(z, z_mean), R = mean over views of 1/2 log det(I + d / (n eps) Zt Z), the total coding
 * rate, which is to be large, and z_mean the mean of a sample's patches.
 *
 * views: [views, n, d], the embeddings of patches, normalised by the caller. Returns a scalar.
 * Options: eps (0.2), invariance (200).
 * Tong et al. 2023, arXiv:2304.03977. Reference values: lightly's EMPSSLLoss for the invariance; it adds R, which the
 * paper and the authors' code subtract.
 */
export function empSSL(views: TensorLike, options: EMPSSLOptions = {}): Tensor {
  const where = "empSSL";
  const { eps, invariance } = resolve<Required<EMPSSLOptions>>(where, options, { eps: 0.2, invariance: 200 });
  expectPositive(where, "eps", eps);
  expectNonNegative(where, "invariance", invariance);
  const z = viewStack(where, "views", views, 1, 1);
  const [, n, d] = z.shape;
  const gram = z.matmul(z, { transposeA: true }).mul(d / (n * eps)); // [views, d, d]
  const rate = logDeterminant(gram.add(eye(d, { dtype: z.dtype })))
    .mean()
    .div(2);
  const similarity = cosineSimilarity(z, z.mean(0, { keepDims: true }), { axis: 2 }).mean();
  return rate.add(similarity.mul(invariance)).neg();
}

export interface FroSSLOptions {
  /** The factor of the invariance, >= 0. Default 1. */
  invariance?: number;
}

/**
 * FroSSL: sum over views of log ||Zt Z / tr||_F^2 + lambda sum over views and rows of ||z - z_mean||^2 views / n, with
 * the columns of each view Z normalised and z_mean the mean of the views: the first term is least where no direction
 * dominates.
 *
 * views: [views, n, d], at least 2 views. Returns a scalar. A view of zeros adds nothing.
 * Options: invariance (1).
 * Skean et al. 2024, arXiv:2310.02903. Reference values: lightly's FroSSLLoss.
 */
export function froSSL(views: TensorLike, options: FroSSLOptions = {}): Tensor {
  const where = "froSSL";
  const { invariance } = resolve<Required<FroSSLOptions>>(where, options, { invariance: 1 });
  expectNonNegative(where, "invariance", invariance);
  const z = viewStack(where, "views", views, 2, 1).normalize({ axis: 1 });
  const [count, n, d] = z.shape;
  const gram = n > d ? z.matmul(z, { transposeA: true }) : z.matmul(z, { transposeB: true }); // equal norms
  const trace = z.square().sum([1, 2]);
  const square = gram.square().sum([1, 2]);
  const some = trace.gt(0);
  const terms = select(
    some,
    select(some, square, 1)
      .log()
      .sub(select(some, trace, 1).log().mul(2)),
    0,
  );
  const spread = z
    .sub(z.mean(0))
    .square()
    .sum()
    .mul(count / n);
  return terms.sum().add(spread.mul(invariance));
}
