import { full } from "../tensor/creation.ts";
import { expectNonNegative } from "../tensor/options.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { stepCount } from "./adam.ts";
import type { ParametersOrGroups } from "./groups.ts";
import { type CommonOptions, type ParameterState, PerParameterOptimizer } from "./per-parameter.ts";
import { stepNumber, withDecay } from "./step-numbers.ts";

export interface AdagradOptions extends CommonOptions {
  /** The learning rate of step t is lr / (1 + (t - 1) lrDecay). Default 0. */
  lrDecay: number;
  /** L2 penalty. Default 0. */
  weightDecay: number;
  /** What the sum of squares starts with. Default 0. */
  initialAccumulatorValue: number;
  /** Added to the root. Default 1e-10. */
  eps: number;
}

const defaults: AdagradOptions = {
  lr: 0.01,
  lrDecay: 0,
  weightDecay: 0,
  initialAccumulatorValue: 0,
  eps: 1e-10,
  maximize: false,
};

/**
 * s = s + g^2, p = p - lr g / (sqrt(s) + eps).
 *
 * Default lr 0.01. Duchi et al. 2011. Semantics of torch.optim.Adagrad.
 */
export class Adagrad extends PerParameterOptimizer<AdagradOptions> {
  constructor(parameters: ParametersOrGroups<AdagradOptions>, options: Partial<AdagradOptions> = {}) {
    super("Adagrad", parameters, options, defaults);
  }

  protected check(where: string, { lrDecay, weightDecay, initialAccumulatorValue, eps }: AdagradOptions): void {
    for (const [name, value] of Object.entries({ lrDecay, weightDecay, initialAccumulatorValue, eps })) {
      expectNonNegative(where, name, value);
    }
  }

  protected initialState({ shape, dtype }: Tensor, { initialAccumulatorValue }: AdagradOptions): ParameterState {
    return { step: stepCount(), sum: full(shape, initialAccumulatorValue, { dtype }) };
  }

  protected update(p: Tensor, g: Tensor, { sum }: ParameterState, options: AdagradOptions, t: () => number): void {
    const gradient = withDecay(g, p, options);
    const total = sum.add(gradient.square());
    const rate = stepNumber(p, () => options.lr / (1 + (t() - 1) * options.lrDecay));
    const eps = stepNumber(p, () => options.eps);
    p.assign(p.sub(gradient.mul(rate).div(total.sqrt().add(eps))));
    sum.assign(total);
  }
}
