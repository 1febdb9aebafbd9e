import { atan2, where as select } from "../../autograd/elementwise.ts";
import { safeSqrt } from "../../functional/numerics.ts";
import { asIndices, expectAxes, expectIndices, expectShape, floatTensor } from "../../tensor/checks.ts";
import { arange } from "../../tensor/creation.ts";
import { ShapeError, ValueError } from "../../tensor/errors.ts";
import { expectNonNegative, expectNumber, expectOneOf, expectPositive, resolve } from "../../tensor/options.ts";
import { formatShape } from "../../tensor/shape.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";

/**
 * Cross-entropy of scale cos(embedding, centre), after `penalised` has made the cosine of each row's own class harder:
 * -s p(cos_y) + log(e^(s p(cos_y)) + sum over k != y of e^(s cos_k)).
 */
function marginSoftmax(
  where: string,
  [embeddings, centres, labels]: readonly [TensorLike, TensorLike, TensorLike],
  { scale, reduction }: { scale: number; reduction: Reduction },
  penalised: (cosine: Tensor) => Tensor,
): Tensor {
  const x = floatTensor(where, "embeddings", embeddings);
  const w = floatTensor(where, "centres", centres);
  const y = asIndices(where, "labels", labels);
  expectAxes(where, "embeddings", x, ["n", "d"]);
  expectAxes(where, "centres", w, ["classes", "d"]);
  expectShape(where, "labels", y, [x.shape[0]]);
  if (x.shape[1] !== w.shape[1]) {
    throw new ShapeError(
      where,
      `centres ${formatShape(w.shape)} must have rows as long as those of embeddings ${formatShape(x.shape)}`,
    );
  }
  const classes = w.shape[0];
  expectIndices(where, "labels", y, classes, `centres ${formatShape(w.shape)}`);
  expectPositive(where, "scale", scale);
  const cosines = x.normalize().matmul(w.normalize(), { transposeB: true }); // [n, classes]
  const own = y.unsqueeze(1);
  const target = penalised(cosines.gather(1, own)); // [n, 1]
  const logits = select(own.eq(arange(classes)), target, cosines).mul(scale);
  return reduce(where, logits.logSumExp(1).sub(target.squeeze(1).mul(scale)), reduction);
}

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

/** What to do where the angle with its margin goes past pi, and the cosine would rise again. */
export type AngleOverflow = "taylor" | "easy" | "none";

export interface ArcFaceOptions {
  /** The factor on the cosines, > 0. Default 64. */
  scale?: number;
  /** What is added to the angle to the own centre, in radians, in [0, pi]. Default 0.5 (28.6 degrees). */
  margin?: number;
  /** The same as overflow "easy". Default false. */
  easyMargin?: boolean;
  /**
   * "taylor" (default): cos - margin sin(margin) where angle + margin > pi, as insightface; "easy": the margin only where
   * cos > 0; "none": the margin everywhere.
   */
  overflow?: AngleOverflow;
  reduction?: Reduction;
}

/**
 * ArcFace (additive angular margin softmax): cross-entropy of scale cos(angle + margin [k = y]).
 *
 * Shapes and labels as in `normalizedSoftmax`, which it equals with margin 0. cos(angle + margin) comes from the addition
 * theorem, c cos(margin) - sqrt(1 - c^2) sin(margin), whose root has gradient 0 at c = +-1.
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
    withAngularMargin(cosine, 1, margin, handling),
  );
}

const expectRadians = (where: string, name: string, value: unknown): void =>
  expectNumber(where, name, value, "of radians in [0, pi]", (v) => v >= 0 && v <= Math.PI);

/** cos(m1 angle + m2) from the cosine c of the angle, or what `overflow` says. */
function withAngularMargin(c: Tensor, m1: number, m2: number, overflow: AngleOverflow): Tensor {
  const sine = safeSqrt(c.neg().add(1).mul(c.add(1)).relu()); // rounding can take c just beyond 1
  const moved = m1 === 1 ? c.mul(Math.cos(m2)).sub(sine.mul(Math.sin(m2))) : atan2(sine, c).mul(m1).add(m2).cos();
  if (overflow === "none") return moved;
  if (overflow === "easy") return select(c.gt(0), moved, c);
  return select(c.gt(Math.cos(Math.PI - m2)), moved, c.sub(m2 * Math.sin(m2)));
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
 * Shapes and labels as in `normalizedSoftmax`. With m1 other than 1 the angle is atan2(sqrt(1 - c^2), c), whose gradient
 * is 0 at c = +-1. Deng et al. 2019, arXiv:1801.07698, section 2.3. Reference values: the formula with acos.
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
  expectNumber(where, "m1", m1, ">= 1", (v) => v >= 1);
  expectRadians(where, "m2", m2);
  expectNonNegative(where, "m3", m3);
  const handling = overflow ?? (m1 === 1 ? "taylor" : "none");
  expectOneOf(where, "overflow", handling, ["taylor", "easy", "none"]);
  if (m1 !== 1 && handling === "taylor")
    throw new ValueError(where, `overflow "taylor" is defined for m1 = 1, got ${m1}; use "easy" or "none"`);
  return marginSoftmax(where, [embeddings, centres, labels], { scale, reduction }, (cosine) =>
    withAngularMargin(cosine, m1, m2, handling).sub(m3),
  );
}
