import { ValueError } from "../tensor/errors.ts";
import { expectInteger, expectNonNegative, expectNumber, resolve } from "../tensor/options.ts";
import { required, Schedule, type Scheduled } from "./schedule.ts";

/** lr gamma^floor(steps / stepSize); gamma defaults to 0.1. Semantics of torch.optim.lr_scheduler.StepLR. */
export class StepLR extends Schedule {
  readonly stepSize: number;
  readonly gamma: number;

  constructor(optimizer: Scheduled, options: { stepSize: number; gamma?: number }) {
    super("StepLR", optimizer);
    const { stepSize, gamma } = resolve("StepLR", options, { stepSize: required, gamma: 0.1 });
    expectInteger("StepLR", "stepSize", stepSize);
    expectNonNegative("StepLR", "gamma", gamma);
    this.stepSize = stepSize;
    this.gamma = gamma;
  }

  protected lrAt(steps: number, base: number): number {
    return base * this.gamma ** Math.floor(steps / this.stepSize);
  }
}

/** lr gamma^(how many milestones have been reached); gamma defaults to 0.1. Semantics of torch's MultiStepLR. */
export class MultiStepLR extends Schedule {
  readonly milestones: readonly number[];
  readonly gamma: number;

  constructor(optimizer: Scheduled, options: { milestones: readonly number[]; gamma?: number }) {
    super("MultiStepLR", optimizer);
    const { milestones, gamma } = resolve("MultiStepLR", options, { milestones: [] as readonly number[], gamma: 0.1 });
    if (!Array.isArray(milestones) || milestones.length === 0) {
      throw new ValueError(
        "MultiStepLR",
        `milestones must be a list of step counts, got ${JSON.stringify(milestones)}`,
      );
    }
    for (const milestone of milestones) expectInteger("MultiStepLR", "milestones", milestone);
    expectNonNegative("MultiStepLR", "gamma", gamma);
    this.milestones = [...milestones];
    this.gamma = gamma;
  }

  protected lrAt(steps: number, base: number): number {
    return base * this.gamma ** this.milestones.filter((milestone) => milestone <= steps).length;
  }
}

/** lr gamma^steps. Semantics of torch.optim.lr_scheduler.ExponentialLR. */
export class ExponentialLR extends Schedule {
  readonly gamma: number;

  constructor(optimizer: Scheduled, options: { gamma: number }) {
    super("ExponentialLR", optimizer);
    const { gamma } = resolve("ExponentialLR", options, { gamma: required });
    expectNonNegative("ExponentialLR", "gamma", gamma);
    this.gamma = gamma;
  }

  protected lrAt(steps: number, base: number): number {
    return base * this.gamma ** steps;
  }
}

/**
 * etaMin + (lr - etaMin) (1 + cos(pi steps / tMax)) / 2: down to etaMin (default 0) after tMax steps, then up again.
 * Loshchilov and Hutter 2017, arXiv:1608.03983. Semantics of torch.optim.lr_scheduler.CosineAnnealingLR.
 */
export class CosineAnnealingLR extends Schedule {
  readonly tMax: number;
  readonly etaMin: number;

  constructor(optimizer: Scheduled, options: { tMax: number; etaMin?: number }) {
    super("CosineAnnealingLR", optimizer);
    const { tMax, etaMin } = resolve("CosineAnnealingLR", options, { tMax: required, etaMin: 0 });
    expectInteger("CosineAnnealingLR", "tMax", tMax);
    expectNonNegative("CosineAnnealingLR", "etaMin", etaMin);
    this.tMax = tMax;
    this.etaMin = etaMin;
  }

  protected lrAt(steps: number, base: number): number {
    return this.etaMin + ((base - this.etaMin) * (1 + Math.cos((Math.PI * steps) / this.tMax))) / 2;
  }
}

/**
 * lr times a factor that goes from startFactor (default 1/3) to endFactor (default 1) in totalIters (default 5) equal
 * steps; the first rate holds from the start. Then `after`, when given, takes over as if it started there.
 * Semantics of torch.optim.lr_scheduler.LinearLR, and with `after` of SequentialLR.
 *
 * @example
 * const cosine = new CosineAnnealingLR(optimizer, { tMax: 90 });
 * const schedule = new LinearWarmup(optimizer, { totalIters: 10, after: cosine });
 */
export class LinearWarmup extends Schedule {
  readonly totalIters: number;
  readonly startFactor: number;
  readonly endFactor: number;
  readonly after: Schedule | null;

  constructor(
    optimizer: Scheduled,
    options: { totalIters?: number; startFactor?: number; endFactor?: number; after?: Schedule | null } = {},
  ) {
    super("LinearWarmup", optimizer);
    const o = resolve("LinearWarmup", options, {
      totalIters: 5,
      startFactor: 1 / 3,
      endFactor: 1,
      after: null as Schedule | null,
    });
    expectInteger("LinearWarmup", "totalIters", o.totalIters);
    expectNumber("LinearWarmup", "startFactor", o.startFactor, "in (0, 1]", (v) => v > 0 && v <= 1);
    expectNumber("LinearWarmup", "endFactor", o.endFactor, "in [0, 1]", (v) => v >= 0 && v <= 1);
    if (o.after !== null && !(o.after instanceof Schedule)) {
      throw new ValueError("LinearWarmup", `after must be a Schedule or null, got ${String(o.after)}`);
    }
    this.totalIters = o.totalIters;
    this.startFactor = o.startFactor;
    this.endFactor = o.endFactor;
    this.after = o.after;
    this.apply();
  }

  protected lrAt(steps: number, base: number): number {
    const done = Math.min(1, steps / this.totalIters);
    return base * (this.startFactor + (this.endFactor - this.startFactor) * done);
  }

  protected override apply(): void {
    const beyond = this.steps - this.totalIters;
    if (this.after === null || beyond < 0) super.apply();
    else this.after.loadStateDict({ steps: beyond, baseLrs: this.baseLrs });
  }
}
