import "../../functional/methods.ts";
import { eye } from "../../tensor/creation.ts";
import { expectNonNegative, expectOneOf, expectPositive, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { viewPair } from "./views.ts";

// Views alike, coordinates that vary, and do not repeat one another.

export interface VICRegOptions {
  /** The factor of the invariance, the mean squared error between the views, >= 0. Default 25. */
  invariance?: number;
  /** The factor of the variance term, >= 0. Default 25. */
  variance?: number;
  /** The factor of the covariance term, >= 0. Default 1. */
  covariance?: number;
  /** The standard deviation that each coordinate shall have at least, > 0. Default 1. */
  deviation?: number;
  /** What the count is lessened by in variances and covariances, 0 or 1. Default 1. */
  correction?: 0 | 1;
  /** Added to the variance under the root, > 0. Default 1e-4. */
  eps?: number;
}

/**
 * VICReg: lambda mean (z - z')^2 + mu (v(z) + v(z')) / 2 + nu (c(z) + c(z')), with the hinge on deviations
 * v = mean_j [gamma - sqrt(var_j + eps)]+ and c = sum_{i != j} cov_ij^2 / d.
 *
 * view1, view2: [n, d], n at least 2. Returns a scalar. lambda, mu, nu, gamma are the options invariance, variance,
 * covariance, deviation. The half of v is in the authors' code, and not in the paper; mu 50 undoes it.
 * Bardes et al. 2022, arXiv:2105.04906. Reference values: lightly's VICRegLoss.
 */
export function vicReg(view1: TensorLike, view2: TensorLike, options: VICRegOptions = {}): Tensor {
  const where = "vicReg";
  const settings = resolve<Required<VICRegOptions>>(where, options, {
    invariance: 25,
    variance: 25,
    covariance: 1,
    deviation: 1,
    correction: 1,
    eps: 1e-4,
  });
  const { invariance, variance, covariance, deviation, correction, eps } = settings;
  for (const name of ["invariance", "variance", "covariance"] as const) expectNonNegative(where, name, settings[name]);
  expectPositive(where, "deviation", deviation);
  expectOneOf(where, "correction", correction, [0, 1]);
  expectPositive(where, "eps", eps);
  const [a, b] = viewPair(where, { view1, view2 }, 2);
  const kept = { deviation, correction, eps };
  return a
    .sub(b)
    .square()
    .mean()
    .mul(invariance)
    .add(
      shortfall(a, kept)
        .add(shortfall(b, kept))
        .mul(variance / 2),
    )
    .add(redundancy(a, correction).add(redundancy(b, correction)).mul(covariance));
}

type Kept = Required<Pick<VICRegOptions, "deviation" | "correction" | "eps">>;

/**
 * The mean over coordinates, and over places, of [deviation - sqrt(var + eps)]+ over the batch: z [n, d] or [n, places,
 * d].
 */
export const shortfall = (z: Tensor, { deviation, correction, eps }: Kept): Tensor =>
  z.variance(0, { correction }).add(eps).sqrt().neg().add(deviation).relu().mean();

/** sum_{i != j} cov_ij^2 / d over the batch, the mean over places: z [n, d] or [n, places, d]. */
export function redundancy(z: Tensor, correction: 0 | 1): Tensor {
  const [n, d] = [z.shape[0], z.shape[z.ndim - 1]];
  const centred = z.sub(z.mean(0)).reshape([n, -1, d]).transpose([1, 2, 0]);
  const covariances = centred.matmul(centred, { transposeB: true }).div(n - correction);
  return covariances
    .maskedFill(eye(d, { dtype: "bool" }), 0)
    .square()
    .sum([1, 2])
    .mean()
    .div(d);
}
