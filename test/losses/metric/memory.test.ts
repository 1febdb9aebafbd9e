import { describe, expect, test } from "vitest";
import { random, type Tensor, tensor } from "../../../src/index.ts";
import * as losses from "../../../src/losses/index.ts";

const generator = new random.Generator("memory");
const batches = Array.from({ length: 4 }, () => generator.normal([4, 3]));
const labels = [0, 1, 0, 2];

describe("CrossBatchMemory", () => {
  test("compares a batch with the last rows, itself among them, and no row with itself", () => {
    const memory = new losses.CrossBatchMemory(losses.multiSimilarity, { embeddingSize: 3, size: 8 });
    expect(memory.call(batches[0], labels).item()).toBeCloseTo(losses.multiSimilarity(batches[0], labels).item(), 5);
    memory.call(batches[1], labels);
    expect(memory.count.item()).toBe(8);
    const { embeddings } = memory.stored();
    expect(embeddings.toArray()).toEqual([
      ...(batches[0].toArray() as number[][]),
      ...(batches[1].toArray() as number[][]),
    ]);
    const references = {
      embeddings: [...(batches[2].toArray() as number[][]), ...(batches[1].toArray() as number[][])],
      labels: [...labels, ...labels],
      self: [0, 1, 2, 3],
    };
    const expected = losses.multiSimilarity(batches[2], labels, { references }).item();
    expect(memory.call(batches[2], labels).item()).toBeCloseTo(expected, 5); // in the place of the first batch
  });

  test("gives gradients to the batch, and none to what it remembers", () => {
    const memory = new losses.CrossBatchMemory(losses.circle, { embeddingSize: 3, size: 8, options: { gamma: 4 } });
    const [first, second] = [tensor(batches[0], { requiresGrad: true }), tensor(batches[1], { requiresGrad: true })];
    memory.call(first, labels);
    const loss = memory.call(second, labels);
    memory.call(batches[2], labels); // what is written meanwhile must not change the gradient
    loss.backward();
    expect(first.grad).toBe(null);
    expect(second.grad!.data.some((v) => v !== 0)).toBe(true);
    const again = tensor(batches[1], { requiresGrad: true });
    const fresh = new losses.CrossBatchMemory(losses.circle, { embeddingSize: 3, size: 8, options: { gamma: 4 } });
    fresh.call(batches[0], labels);
    fresh.call(again, labels).backward();
    expect(second.grad!.toArray()).toEqual(again.grad!.toArray());
  });

  test("mines in the memory, and reads it only in evaluation", () => {
    const memory = new losses.CrossBatchMemory(losses.batchHardTriplet, {
      embeddingSize: 3,
      size: 6,
      miner: losses.miners.batchHard,
    });
    const plain = new losses.CrossBatchMemory(losses.batchHardTriplet, { embeddingSize: 3, size: 6 });
    for (const batch of batches)
      expect(memory.call(batch, labels).item()).toBeCloseTo(plain.call(batch, labels).item(), 5);
    memory.eval();
    const before = memory.stored();
    memory.call(batches[0], labels);
    expect(memory.stored()).toEqual(before);
    memory.reset();
    expect(memory.stored().labels.size).toBe(0);
  });

  test("learns with a loss that has parameters, and its state can be saved", () => {
    const memory = new losses.CrossBatchMemory(new losses.Margin(3), { embeddingSize: 3, size: 6 });
    expect(memory.namedParameters().map(([name]) => name)).toEqual(["loss.beta"]);
    memory.call(batches[0], labels);
    const copy = new losses.CrossBatchMemory(new losses.Margin(3), { embeddingSize: 3, size: 6 });
    copy.loadStateDict(memory.stateDict());
    expect(copy.call(batches[1], labels).item()).toBe(memory.call(batches[1], labels).item());
  });

  test("refuses batches that do not fit", () => {
    const memory = new losses.CrossBatchMemory(losses.nca, { embeddingSize: 3, size: 3 });
    expect(() => memory.call(batches[0], labels)).toThrow(
      "CrossBatchMemory: a batch of 4 does not fit a memory of size 3",
    );
    expect(() => memory.call([[1, 2]], [0])).toThrow("CrossBatchMemory: embeddings must have shape [1, 3], got [1, 2]");
    expect(() => new losses.CrossBatchMemory(1 as never, { embeddingSize: 3 })).toThrow(
      "CrossBatchMemory: loss must be",
    );
    expect(() => new losses.CrossBatchMemory(losses.nca, {} as never)).toThrow(
      "CrossBatchMemory: embeddingSize must be",
    );
  });
});

