import { describe, expect, it } from "vitest";
import { BalancedBatchSampler, DataLoader, TensorDataset } from "../../src/data/index.ts";
import { arange } from "../../src/tensor/creation.ts";
import { Generator } from "../../src/tensor/random.ts";
import { tensor } from "../../src/tensor/tensor.ts";

const labels = Array.from({ length: 60 }, (_, i) => [4, 7, 9, 4, 1][i % 5]);

describe("BalancedBatchSampler", () => {
  it("puts as many items of each of some classes into every batch", () => {
    const sampler = new BalancedBatchSampler(labels, { classes: 3, samples: 4, seed: 1 });
    expect([sampler.length, sampler.batchSize]).toEqual([5, 12]);
    const batches = [...sampler];
    expect(batches.length).toBe(5);
    for (const items of batches) {
      const counts = new Map<number, number>();
      for (const item of items) counts.set(labels[item], (counts.get(labels[item]) ?? 0) + 1);
      expect([...counts.values()]).toEqual([4, 4, 4]);
      expect(new Set(items).size).toBe(12);
    }
  });

  it("goes through all items of a class before one returns", () => {
    const sampler = new BalancedBatchSampler(new Array(6).fill(0), { classes: 1, samples: 4, batches: 3, seed: 2 });
    const order = [...sampler].flatMap((items) => [...items]);
    expect(new Set(order.slice(0, 6)).size).toBe(6);
    expect(new Set(order.slice(6, 12)).size).toBe(6);
    expect(new Set(order.slice(4, 8)).size).toBe(4); // a batch across both has no item twice
  });

  it("repeats the items of a class that is too small", () => {
    const [items] = [...new BalancedBatchSampler([3, 3, 5], { classes: 2, samples: 3, seed: 0 })];
    expect([...items].filter((i) => i === 2).length).toBe(3);
  });

  it("draws other batches in every epoch, all of which the seed decides", () => {
    const epochs = () => {
      const sampler = new BalancedBatchSampler(labels, { classes: 2, samples: 3, seed: "s" });
      return [0, 1].map(() => [...sampler].map((items) => [...items]));
    };
    const [first, second] = epochs();
    expect(first).not.toEqual(second);
    expect(epochs()).toEqual([first, second]);
    const given = new BalancedBatchSampler(labels, { classes: 2, samples: 3, generator: new Generator("s") });
    expect([...given].map((items) => [...items])).toEqual(first);
  });

  it("feeds a loader", () => {
    const sampler = new BalancedBatchSampler(labels, { classes: 2, samples: 5, seed: 3 });
    const dataset = new TensorDataset(arange(60), tensor(labels, { dtype: "int32" }));
    const loader = new DataLoader(dataset, { sampler });
    expect([loader.length, loader.batchSize]).toEqual([6, 10]);
    const batches = [...loader];
    expect(batches.map(([items]) => items.size)).toEqual([10, 10, 10, 10, 10, 10]);
    for (const [items, y] of batches) expect([...y.data]).toEqual(Array.from(items.data, (i) => labels[i]));
  });

  it("refuses what cannot be balanced", () => {
    const make = (options: object) => () => new BalancedBatchSampler(labels, options);
    expect(make({ classes: 5 })).toThrow("BalancedBatchSampler: classes is 5, but the labels have 4 of them");
    expect(make({ samples: 0 })).toThrow("BalancedBatchSampler: samples must be a number that is whole and >= 1");
    expect(make({ batches: 1.5 })).toThrow("BalancedBatchSampler: batches must be");
    expect(make({ clases: 2 })).toThrow('BalancedBatchSampler: unknown option "clases"');
    expect(() => new BalancedBatchSampler([[1]])).toThrow("BalancedBatchSampler: labels must be [n]");
    const sampler = new BalancedBatchSampler(labels, { classes: 2 });
    const dataset = new TensorDataset(arange(60));
    expect(() => new DataLoader(dataset, { sampler, batchSize: 2, shuffle: true })).toThrow(
      "DataLoader: sampler says all about the batches; leave out batchSize, shuffle",
    );
    expect(() => new DataLoader(dataset, { sampler: {} as never })).toThrow("DataLoader: sampler must have a length");
  });
});
