import { where } from "../autograd/elementwise.ts";
import { fed, zerosLike } from "../tensor/creation.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { observe } from "../tensor/tracing.ts";
import { checkAdam, type MomentOptions, momentDefaults, stepCount } from "./adam.ts";
import type { ParametersOrGroups } from "./groups.ts";
import { type ParameterState, PerParameterOptimizer } from "./per-parameter.ts";
import { runningMean, stepNumber, withDecay } from "./step-numbers.ts";

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

  protected update(p: Tensor, g: Tensor, state: ParameterState, options: RAdamOptions, t: () => number): void {
    const { expAvg, expAvgSq } = state;
    const decoupled = observe(() => options.decoupledWeightDecay);
    const gradient = decoupled ? g : withDecay(g, p, options);
    const mean = runningMean(expAvg, gradient, () => options.betas[0]);
    const square = runningMean(expAvgSq, gradient.square(), () => options.betas[1]);
    const rectification = () => rectificationAt(t(), options.betas[1]);
    const rate = stepNumber(p, () => (options.lr / (1 - options.betas[0] ** t())) * (rectification() ?? 1));
    const trusted = fed([], "bool", (data) => {
      data[0] = Number(rectification() !== null);
    });
    const eps = stepNumber(p, () => options.eps);
    const change = mean.mul(rate).div(where(trusted, square.sqrt().add(eps), 1));
    p.assign(p.sub(decoupled ? withDecay(change, p, options, () => options.lr) : change));
    expAvg.assign(mean);
    expAvgSq.assign(square);
  }
}

/** r sqrt(1 - b2^t), or null while n_t <= 5. */
function rectificationAt(t: number, beta2: number): number | null {
  const correction = 1 - beta2 ** t;
  const longest = 2 / (1 - beta2) - 1;
  const length = longest - (2 * t * beta2 ** t) / correction;
  if (length <= 5) return null;
  const r2 = ((length - 4) * (length - 2) * longest) / ((longest - 4) * (longest - 2) * length);
  return Math.sqrt(r2 * correction);
}
