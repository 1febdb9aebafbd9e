import { describe, expect, expectTypeOf, it } from "vitest";
import { type Dataset, Subset, TensorDataset } from "../../src/data/index.ts";
import { ShapeError, ValueError } from "../../src/tensor/errors.ts";
import { type Tensor, tensor } from "../../src/tensor/tensor.ts";

const x = tensor([
  [1, 2],
  [3, 4],
  [5, 6],
]);
const y = tensor([7, 8, 9], { dtype: "int32" });

describe("TensorDataset", () => {
  it("has rows of its tensors as items", () => {
    const dataset = new TensorDataset(x, y);
    expectTypeOf(dataset.get(0)).toEqualTypeOf<[Tensor, Tensor]>();
    const [row, label] = dataset.get(1);
    expect([dataset.length, row.toArray(), label.item(), label.shape, label.dtype]).toEqual([
      3,
      [3, 4],
      8,
      [],
      "int32",
    ]);
  });

  it("gives batches in the order asked for, an item more than once too", () => {
    const [rows, labels] = new TensorDataset(x, y).batch([2, 0, 2]);
    expect([rows.toArray(), labels.toArray()]).toEqual([
      [
        [5, 6],
        [1, 2],
        [5, 6],
      ],
      [9, 7, 9],
    ]);
  });

  it("keeps the names of a record", () => {
    const dataset = new TensorDataset({ images: x, labels: y });
    expectTypeOf(dataset.get(0)).toEqualTypeOf<{ images: Tensor; labels: Tensor }>();
    const { images, labels } = dataset.batch([1]);
    expect([images.toArray(), labels.toArray(), dataset.get(2).labels.item()]).toEqual([[[3, 4]], [8], 9]);
  });

  it("copies, outside the graph", () => {
    const source = tensor([[1, 2]], { requiresGrad: true });
    const [row] = new TensorDataset(source).get(0);
    row.data[0] = 100;
    expect([source.data[0], row.requiresGrad]).toEqual([1, false]);
  });

  it("copies wide rows as well as narrow ones", () => {
    const wide = tensor(
      Float32Array.from({ length: 300 }, (_, i) => i),
      { shape: [3, 4, 25] },
    );
    const [rows] = new TensorDataset(wide).batch([2, 0]);
    expect(rows.shape).toEqual([2, 4, 25]);
    expect([rows.data[0], rows.data[99], rows.data[100], rows.data[199]]).toEqual([200, 299, 0, 99]);
  });

  it.each<[string, () => unknown, typeof ValueError | typeof ShapeError, string]>([
    [
      "nothing",
      () => new TensorDataset(),
      ValueError,
      "TensorDataset: the argument must be a tensor, or a list or record of tensors",
    ],
    [
      "an array",
      () => new TensorDataset({ x: [1] as never }),
      ValueError,
      "TensorDataset: the argument must be a tensor",
    ],
    [
      "a scalar",
      () => new TensorDataset(tensor(1)),
      ShapeError,
      "TensorDataset: tensors.0 is a scalar and has no rows",
    ],
    [
      "unequal lengths",
      () => new TensorDataset({ x, labels: tensor([1, 2]) }),
      ShapeError,
      "TensorDataset: tensors.labels [2] must have as many rows as tensors.x [3, 2]",
    ],
    [
      "an index beyond",
      () => new TensorDataset(x).get(3),
      ValueError,
      "TensorDataset: index 3 is out of range; there are 3 items",
    ],
    [
      "half an index",
      () => new TensorDataset(x).batch([0, 0.5]),
      ValueError,
      "TensorDataset: index 0.5 is out of range",
    ],
  ])("refuses %s", (_, run, type, message) => {
    expect(run).toThrow(type);
    expect(run).toThrow(message);
  });
});

describe("Subset", () => {
  it("is some items of another dataset, in its own order", () => {
    const subset = new Subset(new TensorDataset(x, y), [2, 0]);
    expect([subset.length, subset.get(0)[1].item(), subset.batch([1, 0])[1].toArray()]).toEqual([2, 9, [7, 9]]);
  });

  it("stacks items of a dataset that gives no batches", () => {
    const squares: Dataset<Tensor> = { length: 5, get: (i) => tensor([i, i * i]) };
    expect(new Subset(squares, [4, 2]).batch([0, 1]).toArray()).toEqual([
      [4, 16],
      [2, 4],
    ]);
  });

  it.each<[string, () => unknown, string]>([
    [
      "indices beyond",
      () => new Subset(new TensorDataset(x), [3]),
      "Subset: index 3 is out of range; there are 3 items",
    ],
    [
      "float indices",
      () => new Subset(new TensorDataset(x), tensor([1.5])),
      'Subset: indices must be int32, got float32; convert with to("int32")',
    ],
    [
      "what is no dataset",
      () => new Subset({ length: 3 } as never, [0]),
      "Subset: dataset must have a length and a method get(index)",
    ],
    [
      "an index beyond itself",
      () => new Subset(new TensorDataset(x), [2]).get(1),
      "Subset: index 1 is out of range; there are 1 items",
    ],
  ])("refuses %s", (_, run, message) => {
    expect(run).toThrow(message);
  });
});
