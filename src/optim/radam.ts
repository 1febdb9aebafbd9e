import { zerosLike } from "../tensor/creation.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkAdam, type MomentOptions, momentDefaults, stepCount } from "./adam.ts";
import type { ParametersOrGroups } from "./groups.ts";
import { type ParameterState, PerParameterOptimizer } from "./per-parameter.ts";

export interface RAdamOptions extends MomentOptions {
  /** Let weights decay as in AdamW. Default false. */
  decoupledWeightDecay: boolean;
}

const defaults: RAdamOptions = {
  ...momentDefaults,
  decoupledWeightDecay: false,
};

/**
 * Adam that waits with dividing by sqrt(v) until enough gradients have been seen to trust it. With n = 2 / (1 - b2) - 1
 * and n_t = n - 2 t b2^t / (1 - b2^t): p = p - lr m' while n_t <= 5, then
 * p = p - lr m' r sqrt(1 - b2^t) / (sqrt(v) + eps), r^2 = (n_t - 4) (n_t - 2) n / ((n - 4) (n - 2) n_t).
 *
 * Default lr 1e-3. Liu et al. 2020, arXiv:1908.03265. Semantics of torch.optim.RAdam.
 */
export class RAdam extends PerParameterOptimizer<RAdamOptions> {
  constructor(parameters: ParametersOrGroups<RAdamOptions>, options: Partial<RAdamOptions> = {}) {
    super("RAdam", parameters, options, defaults);
  }

  protected check(where: string, options: RAdamOptions): void {
    checkAdam(where, options);
  }

  protected initialState(parameter: Tensor): ParameterState {
    return { step: stepCount(), expAvg: zerosLike(parameter), expAvgSq: zerosLike(parameter) };
  }

  protected update(
    { data: p }: Tensor,
    { data: g }: Tensor,
    { step, expAvg, expAvgSq }: ParameterState,
    { lr, betas: [beta1, beta2], eps, weightDecay, decoupledWeightDecay }: RAdamOptions,
  ): void {
    const t = ++step.data[0];
    const m = expAvg.data;
    const v = expAvgSq.data;
    const correction2 = 1 - beta2 ** t;
    const longest = 2 / (1 - beta2) - 1;
    const length = longest - (2 * t * beta2 ** t) / correction2;
    const trusted = length > 5;
    const rectification = trusted
      ? Math.sqrt(((length - 4) * (length - 2) * longest) / ((longest - 4) * (longest - 2) * length))
      : 1;
    const rate = (lr / (1 - beta1 ** t)) * (trusted ? rectification * Math.sqrt(correction2) : 1);
    const shrink = decoupledWeightDecay ? 1 - lr * weightDecay : 1;
    const penalty = decoupledWeightDecay ? 0 : weightDecay;
    const [fresh1, fresh2] = [1 - beta1, 1 - beta2];
    for (let i = 0; i < p.length; i++) {
      const before = p[i];
      const gradient = g[i] + penalty * before;
      const mean = beta1 * m[i] + fresh1 * gradient;
      const square = beta2 * v[i] + fresh2 * gradient * gradient;
      m[i] = mean;
      v[i] = square;
      p[i] = shrink * before - (trusted ? (rate * mean) / (Math.sqrt(square) + eps) : rate * mean);
    }
  }
}
