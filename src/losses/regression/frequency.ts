import { safeSqrt } from "../../functional/numerics.ts";
import "../../functional/methods.ts";
import { ShapeError } from "../../tensor/errors.ts";
import { expectNumber, resolve } from "../../tensor/options.ts";
import { formatShape, normalizeAxis } from "../../tensor/shape.ts";
import { type Tensor, type TensorLike, tensor } from "../../tensor/tensor.ts";
import { reduce } from "../reduction.ts";
import { expectFraction } from "../scalar-option.ts";
import { type RegressionOptions, residual } from "./residual.ts";

export interface FreDFOptions extends Omit<RegressionOptions, "reduction"> {
  /** The weight of the frequencies, in [0, 1]; the rest is that of the squared error. Default 0.5. */
  alpha?: number;
  /** The axis of time. Default -1. */
  axis?: number;
}

/**
 * FreDF: (1 - alpha) mean r^2 + alpha mean |F r|, r = prediction - target and F its discrete Fourier transform along
 * time, which counts autocorrelated errors once and not at every step.
 *
 * predictions, targets: the same shape. Always a scalar; the frequencies are those of a real series, 0 to half the
 * steps. A frequency without error has gradient 0. The transform is one product with a [steps, 2 frequencies] matrix.
 * Options: alpha (0.5), axis (-1). Wang et al. 2024, arXiv:2402.02399. Reference values: torch.fft.rfft.
 */
export function freDF(predictions: TensorLike, targets: TensorLike, options: FreDFOptions = {}): Tensor {
  const { alpha, axis } = resolve<Required<FreDFOptions>>("freDF", options, { alpha: 0.5, axis: -1 });
  expectFraction("freDF", "alpha", alpha);
  expectNumber("freDF", "axis", axis, "that is whole", Number.isInteger);
  const r = residual("freDF", predictions, targets);
  if (r.ndim === 0 || r.size === 0) {
    throw new ShapeError("freDF", `predictions ${formatShape(r.shape)} must be series of at least one step`);
  }
  const series = r.swapAxes(normalizeAxis("freDF", axis, r.ndim), -1);
  const { cosine, sine } = transforms(series.shape.at(-1)!, r);
  const amplitude = safeSqrt(series.matmul(cosine).square().add(series.matmul(sine).square()));
  const squared = reduce("freDF", r.square(), "mean").mul(1 - alpha);
  return squared.add(amplitude.mean().mul(alpha));
}

/** The real and imaginary parts of the discrete Fourier transform, [steps, frequencies]. */
function transforms(steps: number, { dtype }: Tensor): { cosine: Tensor; sine: Tensor } {
  const frequencies = Math.floor(steps / 2) + 1;
  const matrix = (f: (angle: number) => number) =>
    tensor(
      Array.from({ length: steps * frequencies }, (_, i) => {
        const turns = (Math.floor(i / frequencies) * (i % frequencies)) % steps; // exact for long series
        return f((2 * Math.PI * turns) / steps);
      }),
      { dtype, shape: [steps, frequencies] },
    );
  return { cosine: matrix(Math.cos), sine: matrix(Math.sin) };
}
