import { stopGradient, where } from "../../autograd/elementwise.ts";
import "../../functional/methods.ts";
import { concat } from "../../autograd/movement.ts";
import { distanceMatrix } from "../../functional/distances.ts";
import { ValueError } from "../../tensor/errors.ts";
import { expectPositive, type NoOptions, resolve } from "../../tensor/options.ts";
import { type Tensor, type TensorLike, tensor } from "../../tensor/tensor.ts";
import { twoSamples } from "./samples.ts";

// How far two sets of samples are from being drawn from one distribution. Both may be learned: gradients go to both.

export interface MaximumMeanDiscrepancyOptions {
  /**
   * The width s of the kernel e^(-||a - b||^2 / (2 s^2)), > 0; a list averages several kernels; "median" takes the
   * median distance between any two of all samples, a constant for the gradient. Default "median".
   */
  bandwidth?: number | readonly number[] | "median";
  /**
   * Leave out each sample's similarity to itself, so that the expected value is 0 for equal distributions. Default
   * false.
   */
  unbiased?: boolean;
}

/**
 * The squared maximum mean discrepancy of two sets of samples under a Gaussian kernel k:
 * mean k(x, x') + mean k(y, y') - 2 mean k(x, y). Returns a scalar; unbiased, it may be below 0.
 *
 * samples [n, d], references [m, d], at least two of each. Options: bandwidth ("median"), unbiased (false).
 * Gretton et al. 2012, "A kernel two-sample test"; several kernels: Long et al. 2015, arXiv:1502.02791.
 * Reference values: the formula with loops.
 */
export function maximumMeanDiscrepancy(
  samples: TensorLike,
  references: TensorLike,
  options: MaximumMeanDiscrepancyOptions = {},
): Tensor {
  const { bandwidth, unbiased } = resolve<Required<MaximumMeanDiscrepancyOptions>>("maximumMeanDiscrepancy", options, {
    bandwidth: "median",
    unbiased: false,
  });
  const widths = bandwidth === "median" ? [] : Array.isArray(bandwidth) ? bandwidth : [bandwidth];
  for (const width of widths) expectPositive("maximumMeanDiscrepancy", "bandwidth", width);
  if (bandwidth !== "median" && widths.length === 0) {
    throw new ValueError("maximumMeanDiscrepancy", "bandwidth is an empty list; give it a width, or leave it out");
  }
  const [x, y] = twoSamples("maximumMeanDiscrepancy", samples, references, 2);
  const squares = [x, y].map((s) => distanceMatrix(s, undefined, { squared: true }));
  const across = distanceMatrix(x, y, { squared: true });
  const variances = bandwidth === "median" ? [medianSquare(x, y)] : widths.map((width) => width * width);
  const kernel = (d: Tensor) =>
    variances
      .map((v) => d.div(v).mul(-0.5).exp())
      .reduce((a, b) => a.add(b))
      .div(variances.length);
  const within = (d: Tensor) => {
    const n = d.shape[0];
    return unbiased
      ? kernel(d)
          .sum()
          .sub(n)
          .div(n * (n - 1))
      : kernel(d).mean();
  };
  return within(squares[0]).add(within(squares[1])).sub(kernel(across).mean().mul(2));
}

/**
 * The median of the squared distances between any two of all samples, 1 where it is next to 0; a constant for the
 * gradient.
 */
function medianSquare(x: Tensor, y: Tensor): Tensor {
  const all = stopGradient(concat([x, y], 0));
  const n = all.shape[0];
  const pairs: number[] = [];
  for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) pairs.push(i * n + j);
  const squares = distanceMatrix(all, undefined, { squared: true }).reshape([n * n]);
  const median = squares.indexSelect(0, tensor(pairs, { dtype: "int32" })).median();
  return where(median.lt(1e-30), 1, median);
}

/**
 * Deep CORAL: ||C_x - C_y||_F^2 / (4 d^2), C the covariance matrices (over n - 1) of features from two domains. Returns
 * a scalar.
 *
 * samples [n, d], references [m, d], at least two of each.
 * Sun and Saenko 2016, "Deep CORAL: correlation alignment for deep domain adaptation", arXiv:1607.01719.
 * Reference values: torch.cov.
 */
export function deepCoral(samples: TensorLike, references: TensorLike, options: NoOptions = {}): Tensor {
  resolve("deepCoral", options, {});
  const [x, y] = twoSamples("deepCoral", samples, references, 2).map((s) => {
    const centred = s.sub(s.mean(0));
    return centred.matmul(centred, { transposeA: true }).div(s.shape[0] - 1);
  });
  return x
    .sub(y)
    .square()
    .sum()
    .div(4 * x.shape[0] ** 2);
}
