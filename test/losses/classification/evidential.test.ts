import { expect, test } from "vitest";
import { losses, random, tensor } from "../../../src/index.ts";
import { close } from "../compare.ts";

const generator = new random.Generator("evidence");
const labels = tensor([0, 2, 1], { dtype: "int32" });

test("with a large amount of evidence it is the Brier score of its shares", () => {
  const p = generator.normal([3, 4], { dtype: "float64" }).softmax(1);
  const loss = losses.evidentialClassification(p.mul(1e9), labels, { divergenceWeight: 0, reduction: "none" });
  const brier = losses.brier(p.log(), labels, { reduction: "none" });
  close(loss, Array.from(brier.data), 7);
});

test("evidence for the label alone has no divergence", () => {
  const evidence = [[7, 0, 0]];
  const loss = (divergenceWeight: number) =>
    losses.evidentialClassification(evidence, [0], { divergenceWeight }).item();
  expect(loss(5)).toBeCloseTo(loss(0), 6);
});

test("evidence for a wrong class costs more than none", () => {
  const loss = (wrong: number) => losses.evidentialClassification([[1, wrong, 0]], [0]).item();
  expect(loss(1)).toBeGreaterThan(loss(0));
  expect(loss(5)).toBeGreaterThan(loss(1));
});
