import { asIndices } from "../tensor/checks.ts";
import { ShapeError, ValueError } from "../tensor/errors.ts";
import { formatShape } from "../tensor/shape.ts";
import { Tensor, type TensorLike } from "../tensor/tensor.ts";
import { stackRows, takeRows } from "./rows.ts";
import { expectSample, mapSample, partsOf, type Sample } from "./sample.ts";

/** Items that can be counted and fetched one by one. `DataLoader` makes batches of them. */
export interface Dataset<S extends Sample = Sample> {
  readonly length: number;
  /** Item `index`, 0..length-1. */
  get(index: number): S;
  /** Several items at once, each tensor with a new first axis. Without it, what `get` gives is stacked. */
  batch?(indices: ArrayLike<number>): S;
}

type Rows = readonly Tensor[] | Readonly<Record<string, Tensor>>;

/**
 * Tensors with one row for each item: item i is row i of every one.
 *
 *     new TensorDataset(images, labels)       // an item is [image, label], a batch [images, labels]
 *     new TensorDataset({ images, labels })   // an item is { images, labels }, and so is a batch
 *
 * The first axes must have one size, the number of items. The tensors are not copied; items and batches are copies
 * outside the graph. Semantics of torch.utils.data.TensorDataset.
 */
export class TensorDataset<S extends Rows = Rows> implements Dataset<S> {
  readonly length: number;
  /** The tensors, as they were given. */
  readonly tensors: S;

  constructor(...tensors: S extends readonly Tensor[] ? S : never);
  constructor(named: S extends readonly Tensor[] ? never : S);
  constructor(...given: readonly unknown[]) {
    const isNamed = given.length === 1 && !(given[0] instanceof Tensor);
    const tensors = (isNamed ? given[0] : given) as S;
    expectSample("TensorDataset", "the argument", tensors);
    const [[firstName, first], ...rest] = partsOf(tensors);
    if (first.ndim === 0) throw new ShapeError("TensorDataset", `tensors.${firstName} is a scalar and has no rows`);
    for (const [name, t] of rest) {
      if (t.shape[0] !== first.shape[0]) {
        throw new ShapeError(
          "TensorDataset",
          `tensors.${name} ${formatShape(t.shape)} must have as many rows as tensors.${firstName} ${formatShape(first.shape)}`,
        );
      }
    }
    this.tensors = tensors;
    this.length = first.shape[0];
  }

  /** Row `index` of every tensor. */
  get(index: number): S {
    expectItems("TensorDataset", this, [index]);
    return mapSample(this.tensors, (t) => new Tensor(takeRows(t, [index]).data, t.shape.slice(1), t.dtype));
  }

  /** The rows named by `indices`, of every tensor. */
  batch(indices: ArrayLike<number>): S {
    expectItems("TensorDataset", this, indices);
    return mapSample(this.tensors, (t) => takeRows(t, indices));
  }
}

/** Some items of another dataset, in the order of `indices` (int32); an index may occur more than once. */
export class Subset<S extends Sample> implements Dataset<S> {
  readonly dataset: Dataset<S>;
  readonly indices: Tensor;

  constructor(dataset: Dataset<S>, indices: TensorLike) {
    expectDataset("Subset", dataset);
    const chosen = asIndices("Subset", "indices", indices);
    expectItems("Subset", dataset, chosen.data);
    this.dataset = dataset;
    this.indices = chosen;
  }

  get length(): number {
    return this.indices.size;
  }

  get(index: number): S {
    expectItems("Subset", this, [index]);
    return this.dataset.get(this.indices.data[index]);
  }

  batch(indices: ArrayLike<number>): S {
    expectItems("Subset", this, indices);
    return batchOf(
      "Subset",
      this.dataset,
      Array.from(indices, (i) => this.indices.data[i]),
    );
  }
}

/** The items of a dataset named by `indices` (at least one) as a batch. */
export function batchOf<S extends Sample>(where: string, dataset: Dataset<S>, indices: ArrayLike<number>): S {
  if (dataset.batch) return dataset.batch(indices);
  const items = Array.from(indices, (i) => dataset.get(i));
  items.forEach((item, i) => {
    expectSample(where, `what get(${indices[i]}) returns`, item);
    const [names, first] = [item, items[0]].map((sample) => partsOf(sample).map(([name]) => name));
    if (names.join() !== first.join()) {
      throw new ValueError(where, `get(${indices[i]}) returns [${names}], but get(${indices[0]}) returns [${first}]`);
    }
  });
  return mapSample(items[0], (t, name) =>
    stackRows(
      where,
      t === items[0] ? (items as Tensor[]) : items.map((item) => (item as Record<string, Tensor>)[name]),
    ),
  );
}

/** Throws unless `dataset` has a length and a method get. */
export function expectDataset(where: string, dataset: Dataset): void {
  if (!Number.isInteger(dataset?.length) || typeof dataset.get !== "function") {
    throw new ValueError(where, `dataset must have a length and a method get(index), got ${String(dataset)}`);
  }
}

function expectItems(where: string, { length }: { length: number }, indices: ArrayLike<number>): void {
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i];
    if (!Number.isInteger(index) || index < 0 || index >= length) {
      throw new ValueError(where, `index ${index} is out of range; there are ${length} items`);
    }
  }
}
