import { cosineMatrix } from "../../functional/distances.ts";
import { expectAxes, floatTensor } from "../../tensor/checks.ts";
import { arange } from "../../tensor/creation.ts";
import { expectPositive, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { crossEntropyWith } from "./centres.ts";

export interface InstanceOptions {
  /** The factor on the cosines, > 0. Default 64. */
  scale?: number;
  reduction?: Reduction;
}

/**
 * Instance loss: every sample a class of its own, with its embedding for a centre: -s cos(x_i, x_i) +
 * log sum_j e^(s cos(x_i, x_j)), which spreads the batch out.
 *
 * embeddings: [n, d]. Returns [n] with reduction "none". One sample has loss 0. The paper learns a centre for each
 * instance, shared by images and texts: that is `normalizedSoftmax` with one class for each.
 * Options: scale (64), reduction ("mean").
 * Zheng et al. 2020, arXiv:1711.05535. Reference values: pytorch-metric-learning's InstanceLoss with all labels
 * different; where labels repeat, that takes the index of a class for the index of a sample.
 */
export function instance(embeddings: TensorLike, options: InstanceOptions = {}): Tensor {
  const { scale, reduction } = resolve<Required<InstanceOptions>>("instance", options, {
    scale: 64,
    reduction: "mean",
  });
  expectPositive("instance", "scale", scale);
  const x = floatTensor("instance", "embeddings", embeddings);
  expectAxes("instance", "embeddings", x, ["n", "d"]);
  const logits = cosineMatrix(x).mul(scale); // [n, n]
  const own = arange(x.shape[0]).unsqueeze(1);
  return reduce("instance", crossEntropyWith(logits, own, logits.gather(1, own)), reduction);
}
