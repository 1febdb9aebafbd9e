import { expectProbabilities, expectSameShape, floatTensor } from "../../tensor/checks.ts";
import { expectInteger, resolve } from "../../tensor/options.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { densityWeights } from "../gradient-density.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { sigmoidCrossEntropy } from "../sigmoid-cross-entropy.ts";

export interface GradientHarmonisedOptions {
  /** Into how many classes of gradient size examples fall, >= 1. Default 10. */
  bins?: number;
  reduction?: Reduction;
}

/**
 * GHM-C: binary cross-entropy in which examples with gradients of one size share their pull, so that neither the mass
 * of easy ones nor the outliers dominate.
 *
 * logits, targets: the same shape, targets in [0, 1]. The size of a gradient is |sigmoid(x) - y|; the weights,
 * N / (bins in use x count of the bin), have no gradient. Options: bins (10), reduction ("mean").
 * Li, Liu and Wang 2019, arXiv:1811.05181. Reference values: the formula, as in mmdetection without momentum.
 */
export function ghmC(logits: TensorLike, targets: TensorLike, options: GradientHarmonisedOptions = {}): Tensor {
  const { bins, reduction } = resolve<Required<GradientHarmonisedOptions>>("ghmC", options, {
    bins: 10,
    reduction: "mean",
  });
  expectInteger("ghmC", "bins", bins);
  const x = floatTensor("ghmC", "logits", logits);
  const y = asTensor(targets, x.dtype, "ghmC", "targets");
  expectSameShape("ghmC", { logits: x, targets: y });
  expectProbabilities("ghmC", "targets", y, "map +-1 labels with labels.add(1).div(2)");
  const terms = sigmoidCrossEntropy(x, y);
  return reduce("ghmC", terms.mul(densityWeights(x.sigmoid().sub(y).abs(), bins)), reduction);
}
