import { expect, test } from "vitest";
import { concat, type Tensor, tensor } from "../../../src/index.ts";
import * as losses from "../../../src/losses/index.ts";
import { expectSame, normal } from "../metric-properties.ts";

const [a, b] = [normal("a", [6, 4]), normal("b", [6, 4])];

const expectEqual = (one: (u: Tensor, v: Tensor) => Tensor, other: (u: Tensor, v: Tensor) => Tensor) =>
  expectSame(one, other, a, b);

test("SupCon with two views for each label is NT-Xent", () => {
  const labels = [0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5];
  expectEqual(
    (u, v) => losses.supCon(concat([u, v]), labels, { temperature: 0.5 }),
    (u, v) => losses.ntXent(u, v),
  );
});

test("SupCon depends on which labels are equal, not on what they are, nor on the order of rows", () => {
  const value = losses.supCon(a, [0, 1, 0, 1, 2, 2]).item();
  expect(losses.supCon(a, [7, -3, 7, -3, 100000, 100000]).item()).toBe(value);
  const order = [5, 2, 0, 4, 1, 3];
  const moved = losses.supCon(a.indexSelect(0, tensor(order, { dtype: "int32" })), [2, 0, 0, 2, 1, 1]);
  expect(moved.item()).toBeCloseTo(value, 10);
});

test("SupCon's presets differ by the temperature's factor, and by the anchors that count", () => {
  const labels = [0, 0, 1, 1, 2, 3];
  const terms = losses.supCon(a, labels, { reduction: "none" }).toArray() as number[];
  expect(terms.slice(4)).toEqual([0, 0]);
  expect(losses.supCon(a, labels).item()).toBeCloseTo(terms.reduce((x, y) => x + y) / 4, 10);
  expect(losses.supCon(a, labels, { preset: "pml" }).item()).toBeCloseTo(losses.supCon(a, labels).item(), 10);
  expect(losses.supCon(a, labels, { preset: "supContrast", temperature: 0.14 }).item()).toBeCloseTo(
    2 * losses.supCon(a, labels, { temperature: 0.14 }).item(),
    10,
  );
});

test("a batch of one class is not 0", () => {
  const same = tensor([
    [1, 2],
    [1, 2],
    [1, 2],
  ]);
  expect(losses.supCon(same, [4, 4, 4]).item()).toBeCloseTo(Math.log(2), 5);
});

test("errors", () => {
  expect(() => losses.supCon(a, [1, 2])).toThrow("supCon: labels must have shape [6], got [2]");
});
