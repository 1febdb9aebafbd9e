import { expect, test } from "vitest";
import { losses, random, tensor } from "../../../src/index.ts";
import { close, gradientAt, values } from "../compare.ts";

const generator = new random.Generator("hard");
const logits = generator.normal([8, 4], { std: 1.5, dtype: "float64" });
const labels = generator.integers([8], { high: 4 });
const none = { reduction: "none" } as const;
const crossEntropy = values(losses.crossEntropy(logits, labels, none));

test("a fraction of 1, or a threshold of 1, keeps all: cross-entropy", () => {
  close(losses.hardExampleCrossEntropy(logits, labels, { fraction: 1, ...none }), crossEntropy, 12);
  const least = losses.hardExampleCrossEntropy(logits, labels, { fraction: 1e-9, threshold: 1, ...none });
  close(least, crossEntropy, 12);
});

test("the terms that are kept are the largest, and the others get no gradient", () => {
  const [first, second] = [...crossEntropy].sort((a, b) => b - a);
  const loss = losses.hardExampleCrossEntropy(logits, labels);
  expect(loss.item()).toBeCloseTo((first + second) / 2, 12);
  const gradient = gradientAt(logits, (x) => losses.hardExampleCrossEntropy(x, labels));
  const rows = (gradient.toArray() as number[][]).map((row) => row.some((v) => v !== 0));
  expect(rows).toEqual(crossEntropy.map((v) => v >= second));
});

test("a fraction rounds up, of the labels that are not ignored", () => {
  const kept = (n: number, fraction: number) => {
    const some = tensor(
      Array.from({ length: 8 }, (_, i) => (i < n ? 0 : -100)),
      { dtype: "int32" },
    );
    return values(losses.hardExampleCrossEntropy(logits, some, { fraction, ...none })).filter((v) => v > 0).length;
  };
  expect([kept(8, 0.5), kept(5, 0.5), kept(1, 0.01), kept(0, 1)]).toEqual([4, 3, 1, 0]);
});

test("a tenth of 30 is 3", () => {
  const many = generator.normal([30, 4], { dtype: "float64" });
  const terms = losses.hardExampleCrossEntropy(many, generator.integers([30], { high: 4 }), { fraction: 0.1, ...none });
  expect(values(terms).filter((v) => v > 0).length).toBe(3);
});
