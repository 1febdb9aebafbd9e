import type { DType, Shape, Tensor } from "../../../src/index.ts";
import * as tg from "../../../src/index.ts";
import { type ApplicationName, apply } from "./applications.ts";

/** A tensor from outside: an argument of the function, or a parameter that it captures. */
export interface Leaf {
  readonly id: number;
  readonly role: "argument" | "parameter";
  readonly shape: Shape;
  readonly dtype: DType;
  /** Its values are uniform on [low, high]. */
  readonly low: number;
  readonly high: number;
  /** Its values are multiples of this; 0 for any. */
  readonly grid: number;
  /** Some values are NaN, infinite, 0 or -0. */
  readonly special: boolean;
  readonly requiresGrad: boolean;
}

export type Attributes = Readonly<Record<string, unknown>>;

/** One line of a program. Values have numbers: `of` names those it takes, `to` those it makes. */
export type Step =
  | { readonly do: ApplicationName; of: readonly number[]; with: Attributes; to: readonly number[]; noGrad?: true }
  /** A tensor made inside the function. */
  | { readonly do: "constant"; values: readonly number[]; shape: Shape; dtype: DType; to: readonly number[] }
  /** Uniform numbers on [low, high] from the program's generator. */
  | {
      readonly do: "random";
      shape: Shape;
      dtype: "float32" | "float64";
      low: number;
      high: number;
      to: readonly number[];
    }
  /** Gradients of the scalar `of[0]` with respect to the others. */
  | { readonly do: "grad"; of: readonly number[]; createGraph: boolean; retainGraph: boolean; to: readonly number[] }
  | {
      readonly do: "backward";
      of: readonly number[];
      createGraph: boolean;
      retainGraph: boolean;
      to: readonly number[];
    }
  /** `.grad` of a leaf, or zeros. */
  | { readonly do: "gradientOf"; of: readonly number[]; to: readonly number[] }
  | { readonly do: "zeroGrad"; of: readonly number[]; to: readonly number[] }
  /** of[0].assign(of[1]) */
  | { readonly do: "assign"; of: readonly number[]; to: readonly number[] }
  | { readonly do: "optimizerStep"; of: readonly number[]; to: readonly number[] };

/** What is done with eager code before a call. */
export type Intervention =
  | { readonly do: "write" | "assign" | "clearGradient"; readonly leaf: number }
  | { readonly do: "lr"; readonly lr: number };

export type OptimizerName = "SGD" | "Adam" | "AdamW" | "NAdam" | "RAdam" | "RMSprop" | "Adagrad" | "Adadelta" | "Lion";

/** A function as data: what it takes, captures, does and returns, and what happens between its calls. */
export interface Program {
  readonly seed: string;
  readonly leaves: readonly Leaf[];
  readonly optimizer: { readonly name: OptimizerName; readonly options: Attributes } | null;
  readonly steps: readonly Step[];
  readonly outputs: readonly number[];
  /** Before the second call, before the third, ... */
  readonly between: readonly (readonly Intervention[])[];
}

/** A program with parameters, optimizer and generator of its own. */
export interface Instance {
  readonly program: Program;
  readonly parameters: ReadonlyMap<number, Tensor>;
  readonly optimizer: tg.optim.PerParameterOptimizer | null;
  readonly generator: tg.random.Generator;
}

const specials = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -0];

/** The values of a leaf at one occasion, which its number and the program's seed decide. */
export function drawLeaf(program: Program, leaf: Leaf, occasion: string): Tensor {
  const { shape, dtype, low, high, grid, special } = leaf;
  const generator = new tg.random.Generator(`${program.seed}/${leaf.id}/${occasion}`);
  const size = shape.reduce((n, s) => n * s, 1);
  const values = Array.from({ length: size }, () => {
    const chosen = special && generator.next() < 0.2;
    const u = generator.next();
    if (chosen) return specials[Math.floor(u * specials.length)];
    if (grid === 0) return low + u * (high - low);
    const [first, last] = [Math.ceil(low / grid), Math.floor(high / grid)];
    return (first + Math.floor(u * (last - first + 1))) * grid;
  });
  return tg.tensor(values, { shape, dtype, requiresGrad: leaf.requiresGrad });
}

export function instantiate(program: Program): Instance {
  const parameters = new Map<number, Tensor>();
  for (const leaf of program.leaves) {
    if (leaf.role === "parameter") parameters.set(leaf.id, drawLeaf(program, leaf, "start"));
  }
  const trained = [...parameters.values()].filter((t) => t.requiresGrad);
  let optimizer: Instance["optimizer"] = null;
  if (program.optimizer !== null && trained.length > 0) {
    const { name, options } = program.optimizer;
    const Class = tg.optim[name] as new (p: Tensor[], o: object) => tg.optim.PerParameterOptimizer;
    optimizer = new Class(trained, options);
  }
  return { program, parameters, optimizer, generator: new tg.random.Generator(`${program.seed}/random`) };
}

