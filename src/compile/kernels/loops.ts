import { bytesOf } from "../../tensor/dtype.ts";
import { sizeOf } from "../../tensor/shape.ts";
import type { TapeRecord, Tensor } from "../../tensor/tensor.ts";
import type { FunctionBuilder, Module } from "../../wasm/assembler.ts";
import type { Local } from "../../wasm/encoding.ts";
import { i32 } from "../../wasm/instructions.ts";
import { type AxisMap, type Loops, mostWaiting, operandMap } from "../fuse.ts";
import type { Addresses, Kernel, Stage } from "../kernel.ts";
import { loweringOf } from "../lowering.ts";
import type { Accumulator, Lanes, Place, Value } from "./lanes.ts";
import { scalarLanes } from "./scalar-lanes.ts";
import { vectorLanes } from "./vector-lanes.ts";

/**
 * The kernel of a group of fused records: one nest of loops.
 *
 * The outer loops run over the kept dimensions of the group's domain. For each position there, the inner loops run over
 * the reduced dimensions once for each level: level 0 computes what needs no reduction and the reductions of it, level 1
 * what needs those, and so on. A value that a later level needs again is computed again, or saved if that is dearer.
 *
 * The elements of a vector lie along the last dimension. Where it is reduced, the vectors of a row are folded into one at
 * the end; where it is kept, each lane is a row of its own.
 */

export interface LoopKernel extends Kernel {
  /** What it reads, in the order of `Addresses.inputs`. */
  readonly loads: readonly Tensor[];
  /** What it writes, in the order of `Addresses.outputs`. */
  readonly stores: readonly Tensor[];
  /** Whether every element is read in one go, before anything is written in its place. */
  readonly readsOnce: boolean;
}

/** Functions that cost more than to save their result and load it again. */
const dear = new Set(
  "div pow atan2 logAddExp sqrt rsqrt reciprocal exp expm1 log log1p sin cos tan asin acos atan sinh cosh tanh sigmoid softplus erf erfc lgamma polygamma".split(
    " ",
  ),
);

/** Elements of a part of a loop that is worth another thread. */
const partSize = 1 << 14;
const mostParts = 16;

/** The most bytes that values saved from level to level may take for each position of the outer loops. */
const mostSaved = 1 << 18;

interface Dimension {
  readonly size: number;
  readonly reduced: boolean;
}

/** An array that the loops walk: bytes from element to element along each dimension. */
interface Operand {
  readonly t: Tensor;
  readonly strides: readonly number[];
}

/** `stores` are the values that others need; `constantOf` gives the value of a tensor of one element if it is known. */
export function loopKernel(
  group: Loops,
  stores: readonly Tensor[],
  constantOf: (t: Tensor) => number | undefined,
): LoopKernel {
  const plan = new LoopPlan(group, stores, constantOf);
  return {
    loads: plan.loads.map(({ t }) => t),
    stores,
    readsOnce: group.reduced.length === 0,
    stages: plan.stages(),
    scratchBytes: plan.scratchBytes,
    temporaryBytes: plan.partial ? 8 * plan.parts * plan.reductions.length : 0,
    operations: group.records.length * sizeOf(group.domain),
  };
}

class LoopPlan {
  readonly lanes: Lanes;
  readonly dimensions: readonly Dimension[];
  readonly loads: readonly Operand[];
  readonly stores: readonly Operand[];
  readonly reductions: readonly TapeRecord[];
  /** Values that are saved from level to level, each with its place in scratch memory. */
  readonly saved = new Map<Tensor, Operand & { readonly offset: number }>();
  readonly parts: number;
  /** Whether the parts of a reduction of everything are put together in a second stage. */
  readonly partial: boolean;
  scratchBytes = 0;

  readonly group: Loops;
  readonly maker = new Map<Tensor, TapeRecord>();
  readonly level = new Map<Tensor, number>();
  readonly isRow: (t: Tensor) => boolean;
  readonly constantOf: (t: Tensor) => number | undefined;
  readonly levels: number;
  /** The dimensions in the order of the loops: kept, then reduced. */
  readonly order: readonly number[];
  readonly keptCount: number;

