import { expect, test } from "vitest";
import { losses, random } from "../../../src/index.ts";

test("prototypes may be given in place of their support", () => {
  const g = new random.Generator("prototypes");
  const [queries, support] = [g.normal([5, 4], { dtype: "float64" }), g.normal([3, 2, 4], { dtype: "float64" })];
  const labels = [0, 2, 1, 1, 0];
  const expected = losses.prototypical(queries, support, labels).item();
  expect(losses.prototypical(queries, support.mean(1), labels).item()).toBeCloseTo(expected, 12);
});
