import { stopGradient, where } from "../../autograd/elementwise.ts";
import "../../functional/methods.ts";
import { cosineSimilarity, distanceMatrix } from "../../functional/distances.ts";
import { maskedMean } from "../../functional/masks.ts";
import { safeNorm } from "../../functional/numerics.ts";
import { expectAxes, expectNotEmpty, expectSameShape, floatTensor } from "../../tensor/checks.ts";
import { ShapeError } from "../../tensor/errors.ts";
import { expectNonNegative, expectOneOf, type NoOptions, resolve } from "../../tensor/options.ts";
import { formatShape } from "../../tensor/shape.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { smoothL1 } from "../regression/huber.ts";
import { expectRows } from "./samples.ts";

// Distillation of what a network has inside: embeddings, and how they relate to one another. The teacher is a constant.

/** Features of a batch by student and teacher, [n, ...] with the same n; the teacher's without gradient. */
function featuresOf(name: string, student: TensorLike, teacher: TensorLike, axes: readonly string[]): [Tensor, Tensor] {
  const s = floatTensor(name, "student", student);
  const t = floatTensor(name, "teacher", teacher);
  expectAxes(name, "student", s, axes);
  expectAxes(name, "teacher", t, axes);
  expectNotEmpty(name, "student", s);
  if (s.shape[0] !== t.shape[0]) {
    throw new ShapeError(
      name,
      `student ${formatShape(s.shape)} and teacher ${formatShape(t.shape)} must be of the same samples, row by row`,
    );
  }
  return [s, stopGradient(t)];
}

export interface EmbeddingDistillationOptions {
  /** 1 - cosine, the mean "squared" difference of the coordinates, or the "euclidean" distance. Default "cosine". */
  distance?: "cosine" | "squared" | "euclidean";
  reduction?: Reduction;
}

/**
 * Distillation of embeddings: how far the student's vector of each text or image is from the teacher's.
 *
 * student, teacher [n, d]; a student of another width needs a projection first. "none" gives [n]. The gradient at
 * distance 0 and at a zero vector is finite. Options: distance ("cosine"), reduction ("mean").
 * Reimers and Gurevych 2020, "Making monolingual sentence embeddings multilingual using knowledge distillation",
 * arXiv:2004.09813 (squared); Kim et al. 2023, arXiv:2301.12005. Reference values: PyTorch.
 */
export function embeddingDistillation(
  student: TensorLike,
  teacher: TensorLike,
  options: EmbeddingDistillationOptions = {},
): Tensor {
  const { distance, reduction } = resolve<Required<EmbeddingDistillationOptions>>("embeddingDistillation", options, {
    distance: "cosine",
    reduction: "mean",
  });
  expectOneOf("embeddingDistillation", "distance", distance, ["cosine", "squared", "euclidean"]);
  const [s, t] = featuresOf("embeddingDistillation", student, teacher, ["n", "d"]);
  expectSameShape("embeddingDistillation", { student: s, teacher: t });
  const terms = {
    cosine: () => cosineSimilarity(s, t).neg().add(1),
    squared: () => s.sub(t).square().mean(1),
    euclidean: () => safeNorm(s.sub(t), 1),
  }[distance]();
  return reduce("embeddingDistillation", terms, reduction);
}

export interface RelationalDistillationOptions {
  /** The weight of the distances between two samples, >= 0. Default 25. */
  distanceWeight?: number;
  /** The weight of the angles among three samples, >= 0; 0 saves their n^3 cosines. Default 50. */
  angleWeight?: number;
}

/**
 * Relational knowledge distillation: the student's samples shall lie to one another as the teacher's do. Smooth L1
 * (beta 1) between the distances of all pairs, each network's divided by their mean over the pairs that are apart, and
 * between the cosines of the angles at every sample to every two others. Returns a scalar.
 *
 * student [n, d], teacher [n, e], of any widths; n at least 2. Samples in one place have distance and cosine 0, with
 * gradient 0. Means divide by n^2 and n^3. Options: distanceWeight (25), angleWeight (50).
 * Park et al. 2019, "Relational knowledge distillation", arXiv:1904.05068. Reference values: the authors' formula.
 */
export function relationalDistillation(
  student: TensorLike,
  teacher: TensorLike,
  options: RelationalDistillationOptions = {},
): Tensor {
  const { distanceWeight, angleWeight } = resolve("relationalDistillation", options, {
    distanceWeight: 25,
    angleWeight: 50,
  });
  expectNonNegative("relationalDistillation", "distanceWeight", distanceWeight);
  expectNonNegative("relationalDistillation", "angleWeight", angleWeight);
  const both = featuresOf("relationalDistillation", student, teacher, ["n", "d"]);
  expectRows("relationalDistillation", "student", both[0], 2);
  const [s, t] = both.map((x) => relativeDistances(x));
  const distances = smoothL1(s, t).mul(distanceWeight);
  if (angleWeight === 0) return distances;
  const [u, v] = both.map((x) => angles(x));
  return distances.add(smoothL1(u, v).mul(angleWeight));
}