  constructor(group: Loops, stores: readonly Tensor[], constantOf: (t: Tensor) => number | undefined) {
    this.group = group;
    this.constantOf = constantOf;
    const { records, domain, reduced, maps } = group;
    for (const record of records) this.maker.set(record.output, record);
    this.isRow = (t) => reduced.length > 0 && (maps.get(t)?.length ?? domain.length) < domain.length;
    this.reductions = records.filter(isReduction);
    const loads = new Map<Tensor, AxisMap>();
    for (const record of records) {
      for (const input of record.inputs) {
        const own = this.maker.get(input);
        const before = own === undefined ? 0 : this.level.get(input)!;
        this.level.set(record.output, Math.max(this.level.get(record.output) ?? 0, before));
        if (own !== undefined || constantOf(input) !== undefined) continue;
        loads.set(input, inputMap(record, input, maps.get(record.output)!, domain.length));
      }
      if (record.inputs.length === 0) this.level.set(record.output, 0);
      if (isReduction(record)) this.level.set(record.output, this.level.get(record.output)! + 1);
    }
    this.levels =
      1 + Math.max(0, ...records.filter(({ output }) => !this.isRow(output)).map((r) => this.level.get(r.output)!));
    const tensors = [...loads.keys(), ...maps.keys()];
    this.lanes = tensors.some(({ dtype }) => dtype === "float64") ? scalarLanes : vectorLanes;

    const operand = (t: Tensor, map: AxisMap): Operand => ({ t, strides: stridesOf(t, map, domain) });
    const operands = [...[...loads].map(([t, map]) => operand(t, map)), ...stores.map((t) => operand(t, maps.get(t)!))];
    const merged = mergeDimensions(
      domain.map((size, d) => ({ size, reduced: reduced.includes(d) })),
      operands,
    );
    this.dimensions = merged.dimensions;
    this.loads = merged.operands.slice(0, loads.size);
    this.stores = merged.operands.slice(loads.size);
    const positions = [...this.dimensions.keys()];
    const kept = positions.filter((d) => !this.dimensions[d].reduced);
    this.order = [...kept, ...positions.filter((d) => this.dimensions[d].reduced)];
    this.keptCount = kept.length;
    this.#save();

    const size = this.dimensions.reduce((n, dimension) => n * dimension.size, 1);
    const first = this.dimensions[this.order[0]];
    this.partial = this.keptCount === 0 && this.levels === 1 && size > mostWaiting;
    const canSplit = this.keptCount > 0 || this.partial;
    const steps = this.order[0] === this.last ? Math.ceil(first.size / (16 * this.lanes.width)) : first.size;
    this.parts = canSplit ? Math.max(1, Math.min(mostParts, steps, Math.floor(size / partSize))) : 1;
  }

  /** The dimension that vectors run along: the last. */
  get last(): number {
    return this.dimensions.length - 1;
  }

  /** Whether a vector holds elements of one row, and not of several. */
  get alongRow(): boolean {
    return this.dimensions[this.last].reduced;
  }

  /** Decides what is saved for later levels. */
  #save(): void {
    if (this.levels === 1) return;
    const again = new Set<Tensor>();
    const visit = (t: Tensor, level: number): void => {
      const record = this.maker.get(t);
      if (record === undefined || this.isRow(t)) return;
      if (this.level.get(t)! < level && dear.has(record.primitive.name)) again.add(t);
      else for (const input of record.inputs) visit(input, level);
    };
    for (const [root, level] of this.#fullRoots()) visit(root, level);
    const stored = new Set(this.stores.map(({ t }) => t));
    const inner = this.order.slice(this.keptCount);
    const { width } = this.lanes;
    for (const t of again) {
      if (stored.has(t)) continue;
      const strides = this.dimensions.map(() => 0);
      // Saved vectors are 16 bytes; a row of them is filled up.
      let bytes = this.alongRow ? (width === 4 ? 4 : 8) : width === 4 ? 16 : 8;
      for (let i = inner.length - 1; i >= 0; i--) {
        strides[inner[i]] = bytes;
        const { size } = this.dimensions[inner[i]];
        bytes *= inner[i] === this.last ? Math.ceil(size / width) * width : size;
      }
      if (this.scratchBytes + bytes > mostSaved) continue;
      this.saved.set(t, { t, strides, offset: this.scratchBytes });
      this.scratchBytes += Math.ceil(bytes / 64) * 64;
    }
  }

