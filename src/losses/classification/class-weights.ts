import "../../functional/methods.ts";
import { expectAxes, expectPositiveElements, floatTensor } from "../../tensor/checks.ts";
import { isFloat } from "../../tensor/dtype.ts";
import { resolve } from "../../tensor/options.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { effectiveWeights, expectBeta, scaledToClasses } from "./class-counts.ts";

// Weights for the option `weight` of losses over classes, from how many training samples each class has.

export interface EffectiveNumberOptions {
  /** In (0, 1): towards 0 all classes weigh the same, towards 1 a class weighs 1 / its count. Default 0.9999. */
  beta?: number;
}

/**
 * Class-balanced weights: proportional to (1 - beta) / (1 - beta^n_c), one over the effective number of samples, scaled
 * so that they add up to the number of classes.
 *
 * classCounts: [classes], each above 0. Cui et al. 2019, arXiv:1901.05555.
 */
export function effectiveNumber(classCounts: TensorLike, options: EffectiveNumberOptions = {}): Tensor {
  const { beta } = resolve("effectiveNumber", options, { beta: 0.9999 });
  expectBeta("effectiveNumber", beta);
  return effectiveWeights(checkedCounts("effectiveNumber", classCounts), beta);
}

/** Weights 1 / n_c, scaled so that they add up to the number of classes. classCounts: [classes], each above 0. */
export const inverseFrequency = (classCounts: TensorLike): Tensor =>
  scaledToClasses(checkedCounts("inverseFrequency", classCounts).reciprocal());

function checkedCounts(where: string, classCounts: TensorLike): Tensor {
  const given = asTensor(classCounts, undefined, where, "classCounts");
  const counts = floatTensor(where, "classCounts", isFloat(given.dtype) ? given : given.to("float32"));
  expectAxes(where, "classCounts", counts, ["classes"]);
  expectPositiveElements(where, "classCounts", counts);
  return counts;
}
