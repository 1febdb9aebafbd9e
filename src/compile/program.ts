import type { TypedArray } from "../tensor/dtype.ts";
import { CompileError } from "../tensor/errors.ts";
import type { Storage } from "../tensor/storage.ts";
import { Tensor } from "../tensor/tensor.ts";
import { emit } from "./emit.ts";
import { hostElement } from "./kernels/host.ts";
import { adopt, getArena, release, reserve, viewAt } from "./memory.ts";
import { bytesIn, type MemoryPlan, planMemory, room } from "./plan.ts";
import { type Schedule, schedule, type Unit } from "./schedule.ts";
import type { Step } from "./step.ts";
import { formTeam, type Team } from "./threads/pool.ts";

/** A program of fewer parts runs on one thread: to call another would take as long as to do them. */
const fewestParts = 8;

const partsToShare = ({ units }: Schedule): number =>
  units.flatMap(({ kernel }) => kernel.stages).reduce((total, { parts }) => total + (parts > 1 ? parts : 0), 0);

/** A step as a WebAssembly program, with its memory. */
export class Program {
  readonly step: Step;
  readonly schedule: Schedule;
  readonly memoryPlan: MemoryPlan;
  /** The WebAssembly module. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #run: () => number;
  /** The threads that run it, and `#run` with their help. */
  readonly #team: Team | undefined;
  readonly #lead: () => number;
  readonly #blocks: number[] = [];
  readonly #inputs: { readonly position: number; readonly address: number; readonly t: Tensor }[] = [];
  readonly #fed: { readonly fill: (data: TypedArray) => void; readonly address: number; readonly t: Tensor }[] = [];
  readonly #addresses = new Map<Tensor, number>();
  /** The states are kept alive, and so is their memory. */
  readonly states: readonly Storage[];
  #views = new Map<Tensor, TypedArray>();
  #viewed: ArrayBufferLike | undefined;

  constructor(step: Step, threads = 1) {
    this.step = step;
    this.schedule = schedule(step);
    this.memoryPlan = planMemory(step, this.schedule);
    const { memory, sharedUpTo } = getArena();
    const team = partsToShare(this.schedule) < fewestParts ? undefined : formTeam(threads);
    const states: Storage[] = [];
    try {
      this.#placeLeaves(states);
      const base = this.#reserve(this.memoryPlan.bytes);
      const temporaries = new Map<Unit, number>();
      for (const { holds, offset } of this.memoryPlan.blocks) {
        if (holds instanceof Tensor) this.#addresses.set(holds, base + offset);
        else temporaries.set(holds, base + offset);
      }
      for (const [t, { target }] of this.schedule.inPlace) this.#addresses.set(t, adopt(target));
      const constants = new Map<Unit, number[]>();
      for (const unit of this.schedule.units)
        constants.set(
          unit,
          (unit.kernel.constants ?? []).map((t) => this.#table(t)),
        );
      const scratchBytes = room(Math.max(0, ...this.schedule.units.map(({ kernel }) => kernel.scratchBytes ?? 0)));
      const layouts = {
        addressOf: (t: Tensor) => this.#addressOf(t),
        temporaryOf: (unit: Unit) => temporaries.get(unit) ?? 0,
        constantsOf: (unit: Unit) => constants.get(unit)!,
        scratch: this.#reserve(scratchBytes * (team?.threads ?? 1)),
      };
      this.bytes = emit(step, this.schedule, layouts, sharedUpTo, team);
      const module = new WebAssembly.Module(this.bytes);
      const { exports } = new WebAssembly.Instance(module, { env: { memory }, host: { element: hostElement } });
      this.#run = exports.run as () => number;
      this.#lead = (exports.lead ?? exports.run) as () => number;
      team?.send(module, layouts.scratch, scratchBytes);
    } catch (error) {
      this.dispose();
      throw error;
    }
    this.states = states;
    this.#team = team;
  }

  #reserve(bytes: number): number {
    const address = reserve(bytes);
    this.#blocks.push(address);
    return address;
  }

  #table(table: Int32Array): number {
    const address = this.#reserve(table.byteLength);
    viewAt(address, "int32", table.length).set(table);
    return address;
  }

  #placeLeaves(states: Storage[]): void {
    for (const [t, leaf] of this.step.leaves) {
      if (leaf.kind === "state") {
        states.push(leaf.storage);
        this.#addresses.set(t, adopt(leaf.storage));
        continue;
      }
      const address = this.#reserve(bytesIn(t));
      this.#addresses.set(t, address);
      if (leaf.kind === "input") this.#inputs.push({ position: leaf.position, address, t });
      else if (leaf.kind === "fed") this.#fed.push({ fill: leaf.fill, address, t });
      else viewAt(address, t.dtype, t.size).set(t.data);
    }
  }

  #addressOf(t: Tensor): number {
    const address = this.#addresses.get(t);
    if (address === undefined) throw new Error(`a value without a place: ${t.dtype}[${t.shape}]`);
    return address;
  }

  /** The array of a value of the program, as the memory is now. */
  #view(t: Tensor): TypedArray {
    const { buffer } = getArena().memory;
    if (this.#viewed !== buffer) {
      this.#views = new Map();
      this.#viewed = buffer;
    }
    let view = this.#views.get(t);
    if (view === undefined) {
      view = viewAt(this.#addressOf(this.schedule.rootOf(t)), t.dtype, t.size);
      this.#views.set(t, view);
    }
    return view;
  }

  /** Runs the step on these arguments. Throws what a failed check throws; then no state that matters has changed. */
  run(inputs: readonly Tensor[]): Tensor[] {
    const hasHelp = this.#team?.call() === true;
    for (const { position, t } of this.#inputs) this.#view(t).set(inputs[position].data);
    for (const { fill, t } of this.#fed) {
      const view = this.#view(t);
      view.fill(0);
      fill(view);
    }
    const failed = hasHelp ? this.#runTogether() : this.#run();
    if (failed !== 0) this.#fail(failed - 1);
    return this.step.outputs.map((t) => new Tensor(this.#view(t).slice(), t.shape, t.dtype));
  }

  #runTogether(): number {
    try {
      return this.#lead();
    } catch (error) {
      this.#team!.disband();
      throw error;
    }
  }

  #fail(i: number): never {
    const { value, fail } = this.step.checks[i];
    fail(this.#view(value));
    throw new CompileError("compile", `check ${i} failed, but its values are in their domain`);
  }

  /** Gives its memory back; the states stay. */
  dispose(): void {
    this.#team?.dismiss();
    for (const address of this.#blocks.splice(0)) release(address);
  }
}
