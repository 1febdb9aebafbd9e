import { cosineMatrix } from "../../functional/distances.ts";
import { expectNonNegative, expectOneOf, expectPositive, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { type AngleOverflow, angleOverflows, expectRadians, withAngularMargin } from "./angles.ts";
import { type Centred, type Classified, centreSpread, crossEntropyWith, expectCentred } from "./centres.ts";

// Classes with several centres each, [classes, k, d].

const expectSubCentred = (where: string, given: Classified): Centred =>
  expectCentred(where, given, { form: ["classes", "k", "d"] });

/** The cosines of each embedding with each centre: [n, classes, k]. */
function subCosines(x: Tensor, w: Tensor): Tensor {
  const [classes, k, d] = w.shape;
  return cosineMatrix(x, w.reshape([classes * k, d])).reshape([x.shape[0], classes, k]);
}

export interface SubCenterArcFaceOptions {
  /** The factor on the cosines, > 0. Default 64. */
  scale?: number;
  /** What is added to the angle to the own class, in radians, in [0, pi]. Default 0.5. */
  margin?: number;
  /** As in `arcFace`. Default "taylor". */
  overflow?: AngleOverflow;
  reduction?: Reduction;
}

/**
 * Sub-centre ArcFace: `arcFace` in which the cosine with a class is that with the nearest of its k centres, so that one
 * of them can take up the mislabelled samples.
 *
 * embeddings: [n, d]; centres: [classes, k, d]; both are L2-normalised here. labels: [n], int32 class indices. Returns
 * [n] with reduction "none". Centres that tie for the nearest share the gradient evenly. With k = 1 it is `arcFace`.
 * Options: scale (64), margin (0.5), overflow ("taylor"), reduction ("mean").
 * Deng et al. 2020, "Sub-center ArcFace: Boosting face recognition by large-scale noisy web faces", ECCV (k = 3).
 * Reference values: pytorch-metric-learning's SubCenterArcFaceLoss (whose margin is in degrees).
 */
export function subCenterArcFace(
  embeddings: TensorLike,
  centres: TensorLike,
  labels: TensorLike,
  options: SubCenterArcFaceOptions = {},
): Tensor {
  const where = "subCenterArcFace";
  const { scale, margin, overflow, reduction } = resolve<Required<SubCenterArcFaceOptions>>(where, options, {
    scale: 64,
    margin: 0.5,
    overflow: "taylor",
    reduction: "mean",
  });
  expectPositive(where, "scale", scale);
  expectRadians(where, "margin", margin);
  expectOneOf(where, "overflow", overflow, angleOverflows);
  const { x, w, own } = expectSubCentred(where, [embeddings, centres, labels]);
  const cosines = subCosines(x, w).max(2); // [n, classes]
  const target = withAngularMargin(cosines.gather(1, own), margin, overflow);
  return reduce(where, crossEntropyWith(cosines.mul(scale), own, target.mul(scale)), reduction);
}

export interface SoftTripleOptions {
  /** The factor on the similarities, lambda of the paper, > 0. Default 20. */
  scale?: number;
  /** The temperature of the softmax over the centres of a class, > 0. Default 0.1. */
  gamma?: number;
  /** What is taken off the similarity with the own class, delta of the paper, >= 0. Default 0.01. */
  margin?: number;
  /** The weight of `sparseCenters(centres)`, which draws the centres of a class together, >= 0. Default 0.2. */
  tau?: number;
  reduction?: Reduction;
}

/**
 * SoftTriple: cross-entropy of scale (S - margin [c = y]), where S_c = sum_k softmax_k(s / gamma) s is a soft maximum
 * of the cosines s with the k centres of class c; plus tau `sparseCenters(centres)`.
 *
 * embeddings: [n, d]; centres: [classes, k, d] (the paper takes k = 10); both are L2-normalised here. labels: [n],
 * int32 class indices. Returns [n] with reduction "none"; tau's part is added to every term. With k = 1 it is
 * `cosFace(embeddings, centres, labels, { scale, margin })`.
 * Options: scale (20), gamma (0.1), margin (0.01), tau (0.2), reduction ("mean").
 * Qian et al. 2019, arXiv:1909.05235. Reference values: pytorch-metric-learning's SoftTripleLoss, whose regulariser is
 * off unless SparseCentersRegularizer is given.
 */
export function softTriple(
  embeddings: TensorLike,
  centres: TensorLike,
  labels: TensorLike,
  options: SoftTripleOptions = {},
): Tensor {
  const where = "softTriple";
  const { scale, gamma, margin, tau, reduction } = resolve<Required<SoftTripleOptions>>(where, options, {
    scale: 20,
    gamma: 0.1,
    margin: 0.01,
    tau: 0.2,
    reduction: "mean",
  });
  expectPositive(where, "scale", scale);
  expectPositive(where, "gamma", gamma);
  expectNonNegative(where, "margin", margin);
  expectNonNegative(where, "tau", tau);
  const { x, w, own } = expectSubCentred(where, [embeddings, centres, labels]);
  const s = subCosines(x, w);
  const similarity = s.div(gamma).softmax(2).mul(s).sum(2); // [n, classes]
  const target = similarity.gather(1, own).sub(margin);
  const terms = crossEntropyWith(similarity.mul(scale), own, target.mul(scale));
  return reduce(where, tau === 0 ? terms : terms.add(centreSpread(w).mul(tau)), reduction);
}
