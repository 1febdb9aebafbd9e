import { bytesOf } from "../tensor/dtype.ts";
import { sameShape } from "../tensor/shape.ts";
import type { Storage } from "../tensor/storage.ts";
import { type TapeRecord, Tensor } from "../tensor/tensor.ts";
import type { FunctionBuilder, Module } from "../wasm/assembler.ts";
import type { Conv2dGeometry } from "../wasm/conv2d.ts";
import type { Local } from "../wasm/encoding.ts";
import { fuse } from "./fusion/fuse.ts";
import type { Group } from "./fusion/groups.ts";
import type { Addresses, Kernel, Lower } from "./kernel.ts";
import { conv2dKernel } from "./kernels/convolution.ts";
import { type Epilogue, epilogueOf, type LoopKernel, loopKernel } from "./kernels/loops.ts";
import { type MatmulFlags, matmulKernel } from "./kernels/matmul.ts";
import { loweringOf } from "./lowering.ts";
import { type Assignment, results, type Step } from "./step.ts";

/** One kernel of a program, in its place in the order. */
export interface Unit {
  readonly records: readonly TapeRecord[];
  readonly kernel: Kernel;
  readonly reads: readonly Tensor[];
  readonly writes: readonly Tensor[];
  /** Set when the kernel copies its only read to its only write. */
  readonly isCopy?: boolean;
}

/** The kernels of a step in the order in which they run, and which values are written where a state is. */
export interface Schedule {
  readonly units: readonly Unit[];
  /** The outputs of the step, or copies of them that are made before a state they are read from changes. */
  readonly outputs: readonly Tensor[];
  /** The tensor whose buffer holds a value: the value itself, or what it is another name of. */
  readonly rootOf: (t: Tensor) => Tensor;
  /** Assignments whose value is computed right into the state. */
  readonly inPlace: ReadonlyMap<Tensor, Assignment>;
  /** Assignments that are copied at the end. */
  readonly copies: readonly Assignment[];
  /** How many units run before the checks are looked at. */
  readonly checkedAfter: number;
}

export function schedule(step: Step): Schedule {
  const groups = fuse(step);
  const aliases = new Map<Tensor, Tensor>();
  for (const { kind, records } of groups) {
    // What has no elements is named an alias too, but of nothing.
    if (kind === "alias" && records[0].output.size > 0) aliases.set(records[0].output, records[0].inputs[0]);
    else if (kind === "loops") {
      for (const { primitive, output, inputs } of records) {
        if (primitive.name === "reshape") aliases.set(output, inputs[0]);
      }
    }
  }
  const rootOf = (t: Tensor): Tensor => {
    let root = t;
    for (let next = aliases.get(root); next !== undefined && next !== root; next = aliases.get(root)) root = next;
    return root;
  };
  const constantOf = (t: Tensor): number | undefined =>
    t.size === 1 && step.leaves.get(t)?.kind === "constant" ? t.data[0] : undefined;
  const units = unitsOf(step, groups, rootOf, constantOf);
  return new Scheduler(step, units, rootOf).finish();
}

/** The kernels of the groups, each storing what others read. */
function unitsOf(
  step: Step,
  groups: readonly Group[],
  rootOf: (t: Tensor) => Tensor,
  constantOf: (t: Tensor) => number | undefined,
): Unit[] {
  const homeOf = new Map<Tensor, Group>();
  for (const group of groups) for (const { output } of group.records) homeOf.set(output, group);
  const asked = new Set(results(step).map(rootOf));
  for (const group of groups) {
    if (group.kind === "alias") continue;
    for (const { inputs } of group.records) {
      for (const input of inputs) {
        const root = rootOf(input);
        if (homeOf.get(root) !== group) asked.add(root);
        // A value that is reshaped out of its group and used in it again is read from memory.
        else if (homeOf.get(input) !== group) asked.add(root);
      }
    }
  }
  const units: Unit[] = [];
  for (const group of groups) {
    const { kind, records } = group;
    if (kind === "alias") continue;
    if (kind === "loops") {
      const stores = records.map(({ output }) => output).filter((t) => asked.has(t));
      if (stores.length === 0) continue;
      const kernel: LoopKernel = loopKernel(group, stores, constantOf);
      units.push({ records, kernel, reads: kernel.loads.map(rootOf), writes: stores });
    } else if (group.epilogue !== null) {
      const stores = records.map(({ output }) => output).filter((t) => asked.has(t));
      const epilogue = epilogueOf(
        group.epilogue,
        stores.filter((t) => t !== records[0].output),
        constantOf,
      );
      units.push(withEpilogue(records, epilogue, asked.has(records[0].output), rootOf));
    } else {
      const [{ primitive, inputs, attributes, output }] = records;
      const lower = loweringOf(primitive) as Lower<object>;
      units.push({ records, kernel: lower(output, inputs, attributes), reads: inputs.map(rootOf), writes: [output] });
    }
  }
  return units;
}