  /** The full values that are asked for, each with the level at which it is. */
  #fullRoots(): [Tensor, number][] {
    const roots: [Tensor, number][] = [];
    for (const { t } of this.stores) if (!this.isRow(t)) roots.push([t, this.level.get(t)!]);
    for (const { inputs, output } of this.reductions) roots.push([inputs[0], this.level.get(output)! - 1]);
    return roots;
  }

  /** The full values that level `level` has to deliver. */
  rootsAt(level: number): Tensor[] {
    const roots = this.#fullRoots()
      .filter(([, at]) => at === level)
      .map(([t]) => t);
    for (const t of this.saved.keys()) if (this.level.get(t) === level) roots.push(t);
    return roots;
  }

  stages(): Stage[] {
    const main: Stage = {
      parts: this.parts,
      emit: (module, f, part, at) => new LoopEmitter(this, module, f, at).emit(part),
    };
    if (!this.partial) return [main];
    const combine: Stage = {
      parts: 1,
      emit: (module, f, _, at) => new LoopEmitter(this, module, f, at).emitCombination(),
    };
    return [main, combine];
  }
}

function isReduction({ primitive, inputs: [input], output }: TapeRecord): boolean {
  return loweringOf(primitive) === "reduction" && input.size !== output.size;
}

/** The map of an operand from outside the group. */
function inputMap(record: TapeRecord, input: Tensor, map: AxisMap, dimensions: number): AxisMap {
  if (isReduction(record)) return Array.from({ length: dimensions }, (_, d) => d);
  if (record.primitive.name === "reshape" || loweringOf(record.primitive) === "reduction") return map;
  return operandMap(input.shape, record.output.shape, map);
}

/** Bytes between elements along each dimension of the domain, of a contiguous array whose long axes are these. */
function stridesOf(t: Tensor, map: AxisMap, domain: readonly number[]): number[] {
  const strides = domain.map(() => 0);
  let stride = bytesOf[t.dtype];
  for (let i = map.length - 1; i >= 0; i--) {
    strides[map[i]] = stride;
    stride *= domain[map[i]];
  }
  return strides;
}

/** Joins neighbouring dimensions over which every operand runs on evenly. */
function mergeDimensions(dimensions: readonly Dimension[], operands: readonly Operand[]) {
  const merged: Dimension[] = [];
  const strides: number[][] = operands.map(() => []);
  dimensions.forEach((dimension, d) => {
    const last = merged.length - 1;
    const runsOn =
      last >= 0 &&
      merged[last].reduced === dimension.reduced &&
      operands.every((o, k) => strides[k][last] === o.strides[d] * dimension.size);
    if (runsOn) merged[last] = { size: merged[last].size * dimension.size, reduced: dimension.reduced };
    else merged.push(dimension);
    operands.forEach((o, k) => {
      if (runsOn) strides[k][last] = o.strides[d];
      else strides[k].push(o.strides[d]);
    });
  });
  if (merged.length === 0) {
    merged.push({ size: 1, reduced: false });
    for (const list of strides) list.push(0);
  }
  return { dimensions: merged, operands: operands.map(({ t }, k) => ({ t, strides: strides[k] })) };
}

/** Values in scope by tensor; an inner scope sees the outer ones. */
type Scope = Map<Tensor, Value>;

const key = (strides: readonly number[]): string => strides.join();

class LoopEmitter {
  readonly plan: LoopPlan;
  readonly module: Module;
  readonly f: FunctionBuilder;
  readonly at: Addresses;
  /** For each pattern of strides, the bytes walked so far. */
  readonly #walked = new Map<string, Local<"i32">>();
  readonly #scopes: Scope[] = [new Map()];
  /** How many elements of the vectors of the current loop count. */
  #count: number;

  constructor(plan: LoopPlan, module: Module, f: FunctionBuilder, at: Addresses) {
    this.plan = plan;
    this.module = module;
    this.f = f;
    this.at = at;
    this.#count = plan.lanes.width;
  }

