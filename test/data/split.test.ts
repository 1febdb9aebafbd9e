import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Dataset, type SplitOptions, Subset, split, TensorDataset, trainTestSplit } from "../../src/data/index.ts";
import { arange } from "../../src/tensor/creation.ts";
import { ValueError } from "../../src/tensor/errors.ts";
import { Generator } from "../../src/tensor/random.ts";
import { type Tensor, tensor } from "../../src/tensor/tensor.ts";

const values = (parts: readonly Tensor[]) => parts.map(({ data }) => [...data]);

describe("split", () => {
  it("gives disjoint parts that make up the whole, for any sizes", () => {
    const cases = fc.record({
      sizes: fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 5 }),
      classes: fc.integer({ min: 1, max: 4 }),
      stratified: fc.boolean(),
      shuffle: fc.boolean(),
      seed: fc.nat(),
    });
    fc.assert(
      fc.property(cases, ({ sizes, classes, stratified, shuffle, seed }) => {
        const n = sizes.reduce((a, b) => a + b, 0);
        const labels = Int32Array.from({ length: n }, (_, i) => i % classes);
        const enough = Math.floor(n / classes) >= sizes.length;
        const stratify = stratified && enough ? labels : undefined;
        const parts = values(split(n, { sizes, stratify, shuffle, seed }));
        expect(parts.map(({ length }) => length)).toEqual(sizes);
        expect(parts.flat().sort((a, b) => a - b)).toEqual([...Array(n).keys()]);
      }),
    );
  });

  it("rounds fractions by their largest remainders", () => {
    const sizes = (n: number, fractions: number[]) => split(n, { fractions, seed: 0 }).map((t) => t.size);
    expect(sizes(10, [0.7, 0.2, 0.1])).toEqual([7, 2, 1]);
    expect(sizes(10, [0.55, 0.27, 0.18])).toEqual([5, 3, 2]); // 5.5, 2.7, 1.8: the last two are closest to the next
    expect(sizes(7, [0.5, 0.5])).toEqual([4, 3]);
    expect(sizes(569, [0.6, 0.2, 0.2])).toEqual([341, 114, 114]);
  });

  it("keeps the proportions of the classes in every part", () => {
    const counts = [100, 31, 7];
    const labels = Int32Array.from(counts.flatMap((count, c) => new Array<number>(count).fill(10 * c)));
    const parts = split(138, { fractions: [0.6, 0.2, 0.2], stratify: labels, seed: 5 });
    const tables = parts.map(({ data }) => counts.map((_, c) => data.filter((i) => labels[i] === 10 * c).length));
    expect(parts.map((t) => t.size)).toEqual([83, 28, 27]);
    tables.forEach((table, part) => {
      table.forEach((count, c) => {
        expect(Math.abs(count - (counts[c] * parts[part].size) / 138)).toBeLessThanOrEqual(1);
      });
    });
  });

  it("keeps each share within one item of its ideal in two parts, whatever the classes", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(3), { minLength: 4, maxLength: 80 }),
        fc.double({ min: 0.2, max: 0.8, noNaN: true }),
        (labels, f) => {
          const counts = [0, 1, 2, 3].map((c) => labels.filter((label) => label === c).length);
          fc.pre(counts.every((count) => count !== 1));
          const [, second] = split(labels.length, {
            fractions: [1 - f, f],
            stratify: Int32Array.from(labels),
            seed: 1,
          });
          counts.forEach((count, c) => {
            const share = second.data.filter((i) => labels[i] === c).length;
            expect(Math.abs(share - (count * second.size) / labels.length)).toBeLessThan(1);
          });
        },
      ),
    );
  });

  it("is decided by the seed, and in order without shuffle", () => {
    const options = { sizes: [6, 4] };
    expect(values(split(10, { ...options, seed: 1 }))).toEqual(
      values(split(10, { ...options, generator: new Generator(1) })),
    );
    expect(values(split(10, { ...options, seed: 1 }))).not.toEqual(values(split(10, { ...options, seed: 2 })));
    expect(values(split(5, { sizes: [3, 2], shuffle: false }))).toEqual([
      [0, 1, 2],
      [3, 4],
    ]);
    const stratify = [0, 0, 0, 0, 1, 1];
    expect(values(split(6, { sizes: [3, 3], shuffle: false, stratify }))).toEqual([
      [0, 1, 4],
      [2, 3, 5],
    ]);
  });

  it("draws every item equally often into a part", () => {
    const generator = new Generator(0);
    const drawn = new Array<number>(6).fill(0);
    for (let round = 0; round < 600; round++) {
      for (const i of split(6, { sizes: [4, 2], generator })[1].data) drawn[i]++;
    }
    for (const count of drawn) expect(Math.abs(count - 200)).toBeLessThan(50); // 4 standard deviations
  });

  it("gives TensorDatasets of a TensorDataset, tuple or record", () => {
    const x = arange(4);
    const [train, test] = split(new TensorDataset(x, x), { sizes: [3, 1], shuffle: false });
    expect([train.length, test.tensors[1].toArray()]).toEqual([3, [3]]);
    const [{ tensors }] = split(new TensorDataset({ x }), { sizes: [3, 1], shuffle: false });
    expect(tensors.x.toArray()).toEqual([0, 1, 2]);
  });

  it("gives Subsets of any other dataset", () => {
    const squares: Dataset<Tensor> = { length: 4, get: (i) => tensor(i * i) };
    const [first, second] = split(squares, { sizes: [3, 1], shuffle: false });
    expect(first).toBeInstanceOf(Subset);
    expect([first.length, second.get(0).item()]).toEqual([3, 9]);
  });

  it.each<[string, number, object, string]>([
    ["neither", 4, {}, "needs fractions or sizes, and not both: { fractions: [0.8, 0.2] }"],
    ["both", 4, { fractions: [1], sizes: [4] }, "needs fractions or sizes, and not both"],
    ["fractions beyond 1", 4, { fractions: [0.8, 0.8] }, "fractions must be positive and add up to 1, got [0.8,0.8]"],
    ["a negative fraction", 4, { fractions: [1.2, -0.2] }, "fractions must be positive and add up to 1"],
    ["a fraction alone", 4, { fractions: 0.8 }, "fractions must be positive and add up to 1, got 0.8"],
    ["sizes of another sum", 4, { sizes: [2, 1] }, "sizes must be whole numbers that add up to 4, got [2,1]"],
    ["an empty part", 3, { fractions: [0.9, 0.1] }, "the 3 items would be split into [3, 0]; no part may be empty"],
    ["a negative part", 3, { sizes: [4, -1] }, "the 3 items would be split into [4, -1]; no part may be empty"],
    [
      "a class that is too small",
      4,
      { sizes: [2, 2], stratify: [0, 0, 0, 7] },
      "stratify: class 7 has 1 items, fewer than the 2 parts",
    ],
    [
      "labels of another length",
      4,
      { sizes: [2, 2], stratify: [0, 0] },
      "stratify has 2 labels, but there are 4 items",
    ],
    ["labels of two axes", 4, { sizes: [2, 2], stratify: [[0]] }, "stratify must be [n], got shape [1, 1]"],
    [
      "float labels",
      2,
      { sizes: [1, 1], stratify: tensor([0.5, 1]) },
      'stratify must be int32, got float32; convert with to("int32")',
    ],
    ["no items", 0, { fractions: [1] }, "n must be a number that is whole and >= 1, got 0"],
    [
      "an unknown option",
      4,
      { size: [4] },
      'unknown option "size"; it takes fractions, sizes, stratify, shuffle, generator, seed',
    ],
    [
      "two sources of chance",
      4,
      { sizes: [4], seed: 1, generator: new Generator(1) },
      "takes generator or seed, not both",
    ],
    ["a shuffle that is no boolean", 4, { sizes: [4], shuffle: "no" }, 'shuffle must be one of true, false, got "no"'],
  ])("refuses %s", (_, n, options, message) => {
    expect(() => split(n, options as SplitOptions)).toThrow(`split: ${message}`);
  });

  it("refuses what has no length", () => {
    expect(() => split([1, 2] as never, { fractions: [1] })).toThrow(
      "split: dataset must have a length and a method get(index)",
    );
  });
});

