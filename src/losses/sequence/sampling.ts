import "../../functional/methods.ts";
import { expectAxes, expectSameShape, expectShape, floatTensor } from "../../tensor/checks.ts";
import { resolve } from "../../tensor/options.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";

// Softmax over more classes than can be scored: the right one against k that a sampler drew. `sampledSoftmax` is among
// the ranking losses.

/** Scores of the right class [n] and of sampled ones [n, k], checked. */
function sampledScores(where: string, positive: TensorLike, negative: TensorLike): [Tensor, Tensor] {
  const right = floatTensor(where, "positive", positive);
  const drawn = floatTensor(where, "negative", negative);
  expectAxes(where, "positive", right, ["n"]);
  expectAxes(where, "negative", drawn, ["n", "k"]);
  expectShape(where, "negative", drawn, [right.size, drawn.shape[1]]);
  return [right, drawn];
}

/** The logarithms of what the sampler expects, of the shapes of the scores, checked. */
function expected(where: string, positive: TensorLike, negative: TensorLike, right: Tensor, drawn: Tensor) {
  const [p, q] = [asTensor(positive, right.dtype), asTensor(negative, drawn.dtype)];
  expectSameShape(where, { positive: right, positiveLogNoise: p });
  expectSameShape(where, { negative: drawn, negativeLogNoise: q });
  return [p, q];
}

/**
 * Negative sampling (SGNS of word2vec): softplus(-s+) + sum_k softplus(s-_k).
 *
 * positive [n], scores of what was seen together; negative [n, k], of what was drawn. "none" gives [n].
 * Options: reduction ("mean", over n). Mikolov et al. 2013, arXiv:1310.4546.
 */
export function negativeSampling(
  positive: TensorLike,
  negative: TensorLike,
  options: { reduction?: Reduction } = {},
): Tensor {
  const { reduction } = resolve<{ reduction: Reduction }>("negativeSampling", options, { reduction: "mean" });
  const [right, drawn] = sampledScores("negativeSampling", positive, negative);
  return reduce("negativeSampling", right.neg().softplus().add(drawn.softplus().sum(1)), reduction);
}

/**
 * Noise-contrastive estimation: which of 1 + k samples came from the data, by logits s - log(k q) of each:
 * softplus(-(s+ - log k q+)) + sum_j softplus(s-_j - log k q-_j). Its optimum is normalised without a sum over classes.
 *
 * positive [n], negative [n, k]: scores; positiveLogNoise [n], negativeLogNoise [n, k]: log q, the noise's
 * log-probability of the same classes. "none" gives [n]. Options: reduction ("mean", over n).
 * Gutmann and Hyvarinen 2010, "Noise-contrastive estimation"; Mnih and Teh 2012, arXiv:1206.6426.
 */
export function noiseContrastive(
  positive: TensorLike,
  negative: TensorLike,
  positiveLogNoise: TensorLike,
  negativeLogNoise: TensorLike,
  options: { reduction?: Reduction } = {},
): Tensor {
  const { reduction } = resolve<{ reduction: Reduction }>("noiseContrastive", options, { reduction: "mean" });
  const [right, drawn] = sampledScores("noiseContrastive", positive, negative);
  const [p, q] = expected("noiseContrastive", positiveLogNoise, negativeLogNoise, right, drawn);
  const logCount = Math.log(Math.max(1, drawn.shape[1]));
  const seen = right.sub(p).sub(logCount).neg().softplus();
  return reduce("noiseContrastive", seen.add(drawn.sub(q).sub(logCount).softplus().sum(1)), reduction);
}
