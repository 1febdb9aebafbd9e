import { zerosLike } from "../tensor/creation.ts";
import { ValueError } from "../tensor/errors.ts";
import { expectNonNegative } from "../tensor/options.ts";
import { scalar, type Tensor } from "../tensor/tensor.ts";
import type { ParametersOrGroups } from "./groups.ts";
import { type CommonOptions, type ParameterState, PerParameterOptimizer } from "./per-parameter.ts";

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

  protected update(p: Tensor, g: Tensor, state: ParameterState, options: AdamOptions): void {
    adamStep(p, g, state, options, options.weightDecay, 1);
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

  protected update(p: Tensor, g: Tensor, state: ParameterState, options: AdamOptions): void {
    adamStep(p, g, state, options, 0, 1 - options.lr * options.weightDecay);
  }
}

function adamState(parameter: Tensor, amsgrad: boolean): ParameterState {
  const state = { step: stepCount(), expAvg: zerosLike(parameter), expAvgSq: zerosLike(parameter) };
  return amsgrad ? { ...state, maxExpAvgSq: zerosLike(parameter) } : state;
}

/** One step with the L2 penalty `penalty`, from the parameter times `shrink`. */
function adamStep(
  { data: p }: Tensor,
  { data: g }: Tensor,
  state: ParameterState,
  { lr, betas: [beta1, beta2], eps }: AdamOptions,
  penalty: number,
  shrink: number,
): void {
  const t = ++state.step.data[0];
  const m = state.expAvg.data;
  const v = state.expAvgSq.data;
  const largest = state.maxExpAvgSq?.data;
  const rate = lr / (1 - beta1 ** t);
  const unbias = 1 / Math.sqrt(1 - beta2 ** t);
  const [fresh1, fresh2] = [1 - beta1, 1 - beta2];
  for (let i = 0; i < p.length; i++) {
    const before = p[i];
    const gradient = g[i] + penalty * before;
    const mean = beta1 * m[i] + fresh1 * gradient;
    let square = beta2 * v[i] + fresh2 * gradient * gradient;
    m[i] = mean;
    v[i] = square;
    if (largest !== undefined) {
      // Written so that a NaN stays: NaN is neither larger nor smaller.
      square = largest[i] > square ? largest[i] : square;
      largest[i] = square;
    }
    p[i] = shrink * before - (rate * mean) / (Math.sqrt(square) * unbias + eps);
  }
}
