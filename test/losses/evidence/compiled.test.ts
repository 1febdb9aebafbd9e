import { describe, test } from "vitest";
import { type Entry, lossOf, optionSets } from "../../../registry/entry.ts";
import { entries } from "../../../registry/index.ts";
import { compile, grad, manualSeed, type Tensor } from "../../../src/index.ts";
import { expectAllAgree } from "../../compile/agreement.ts";
import { leavesOf, ordinary, termWeights } from "./arguments.ts";

/** The loss and its gradients, of all its arguments. */
const differentiated =
  (name: string, { inputs }: Entry, options: object) =>
  (...all: Tensor[]): Tensor[] => {
    const value = lossOf(name)(...all, options);
    const total = value.mul(termWeights(value)).sum();
    const wanted = all.filter((_, i) => Object.values(inputs)[i].differentiable);
    return [value, ...grad(total, wanted, { allowUnused: true })];
  };

/**
 * Sizes at which vectors have remainders; for the defaults. Options may hold a value for each class of the usual sizes.
 */
const uneven = { n: 37, d: 13, items: 11 };

describe("compiled, a loss and its gradients are what they are eagerly:", () => {
  for (const [name, entry] of Object.entries(entries)) {
    if (entry.compiles === false) continue;
    test(name, () => {
      for (const options of optionSets(entry)) {
        const usual = Object.keys(options).length > 0;
        const given = leavesOf(entry, ordinary(entry, usual ? {} : uneven), "float32");
        const compiled = compile(differentiated(name, entry, options));
        manualSeed(1); // for losses that draw lots
        const found = compiled(...given);
        manualSeed(1);
        expectAllAgree(`${name} ${JSON.stringify(options)}`, found, differentiated(name, entry, options)(...given));
        compiled.dispose();
      }
    });
  }
});