/**
 * A product or convolution with an epilogue, which works in place unless others need the output `before` it as well.
 */
function withEpilogue(
  records: readonly TapeRecord[],
  { loads, stores, operations, emit }: Epilogue,
  before: boolean,
  rootOf: (t: Tensor) => Tensor,
): Unit {
  const [{ primitive, inputs, attributes, output }] = records;
  const over = before ? undefined : stores.find((t) => bytesOf[t.dtype] === bytesOf[output.dtype]);
  const writes = over === undefined ? [output, ...stores] : [over, ...stores.filter((t) => t !== over)];
  const others = loads.filter((t) => t !== output);
  const follow = (module: Module, f: FunctionBuilder, first: Local<"i32">, last: Local<"i32">, at: Addresses) =>
    emit(module, f, first, last, {
      ...at,
      inputs: loads.map((t) => (t === output ? at.output : at.inputs[inputs.length + others.indexOf(t)])),
      outputs: stores.map((t) => at.outputs![writes.indexOf(t)]),
    });
  const kernel =
    primitive.name === "matmul"
      ? matmulKernel(output, inputs, attributes as unknown as MatmulFlags, follow)
      : conv2dKernel(output, inputs, attributes as unknown as Conv2dGeometry, follow);
  return {
    records,
    kernel: { ...kernel, operations: kernel.operations + operations },
    reads: [...inputs, ...others].map(rootOf),
    writes,
  };
}

class Scheduler {
  readonly #step: Step;
  readonly #units: Unit[];
  readonly #rootOf: (t: Tensor) => Tensor;
  readonly #writer = new Map<Tensor, Unit>();
  /** The units that read each state. */
  readonly #readers = new Map<Storage, Unit[]>();
  /** For each unit, those that must come first. */
  readonly #before = new Map<Unit, Set<Unit>>();

  constructor(step: Step, units: readonly Unit[], rootOf: (t: Tensor) => Tensor) {
    this.#step = step;
    this.#rootOf = rootOf;
    this.#units = [...units];
    for (const unit of units) for (const t of unit.writes) this.#writer.set(t, unit);
    for (const unit of units) {
      this.#before.set(unit, this.#writersOf(unit.reads));
      this.#noteReads(unit);
    }
  }

