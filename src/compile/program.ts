import type { Tape } from "../autograd/trace.ts";
import type { TypedArray } from "../tensor/dtype.ts";
import { CompileError } from "../tensor/errors.ts";
import type { Storage } from "../tensor/storage.ts";
import { Tensor } from "../tensor/tensor.ts";
import { drawMemoryPlan, formatProgram, type KernelReport, reportOf } from "./describe.ts";
import { emit, hasSimd } from "./emit.ts";
import { hostElement } from "./kernels/host.ts";
import { adopt, getArena, release, reserve, room, timesGrown, viewAt } from "./memory.ts";
import { optimise, type PassName } from "./optimise.ts";
import { bytesIn, type MemoryPlan, planMemory } from "./plan.ts";
import { type Schedule, schedule, type Unit } from "./schedule.ts";
import { type Step, tapeOf } from "./step.ts";
import { formTeam, type Team } from "./threads/pool.ts";

/**
 * A program of fewer parts, of at least 4 microseconds each, runs on one thread: to wake another would take as long.
 */
const fewestParts = 16;

const partsToShare = ({ units }: Schedule): number =>
  units.flatMap(({ kernel }) => kernel.stages).reduce((total, { parts }) => total + (parts > 1 ? parts : 0), 0);

/** The arrays of a program that JavaScript reads and writes. */
interface Arrays {
  /** How often the memory had grown when they were made. */
  readonly growths: number;
  readonly inputs: readonly { readonly position: number; readonly data: TypedArray }[];
  readonly fed: readonly { readonly fill: (data: TypedArray) => void; readonly data: TypedArray }[];
  readonly outputs: readonly TypedArray[];
}

/** What a program holds outside itself. */
interface Holdings {
  readonly blocks: readonly number[];
  readonly team: Team | undefined;
}

function giveBack({ blocks, team }: Holdings): void {
  team?.dismiss();
  for (const address of blocks) release(address);
}

/** For programs that became garbage without having been disposed of. */
const finished = new FinalizationRegistry<Holdings>(giveBack);

function moduleOf(bytes: Uint8Array<ArrayBuffer>): WebAssembly.Module {
  if (!hasSimd(false)) {
    throw new CompileError(
      "compile",
      "this JavaScript engine has no 128-bit SIMD in WebAssembly; run the function itself",
    );
  }
  try {
    return new WebAssembly.Module(bytes);
  } catch (error) {
    const size = `${(bytes.length / 2 ** 20).toFixed(1)} MiB`;
    throw new CompileError("compile", `the engine does not take this program of ${size}: ${(error as Error).message}`);
  }
}

export interface ProgramOptions {
  readonly threads: number;
  readonly relaxedSimd: boolean;
  /** Passes that are left out, to see what they do. */
  readonly without?: readonly PassName[];
}

/** A step as a WebAssembly program, with its memory. */
export class Program {
  /** The step as it was traced. */
  readonly traced: Step;
  /** The step as the passes left it. */
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
  readonly #addresses = new Map<Tensor, number>();
  /** The states are kept alive, and so is their memory. */
  readonly states: readonly Storage[];
  #arrays: Arrays | undefined;
  #state: "ready" | "running" | "disposed" = "ready";

  constructor(traced: Step, { threads, relaxedSimd, without = [] }: ProgramOptions) {
    const step = optimise(traced, without);
    this.traced = traced;
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
      this.bytes = emit(step, this.schedule, layouts, sharedUpTo, relaxedSimd && hasSimd(true), team);
      const module = moduleOf(this.bytes);
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
    finished.register(this, { blocks: this.#blocks, team }, this);
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
      if (leaf.kind === "constant") viewAt(address, t.dtype, t.size).set(t.data);
    }
  }

  #addressOf(t: Tensor): number {
    const address = t.size === 0 ? 0 : this.#addresses.get(t);
    if (address === undefined) throw new Error(`a value without a place: ${t.dtype}[${t.shape}]`);
    return address;
  }

  /** The array of a value of the program. */
  #view(t: Tensor): TypedArray {
    return viewAt(this.#addressOf(this.schedule.rootOf(t)), t.dtype, t.size);
  }

  /** The arrays that every call uses, made again when the memory has grown. */
  #located(): Arrays {
    const growths = timesGrown();
    if (this.#arrays?.growths === growths) return this.#arrays;
    const leaves = [...this.step.leaves];
    this.#arrays = {
      growths,
      inputs: leaves.flatMap(([t, leaf]) =>
        leaf.kind === "input" ? [{ position: leaf.position, data: this.#view(t) }] : [],
      ),
      fed: leaves.flatMap(([t, leaf]) => (leaf.kind === "fed" ? [{ fill: leaf.fill, data: this.#view(t) }] : [])),
      outputs: this.schedule.outputs.map((t) => this.#view(t)),
    };
    return this.#arrays;
  }

  /** What runs, as a tape to print and to draw. */
  get tape(): Tape {
    return tapeOf(this.step);
  }

  /** Its kernels, in the order in which they run. */
  get kernels(): KernelReport[] {
    return this.schedule.units.map(reportOf);
  }

  /** Arithmetic operations of a call, predicted from the shapes. */
  get operations(): number {
    return this.kernels.reduce((total, { operations }) => total + operations, 0);
  }

  /** Bytes that the kernels of a call read and write, predicted from the shapes. */
  get bytesMoved(): number {
    return this.kernels.reduce((total, { bytes }) => total + bytes, 0);
  }

  /** What runs as a picture, in SVG, with a frame around what each kernel does. Needs the package @viz-js/viz. */
  draw(): Promise<string> {
    return this.tape.toSvg(this.schedule.units.map(({ records }) => records));
  }

  /** The memory plan as a picture, in SVG. */
  drawMemory(): string {
    return drawMemoryPlan(this.memoryPlan, this.kernels);
  }

  /** The step, its kernels with their predicted cost, and its memory. */
  toString(): string {
    return formatProgram(this);
  }

  /** What Node's `console.log` shows. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  /** Runs the step on these arguments. Throws what a failed check throws; then no state that matters has changed. */
  run(inputs: readonly Tensor[]): Tensor[] {
    if (this.#state !== "ready") {
      const what =
        this.#state === "running" ? "is running: it cannot be called by what it calls" : "has been disposed of";
      throw new CompileError("compile", `this program ${what}`);
    }
    this.#state = "running";
    try {
      this.#feed();
      const hasHelp = this.#team?.call() === true;
      const arrays = this.#located();
      for (const { position, data } of arrays.inputs) data.set(inputs[position].data);
      const failed = hasHelp ? this.#runTogether() : this.#run();
      if (failed !== 0) this.#fail(failed - 1);
      return this.step.outputs.map(({ shape, dtype }, i) => new Tensor(arrays.outputs[i].slice(), shape, dtype));
    } finally {
      if (this.#state === "running") this.#state = "ready";
      else this.#giveBack();
    }
  }

  /** Has everything written that is written before every call. That may run other programs, and memory may grow. */
  #feed(): void {
    const { length } = this.#located().fed;
    for (let i = 0; i < length; i++) {
      const { fill, data } = this.#located().fed[i];
      if (data.length === 1) data[0] = 0;
      else data.fill(0);
      fill(data);
    }
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
    const wasRunning = this.#state === "running";
    this.#state = "disposed";
    if (!wasRunning) this.#giveBack();
  }

  get isDisposed(): boolean {
    return this.#state === "disposed";
  }

  #giveBack(): void {
    finished.unregister(this);
    giveBack({ blocks: this.#blocks.splice(0), team: this.#team });
  }
}
