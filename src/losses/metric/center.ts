import { cosineMatrix } from "../../functional/distances.ts";
import { safeNorm } from "../../functional/numerics.ts";
import { expectAxes, floatTensor } from "../../tensor/checks.ts";
import { resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { scalarOption } from "../scalar-option.ts";
import { expectCentred, isOwn } from "./centres.ts";

// Squared errors of embeddings: from their centre, of their length, of their cosines. The first two accompany a softmax
// loss.

export interface CenterOptions {
  reduction?: Reduction;
}

/**
 * Centre loss: 1/2 ||x - c_y||^2, which draws the embeddings of a class together.
 *
 * embeddings: [n, d]; centres: [classes, d]; labels: [n], int32 class indices. Returns [n] with reduction "none"; the
 * paper sums. By itself it is least where all is one point: add it to a softmax loss, weighted by about 0.003.
 * `losses.Center` owns the centres, which may also follow the paper's own rule.
 * Options: reduction ("mean").
 * Wen et al. 2016, "A discriminative feature learning approach for deep face recognition", ECCV. Reference values: the
 * formula.
 */
export function center(
  embeddings: TensorLike,
  centres: TensorLike,
  labels: TensorLike,
  options: CenterOptions = {},
): Tensor {
  const { reduction } = resolve<Required<CenterOptions>>("center", options, { reduction: "mean" });
  const { x, w, own } = expectCentred("center", [embeddings, centres, labels]);
  const ownCentres = w.indexSelect(0, own.squeeze(1)); // [n, d]
  return reduce("center", x.sub(ownCentres).square().sum(1).div(2), reduction);
}

export interface RingOptions {
  /** The length that embeddings should have, > 0; a number, or a learned tensor with one element. Default 1. */
  radius?: number | Tensor;
  reduction?: Reduction;
}

/**
 * Ring loss: 1/2 (||x|| - radius)^2, which brings embeddings to one length.
 *
 * embeddings: [n, d]. Returns [n] with reduction "none". The gradient at the zero vector is 0. `losses.Ring` learns the
 * radius. Accompanies a softmax loss, weighted by about 0.01.
 * Options: radius (1), reduction ("mean").
 * Zheng et al. 2018, arXiv:1803.00130. Reference values: the formula.
 */
export function ring(embeddings: TensorLike, options: RingOptions = {}): Tensor {
  const { radius, reduction } = resolve<Required<RingOptions>>("ring", options, { radius: 1, reduction: "mean" });
  const r = scalarOption("ring", "radius", radius);
  const x = floatTensor("ring", "embeddings", embeddings);
  expectAxes("ring", "embeddings", x, ["n", "d"]);
  return reduce("ring", safeNorm(x, 1).sub(r).square().div(2), reduction);
}

export interface P2SGradOptions {
  reduction?: Reduction;
}

/**
 * P2SGrad as a loss: (cos(x, w_c) - [c = y])^2, whose gradient is the paper's: by how far the cosines are from 1 and 0,
 * with no scale or margin to choose.
 *
 * embeddings: [n, d]; centres: [classes, d]; labels: [n], int32 class indices. Returns [n, classes] with reduction
 * "none".
 * Options: reduction ("mean").
 * Zhang et al. 2019, arXiv:1905.02479; Wang and Yamagishi 2021, arXiv:2103.11326 (as a mean squared error). Reference
 * values: pytorch-metric-learning's P2SGradLoss.
 */
export function p2sGrad(
  embeddings: TensorLike,
  centres: TensorLike,
  labels: TensorLike,
  options: P2SGradOptions = {},
): Tensor {
  const { reduction } = resolve<Required<P2SGradOptions>>("p2sGrad", options, { reduction: "mean" });
  const { x, w, own } = expectCentred("p2sGrad", [embeddings, centres, labels]);
  const wanted = isOwn(own, w.shape[0]).to(x.dtype);
  return reduce("p2sGrad", cosineMatrix(x, w).sub(wanted).square(), reduction);
}
