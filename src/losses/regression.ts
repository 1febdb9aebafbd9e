import { expectSameShape, floatTensor } from "../tensor/checks.ts";
import { expectPositive, resolve } from "../tensor/options.ts";
import { asTensor, type Tensor, type TensorLike } from "../tensor/tensor.ts";
import { type Reduction, reduce } from "./reduction.ts";

export interface RegressionOptions {
  reduction?: Reduction;
}

/** prediction - target, element by element, of equal shapes. */
function residual(where: string, predictions: TensorLike, targets: TensorLike): Tensor {
  const p = floatTensor(where, "predictions", predictions);
  const t = asTensor(targets);
  expectSameShape(where, { predictions: p, targets: t });
  return p.sub(t);
}

export interface HuberOptions extends RegressionOptions {
  /** Where the square turns into a line. Default 1. */
  delta?: number;
}

/**
 * Huber's loss: r^2 / 2 where |r| <= delta, delta (|r| - delta / 2) beyond, r = prediction - target.
 *
 * predictions, targets: the same shape. Equals delta times `smoothL1` with beta = delta.
 * Huber 1964, "Robust estimation of a location parameter". Reference values: torch.nn.HuberLoss.
 */
export function huber(predictions: TensorLike, targets: TensorLike, options: HuberOptions = {}): Tensor {
  const { delta, reduction } = resolve<Required<HuberOptions>>("huber", options, { delta: 1, reduction: "mean" });
  expectPositive("huber", "delta", delta);
  const magnitude = residual("huber", predictions, targets).abs();
  const inner = magnitude.clamp(undefined, delta); // min(|r|, delta): one branch serves both sides of the kink
  return reduce("huber", inner.square().mul(0.5).add(magnitude.sub(inner).mul(delta)), reduction);
}
