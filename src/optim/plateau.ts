import { ValueError } from "../tensor/errors.ts";
import { expectInteger, expectNonNegative, expectNumber, expectOneOf, resolve } from "../tensor/options.ts";
import { expectOutside } from "../tensor/tracing.ts";
import { outsideOnly } from "./outside.ts";
import type { Scheduled } from "./schedule.ts";

export interface PlateauOptions {
  /** Whether a smaller ("min", the default) or a larger metric is better. */
  mode?: "min" | "max";
  /** What the rate is multiplied by. Default 0.1. */
  factor?: number;
  /** How many steps without improvement are waited for. Default 10. */
  patience?: number;
  /** The least improvement that counts. Default 1e-4. */
  threshold?: number;
  /** Whether the threshold is a share of the best metric ("rel", the default) or a difference. */
  thresholdMode?: "rel" | "abs";
  /** Steps after a reduction that do not count. Default 0. */
  cooldown?: number;
  /** The rate does not go below. Default 0. */
  minLr?: number;
  /** Reductions smaller than this are not made. Default 1e-8. */
  eps?: number;
}

export interface PlateauState {
  best: number | null;
  badSteps: number;
  cooldownLeft: number;
}

const defaults: Required<PlateauOptions> = {
  mode: "min",
  factor: 0.1,
  patience: 10,
  threshold: 1e-4,
  thresholdMode: "rel",
  cooldown: 0,
  minLr: 0,
  eps: 1e-8,
};

/**
 * Multiplies the learning rates by `factor` when the metric given to `step` has not improved for more than `patience`
 * steps. A NaN is no improvement. The rates themselves are in the optimizer's state.
 * Semantics of torch.optim.lr_scheduler.ReduceLROnPlateau.
 */
export class ReduceLROnPlateau {
  private readonly optimizer: Scheduled;
  private readonly options: Required<PlateauOptions>;
  private state: PlateauState = { best: null, badSteps: 0, cooldownLeft: 0 };

  constructor(optimizer: Scheduled, options: PlateauOptions = {}) {
    const where = "ReduceLROnPlateau";
    if (!Array.isArray(optimizer?.groups)) {
      throw new ValueError(where, `the first argument must be an optimizer, got ${String(optimizer)}`);
    }
    const o = resolve<Required<PlateauOptions>>(where, options, defaults);
    expectOneOf(where, "mode", o.mode, ["min", "max"]);
    expectOneOf(where, "thresholdMode", o.thresholdMode, ["rel", "abs"]);
    expectNumber(where, "factor", o.factor, "in [0, 1)", (v) => v >= 0 && v < 1);
    expectInteger(where, "patience", o.patience, 0);
    expectInteger(where, "cooldown", o.cooldown, 0);
    for (const name of ["threshold", "minLr", "eps"] as const) expectNonNegative(where, name, o[name]);
    this.optimizer = optimizer;
    this.options = o;
  }

  step(metric: number): void {
    expectOutside("ReduceLROnPlateau.step", outsideOnly);
    if (typeof metric !== "number") {
      throw new ValueError("ReduceLROnPlateau.step", `metric must be a number, got ${String(metric)}; use loss.item()`);
    }
    let { best, badSteps, cooldownLeft } = this.state;
    if (this.isBetter(metric, best)) {
      best = metric;
      badSteps = 0;
    } else badSteps++;
    if (cooldownLeft > 0) {
      cooldownLeft--;
      badSteps = 0;
    }
    if (badSteps > this.options.patience) {
      this.reduce();
      cooldownLeft = this.options.cooldown;
      badSteps = 0;
    }
    this.state = { best, badSteps, cooldownLeft };
  }

  private isBetter(metric: number, best: number | null): boolean {
    const { mode, threshold, thresholdMode } = this.options;
    const sign = mode === "min" ? -1 : 1;
    if (best === null) return metric * sign > Number.NEGATIVE_INFINITY;
    const bar = thresholdMode === "rel" ? best * (1 + sign * threshold) : best + sign * threshold;
    return sign * metric > sign * bar;
  }

  private reduce(): void {
    const { factor, minLr, eps } = this.options;
    for (const group of this.optimizer.groups) {
      const reduced = Math.max(group.lr * factor, minLr);
      if (group.lr - reduced > eps) group.lr = reduced;
    }
  }

  /** Fits into JSON. */
  stateDict(): PlateauState {
    return { ...this.state };
  }

  loadStateDict(state: PlateauState): void {
    const where = "ReduceLROnPlateau.loadStateDict";
    const { best, badSteps, cooldownLeft } = state ?? {};
    if (best !== null) expectNumber(where, "best", best, "or null", () => true);
    expectInteger(where, "badSteps", badSteps, 0);
    expectInteger(where, "cooldownLeft", cooldownLeft, 0);
    this.state = { best, badSteps, cooldownLeft };
  }
}
