import { describe, expect, test } from "vitest";
import { losses, random, tensor } from "../../../src/index.ts";
import { close, values } from "../compare.ts";

const generator = new random.Generator("tail");
const logits = generator.normal([5, 4], { std: 1.5, dtype: "float64" });
const labels = tensor([0, 3, 1, 3, 2], { dtype: "int32" });
const counts = [100, 30, 8, 2];
const even = [7, 7, 7, 7];
const none = { reduction: "none" } as const;
const crossEntropy = values(losses.crossEntropy(logits, labels, none));

describe("with as many samples in each class, it is cross-entropy:", () => {
  test("logitAdjusted, balancedSoftmax and classBalanced", () => {
    for (const loss of [losses.logitAdjusted, losses.balancedSoftmax, losses.classBalanced]) {
      close(loss(logits, labels, even, none), crossEntropy, 12);
    }
  });

  test("ldam, of logits with one margin for all, as cosFace has", () => {
    const moved = logits.sub(
      tensor([0.5]).mul(
        labels
          .unsqueeze(1)
          .eq(tensor([0, 1, 2, 3]))
          .to("float64"),
      ),
    );
    const expected = losses.crossEntropy(moved.mul(30), labels, none);
    close(losses.ldam(logits, labels, even, none), values(expected), 10);
  });

  test("seesaw without compensation", () => {
    close(losses.seesaw(logits, labels, even, { q: 0, ...none }), crossEntropy, 12);
  });
});

test("balancedSoftmax is logitAdjusted with tau 1, and only proportions matter", () => {
  const balanced = values(losses.balancedSoftmax(logits, labels, counts, none));
  close(losses.logitAdjusted(logits, labels, counts, none), balanced, 12);
  close(losses.logitAdjusted(logits, labels, [50, 15, 4, 1], none), balanced, 12);
});

test("class-balanced weights go from even to inverse frequency, and add up to the number of classes", () => {
  const { effectiveNumber, inverseFrequency } = losses.classWeights;
  const n = tensor(counts, { dtype: "float64" });
  close(effectiveNumber(n, { beta: 1e-9 }), [1, 1, 1, 1], 8);
  close(effectiveNumber(n, { beta: 1 - 1e-9 }), values(inverseFrequency(n)), 6);
  expect(effectiveNumber(counts).sum().item()).toBeCloseTo(4, 5);
  expect(effectiveNumber(tensor([1e6, 1])).data[0]).toBeGreaterThan(0);
  expect(() => effectiveNumber([1, 0])).toThrow("effectiveNumber: classCounts[1] is 0");
});

test("classBalanced is cross-entropy with those weights, divided by the count", () => {
  const weight = losses.classWeights.effectiveNumber(tensor(counts, { dtype: "float64" }));
  const weighted = losses.crossEntropy(logits, labels, { weight, meanBy: "count" });
  close(losses.classBalanced(logits, labels, counts), values(weighted), 12);
});

describe("Seesaw", () => {
  test("counts a batch before its loss, in training only", () => {
    const module = new losses.Seesaw(4, { p: 1 });
    const first = module.call(logits, labels);
    expect(module.classCounts.toArray()).toEqual([1, 1, 1, 2]);
    expect(first.item()).toBe(losses.seesaw(logits, labels, [1, 1, 1, 2], { p: 1 }).item());
    module.eval();
    module.call(logits, labels);
    expect(module.classCounts.toArray()).toEqual([1, 1, 1, 2]);
    expect(module.namedBuffers().map(([name]) => name)).toEqual(["class_counts"]);
  });

  test("counts nothing of a batch that it refuses, and no ignored label", () => {
    const module = new losses.Seesaw(4, { ignoreIndex: 3 });
    expect(() => module.call(logits, tensor([0, 1, 2, 3, 4], { dtype: "int32" }))).toThrow("seesaw: labels[4] is 4");
    expect(module.classCounts.sum().item()).toBe(0);
    module.call(logits, labels);
    expect(module.classCounts.toArray()).toEqual([1, 1, 1, 0]);
  });

  test("checks its options when it is made", () => {
    expect(() => new losses.Seesaw(4, { epsilon: 0 })).toThrow("seesaw: epsilon");
  });
});
