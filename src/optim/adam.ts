import { zerosLike } from "../tensor/creation.ts";
import { ValueError } from "../tensor/errors.ts";
import { expectNonNegative } from "../tensor/options.ts";
import { scalar, type Tensor } from "../tensor/tensor.ts";
import type { ParametersOrGroups } from "./groups.ts";
import { type CommonOptions, type ParameterState, PerParameterOptimizer } from "./per-parameter.ts";
import { runningMean, stepNumber, withDecay } from "./step-numbers.ts";

/** What Adam and its kin share. */
export interface MomentOptions extends CommonOptions {
  /** How much of the running means of g and of g^2 is kept each step. Default [0.9, 0.999]. */
  betas: readonly [number, number];
  /** Added to the root. Default 1e-8. */
  eps: number;
  /** L2 penalty. Default 0. */
  weightDecay: number;
}

export const momentDefaults: MomentOptions = {
  lr: 1e-3,
  betas: [0.9, 0.999],
  eps: 1e-8,
  weightDecay: 0,
  maximize: false,
};

export interface AdamOptions extends MomentOptions {
  /** Adam: L2 penalty, default 0. AdamW: p shrinks by lr weightDecay each step, default 0.01. */
  weightDecay: number;
  /** Divide by the largest running mean of g^2 so far (Reddi et al. 2018). Default false. */
  amsgrad: boolean;
}

const defaults: AdamOptions = { ...momentDefaults, amsgrad: false };

/** Throws unless betas are two numbers in [0, 1), and eps and weightDecay are not negative. */
export function checkAdam(
  where: string,
  { betas, eps, weightDecay }: { betas: readonly number[]; eps: number; weightDecay: number },
): void {
  if (!Array.isArray(betas) || betas.length !== 2 || !betas.every((b) => b >= 0 && b < 1)) {
    throw new ValueError(where, `betas must be two numbers in [0, 1), got ${JSON.stringify(betas)}`);
  }
  expectNonNegative(where, "eps", eps);
  expectNonNegative(where, "weightDecay", weightDecay);
}

/** A count of steps that starts at 0. */
export const stepCount = (): Tensor => scalar(0, "int32");

/**
 * m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2, p = p - lr m' / (sqrt(v') + eps),
 * with m' = m / (1 - b1^t) and v' = v / (1 - b2^t), which undo the start at 0. g includes weightDecay p.
 *
 * Default lr 1e-3. Kingma and Ba 2015, arXiv:1412.6980. Semantics of torch.optim.Adam.
 */
export class Adam extends PerParameterOptimizer<AdamOptions> {
  constructor(parameters: ParametersOrGroups<AdamOptions>, options: Partial<AdamOptions> = {}) {
    super("Adam", parameters, options, defaults);
  }

  protected check(where: string, options: AdamOptions): void {
    checkAdam(where, options);
  }

  protected initialState(parameter: Tensor, { amsgrad }: AdamOptions): ParameterState {
    return adamState(parameter, amsgrad);
  }

  protected update(p: Tensor, g: Tensor, state: ParameterState, options: AdamOptions, t: () => number): void {
    adamStep(p, g, state, options, t, false);
  }
}

/**
 * Adam whose weight decay does not go through the running means: p = p (1 - lr weightDecay) before each step.
 *
 * Defaults: lr 1e-3, weightDecay 0.01. Loshchilov and Hutter 2019, arXiv:1711.05101. Semantics of torch.optim.AdamW.
 */
export class AdamW extends PerParameterOptimizer<AdamOptions> {
  constructor(parameters: ParametersOrGroups<AdamOptions>, options: Partial<AdamOptions> = {}) {
    super("AdamW", parameters, options, { ...defaults, weightDecay: 0.01 });
  }

  protected check(where: string, options: AdamOptions): void {
    checkAdam(where, options);
  }

  protected initialState(parameter: Tensor, { amsgrad }: AdamOptions): ParameterState {
    return adamState(parameter, amsgrad);
  }

  protected update(p: Tensor, g: Tensor, state: ParameterState, options: AdamOptions, t: () => number): void {
    adamStep(p, g, state, options, t, true);
  }
}

function adamState(parameter: Tensor, amsgrad: boolean): ParameterState {
  const state = { step: stepCount(), expAvg: zerosLike(parameter), expAvgSq: zerosLike(parameter) };
  return amsgrad ? { ...state, maxExpAvgSq: zerosLike(parameter) } : state;
}

/** One step. Decoupled decay does not go through the running means. */
function adamStep(
  p: Tensor,
  g: Tensor,
  { expAvg, expAvgSq, maxExpAvgSq }: ParameterState,
  options: AdamOptions,
  t: () => number,
  decoupled: boolean,
): void {
  const gradient = decoupled ? g : withDecay(g, p, options);
  const mean = runningMean(expAvg, gradient, () => options.betas[0]);
  const square = runningMean(expAvgSq, gradient.square(), () => options.betas[1]);
  const largest = maxExpAvgSq === undefined ? square : maxExpAvgSq.maximum(square);
  const rate = stepNumber(p, () => options.lr / (1 - options.betas[0] ** t()));
  const unbias = stepNumber(p, () => 1 / Math.sqrt(1 - options.betas[1] ** t()));
  const eps = stepNumber(p, () => options.eps);
  const change = mean.mul(rate).div(largest.sqrt().mul(unbias).add(eps));
  p.assign(p.sub(decoupled ? withDecay(change, p, options, () => options.lr) : change));
  expAvg.assign(mean);
  expAvgSq.assign(square);
  maxExpAvgSq?.assign(largest);
}
