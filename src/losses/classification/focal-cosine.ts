import "../../functional/methods.ts";
import { expectNonNegative, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { labelLogit, pick } from "../classes.ts";
import type { Reduction } from "../reduction.ts";
import { labelledLogits, reduceLabelled } from "./labelled.ts";

export interface FocalCosineOptions {
  /** The factor of the focal term, >= 0. Default 0.1. */
  focalWeight?: number;
  /** How strongly the focal term passes over well-classified examples, >= 0. Default 2. */
  gamma?: number;
  /** Labels with this value count nowhere. Default -100. */
  ignoreIndex?: number;
  reduction?: Reduction;
}

/**
 * Focal cosine loss: 1 - u_y - focalWeight (1 - p_y)^gamma log p_y, where u = x / ||x|| (so u_y is the cosine of the
 * logits with the one-hot label) and p = softmax(u).
 *
 * logits [n, classes, ...] or [classes], labels int32 [n, ...] or a number. Their length does not matter; at zero
 * logits the cosine is 0, and so is the gradient. "none" gives the shape of the labels, 0 where
 * ignored; the mean is over the others. For small data sets.
 * Options: focalWeight (0.1), gamma (2), ignoreIndex (-100), reduction ("mean").
 * Barz and Denzler 2020, arXiv:1901.09054 (cosine loss); Lin et al. 2017, arXiv:1708.02002. Reference values:
 * pytorch_optimizer's FocalCosineLoss.
 */
export function focalCosine(logits: TensorLike, labels: TensorLike, options: FocalCosineOptions = {}): Tensor {
  const { focalWeight, gamma, ignoreIndex, reduction } = resolve<Required<FocalCosineOptions>>("focalCosine", options, {
    focalWeight: 0.1,
    gamma: 2,
    ignoreIndex: -100,
    reduction: "mean",
  });
  expectNonNegative("focalCosine", "focalWeight", focalWeight);
  expectNonNegative("focalCosine", "gamma", gamma);
  const { x, target } = labelledLogits("focalCosine", logits, labels, ignoreIndex);
  const u = x.normalize({ axis: target.axis });
  const lead = labelLogit(u, target); // p_y = sigmoid(lead)
  const focal = lead.softplus().mul(-gamma).exp().mul(lead.neg().softplus());
  const terms = pick(u, target).neg().add(1).add(focal.mul(focalWeight));
  return reduceLabelled("focalCosine", terms, target, reduction);
}
