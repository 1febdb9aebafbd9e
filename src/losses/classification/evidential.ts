import "../../functional/methods.ts";
import { expectNonNegativeElements, floatTensor } from "../../tensor/checks.ts";
import { expectNonNegative, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { classLabels, isLabelled } from "../classes.ts";
import type { Reduction } from "../reduction.ts";
import { reduceLabelled } from "./labelled.ts";

export interface EvidentialClassificationOptions {
  /** The factor of the divergence, >= 0. Default 1; the authors raise it from 0 to 1 over the first ten epochs. */
  divergenceWeight?: number;
  /** Labels with this value count nowhere. Default -100. */
  ignoreIndex?: number;
  reduction?: Reduction;
}

/**
 * Evidential classification: the expected Brier score under a Dirichlet distribution of a = evidence + 1, plus how far
 * the evidence for wrong classes is from none:
 * sum_c (y_c - p_c)^2 + p_c (1 - p_c) / (S + 1) + divergenceWeight KL(Dir(b) || Dir(1)), S = sum a, p = a / S, b = a
 * with 1 in place of the labelled a_y. classes / S is the model's uncertainty.
 *
 * evidence [n, classes, ...] or [classes], each >= 0, such as softplus of logits; labels int32 [n, ...] or a number.
 * "none" gives the shape of the labels, 0 where ignored; the mean is over the others.
 * Options: divergenceWeight (1), ignoreIndex (-100), reduction ("mean").
 * Sensoy, Kaplan and Kandemir 2018, arXiv:1806.01768. Reference values: torch.distributions.Dirichlet.
 */
export function evidentialClassification(
  evidence: TensorLike,
  labels: TensorLike,
  options: EvidentialClassificationOptions = {},
): Tensor {
  const where = "evidentialClassification";
  const { divergenceWeight, ignoreIndex, reduction } = resolve<Required<EvidentialClassificationOptions>>(
    where,
    options,
    { divergenceWeight: 1, ignoreIndex: -100, reduction: "mean" },
  );
  expectNonNegative(where, "divergenceWeight", divergenceWeight);
  const e = floatTensor(where, "evidence", evidence);
  expectNonNegativeElements(where, "evidence", e);
  const target = classLabels(where, "evidence", e, labels, ignoreIndex);
  const { axis } = target;
  const own = isLabelled(e, target);
  const a = e.add(1);
  const total = a.sum(axis, { keepDims: true });
  const p = a.div(total);
  const spread = p.mul(p.neg().add(1)).div(total.add(1));
  const score = p.sub(own.to(e.dtype)).square().add(spread).sum(axis);
  const divergence = divergenceFromFlat(e.maskedFill(own, 0), axis);
  return reduceLabelled(where, score.add(divergence.mul(divergenceWeight)), target, reduction);
}

/** KL(Dir(e + 1) || Dir(1)); in float64, because large logarithms of gamma functions leave a small difference. */
function divergenceFromFlat(e: Tensor, axis: number): Tensor {
  if (e.dtype !== "float64") return divergenceFromFlat(e.to("float64"), axis).to(e.dtype);
  const b = e.add(1);
  const total = b.sum(axis, { keepDims: true });
  const pull = e.mul(b.digamma().sub(total.digamma())).sub(b.lgamma()).sum(axis);
  let logOfFlat = 0; // log Gamma(classes)
  for (let k = 2; k < e.shape[axis]; k++) logOfFlat += Math.log(k);
  return pull.add(total.squeeze(axis).lgamma()).sub(logOfFlat);
}
