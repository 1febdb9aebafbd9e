import { expect, test } from "vitest";
import { losses, random } from "../../../src/index.ts";

test("a sphere of radius nearly 0 with nu 1 leaves the distance from the centre, which deepSVDD has without one", () => {
  const embeddings = new random.Generator("normal").normal([3, 2], { dtype: "float64" });
  const [plain, soft] = [{}, { radius: 1e-9, nu: 1 }].map((options) => losses.deepSVDD(embeddings, [0, 0], options));
  expect(soft.item()).toBeCloseTo(plain.item(), 12);
});

test("far outside, a sphere weighs the distance by 1 / nu", () => {
  const loss = (x: number) => losses.deepSVDD([[x, 0]], [0, 0], { radius: 1, nu: 0.25 }).item();
  expect([loss(0.5), loss(1), loss(3)]).toEqual([1, 1, 1 + 4 * 8]);
});
