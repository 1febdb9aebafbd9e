import { zerosLike } from "../tensor/creation.ts";
import { expectNonNegative } from "../tensor/options.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { ParametersOrGroups } from "./groups.ts";
import { type CommonOptions, type ParameterState, PerParameterOptimizer } from "./per-parameter.ts";

export interface RMSpropOptions extends CommonOptions {
  /** How much of the running mean of g^2 is kept each step. Default 0.99. */
  alpha: number;
  /** Added to the root. Default 1e-8. */
  eps: number;
  /** L2 penalty. Default 0. */
  weightDecay: number;
  /** Share of the last direction that is kept. Default 0. */
  momentum: number;
  /** Divide by the standard deviation of g instead of the root of the mean of g^2. Default false. */
  centered: boolean;
}

const defaults: RMSpropOptions = {
  lr: 0.01,
  alpha: 0.99,
  eps: 1e-8,
  weightDecay: 0,
  momentum: 0,
  centered: false,
  maximize: false,
};

/**
 * v = alpha v + (1 - alpha) g^2, p = p - lr g / (sqrt(v) + eps); with momentum p = p - lr b, b = momentum b + that quotient;
 * centered takes the square of the running mean of g off v.
 *
 * Default lr 0.01. Hinton 2012, lecture 6 of "Neural networks for machine learning"; centered: Graves 2013,
 * arXiv:1308.0850. Semantics of torch.optim.RMSprop.
 */
export class RMSprop extends PerParameterOptimizer<RMSpropOptions> {
  constructor(parameters: ParametersOrGroups<RMSpropOptions>, options: Partial<RMSpropOptions> = {}) {
    super("RMSprop", parameters, options, defaults);
  }

  protected check(where: string, { alpha, eps, weightDecay, momentum }: RMSpropOptions): void {
    for (const [name, value] of Object.entries({ alpha, eps, weightDecay, momentum })) {
      expectNonNegative(where, name, value);
    }
  }

  protected initialState(parameter: Tensor, { momentum, centered }: RMSpropOptions): ParameterState {
    return {
      squareAvg: zerosLike(parameter),
      ...(momentum > 0 ? { momentumBuffer: zerosLike(parameter) } : {}),
      ...(centered ? { gradAvg: zerosLike(parameter) } : {}),
    };
  }

  protected update(
    parameter: Tensor,
    { data: g }: Tensor,
    state: ParameterState,
    { lr, alpha, eps, weightDecay, momentum }: RMSpropOptions,
  ): void {
    const p = parameter.data;
    const v = state.squareAvg.data;
    if (momentum > 0) state.momentumBuffer ??= zerosLike(parameter); // a schedule may have turned it on
    const buffer = state.momentumBuffer?.data;
    const means = state.gradAvg?.data;
    for (let i = 0; i < p.length; i++) {
      const gradient = g[i] + weightDecay * p[i];
      const square = alpha * v[i] + (1 - alpha) * gradient * gradient;
      v[i] = square;
      let variance = square;
      if (means !== undefined) {
        const mean = alpha * means[i] + (1 - alpha) * gradient;
        means[i] = mean;
        variance -= mean * mean;
      }
      let direction = gradient / (Math.sqrt(variance) + eps);
      if (buffer !== undefined) {
        direction += momentum * buffer[i];
        buffer[i] = direction;
      }
      p[i] -= lr * direction;
    }
  }
}
