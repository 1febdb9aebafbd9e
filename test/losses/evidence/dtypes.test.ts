import { describe, expect, test } from "vitest";
import { optionSets } from "../../../registry/entry.ts";
import { entries } from "../../../registry/index.ts";
import { ordinary, seeded } from "./arguments.ts";

/** Kinds of arguments whose values are whole, and that are no class indices. */
const whole: Readonly<Record<string, readonly ("int32" | "bool")[]>> = {
  binary: ["int32", "bool"],
  signs: ["int32"],
  counts: ["int32"],
  relevance: ["int32"],
  clicks: ["int32"],
};

describe("whole targets may be of any dtype:", () => {
  for (const [name, entry] of Object.entries(entries)) {
    const places = Object.values(entry.inputs).flatMap(({ kind }, i) => (kind in whole ? [{ i, kind }] : []));
    if (places.length === 0) continue;
    test(name, () => {
      const [options] = optionSets(entry);
      const values = ordinary(entry);
      const expected = seeded(name)(...values, options);
      for (const { i, kind } of places) {
        for (const dtype of whole[kind]) {
          const found = seeded(name)(...values.with(i, values[i].to(dtype)), options);
          expect(found.toArray(), `${Object.keys(entry.inputs)[i]} as ${dtype}`).toEqual(expected.toArray());
        }
      }
    });
  }
});

describe("a loss of float32 arguments is float32, whatever plain numbers stand beside them:", () => {
  for (const [name, entry] of Object.entries(entries)) {
    test(name, () => {
      const [options] = optionSets(entry);
      const values = ordinary(entry).map((t) => (t.dtype === "int32" ? t : t.to("float32")));
      expect(seeded(name)(...values, options).dtype).toBe("float32");
      const numbers = values.map((t, i) => (Object.values(entry.inputs)[i].differentiable ? t : t.toArray()));
      expect(seeded(name)(...numbers, options).dtype).toBe("float32");
    });
  }
});
