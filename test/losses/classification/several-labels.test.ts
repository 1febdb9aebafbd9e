import { expect, test } from "vitest";
import { losses, random, tensor } from "../../../src/index.ts";
import { close, values } from "../compare.ts";

const generator = new random.Generator("several");
const logits = generator.normal([5, 4], { std: 1.5, dtype: "float64" });
const labels = tensor([2, 0, 3, 1, 0], { dtype: "int32" });
const oneHot = labels
  .unsqueeze(1)
  .eq(tensor([0, 1, 2, 3]))
  .to("float64");
const none = { reduction: "none" } as const;

test("with one right class each, multiPositiveCrossEntropy is cross-entropy, whatever its weight", () => {
  const expected = values(losses.crossEntropy(logits, labels, none));
  close(losses.multiPositiveCrossEntropy(logits, oneHot, none), expected, 12);
  close(losses.multiPositiveCrossEntropy(logits, oneHot.mul(0.3), none), expected, 12);
});

test("soft F1 of all counts is one less the Dice coefficient without squares", () => {
  const p = logits.sigmoid();
  const overlap = (2 * p.mul(oneHot).sum().item()) / (p.sum().item() + oneHot.sum().item());
  expect(losses.softFBeta(p, oneHot).item()).toBeCloseTo(1 - overlap, 12);
});

test("a large beta leaves recall, a small one precision", () => {
  const p = logits.sigmoid();
  const hits = p.mul(oneHot).sum().item();
  expect(losses.softFBeta(p, oneHot, { beta: 1e4 }).item()).toBeCloseTo(1 - hits / 5, 6);
  expect(losses.softFBeta(p, oneHot, { beta: 1e-4 }).item()).toBeCloseTo(1 - hits / p.sum().item(), 6);
});

test("averages by label or sample need an axis of labels", () => {
  expect(() => losses.softFBeta([0.5, 1], [0, 1], { average: "macro" })).toThrow(
    'average "macro" needs probabilities [n,',
  );
});
