import type * as tg from "../../../src/index.ts";
import { type ApplicationName, applicationNames, applications, primitiveNames } from "./applications.ts";
import { Builder, sizeOf, type Value } from "./builder.ts";
import type { Intervention, OptimizerName, Program } from "./program.ts";

const optimizers: { [N in OptimizerName]: object } = {
  SGD: { lr: 0.01, momentum: 0.9 },
  Adam: { lr: 0.01 },
  AdamW: { lr: 0.01, weightDecay: 0.1 },
  NAdam: { lr: 0.01 },
  RAdam: { lr: 0.01 },
  RMSprop: { lr: 0.01 },
  Adagrad: { lr: 0.01 },
  Adadelta: { lr: 0.1 },
  Lion: { lr: 0.001 },
};

const oddSizes = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 16, 17, 31, 33];

/** What a seed decides before the first step. */
function describe(random: tg.random.Generator) {
  const next = () => random.next();
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)];
  const sizes = Array.from({ length: 3 }, () => (next() < 0.04 ? 0 : pick(oddSizes)));
  const large = next() < 0.06;
  if (large) sizes.splice(0, 2, 30 + Math.floor(next() * 400), 30 + Math.floor(next() * 100));
  const trains = next() < 0.2;
  const name = pick(Object.keys(optimizers) as OptimizerName[]);
  const float = next() < 0.88 ? ("float32" as const) : ("float64" as const);
  const special = next() < (trains ? 0.02 : 0.15);
  return { sizes, large, float, special, optimizer: trains ? { name, options: { ...optimizers[name] } } : null };
}

/** The program of a seed. */
export function generate(seed: string): Program {
  const b = new Builder(seed, describe);
  const size = b.random.next();
  const count = 1 + Math.floor((b.large ? 8 : 25) * size * size);
  for (let i = 0; i < (b.optimizer === null ? b.whole(1, 3) : 3); i++) {
    b.leaf({
      shape: b.shape(),
      ...(b.optimizer !== null && i < 2
        ? { role: "parameter", requiresGrad: true, kind: "float", dtype: b.float }
        : {}),
    });
  }
  operations(b, count);
  if (b.optimizer !== null) train(b);
  else {
    if (b.chance(0.25)) assignments(b);
    if (b.chance(0.45)) gradients(b, b.chance(0.35) ? 2 : 1);
    if (b.chance(0.15)) assignments(b);
  }
  if (b.chance(0.25)) operations(b, b.whole(1, 4));
  return b.program(chooseOutputs(b), betweenCalls(b));
}

const heavy = ["matmul", "linear", "conv2d", "conv2dInputGradient", "conv2dWeightGradient"] as const;

function operations(b: Builder, count: number): void {
  for (let made = 0, tries = 0; made < count && tries < 4 * count; tries++) {
    if (b.chance(0.02)) constant(b);
    if (b.chance(0.01)) random(b);
    const names = b.large && b.chance(0.4) ? heavy : b.chance(0.7) ? primitiveNames : applicationNames;
    const name = b.pick<ApplicationName>(names);
    if (b.plan(name, applications[name]) !== null) made++;
  }
}

function constant(b: Builder): void {
  const shape = b.chance(0.5) ? [] : b.shape(0, 2);
  const values = Array.from({ length: sizeOf(shape) }, () => b.whole(-8, 8) / 4);
  b.make((to) => ({ do: "constant", values, shape, dtype: b.float, to }), 1, { low: -2, high: 2, grid: 0.25 });
}

function random(b: Builder): void {
  const [low, high] = [b.between(-3, 0), b.between(0.5, 3)];
  const shape = b.shape();
  b.make((to) => ({ do: "random", shape, dtype: b.float, low, high, to }), 1, { low, high });
}

const differentiable = (v: Value): boolean => v.tensor.requiresGrad && !v.stale;

