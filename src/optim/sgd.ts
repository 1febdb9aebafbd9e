import { zerosLike } from "../tensor/creation.ts";
import { ValueError } from "../tensor/errors.ts";
import { expectNonNegative, expectNumber } from "../tensor/options.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { observe } from "../tensor/tracing.ts";
import { stepCount } from "./adam.ts";
import type { ParametersOrGroups } from "./groups.ts";
import { type CommonOptions, type ParameterState, PerParameterOptimizer } from "./per-parameter.ts";
import { stepNumber, withDecay } from "./step-numbers.ts";

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
    return momentum === 0 ? {} : momentumState(parameter);
  }

  protected update(p: Tensor, g: Tensor, state: ParameterState, options: SGDOptions, t: () => number): void {
    const lr = stepNumber(p, () => options.lr);
    const gradient = withDecay(g, p, options);
    if (observe(() => options.momentum === 0)) {
      p.assign(p.sub(gradient.mul(lr)));
      return;
    }
    // A schedule may have turned the momentum on after the first steps.
    observe(() => state.momentumBuffer ?? Object.assign(state, momentumState(p)).momentumBuffer);
    const { momentumBuffer } = state;
    const momentum = stepNumber(p, () => options.momentum);
    const fresh = stepNumber(p, () => (t() === 1 ? 1 : 1 - options.dampening));
    const velocity = momentumBuffer.mul(momentum).add(gradient.mul(fresh));
    const direction = observe(() => options.nesterov) ? gradient.add(velocity.mul(momentum)) : velocity;
    p.assign(p.sub(direction.mul(lr)));
    momentumBuffer.assign(velocity);
  }
}

const momentumState = (parameter: Tensor): ParameterState => ({
  step: stepCount(),
  momentumBuffer: zerosLike(parameter),
});
