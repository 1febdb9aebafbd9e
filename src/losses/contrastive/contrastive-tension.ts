import { expectBinary, expectShape } from "../../tensor/checks.ts";
import { promote } from "../../tensor/dtype.ts";
import { resolve } from "../../tensor/options.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { scalarOption } from "../scalar-option.ts";
import { sigmoidCrossEntropy } from "../sigmoid-cross-entropy.ts";
import { pairedRows } from "./rows.ts";

// Two models, started alike, that agree on a sentence and on nothing else.

export interface ContrastiveTensionOptions {
  /** Default "sum", as in the paper. */
  reduction?: Reduction;
}

/**
 * Contrastive tension: binary cross-entropy of the logit x1 . x2, softplus(-x1 . x2) for the same sentence in both
 * models, softplus(x1 . x2) for two different ones.
 *
 * x1, x2: [n, d], embeddings by the one model and the other; targets: [n], 1 for the same sentence, 0 for different
 * ones (7 of 8 in the paper). Returns [n] with reduction "none".
 * Options: reduction ("sum").
 * Carlsson et al. 2021, "Semantic re-tuning with contrastive tension", ICLR. Reference values:
 * torch.nn.functional.binary_cross_entropy_with_logits, as in sentence-transformers' ContrastiveTensionLoss.
 */
export function contrastiveTension(
  x1: TensorLike,
  x2: TensorLike,
  targets: TensorLike,
  options: ContrastiveTensionOptions = {},
): Tensor {
  const where = "contrastiveTension";
  const { reduction } = resolve<Required<ContrastiveTensionOptions>>(where, options, { reduction: "sum" });
  const [u, v] = pairedRows(where, ["x1", x1], ["x2", x2]);
  const given = asTensor(targets, u.dtype, where, "targets");
  const y = given.to(promote(given.dtype, u.dtype));
  expectShape(where, "targets", y, [u.shape[0]]);
  expectBinary(where, "targets", y);
  const logits = u.mul(v).sum(1);
  return reduce(where, sigmoidCrossEntropy(logits, y), reduction);
}

export interface ContrastiveTensionInBatchOptions {
  /** The factor on the cosines, > 0; a number, or a learned tensor with one element. Default 20. */
  scale?: number | Tensor;
  reduction?: Reduction;
}

/**
 * Contrastive tension with in-batch negatives: each sentence in one model is matched with itself in the other, among
 * all of the batch, in both directions: `clip` with temperature 1 / scale.
 *
 * x1, x2: [n, d], embeddings of the same n sentences by the one model and the other. Returns [n] with reduction "none".
 * `losses.ContrastiveTensionInBatch` learns the scale.
 * Options: scale (20), reduction ("mean").
 * Carlsson et al. 2021, ICLR. Reference values: torch.nn.functional.cross_entropy, as in sentence-transformers'
 * ContrastiveTensionLossInBatchNegatives.
 */
export function contrastiveTensionInBatch(
  x1: TensorLike,
  x2: TensorLike,
  options: ContrastiveTensionInBatchOptions = {},
): Tensor {
  const where = "contrastiveTensionInBatch";
  const { scale, reduction } = resolve<Required<ContrastiveTensionInBatchOptions>>(where, options, {
    scale: 20,
    reduction: "mean",
  });
  const factor = scalarOption(where, "scale", scale);
  const [u, v] = pairedRows(where, ["x1", x1], ["x2", x2]).map((x) => x.normalize());
  const logits = u.mul(factor).matmul(v, { transposeB: true }); // [n, n]
  return reduce(where, logits.logSumExp(1).add(logits.logSumExp(0)).div(2).sub(logits.diagonal()), reduction);
}