/** The sum of a few values, weighted and scaled down. */
function objective(b: Builder, among: readonly Value[]): Value | null {
  const terms: Value[] = [];
  for (let i = 0; i < b.whole(1, 3); i++) {
    const late = Math.max(b.random.next(), b.random.next()); // with more behind it
    let term = b.fit(among[Math.floor(late * among.length)], -5, 5);
    if (term.tensor.size === 0 && b.chance(0.9)) continue;
    if (b.chance(0.5)) {
      const { shape, dtype } = term.tensor;
      const weights = b.leaf({ shape, dtype, role: "argument", low: -2, high: 2, special: false, requiresGrad: false });
      term = b.apply("mul", { of: [term, weights], low: -10, high: 10 })!;
    } else if (b.chance(0.3)) term = b.apply("square", { of: [term], low: 0, high: 25 })!;
    const all = b.chance(0.5) ? ("mean" as const) : ("sum" as const);
    const n = all === "sum" ? term.tensor.size : 1;
    const most = Math.max(Math.abs(term.low), Math.abs(term.high)) * n;
    terms.push(b.apply(all, { of: [term], with: { keepDims: false }, low: -most, high: most })!);
  }
  let total = terms[0];
  for (const term of terms.slice(1))
    total = b.apply("add", { of: [total, term], low: total.low + term.low, high: total.high + term.high })!;
  return total !== undefined && differentiable(total) ? total : null;
}

/** Gradients by `grad`, or by `backward` and reading `.grad`; of the order `depth`. */
function gradients(b: Builder, depth: number, among: readonly Value[] = b.values): void {
  const candidates = among.filter(differentiable);
  if (candidates.length === 0) return;
  const output = objective(b, candidates);
  if (output === null) return;
  const createGraph = depth > 1;
  const retainGraph = createGraph || b.chance(0.4);
  let made: Value[];
  if (b.chance(0.65)) {
    const inputs = b.values.filter(
      (v) => differentiable(v) && v.id !== output.id && (b.leafOf(v) !== undefined || b.chance(0.1)),
    );
    if (inputs.length === 0) return;
    const chosen = inputs.filter(() => b.chance(0.7));
    const of = [output, ...(chosen.length > 0 ? chosen : [b.pick(inputs)])].map((v) => v.id);
    made = b.make((to) => ({ do: "grad", of, createGraph, retainGraph, to }), of.length - 1);
  } else {
    // A gradient that is added to one of an earlier call hangs on a graph that is gone.
    if (createGraph || b.chance(0.6)) clearGradients(b);
    b.make((to) => ({ do: "backward", of: [output.id], createGraph, retainGraph, to }), 0);
    const leaves = b.values.filter((v) => b.leafOf(v)?.requiresGrad && b.chance(0.6));
    made = leaves.map((v) => b.make((to) => ({ do: "gradientOf", of: [v.id], to }), 1, { stale: !createGraph })[0]);
  }
  if (!retainGraph) for (const v of b.values) if (v.tensor.record !== null) v.stale = true;
  if (b.chance(0.2)) operations(b, b.whole(1, 3));
  const next = made.filter(differentiable);
  if (depth > 1 && next.length > 0) gradients(b, depth - 1, next);
}

function clearGradients(b: Builder): void {
  const of = b.leaves.filter((leaf) => leaf.requiresGrad).map(({ id }) => id);
  b.make((to) => ({ do: "zeroGrad", of, to }), 0);
}

/** Whatever depends on `changed` has a graph that would tell of another value. */
function markStale(b: Builder, changed: readonly number[]): void {
  const tainted = new Set(changed);
  for (const step of b.steps) {
    if (!("of" in step)) continue;
    if (step.of.some((id) => tainted.has(id))) for (const id of step.to) tainted.add(id);
  }
  for (const v of b.values) if (tainted.has(v.id) && b.leafOf(v) === undefined) v.stale = true;
}

