import { describe, expect, test } from "vitest";
import { optionSets } from "../../../registry/entry.ts";
import { entries } from "../../../registry/index.ts";
import { gradcheck, gradgradcheck } from "../../../src/index.ts";
import { ofDifferentiable, ordinary } from "./arguments.ts";

describe("the derivatives of a loss agree with finite differences, to second order, in float64:", () => {
  for (const [name, entry] of Object.entries(entries)) {
    if (entry.smooth === false) continue;
    test(name, () => {
      for (const options of optionSets(entry)) {
        if (entry.detaches?.(options)) continue;
        const { fn, at } = ofDifferentiable(name, entry, ordinary(entry), options);
        expect(gradcheck(fn, at), JSON.stringify(options)).toBe(true);
        expect(gradgradcheck(fn, at, { atol: 1e-4, rtol: 1e-3 }), JSON.stringify(options)).toBe(true);
      }
    });
  }
});