  emit(part: Local<"i32">): void {
    const { plan } = this;
    this.#loadsAt(-1, plan.loads);
    if (plan.partial) {
      for (const { output: t } of plan.group.records) if (plan.isRow(t) && plan.level.get(t) === 0) this.#value(t, 0);
      const accumulators = this.#accumulators(0);
      this.#reducedLoops(0, accumulators, part);
      accumulators.forEach((accumulator, i) => {
        const address = this.f.let(i32.add(i32.mul(part, 8 * plan.reductions.length), this.at.temporary));
        accumulator.save({ address, offset: 8 * i });
      });
      return;
    }
    this.#keptLoops(0, part);
  }

  /** The second stage of a reduction of everything. */
  emitCombination(): void {
    const { plan, f } = this;
    this.#loadsAt(-1, plan.loads);
    this.#count = 1;
    plan.reductions.forEach(({ output, primitive }, i) => {
      const total = plan.lanes.accumulator(f, primitive.name, output.dtype, Number.POSITIVE_INFINITY);
      const address = f.let(i32.const(this.at.temporary + 8 * i));
      const end = f.let(i32.add(address, 8 * plan.parts * plan.reductions.length));
      f.while(i32.ltU(address, end), () => {
        total.load({ address, offset: 0 });
        f.set(address, i32.add(address, 8 * plan.reductions.length));
      });
      this.#define(output, total.finish(true));
    });
    for (let level = 0; level <= plan.levels; level++) this.#rows(level);
  }

