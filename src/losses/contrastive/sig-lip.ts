import { where as select } from "../../autograd/elementwise.ts";
import { resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { scalarOption } from "../scalar-option.ts";
import { diagonalOf, pairedRows } from "./rows.ts";

export interface SigLIPOptions {
  /** The factor on the cosines, > 0; a number, or a learned tensor with one element. Default 10. */
  scale?: number | Tensor;
  /** What is added to them, so that few pairs count as matches at first; likewise. Default -10. */
  bias?: number | Tensor;
  reduction?: Reduction;
}

/**
 * SigLIP: each pair of an image and a text is a question of its own, match (z = 1) or not (z = -1):
 * sum over j of -log sigmoid(z_ij (scale cos(image_i, text_j) + bias)).
 *
 * images, texts: [n, d], row i of one belongs to row i of the other; both are L2-normalised here. Returns [n], the sum
 * of an image's row, with reduction "none"; "mean" is the sum of all n^2 over n, as in the paper. `losses.SigLIP`
 * learns scale and bias.
 * Options: scale (10), bias (-10), reduction ("mean").
 * Zhai et al. 2023, arXiv:2303.15343. Reference values: the paper's pseudo-code, and
 * torch.nn.functional.binary_cross_entropy_with_logits.
 */
export function sigLIP(images: TensorLike, texts: TensorLike, options: SigLIPOptions = {}): Tensor {
  const where = "sigLIP";
  const { scale, bias, reduction } = resolve<Required<SigLIPOptions>>(where, options, {
    scale: 10,
    bias: -10,
    reduction: "mean",
  });
  const [factor, offset] = [scalarOption(where, "scale", scale), scalarOption(where, "bias", bias, "any")];
  const [u, v] = pairedRows(where, ["images", images], ["texts", texts]).map((x) => x.normalize());
  const logits = u.mul(factor).matmul(v, { transposeB: true }).add(offset); // [n, n]
  return reduce(where, select(diagonalOf(u), logits.neg(), logits).softplus().sum(1), reduction);
}
