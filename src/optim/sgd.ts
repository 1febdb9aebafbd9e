import { zerosLike } from "../tensor/creation.ts";
import { ValueError } from "../tensor/errors.ts";
import { expectNonNegative, expectNumber } from "../tensor/options.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { ParametersOrGroups } from "./groups.ts";
import { type CommonOptions, type ParameterState, PerParameterOptimizer } from "./per-parameter.ts";

export interface SGDOptions extends CommonOptions {
  /** Share of the last direction that is kept. Default 0. */
  momentum: number;
  /** Share of each gradient that does not enter the momentum. Default 0. */
  dampening: number;
  /** L2 penalty: weightDecay p is added to the gradient. Default 0. */
  weightDecay: number;
  /** Look ahead along the momentum. Default false. */
  nesterov: boolean;
}

const defaults: SGDOptions = {
  lr: 1e-3,
  momentum: 0,
  dampening: 0,
  weightDecay: 0,
  nesterov: false,
  maximize: false,
};

/**
 * Stochastic gradient descent: b = momentum b + (1 - dampening) g (b = g at first), p = p - lr b;
 * Nesterov's form steps along g + momentum b. g includes weightDecay p.
 *
 * Default lr 1e-3. Sutskever et al. 2013 for the momentum. Semantics of torch.optim.SGD.
 */
export class SGD extends PerParameterOptimizer<SGDOptions> {
  constructor(parameters: ParametersOrGroups<SGDOptions>, options: Partial<SGDOptions> = {}) {
    super("SGD", parameters, options, defaults);
  }

  protected check(where: string, { momentum, dampening, weightDecay, nesterov }: SGDOptions): void {
    expectNonNegative(where, "momentum", momentum);
    expectNumber(where, "dampening", dampening, "that is finite", Number.isFinite);
    expectNonNegative(where, "weightDecay", weightDecay);
    if (nesterov && (momentum === 0 || dampening !== 0)) {
      throw new ValueError(
        where,
        `nesterov needs momentum > 0 and dampening 0, got momentum ${momentum} and dampening ${dampening}`,
      );
    }
  }

  protected initialState(parameter: Tensor, { momentum }: SGDOptions): ParameterState {
    return momentum === 0 ? {} : { momentumBuffer: zerosLike(parameter) };
  }

  protected update(
    parameter: Tensor,
    { data: g }: Tensor,
    state: ParameterState,
    { lr, momentum, dampening, weightDecay, nesterov }: SGDOptions,
    first: boolean,
  ): void {
    const p = parameter.data;
    if (momentum === 0) {
      for (let i = 0; i < p.length; i++) p[i] -= lr * (g[i] + weightDecay * p[i]);
      return;
    }
    // A schedule may have turned the momentum on after the first steps.
    const isNew = first || state.momentumBuffer === undefined;
    state.momentumBuffer ??= zerosLike(parameter);
    const b = state.momentumBuffer.data;
    const fresh = isNew ? 1 : 1 - dampening;
    for (let i = 0; i < p.length; i++) {
      const gradient = g[i] + weightDecay * p[i];
      const velocity = momentum * b[i] + fresh * gradient;
      b[i] = velocity;
      p[i] -= lr * (nesterov ? gradient + momentum * velocity : velocity);
    }
  }
}
