import { describe, expect, test } from "vitest";
import { losses, random, tensor } from "../../../src/index.ts";
import { close, gradientAt, values } from "../compare.ts";

const generator = new random.Generator("noise");
const logits = generator.normal([6, 5], { std: 2, dtype: "float64" });
const labels = generator.integers([6], { high: 5 });
const none = { reduction: "none" } as const;
const crossEntropy = values(losses.crossEntropy(logits, labels, none));
const absolute = values(losses.probabilityMAE(logits, labels, none));

test("generalised cross-entropy is cross-entropy as q goes to 0, and 1 - p_y at q = 1", () => {
  close(losses.generalizedCrossEntropy(logits, labels, { q: 1e-9, ...none }), crossEntropy, 7);
  close(losses.generalizedCrossEntropy(logits, labels, { q: 1, ...none }), absolute, 12);
});

test("the Taylor series of one term is 1 - p_y, and with many terms cross-entropy", () => {
  close(losses.taylorCrossEntropy(logits, labels, { terms: 1, ...none }), absolute, 12);
  close(losses.taylorCrossEntropy(logits, labels, { terms: 20000, ...none }), crossEntropy, 9);
});

test("the symmetric loss is the sum of its parts, and the active passive ones too", () => {
  const parts = losses.crossEntropy(logits, labels).mul(0.3).add(losses.reverseCrossEntropy(logits, labels).mul(2));
  close(losses.symmetricCrossEntropy(logits, labels, { alpha: 0.3, beta: 2 }), values(parts), 12);
  const both = losses.normalizedCrossEntropy(logits, labels).add(losses.probabilityMAE(logits, labels));
  close(losses.activePassive(logits, labels), values(both), 12);
});

describe("a normalised loss", () => {
  test("sums to 1 over the labels, for each sample", () => {
    for (const loss of [losses.normalizedCrossEntropy, losses.normalizedFocal]) {
      const total = [0, 1, 2, 3, 4].map((c) => loss(logits, tensor(Array(6).fill(c), { dtype: "int32" }), none));
      close(
        total.reduce((a, b) => a.add(b)),
        Array(6).fill(1),
        12,
      );
    }
  });

  test("of focal losses with gamma 0 is that of cross-entropies", () => {
    close(
      losses.normalizedFocal(logits, labels, { gamma: 0, ...none }),
      values(losses.normalizedCrossEntropy(logits, labels, none)),
      12,
    );
  });

  test("needs two classes", () => {
    expect(() => losses.normalizedFocal([[1]], [0])).toThrow(
      "normalizedFocal: logits [1, 1] need at least two classes",
    );
  });
});

test("bootstrapping that trusts the labels is cross-entropy, and one that does not is the entropy", () => {
  close(losses.bootstrap(logits, labels, { beta: 1, ...none }), crossEntropy, 12);
  const p = logits.softmax(1);
  close(losses.bootstrap(logits, labels, { beta: 0, ...none }), values(p.mul(p.log()).sum(1).neg()), 12);
});

test("wrong labels pull a robust loss less than cross-entropy, and the less the surer the model is", () => {
  const pull = (loss: (x: never) => never, x: number) => Math.abs(gradientAt([x, 0], loss as never).data[0]);
  const of = (x: number) => pull(((t: never) => losses.generalizedCrossEntropy(t, 0)) as never, x);
  expect(of(-2)).toBeLessThan(pull(((t: never) => losses.crossEntropy(t, 0)) as never, -2));
  expect(of(-8)).toBeLessThan(of(-4));
});
