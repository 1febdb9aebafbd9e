import { zerosLike } from "../tensor/creation.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkAdam } from "./adam.ts";
import type { ParametersOrGroups } from "./groups.ts";
import { type CommonOptions, type ParameterState, PerParameterOptimizer } from "./per-parameter.ts";
import { stepNumber, withDecay } from "./step-numbers.ts";

export interface LionOptions extends CommonOptions {
  /** The share of the momentum in the direction, and how much of it is kept each step. Default [0.9, 0.99]. */
  betas: readonly [number, number];
  /** p shrinks by lr weightDecay each step. Default 0. */
  weightDecay: number;
}

const defaults: LionOptions = { lr: 1e-4, betas: [0.9, 0.99], weightDecay: 0, maximize: false };

/**
 * p = p (1 - lr weightDecay) - lr sign(b1 m + (1 - b1) g), then m = b2 m + (1 - b2) g: every element moves by lr.
 *
 * Default lr 1e-4, a third to a tenth of Adam's. Chen et al. 2023, arXiv:2302.06675. Semantics of optax.lion and
 * timm's Lion.
 */
export class Lion extends PerParameterOptimizer<LionOptions> {
  constructor(parameters: ParametersOrGroups<LionOptions>, options: Partial<LionOptions> = {}) {
    super("Lion", parameters, options, defaults);
  }

  protected check(where: string, options: LionOptions): void {
    checkAdam(where, { ...options, eps: 0 });
  }

  protected initialState(parameter: Tensor): ParameterState {
    return { expAvg: zerosLike(parameter) };
  }

  protected update(p: Tensor, g: Tensor, { expAvg }: ParameterState, options: LionOptions): void {
    const lr = () => options.lr;
    const gap = g.sub(expAvg); // both means come from it, and so out of one loop
    const mean = (keep: () => number) => expAvg.add(gap.mul(stepNumber(p, () => 1 - keep())));
    const direction = mean(() => options.betas[0]).sign();
    p.assign(p.sub(withDecay(direction.mul(stepNumber(p, lr)), p, options, lr)));
    expAvg.assign(mean(() => options.betas[1]));
  }
}
