import { stopGradient } from "../../autograd/elementwise.ts";
import "../../functional/methods.ts";
import { expectAxes, expectShape, floatTensor } from "../../tensor/checks.ts";
import { expectNumber, resolve } from "../../tensor/options.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { scalarOption } from "../scalar-option.ts";

export interface DeepSVDDOptions {
  /**
   * The radius of a sphere with a soft boundary, > 0; a number, or a tensor with one element. Default null: no sphere,
   * but all samples are drawn to the centre.
   */
  radius?: number | Tensor | null;
  /** With a radius: about which share of the samples may lie outside, in (0, 1]. Default 0.1. */
  nu?: number;
  reduction?: Reduction;
}

/**
 * Deep support vector data description, for anomaly detection: ||f - c||^2, or with a soft boundary
 * R^2 + [||f - c||^2 - R^2]+ / nu. The distance from the centre is the anomaly score.
 *
 * embeddings [n, d] of normal samples, center [d], a constant such as the mean embedding before training. "none" gives
 * [n]. The gradient on the sphere is that of the inside. A network with biases or bounded activations can map
 * everything to the centre, and then learns nothing. Options: radius (none), nu (0.1), reduction ("mean").
 * Ruff et al. 2018, "Deep one-class classification", ICML. Reference values: the formula.
 */
export function deepSVDD(embeddings: TensorLike, center: TensorLike, options: DeepSVDDOptions = {}): Tensor {
  const { radius, nu, reduction } = resolve<Required<DeepSVDDOptions>>("deepSVDD", options, {
    radius: null,
    nu: 0.1,
    reduction: "mean",
  });
  expectNumber("deepSVDD", "nu", nu, "in (0, 1]", (v) => v > 0 && v <= 1);
  const f = floatTensor("deepSVDD", "embeddings", embeddings);
  expectAxes("deepSVDD", "embeddings", f, ["n", "d"]);
  const c = asTensor(center, f.dtype, "deepSVDD", "center");
  expectShape("deepSVDD", "center", c, [f.shape[1]]);
  const squared = f.sub(stopGradient(c)).square().sum(1);
  if (radius === null) return reduce("deepSVDD", squared, reduction);
  const square = asTensor(scalarOption("deepSVDD", "radius", radius), f.dtype).square();
  return reduce("deepSVDD", squared.sub(square).relu().div(nu).add(square), reduction);
}
