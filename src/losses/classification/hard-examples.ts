import { stopGradient } from "../../autograd/elementwise.ts";
import "../../functional/methods.ts";
import { expectNumber, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { reduceWeighted } from "../classes.ts";
import type { Reduction } from "../reduction.ts";
import { labelCrossEntropy, labelledLogits } from "./labelled.ts";

export interface HardExampleCrossEntropyOptions {
  /** The share of the labels that are kept, in (0, 1], rounded up to a whole number. Default 0.25. */
  fraction?: number;
  /** Also keep every label whose probability is below this, in [0, 1]. Default 0: none. */
  threshold?: number;
  /** Labels with this value count nowhere. Default -100. */
  ignoreIndex?: number;
  reduction?: Reduction;
}

/**
 * Cross-entropy of the hardest labels alone (online hard example mining, top-k loss): of the largest terms
 * -log p_y, p = softmax(x), and of those with p_y below a threshold.
 *
 * logits [n, classes, ...] or [classes], labels int32 [n, ...] or a number. All labels compete, those of all samples
 * and positions; of equal terms the first are kept. "none" gives the shape of the labels, 0 where not kept; the mean is
 * over the kept ones. Options: fraction (0.25), threshold (0), ignoreIndex (-100), reduction ("mean").
 * Shrivastava, Gupta and Girshick 2016, arXiv:1604.03540; Wu, Shen and van den Hengel 2016, arXiv:1604.04339 (pixels,
 * with a threshold). Reference values: the formula.
 */
export function hardExampleCrossEntropy(
  logits: TensorLike,
  labels: TensorLike,
  options: HardExampleCrossEntropyOptions = {},
): Tensor {
  const where = "hardExampleCrossEntropy";
  const { fraction, threshold, ignoreIndex, reduction } = resolve<Required<HardExampleCrossEntropyOptions>>(
    where,
    options,
    { fraction: 0.25, threshold: 0, ignoreIndex: -100, reduction: "mean" },
  );
  expectNumber(where, "fraction", fraction, "in (0, 1]", (v) => v > 0 && v <= 1);
  expectNumber(where, "threshold", threshold, "in [0, 1]", (v) => v >= 0 && v <= 1);
  const { x, target } = labelledLogits(where, logits, labels, ignoreIndex);
  const terms = labelCrossEntropy(x, target).maskedFill(target.ignored, 0);
  const kept = hardest(stopGradient(terms).maskedFill(target.ignored, -1), fraction)
    .logicalOr(stopGradient(terms).neg().exp().lt(threshold))
    .logicalAnd(target.ignored.logicalNot())
    .to(x.dtype);
  return reduceWeighted(where, terms.mul(kept), kept, reduction);
}

/** Which terms are among the largest; negative ones do not count towards their number. */
function hardest(terms: Tensor, fraction: number): Tensor {
  const flat = terms.reshape([-1]);
  const rank = flat.argsort(0, { descending: true }).argsort(0); // the inverse of the order
  const share = flat.ge(0).sum().to("float64").mul(fraction);
  const count = share.sub(1e-6).ceil().maximum(1); // 0.1 of 30 is 3, though 0.1 * 30 is more
  return rank.lt(count).reshape(terms.shape);
}
