import { concat } from "../../autograd/movement.ts";
import "../../functional/methods.ts";
import { expectAxes, expectBinary, expectSameShape, expectShape, floatTensor } from "../../tensor/checks.ts";
import { expectOneOf, resolve } from "../../tensor/options.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { impossible } from "./alignment.ts";

// Softmax over more classes than can be scored: the right one against k that a sampler drew.

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

export interface SampledSoftmaxOptions {
  /** Which drawn classes are the right one (accidental hits), 1 or 0, [n, k]; they are left out. Default none. */
  hits?: TensorLike | null;
  reduction?: Reduction;
}

/**
 * Sampled softmax: the cross-entropy of the right class among itself and k drawn ones, each score less the logarithm of
 * how often the sampler is expected to draw it, so that the gradient is in expectation near that of the full softmax.
 *
 * positive [n], negative [n, k]: scores; positiveLogNoise [n], negativeLogNoise [n, k]: log of the expected counts (or
 * probabilities: a common factor changes nothing). "none" gives [n]. Options: hits (none), reduction ("mean", over n).
 * Bengio and Senecal 2008; Jean et al. 2015, arXiv:1412.2007. TensorFlow's sampled_softmax_loss.
 */
export function sampledSoftmax(
  positive: TensorLike,
  negative: TensorLike,
  positiveLogNoise: TensorLike,
  negativeLogNoise: TensorLike,
  options: SampledSoftmaxOptions = {},
): Tensor {
  const { hits, reduction } = resolve<Required<SampledSoftmaxOptions>>("sampledSoftmax", options, {
    hits: null,
    reduction: "mean",
  });
  expectOneOf("sampledSoftmax", "reduction", reduction, ["none", "mean", "sum"]);
  const [right, drawn] = sampledScores("sampledSoftmax", positive, negative);
  const [p, q] = expected("sampledSoftmax", positiveLogNoise, negativeLogNoise, right, drawn);
  const hit = hits === null ? null : asTensor(hits);
  if (hit !== null) {
    expectShape("sampledSoftmax", "hits", hit, drawn.shape);
    expectBinary("sampledSoftmax", "hits", hit);
  }
  const others = drawn.sub(q);
  const rest = hit === null ? others : others.maskedFill(hit.eq(1), impossible);
  const target = right.sub(p).unsqueeze(1);
  return reduce("sampledSoftmax", concat([target, rest], 1).logSumExp(1).sub(target.squeeze(1)), reduction);
}
