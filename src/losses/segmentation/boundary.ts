import { stopGradient } from "../../autograd/elementwise.ts";
import "../../functional/methods.ts";
import { expectBinary, expectNotEmpty, expectSameShape, floatTensor } from "../../tensor/checks.ts";
import { expectOneOf, resolve } from "../../tensor/options.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { binaryCrossEntropyWithLogits } from "../classification/cross-entropy.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { activated, expectPixels, foreground, type MaskOptions, pixelAxes } from "./masks.ts";

export interface BoundaryOptions extends Omit<MaskOptions, "ignoreIndex"> {
  reduction?: Reduction;
}

/**
 * Boundary loss: the mean of distance x p over the pixels of each class, of distances signed to be below 0 inside the
 * target and above 0 outside. To be added to a loss of regions; it can be below 0.
 *
 * probabilities [n, classes, ...pixels] in [0, 1] (logits with `activation`); distances of the same shape, constants
 * which `distanceMaps.signed` makes of the target's masks. "none" gives [n, classes]. The gradient is the distance over
 * the number of pixels. Options: includeBackground (true), activation ("none"), reduction ("mean").
 * Kervadec et al. 2019, arXiv:1812.07032. Reference values: monai.losses.BoundaryLoss.
 */
export function boundary(probabilities: TensorLike, distances: TensorLike, options: BoundaryOptions = {}): Tensor {
  const where = "boundary";
  const { includeBackground, activation, reduction } = resolve<Required<BoundaryOptions>>(where, options, {
    includeBackground: true,
    activation: "none",
    reduction: "mean",
  });
  const x = floatTensor(where, "probabilities", probabilities);
  expectPixels(where, "probabilities", x);
  expectNotEmpty(where, "probabilities", x);
  const d = asTensor(distances, x.dtype, where, "distances");
  expectSameShape(where, { probabilities: x, distances: d });
  const classes = includeBackground ? (m: Tensor) => m : foreground(where, "probabilities", x);
  const product = activated(where, "probabilities", x, activation).mul(stopGradient(d));
  return reduce(where, classes(product).mean(pixelAxes(x)), reduction);
}

export interface BoundaryCrossEntropyOptions {
  /** Whether positives and negatives are counted in the "batch" or in each "sample". Default "batch". */
  axis?: "batch" | "sample";
  reduction?: Reduction;
}

/**
 * Class-balanced cross-entropy of boundary pixels: -(1 - r) t log p - r (1 - t) log(1 - p), p = sigmoid(x), r the share
 * of positives. Both kinds of pixels weigh the same in the sum, however few there are of one.
 *
 * logits [n, ...], targets of the same shape, 0 or 1. "none" gives the shape of the logits. When all targets are alike
 * the loss is 0. Options: axis ("batch"), reduction ("mean").
 * Xie and Tu 2015, "Holistically-nested edge detection", arXiv:1504.06375 (a sum over each image); Xu et al. 2023,
 * "PIDNet", arXiv:2206.02066. Reference values: mmsegmentation's BoundaryLoss in float64, which is this.
 */
export function boundaryCrossEntropy(
  logits: TensorLike,
  targets: TensorLike,
  options: BoundaryCrossEntropyOptions = {},
): Tensor {
  const where = "boundaryCrossEntropy";
  const { axis, reduction } = resolve<Required<BoundaryCrossEntropyOptions>>(where, options, {
    axis: "batch",
    reduction: "mean",
  });
  expectOneOf(where, "axis", axis, ["batch", "sample"]);
  const x = floatTensor(where, "logits", logits);
  const t = asTensor(targets, x.dtype, where, "targets");
  expectSameShape(where, { logits: x, targets: t });
  expectBinary(where, "targets", t);
  expectNotEmpty(where, "logits", x);
  const y = t.to(x.dtype);
  const positives = y.mean(axis === "batch" ? undefined : [...x.shape.keys()].slice(1), { keepDims: true });
  const weight = y.mul(positives.mul(-2).add(1)).add(positives); // 1 - r for positives, r for negatives
  return reduce(where, binaryCrossEntropyWithLogits(x, y, { weight, reduction: "none" }), reduction);
}