  #noteReads(unit: Unit): void {
    for (const t of unit.reads) {
      const leaf = this.#step.leaves.get(t);
      if (leaf?.kind !== "state") continue;
      const known = this.#readers.get(leaf.storage) ?? [];
      this.#readers.set(leaf.storage, known.includes(unit) ? known : [...known, unit]);
    }
  }

  #writersOf(tensors: readonly Tensor[]): Set<Unit> {
    return new Set(tensors.flatMap((t) => this.#writer.get(t) ?? []));
  }

  /** Whether `first` has to run before `last`. */
  #precedes(first: Unit, last: Unit): boolean {
    const seen = new Set<Unit>();
    const stack = [last];
    for (let unit = stack.pop(); unit !== undefined; unit = stack.pop()) {
      if (unit === first) return true;
      if (seen.has(unit)) continue;
      seen.add(unit);
      stack.push(...this.#before.get(unit)!);
    }
    return false;
  }

  finish(): Schedule {
    const { leaves, assignments, checks, outputs } = this.#step;
    const rootOf = this.#rootOf;
    const inPlace = new Map<Tensor, Assignment>();
    const copies: Assignment[] = [];
    const assigned = new Set(assignments.map(({ target }) => target));
    // The old value of a state that changes is put aside.
    const kept = (t: Tensor): Tensor => {
      const leaf = leaves.get(rootOf(t));
      return leaf?.kind === "state" && assigned.has(leaf.storage) ? this.#copy(t) : t;
    };
    const ordered = assignments.map((assignment) => ({ ...assignment, value: kept(assignment.value) }));
    const results = outputs.map(kept);
    const flags = this.#writersOf(checks.map(({ flag }) => rootOf(flag)));
    for (const assignment of ordered) {
      const root = rootOf(assignment.value);
      const unit = this.#writer.get(root);
      if (unit !== undefined && !inPlace.has(root) && this.#goesInPlace(assignment, root, unit, flags)) {
        inPlace.set(root, assignment);
      } else copies.push(assignment);
    }
    const units = this.#order();
    const guarded = units.findIndex((unit) => unit.writes.some((t) => inPlace.get(t)?.expendable === false));
    return { units, outputs: results, rootOf, inPlace, copies, checkedAfter: guarded === -1 ? units.length : guarded };
  }

  #copy(t: Tensor): Tensor {
    const root = this.#rootOf(t);
    const value = new Tensor(null, t.shape, t.dtype);
    const unit: Unit = {
      records: [],
      kernel: { stages: [], operations: 0 },
      reads: [root],
      writes: [value],
      isCopy: true,
    };
    this.#units.push(unit);
    this.#writer.set(value, unit);
    this.#before.set(unit, new Set());
    this.#noteReads(unit);
    return value;
  }

  /** Whether the unit may write the value over the state's old one; if so it is ordered accordingly. */
  #goesInPlace({ target, expendable }: Assignment, root: Tensor, unit: Unit, flags: ReadonlySet<Unit>): boolean {
    if (unit.isCopy) return false;
    const { leaves } = this.#step;
    const isOld = (t: Tensor) => {
      const leaf = leaves.get(t);
      return leaf?.kind === "state" && leaf.storage === target;
    };
    const readers = (this.#readers.get(target) ?? []).filter((other) => other !== unit);
    const needed = expendable ? readers : [...readers, ...[...flags].filter((other) => other !== unit)];
    if (!expendable && flags.has(unit)) return false;
    const old = unit.reads.find(isOld);
    if (old !== undefined && !readsAsItWrites(unit, old, root, this.#rootOf)) return false;
    if (needed.some((other) => this.#precedes(unit, other))) return false;
    for (const other of needed) this.#before.get(unit)!.add(other);
    return true;
  }

  /** An order that respects what must come first, otherwise that of the tape. */
  #order(): Unit[] {
    const position = new Map(this.#units.map((unit, i) => [unit, i] as const));
    const done = new Set<Unit>();
    const order: Unit[] = [];
    for (const start of this.#units) {
      const stack = [start];
      while (stack.length > 0) {
        const unit = stack[stack.length - 1];
        const missing = [...this.#before.get(unit)!].filter((other) => !done.has(other));
        if (done.has(unit) || missing.length === 0) {
          stack.pop();
          if (!done.has(unit)) {
            done.add(unit);
            order.push(unit);
          }
        } else stack.push(...missing.sort((a, b) => position.get(b)! - position.get(a)!));
      }
    }
    return order;
  }
}

/** Whether a loop reads each element of `old` before it writes the same element of `fresh`, and never again. */
function readsAsItWrites({ kernel }: Unit, old: Tensor, fresh: Tensor, rootOf: (t: Tensor) => Tensor): boolean {
  const loads = (kernel as Partial<LoopKernel>).loads;
  if (loads === undefined) return false;
  const reads = loads.filter((t) => rootOf(t) === old);
  return (kernel as LoopKernel).readsOnce && reads.every((t) => sameShape(t.shape, fresh.shape));
}
