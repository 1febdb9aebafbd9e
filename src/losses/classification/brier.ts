import "../../functional/methods.ts";
import { floatTensor } from "../../tensor/checks.ts";
import { resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import type { Reduction } from "../reduction.ts";
import { distributionOf } from "./labelled.ts";

export interface BrierOptions {
  /** Labels with this value count nowhere; not for probabilities. Default -100. */
  ignoreIndex?: number;
  reduction?: Reduction;
}

/**
 * The Brier score: sum_c (p_c - y_c)^2, p = softmax(x), in [0, 2]. Its best prediction is the true distribution, as
 * that of cross-entropy is, yet a wrong label costs at most 2.
 *
 * logits [n, classes, ...] or [classes]; the target is class labels, int32 [n, ...], or distributions of the shape of
 * the logits. "none" gives [n, ...], 0 where ignored; the mean is over the others. Of two classes it is twice the
 * square of the error of one probability, which is what scikit-learn's brier_score_loss averages.
 * Options: ignoreIndex (-100), reduction ("mean"). Brier 1950, "Verification of forecasts expressed in terms of
 * probability". Reference values: the formula.
 */
export function brier(logits: TensorLike, labelsOrProbabilities: TensorLike, options: BrierOptions = {}): Tensor {
  const { reduction } = resolve<Required<BrierOptions>>("brier", options, { ignoreIndex: -100, reduction: "mean" });
  const x = floatTensor("brier", "logits", logits);
  const { axis, y, reduceTerms } = distributionOf("brier", "logits", x, labelsOrProbabilities, options.ignoreIndex);
  return reduceTerms(x.softmax(axis).sub(y).square().sum(axis), reduction);
}
