import { stopGradient } from "../../autograd/elementwise.ts";
import "../../functional/methods.ts";
import { expectSameShape, floatTensor } from "../../tensor/checks.ts";
import { expectNumber } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";

/** Float tensors of one shape, given by name, checked; in their order. */
export function sameFloats(where: string, given: Readonly<Record<string, TensorLike>>): Tensor[] {
  const found = Object.fromEntries(Object.entries(given).map(([name, t]) => [name, floatTensor(where, name, t)]));
  expectSameShape(where, found);
  return Object.values(found);
}

/**
 * The four log-probabilities that a preference is made of: of the chosen and the rejected answer, under policy and
 * reference.
 */
export type Quartet = readonly [
  policyChosen: TensorLike,
  policyRejected: TensorLike,
  referenceChosen: TensorLike,
  referenceRejected: TensorLike,
];

/** The four as tensors, checked; the reference is a constant. */
export function quartetOf(where: string, quartet: Quartet): [pc: Tensor, pr: Tensor, rc: Tensor, rr: Tensor] {
  const [policyChosen, policyRejected, referenceChosen, referenceRejected] = quartet;
  const [pc, pr, rc, rr] = sameFloats(where, { policyChosen, policyRejected, referenceChosen, referenceRejected });
  return [pc, pr, stopGradient(rc), stopGradient(rr)];
}

/** log policy / reference of the chosen and of the rejected answer, checked. */
export function logRatios(where: string, quartet: Quartet): [chosen: Tensor, rejected: Tensor] {
  const [pc, pr, rc, rr] = quartetOf(where, quartet);
  return [pc.sub(rc), pr.sub(rr)];
}

/** -(1 - s) log sigmoid(z) - s log sigmoid(-z). */
export function smoothedLogistic(z: Tensor, s: number): Tensor {
  const right = z.neg().softplus();
  return s === 0 ? right : right.mul(1 - s).add(z.softplus().mul(s));
}

/** Throws unless `value` is a share in [0, 1/2): of preferences that are the wrong way round. */
export const expectLessThanHalf = (where: string, name: string, value: unknown): void =>
  expectNumber(where, name, value, "in [0, 0.5)", (v) => v >= 0 && v < 0.5);
