import { stopGradient } from "../../autograd/elementwise.ts";
import { distanceMatrix } from "../../functional/distances.ts";
import "../../functional/methods.ts";
import { expectAxes, expectNotEmpty, expectSameShape, expectShape, floatTensor } from "../../tensor/checks.ts";
import { ValueError } from "../../tensor/errors.ts";
import { expectInteger, expectNumber, expectOneOf, expectPositive, resolve } from "../../tensor/options.ts";
import { Generator, generatorOr } from "../../tensor/random.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { twoSamples } from "./samples.ts";

// The cost of moving one set of samples onto another.

/** |x|^p, with gradient 0 at 0. */
function powered(x: Tensor, p: number): Tensor {
  if (p === 2) return x.square();
  return p === 1 ? x.abs() : x.abs().pow(p);
}

const expectPower = (name: string, p: unknown): void =>
  expectNumber(name, "p", p, ">= 1 and finite", (v) => v >= 1 && v < Infinity);

export interface Wasserstein1DOptions {
  /** The power of the distances, >= 1. Default 1. */
  p?: number;
  reduction?: Reduction;
}

/**
 * The Wasserstein distance of samples that are numbers, to the power p: the mean of |x_(i) - y_(i)|^p over the sorted
 * samples.
 *
 * samples, references: the same shape [..., n], sets along the last axis; "none" gives [...]. The gradient passes
 * through the values, not the order; that of |.| at 0 is 0. Options: p (1), reduction ("mean").
 * Villani 2003, "Topics in optimal transportation". Reference values: scipy.stats.wasserstein_distance.
 */
export function wasserstein1D(samples: TensorLike, references: TensorLike, options: Wasserstein1DOptions = {}): Tensor {
  const { p, reduction } = resolve<Required<Wasserstein1DOptions>>("wasserstein1D", options, {
    p: 1,
    reduction: "mean",
  });
  expectPower("wasserstein1D", p);
  const x = floatTensor("wasserstein1D", "samples", samples);
  const y = floatTensor("wasserstein1D", "references", references);
  expectSameShape("wasserstein1D", { samples: x, references: y });
  expectNotEmpty("wasserstein1D", "samples", x);
  return reduce("wasserstein1D", sortedCost(x, y, -1, p), reduction);
}

const sortedCost = (x: Tensor, y: Tensor, axis: number, p: number): Tensor =>
  powered(x.sort(axis).sub(y.sort(axis)), p).mean(axis);

export interface SlicedWassersteinOptions {
  /** How many random directions, >= 1. Default 50. */
  projections?: number;
  /** The directions themselves, [d, projections], scaled to length 1; none are drawn then. */
  directions?: TensorLike | null;
  /** The power of the distances, >= 1. Default 2. */
  p?: number;
  /** What draws the directions. Default: the global generator. */
  generator?: Generator;
}

/**
 * The sliced Wasserstein distance to the power p: `wasserstein1D` of the samples' projections, averaged over
 * directions.
 * Returns a scalar.
 *
 * samples, references [n, d], as many of each. The directions are drawn evenly at every call, so that values differ
 * from call to call unless `directions` or a generator's seed fixes them.
 * Options: projections (50), directions (drawn), p (2), generator (the global one).
 * Rabin et al. 2011, "Wasserstein barycenter and its application to texture mixing"; Bonneel et al. 2015.
 * Reference values: scipy.stats.wasserstein_distance of each projection.
 */
export function slicedWasserstein(
  samples: TensorLike,
  references: TensorLike,
  options: SlicedWassersteinOptions = {},
): Tensor {
  const { projections, directions, p, generator } = resolve("slicedWasserstein", options, {
    projections: 50,
    directions: null as TensorLike | null,
    p: 2,
    generator: undefined as Generator | undefined,
  });
  expectInteger("slicedWasserstein", "projections", projections);
  expectPower("slicedWasserstein", p);
  if (generator !== undefined && !(generator instanceof Generator)) {
    throw new ValueError("slicedWasserstein", `generator must be a random.Generator, got ${String(generator)}`);
  }
  const [x, y] = twoSamples("slicedWasserstein", samples, references, 1);
  expectSameShape("slicedWasserstein", { samples: x, references: y });
  const given = directions === null ? null : floatTensor("slicedWasserstein", "directions", directions);
  if (given !== null) {
    expectAxes("slicedWasserstein", "directions", given, ["d", "projections"]);
    expectShape("slicedWasserstein", "directions", given, [x.shape[1], given.shape[1]]);
    expectNotEmpty("slicedWasserstein", "directions", given);
  }
  const drawn = given ?? generatorOr(generator).normal([x.shape[1], projections]);
  const unit = drawn.to(x.dtype).normalize({ axis: 0 });
  return sortedCost(x.matmul(unit), y.matmul(unit), 0, p).mean();
}