function assignments(b: Builder): void {
  for (let i = 0; i < b.whole(1, 2); i++) {
    const free = b.values.filter((v) => b.leafOf(v)?.role === "parameter" && !b.leafOf(v)!.special);
    const target =
      free.length > 0 && b.chance(0.8) ? b.pick(free) : b.leaf({ shape: b.shape(), role: "parameter", special: false });
    const leaf = b.leafOf(target)!;
    if (b.chance(0.2)) {
      swap(b, target);
      continue;
    }
    const { shape, dtype } = target.tensor;
    const like = (v: Value) =>
      v.tensor.dtype === dtype && v.tensor.shape.join() === shape.join() && v.grid >= leaf.grid;
    const others = b.values.filter(like);
    let value = b.chance(0.3) || others.length === 0 ? target : b.pick(others);
    if (leaf.grid > 0 || dtype === "int32" || dtype === "bool") {
      if (value === target && dtype !== "bool")
        value = b.apply("neg", { of: [value], low: -value.high, high: -value.low, grid: value.grid })!;
      if (dtype !== "bool" && (value.low < leaf.low || value.high > leaf.high)) {
        const low = Math.ceil(leaf.low);
        const high = Math.floor(leaf.high);
        value = b.apply("maximum", {
          of: [value],
          with: { number: low },
          low,
          high: Math.max(low, value.high),
          grid: value.grid,
        })!;
        value = b.apply("minimum", { of: [value], with: { number: high }, low, high, grid: value.grid })!;
      }
      if (value.tensor.dtype !== dtype) continue;
    } else {
      if (value === target)
        value = b.apply("mul", {
          of: [value],
          with: { number: 0.9 },
          low: Math.min(0, value.low),
          high: Math.max(0, value.high),
        })!;
      value = b.fit(value, leaf.low, leaf.high);
    }
    // Special values would leave the range that was promised for the parameter.
    b.make((to) => ({ do: "assign", of: [target.id, value.id], to }), 0);
    markStale(b, [target.id]);
    if (b.chance(0.7)) operations(b, b.whole(1, 2));
  }
}

/** Two parameters take each other's values. */
function swap(b: Builder, x: Value): void {
  const { shape, dtype, low, high, grid, requiresGrad } = b.leafOf(x)!;
  const y = b.leaf({ shape, dtype, low, high, grid, requiresGrad, role: "parameter", special: false });
  const kept = b.apply("add", { of: [x], with: { number: 0 }, low, high, grid })!;
  if (kept.tensor.dtype !== dtype) return;
  b.make((to) => ({ do: "assign", of: [x.id, y.id], to }), 0);
  b.make((to) => ({ do: "assign", of: [y.id, kept.id], to }), 0);
  markStale(b, [x.id, y.id]);
}

/** One or two steps of the optimizer. */
function train(b: Builder): void {
  for (let i = 0; i < (b.chance(0.15) ? 2 : 1); i++) {
    const candidates = b.values.filter(differentiable);
    if (candidates.length === 0) return;
    if (b.chance(0.75)) clearGradients(b);
    const output = objective(b, candidates);
    if (output === null) return;
    b.make((to) => ({ do: "backward", of: [output.id], createGraph: false, retainGraph: false, to }), 0);
    for (const v of b.values) if (v.tensor.record !== null) v.stale = true;
    if (b.chance(0.2)) {
      const trained = b.values.filter((v) => b.leafOf(v)?.requiresGrad);
      b.make((to) => ({ do: "gradientOf", of: [b.pick(trained).id], to }), 1, { stale: true });
    }
    b.make((to) => ({ do: "optimizerStep", of: [], to }), 0);
    markStale(
      b,
      b.leaves.filter(({ role, requiresGrad }) => role === "parameter" && requiresGrad).map(({ id }) => id),
    );
    operations(b, b.whole(0, 4));
  }
}

function chooseOutputs(b: Builder): number[] {
  const made = b.values.filter((v) => b.leafOf(v) === undefined);
  const chosen = made.filter((_, i) => i === made.length - 1 || b.chance(0.25)).map((v) => v.id);
  if (chosen.length > 0 && b.chance(0.05)) chosen.push(chosen[0]);
  if (b.chance(0.05)) chosen.push(b.pick(b.values).id);
  return chosen.length > 0 ? chosen : [b.values[0].id];
}

function betweenCalls(b: Builder): Intervention[][] {
  const parameters = b.leaves.filter((leaf) => leaf.role === "parameter").map(({ id }) => id);
  return [1, 2].map(() => {
    const actions: Intervention[] = [];
    for (const leaf of parameters) {
      if (b.chance(0.25)) actions.push({ do: b.pick(["write", "assign", "clearGradient"] as const), leaf });
    }
    if (b.optimizer !== null && b.chance(0.5)) actions.push({ do: "lr", lr: b.between(0.001, 0.05) });
    return actions;
  });
}
