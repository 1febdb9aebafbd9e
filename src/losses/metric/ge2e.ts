import { where as select } from "../../autograd/elementwise.ts";
import { expectAxes, expectNotEmpty, floatTensor } from "../../tensor/checks.ts";
import { eye } from "../../tensor/creation.ts";
import { ShapeError } from "../../tensor/errors.ts";
import { expectOneOf, resolve } from "../../tensor/options.ts";
import { formatShape } from "../../tensor/shape.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { except } from "../candidates.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { scalarOption } from "../scalar-option.ts";

export interface GE2EOptions {
  /** The factor on the cosines, > 0; a number, or a learned tensor with one element. Default 10. */
  w?: number | Tensor;
  /** What is added to them; a number, or a learned tensor with one element. Default -5. */
  b?: number | Tensor;
  /** "softmax" or "contrast". Default "softmax". */
  variant?: "softmax" | "contrast";
  /** Leave an utterance out of its own speaker's centroid, as the paper does. Default true. */
  excludeSelf?: boolean;
  /** Default "sum", as in the paper. */
  reduction?: Reduction;
}

/**
 * Generalised end-to-end loss: S_ji,k = w cos(e_ji, c_k) + b compares utterance i of speaker j with the centroid c_k of
 * each speaker, the mean of k's utterances (without e_ji where k = j).
 *
 * variant "softmax": -S_ji,j + log sum_k e^(S_ji,k); "contrast": 1 - sigmoid(S_ji,j) + max over k != j of
 * sigmoid(S_ji,k), without the maximum for a single speaker; where several attain it they share the gradient evenly.
 * embeddings: [speakers, utterances, d], at least 2 utterances unless `excludeSelf` is false. The paper's are of unit
 * length, which is the caller's to do: embeddings.normalize({ axis: 2 }). Returns [speakers, utterances] with reduction
 * "none". `losses.GE2E` learns w and b.
 *
 * Options: w (10), b (-5), variant ("softmax"), excludeSelf (true), reduction ("sum").
 * Wan et al. 2018, arXiv:1710.10467. Reference values: the paper's formulas by loops (libraries deviate).
 */
export function ge2e(embeddings: TensorLike, options: GE2EOptions = {}): Tensor {
  const where = "ge2e";
  const { w, b, variant, excludeSelf, reduction } = resolve<Required<GE2EOptions>>(where, options, {
    w: 10,
    b: -5,
    variant: "softmax",
    excludeSelf: true,
    reduction: "sum",
  });
  expectOneOf(where, "variant", variant, ["softmax", "contrast"]);
  const [factor, offset] = [scalarOption(where, "w", w), scalarOption(where, "b", b, "any")];
  const e = floatTensor(where, "embeddings", embeddings);
  const { cosines, own, isOwn } = speakerCosines(where, e, excludeSelf);
  const similarity = cosines.mul(factor).add(offset); // [speakers, utterances, speakers]
  const ownSimilarity = own.mul(factor).add(offset);
  if (variant === "softmax") return reduce(where, similarity.logSumExp(2).sub(ownSimilarity), reduction);
  const others = similarity.maskedFill(isOwn, except);
  return reduce(where, ownSimilarity.neg().sigmoid().add(others.max(2).sigmoid()), reduction);
}

/**
 * cos(e_ji, c_k) [speakers, utterances, speakers], its part k = j [speakers, utterances], and the mask of that part.
 */
function speakerCosines(where: string, e: Tensor, excludeSelf: boolean) {
  expectAxes(where, "embeddings", e, ["speakers", "utterances", "d"]);
  expectNotEmpty(where, "embeddings", e);
  const [speakers, utterances] = e.shape;
  if (excludeSelf && utterances < 2) {
    throw new ShapeError(
      where,
      `embeddings ${formatShape(e.shape)} need at least 2 utterances a speaker, or a centroid without the utterance itself is empty; or set excludeSelf: false`,
    );
  }
  const total = e.sum(1, { keepDims: true });
  const unit = e.normalize({ axis: 2 });
  const centroids = total.div(utterances).normalize({ axis: 2 }); // [speakers, 1, d]
  const ownCentroids = excludeSelf
    ? total
        .sub(e)
        .div(utterances - 1)
        .normalize({ axis: 2 })
    : centroids;
  const own = unit.mul(ownCentroids).sum(2);
  const isOwn = eye(speakers, { dtype: "bool" }).unsqueeze(1);
  const all = unit.matmul(centroids.squeeze(1), { transposeB: true });
  return { cosines: select(isOwn, own.unsqueeze(2), all), own, isOwn };
}
