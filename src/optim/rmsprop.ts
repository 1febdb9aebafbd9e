import { zerosLike } from "../tensor/creation.ts";
import { expectNonNegative } from "../tensor/options.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { observe } from "../tensor/tracing.ts";
import type { ParametersOrGroups } from "./groups.ts";
import { type CommonOptions, type ParameterState, PerParameterOptimizer } from "./per-parameter.ts";
import { runningMean, stepNumber, withDecay } from "./step-numbers.ts";

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
 * v = alpha v + (1 - alpha) g^2, p = p - lr g / (sqrt(v) + eps); with momentum p = p - lr b, b = momentum b + that
 * quotient; centered takes the square of the running mean of g off v.
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

  protected update(p: Tensor, g: Tensor, state: ParameterState, options: RMSpropOptions): void {
    const { squareAvg, gradAvg } = state;
    const alpha = () => options.alpha;
    const gradient = withDecay(g, p, options);
    const square = runningMean(squareAvg, gradient.square(), alpha);
    let variance = square;
    if (gradAvg !== undefined) {
      const mean = runningMean(gradAvg, gradient, alpha);
      variance = square.sub(mean.square()).relu(); // rounding may leave less than nothing
      gradAvg.assign(mean);
    }
    let direction = gradient.div(variance.sqrt().add(stepNumber(p, () => options.eps)));
    const buffer = observe(() => {
      if (options.momentum > 0) state.momentumBuffer ??= zerosLike(p); // a schedule may have turned it on
      return state.momentumBuffer;
    });
    if (buffer !== undefined) {
      direction = buffer.mul(stepNumber(p, () => options.momentum)).add(direction);
      buffer.assign(direction);
    }
    p.assign(p.sub(direction.mul(stepNumber(p, () => options.lr))));
    squareAvg.assign(square);
  }
}
