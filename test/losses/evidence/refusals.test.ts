import { describe, expect, test } from "vitest";
import { type Entry, lossOf } from "../../../registry/entry.ts";
import { entries } from "../../../registry/index.ts";
import { type Input, shapeOf } from "../../../registry/inputs.ts";
import { type Tensor, type TensorLike, tensor, zeros } from "../../../src/index.ts";
import { ordinary, seeded } from "./arguments.ts";

/** The error of a call; fails when there is none. */
function errorOf(name: string, args: readonly unknown[], what: string): string {
  try {
    lossOf(name)(...args);
  } catch (error) {
    return String((error as Error).message);
  }
  throw new Error(`${name} takes ${what}`);
}

/** Each argument with one axis longer than the others say, by what was done to it. */
function* misshapen({ inputs, sizes = {} }: Entry): Generator<[string, TensorLike, number]> {
  const forms = Object.values(inputs).map(({ form }) => form);
  for (const [i, [name, { form }]] of Object.entries(inputs).entries()) {
    for (const [axis, size] of form.entries()) {
      const shared = typeof size === "string" && forms.some((other, j) => j !== i && other.includes(size));
      if (!shared) continue;
      const longer = shapeOf(form, sizes).map((s, j) => (j === axis ? s + 1 : s));
      yield [`${name} [${longer}]`, stretched(Object.values(inputs)[i].ordinary(sizes), longer), i];
    }
  }
}

/** The values of t, repeated to another shape. */
function stretched(t: Tensor, shape: number[]): Tensor {
  const { size } = zeros(shape);
  return tensor(
    Array.from({ length: size }, (_, i) => t.data[i % t.size]),
    { dtype: t.dtype, shape },
  );
}

/** How an error may name an argument: by its name, by either half of labelsOrProbabilities, and labels as such. */
const said = (argument: string, { kind }: Input): string => {
  const halves = argument
    .split(/Or(?=[A-Z])/)
    .map((part, i) => (i === 0 ? part : part[0].toLowerCase() + part.slice(1)));
  return [...halves, ...(kind === "labels" ? ["labels"] : [])].join("|");
};

describe("a loss refuses bad input with an error that names it and what was wrong:", () => {
  for (const [name, entry] of Object.entries(entries)) {
    const values = ordinary(entry);
    const names = Object.entries(entry.inputs).map(([argument, input]) => said(argument, input));
    const { required = {} } = entry;

    test(`${name}, arguments`, () => {
      for (const [i, [argument, input]] of Object.entries(entry.inputs).entries()) {
        for (const [what, wrong] of Object.entries(input.wrong(entry.sizes ?? {}))) {
          const message = errorOf(name, [...values.with(i, tensor(wrong)), required], `${argument} with ${what}`);
          expect(message, `${argument} with ${what}`).toMatch(
            new RegExp(`^${name}: .*(${said(argument, input)})`, "s"),
          );
        }
      }
      for (const [what, wrong, i] of misshapen(entry)) {
        const message = errorOf(name, [...values.with(i, tensor(wrong)), required], what);
        expect(message, what).toMatch(new RegExp(`^${name}: .*(${names.join("|")})`, "s"));
      }
    });

    test(`${name}, options`, () => {
      const unknown = errorOf(name, [...values, { ...required, tempreature: 1 }], "a misspelt option");
      const known = Object.keys(entry.options).join(", ") || "no options";
      expect(unknown).toBe(`${name}: unknown option "tempreature"; it takes ${known}`);
      for (const [option, { wrong }] of Object.entries(entry.options)) {
        for (const value of wrong) {
          const what = `${option}: ${String(value)}`;
          const message = errorOf(name, [...values, { ...required, [option]: value }], what);
          expect(message, what).toMatch(new RegExp(`^${name}: .*${option}`, "s"));
        }
      }
    });

    test(`${name}, defaults are those of its entry`, () => {
      const defaults = Object.entries(entry.options).map(([option, { default: value }]) => [option, value]);
      const spelt = { ...Object.fromEntries(defaults), ...required };
      expect(seeded(name)(...values, spelt).toArray()).toEqual(seeded(name)(...values, required).toArray());
    });
  }
});
