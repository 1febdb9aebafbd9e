import { describe, expect, test } from "vitest";
import { optionSets } from "../../../registry/entry.ts";
import { entries } from "../../../registry/index.ts";
import { gradcheck, gradgradcheck } from "../../../src/index.ts";
import { differentiated, ofDifferentiable, ordinary } from "./arguments.ts";

describe("the derivatives of a loss agree with finite differences, to second order, in float64:", () => {
  for (const [name, entry] of Object.entries(entries)) {
    test(name, () => {
      for (const options of optionSets(entry)) {
        const { fn, at } = ofDifferentiable(name, entry, ordinary(entry), options);
        const says = JSON.stringify(options);
        const agree = () => gradcheck(fn, at) && gradgradcheck(fn, at, { atol: 1e-4, rtol: 1e-3 });
        if (entry.detaches?.(options)) {
          expect(agree, `${says} holds nothing constant`).toThrow("central difference");
        } else {
          expect(agree(), says).toBe(true);
        }
      }
    });
  }
});

describe("a loss has a gradient: by each of its arguments, and under all options by one of them at least:", () => {
  for (const [name, entry] of Object.entries(entries)) {
    test(name, () => {
      for (const [k, options] of optionSets(entry).entries()) {
        const { gradients } = differentiated(name, entry, ordinary(entry), options, "float64");
        const live = gradients.filter((g) => g !== null).map(({ data }) => data.some((v) => v !== 0));
        const each = k === 0 && !entry.detaches?.(options);
        expect(each ? live.every(Boolean) : live.some(Boolean), JSON.stringify(options)).toBe(true);
      }
    });
  }
});
