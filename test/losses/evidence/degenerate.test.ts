import { describe, expect, test } from "vitest";
import { type Entry, lossOf, optionSets } from "../../../registry/entry.ts";
import { entries } from "../../../registry/index.ts";
import { usualSizes } from "../../../registry/inputs.ts";
import { detectAnomaly, type Tensor } from "../../../src/index.ts";
import { differentiated, ordinary } from "./arguments.ts";

/** The loss, its gradients and all that is computed on the way are finite in float32. */
function expectFinite(name: string, entry: Entry, values: readonly Tensor[], options: object, what: string): void {
  const says = `${name} at ${what}, ${JSON.stringify(options)}`;
  let found: ReturnType<typeof differentiated>;
  try {
    found = detectAnomaly(() => differentiated(name, entry, values, options, "float32"));
  } catch (error) {
    throw new Error(says, { cause: error });
  }
  for (const t of [found.value, ...found.gradients]) {
    expect(t === null || t.data.every((v) => Number.isFinite(v)), `${says}: ${t}`).toBe(true);
  }
}

/** As `expectFinite` of the defaults, or an error that names the loss. */
function expectFiniteOrRefused(name: string, entry: Entry, values: readonly Tensor[], what: string): void {
  const [options] = optionSets(entry);
  try {
    lossOf(name)(...values, options);
  } catch (error) {
    expect((error as Error).message, what).toMatch(new RegExp(`^${name}: `));
    return;
  }
  expectFinite(name, entry, values, options, what);
}

/** More combinations than this, and each end of a domain meets ordinary values, and the ends of its own place, only. */
const mostCombinations = 250;

/** Arguments in which some are at the ends of their domains, with words for them. */
function* combinations({ inputs, sizes = {} }: Entry, usual: readonly Tensor[]): Generator<[string, Tensor[]]> {
  const names = Object.keys(inputs);
  const ends = Object.values(inputs).map((input, i) => [
    ["ordinary", usual[i]] as const,
    ...Object.entries(input.degenerate(sizes)),
  ]);
  const words = (picked: (readonly [string, Tensor])[]) => picked.map(([what], i) => `${what} ${names[i]}`).join(", ");
  const count = ends.reduce((product, list) => product * list.length, 1);
  if (count <= mostCombinations) {
    for (let k = 0; k < count; k++) {
      let rest = k;
      const picked = ends.map((list) => {
        const one = list[rest % list.length];
        rest = Math.floor(rest / list.length);
        return one;
      });
      yield [words(picked), picked.map(([, t]) => t)];
    }
    return;
  }
  const longest = Math.max(...ends.map((list) => list.length));
  for (let k = 0; k < longest; k++) {
    const together = ends.map((list) => list[k % list.length]);
    yield [words(together), together.map(([, t]) => t)];
    for (const [i, list] of ends.entries()) {
      const alone = ends.map((other, j) => (j === i ? list[k % list.length] : other[0]));
      yield [words(alone), alone.map(([, t]) => t)];
    }
  }
}

describe("a loss and its gradients are finite in float32, at the ends of its domain and with a batch of one:", () => {
  for (const [name, entry] of Object.entries(entries)) {
    test(name, () => {
      for (const options of optionSets(entry)) {
        for (const [what, values] of combinations(entry, ordinary(entry))) {
          expectFinite(name, entry, values, options, what);
        }
        for (const size of batchSizes(entry)) {
          const least = entry.least?.[size] ?? 1;
          const few = ordinary(entry, { [size]: least });
          expectFinite(name, entry, few, options, `${size} = ${least}`);
        }
      }
      if (hasClasses(entry)) expectFiniteOrRefused(name, entry, ordinary(entry, { classes: 1 }), "one class");
      for (const [size, least] of Object.entries(entry.least ?? {})) {
        if (least === 1) continue;
        const tooFew = ordinary(entry, { [size]: least - 1 });
        expect(() => lossOf(name)(...tooFew, { ...entry.required }), `${size} = ${least - 1}`).toThrow(`${name}: `);
      }
    });
  }
});

describe("embeddings of length 0 do not throw training off: no gradient is above 1e6:", () => {
  for (const [name, entry] of Object.entries(entries)) {
    const places = Object.values(entry.inputs).flatMap(({ kind }, i) => (kind === "embeddings" ? [i] : []));
    if (places.length === 0) continue;
    test(name, () => {
      for (const options of optionSets(entry)) {
        for (const i of places) {
          const usual = ordinary(entry);
          const values = usual.with(i, usual[i].mul(0));
          for (const g of differentiated(name, entry, values, options, "float32").gradients) {
            const largest = g === null ? 0 : g.abs().max().item();
            expect(largest, `${Object.keys(entry.inputs)[i]}, ${JSON.stringify(options)}`).toBeLessThanOrEqual(1e6);
          }
        }
      }
    });
  }
});

/** Whether an argument has an axis of classes whose count may change: options may hold a value for each. */
const hasClasses = ({ inputs }: Entry): boolean => Object.values(inputs).some(({ form }) => form.includes("classes"));

/** The names of sizes that count samples, items or steps in the entry's arguments. */
function batchSizes({ inputs }: Entry): string[] {
  const names = Object.values(inputs).flatMap(({ form }) => form.filter((axis) => typeof axis === "string"));
  return [...new Set(names)].filter((axis) => axis !== "d" && axis !== "classes" && axis in usualSizes);
}
