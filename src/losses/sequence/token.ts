import { narrow } from "../../autograd/movement.ts";
import "../../functional/methods.ts";
import { asIndices, expectAxes, expectIndices, expectShape, floatTensor } from "../../tensor/checks.ts";
import { ShapeError } from "../../tensor/errors.ts";
import { expectNumber, expectOneOf, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { expectFraction, scalarOption } from "../scalar-option.ts";

export interface TokenCrossEntropyOptions {
  /**
   * Whether the logits of a token predict the next one, as in causal language models; false for masked ones. Default
   * true.
   */
  causal?: boolean;
  /** Labels with this value count nowhere. Default -100. */
  ignoreIndex?: number;
  /** Targets become y (1 - labelSmoothing) + labelSmoothing / classes. Default 0. */
  labelSmoothing?: number;
  /** What "mean" divides by, > 0: the tokens of all accumulated batches. Default the number of tokens not ignored. */
  count?: number | Tensor | null;
  reduction?: Reduction;
}

/**
 * The cross-entropy of a language model's tokens: -log p(label), of the next token where `causal`.
 *
 * logits [n, T, classes], labels int32 [n, T], the tokens themselves: with `causal` the logits at t meet the label at
 * t + 1, and the last logits and the first label meet nothing. "none" gives [n, T - 1] ([n, T] unless causal), 0 where
 * ignored; if all are, the mean is 0 with gradient 0.
 * Options: causal (true), ignoreIndex (-100), labelSmoothing (0), count (none), reduction ("mean").
 * Reference values: torch.nn.functional.cross_entropy of shifted tokens. Hugging Face calls `count`
 * num_items_in_batch; devices or steps that each hold a part of `count` tokens add up to the mean over all.
 */
export function tokenCrossEntropy(
  logits: TensorLike,
  labels: TensorLike,
  options: TokenCrossEntropyOptions = {},
): Tensor {
  const settings = resolve<Required<TokenCrossEntropyOptions>>("tokenCrossEntropy", options, {
    causal: true,
    ignoreIndex: -100,
    labelSmoothing: 0,
    count: null,
    reduction: "mean",
  });
  const { causal, ignoreIndex, labelSmoothing, reduction } = settings;
  expectFraction("tokenCrossEntropy", "labelSmoothing", labelSmoothing);
  expectOneOf("tokenCrossEntropy", "reduction", reduction, ["none", "mean", "sum"]);
  const given = floatTensor("tokenCrossEntropy", "logits", logits);
  expectAxes("tokenCrossEntropy", "logits", given, ["n", "T", "classes"]);
  const tokens = asIndices("tokenCrossEntropy", "labels", labels);
  expectShape("tokenCrossEntropy", "labels", tokens, given.shape.slice(0, 2));
  const [, time, classes] = given.shape;
  expectNumber("tokenCrossEntropy", "ignoreIndex", ignoreIndex, "that is whole", Number.isInteger);
  expectIndices("tokenCrossEntropy", "labels", tokens, classes, "the class axis of logits", ignoreIndex);
  if (causal && time < 2)
    throw new ShapeError("tokenCrossEntropy", "logits need two steps: the first predicts the second");
  const count = settings.count === null ? null : scalarOption("tokenCrossEntropy", "count", settings.count);

  const x = (causal ? narrow(given, 1, { stop: time - 1 }) : given).logSoftmax(2);
  const y = causal ? narrow(tokens, 1, { start: 1 }) : tokens;
  const ignored = y.eq(ignoreIndex);
  const right = x.gather(2, y.maskedFill(ignored, 0).unsqueeze(2)).squeeze(2).neg();
  const all = labelSmoothing === 0 ? right : right.mul(1 - labelSmoothing).sub(x.mean(2).mul(labelSmoothing));
  const terms = all.maskedFill(ignored, 0);
  if (reduction !== "mean") return reduce("tokenCrossEntropy", terms, reduction);
  return terms.sum().div(count ?? ignored.logicalNot().sum().maximum(1));
}