/** The distances of all pairs over their mean where they are not 0. */
function relativeDistances(x: Tensor): Tensor {
  const distances = distanceMatrix(x);
  const mean = maskedMean(distances, distances.gt(0));
  return distances.div(where(mean.eq(0), 1, mean));
}

/** cos of the angle at sample i between j and k: [n, n, n]. */
function angles(x: Tensor): Tensor {
  const directions = x.unsqueeze(0).sub(x.unsqueeze(1)).normalize({ axis: 2 });
  return directions.matmul(directions, { transposeB: true });
}

export interface SimilarityPreservingOptions {
  reduction?: Reduction;
}

/**
 * Similarity-preserving distillation: the squared difference between the similarities of all pairs of samples by
 * student and teacher, G = F Ft with rows of length 1, averaged over the n^2 pairs.
 *
 * student [n, d], teacher [n, e], feature maps flattened, of any widths. "none" gives [n, n].
 * Options: reduction ("mean"). Tung and Mori 2019, "Similarity-preserving knowledge distillation", arXiv:1907.09682.
 * Reference values: the authors' formula.
 */
export function similarityPreserving(
  student: TensorLike,
  teacher: TensorLike,
  options: SimilarityPreservingOptions = {},
): Tensor {
  const { reduction } = resolve<Required<SimilarityPreservingOptions>>("similarityPreserving", options, {
    reduction: "mean",
  });
  const both = featuresOf("similarityPreserving", student, teacher, ["n", "d"]);
  const [s, t] = both.map((x) => x.matmul(x, { transposeB: true }).normalize());
  return reduce("similarityPreserving", s.sub(t).square(), reduction);
}

export interface AttentionTransferOptions {
  reduction?: Reduction;
}

/**
 * Attention transfer: the mean squared difference between where the activations of student and teacher are strong, the
 * squares of the channels averaged and the map scaled to length 1.
 *
 * student [n, c, height, width], teacher [n, d, height, width], with any numbers of channels. "none" gives [n]. A map
 * of zeros stays one. Options: reduction ("mean").
 * Zagoruyko and Komodakis 2017, "Paying more attention to attention", arXiv:1612.03928. Reference values: the authors'
 * code.
 */
export function attentionTransfer(
  student: TensorLike,
  teacher: TensorLike,
  options: AttentionTransferOptions = {},
): Tensor {
  const { reduction } = resolve<Required<AttentionTransferOptions>>("attentionTransfer", options, {
    reduction: "mean",
  });
  const both = featuresOf("attentionTransfer", student, teacher, ["n", "channels", "height", "width"]);
  const [s, t] = both.map((x) => x.square().mean(1));
  expectSameShape("attentionTransfer", { "a map of student": s, "that of teacher": t });
  const unit = (map: Tensor) => map.flatten(1).normalize();
  return reduce("attentionTransfer", unit(s).sub(unit(t)).square().mean(1), reduction);
}

/**
 * 1 - linear CKA, centred kernel alignment: 1 - ||Xt Y||_F^2 / (||Xt X||_F ||Yt Y||_F) for features with their means
 * taken off. 0 where one representation is a rotation and scaling of the other. Returns a scalar in [0, 1].
 *
 * student [n, d], teacher [n, e], of any widths; n at least 2. Features that do not vary have loss 1 and gradient 0.
 * Kornblith et al. 2019, "Similarity of neural network representations revisited", arXiv:1905.00414.
 * Reference values: the kernel matrices.
 */
export function centeredKernelAlignment(student: TensorLike, teacher: TensorLike, options: NoOptions = {}): Tensor {
  resolve("centeredKernelAlignment", options, {});
  const both = featuresOf("centeredKernelAlignment", student, teacher, ["n", "d"]);
  expectRows("centeredKernelAlignment", "student", both[0], 2);
  const [s, t] = both.map(centred);
  const size = (a: Tensor, b: Tensor) => safeNorm(a.matmul(b, { transposeA: true }));
  const product = size(s, s).mul(size(t, t));
  const none = product.eq(0);
  return size(s, t)
    .square()
    .div(where(none, 1, product))
    .neg()
    .add(1);
}

/** Features without their means, in units of the largest, so that squares of squares neither vanish nor overflow. */
function centred(x: Tensor): Tensor {
  const c = x.sub(x.mean(0));
  const largest = stopGradient(c.abs().max());
  return c.div(where(largest.eq(0), 1, largest));
}
