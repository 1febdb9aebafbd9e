import { describe, expect, test } from "vitest";
import { measured, ours, run } from "../../../registry/numerics.ts";

/** Within 1e-5 of the value, relatively. */
const agrees = (found: number, right: number): boolean =>
  found === right || Math.abs(found - right) <= 1e-5 * Math.abs(right);

const allAgree = (found: { value: number; gradients: readonly (readonly number[])[] }, name: keyof typeof ours) =>
  agrees(found.value, ours[name].value) &&
  ours[name].gradients.every((g, i) => g.every((v, k) => agrees(found.gradients[i][k], v)));

describe("docs/numerics.md: this library is right at", () => {
  for (const name of Object.keys(ours) as (keyof typeof ours)[]) {
    const others = measured.filter((each) => each.case === name);
    test(`${ours[name].call}, unlike ${others.map(({ library }) => library).join(" and ")}`, () => {
      const found = run(ours[name]);
      expect(allAgree(found, name), JSON.stringify(found)).toBe(true);
      expect(others.length).toBeGreaterThan(0);
      for (const other of others) expect(allAgree(other, name), other.library).toBe(false);
    });
  }
});
