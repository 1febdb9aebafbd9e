import { concat } from "../../autograd/movement.ts";
import { cosineSimilarity } from "../../functional/distances.ts";
import { asIndices, expectIndices, expectShape, floatTensor } from "../../tensor/checks.ts";
import { promote } from "../../tensor/dtype.ts";
import { ShapeError, ValueError } from "../../tensor/errors.ts";
import { resolve } from "../../tensor/options.ts";
import { formatShape } from "../../tensor/shape.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { pairedRows } from "./rows.ts";

// The two losses of Sentence-BERT for labelled pairs: a number for each, or a class.

export interface CosineSimilarityMSEOptions {
  reduction?: Reduction;
}

/**
 * Cosine-similarity regression: (cos(x1, x2) - target)^2.
 *
 * x1, x2: [n, d]; targets: [n], usually in [0, 1]. Returns [n] with reduction "none".
 * Options: reduction ("mean").
 * Reimers and Gurevych 2019, arXiv:1908.10084. Reference values: sentence-transformers' CosineSimilarityLoss.
 */
export function cosineSimilarityMSE(
  x1: TensorLike,
  x2: TensorLike,
  targets: TensorLike,
  options: CosineSimilarityMSEOptions = {},
): Tensor {
  const where = "cosineSimilarityMSE";
  const { reduction } = resolve<Required<CosineSimilarityMSEOptions>>(where, options, { reduction: "mean" });
  const [u, v] = pairedRows(where, ["x1", x1], ["x2", x2]);
  const given = asTensor(targets, u.dtype, where, "targets");
  const y = given.to(promote(given.dtype, u.dtype));
  expectShape(where, "targets", y, [u.shape[0]]);
  return reduce(where, cosineSimilarity(u, v).sub(y).square(), reduction);
}

export interface SentencePairSoftmaxOptions {
  /** Added to the logits, [classes]; null for none. Default null. */
  bias?: TensorLike | null;
  /** Give the classifier u and v. Default true. */
  concatenation?: boolean;
  /** Give it |u - v|. Default true. */
  difference?: boolean;
  /** Give it u v, elementwise. Default false. */
  product?: boolean;
  reduction?: Reduction;
}

/**
 * Softmax classifier over a pair of sentences: cross-entropy of W [u; v; |u - v|; u v] + bias, with the parts that the
 * options name.
 *
 * x1, x2: [n, d]; weight: [classes, parts d], 3 parts by default, in that order; labels: [n], int32 class indices, such
 * as entailment, contradiction, neutral. Returns [n] with reduction "none". The gradient of |u - v| where they are
 * equal is 0. `losses.SentencePairSoftmax` owns weight and bias.
 * Reimers and Gurevych 2019, arXiv:1908.10084. Reference values: sentence-transformers' SoftmaxLoss.
 */
export function sentencePairSoftmax(
  x1: TensorLike,
  x2: TensorLike,
  weight: TensorLike,
  labels: TensorLike,
  options: SentencePairSoftmaxOptions = {},
): Tensor {
  const where = "sentencePairSoftmax";
  const o = resolve<Required<SentencePairSoftmaxOptions>>(where, options, {
    bias: null,
    concatenation: true,
    difference: true,
    product: false,
    reduction: "mean",
  });
  const [u, v] = pairedRows(where, ["x1", x1], ["x2", x2]);
  const w = floatTensor(where, "weight", weight);
  const parts = [
    ...(o.concatenation ? [u, v] : []),
    ...(o.difference ? [u.sub(v).abs()] : []),
    ...(o.product ? [u.mul(v)] : []),
  ];
  if (parts.length === 0) throw new ValueError(where, "one of concatenation, difference and product must be true");
  const length = parts.length * u.shape[1];
  if (w.ndim !== 2 || w.shape[1] !== length) {
    throw new ShapeError(
      where,
      `weight must be [classes, ${length}] for ${parts.length} parts of x1 ${formatShape(u.shape)}, got ${formatShape(w.shape)}`,
    );
  }
  const b = o.bias === null ? null : floatTensor(where, "bias", o.bias);
  if (b !== null) expectShape(where, "bias", b, [w.shape[0]]);
  const y = asIndices(where, "labels", labels);
  expectShape(where, "labels", y, [u.shape[0]]);
  expectIndices(where, "labels", y, w.shape[0], `weight ${formatShape(w.shape)}`);
  const products = concat(parts, 1).matmul(w, { transposeB: true });
  const logits = b === null ? products : products.add(b); // [n, classes]
  return reduce(where, logits.logSoftmax(1).gather(1, y.unsqueeze(1)).squeeze(1).neg(), o.reduction);
}
