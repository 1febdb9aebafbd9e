import { describe, expect, test } from "vitest";
import { type Entry, lossOf, optionSets } from "../../../registry/entry.ts";
import { lossGoldens } from "../../../registry/goldens.ts";
import { entries } from "../../../registry/index.ts";
import { random, type TensorLike } from "../../../src/index.ts";
import { differentiated, ordinary } from "./arguments.ts";

/** Arguments to try an option at: ordinary ones, those at ends of their domains, alone and together, and points. */
function* places(entry: Entry): Generator<readonly TensorLike[]> {
  const usual: TensorLike[] = ordinary(entry);
  yield usual;
  const ends = Object.values(entry.inputs).map((input) => Object.values(input.degenerate(entry.sizes ?? {})));
  for (const [i, list] of ends.entries()) {
    for (const end of list) yield usual.with(i, end);
  }
  for (let k = 0; k < Math.max(...ends.map((list) => list.length)); k++) {
    yield ends.map((list, i) => (list.length === 0 ? usual[i] : list[k % list.length]));
  }
  for (const { inputs } of entry.points ?? []) yield inputs;
}

/** Value and gradients as numbers, or the message of the error. */
function outcome(name: string, entry: Entry, values: readonly TensorLike[], options: object): number[] | string {
  try {
    const { value, gradients } = differentiated(name, entry, values, options, "float64");
    return [value, ...gradients].flatMap((t) => (t === null ? [] : [...t.data]));
  } catch (error) {
    return (error as Error).message;
  }
}

/** Whether two outcomes differ by more than rounding. */
function differ(a: number[] | string, b: number[] | string): boolean {
  if (typeof a === "string" || typeof b === "string") return a !== b;
  if (a.length !== b.length) return true;
  const scale = Math.max(...[...a, ...b].filter(Number.isFinite).map(Math.abs));
  return a.some((v, i) => !Object.is(v, b[i]) && !(Math.abs(v - b[i]) <= 1e-9 * scale));
}

// A preset may be the defaults by another name.
describe("each setting of a variant changes the value or a gradient somewhere:", () => {
  for (const [name, entry] of Object.entries(entries)) {
    test(name, () => {
      for (const variant of entry.variants ?? []) {
        const options = { ...entry.required, ...variant };
        for (const option of Object.keys(variant)) {
          if (option === "preset") continue;
          const { [option]: _, ...others } = options as Record<string, unknown>;
          const without = { ...entry.required, ...others };
          const matters = [...places(entry)].some((values) =>
            differ(outcome(name, entry, values, options), outcome(name, entry, values, without)),
          );
          expect(matters, `${option} of ${JSON.stringify(options)}`).toBe(true);
        }
      }
    });
  }
});

/** Options with tests of their own: below, in ignored and reductions, and in test/losses/metric/batch.test.ts. */
const elsewhere = new Set(["activation", "generator", "ignoreIndex", "mask", "pairs", "reduction"]);

describe("each option of a loss is varied by a variant, a point or a golden case:", () => {
  const golden = Object.values(lossGoldens).flatMap(({ cases }) => cases);
  for (const [name, entry] of Object.entries(entries)) {
    test(name, () => {
      const cases = golden.filter(({ loss }) => loss === name).map(({ options }) => options);
      const points = (entry.points ?? []).map(({ options = {} }) => options);
      const sets = [entry.required ?? {}, ...(entry.variants ?? []), ...points, ...cases] as Record<string, unknown>[];
      const varied = (option: string) =>
        sets.some((set) => option in set && set[option] !== entry.options[option].default);
      const still = Object.keys(entry.options).filter((option) => !elsewhere.has(option) && !varied(option));
      expect(still).toEqual([]);
    });
  }
});

describe("a generator decides what is drawn, and nothing else does:", () => {
  for (const [name, entry] of Object.entries(entries)) {
    if (!("generator" in entry.options)) continue;
    test(name, () => {
      const drawn = optionSets(entry).map((options) => {
        const values = ordinary(entry);
        const [first, same, other] = [1, 1, 2].map((seed) =>
          lossOf(name)(...values, { ...options, generator: new random.Generator(seed) }).toArray(),
        );
        expect(same).toEqual(first);
        return JSON.stringify(first) !== JSON.stringify(other);
      });
      expect(drawn.some(Boolean), "another seed, another value").toBe(true);
    });
  }
});

describe("an activation makes probabilities of logits:", () => {
  for (const [name, entry] of Object.entries(entries)) {
    if (!entry.options.activation?.domain.includes('"none"')) continue;
    test(name, () => {
      const [first, ...others] = ordinary(entry);
      const logits = new random.Generator(name).normal(first.shape, { std: 4, dtype: "float64" });
      for (const activation of ["sigmoid", "softmax"]) {
        if (!entry.options.activation.domain.includes(activation)) continue;
        const probabilities = activation === "sigmoid" ? logits.sigmoid() : logits.softmax(1);
        const expected = lossOf(name)(probabilities, ...others, { ...entry.required }).item();
        const found = lossOf(name)(logits, ...others, { ...entry.required, activation }).item();
        expect(Math.abs(found - expected), `${activation}: ${found}`).toBeLessThanOrEqual(1e-9 * Math.abs(expected));
      }
    });
  }
});
