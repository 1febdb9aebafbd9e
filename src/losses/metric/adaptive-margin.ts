import { where as select, stopGradient } from "../../autograd/elementwise.ts";
import { cosineMatrix } from "../../functional/distances.ts";
import { safeNorm } from "../../functional/numerics.ts";
import { ValueError } from "../../tensor/errors.ts";
import { expectNonNegative, expectNumber, expectOneOf, expectPositive, resolve } from "../../tensor/options.ts";
import { type Generator, generatorOr } from "../../tensor/random.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { scalarOption } from "../scalar-option.ts";
import { type AngleOverflow, angleOverflows, cosineOfSum, expectRadians, withAngularMargin } from "./angles.ts";
import { crossEntropyWith, expectCentred } from "./centres.ts";
import { clippedLengths, statistics } from "./lengths.ts";

// Margins that depend on the sample: on the length of its embedding (AdaFace, MagFace), on how far training has come
// (CurricularFace), on chance (ElasticFace).

export interface AdaFaceOptions {
  /** The factor on the cosines, > 0. Default 64. */
  scale?: number;
  /** The largest margin on the angle, and the usual one on the cosine, in radians, in [0, pi / 2]. Default 0.4. */
  margin?: number;
  /** How much of a standard deviation of the lengths the margins react to, >= 0. Default 0.333. */
  h?: number;
  /** Mean of the lengths; a number or a tensor with one element, such as a running mean. Default: the batch's. */
  mean?: number | Tensor;
  /** Standard deviation of the lengths, likewise, >= 0. Default: the batch's, with divisor n - 1. */
  std?: number | Tensor;
  reduction?: Reduction;
}

/**
 * AdaFace: cross-entropy of scale (cos(angle + g) - a) for the own class, scale cos(angle) for the others, where
 * z = clip(h (||x|| - mean) / (std + 0.001), -1, 1) says how good an image is, g = -margin z and
 * a = margin (1 + z): long embeddings, of good images, are pushed where they are hard, short ones where they are easy.
 *
 * embeddings: [n, d], not normalised: their lengths, clipped to [0.001, 100], tell the quality; centres: [classes, d].
 * labels: [n], int32 class indices. Returns [n] with reduction "none". z is a constant to the gradient. The angle with
 * its margin stays in [0, pi]; where that bound cuts in, the own class has gradient 0. A batch of one has z = 0 unless
 * mean and std are given. `losses.AdaFace` keeps the running mean and deviation of the paper.
 *
 * Options: scale (64), margin (0.4), h (0.333), mean, std, reduction ("mean").
 * Kim et al. 2022, arXiv:2204.00964. Reference values: the authors' code, written with acos (which also keeps all
 * cosines off +-1 by 0.001).
 */
export function adaFace(
  embeddings: TensorLike,
  centres: TensorLike,
  labels: TensorLike,
  options: AdaFaceOptions = {},
): Tensor {
  const where = "adaFace";
  const { scale, margin, h, mean, std, reduction } = resolve(where, options, {
    scale: 64,
    margin: 0.4,
    h: 0.333,
    mean: undefined as number | Tensor | undefined,
    std: undefined as number | Tensor | undefined,
    reduction: "mean" as Reduction,
  });
  expectPositive(where, "scale", scale);
  expectNumber(where, "margin", margin, "of radians in [0, pi / 2]", (v) => v >= 0 && v <= Math.PI / 2);
  expectNonNegative(where, "h", h);
  if (typeof std === "number") expectNonNegative(where, "std", std);
  const given = {
    mean: mean === undefined ? mean : scalarOption(where, "mean", mean, "any"),
    std: std === undefined ? std : scalarOption(where, "std", std, "any"),
  };
  const { x, w, own } = expectCentred(where, [embeddings, centres, labels]);
  const lengths = clippedLengths(x);
  const batch = statistics(lengths);
  const spread = given.std ?? batch.std;
  const deviations = lengths
    .sub(given.mean ?? batch.mean)
    .div(typeof spread === "number" ? spread + 1e-3 : spread.add(1e-3));
  const z = stopGradient(deviations.mul(h).clamp(-1, 1)); // [n, 1]
  const cosines = cosineMatrix(x, w);
  const target = withBoundedAngle(cosines.gather(1, own), z.mul(-margin)).sub(z.add(1).mul(margin));
  return reduce(where, crossEntropyWith(cosines.mul(scale), own, target.mul(scale)), reduction);
}

