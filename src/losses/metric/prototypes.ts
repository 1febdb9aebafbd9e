import { distanceMatrix } from "../../functional/distances.ts";
import { asIndices, expectAxes, expectIndices, expectNotEmpty, expectShape, floatTensor } from "../../tensor/checks.ts";
import { arange } from "../../tensor/creation.ts";
import { ShapeError } from "../../tensor/errors.ts";
import { expectPositive, resolve } from "../../tensor/options.ts";
import { formatShape } from "../../tensor/shape.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { scalarOption } from "../scalar-option.ts";
import { crossEntropyWith } from "./centres.ts";

// Losses whose centres are means of the batch's own embeddings. `ge2e` is one more.

export interface PrototypicalOptions {
  /** The factor on the squared distances, > 0. Default 1. */
  scale?: number;
  reduction?: Reduction;
}

/**
 * Prototypical networks: cross-entropy of -scale ||q - p_c||^2, where the prototype p_c is the mean of class c's
 * support.
 *
 * queries: [n, d]; support: [classes, shots, d], the examples of each class, or [classes, d], the prototypes
 * themselves; labels: [n], int32 class indices of the queries. Returns [n] with reduction "none".
 * Options: scale (1), reduction ("mean").
 * Snell et al. 2017, arXiv:1703.05175. Reference values: the formula.
 */
export function prototypical(
  queries: TensorLike,
  support: TensorLike,
  labels: TensorLike,
  options: PrototypicalOptions = {},
): Tensor {
  const where = "prototypical";
  const { scale, reduction } = resolve<Required<PrototypicalOptions>>(where, options, { scale: 1, reduction: "mean" });
  expectPositive(where, "scale", scale);
  const [q, s] = [floatTensor(where, "queries", queries), floatTensor(where, "support", support)];
  const y = asIndices(where, "labels", labels);
  expectAxes(where, "queries", q, ["n", "d"]);
  if (s.ndim !== 2) expectAxes(where, "support", s, ["classes", "shots", "d"]);
  expectNotEmpty(where, "support", s);
  expectShape(where, "labels", y, [q.shape[0]]);
  if (q.shape[1] !== s.shape.at(-1)) {
    throw new ShapeError(
      where,
      `support ${formatShape(s.shape)} must have rows as long as those of queries ${formatShape(q.shape)}`,
    );
  }
  expectIndices(where, "labels", y, s.shape[0], `support ${formatShape(s.shape)}`);
  const logits = distanceMatrix(q, s.ndim === 2 ? s : s.mean(1), { squared: true }).mul(-scale); // [n, classes]
  const own = y.unsqueeze(1);
  return reduce(where, crossEntropyWith(logits, own, logits.gather(1, own)), reduction);
}

export interface AngularPrototypicalOptions {
  /** The factor on the cosines, > 0; a number, or a learned tensor with one element. Default 10. */
  w?: number | Tensor;
  reduction?: Reduction;
}

/**
 * Angular prototypical loss: cross-entropy of w cos(x_j, c_k), where x_j is the first utterance of speaker j and c_k
 * the mean of the others of speaker k.
 *
 * embeddings: [speakers, utterances, d], at least 2 utterances. Returns [speakers] with reduction "none". The paper's
 * offset b cancels in the softmax and is left out. One speaker has loss 0. `losses.AngularPrototypical` learns w.
 * Options: w (10), reduction ("mean").
 * Chung et al. 2020, arXiv:2003.11982. Reference values: the formula by loops (coqui-TTS clamps cosines at 1e-6, which
 * hides the negative ones).
 */
export function angularPrototypical(embeddings: TensorLike, options: AngularPrototypicalOptions = {}): Tensor {
  const where = "angularPrototypical";
  const { w, reduction } = resolve<Required<AngularPrototypicalOptions>>(where, options, { w: 10, reduction: "mean" });
  const factor = scalarOption(where, "w", w);
  const e = floatTensor(where, "embeddings", embeddings);
  expectAxes(where, "embeddings", e, ["speakers", "utterances", "d"]);
  if (e.shape[1] < 2) {
    throw new ShapeError(
      where,
      `embeddings ${formatShape(e.shape)} need at least 2 utterances a speaker: a query, and one for the centroid`,
    );
  }
  const queries = e
    .slice([null, { stop: 1 }])
    .squeeze(1)
    .normalize();
  const centroids = e
    .slice([null, { start: 1 }])
    .mean(1)
    .normalize();
  const logits = queries.matmul(centroids, { transposeB: true }).mul(factor); // [speakers, speakers]
  const own = arange(e.shape[0]).unsqueeze(1);
  return reduce(where, crossEntropyWith(logits, own, logits.gather(1, own)), reduction);
}
