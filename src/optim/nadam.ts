import { zerosLike } from "../tensor/creation.ts";
import { expectNonNegative } from "../tensor/options.ts";
import { scalar, type Tensor } from "../tensor/tensor.ts";
import { checkAdam, type MomentOptions, momentDefaults, stepCount } from "./adam.ts";
import type { ParametersOrGroups } from "./groups.ts";
import { type ParameterState, PerParameterOptimizer } from "./per-parameter.ts";

export interface NAdamOptions extends MomentOptions {
  /** How fast the momentum warms up. Default 0.004. */
  momentumDecay: number;
  /** Let weights decay as in AdamW. Default false. */
  decoupledWeightDecay: boolean;
}

const defaults: NAdamOptions = {
  ...momentDefaults,
  lr: 2e-3,
  momentumDecay: 4e-3,
  decoupledWeightDecay: false,
};

/**
 * Adam with Nesterov's momentum: m and v as in Adam, mu_t = b1 (1 - 0.96^(t momentumDecay) / 2), and
 * p = p - lr (mu_(t+1) m / (1 - mu_1 ... mu_(t+1)) + (1 - mu_t) g / (1 - mu_1 ... mu_t)) / (sqrt(v / (1 - b2^t)) + eps).
 *
 * Default lr 2e-3. Dozat 2016, "Incorporating Nesterov momentum into Adam". Semantics of torch.optim.NAdam.
 */
export class NAdam extends PerParameterOptimizer<NAdamOptions> {
  constructor(parameters: ParametersOrGroups<NAdamOptions>, options: Partial<NAdamOptions> = {}) {
    super("NAdam", parameters, options, defaults);
  }

  protected check(where: string, options: NAdamOptions): void {
    checkAdam(where, options);
    expectNonNegative(where, "momentumDecay", options.momentumDecay);
  }

  protected initialState(parameter: Tensor): ParameterState {
    return {
      step: stepCount(),
      muProduct: scalar(1, "float64"),
      expAvg: zerosLike(parameter),
      expAvgSq: zerosLike(parameter),
    };
  }

  protected update(
    { data: p }: Tensor,
    { data: g }: Tensor,
    { step, muProduct, expAvg, expAvgSq }: ParameterState,
    { lr, betas: [beta1, beta2], eps, weightDecay, momentumDecay, decoupledWeightDecay }: NAdamOptions,
  ): void {
    const t = ++step.data[0];
    const m = expAvg.data;
    const v = expAvgSq.data;
    const mu = beta1 * (1 - 0.5 * 0.96 ** (t * momentumDecay));
    const next = beta1 * (1 - 0.5 * 0.96 ** ((t + 1) * momentumDecay));
    muProduct.data[0] *= mu;
    const product = muProduct.data[0];
    const gradientRate = (lr * (1 - mu)) / (1 - product);
    const meanRate = (lr * next) / (1 - product * next);
    const unbias = 1 / (1 - beta2 ** t);
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
      p[i] = shrink * before - (gradientRate * gradient + meanRate * mean) / (Math.sqrt(square * unbias) + eps);
    }
  }
}
