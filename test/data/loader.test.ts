import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DataLoader, type DataLoaderOptions, type Dataset, TensorDataset } from "../../src/data/index.ts";
import { arange } from "../../src/tensor/creation.ts";
import { ShapeError, ValueError } from "../../src/tensor/errors.ts";
import { Generator, manualSeed } from "../../src/tensor/random.ts";
import { type Tensor, tensor } from "../../src/tensor/tensor.ts";

const numbers = (n: number) => new TensorDataset(arange(n));
const epoch = (loader: DataLoader<[Tensor]>) => [...loader].map(([t]) => [...t.data]);

describe("DataLoader", () => {
  it("goes through the items in order, in batches of which the last may be smaller", () => {
    const loader = new DataLoader(numbers(5), { batchSize: 2 });
    expect(loader.length).toBe(3);
    expect(epoch(loader)).toEqual([[0, 1], [2, 3], [4]]);
    expect(epoch(loader)).toEqual([[0, 1], [2, 3], [4]]);
  });

  it("leaves out a smaller last batch when asked to, and no other", () => {
    expect(epoch(new DataLoader(numbers(5), { batchSize: 2, dropLast: true }))).toEqual([
      [0, 1],
      [2, 3],
    ]);
    const even = new DataLoader(numbers(4), { batchSize: 2, dropLast: true });
    expect([even.length, epoch(even)]).toEqual([
      2,
      [
        [0, 1],
        [2, 3],
      ],
    ]);
  });

  it("has batches of one item by default", () => {
    expect(epoch(new DataLoader(numbers(2)))).toEqual([[0], [1]]);
  });

  it("has a new order in every epoch, all of which the seed decides", () => {
    const loader = () => new DataLoader(numbers(20), { batchSize: 7, shuffle: true, seed: 3 });
    const [a, b] = [loader(), loader()];
    const first = epoch(a);
    const second = epoch(a);
    expect(first).not.toEqual(second);
    expect([epoch(b), epoch(b)]).toEqual([first, second]);
    expect(epoch(new DataLoader(numbers(20), { batchSize: 7, shuffle: true, seed: 4 }))).not.toEqual(first);
  });

  it("draws from the generator it is given, else from the global one", () => {
    const options = { batchSize: 50, shuffle: true };
    const given = epoch(new DataLoader(numbers(50), { ...options, generator: new Generator("s") }));
    expect(epoch(new DataLoader(numbers(50), { ...options, seed: "s" }))).toEqual(given);
    manualSeed("s");
    expect(epoch(new DataLoader(numbers(50), options))).toEqual(given);
  });

  it("begins the next epoch anew when one is left early", () => {
    const loader = new DataLoader(numbers(4), { batchSize: 2 });
    for (const _ of loader) break;
    expect(epoch(loader)).toEqual([
      [0, 1],
      [2, 3],
    ]);
  });

  it("visits every item once an epoch, whatever the sizes", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 70 }), fc.nat(), (n, batchSize, seed) => {
        const loader = new DataLoader(numbers(n), { batchSize, shuffle: true, seed });
        const batches = epoch(loader);
        expect(batches.length).toBe(loader.length);
        expect(batches.slice(0, -1).every((batch) => batch.length === batchSize)).toBe(true);
        expect(batches.flat().sort((a, b) => a - b)).toEqual([...Array(n).keys()]);
      }),
    );
  });

  it("keeps the rows of all tensors together", () => {
    const dataset = new TensorDataset({ x: arange(9), square: tensor([0, 1, 4, 9, 16, 25, 36, 49, 64]) });
    for (const { x, square } of new DataLoader(dataset, { batchSize: 4, shuffle: true, seed: 1 })) {
      expect([...square.data]).toEqual(Array.from(x.data, (v) => v * v));
    }
  });

  it("stacks the items of any dataset", () => {
    const points: Dataset<{ at: Tensor; n: Tensor }> = {
      length: 3,
      get: (i) => ({ at: tensor([i, -i]), n: tensor(i, { dtype: "int32" }) }),
    };
    const [batch] = new DataLoader(points, { batchSize: 3 });
    expect(batch.at.toArray()).toEqual([
      [0, -0],
      [1, -1],
      [2, -2],
    ]);
    expect([batch.n.dtype, batch.n.toArray()]).toEqual(["int32", [0, 1, 2]]);
    const pairs: Dataset<[Tensor, Tensor]> = { length: 2, get: (i) => [tensor(i), tensor([i])] };
    const [[a, b]] = new DataLoader(pairs, { batchSize: 2 });
    expect([a.shape, b.shape]).toEqual([[2], [2, 1]]);
    const single: Dataset<Tensor> = { length: 2, get: (i) => tensor([i]) };
    expect([...new DataLoader(single)].map((t) => t.shape)).toEqual([
      [1, 1],
      [1, 1],
    ]);
  });

  it.each<[string, object, string]>([
    ["batchSize 0", { batchSize: 0 }, "batchSize must be a number that is whole and >= 1, got 0"],
    ["half a batch", { batchSize: 2.5 }, "batchSize must be a number that is whole and >= 1, got 2.5"],
    [
      "an unknown option",
      { batch: 2 },
      'unknown option "batch"; it takes batchSize, shuffle, dropLast, sampler, generator, seed',
    ],
    ["a shuffle that is no boolean", { shuffle: 1 }, "shuffle must be one of true, false, got 1"],
    ["two sources of chance", { seed: 1, generator: new Generator(1) }, "takes generator or seed, not both"],
    ["a number as generator", { generator: 1 }, "generator must be a random.Generator; for a number use seed"],
    [
      "no batch at all",
      { batchSize: 4, dropLast: true },
      "dropLast leaves no batch: batchSize is 4, but the dataset has 3 items",
    ],
  ])("refuses %s", (_, options, message) => {
    expect(() => new DataLoader(numbers(3), options as DataLoaderOptions)).toThrow(ValueError);
    expect(() => new DataLoader(numbers(3), options as DataLoaderOptions)).toThrow(`DataLoader: ${message}`);
  });

  it("refuses an empty dataset, and one whose items do not fit together", () => {
    expect(() => new DataLoader(numbers(0))).toThrow("DataLoader: dataset is empty; it needs at least one item");
    const ragged: Dataset<Tensor> = { length: 2, get: (i) => tensor(new Array(i + 1).fill(0)) };
    const run = () => [...new DataLoader(ragged, { batchSize: 2 })];
    expect(run).toThrow(ShapeError);
    expect(run).toThrow(
      "DataLoader: items of a batch must have one shape and dtype: item 0 is float32 [1], item 1 float32 [2]",
    );
    const numeric = { length: 2, get: (i: number) => i } as never;
    expect(() => [...new DataLoader(numeric)]).toThrow(
      "DataLoader: what get(0) returns must be a tensor, or a list or record of tensors",
    );
    const fewer = { length: 2, get: (i: number) => [tensor(1), tensor(2)].slice(i) } as never;
    expect(() => [...new DataLoader(fewer, { batchSize: 2 })]).toThrow(
      "DataLoader: get(1) returns [0], but get(0) returns [0,1]",
    );
  });
});
