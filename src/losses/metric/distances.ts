import { where as select, stopGradient } from "../../autograd/elementwise.ts";
import { cosineMatrix, distanceMatrix } from "../../functional/distances.ts";
import { safeSqrt } from "../../functional/numerics.ts";
import { expectNumber, expectPositive, resolve } from "../../tensor/options.ts";
import type { Tensor } from "../../tensor/tensor.ts";

// Distances and similarities of all rows of a [n, d] with all of b [m, d] (default a itself): [n, m].

/** A matrix [n, m] of the rows of a [n, d] and b [m, d], which is a itself when left out. */
export type Matrix = (a: Tensor, b?: Tensor) => Tensor;

/** ||a - b||, with gradient 0 at 0. */
export const euclidean: Matrix = (a, b) => distanceMatrix(a, b);

/** ||a - b||^2. */
export const squaredEuclidean: Matrix = (a, b) => distanceMatrix(a, b, { squared: true });

/** 1 - cos(a, b). */
export const cosine: Matrix = (a, b) => cosineMatrix(a, b).neg().add(1);

/** sum |a - b|. Takes n m d memory. */
export const manhattan: Matrix = (a, b = a) => a.unsqueeze(1).sub(b.unsqueeze(0)).abs().sum(2);

/** Sums of squares below this count as this. */
const leastSignal = 1e-12;

/**
 * The noise-to-signal ratio var(a - b) / var(a), variances over the d elements of a row; not symmetric. Of centred rows
 * it is ||a - b||^2 / ||a||^2. An ||a||^2 below 1e-12 counts as that, and has no gradient: there is no signal to be off
 * from. Yuan et al. 2019, CVPR, arXiv:1904.02616.
 */
export const snr: Matrix = (a, b) => {
  const centred = (x: Tensor) => x.sub(x.mean(1, { keepDims: true }));
  const signal = centred(a);
  const noise = distanceMatrix(signal, b === undefined ? undefined : centred(b), { squared: true });
  const power = signal.square().sum(1, { keepDims: true });
  return select(power.lt(leastSignal), stopGradient(noise), noise).div(power.maximum(leastSignal));
};

/** a . b */
export const dot: Matrix = (a, b = a) => a.matmul(b, { transposeB: true });

/** cos(a, b); 0 with a zero vector. */
export const cosineSimilarity: Matrix = (a, b) => cosineMatrix(a, b);

export interface MinkowskiOptions {
  /** Of the p-norm, >= 1 or Infinity. Default 2. */
  p?: number;
  /** What the norm is raised to, > 0. Default 1. */
  power?: number;
}

/**
 * ||a - b||_p^power, as a distance to pass on: `distance: distances.minkowski({ p: 1.5 })`. Takes n m d memory unless p
 * = 2.
 */
export function minkowski(options: MinkowskiOptions = {}): Matrix {
  const where = "distances.minkowski";
  const { p, power } = resolve<Required<MinkowskiOptions>>(where, options, { p: 2, power: 1 });
  expectNumber(where, "p", p, ">= 1 or Infinity", (v) => v >= 1);
  expectPositive(where, "power", power);
  return (a, b = a) => {
    const squares = p === 2 ? squaredEuclidean(a, a === b ? undefined : b) : null;
    if (power === 2 && squares !== null) return squares;
    const d = squares === null ? a.unsqueeze(1).sub(b.unsqueeze(0)).norm(2, { p }) : safeSqrt(squares);
    return power === 1 ? d : d.pow(power);
  };
}
