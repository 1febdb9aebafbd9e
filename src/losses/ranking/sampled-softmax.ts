import { maskOf } from "../mask.ts";
import "../../functional/methods.ts";
import { maskedLogSumExp } from "../../functional/masks.ts";
import { expectAxes, expectNotEmpty, expectShape, floatTensor } from "../../tensor/checks.ts";
import { resolve } from "../../tensor/options.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";

export interface SampledSoftmaxOptions {
  /**
   * log Q of each positive, the chance (or expected count) with which it is drawn as a negative: [n]. Default null: 0.
   */
  positiveLogQ?: TensorLike | null;
  /** log Q of each negative: [n, k]. Default null: 0. */
  negativeLogQ?: TensorLike | null;
  /** Which negatives count: bool [n, k]; false for those that are the positive itself. Default null: all. */
  mask?: TensorLike | null;
  reduction?: Reduction;
}

/**
 * Sampled softmax with the logQ correction: log(1 + sum_k e^((s_k - log Q_k) - (s - log Q))), the cross-entropy of the
 * positive among it and drawn negatives, whose scores are lowered by how often they are drawn.
 *
 * positive: scores s [n]; negative: scores [n, k]. "none" gives [n]. Without negatives the loss is 0.
 * Options: positiveLogQ (null), negativeLogQ (null), mask (null), reduction ("mean").
 * Bengio and Senecal 2008, "Adaptive importance sampling to accelerate training of a neural probabilistic language
 * model";
 * Yi et al. 2019, "Sampling-bias-corrected neural modeling for large corpus item recommendations". Reference values:
 * torch.nn.functional.cross_entropy of the corrected scores.
 */
export function sampledSoftmax(
  positive: TensorLike,
  negative: TensorLike,
  options: SampledSoftmaxOptions = {},
): Tensor {
  const where = "sampledSoftmax";
  const { positiveLogQ, negativeLogQ, mask, reduction } = resolve<Required<SampledSoftmaxOptions>>(where, options, {
    positiveLogQ: null,
    negativeLogQ: null,
    mask: null,
    reduction: "mean",
  });
  const [p, n] = [floatTensor(where, "positive", positive), floatTensor(where, "negative", negative)];
  expectAxes(where, "negative", n, ["n", "k"]);
  expectNotEmpty(where, "negative", n);
  expectShape(where, "positive", p, [n.shape[0]]);
  const corrected = [
    lessLogQ(where, "positiveLogQ", p, positiveLogQ),
    lessLogQ(where, "negativeLogQ", n, negativeLogQ),
  ];
  const counted = maskOf(where, mask, { negative: n });
  const leads = corrected[1].sub(corrected[0].unsqueeze(1));
  return reduce(where, maskedLogSumExp(leads, counted, 1, { addOne: true }), reduction);
}

/** Scores less their log Q, which is checked. */
function lessLogQ(where: string, name: string, scores: Tensor, logQ: TensorLike | null): Tensor {
  if (logQ === null) return scores;
  const q = asTensor(logQ, scores.dtype, where, name);
  expectShape(where, name, q, scores.shape);
  return scores.sub(q);
}
