import { where as select } from "../../autograd/elementwise.ts";
import { concat } from "../../autograd/movement.ts";
import { cosineMatrix } from "../../functional/distances.ts";
import { asIndices, expectAxes, expectIndices, expectShape, floatTensor } from "../../tensor/checks.ts";
import { arange, eye } from "../../tensor/creation.ts";
import { ShapeError } from "../../tensor/errors.ts";
import { expectNonNegative, expectNumber, resolve } from "../../tensor/options.ts";
import { formatShape } from "../../tensor/shape.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";

export interface ManifoldSimilarityOptions {
  /** How far the random walk goes, inside (0, 1). Default 0.8. */
  alpha?: number;
  /** By how much more similar to its own proxy an embedding must be, >= 0. Default 5e-4. */
  margin?: number;
  /** The factor of the loss of the contexts, >= 0. Default 1. */
  contextWeight?: number;
  reduction?: Reduction;
}

/**
 * Manifold similarity: log(1 + sum_k e^(s_ik - s_iy + margin)), k the proxies other than the own y that come within the
 * margin, once with the similarity s_ik = F_ik along the manifold and, times contextWeight, once with the cosine of the
 * rows i and k of F. F = (1 - alpha) (I - alpha D^-1/2 S D^-1/2)^-1 is where random walks over embeddings and proxies
 * end; S = e^(2 [cos]+) without its diagonal, D its row sums.
 *
 * embeddings: [n, d]; proxies: [classes, d]; labels: [n], int32, indices into the proxies. Returns [n] with reduction
 * "none". The inverse is the Neumann series, squared until its rest is below 1e-16: matrix products only. The loss
 * jumps where a proxy comes within the margin. The Module `ManifoldSimilarity` learns the proxies.
 *
 * Options: alpha (0.8), margin (0.0005), contextWeight (1), reduction ("mean").
 * Aziere and Todorovic 2019, "Ensemble deep manifold similarity learning using hard proxies", CVPR. Reference values:
 * the form of pytorch-metric-learning's ManifoldLoss with an exact inverse (in float32 there).
 */
export function manifoldSimilarity(
  embeddings: TensorLike,
  proxies: TensorLike,
  labels: TensorLike,
  options: ManifoldSimilarityOptions = {},
): Tensor {
  const where = "manifoldSimilarity";
  const { alpha, margin, contextWeight, reduction } = resolve<Required<ManifoldSimilarityOptions>>(where, options, {
    alpha: 0.8,
    margin: 5e-4,
    contextWeight: 1,
    reduction: "mean",
  });
  expectNumber(where, "alpha", alpha, "inside (0, 1)", (v) => v > 0 && v < 1);
  expectNonNegative(where, "margin", margin);
  expectNonNegative(where, "contextWeight", contextWeight);
  const [x, p] = [floatTensor(where, "embeddings", embeddings), floatTensor(where, "proxies", proxies)];
  const y = asIndices(where, "labels", labels);
  expectAxes(where, "embeddings", x, ["n", "d"]);
  expectAxes(where, "proxies", p, ["classes", "d"]);
  const [[n, d], [classes, dOfProxies]] = [x.shape, p.shape];
  if (d !== dOfProxies) {
    const shapes = `${formatShape(p.shape)} must be as long as the rows of embeddings ${formatShape(x.shape)}`;
    throw new ShapeError(where, `the rows of proxies ${shapes}`);
  }
  expectShape(where, "labels", y, [n]);
  expectIndices(where, "labels", y, classes, `proxies ${formatShape(p.shape)}`);

  const walks = randomWalks(concat([x, p], 0), alpha);
  const [ofEmbeddings, ofProxies] = [walks.slice({ stop: n }), walks.slice({ start: n })];
  const along = nearerProxies(ofEmbeddings.slice([{}, { start: n }]), y, margin);
  const contexts = nearerProxies(cosineMatrix(ofEmbeddings, ofProxies), y, margin);
  return reduce(where, along.add(contexts.mul(contextWeight)), reduction);
}

/** (1 - alpha) (I - alpha D^-1/2 S D^-1/2)^-1 of the rows of x. */
function randomWalks(x: Tensor, alpha: number): Tensor {
  const identity = eye(x.shape[0], { dtype: x.dtype });
  const weights = select(identity.eq(1), 0, cosineMatrix(x).relu().mul(2).exp());
  const scale = weights.sum(1, { keepDims: true }).rsqrt();
  let power = weights.mul(scale).mul(scale.transpose()).mul(alpha);
  let series = identity.add(power); // the terms of the Neumann series so far: 1, 2, 4, ... of them
  for (let rest = alpha * alpha; rest > 1e-16; rest *= rest) {
    power = power.matmul(power);
    series = series.add(power.matmul(series));
  }
  return series.mul(1 - alpha);
}

/** log(1 + sum e^v) over the proxies with v = s - s_own + margin >= 0, the own one left out. */
function nearerProxies(similarities: Tensor, labels: Tensor, margin: number): Tensor {
  const own = labels.unsqueeze(1);
  const violation = similarities.sub(similarities.gather(1, own)).add(margin);
  const nearer = violation.ge(0).logicalAnd(arange(similarities.shape[1]).ne(own));
  return select(nearer, violation.exp(), 0).sum(1).log1p();
}
