import { expect, test } from "vitest";
import { concat, type Tensor } from "../../../src/index.ts";
import * as losses from "../../../src/losses/index.ts";
import { normal } from "../metric-properties.ts";

const [a, b] = [normal("a", [6, 4]), normal("b", [6, 4])];

test("CoSENT by brute force, and blind to the scale of the grades", () => {
  const grades = [3, 1, 4, 1, 5, 2];
  const s = a.normalize().mul(b.normalize()).sum(1).toArray() as number[];
  let sum = 1;
  for (const i of s.keys()) for (const j of s.keys()) if (grades[i] < grades[j]) sum += Math.exp(3 * (s[i] - s[j]));
  const value = losses.coSENT(a, b, grades, { scale: 3 }).item();
  expect(value).toBeCloseTo(Math.log(sum), 10);
  expect(
    losses
      .coSENT(
        a,
        b,
        grades.map((y) => y ** 3 - 7),
        { scale: 3 },
      )
      .item(),
  ).toBe(value);
});

test("AnglE pads rows of odd length", () => {
  const [u, v] = [normal("u", [4, 3]), normal("v", [4, 3])];
  const padded = (x: Tensor) => concat([x, x.slice([null, { stop: 1 }]).mul(0)], 1);
  const grades = [1, 2, 3, 4];
  expect(losses.anglE(u, v, grades).item()).toBeCloseTo(losses.anglE(padded(u), padded(v), grades).item(), 12);
});
