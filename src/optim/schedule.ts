import { ValueError } from "../tensor/errors.ts";
import { expectOutside } from "../tensor/tracing.ts";
import { outsideOnly } from "./outside.ts";

/** The default of an option that must be given: what checks its domain says "got undefined". */
export const required = undefined as unknown as number;

/** What a schedule needs of an optimizer. */
export interface Scheduled {
  readonly groups: readonly { lr: number }[];
}

export interface ScheduleState {
  steps: number;
  baseLrs: number[];
}

/**
 * Sets an optimizer's learning rates as a function of the number of steps taken: `step()` once after each epoch (or
 * batch, for schedules counted in batches). The rate of each group scales from the one it had at the start.
 */
export abstract class Schedule {
  protected readonly optimizer: Scheduled;
  protected baseLrs: number[];
  /** How often `step()` has been called. */
  steps = 0;

  constructor(where: string, optimizer: Scheduled) {
    if (!Array.isArray(optimizer?.groups)) {
      throw new ValueError(where, `the first argument must be an optimizer, got ${String(optimizer)}`);
    }
    this.optimizer = optimizer;
    this.baseLrs = optimizer.groups.map(({ lr }) => lr);
  }

  /** The learning rate after `steps` steps of a group that started with `base`. */
  protected abstract lrAt(steps: number, base: number): number;

  step(): void {
    expectOutside(`${this.constructor.name}.step`, outsideOnly);
    this.steps++;
    this.apply();
  }

  protected apply(): void {
    this.optimizer.groups.forEach((group, i) => {
      group.lr = this.lrAt(this.steps, this.baseLrs[i]);
    });
  }

  /** Fits into JSON. */
  stateDict(): ScheduleState {
    return { steps: this.steps, baseLrs: [...this.baseLrs] };
  }

  /**
   * Goes on from there, and sets the learning rates accordingly. Throws a ValueError, and changes nothing, for a bad
   * state.
   */
  loadStateDict(state: ScheduleState): void {
    expectScheduleState(this.constructor.name, state, this.baseLrs.length);
    this.steps = state.steps;
    this.baseLrs = [...state.baseLrs];
    this.apply();
  }
}

function expectScheduleState(name: string, state: ScheduleState, groups: number): void {
  const where = `${name}.loadStateDict`;
  if (!Number.isInteger(state?.steps) || state.steps < 0 || !Array.isArray(state.baseLrs)) {
    throw new ValueError(where, `the state must have steps and baseLrs, got ${JSON.stringify(state)}`);
  }
  if (state.baseLrs.length !== groups || !state.baseLrs.every((lr) => typeof lr === "number")) {
    throw new ValueError(
      where,
      `baseLrs must be ${groups} numbers, one for each group, got ${JSON.stringify(state.baseLrs)}`,
    );
  }
}
