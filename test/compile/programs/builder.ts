import type { DType, Shape, Tensor } from "../../../src/index.ts";
import * as tg from "../../../src/index.ts";
import type { Application, ApplicationName } from "./applications.ts";
import { type Attributes, drawLeaf, execute, type Instance, type Leaf, type Program, type Step } from "./program.ts";

/** A value of the program being built: what it was in a first run, and what is known about it in every run. */
export interface Value {
  readonly id: number;
  readonly tensor: Tensor;
  /** Its elements, special ones aside, are in [low, high]. */
  readonly low: number;
  readonly high: number;
  /** Its elements are multiples of this power of two, and so known without rounding; 0 when they may be rounded. */
  readonly grid: number;
  /** No gradient may flow through it any more: an input was assigned to, or the graph is gone. */
  stale: boolean;
}

/** What an application of an operation is: its operands, its attributes, and what is known of its result. */
export interface Planned {
  of: readonly Value[];
  with?: Attributes;
  low: number;
  high: number;
  grid?: number;
}

export type Kind = "float" | "int" | "bool" | "whole" | "number" | "any";

const kinds: Record<Kind, readonly DType[]> = {
  float: ["float32", "float64"],
  int: ["int32"],
  bool: ["bool"],
  whole: ["int32", "bool"],
  number: ["float32", "float64", "int32"],
  any: ["float32", "float64", "int32", "bool"],
};

export interface Wanted {
  /** Default "float". */
  kind?: Kind;
  /** Where its elements must be. */
  low?: number;
  high?: number;
  /** Not rounded: for operations whose result jumps. */
  exact?: boolean;
  shape?: (shape: Shape) => boolean;
  /** The shape of a new leaf that would do. */
  newShape?: () => Shape;
}

/** The elements that a value has at most: larger ones would be slow. */
const mostElements = { small: 6000, large: 60_000 };
const tooLarge = new Error("too large");
const widest = 1e3;
const int32 = [-(2 ** 31), 2 ** 31 - 1] as const;

/** Builds a program step by step, and runs each step at once, which gives shapes and dtypes. */
export class Builder {
  readonly random: tg.random.Generator;
  readonly values: Value[] = [];
  readonly leaves: Leaf[] = [];
  readonly steps: Step[] = [];
  readonly seed: string;
  readonly sizes: readonly number[];
  /** Has sizes at which products and convolutions are cut into blocks. */
  readonly large: boolean;
  readonly float: "float32" | "float64";
  readonly special: boolean;
  readonly optimizer: Program["optimizer"];
  private nextId = 0;
  private readonly live = new Map<number, Tensor>();

  constructor(
    seed: string,
    describe: (random: tg.random.Generator) => Pick<Builder, "sizes" | "large" | "float" | "special" | "optimizer">,
  ) {
    this.seed = seed;
    this.random = new tg.random.Generator(seed);
    ({
      sizes: this.sizes,
      large: this.large,
      float: this.float,
      special: this.special,
      optimizer: this.optimizer,
    } = describe(this.random));
  }

  private get mostElements(): number {
    return mostElements[this.large ? "large" : "small"];
  }

  // Choices.

