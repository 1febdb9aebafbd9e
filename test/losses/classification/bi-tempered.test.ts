import { expect, test } from "vitest";
import { losses, random, tensor } from "../../../src/index.ts";
import { close, gradientAt, values } from "../compare.ts";

const generator = new random.Generator("tempered");
const logits = generator.normal([4, 6], { std: 3, dtype: "float64" });
const labels = generator.integers([4], { high: 6 });
const none = { reduction: "none" } as const;

test("with both temperatures 1 it is cross-entropy, for distributions less their entropy", () => {
  const options = { t1: 1, t2: 1, ...none };
  close(losses.biTempered(logits, labels, options), values(losses.crossEntropy(logits, labels, none)), 12);
  const soft = generator.normal([4, 6], { dtype: "float64" }).softmax(1);
  const divergence = losses.crossEntropy(logits, soft, none).add(soft.mul(soft.log()).sum(1));
  close(losses.biTempered(logits, soft, options), values(divergence), 12);
});

test("it is continuous where the temperatures reach 1", () => {
  const at = (t1: number, t2: number) => values(losses.biTempered(logits, labels, { t1, t2, ...none }));
  close(losses.biTempered(logits, labels, { t1: 1 - 1e-7, t2: 1 + 1e-7, ...none }), at(1, 1), 4);
});

/** With t1 = 0 the loss of a row is half the squared distance of p and y, so the losses of all labels give p. */
function probabilities(row: number[], t2: number): number[] {
  const terms = row.map((_, c) => losses.biTempered(tensor([row], { dtype: "float64" }), [c], { t1: 0, t2 }).item());
  // terms_c = (1 - 2 p_c + sum p^2) / 2, and p sums to 1.
  const squares = (2 * terms.reduce((a, b) => a + b, 0) - row.length + 2) / row.length;
  return terms.map((term) => (1 + squares - 2 * term) / 2);
}

test("tempered probabilities satisfy their equation: p^(1 - t2) falls in a straight line with the logits", () => {
  for (const [row, t2] of [
    [[0, 1, 2.5, -3], 1.5],
    [[40, 0, 0.1, -60], 4],
    [[1e3, -1e3, 0, 999], 1.2],
  ] as const) {
    const p = probabilities([...row], t2);
    const norms = p.map((v, c) => row[c] - (v ** (1 - t2) - 1) / (1 - t2));
    for (const [c, norm] of norms.entries()) if (p[c] > 1e-6) expect(norm / norms[0]).toBeCloseTo(1, 6);
  }
});

test("its gradient adds up to 0 over the classes, at logits of any size", () => {
  for (const size of [1, 1e2, 1e4]) {
    const x = tensor([[size, -size, 0, size / 3, 0.9 * size]], { dtype: "float64" });
    const gradient = gradientAt(x, (t) => losses.biTempered(t, [1], { t1: 0.5, t2: 2 }));
    const sum = Array.from(gradient.data).reduce((a, b) => a + b, 0);
    const largest = Math.max(...Array.from(gradient.data, Math.abs));
    expect(largest).toBeGreaterThan(0);
    expect(Math.abs(sum)).toBeLessThan(1e-4 * largest);
  }
});

test("t1 below 1 bounds the loss", () => {
  expect(losses.biTempered([[-1e4, 1e4]], [0], { t1: 0.5, t2: 1 }).item()).toBeCloseTo(2, 4);
});
