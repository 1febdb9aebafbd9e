import { expect, test } from "vitest";
import { losses, random, tensor } from "../../../src/index.ts";
import { close, gradientAt, values } from "../compare.ts";

const generator = new random.Generator("levels");
const logits = generator.normal([6, 4], { std: 1.5, dtype: "float64" });
const labels = tensor([0, 4, 2, 2, 1, 3], { dtype: "int32" });
const none = { reduction: "none" } as const;

test("coral reproduces the example of coral-pytorch's documentation", () => {
  const x = [
    [2.1, 1.8, -2.1, -1.8],
    [1.9, -1, -1.5, -1.3],
    [1.9, 1.8, 1.7, 1.6],
  ];
  expect(losses.coral(x, [2, 1, 4]).item()).toBeCloseTo(0.692, 4);
});

test("weighted kappa reproduces the example of TensorFlow Addons' documentation", () => {
  const p = tensor([
    [0.1, 0.2, 0.6, 0.1],
    [0.1, 0.5, 0.3, 0.1],
    [0.8, 0.05, 0.05, 0.1],
    [0.01, 0.09, 0.1, 0.8],
  ]);
  expect(losses.weightedKappa(p.log(), [2, 1, 0, 3]).item()).toBeCloseTo(-1.1611925, 5);
});

test("whole levels make ordinal the same as coral, and fractions lie between", () => {
  const whole = values(losses.coral(logits, labels, none));
  close(losses.ordinal(logits, labels.to("float64"), none), whole, 12);
  close(losses.ordinal(logits, labels.to("float64"), { fractions: true, ...none }), whole, 12);
  const between = (level: number) => losses.ordinal(logits.indexSelect(0, [0]), [level], { fractions: true }).item();
  expect(between(1.5)).toBeCloseTo((between(1) + between(2)) / 2, 12);
});

test("corn is the likelihood of the levels under its conditional probabilities", () => {
  const p = logits.sigmoid().toArray() as number[][];
  const likelihood = p.map((row, i) => {
    const level = values(labels)[i];
    const reached = row.slice(0, level).reduce((product, v) => product * v, 1);
    return Math.log(level < 4 ? reached * (1 - row[level]) : reached);
  });
  const total = likelihood.reduce((a, b) => a + b, 0);
  expect(losses.corn(logits, labels, { reduction: "sum" }).item()).toBeCloseTo(-total, 10);
});

test("the earth moves further for a level that is further away", () => {
  const sure = [[20, 0, 0, 0, 0]];
  const cost = [0, 1, 2, 3, 4].map((level) => losses.squaredEarthMover(sure, [level]).item());
  for (const [level, value] of cost.entries()) expect(value).toBeCloseTo(level, 5);
});

test("at a prediction that is right for certain, the root of the earth mover's distance has gradient 0", () => {
  const gradient = gradientAt([[1e4, 0, 0]], (x) => losses.squaredEarthMover(x, [0], { root: true }));
  expect(values(gradient)).toEqual([0, 0, 0]);
});

test("kappa is that of hard predictions where the model is certain", () => {
  // Levels 0, 0, 1, 2 taken for 0, 1, 1, 2: Cohen's quadratic kappa by hand, observed 1/4, expected 20/16.
  const certain = tensor([0, 1, 1, 2], { dtype: "int32" })
    .unsqueeze(1)
    .eq(tensor([0, 1, 2]))
    .to("float32")
    .mul(100);
  const loss = losses.weightedKappa(certain, [0, 0, 1, 2], { log: false });
  expect(loss.item()).toBeCloseTo(1 / 4 / (20 / 16), 5);
});
