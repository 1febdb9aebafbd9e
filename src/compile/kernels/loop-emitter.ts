import { sizeOf } from "../../tensor/shape.ts";
import type { TapeRecord, Tensor } from "../../tensor/tensor.ts";
import type { FunctionBuilder, Module } from "../../wasm/assembler.ts";
import type { Expression, Local } from "../../wasm/encoding.ts";
import { i32 } from "../../wasm/instructions.ts";
import type { Addresses } from "../kernel.ts";
import { loweringOf } from "../lowering.ts";
import type { Accumulator, Place, Value } from "./lanes.ts";
import { dear, type LoopPlan, type Operand } from "./loop-plan.ts";

/** Steps of a loop, and whether what is left after the last whole vector belongs to them. */
interface Range {
  readonly first: Local<"i32">;
  readonly until: Local<"i32">;
  readonly hasRest: Expression<"i32">;
}

/** Values in scope by tensor; an inner scope sees the outer ones. */
type Scope = Map<Tensor, Value>;

const key = (strides: readonly number[]): string => strides.join();

export class LoopEmitter {
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
    this.#keptLoops(0, (dimension) => (plan.parts > 1 ? this.#rangeOf(dimension, part) : null));
  }

  /** Rows `first` to `last` (not included) of the first dimension. */
  emitRows(first: Local<"i32">, last: Local<"i32">): void {
    this.#loadsAt(-1, this.plan.loads);
    this.#keptLoops(0, () => ({ first, until: last, hasRest: i32.const(0) }));
  }

  /** The second stage of a reduction of everything. */
  emitCombination(): void {
    const { plan, f } = this;
    this.#loadsAt(-1, plan.loads);
    this.#count = 1;
    plan.reductions.forEach(({ output, primitive }, i) => {
      const total = plan.lanes.accumulator(f, primitive.name, output.dtype, Infinity, Infinity);
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

  /** A part of a dimension: steps `first` to `until`; the part that has the last of them does the rest as well. */
  #rangeOf(dimension: number, part: Local<"i32">): Range {
    const { plan, f } = this;
    const { size } = plan.dimensions[dimension];
    const isVector = dimension === plan.last;
    const whole = Math.floor(size / (isVector ? plan.lanes.width : 1));
    // Parts begin at multiples of 16 vectors, so that no two write to one cache line.
    const grain = isVector ? 16 : 1;
    const chunk = Math.ceil(whole / plan.parts / grain) * grain;
    const first = f.let(i32.mul(part, chunk));
    const end = f.let(i32.add(first, chunk));
    return { first, until: f.let(i32.select(end, whole, i32.ltU(end, whole))), hasRest: i32.eq(part, plan.parts - 1) };
  }

  /**
   * A loop over a dimension, or a range of it. Its body is appended once for whole vectors, and once more for the
   * elements that are left.
   */
  #loop(dimension: number, range: Range | null, body: () => void): void {
    const { plan, f } = this;
    const { size } = plan.dimensions[dimension];
    const isVector = dimension === plan.last;
    const width = isVector ? plan.lanes.width : 1;
    const whole = Math.floor(size / width);
    const rest = size - whole * width;
    const before = new Map(this.#walked);
    const steps = this.#moving(dimension, width);

    for (const [pattern, bytes] of steps) {
      const start = before.get(pattern) ?? i32.const(0);
      this.#walked.set(pattern, f.let(range === null ? start : i32.add(start, i32.mul(range.first, bytes))));
    }
    const once = (count: number) =>
      this.#scoped(() => {
        const outer = this.#count;
        if (isVector) this.#count = count;
        body();
        this.#count = outer;
      });
    const repeat = (times: Expression<"i32"> | number) => {
      const [leader, bytes] = steps[0];
      const walked = this.#walked.get(leader)!;
      const end = f.let(i32.add(walked, typeof times === "number" ? times * bytes : i32.mul(times, bytes)));
      f.doWhile(
        () => {
          once(width);
          for (const [pattern, step] of steps) {
            f.set(this.#walked.get(pattern)!, i32.add(this.#walked.get(pattern)!, step));
          }
        },
        () => i32.ltU(walked, end),
      );
    };
    const moveToRest = () => {
      for (const [pattern, bytes] of steps) {
        f.set(this.#walked.get(pattern)!, i32.add(before.get(pattern) ?? 0, whole * bytes));
      }
    };
    if (range !== null) {
      const { first, until, hasRest } = range;
      f.if(i32.ltU(first, until), () => repeat(i32.sub(until, first)));
      if (rest > 0) {
        f.if(hasRest, () => {
          moveToRest();
          once(rest);
        });
      }
    } else {
      if (whole === 1) once(width);
      else if (whole > 1) repeat(whole);
      if (whole === 1 && rest > 0) moveToRest();
      if (rest > 0) once(rest);
    }
    this.#walked.clear();
    for (const [pattern, walked] of before) this.#walked.set(pattern, walked);
  }

  /** For each pattern of strides that moves along a dimension, the bytes of one step; at least one. */
  #moving(dimension: number, width: number): (readonly [pattern: string, bytes: number])[] {
    const { plan } = this;
    const operands = [...plan.loads, ...plan.stores, ...plan.saved.values()];
    const patterns = new Map(operands.map(({ strides }) => [key(strides), strides[dimension] * width] as const));
    const moving = [...patterns].filter(([, bytes]) => bytes !== 0);
    // Where nothing is walked something has to count.
    return moving.length > 0 ? moving : [["counter", 1]];
  }

  /** The loops over the kept dimensions; `range` gives what is done of the first. */
  #keptLoops(depth: number, range: (dimension: number) => Range | null): void {
    const { plan } = this;
    if (depth === plan.keptCount) {
      this.#row();
      return;
    }
    const dimension = plan.order[depth];
    this.#loop(dimension, depth === 0 ? range(dimension) : null, () => {
      this.#loadsAt(depth, plan.loads);
      this.#keptLoops(depth + 1, range);
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
    const width = plan.alongRow ? plan.lanes.width : 1;
    const [length, innermost] = [sizeOf(inner), inner[inner.length - 1]].map((size) => Math.ceil(size / width));
    return this.#reductionsAt(level).map(({ primitive, output }) =>
      plan.lanes.accumulator(this.f, primitive.name, output.dtype, length, innermost),
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
      const dimension = plan.order[depth];
      const isCut = part !== null && depth === plan.keptCount && plan.parts > 1;
      this.#loop(dimension, isCut ? this.#rangeOf(dimension, part) : null, () => {
        this.#loadsAt(depth, loads);
        open(depth + 1);
      });
      if (depth === plan.order.length - 1) for (const accumulator of accumulators) accumulator.flush();
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
      accumulators[i].add(this.#value(input, level), this.#count);
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
