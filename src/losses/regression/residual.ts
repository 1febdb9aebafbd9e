import { expectSameShape, floatTensor } from "../../tensor/checks.ts";
import { resolve } from "../../tensor/options.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";

// What losses of a prediction's distance from its target share.

export interface RegressionOptions {
  reduction?: Reduction;
}

/** prediction - target, element by element, of equal shapes. */
export function residual(where: string, predictions: TensorLike, targets: TensorLike): Tensor {
  const p = floatTensor(where, "predictions", predictions);
  const t = asTensor(targets, p.dtype, where, "targets");
  expectSameShape(where, { predictions: p, targets: t });
  return p.sub(t);
}

/** The reduction of terms that depend on the residual and on no option. */
export function ofResidual(
  where: string,
  predictions: TensorLike,
  targets: TensorLike,
  options: RegressionOptions,
  terms: (r: Tensor) => Tensor,
): Tensor {
  const { reduction } = resolve<Required<RegressionOptions>>(where, options, { reduction: "mean" });
  return reduce(where, terms(residual(where, predictions, targets)), reduction);
}

/**
 * slope r^2 / (2 threshold) where |r| <= threshold, slope (|r| - threshold / 2) beyond. No |r| inside the square: it
 * would take the curvature at r = 0 away.
 */
export function squareThenLine(r: Tensor, threshold: number, slope: number): Tensor {
  const inner = r.clamp(-threshold, threshold);
  const line = r.sub(inner).abs().mul(slope);
  return inner
    .square()
    .div((2 * threshold) / slope)
    .add(line);
}
