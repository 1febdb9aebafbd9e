import { describe, expect, test } from "vitest";
import { optionSets } from "../../../registry/entry.ts";
import { entries } from "../../../registry/index.ts";
import { ordinary, seeded } from "./arguments.ts";

// A normalizer is what the mean divides by, and refused with other reductions.

describe('the sum of a loss is that of its terms, and is what reduction "sum" gives:', () => {
  for (const [name, entry] of Object.entries(entries)) {
    const choices = entry.options.reduction?.domain ?? "";
    if (!choices.includes('"none"') || !choices.includes('"sum"')) continue;
    test(name, () => {
      for (const { normalizer: _, ...options } of optionSets(entry) as { normalizer?: unknown }[]) {
        const values = ordinary(entry);
        const terms = seeded(name)(...values, { ...options, reduction: "none" });
        const sum = seeded(name)(...values, { ...options, reduction: "sum" });
        expect(sum.shape).toEqual([]);
        expect(sum.item(), JSON.stringify(options)).toBeCloseTo(terms.sum().item(), 8);
      }
    });
  }
});
