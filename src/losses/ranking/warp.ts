import "../../functional/methods.ts";
import { div, stopGradient } from "../../autograd/elementwise.ts";
import { expectAxes, expectNotEmpty, expectShape, floatTensor } from "../../tensor/checks.ts";
import { expectInteger, expectNonNegative, expectOneOf, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";

export interface WarpOptions {
  /** By how much the positive must lead, >= 0. Default 1. */
  margin?: number;
  /** How many items there are to draw from, the positive among them, whole, >= 2. Default null: those given, k + 1. */
  items?: number | null;
  /** The weight of rank r: "harmonic" 1 + 1/2 + ... + 1/r (default, the paper's), or "logarithmic" log(max(1, r)). */
  weight?: "harmonic" | "logarithmic";
  reduction?: Reduction;
}

const eulerGamma = 0.5772156649015329;

/**
 * WARP, weighted approximate-rank pairwise: negatives are drawn until one comes within the margin of the positive, at
 * the t-th trial; the positive's rank is then about r = floor((items - 1) / t), and the loss is weight(r) [margin - f +
 * f_t]+.
 *
 * positive: scores f [n]; negative: scores [n, k] of k negatives of each, in the order in which they were drawn (the
 * caller draws them, so that the loss is a function of its arguments). "none" gives [n]; a positive that leads all its
 * negatives has loss 0. The weight is a constant to the gradient; the gradient at the margin is 0.
 * Options: margin (1), items (k + 1), weight ("harmonic"), reduction ("mean").
 * Weston et al. 2011, "WSABIE: scaling up to large vocabulary image annotation". Reference values: the formula; LightFM
 * has the logarithmic weight.
 */
export function warp(positive: TensorLike, negative: TensorLike, options: WarpOptions = {}): Tensor {
  const where = "warp";
  const { margin, items, weight, reduction } = resolve<Required<WarpOptions>>(where, options, {
    margin: 1,
    items: null,
    weight: "harmonic",
    reduction: "mean",
  });
  expectNonNegative(where, "margin", margin);
  if (items !== null) expectInteger(where, "items", items, 2);
  expectOneOf(where, "weight", weight, ["harmonic", "logarithmic"]);
  const [p, n] = [floatTensor(where, "positive", positive), floatTensor(where, "negative", negative)];
  expectAxes(where, "negative", n, ["n", "k"]);
  expectNotEmpty(where, "negative", n);
  expectShape(where, "positive", p, [n.shape[0]]);
  const violation = n.sub(p.unsqueeze(1)).add(margin);
  const first = violation.gt(0).to("int32").argmax(1, { keepDims: true }); // the first of equals
  const trial = first.squeeze(1).add(1).to(p.dtype);
  const rank = div((items ?? n.shape[1] + 1) - 1, trial).floor();
  const weights = weight === "harmonic" ? rank.add(1).digamma().add(eulerGamma) : rank.maximum(1).log();
  return reduce(where, violation.gather(1, first).squeeze(1).relu().mul(stopGradient(weights)), reduction);
}
