import { zerosLike } from "../tensor/creation.ts";
import { expectNonNegative } from "../tensor/options.ts";
import { scalar, type Tensor } from "../tensor/tensor.ts";
import { observe } from "../tensor/tracing.ts";
import { checkAdam, type MomentOptions, momentDefaults, stepCount } from "./adam.ts";
import type { ParametersOrGroups } from "./groups.ts";
import { type ParameterState, PerParameterOptimizer } from "./per-parameter.ts";
import { runningMean, stepNumber, withDecay } from "./step-numbers.ts";

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
 * p = p - lr (mu_(t+1) m / (1 - mu_1 ... mu_(t+1)) + (1 - mu_t) g / (1 - mu_1 ... mu_t)) / (sqrt(v / (1 - b2^t)) +
 * eps).
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

  protected update(p: Tensor, g: Tensor, state: ParameterState, options: NAdamOptions, t: () => number): void {
    const { step, muProduct, expAvg, expAvgSq } = state;
    const mu = (t: number) => options.betas[0] * (1 - 0.5 * 0.96 ** (t * options.momentumDecay));
    const product = () => {
      let all = muProduct.data[0];
      for (let s = step.data[0] + 1; s <= t(); s++) all *= mu(s); // several when a compiled call takes several steps
      return all;
    };
    const decoupled = observe(() => options.decoupledWeightDecay);
    const gradient = decoupled ? g : withDecay(g, p, options);
    const mean = runningMean(expAvg, gradient, () => options.betas[0]);
    const square = runningMean(expAvgSq, gradient.square(), () => options.betas[1]);
    const gradientRate = stepNumber(p, () => (options.lr * (1 - mu(t()))) / (1 - product()));
    const meanRate = stepNumber(p, () => (options.lr * mu(t() + 1)) / (1 - product() * mu(t() + 1)));
    const unbias = stepNumber(p, () => 1 / (1 - options.betas[1] ** t()));
    const eps = stepNumber(p, () => options.eps);
    const change = gradient.mul(gradientRate).add(mean.mul(meanRate)).div(square.mul(unbias).sqrt().add(eps));
    p.assign(p.sub(decoupled ? withDecay(change, p, options, () => options.lr) : change));
    expAvg.assign(mean);
    expAvgSq.assign(square);
    muProduct.assign(muProduct.mul(stepNumber(muProduct, () => mu(t()))));
  }
}