export interface SinkhornDivergenceOptions {
  /**
   * The strength of the entropy, in units of the cost, > 0: near 0 it is optimal transport, large the MMD. Default 0.1.
   */
  epsilon?: number;
  /** How often the two potentials are updated, >= 1. Small epsilon needs many. Default 100. */
  iterations?: number;
  /** The cost is ||x - y||^p / p, p 1 or 2. Default 2. */
  p?: 1 | 2;
}

/**
 * The Sinkhorn divergence: OT(x, y) - OT(x, x) / 2 - OT(y, y) / 2, where OT is the cost of entropic optimal transport
 * between evenly weighted samples. Returns a scalar, 0 for equal sets.
 *
 * samples [n, d], references [m, d]. The potentials are found in log space and count as constants; the gradient is that
 * of the cost under the plan they give, which is exact once they have converged (the envelope theorem).
 * Options: epsilon (0.1), iterations (100), p (2).
 * Cuturi 2013, arXiv:1306.0895; Feydy et al. 2019, "Interpolating between optimal transport and MMD using Sinkhorn
 * divergences", arXiv:1810.08278. Reference values: the formula in float64, which agrees with geomloss.SamplesLoss
 * ("sinkhorn", p, blur) for blur^p = epsilon.
 */
export function sinkhornDivergence(
  samples: TensorLike,
  references: TensorLike,
  options: SinkhornDivergenceOptions = {},
): Tensor {
  const { epsilon, iterations, p } = resolve<Required<SinkhornDivergenceOptions>>("sinkhornDivergence", options, {
    epsilon: 0.1,
    iterations: 100,
    p: 2,
  });
  expectPositive("sinkhornDivergence", "epsilon", epsilon);
  expectInteger("sinkhornDivergence", "iterations", iterations);
  expectOneOf("sinkhornDivergence", "p", p, [1, 2]);
  const [x, y] = twoSamples("sinkhornDivergence", samples, references, 1);
  const transport = (a: Tensor, b: Tensor) => {
    const cost = p === 2 ? distanceMatrix(a, b, { squared: true }).mul(0.5) : distanceMatrix(a, b);
    return entropicTransport(cost, epsilon, iterations);
  };
  return transport(x, y).sub(transport(x, x).add(transport(y, y)).mul(0.5));
}

/**
 * mean f + mean g, the dual value of entropic transport, at the potentials that Sinkhorn's updates give,
 * f_i = -epsilon log mean_j e^((g_j - cost_ij) / epsilon) and g_j likewise. Its gradient by the cost is the plan
 * e^((f_i + g_j - cost_ij) / epsilon) / (n m), here as a softmax over i, which the last update of g makes it.
 */
function entropicTransport(cost: Tensor, epsilon: number, iterations: number): Tensor {
  const [n, m] = cost.shape;
  const fixed = stopGradient(cost);
  const scaled = fixed.div(epsilon);
  let f = scaled.sum(1, { keepDims: true }).mul(0); // in units of epsilon, as g
  let g = scaled.sum(0, { keepDims: true }).mul(0);
  for (let k = 0; k < iterations; k++) {
    f = g.sub(scaled).logSumExp(1, { keepDims: true }).sub(Math.log(m)).neg();
    g = f.sub(scaled).logSumExp(0, { keepDims: true }).sub(Math.log(n)).neg();
  }
  const plan = f.sub(scaled).softmax(0).div(m);
  return f
    .mean()
    .add(g.mean())
    .mul(epsilon)
    .add(plan.mul(cost.sub(fixed)).sum());
}
