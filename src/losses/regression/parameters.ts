import { stopGradient } from "../../autograd/elementwise.ts";
import "../../functional/methods.ts";
import {
  expectNonNegativeElements,
  expectPositiveElements,
  expectSameShape,
  floatTensor,
} from "../../tensor/checks.ts";
import { promote } from "../../tensor/dtype.ts";
import { ShapeError } from "../../tensor/errors.ts";
import { broadcastsTo, formatShape } from "../../tensor/shape.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";

// What losses of predicted distributions share: the prediction with its targets, and further parameters.

/** log(2 pi) / 2, the constant of the normal density. */
export const halfLog2Pi = Math.log(2 * Math.PI) / 2;

/** A prediction and its targets as floats of one shape. `name` is that of the prediction. */
export function predicted(
  where: string,
  name: string,
  prediction: TensorLike,
  targets: TensorLike,
  domain: Domain = "any",
): [Tensor, Tensor] {
  const p = floatTensor(where, name, prediction);
  expectDomain(where, name, p, domain);
  return [p, targetsOf(where, name, p, targets)];
}

/** Targets as floats of the prediction's shape, at least as precise. */
export function targetsOf(where: string, name: string, prediction: Tensor, targets: TensorLike): Tensor {
  const t = asTensor(targets, prediction.dtype, where, "targets");
  expectSameShape(where, { [name]: prediction, targets: t });
  return t.to(promote(t.dtype, prediction.dtype));
}

export type Domain = "any" | "nonNegative" | "positive";

/** A further parameter of a distribution: a number, or a float tensor that broadcasts to the prediction's shape. */
export function parameter(
  where: string,
  name: string,
  value: TensorLike,
  prediction: Tensor,
  domain: Domain = "positive",
): Tensor {
  const t = floatTensor(where, name, asTensor(value, prediction.dtype, where, name));
  if (!broadcastsTo(t.shape, prediction.shape)) {
    throw new ShapeError(
      where,
      `${name} ${formatShape(t.shape)} must broadcast to the shape of the prediction, ${formatShape(prediction.shape)}`,
    );
  }
  expectDomain(where, name, t, domain);
  return t;
}

function expectDomain(where: string, name: string, t: Tensor, domain: Domain): void {
  if (domain === "positive") expectPositiveElements(where, name, t);
  else if (domain === "nonNegative") expectNonNegativeElements(where, name, t);
}

/** A predicted variance, as the normal density needs it. */
interface Variance {
  log: Tensor;
  inverse: Tensor;
}

/** A variance that is given by its logarithm, or as it is and then at least eps, with the gradient of v itself. */
export function varianceOf(v: Tensor, logVariance: boolean, eps: number): Variance {
  if (logVariance) return { log: v, inverse: v.neg().exp() };
  const floored = v.add(stopGradient(v.clamp(eps).sub(v)));
  return { log: floored.log(), inverse: floored.reciprocal() };
}

/** (log v + r^2 / v) / 2, for the residual r: -log of the normal density without its constant. */
export const gaussianTerms = (r: Tensor, { log, inverse }: Variance): Tensor =>
  r.square().mul(inverse).add(log).mul(0.5);