  #define(t: Tensor, value: Value): void {
    this.#scopes[this.#scopes.length - 1].set(t, value);
  }

  #find(t: Tensor): Value | undefined {
    for (let i = this.#scopes.length - 1; i >= 0; i--) {
      const value = this.#scopes[i].get(t);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  #scoped(body: () => void): void {
    this.#scopes.push(new Map());
    body();
    this.#scopes.pop();
  }

  #place({ strides }: Pick<Operand, "strides">, base: number): Place {
    const walked = this.#walked.get(key(strides));
    return walked === undefined ? { address: i32.const(base), offset: 0 } : { address: walked, offset: base };
  }

  /** The deepest loop that an operand depends on; -1 when it is the same in all. */
  #depth({ strides }: Operand): number {
    let depth = -1;
    this.plan.order.forEach((d, i) => {
      if (strides[d] !== 0) depth = i;
    });
    return depth;
  }

  /** Loads, of `loads`, what changes with the loop `depth` and none further in. */
  #loadsAt(depth: number, loads: readonly Operand[]): void {
    const { lanes, last } = this.plan;
    for (const load of loads) {
      if (this.#depth(load) !== depth) continue;
      const base = this.at.inputs[this.plan.loads.indexOf(load)];
      this.#define(load.t, lanes.load(this.f, load.t.dtype, this.#place(load, base), load.strides[last], this.#count));
    }
  }

  /** One loop over a dimension, or over `part` of it; `body` is appended once for whole vectors and once for the rest. */
  #loop(dimension: number, part: Local<"i32"> | null, body: () => void): void {
    const { plan, f } = this;
    const { size } = plan.dimensions[dimension];
    const isVector = dimension === plan.last;
    const width = isVector ? plan.lanes.width : 1;
    const operands = [...plan.loads, ...plan.stores, ...plan.saved.values()];
    const patterns = new Map(operands.map(({ strides }) => [key(strides), strides] as const));
    const moving = [...patterns].filter(([, strides]) => strides[dimension] !== 0);
    const whole = Math.floor(size / width);
    const rest = size - whole * width;
    const before = new Map(this.#walked);

    // Parts begin at multiples of 16 vectors, so that no two write to one cache line.
    const grain = isVector ? 16 : 1;
    const chunk = part === null ? whole : Math.ceil(whole / plan.parts / grain) * grain;
    const first = part === null ? null : f.let(i32.mul(part, chunk));
    const counter = f.let(first ?? i32.const(0));
    const until = part === null ? i32.const(whole) : f.let(i32.add(counter, chunk));
    if (part !== null) f.set(until as Local<"i32">, i32.select(until, whole, i32.ltU(until, whole)));
    for (const [pattern, strides] of moving) {
      const start = before.get(pattern) ?? i32.const(0);
      const offset = first === null ? start : i32.add(start, i32.mul(first, strides[dimension] * width));
      this.#walked.set(pattern, f.let(offset));
    }
    const advance = () => {
      for (const [pattern, strides] of moving) {
        const walked = this.#walked.get(pattern)!;
        f.set(walked, i32.add(walked, strides[dimension] * width));
      }
    };
    const once = (count: number) =>
      this.#scoped(() => {
        const outer = this.#count;
        if (isVector) this.#count = count;
        body();
        this.#count = outer;
      });
    if (part === null && whole === 1) {
      once(width);
      if (rest > 0) advance();
    } else if (whole > 0) {
      const repeat = () =>
        f.doWhile(
          () => {
            once(width);
            advance();
            f.set(counter, i32.add(counter, 1));
          },
          () => i32.ltU(counter, until),
        );
      if (part === null) repeat();
      else f.if(i32.ltU(counter, until), repeat);
    }
    const last = () => {
      for (const [pattern, strides] of moving) {
        f.set(this.#walked.get(pattern)!, i32.add(before.get(pattern) ?? 0, whole * width * strides[dimension]));
      }
      once(rest);
    };
    if (rest > 0 && part === null) once(rest);
    else if (rest > 0) f.if(i32.eq(part!, plan.parts - 1), last);
    this.#walked.clear();
    for (const [pattern, walked] of before) this.#walked.set(pattern, walked);
  }

  #keptLoops(depth: number, part: Local<"i32">): void {
    const { plan } = this;
    if (depth === plan.keptCount) {
      this.#row();
      return;
    }
    this.#loop(plan.order[depth], depth === 0 && plan.parts > 1 ? part : null, () => {
      this.#loadsAt(depth, plan.loads);
      this.#keptLoops(depth + 1, part);
    });
  }

  /** All levels, for one position of the kept dimensions. */
  #row(): void {
    const { plan } = this;
    if (plan.keptCount === plan.order.length) {
      // Nothing is reduced: the innermost loop is the row.
      this.#full(0, []);
      return;
    }
    for (let level = 0; level < plan.levels; level++) {
      this.#rows(level);
      const accumulators = this.#accumulators(level);
      this.#reducedLoops(level, accumulators, null);
      const reductions = this.#reductionsAt(level);
      accumulators.forEach((accumulator, i) => {
        this.#define(reductions[i].output, accumulator.finish(plan.alongRow));
      });
    }
    this.#rows(plan.levels);
  }

  #reductionsAt(level: number): TapeRecord[] {
    return this.plan.reductions.filter(({ output }) => this.plan.level.get(output) === level + 1);
  }

  #accumulators(level: number): Accumulator[] {
    const { plan } = this;
    const inner = plan.order.slice(plan.keptCount).map((d) => plan.dimensions[d].size);
    const length = sizeOf(inner) / (plan.alongRow ? plan.lanes.width : 1);
    return this.#reductionsAt(level).map(({ primitive, output }) =>
      plan.lanes.accumulator(this.f, primitive.name, output.dtype, length),
    );
  }

  #reducedLoops(level: number, accumulators: readonly Accumulator[], part: Local<"i32"> | null): void {
    const { plan } = this;
    const roots = plan.rootsAt(level);
    if (roots.length === 0) return;
    const needed = this.#needed(roots, level);
    const loads = plan.loads.filter(({ t }) => needed.has(t));
    const open = (depth: number): void => {
      if (depth === plan.order.length) {
        this.#full(level, accumulators);
        return;
      }
      this.#loop(plan.order[depth], depth === plan.keptCount && plan.parts > 1 ? part : null, () => {
        this.#loadsAt(depth, loads);
        open(depth + 1);
      });
    };
    open(plan.keptCount);
  }

  /** Everything that is computed or loaded for these values at a level. */
  #needed(roots: readonly Tensor[], level: number): Set<Tensor> {
    const { plan } = this;
    const needed = new Set<Tensor>();
    const stack = [...roots];
    for (let t = stack.pop(); t !== undefined; t = stack.pop()) {
      if (needed.has(t)) continue;
      needed.add(t);
      const record = plan.maker.get(t);
      if (record !== undefined && !plan.isRow(t) && !this.#isKept(t, level)) stack.push(...record.inputs);
    }
    return needed;
  }

  /** Whether a value of an earlier level is loaded again and not computed again. */
  #isKept(t: Tensor, level: number): boolean {
    const { plan } = this;
    if (plan.level.get(t)! >= level) return false;
    return plan.saved.has(t) || (dear.has(plan.maker.get(t)!.primitive.name) && plan.stores.some((s) => s.t === t));
  }

  /** The body of the innermost loop at a level. */
  #full(level: number, accumulators: readonly Accumulator[]): void {
    const { plan, f, at } = this;
    const roots = plan.rootsAt(level);
    for (const t of roots) this.#value(t, level);
    this.#reductionsAt(level).forEach(({ inputs: [input] }, i) => {
      accumulators[i].add(this.#find(input) ?? this.#value(input, level), this.#count);
    });
    for (const [t, saved] of plan.saved) {
      if (plan.level.get(t) === level) plan.lanes.save(f, t.dtype, this.#scratch(saved), this.#find(t)!);
    }
    plan.stores.forEach((store, i) => {
      const { t } = store;
      if (plan.isRow(t) || plan.level.get(t) !== level) return;
      plan.lanes.store(f, t.dtype, this.#place(store, at.outputs![i]), this.#find(t)!, this.#count);
    });
  }

  #scratch({ strides, offset }: { strides: readonly number[]; offset: number }): Place {
    const walked = this.#walked.get(key(strides));
    const address = walked === undefined ? this.at.scratch : this.f.let(i32.add(this.at.scratch, walked));
    return { address, offset };
  }

  /** Values of the kept dimensions that are known once the levels before `level` are done, and their stores. */
  #rows(level: number): void {
    const { plan, f, at } = this;
    for (const { output: t } of plan.group.records) {
      if (plan.isRow(t) && plan.level.get(t) === level) this.#value(t, level);
    }
    plan.stores.forEach((store, i) => {
      const { t } = store;
      if (!plan.isRow(t) || plan.level.get(t) !== level) return;
      const count = plan.alongRow ? 1 : this.#count;
      plan.lanes.store(f, t.dtype, this.#place(store, at.outputs![i]), this.#find(t)!, count);
    });
  }

  /** A value at a level, computed now unless it is there. No recursion: chains of records may be long. */
  #value(root: Tensor, level: number): Value {
    const { plan, f } = this;
    const stack = [root];
    while (stack.length > 0) {
      const t = stack[stack.length - 1];
      if (this.#find(t) !== undefined) {
        stack.pop();
        continue;
      }
      const known = plan.constantOf(t);
      const record = plan.maker.get(t);
      if (known !== undefined && record === undefined) this.#define(t, plan.lanes.constant(f, t.dtype, known));
      else if (record === undefined) this.#loadNow(t);
      else if (!plan.isRow(t) && this.#isKept(t, level)) this.#reload(t);
      else {
        const missing = record.inputs.filter((input) => this.#find(input) === undefined);
        if (missing.length > 0) {
          stack.push(...missing);
          continue;
        }
        this.#define(t, this.#computed(record));
      }
      stack.pop();
    }
    return this.#find(root)!;
  }

  #computed(record: TapeRecord): Value {
    const { plan } = this;
    const inputs = record.inputs.map((input) => this.#find(input)!);
    const { name } = record.primitive;
    if (name === "broadcastTo" || name === "reshape" || loweringOf(record.primitive) === "reduction") return inputs[0];
    return plan.lanes.apply(this.module, this.f, record, inputs);
  }

  /** A load that no loop has made: of the kept dimensions, outside all inner loops. */
  #loadNow(t: Tensor): void {
    const { plan, f, at } = this;
    const i = plan.loads.findIndex((load) => load.t === t);
    const load = plan.loads[i];
    this.#define(t, plan.lanes.load(f, t.dtype, this.#place(load, at.inputs[i]), load.strides[plan.last], this.#count));
  }

  #reload(t: Tensor): void {
    const { plan, f, at } = this;
    const saved = plan.saved.get(t);
    if (saved !== undefined) {
      this.#define(t, plan.lanes.loadSaved(f, t.dtype, this.#scratch(saved)));
      return;
    }
    const i = plan.stores.findIndex((store) => store.t === t);
    const store = plan.stores[i];
    const place = this.#place(store, at.outputs![i]);
    this.#define(t, plan.lanes.load(f, t.dtype, place, store.strides[plan.last], this.#count));
  }
}