describe("DynamicSoftMargin", () => {
  const y = [0, 1, 0, 1];

  test("weighs the first batch by its own histogram, and moves towards the next ones", () => {
    const loss = new losses.DynamicSoftMargin({ momentum: 0.25 });
    expect(loss.call(batches[0], y).item()).toBeCloseTo(losses.dynamicSoftMargin(batches[0], y).item(), 5);
    const first = [...loss.histogram.data];
    expect(first.reduce((a, b) => a + b)).toBeCloseTo(1, 6);
    loss.call(batches[1], y);
    const other = new losses.DynamicSoftMargin();
    other.call(batches[1], y);
    for (const [i, v] of loss.histogram.data.entries()) {
      expect(v).toBeCloseTo(0.75 * first[i] + 0.25 * other.histogram.data[i], 6);
    }
  });

  test("leaves the histogram as it is in evaluation, and for a batch without triplets", () => {
    const loss = new losses.DynamicSoftMargin();
    loss.call(batches[0], y);
    const before = [...loss.histogram.data];
    loss.call(batches[1], [0, 0, 0, 0]);
    loss.eval();
    loss.call(batches[1], y);
    expect([...loss.histogram.data]).toEqual(before);
  });

  test("checks its options at once", () => {
    expect(() => new losses.DynamicSoftMargin({ momentum: 0 })).toThrow("DynamicSoftMargin: momentum must be");
    expect(() => new losses.DynamicSoftMargin({ bins: 0 })).toThrow("dynamicSoftMargin: bins must be");
  });
});

describe("losses that learn", () => {
  test("Margin gives each class a beta and a gradient", () => {
    const loss = new losses.Margin(3, { beta: 0.9, nu: 0.1 });
    expect(loss.beta.toArray()).toEqual([0.9, 0.9, 0.9].map(Math.fround));
    loss.call(batches[0], labels).backward();
    expect(loss.beta.grad!.shape).toEqual([3]);
    expect(loss.call(batches[0], labels).item()).toBeCloseTo(
      losses.margin(batches[0], labels, { beta: 0.9, nu: 0.1 }).item(),
      5,
    );
    expect(new losses.Margin().beta.shape).toEqual([]);
    expect(() => new losses.Margin(3, { margin: -1 })).toThrow("margin: margin must be");
    expect(() => loss.call(batches[0], [0, 1, 2, 3])).toThrow("margin: labels[3] is 3");
  });

  test("ManifoldSimilarity owns its proxies", () => {
    const loss = new losses.ManifoldSimilarity(3, 3, { alpha: 0.5, generator: new random.Generator(1) });
    const value: Tensor = loss.call(batches[0], labels);
    expect(value.item()).toBeCloseTo(
      losses.manifoldSimilarity(batches[0], loss.proxies, labels, { alpha: 0.5 }).item(),
      6,
    );
    value.backward();
    expect(loss.proxies.grad!.shape).toEqual([3, 3]);
    expect(() => new losses.ManifoldSimilarity(3, 3, { alpha: 1 })).toThrow("manifoldSimilarity: alpha must be");
  });
});

describe("reducers", () => {
  const { reducers } = losses;
  const terms = tensor([
    [0, 3, 1],
    [2, 0, 0],
    [0, 0, 0],
  ]);
  const counted = tensor([
    [0, 1, 1],
    [1, 0, 1],
    [0, 0, 0],
  ]).ne(0);

  test("reduce the terms that count", () => {
    expect(reducers.mean(terms).item()).toBeCloseTo(6 / 9, 6);
    expect(reducers.mean(terms, counted).item()).toBe(1.5);
    expect(reducers.sum(terms).item()).toBe(6);
    expect(reducers.meanNonZero(terms).item()).toBe(2);
    expect(reducers.threshold(terms, { low: 0, high: 3 }).item()).toBe(1.5);
    expect(reducers.threshold(terms, { high: 0 }).item()).toBe(0);
    expect(reducers.perAnchor(terms, counted).toArray()).toEqual([2, 1, 0]);
    expect(reducers.classWeighted(terms, [1, 0, 1], [10, 1], counted).item()).toBe(6);
    expect(reducers.divisor(terms, 3).item()).toBe(2);
    expect(reducers.divisor(terms, tensor(0)).item()).toBe(6);
  });

  test("refuse what they cannot reduce", () => {
    expect(() => reducers.threshold(terms, {})).toThrow("reducers.threshold: needs low, high, or both");
    expect(() => reducers.perAnchor(tensor([1]))).toThrow("reducers.perAnchor: terms must be [n, m], got [1]");
    expect(() => reducers.mean(terms, tensor([1]))).toThrow("reducers.mean: counted must have shape [3, 3], got [1]");
    expect(() => reducers.classWeighted(terms, [0, 1, 2], [1, 1])).toThrow("reducers.classWeighted: labels[2] is 2");
    expect(() => reducers.divisor(terms, 0)).toThrow("reducers.divisor: by must be a number > 0");
  });
});