/** cos of the angle with a margin in [-pi / 2, pi / 2], the sum kept in [0, pi]. */
function withBoundedAngle(c: Tensor, margin: Tensor): Tensor {
  const belowZero = margin.lt(0).logicalAnd(c.gt(margin.cos()));
  const beyondPi = margin.gt(0).logicalAnd(c.lt(margin.cos().neg()));
  return select(belowZero, 1, select(beyondPi, -1, cosineOfSum(c, margin)));
}

export interface MagFaceOptions {
  /** The factor on the cosines, > 0. Default 64. */
  scale?: number;
  /** Lengths below this count as this, > 0. Default 10. */
  lowerNorm?: number;
  /** Lengths above this count as this, > lowerNorm. Default 110. */
  upperNorm?: number;
  /** The margin at lowerNorm, in radians, in [0, pi]. Default 0.45. */
  lowerMargin?: number;
  /** The margin at upperNorm, in radians, in [0, pi], >= lowerMargin. Default 0.8. */
  upperMargin?: number;
  /** The weight of the part that rewards length, lambda_g of the paper, >= 0. Default 35. */
  lambda?: number;
  /** As in `arcFace`; default "easy", as in the authors' code. */
  overflow?: AngleOverflow;
  reduction?: Reduction;
}

/**
 * MagFace: `arcFace` with a margin m(a) that grows with the length a of the embedding, linearly from lowerMargin at
 * lowerNorm to upperMargin at upperNorm, plus lambda (1 / a + a / upperNorm^2), which rewards length; easy samples
 * become long ones, so that the length tells the quality.
 *
 * embeddings: [n, d], not normalised; lengths outside [lowerNorm, upperNorm] count as the nearer end, with gradient 0.
 * centres: [classes, d]; labels: [n], int32 class indices. Returns [n] with reduction "none".
 * The paper asks for lambda >= scale K u^2 l^2 / (u^2 - l^2), K the slope of the margin: 22.6 with the defaults.
 *
 * Options: scale (64), lowerNorm (10), upperNorm (110), lowerMargin (0.45), upperMargin (0.8), lambda (35), overflow
 * ("easy"), reduction ("mean").
 * Meng et al. 2021, arXiv:2103.06627. Reference values: the formula with acos; overflow as in the authors' code.
 */
export function magFace(
  embeddings: TensorLike,
  centres: TensorLike,
  labels: TensorLike,
  options: MagFaceOptions = {},
): Tensor {
  const where = "magFace";
  const o = resolve<Required<MagFaceOptions>>(where, options, {
    scale: 64,
    lowerNorm: 10,
    upperNorm: 110,
    lowerMargin: 0.45,
    upperMargin: 0.8,
    lambda: 35,
    overflow: "easy",
    reduction: "mean",
  });
  expectPositive(where, "scale", o.scale);
  expectPositive(where, "lowerNorm", o.lowerNorm);
  expectNumber(
    where,
    "upperNorm",
    o.upperNorm,
    `> lowerNorm, ${o.lowerNorm}, and finite`,
    (v) => v > o.lowerNorm && v < Infinity,
  );
  expectRadians(where, "lowerMargin", o.lowerMargin);
  expectRadians(where, "upperMargin", o.upperMargin);
  if (o.upperMargin < o.lowerMargin) {
    throw new ValueError(where, `upperMargin, ${o.upperMargin}, must be at least lowerMargin, ${o.lowerMargin}`);
  }
  expectNonNegative(where, "lambda", o.lambda);
  expectOneOf(where, "overflow", o.overflow, angleOverflows);
  const { x, w, own } = expectCentred(where, [embeddings, centres, labels]);
  const a = safeNorm(x, 1, { keepDims: true }).clamp(o.lowerNorm, o.upperNorm); // [n, 1]
  const slope = (o.upperMargin - o.lowerMargin) / (o.upperNorm - o.lowerNorm);
  const margin = a.sub(o.lowerNorm).mul(slope).add(o.lowerMargin);
  const cosines = cosineMatrix(x, w);
  const target = withAngularMargin(cosines.gather(1, own), margin, o.overflow);
  const regulariser = a
    .reciprocal()
    .add(a.div(o.upperNorm ** 2))
    .squeeze(1);
  const terms = crossEntropyWith(cosines.mul(o.scale), own, target.mul(o.scale));
  return reduce(where, terms.add(regulariser.mul(o.lambda)), o.reduction);
}

