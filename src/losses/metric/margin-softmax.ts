import { ValueError } from "../../tensor/errors.ts";
import { expectNonNegative, expectNumber, expectOneOf, expectPositive, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import type { Reduction } from "../reduction.ts";
import { type AngleOverflow, expectRadians, withAngularMargin, withMultipliedAngle } from "./angles.ts";
import { marginSoftmax } from "./centres.ts";

export interface NormalizedSoftmaxOptions {
  /** The factor on the cosines, > 0. Default 20. */
  scale?: number;
  /** 1 / scale, the other way to say it. */
  temperature?: number;
  reduction?: Reduction;
}

/**
 * Normalised softmax (NormFace): cross-entropy of scale cos(embedding, centre).
 *
 * embeddings: [n, d]; centres: [classes, d], one for each class; both are L2-normalised here. labels: [n], int32 class
 * indices. Returns [n] with reduction "none". Scale 20 is the usual temperature 0.05.
 * Options: scale, temperature, reduction ("mean").
 * Wang et al. 2017, arXiv:1704.06369; Zhai and Wu 2019, arXiv:1811.12649. Reference values: pytorch-metric-learning's
 * NormalizedSoftmaxLoss.
 */
export function normalizedSoftmax(
  embeddings: TensorLike,
  centres: TensorLike,
  labels: TensorLike,
  options: NormalizedSoftmaxOptions = {},
): Tensor {
  const where = "normalizedSoftmax";
  const { scale, temperature, reduction } = resolve(where, options, {
    scale: undefined as number | undefined,
    temperature: undefined as number | undefined,
    reduction: "mean" as Reduction,
  });
  if (temperature !== undefined) {
    expectPositive(where, "temperature", temperature);
    if (scale !== undefined) throw new ValueError(where, "scale is 1 / temperature; give one of the two");
  }
  const factor = scale ?? 1 / (temperature ?? 0.05);
  return marginSoftmax(where, [embeddings, centres, labels], { scale: factor, reduction }, (cosine) => cosine);
}

export interface CosFaceOptions {
  /** The factor on the cosines, > 0. Default 64. */
  scale?: number;
  /** What is taken off the cosine of the own class, >= 0. Default 0.35. */
  margin?: number;
  reduction?: Reduction;
}

/**
 * CosFace (additive margin softmax): cross-entropy of scale (cos - margin [k = y]).
 *
 * Shapes and labels as in `normalizedSoftmax`, which it equals with margin 0.
 * Options: scale (64), margin (0.35), reduction ("mean").
 * Wang et al. 2018, arXiv:1801.09414; Wang et al. 2018, arXiv:1801.05599 (scale 30). Reference values:
 * pytorch-metric-learning's CosFaceLoss (insightface's margin is 0.4).
 */
export function cosFace(
  embeddings: TensorLike,
  centres: TensorLike,
  labels: TensorLike,
  options: CosFaceOptions = {},
): Tensor {
  const where = "cosFace";
  const { scale, margin, reduction } = resolve<Required<CosFaceOptions>>(where, options, {
    scale: 64,
    margin: 0.35,
    reduction: "mean",
  });
  expectNonNegative(where, "margin", margin);
  return marginSoftmax(where, [embeddings, centres, labels], { scale, reduction }, (cosine) => cosine.sub(margin));
}

export interface ArcFaceOptions {
  /** The factor on the cosines, > 0. Default 64. */
  scale?: number;
  /** What is added to the angle to the own centre, in radians, in [0, pi]. Default 0.5 (28.6 degrees). */
  margin?: number;
  /** The same as overflow "easy". Default false. */
  easyMargin?: boolean;
  /**
   * "taylor" (default): cos - margin sin(margin) where angle + margin > pi, as insightface; "easy": the margin only
   * where cos > 0; "none": the margin everywhere.
   */
  overflow?: AngleOverflow;
  reduction?: Reduction;
}

/**
 * ArcFace (additive angular margin softmax): cross-entropy of scale cos(angle + margin [k = y]).
 *
 * Shapes and labels as in `normalizedSoftmax`, which it equals with margin 0. cos(angle + margin) comes from the
 * addition theorem, c cos(margin) - sqrt(1 - c^2) sin(margin), whose root has gradient 0 at c = +-1.
 * Options: scale (64), margin (0.5), easyMargin (false), overflow, reduction ("mean").
 * Deng et al. 2019, arXiv:1801.07698. Reference values: pytorch-metric-learning's ArcFaceLoss (whose margin is in
 * degrees); overflow and easy margin as in insightface.
 */
export function arcFace(
  embeddings: TensorLike,
  centres: TensorLike,
  labels: TensorLike,
  options: ArcFaceOptions = {},
): Tensor {
  const where = "arcFace";
  const { scale, margin, easyMargin, overflow, reduction } = resolve(where, options, {
    scale: 64,
    margin: 0.5,
    easyMargin: false,
    overflow: undefined as AngleOverflow | undefined,
    reduction: "mean" as Reduction,
  });
  expectRadians(where, "margin", margin);
  const handling = overflow ?? (easyMargin ? "easy" : "taylor");
  expectOneOf(where, "overflow", handling, ["taylor", "easy", "none"]);
  if (easyMargin && handling !== "easy")
    throw new ValueError(where, `easyMargin is overflow "easy", but overflow is "${handling}"; give one of the two`);
  return marginSoftmax(where, [embeddings, centres, labels], { scale, reduction }, (cosine) =>
    withAngularMargin(cosine, margin, handling),
  );
}

export interface CombinedMarginOptions {
  /** The factor on the cosines, > 0. Default 64. */
  scale?: number;
  /** What the angle is multiplied by, >= 1 (SphereFace). Default 1. */
  m1?: number;
  /** What is added to the angle, in radians, in [0, pi] (ArcFace). Default 0.5. */
  m2?: number;
  /** What is taken off the cosine, >= 0 (CosFace). Default 0. */
  m3?: number;
  /** As in `arcFace`. Default "taylor"; with m1 other than 1 it is "none", and "taylor" is not defined. */
  overflow?: AngleOverflow;
  reduction?: Reduction;
}

/**
 * The margins of SphereFace, ArcFace and CosFace in one: cross-entropy of scale (cos(m1 angle + m2) - m3) for the own
 * class, scale cos(angle) for the others.
 *
 * Shapes and labels as in `normalizedSoftmax`. With m1 other than 1 the angle is atan2(sqrt(1 - c^2), c), whose
 * gradient is 0 at c = +-1. Deng et al. 2019, arXiv:1801.07698, section 2.3. Reference values: the formula with acos.
 * Options: scale (64), m1 (1), m2 (0.5), m3 (0), overflow, reduction ("mean").
 */
export function combinedMargin(
  embeddings: TensorLike,
  centres: TensorLike,
  labels: TensorLike,
  options: CombinedMarginOptions = {},
): Tensor {
  const where = "combinedMargin";
  const { scale, m1, m2, m3, overflow, reduction } = resolve(where, options, {
    scale: 64,
    m1: 1,
    m2: 0.5,
    m3: 0,
    overflow: undefined as AngleOverflow | undefined,
    reduction: "mean" as Reduction,
  });
  expectNumber(where, "m1", m1, ">= 1 and finite", (v) => v >= 1 && v < Infinity);
  expectRadians(where, "m2", m2);
  expectNonNegative(where, "m3", m3);
  const handling = overflow ?? (m1 === 1 ? "taylor" : "none");
  expectOneOf(where, "overflow", handling, ["taylor", "easy", "none"]);
  if (m1 !== 1 && handling === "taylor")
    throw new ValueError(where, `overflow "taylor" is defined for m1 = 1, got ${m1}; use "easy" or "none"`);
  return marginSoftmax(where, [embeddings, centres, labels], { scale, reduction }, (cosine) =>
    (m1 === 1 ? withAngularMargin(cosine, m2, handling) : withMultipliedAngle(cosine, m1, m2, handling === "easy")).sub(
      m3,
    ),
  );
}
