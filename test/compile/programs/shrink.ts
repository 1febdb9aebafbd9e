import { sizeOf } from "./builder.ts";
import { type Compile, failure } from "./check.ts";
import { argumentsOf, functionOf, instantiate, type Leaf, type Program, type Step } from "./program.ts";

/** Without steps, leaves and interventions that change nothing that can be seen, and none besides. */
function withoutTheDead(program: Program): Program {
  const needed = new Set(program.outputs);
  const kept: Step[] = [];
  for (const step of [...program.steps].reverse()) {
    const acts = step.to.length === 0 || step.do === "grad";
    const used = step.to.some((id) => needed.has(id));
    if (!used && !(acts && step.to.length === 0)) continue;
    kept.unshift(step);
    if ("of" in step) for (const id of step.of) needed.add(id);
  }
  const leaves = program.leaves.filter(({ id }) => needed.has(id));
  const between = program.between.map((list) => list.filter((a) => a.do === "lr" || needed.has(a.leaf)));
  return { ...program, steps: kept, leaves, between };
}

/** A leaf in place of what a step makes, as it was in the first call. */
function cut(program: Program, at: number): Program | null {
  const step = program.steps[at];
  if (step.to.length !== 1) return null;
  const [id] = step.to;
  const probe = withoutTheDead({ ...program, steps: program.steps.slice(0, at + 1), outputs: [id], optimizer: null });
  const { first } = functionOf(instantiate(probe))(...argumentsOf(probe, 0));
  const finite = [...first.data].filter(Number.isFinite);
  const isFloat = first.dtype.startsWith("float");
  const leaf: Leaf = {
    id,
    role: "argument",
    shape: first.shape,
    dtype: first.dtype,
    low: finite.length > 0 ? Math.min(...finite) : 0,
    high: finite.length > 0 ? Math.max(...finite) : 0,
    grid: isFloat ? 0 : 1,
    special: false,
    requiresGrad: isFloat && first.requiresGrad,
  };
  return { ...program, leaves: [...program.leaves, leaf], steps: program.steps.filter((_, i) => i !== at) };
}

function* smaller(program: Program): Generator<Program | null> {
  const { outputs, steps, leaves, between } = program;
  if (outputs.length > 1) for (const id of outputs) yield { ...program, outputs: [id] };
  if (between.some((list) => list.length > 0)) yield { ...program, between: [] };
  for (const step of steps)
    for (const id of step.to) if (outputs.length > 1 || outputs[0] !== id) yield { ...program, outputs: [id] };
  for (let i = 0; i < steps.length; i++)
    if (steps[i].to.length === 0) yield { ...program, steps: steps.filter((_, j) => j !== i) };
  for (let i = 0; i < outputs.length; i++)
    if (outputs.length > 1) yield { ...program, outputs: outputs.filter((_, j) => j !== i) };
  for (let i = steps.length - 1; i >= 0; i--) yield cut(program, i);
  for (const [i, step] of steps.entries()) {
    if ("noGrad" in step)
      yield { ...program, steps: steps.map((s, j) => (i === j ? { ...step, noGrad: undefined } : s)) as Step[] };
  }
  const changed = new Set(steps.flatMap((step) => (step.do === "assign" ? [step.of[0]] : [])));
  for (const leaf of leaves) {
    const instead = (part: Partial<Leaf>) => ({
      ...program,
      leaves: leaves.map((l) => (l === leaf ? { ...l, ...part } : l)),
    });
    if (leaf.special) yield instead({ special: false });
    if (leaf.requiresGrad) yield instead({ requiresGrad: false });
    if (leaf.role === "parameter" && !changed.has(leaf.id)) yield instead({ role: "argument" });
  }
  if (program.optimizer !== null) yield { ...program, optimizer: null };
}

const weight = (p: Program): number =>
  100 * p.steps.length +
  10 * p.outputs.length +
  p.leaves.reduce(
    (n, l) =>
      n + 5 + sizeOf(l.shape) / 1e4 + (l.special ? 3 : 0) + (l.requiresGrad ? 2 : 0) + (l.role === "parameter" ? 2 : 0),
    0,
  ) +
  p.between.reduce((n, list) => n + 4 * list.length, 0) +
  p.steps.filter((s) => "noGrad" in s && s.noGrad).length +
  (p.optimizer === null ? 0 : 20);

/**
 * A program that fails as well, and of which no smaller one that was tried does. After at most `most` tries; `counts`
 * says which failures are the one that is looked for.
 */
export function shrink(
  program: Program,
  compile: Compile,
  most = 400,
  counts: (failure: string) => boolean = () => true,
): Program {
  const fails = (candidate: Program): boolean => {
    try {
      const found = failure(candidate, compile);
      return found !== null && counts(found);
    } catch {
      return false; // it is no program any more
    }
  };
  let best = withoutTheDead(program);
  if (!fails(best)) best = program;
  let left = most;
  search: while (left > 0) {
    for (const candidate of smaller(best)) {
      if (left-- <= 0) break;
      let tidy: Program;
      try {
        if (candidate === null) continue;
        tidy = withoutTheDead(candidate);
      } catch {
        continue;
      }
      if (weight(tidy) < weight(best) && fails(tidy)) {
        best = tidy;
        continue search;
      }
    }
    return best;
  }
  return best;
}
