import { ValueError } from "../tensor/errors.ts";
import { expectInteger, expectNumber, expectOneOf, expectPositive, resolve } from "../tensor/options.ts";
import { required, Schedule, type Scheduled } from "./schedule.ts";

export interface OneCycleOptions {
  /** The top of the cycle. */
  maxLr: number;
  /** How many steps the cycle has; or give epochs and stepsPerEpoch. */
  totalSteps?: number | null;
  epochs?: number | null;
  stepsPerEpoch?: number | null;
  /** The share of the steps that climbs. Default 0.3. */
  pctStart?: number;
  annealStrategy?: "cos" | "linear";
  /** Move momentum (SGD, RMSprop) or the first beta (Adam) the other way. Default true. */
  cycleMomentum?: boolean;
  /** Momentum at the top. Default 0.85. */
  baseMomentum?: number;
  /** Momentum at both ends. Default 0.95. */
  maxMomentum?: number;
  /** The cycle starts at maxLr / divFactor. Default 25. */
  divFactor?: number;
  /** It ends at the start's rate / finalDivFactor. Default 1e4. */
  finalDivFactor?: number;
  /** Come back to the start's rate symmetrically before falling to the end's. Default false. */
  threePhase?: boolean;
}

/** Between the phase before and step `end`, the rate and the momentum go from one value to the other. */
interface Phase {
  end: number;
  lr: [from: number, to: number];
  momentum: [from: number, to: number];
}

/** What may be in a group besides the rate. */
interface Cycled {
  lr: number;
  betas?: readonly number[];
  momentum?: number;
}

const defaults = {
  maxLr: required,
  totalSteps: null as number | null,
  epochs: null as number | null,
  stepsPerEpoch: null as number | null,
  pctStart: 0.3,
  annealStrategy: "cos" as "cos" | "linear",
  cycleMomentum: true,
  baseMomentum: 0.85,
  maxMomentum: 0.95,
  divFactor: 25,
  finalDivFactor: 1e4,
  threePhase: false,
};

/**
 * The 1-cycle policy: from maxLr / divFactor up to maxLr in the first pctStart of the steps, then down to
 * maxLr / divFactor / finalDivFactor, while momentum goes the other way. `step()` after each batch; an error after
 * totalSteps. All groups get the same rate. Smith and Topin 2018, arXiv:1708.07120. Semantics of
 * torch.optim.lr_scheduler.OneCycleLR.
 */
export class OneCycleLR extends Schedule {
  readonly totalSteps: number;
  private readonly phases: readonly Phase[];
  private readonly anneal: (from: number, to: number, share: number) => number;
  private readonly cycleMomentum: boolean;

  constructor(optimizer: Scheduled, options: OneCycleOptions) {
    const where = "OneCycleLR";
    super(where, optimizer);
    const o = resolve(where, options, defaults);
    expectPositive(where, "maxLr", o.maxLr);
    expectNumber(where, "pctStart", o.pctStart, "in [0, 1]", (v) => v >= 0 && v <= 1);
    expectOneOf(where, "annealStrategy", o.annealStrategy, ["cos", "linear"]);
    expectOneOf(where, "cycleMomentum", o.cycleMomentum, [true, false]);
    expectOneOf(where, "threePhase", o.threePhase, [true, false]);
    expectNumber(where, "baseMomentum", o.baseMomentum, "in [0, 1]", (v) => v >= 0 && v <= 1);
    expectNumber(where, "maxMomentum", o.maxMomentum, "in [0, 1]", (v) => v >= 0 && v <= 1);
    expectPositive(where, "divFactor", o.divFactor);
    expectPositive(where, "finalDivFactor", o.finalDivFactor);
    this.totalSteps = stepsOf(where, o);
    this.anneal = o.annealStrategy === "cos" ? cosine : linear;
    this.cycleMomentum = o.cycleMomentum;
    if (o.cycleMomentum && !optimizer.groups.every((group) => "momentum" in group || "betas" in group)) {
      throw new ValueError(
        where,
        "cycleMomentum needs an optimizer with momentum or betas; pass { cycleMomentum: false }",
      );
    }
    const start = o.maxLr / o.divFactor;
    const end = start / o.finalDivFactor;
    const [low, high] = [o.baseMomentum, o.maxMomentum];
    const top = o.pctStart * this.totalSteps - 1;
    const last = this.totalSteps - 1;
    const climb: Phase = { end: top, lr: [start, o.maxLr], momentum: [high, low] };
    this.phases = o.threePhase
      ? [
          climb,
          { end: 2 * o.pctStart * this.totalSteps - 2, lr: [o.maxLr, start], momentum: [low, high] },
          { end: last, lr: [start, end], momentum: [high, high] },
        ]
      : [climb, { end: last, lr: [o.maxLr, end], momentum: [low, high] }];
    this.apply();
  }

  override step(): void {
    if (this.steps >= this.totalSteps) {
      throw new ValueError("OneCycleLR.step", `the cycle has ${this.totalSteps} steps, and all have been taken`);
    }
    super.step();
  }

  protected lrAt(steps: number): number {
    return this.between(steps, "lr");
  }

  private between(steps: number, what: "lr" | "momentum"): number {
    const found = this.phases.findIndex(({ end }) => steps <= end);
    const index = found === -1 ? this.phases.length - 1 : found;
    const begin = index === 0 ? 0 : this.phases[index - 1].end;
    const phase = this.phases[index];
    // A phase without length is over at once; there PyTorch divides by zero and fails.
    const share = phase.end <= begin ? 1 : (steps - begin) / (phase.end - begin);
    return this.anneal(phase[what][0], phase[what][1], share);
  }

  protected override apply(): void {
    super.apply();
    if (!this.cycleMomentum) return;
    const momentum = this.between(this.steps, "momentum");
    for (const group of this.optimizer.groups as readonly Cycled[]) {
      if (group.betas !== undefined) group.betas = [momentum, ...group.betas.slice(1)];
      else group.momentum = momentum;
    }
  }
}

function stepsOf(where: string, { totalSteps, epochs, stepsPerEpoch }: typeof defaults): number {
  if (totalSteps !== null) {
    expectInteger(where, "totalSteps", totalSteps);
    return totalSteps;
  }
  if (epochs === null || stepsPerEpoch === null) {
    throw new ValueError(where, "needs totalSteps, or epochs and stepsPerEpoch");
  }
  expectInteger(where, "epochs", epochs);
  expectInteger(where, "stepsPerEpoch", stepsPerEpoch);
  return epochs * stepsPerEpoch;
}

const cosine = (from: number, to: number, share: number): number =>
  to + ((from - to) / 2) * (1 + Math.cos(Math.PI * share));

const linear = (from: number, to: number, share: number): number => from + (to - from) * share;
