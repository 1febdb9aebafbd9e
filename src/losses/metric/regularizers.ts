import { cosineMatrix } from "../../functional/distances.ts";
import { norm } from "../../functional/reductions.ts";
import { expectAxes, expectNotEmpty, floatTensor } from "../../tensor/checks.ts";
import { eye } from "../../tensor/creation.ts";
import { ShapeError } from "../../tensor/errors.ts";
import { expectNumber, resolve } from "../../tensor/options.ts";
import { formatShape } from "../../tensor/shape.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { centreSpread } from "./centres.ts";

// What is added, times a small weight, to a loss over embeddings or class centres to keep them well-behaved.

export interface RegularizerOptions {
  reduction?: Reduction;
}

const reductionOf = (where: string, options: RegularizerOptions): Reduction =>
  resolve<Required<RegularizerOptions>>(where, options, { reduction: "mean" }).reduction;

function rows(where: string, name: string, values: TensorLike, axis = "n"): Tensor {
  const t = floatTensor(where, name, values);
  expectAxes(where, name, t, [axis, "d"]);
  expectNotEmpty(where, name, t);
  return t;
}

export interface LpNormOptions {
  /** Which norm, >= 1 or Infinity. Default 2. */
  p?: number;
  /** The power of the norm, >= 1. Default 1. */
  power?: number;
  reduction?: Reduction;
}

/**
 * The length of embeddings: ||x||_p^power.
 *
 * embeddings: [n, d]. Returns [n] with reduction "none". The gradient at the zero vector is 0.
 * Options: p (2), power (1), reduction ("mean").
 * Reference values: pytorch-metric-learning's LpRegularizer.
 */
export function lpNorm(embeddings: TensorLike, options: LpNormOptions = {}): Tensor {
  const { p, power, reduction } = resolve<Required<LpNormOptions>>("lpNorm", options, {
    p: 2,
    power: 1,
    reduction: "mean",
  });
  expectNumber("lpNorm", "p", p, ">= 1 or Infinity", (v) => v >= 1);
  expectNumber("lpNorm", "power", power, ">= 1 and finite", (v) => v >= 1 && v < Infinity);
  const lengths = norm(rows("lpNorm", "embeddings", embeddings), 1, { p });
  return reduce("lpNorm", power === 1 ? lengths : lengths.pow(power), reduction);
}

/**
 * |sum_d x_d|: 0 for embeddings whose elements have mean zero.
 *
 * embeddings: [n, d]. Returns [n] with reduction "none". The gradient where the sum is 0 is 0.
 * Options: reduction ("mean").
 * Reference values: pytorch-metric-learning's ZeroMeanRegularizer.
 */
export function zeroMean(embeddings: TensorLike, options: RegularizerOptions = {}): Tensor {
  const reduction = reductionOf("zeroMean", options);
  return reduce("zeroMean", rows("zeroMean", "embeddings", embeddings).sum(1).abs(), reduction);
}

/**
 * (||w||^2 - mean over the classes of ||w||^2)^2 / 4: 0 for centres of one length, so that no class is favoured.
 *
 * centres: [classes, d]. Returns [classes] with reduction "none".
 * Options: reduction ("mean").
 * Wu et al. 2017, "Deep face recognition with center invariant loss", ACM Multimedia Thematic Workshops. Reference
 * values: pytorch-metric-learning's CenterInvariantRegularizer.
 */
export function centerInvariant(centres: TensorLike, options: RegularizerOptions = {}): Tensor {
  const reduction = reductionOf("centerInvariant", options);
  const squares = rows("centerInvariant", "centres", centres, "classes").square().sum(1);
  return reduce("centerInvariant", squares.sub(squares.mean()).square().div(4), reduction);
}

/**
 * max over j != i of cos(w_i, w_j): how near the nearest other class is.
 *
 * centres: [classes, d], at least 2 classes. Returns [classes] with reduction "none". Classes that tie for the nearest
 * share the gradient evenly.
 * Options: reduction ("mean").
 * Zhao et al. 2019, "RegularFace", CVPR. Reference values: pytorch-metric-learning's RegularFaceRegularizer.
 */
export function regularFace(centres: TensorLike, options: RegularizerOptions = {}): Tensor {
  const reduction = reductionOf("regularFace", options);
  const w = rows("regularFace", "centres", centres, "classes");
  const [classes] = w.shape;
  if (classes < 2) {
    throw new ShapeError("regularFace", `centres ${formatShape(w.shape)} must be of at least 2 classes`);
  }
  const others = cosineMatrix(w).maskedFill(eye(classes, { dtype: "bool" }), -2); // below every cosine
  return reduce("regularFace", others.max(1), reduction);
}

/**
 * sum over pairs s < t of the k centres of each class of sqrt(2 - 2 cos(w_s, w_t)), over classes k (k - 1): 0 where the
 * centres of each class have merged, so that only as many differ as the class needs.
 *
 * centres: [classes, k, d]. Returns a scalar, 0 for k = 1. The gradient at equal centres is 0.
 * Qian et al. 2019, arXiv:1909.05235, equation 10. Reference values: pytorch-metric-learning's
 * SparseCentersRegularizer, which adds the float's smallest number under the root.
 */
export function sparseCenters(centres: TensorLike, options: Record<string, never> = {}): Tensor {
  resolve("sparseCenters", options, {});
  const w = floatTensor("sparseCenters", "centres", centres);
  expectAxes("sparseCenters", "centres", w, ["classes", "k", "d"]);
  expectNotEmpty("sparseCenters", "centres", w);
  return centreSpread(w);
}