  chance(p: number): boolean {
    return this.random.next() < p;
  }

  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.random.next() * list.length)];
  }

  /** low, ..., high. */
  whole(low: number, high: number): number {
    return low + Math.floor(this.random.next() * (high - low + 1));
  }

  /** A number on [low, high] with few digits. */
  between(low: number, high: number): number {
    return Number((low + this.random.next() * (high - low)).toPrecision(3));
  }

  size(): number {
    return this.pick(this.sizes);
  }

  shape(least = 0, most = 3): Shape {
    for (;;) {
      const shape = Array.from({ length: this.whole(least, most) }, () => (this.chance(0.15) ? 1 : this.size()));
      if (sizeOf(shape) <= this.mostElements / 4) return shape;
    }
  }

  // Values.

  /** A value as wanted, there already or new. */
  value(wanted: Wanted = {}): Value {
    const { kind = "float", low = -widest, high = widest, exact = false, shape = () => true } = wanted;
    const inside = (v: Value) => v.low >= low && v.high <= high;
    const fits = (v: Value) => {
      if (exact) return v.grid > 0 && inside(v);
      // Whole numbers are not moved and scaled; where nothing is wanted of them they may be of any size.
      return kinds.float.includes(v.tensor.dtype) || wanted.low === undefined || inside(v);
    };
    const found = this.values.filter((v) => kinds[kind].includes(v.tensor.dtype) && shape(v.tensor.shape) && fits(v));
    if (found.length === 0 || this.chance(0.15)) {
      const { newShape = () => this.shape() } = wanted;
      const range = wanted.low === undefined ? {} : { low: wanted.low, high: wanted.high };
      return this.fit(this.leaf({ shape: newShape(), kind, exact, ...range }), low, high);
    }
    const recent = Math.max(this.random.next(), this.random.next());
    return this.fit(found[Math.floor(recent * found.length)], low, high);
  }

  /** Operands that jump where they should not be rounded: mostly exact ones. */
  decided(wanted: Wanted = {}): Value {
    return this.value({ ...wanted, exact: this.chance(0.9) });
  }

  leaf(options: {
    shape: Shape;
    kind?: Kind;
    dtype?: DType;
    low?: number;
    high?: number;
    exact?: boolean;
    role?: Leaf["role"];
    grid?: number;
    requiresGrad?: boolean;
    special?: boolean;
  }): Value {
    const { shape, kind = "float", exact = false } = options;
    if (sizeOf(shape) > this.mostElements) throw tooLarge;
    const other = this.float === "float32" ? "float64" : "float32";
    const dtypes = kinds[kind].filter((d) => d !== other);
    const dtype = options.dtype ?? (this.chance(0.6) && dtypes.includes(this.float) ? this.float : this.pick(dtypes));
    const isFloat = dtype === this.float || dtype === other;
    const role = options.role ?? (this.chance(0.6) ? "argument" : "parameter");
    const requiresGrad = options.requiresGrad ?? (isFloat && this.chance(role === "parameter" ? 0.75 : 0.15));
    const trained = this.optimizer !== null && role === "parameter" && requiresGrad && !exact;
    let { low = isFloat ? -3 : -6, high = isFloat ? 3 : 6 } = options;
    if (dtype === "int32" && options.low === undefined && !exact && this.chance(0.05)) [low, high] = int32;
    let grid = options.grid ?? (exact || this.chance(0.4) ? this.pick([1, 0.5, 0.25]) : 0);
    if (!isFloat) grid = 1;
    if (trained) grid = 0;
    if (dtype === "bool") [low, high] = [0, 1];
    if (grid > 0 && Math.floor(high / grid) < Math.ceil(low / grid)) grid = 0;
    const special = options.special ?? (this.special && isFloat && this.chance(0.4));
    const id = this.nextId++;
    // An exact parameter stays as it is: no optimizer changes it.
    const leaf: Leaf = {
      id,
      role,
      shape,
      dtype,
      low,
      high,
      grid,
      special,
      requiresGrad: requiresGrad && !(exact && this.optimizer !== null && role === "parameter"),
    };
    this.leaves.push(leaf);
    const tensor = drawLeaf(this.program([]), leaf, "start");
    this.live.set(id, tensor);
    const value: Value = {
      id,
      tensor,
      low: trained ? Number.NEGATIVE_INFINITY : low,
      high: trained ? Number.POSITIVE_INFINITY : high,
      grid,
      stale: false,
    };
    this.values.push(value);
    return value;
  }

  leafOf(value: Value): Leaf | undefined {
    return this.leaves.find(({ id }) => id === value.id);
  }

  /** `value`, or it moved and scaled so that its elements are in [low, high]. Whole numbers stay as they are. */
  fit(value: Value, low: number, high: number): Value {
    if (!kinds.float.includes(value.tensor.dtype) || (value.low >= low && value.high <= high)) return value;
    let v = value;
    if (!(v.high - v.low < 1e4)) v = this.apply("tanh", { of: [v], low: -1, high: 1 })!;
    else if (this.chance(0.35)) {
      const squash = this.pick(["sin", "sigmoid"] as const);
      v = this.apply(squash, { of: [v], low: squash === "sin" ? -1 : 0, high: 1 })!;
    }
    if (v.low >= low && v.high <= high) return v;
    const room = 0.96 * (high - low);
    const width = v.high - v.low;
    if (width > room) {
      const factor = Number((room / width).toPrecision(2));
      v = this.apply("mul", { of: [v], with: { number: factor }, low: v.low * factor, high: v.high * factor })!;
    }
    const shift = Number(((low + high) / 2 - (v.low + v.high) / 2).toPrecision(4));
    if (v.low >= low && v.high <= high) return v;
    return this.apply("add", { of: [v], with: { number: shift }, low: v.low + shift, high: v.high + shift })!;
  }

  // Steps.

  /** Appends an application of an operation; null when its result would be too large. */
  apply(name: ApplicationName, { of, with: attributes = {}, low, high, grid = 0 }: Planned): Value | null {
    const noGrad = this.chance(0.04) ? { noGrad: true as const } : {};
    const id = this.nextId;
    this.step({ do: name, of: of.map((v) => v.id), with: attributes, to: [id], ...noGrad });
    const tensor = this.live.get(id)!;
    if (tensor.size > this.mostElements) {
      this.steps.pop();
      this.live.delete(id);
      return null;
    }
    this.nextId++;
    const isFloat = kinds.float.includes(tensor.dtype);
    const bits = tensor.dtype === "float32" ? 2 ** 22 : 2 ** 30;
    const exact = !isFloat || (grid > 0 && Math.max(Math.abs(low), Math.abs(high)) / grid < bits);
    const stale = of.some((v) => v.stale);
    const wraps = tensor.dtype === "int32" && (low < int32[0] || high > int32[1]);
    const [from, to] = wraps ? int32 : [low, high];
    const value: Value = { id, tensor, low: from, high: to, grid: exact ? Math.max(grid, isFloat ? 0 : 1) : 0, stale };
    this.values.push(value);
    return value;
  }

  /** Appends a step that makes no values of interest. */
  step(step: Step): void {
    const instance: Instance = {
      program: this.program([]),
      parameters: new Map(),
      optimizer: null,
      generator: new tg.random.Generator("building"),
    };
    execute(step, this.live, instance);
    this.steps.push(step);
  }

  /** Appends a step that makes tensors, about which little is known. */
  make(step: (ids: number[]) => Step, count: number, known: Partial<Value> = {}): Value[] {
    const ids = Array.from({ length: count }, () => this.nextId++);
    this.step(step(ids));
    return ids.map((id) => {
      const value: Value = {
        id,
        tensor: this.live.get(id)!,
        low: Number.NEGATIVE_INFINITY,
        high: Number.POSITIVE_INFINITY,
        grid: 0,
        stale: false,
        ...known,
      };
      this.values.push(value);
      return value;
    });
  }

  /**
   * Appends an application of an operation to values that it chooses; null when nothing suits, or would be too large.
   */
  plan(name: ApplicationName, { plan }: Pick<Application, "plan">): Value | null {
    try {
      const planned = plan(this);
      return planned === null ? null : this.apply(name, planned);
    } catch (error) {
      if (error === tooLarge) return null;
      throw error;
    }
  }

  program(outputs: readonly number[], between: Program["between"] = []): Program {
    const { seed, leaves, optimizer, steps } = this;
    return { seed, leaves: [...leaves], optimizer, steps: [...steps], outputs, between };
  }
}

export const sizeOf = (shape: Shape): number => shape.reduce((n, s) => n * s, 1);