export interface CurricularFaceOptions {
  /** The factor on the cosines, > 0. Default 64. */
  scale?: number;
  /** What is added to the angle to the own centre, in radians, in [0, pi]. Default 0.5. */
  margin?: number;
  /** How far training has come: a running mean of the own cosines; a number or a tensor with one element. Default 0. */
  t?: number | Tensor;
  reduction?: Reduction;
}

/**
 * CurricularFace: `arcFace` in which the logit of another class that comes out above cos(own angle + margin) is
 * scale cos (t + cos): hard classes weigh little while t is near 0, more as training goes on.
 *
 * Shapes, labels and overflow ("taylor") as in `arcFace`. t is a constant to the gradient; `losses.CurricularFace`
 * keeps the running mean of the paper.
 * Options: scale (64), margin (0.5), t (0), reduction ("mean").
 * Huang et al. 2020, arXiv:2004.00288. Reference values: the authors' code, in float64.
 */
export function curricularFace(
  embeddings: TensorLike,
  centres: TensorLike,
  labels: TensorLike,
  options: CurricularFaceOptions = {},
): Tensor {
  const where = "curricularFace";
  const { scale, margin, t, reduction } = resolve<Required<CurricularFaceOptions>>(where, options, {
    scale: 64,
    margin: 0.5,
    t: 0,
    reduction: "mean",
  });
  expectPositive(where, "scale", scale);
  expectRadians(where, "margin", margin);
  const given = scalarOption(where, "t", t, "any");
  const progress = typeof given === "number" ? given : stopGradient(given);
  const { x, w, own } = expectCentred(where, [embeddings, centres, labels]);
  const cosines = cosineMatrix(x, w);
  const ownCosine = cosines.gather(1, own);
  const isHard = cosines.gt(cosineOfSum(ownCosine, margin));
  const others = select(isHard, cosines.mul(cosines.add(progress)), cosines);
  const target = withAngularMargin(ownCosine, margin, "taylor");
  return reduce(where, crossEntropyWith(others.mul(scale), own, target.mul(scale)), reduction);
}

export interface ElasticFaceOptions {
  /** The factor on the cosines, > 0. Default 64. */
  scale?: number;
  /** The mean of the margins, >= 0. Default 0.5 on the angle, 0.35 on the cosine. */
  margin?: number;
  /** The standard deviation of the margins, >= 0. Default 0.0125. */
  std?: number;
  /** Whether the margin is added to the angle ("arc", the default) or taken off the cosine ("cos"). */
  variant?: "arc" | "cos";
  /** Draws the margins. Default: the global generator. */
  generator?: Generator;
  reduction?: Reduction;
}

/**
 * ElasticFace: `arcFace` or `cosFace` with a margin for each sample, drawn anew at every call from a normal
 * distribution.
 *
 * Shapes and labels as in `normalizedSoftmax`. Angles past pi are left as they are (overflow "none"). With std 0 it is
 * `arcFace` of that overflow, or `cosFace`.
 * Options: scale (64), margin, std (0.0125), variant ("arc"), generator, reduction ("mean").
 * Boutros et al. 2022, arXiv:2109.09416. Reference values: those two, with std 0, in the authors' form with acos.
 */
export function elasticFace(
  embeddings: TensorLike,
  centres: TensorLike,
  labels: TensorLike,
  options: ElasticFaceOptions = {},
): Tensor {
  const where = "elasticFace";
  const { scale, margin, std, variant, generator, reduction } = resolve(where, options, {
    scale: 64,
    margin: undefined as number | undefined,
    std: 0.0125,
    variant: "arc" as "arc" | "cos",
    generator: undefined as Generator | undefined,
    reduction: "mean" as Reduction,
  });
  expectPositive(where, "scale", scale);
  expectOneOf(where, "variant", variant, ["arc", "cos"]);
  const mean = margin ?? { arc: 0.5, cos: 0.35 }[variant];
  expectNonNegative(where, "margin", mean);
  expectNonNegative(where, "std", std);
  const { x, w, own } = expectCentred(where, [embeddings, centres, labels]);
  const cosines = cosineMatrix(x, w);
  const ownCosine = cosines.gather(1, own);
  const margins = generatorOr(generator).normal([...ownCosine.shape], {
    mean,
    std,
    dtype: x.dtype === "float64" ? "float64" : "float32",
  });
  const target = variant === "arc" ? cosineOfSum(ownCosine, margins) : ownCosine.sub(margins);
  return reduce(where, crossEntropyWith(cosines.mul(scale), own, target.mul(scale)), reduction);
}
