import { zerosLike } from "../tensor/creation.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkAdam } from "./adam.ts";
import type { ParametersOrGroups } from "./groups.ts";
import { type CommonOptions, type ParameterState, PerParameterOptimizer } from "./per-parameter.ts";

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

  protected update(
    { data: p }: Tensor,
    { data: g }: Tensor,
    { expAvg }: ParameterState,
    { lr, betas: [beta1, beta2], weightDecay }: LionOptions,
  ): void {
    const m = expAvg.data;
    const shrink = 1 - lr * weightDecay;
    for (let i = 0; i < p.length; i++) {
      p[i] = shrink * p[i] - lr * Math.sign(beta1 * m[i] + (1 - beta1) * g[i]);
      m[i] = beta2 * m[i] + (1 - beta2) * g[i];
    }
  }
}
