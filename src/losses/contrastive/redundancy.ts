import { stopGradient } from "../../autograd/elementwise.ts";
import { noGrad } from "../../autograd/primitive.ts";
import { safeSqrt } from "../../functional/numerics.ts";
import { Module } from "../../nn/module.ts";
import "../../functional/methods.ts";
import { expectShape, floatTensor } from "../../tensor/checks.ts";
import { eye, zeros } from "../../tensor/creation.ts";
import { expectInteger, expectNonNegative, expectOneOf, expectPositive, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { expectFraction } from "../scalar-option.ts";
import { batchOf, viewPair } from "./views.ts";

// Losses without negatives, kept from collapsing by the statistics of each coordinate over the batch.

/** The sum of the squares beside the diagonal. */
const offDiagonal = (square: Tensor): Tensor =>
  square
    .maskedFill(eye(square.shape[0], { dtype: "bool" }), 0)
    .square()
    .sum();

const centred = (x: Tensor): Tensor => x.sub(x.mean(0));

export type BarlowTwinsPreset = "paper" | "lightly" | "monai";

export interface BarlowTwinsOptions {
  /** Defaults of a library or the paper for the options that are not given; see `barlowTwins`. Default "paper". */
  preset?: BarlowTwinsPreset;
  /** The factor on the elements beside the diagonal, >= 0. */
  lambda?: number;
  /**
   * What the count is lessened by in the variance: 0 (as batch normalisation) or 1; the correlation divides by n
   * always.
   */
  correction?: 0 | 1;
  /** Keeps a coordinate that does not vary from dividing by 0, > 0. */
  eps?: number;
  /** Where eps is added: to the "variance", as in batch normalisation, or to the "deviation". */
  epsOn?: "variance" | "deviation";
}

type BarlowSettings = Required<BarlowTwinsOptions>;

const barlowPresets: Record<BarlowTwinsPreset, Omit<BarlowSettings, "preset">> = {
  paper: { lambda: 0.0051, correction: 0, eps: 1e-5, epsOn: "variance" },
  lightly: { lambda: 0.005, correction: 0, eps: 1e-5, epsOn: "variance" },
  monai: { lambda: 0.005, correction: 1, eps: 1e-6, epsOn: "deviation" },
};

/**
 * Barlow Twins: sum_i (1 - C_ii)^2 + lambda sum_{i != j} C_ij^2, where C [d, d] correlates the coordinates of the
 * views: both standardised over the batch, C = Z1t Z2 / n.
 *
 * view1, view2: [n, d], n at least 2. Returns a scalar. Presets: "paper" and "lightly" standardise as batch
 * normalisation does, with lambda 0.0051 and 0.005; "monai" divides by the unbiased deviation, whereby C_ii is at most
 * (n - 1) / n. A coordinate that does not vary has correlation 0. Zbontar et al. 2021, arXiv:2103.03230. Reference
 * values: the libraries.
 * Options: preset ("paper"), lambda (0.0051), correction (0), eps (0.00001), epsOn ("variance").
 */
export function barlowTwins(view1: TensorLike, view2: TensorLike, options: BarlowTwinsOptions = {}): Tensor {
  const where = "barlowTwins";
  const plain: BarlowSettings = { preset: "paper", ...barlowPresets.paper };
  const { preset } = resolve(where, options, plain);
  expectOneOf(where, "preset", preset, Object.keys(barlowPresets) as BarlowTwinsPreset[]);
  const settings = resolve<BarlowSettings>(where, options, { ...plain, ...barlowPresets[preset] });
  const { lambda, correction, eps, epsOn } = settings;
  expectNonNegative(where, "lambda", lambda);
  expectOneOf(where, "correction", correction, [0, 1]);
  expectPositive(where, "eps", eps);
  expectOneOf(where, "epsOn", epsOn, ["variance", "deviation"]);
  const [a, b] = viewPair(where, { view1, view2 }, 2).map((x) => {
    const variance = x.variance(0, { correction });
    return centred(x).div(epsOn === "variance" ? variance.add(eps).sqrt() : safeSqrt(variance).add(eps));
  });
  const c = a.matmul(b, { transposeA: true }).div(a.shape[0]);
  return c.diagonal().sub(1).square().sum().add(offDiagonal(c).mul(lambda));
}

export interface TiCoOptions {
  /** The running second moments of earlier batches, [d, d]; default 0, as at the start. */
  secondMoments?: TensorLike | null;
  /** How much of them stays, in [0, 1]. Default 0.9. */
  beta?: number;
  /** The factor of the covariance contrast, >= 0. Default 8. */
  rho?: number;
}

/**
 * TiCo (transformation invariance and covariance contrast): 1 - mean a . b + rho mean at C a, with the moments
 * C = beta C_before + (1 - beta) At A / n of normalised views.
 *
 * view1, view2: [n, d], n at least 2, normalised here. Returns a scalar. C is a constant to the gradient;
 * `SecondMoments` keeps it from step to step.
 * Options: secondMoments (null), beta (0.9), rho (8).
 * Zhu et al. 2022, arXiv:2206.10698. Reference values: lightly's TiCoLoss.
 */
export function tiCo(view1: TensorLike, view2: TensorLike, options: TiCoOptions = {}): Tensor {
  const where = "tiCo";
  const { secondMoments, beta, rho } = resolve<Required<TiCoOptions>>(where, options, {
    secondMoments: null,
    beta: 0.9,
    rho: 8,
  });
  expectFraction(where, "beta", beta);
  expectNonNegative(where, "rho", rho);
  const [a, b] = viewPair(where, { view1, view2 }, 2).map((x) => x.normalize());
  const d = a.shape[1];
  const before = secondMoments === null ? null : floatTensor(where, "secondMoments", secondMoments);
  if (before !== null) expectShape(where, "secondMoments", before, [d, d]);
  const moments = updatedMoments(a, before, beta);
  const contrast = a.matmul(moments).mul(a).sum(1).mean();
  return a.mul(b).sum(1).mean().neg().add(1).add(contrast.mul(rho));
}

/** beta before + (1 - beta) At A / n of unit rows, as a constant. */
function updatedMoments(a: Tensor, before: Tensor | null, beta: number): Tensor {
  const now = stopGradient(a)
    .matmul(stopGradient(a), { transposeA: true })
    .mul((1 - beta) / a.shape[0]);
  return before === null ? now : stopGradient(before).mul(beta).add(now);
}

/** The moments that `tiCo` compares with: those of earlier batches, faded, and of its own. */
export class SecondMoments extends Module {
  /** [d, d], 0 at first. */
  value: Tensor;
  readonly beta: number;

  /** beta (0.9): how much an update keeps, in [0, 1]; give `tiCo` the same. */
  constructor(d: number, options: { beta?: number } = {}) {
    super();
    expectInteger("SecondMoments", "d", d);
    const { beta } = resolve("SecondMoments", options, { beta: 0.9 });
    expectFraction("SecondMoments", "beta", beta);
    this.beta = beta;
    this.value = zeros([d, d]);
  }

  /** The value as it is. */
  forward(): Tensor {
    return this.value;
  }

  /** Takes in view1 [n, d], as the last call of `tiCo` had it. Call it after the loss. */
  update(view1: TensorLike): void {
    const where = "SecondMoments.update";
    const x = batchOf(where, "view1", view1, 2);
    expectShape(where, "view1", x, [x.shape[0], this.value.shape[0]]);
    noGrad(() => this.value.assign(updatedMoments(x.to(this.value.dtype).normalize(), this.value, this.beta)));
  }
}
