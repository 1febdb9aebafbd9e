import { where as select, stopGradient } from "../../autograd/elementwise.ts";
import { expectNumber, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import type { Reduction } from "../reduction.ts";
import { type BatchOptions, reduceValid, similarityBatch } from "./batch.ts";
import { dot } from "./distances.ts";

export interface AngularOptions extends BatchOptions {
  /** The largest angle at the negative, in degrees, above 0 and at most 60. Default 40. */
  angle?: number;
  reduction?: Reduction;
}

/**
 * Angular loss: log(1 + sum_n e^(4 tan^2(angle) (a + p) . n - 2 (1 + tan^2(angle)) a . p)) for each positive pair, of
 * unit vectors a, p and negatives n. It bounds the angle at n of the triangle a, p, n.
 *
 * embeddings: [n, d], normalised here; labels: [n], int32. Returns [n, n] with reduction "none", by anchor and
 * positive, 0 where that is no pair; "mean" divides by the number of pairs.
 *
 * Options: angle (40), references (null), pairs (null), reduction ("mean").
 * Wang et al. 2017, "Deep metric learning with angular loss", ICCV, arXiv:1708.01682. Reference values:
 * pytorch-metric-learning's AngularLoss, for unit vectors (it leaves the negatives as long as they are).
 */
export function angular(embeddings: TensorLike, labels: TensorLike, options: AngularOptions = {}): Tensor {
  const where = "angular";
  const { angle, reduction, ...batch } = resolve<Required<AngularOptions>>(where, options, {
    angle: 40,
    references: null,
    pairs: null,
    reduction: "mean",
  });
  expectNumber(where, "angle", angle, "of degrees, > 0 and <= 60", (v) => v > 0 && v <= 60);
  const {
    similarities,
    isPositive,
    isNegative,
    references,
    labels: y,
  } = similarityBatch(where, embeddings, labels, {
    ...batch,
    similarity: "cosine",
  });
  const tan2 = Math.tan((angle * Math.PI) / 180) ** 2;
  // log sum_n e^(s_an + s_pn) for every a and p is the logarithm of a product of two matrices of exponentials.
  const ofAnchors = scaledExp(similarities.mul(4 * tan2), isNegative);
  const ofPositives =
    batch.references === null
      ? scaledExp(similarities.mul(4 * tan2), y.unsqueeze(1).ne(y))
      : scaledExp(cosineOf(references.x).mul(4 * tan2), references.labels.unsqueeze(1).ne(references.labels));
  const sums = ofAnchors.exp.matmul(ofPositives.exp, { transposeB: true });
  const some = sums.gt(0);
  const repulsion = select(some, sums, 1).log().add(ofAnchors.top).add(ofPositives.top.transpose());
  const violation = repulsion.sub(similarities.mul(2 * (1 + tan2)));
  const terms = select(isPositive.logicalAnd(some), violation.softplus(), 0);
  return reduceValid(where, terms, isPositive, reduction);
}

const cosineOf = (x: Tensor): Tensor => dot(x.normalize());

/** e^(x - top) where the mask is true, else 0, with the largest of each row as top: [n, m] and [n, 1]. */
function scaledExp(x: Tensor, mask: Tensor): { exp: Tensor; top: Tensor } {
  const top = stopGradient(select(mask, x, -1e30).max(1, { keepDims: true }));
  return { exp: select(mask, select(mask, x.sub(top), 0).exp(), 0), top };
}
