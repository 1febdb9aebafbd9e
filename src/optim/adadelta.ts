import { zerosLike } from "../tensor/creation.ts";
import { expectNonNegative, expectNumber } from "../tensor/options.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { ParametersOrGroups } from "./groups.ts";
import { type CommonOptions, type ParameterState, PerParameterOptimizer } from "./per-parameter.ts";
import { runningMean, stepNumber, withDecay } from "./step-numbers.ts";

export interface AdadeltaOptions extends CommonOptions {
  /** How much of the running means is kept each step. Default 0.9. */
  rho: number;
  /** Added inside both roots. Default 1e-6. */
  eps: number;
  /** L2 penalty. Default 0. */
  weightDecay: number;
}

const defaults: AdadeltaOptions = { lr: 1, rho: 0.9, eps: 1e-6, weightDecay: 0, maximize: false };

/**
 * v = rho v + (1 - rho) g^2, d = g sqrt(u + eps) / sqrt(v + eps), u = rho u + (1 - rho) d^2, p = p - lr d: steps are
 * measured in units of earlier steps.
 *
 * Default lr 1. Zeiler 2012, arXiv:1212.5701. Semantics of torch.optim.Adadelta.
 */
export class Adadelta extends PerParameterOptimizer<AdadeltaOptions> {
  constructor(parameters: ParametersOrGroups<AdadeltaOptions>, options: Partial<AdadeltaOptions> = {}) {
    super("Adadelta", parameters, options, defaults);
  }

  protected check(where: string, { rho, eps, weightDecay }: AdadeltaOptions): void {
    expectNumber(where, "rho", rho, "in [0, 1]", (v) => v >= 0 && v <= 1);
    expectNonNegative(where, "eps", eps);
    expectNonNegative(where, "weightDecay", weightDecay);
  }

  protected initialState(parameter: Tensor): ParameterState {
    return { squareAvg: zerosLike(parameter), accDelta: zerosLike(parameter) };
  }

  protected update(p: Tensor, g: Tensor, { squareAvg, accDelta }: ParameterState, options: AdadeltaOptions): void {
    const rho = () => options.rho;
    const eps = stepNumber(p, () => options.eps);
    const gradient = withDecay(g, p, options);
    const square = runningMean(squareAvg, gradient.square(), rho);
    const delta = gradient.mul(accDelta.add(eps).sqrt()).div(square.add(eps).sqrt());
    p.assign(p.sub(delta.mul(stepNumber(p, () => options.lr))));
    accDelta.assign(runningMean(accDelta, delta.square(), rho));
    squareAvg.assign(square);
  }
}