describe("trainTestSplit", () => {
  it("holds out a quarter, rounded up as scikit-learn does", () => {
    expect(trainTestSplit(10, { seed: 0 }).map((t) => t.size)).toEqual([7, 3]);
    expect(trainTestSplit(1797, { testSize: 0.2, seed: 0 }).map((t) => t.size)).toEqual([1437, 360]);
    expect(trainTestSplit(10, { testSize: 4, seed: 0 }).map((t) => t.size)).toEqual([6, 4]);
  });

  it("splits a dataset by class", () => {
    const labels = tensor([0, 0, 0, 0, 1, 1, 1, 1], { dtype: "int32" });
    const [train, test] = trainTestSplit(new TensorDataset(labels), { testSize: 0.5, stratify: labels, seed: 2 });
    expect([train, test].map((part) => [...part.tensors[0].data].sort())).toEqual([
      [0, 0, 1, 1],
      [0, 0, 1, 1],
    ]);
  });

  it.each<[object, string]>([
    [{ testSize: 0 }, "testSize must be a number in (0, 1), or whole, got 0"],
    [{ testSize: 1.5 }, "testSize must be a number in (0, 1), or whole, got 1.5"],
    [{ testSize: 10 }, "the 10 items would be split into [0, 10]; no part may be empty"],
    [{ testsize: 0.5 }, 'unknown option "testsize"; it takes testSize, stratify, shuffle, generator, seed'],
  ])("refuses %o", (options, message) => {
    expect(() => trainTestSplit(10, options)).toThrow(ValueError);
    expect(() => trainTestSplit(10, options)).toThrow(`trainTestSplit: ${message}`);
  });
});
