import type { Tensor } from "../../../src/index.ts";
import * as tg from "../../../src/index.ts";
import { withNoise } from "./noise.ts";
import { argumentsOf, functionOf, instantiate, intervene, type Outputs, type Program } from "./program.ts";

type Fn = (...args: Tensor[]) => Outputs;
/** Stands for `compile`: a function of the same signature, perhaps with something to free. */
export type Compile = (fn: Fn) => Fn & { dispose?: () => void };

/** A value to compare: what it is called, and a copy of it; null where there is no tensor. */
type State = ReadonlyMap<string, Tensor | null>;

const calls = 3;
const copy = (t: Tensor): Tensor => tg.tensor(t);

/** Runs a program three times, on new arguments each time, and gives all that can be seen after each call. */
export function observe(program: Program, compile: Compile): State[] {
  const instance = instantiate(program);
  const fn = compile(functionOf(instance));
  try {
    return Array.from({ length: calls }, (_, call) => {
      intervene(instance, call);
      const args = argumentsOf(program, call);
      const { first, rest } = fn(...args);
      const state = new Map<string, Tensor | null>();
      [first, ...rest].forEach((t, i) => {
        state.set(`output v${program.outputs[i]}`, copy(t));
      });
      const taken = program.leaves.filter((leaf) => leaf.role === "argument");
      const seen = [...instance.parameters, ...taken.map((leaf, i) => [leaf.id, args[i]] as const)];
      for (const [id, t] of seen) {
        state.set(`leaf v${id}`, copy(t));
        state.set(`gradient of v${id}`, t.grad && copy(t.grad));
      }
      return state;
    });
  } finally {
    fn.dispose?.();
  }
}

/** By how much results may differ: relative, and of the tensor's scale (at most 1), at least. */
const allowed = {
  float32: { relative: 1e-5, floor: 1e-6 },
  float64: { relative: 1e-11, floor: 1e-12 },
  int32: { relative: 0, floor: 0 },
  bool: { relative: 0, floor: 0 },
};

/** How often rounding errors are tried out before a difference counts: first, and where that is not enough. */
const [few, many] = [4, 40];

const kindOf = (v: number): number => (Number.isNaN(v) ? 2 : Number.isFinite(v) ? 0 : Math.sign(v));

/** The first difference, in words; null when there is none. */
export function difference(program: Program, expected: readonly State[], found: readonly State[]): string | null {
  const disturbed: State[][] = [];
  /** What comes out with other rounding errors, of `count` runs. */
  const noisy = (count: number) => {
    for (let i = disturbed.length; i < count; i++) {
      disturbed.push(withNoise(i, () => observe(program, (fn) => fn), i < few || i % 2 === 0));
    }
    return disturbed;
  };
  for (const [call, state] of expected.entries()) {
    for (const [name, e] of state) {
      const what = `call ${call}, ${name}`;
      const f = found[call].get(name);
      if (e === null || f === null || f === undefined) {
        if (e !== f) return `${what}: expected ${e}, found ${f}`;
        continue;
      }
      if (e.dtype !== f.dtype || e.shape.join() !== f.shape.join()) {
        return `${what}: expected ${e.dtype}[${e.shape}], found ${f.dtype}[${f.shape}]`;
      }
      const { relative, floor } = allowed[e.dtype];
      let scale = 0;
      for (const v of e.data) if (Number.isFinite(v)) scale = Math.max(scale, Math.abs(v));
      const least = floor * Math.min(1, scale) + (floor > 0 ? 1e-37 : 0);
      let moved = 0;
      for (let i = 0; i < e.size; i++) {
        const [x, y] = [e.data[i], f.data[i]];
        if (x === y || Object.is(x, y)) continue;
        const sameKind = kindOf(x) === kindOf(y);
        if (sameKind && Math.abs(x - y) <= relative * Math.abs(x)) continue;
        // Not near. It may be all the same, when rounding errors move the element as far; more runs where it matters.
        const excused = [few, many].some((count) => {
          const others = noisy(count).map((states) => states[call].get(name)!.data[i]);
          if (others.some((v) => kindOf(v) !== kindOf(x))) return true;
          moved = Math.max(...others.map((v) => Math.abs(v - x)));
          return sameKind && Math.abs(x - y) <= relative * Math.abs(x) + least + 8 * moved;
        });
        if (excused) continue;
        return `${what}: ${e.dtype}[${e.shape}] element ${i} is ${y}, not ${x} (rounding errors move it by ${moved})`;
      }
    }
  }
  return null;
}

/** What is wrong with `compile` on this program, in words; null when nothing is. Throws when eager code fails. */
export function failure(program: Program, compile: Compile): string | null {
  const expected = observe(program, (fn) => fn);
  let found: State[];
  try {
    found = observe(program, compile);
  } catch (error) {
    return `threw ${error instanceof Error ? (error.stack ?? error.message).split("\n").slice(0, 8).join("\n    ") : String(error)}`;
  }
  return difference(program, expected, found);
}