export const argumentsOf = (program: Program, call: number): Tensor[] =>
  program.leaves.filter((leaf) => leaf.role === "argument").map((leaf) => drawLeaf(program, leaf, `call ${call}`));

export interface Outputs {
  first: Tensor;
  rest: Tensor[];
}

/** The program as a function of its arguments. */
export function functionOf(instance: Instance): (...args: Tensor[]) => Outputs {
  const { program } = instance;
  const taken = program.leaves.filter((leaf) => leaf.role === "argument");
  return (...args) => {
    const values = new Map(instance.parameters);
    taken.forEach((leaf, i) => {
      values.set(leaf.id, args[i]);
    });
    for (const step of program.steps) execute(step, values, instance);
    const [first, ...rest] = program.outputs.map((id) => values.get(id)!);
    return { first, rest };
  };
}

/** Runs one step; `values` gains what it makes. */
export function execute(step: Step, values: Map<number, Tensor>, { optimizer, generator }: Instance): void {
  const made = run();
  step.to.forEach((id, i) => {
    values.set(id, made[i]);
  });

  function run(): readonly Tensor[] {
    switch (step.do) {
      case "constant":
        return [tg.tensor([...step.values], { shape: step.shape, dtype: step.dtype })];
      case "random": {
        const { shape, low, high, dtype } = step;
        return [tg.random.uniform(shape, { low, high, dtype, generator })];
      }
      case "grad": {
        const [output, ...inputs] = step.of.map((id) => values.get(id)!);
        if (!output.requiresGrad) return inputs.map((t) => tg.zerosLike(t));
        const { createGraph, retainGraph } = step;
        return tg.grad(output, inputs, { createGraph, retainGraph, allowUnused: true });
      }
      case "backward": {
        const output = values.get(step.of[0])!;
        const { createGraph, retainGraph } = step;
        if (output.requiresGrad) output.backward(undefined, { createGraph, retainGraph });
        return [];
      }
      case "gradientOf": {
        const leaf = values.get(step.of[0])!;
        return [leaf.grad ?? tg.zerosLike(leaf)];
      }
      case "zeroGrad":
        optimizer?.zeroGrad();
        for (const id of step.of) values.get(id)!.grad = null;
        return [];
      case "assign": {
        const [target, value] = step.of.map((id) => values.get(id)!);
        tg.noGrad(() => target.assign(value));
        return [];
      }
      case "optimizerStep":
        optimizer?.step();
        return [];
      default: {
        const { do: name, of, with: attributes } = step;
        const inputs = of.map((id) => values.get(id)!);
        const call = () => [apply(name, inputs, attributes)];
        return step.noGrad ? tg.noGrad(call) : call();
      }
    }
  }
}

/** Does what eager code does before call number `call` (0 is the first). */
export function intervene(instance: Instance, call: number): void {
  const { program, parameters, optimizer } = instance;
  for (const action of program.between[call - 1] ?? []) {
    if (action.do === "lr") {
      if (optimizer !== null) optimizer.lr = action.lr;
      continue;
    }
    const leaf = program.leaves.find(({ id }) => id === action.leaf);
    const target = parameters.get(action.leaf);
    if (leaf === undefined || target === undefined) continue;
    const value = drawLeaf(program, leaf, `before ${call}`);
    if (action.do === "clearGradient") target.grad = null;
    else if (action.do === "assign") tg.noGrad(() => target.assign(value.detach()));
    else for (let i = 0; i < target.size; i++) target.data[i] = value.data[i];
  }
}

/** One line for each leaf and step, to read. */
export function format({ seed, leaves, optimizer, steps, outputs, between }: Program): string {
  const v = (ids: readonly number[]) => ids.map((id) => `v${id}`).join(", ");
  const lines = leaves.map((l) => {
    const marks = [
      l.grid > 0 ? `grid ${l.grid}` : "",
      l.special ? "special" : "",
      l.requiresGrad ? "requires grad" : "",
    ];
    const range = [`${l.low}..${l.high}`, ...marks.filter(Boolean)].join(", ");
    return `v${l.id} = ${l.role} ${l.dtype}[${l.shape}] ${range}`;
  });
  for (const { do: name, to, ...rest } of steps) {
    const { of = [], with: attributes, ...more } = rest as { of?: readonly number[]; with?: Attributes };
    const text = JSON.stringify({ ...attributes, ...more });
    const detail = text === "{}" ? "" : ` ${text}`;
    lines.push(`${to.length > 0 ? `${v(to)} = ` : ""}${name}(${v(of)})${detail}`);
  }
  if (optimizer !== null) lines.unshift(`optimizer ${optimizer.name} ${JSON.stringify(optimizer.options)}`);
  lines.push(`return ${v(outputs)}`);
  if (between.some((list) => list.length > 0)) lines.push(`between calls: ${JSON.stringify(between)}`);
  return [`program ${seed}`, ...lines].join("\n  ");
}
