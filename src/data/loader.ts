import { ValueError } from "../tensor/errors.ts";
import { expectInteger, expectOneOf, resolve } from "../tensor/options.ts";
import { type Generator, generatorOr } from "../tensor/random.ts";
import { batchOf, type Dataset, expectDataset } from "./dataset.ts";
import { chooseGenerator, type RandomOptions } from "./random-options.ts";
import type { Sample } from "./sample.ts";
import { type BatchSampler, expectSampler } from "./sampler.ts";

export interface DataLoaderOptions extends RandomOptions {
  /** Items in a batch. Default 1. */
  batchSize?: number;
  /** A new random order in every epoch. Default false. */
  shuffle?: boolean;
  /** Leaves out the last batch when it is smaller than the others. Default false. */
  dropLast?: boolean;
  /** Says which items are in each batch, in place of batchSize, shuffle and dropLast: a `BalancedBatchSampler`. */
  sampler?: BatchSampler;
}

/**
 * The items of a dataset in batches; one `for...of` loop is one epoch.
 *
 *     const loader = new DataLoader(new TensorDataset(x, y), { batchSize: 64, shuffle: true, seed: 0 });
 *     for (const [inputs, labels] of loader) { ... }
 *
 * A batch has the form of an item, each tensor with a new first axis. With `shuffle`, every epoch draws its order when
 * it begins, so that the seed decides all of them. Semantics of torch.utils.data.DataLoader.
 */
export class DataLoader<S extends Sample> implements Iterable<S> {
  readonly dataset: Dataset<S>;
  readonly batchSize: number;
  readonly #shuffle: boolean;
  readonly #dropLast: boolean;
  readonly #sampler: BatchSampler | undefined;
  readonly #generator: Generator | undefined;

  constructor(dataset: Dataset<S>, options: DataLoaderOptions = {}) {
    const { batchSize, shuffle, dropLast, sampler, generator, seed } = resolve<Resolved>("DataLoader", options, {
      batchSize: 1,
      shuffle: false,
      dropLast: false,
      sampler: undefined,
      generator: undefined,
      seed: undefined,
    });
    expectDataset("DataLoader", dataset);
    expectInteger("DataLoader", "batchSize", batchSize);
    expectOneOf("DataLoader", "shuffle", shuffle, [true, false]);
    expectOneOf("DataLoader", "dropLast", dropLast, [true, false]);
    if (dataset.length === 0) throw new ValueError("DataLoader", "dataset is empty; it needs at least one item");
    if (dropLast && dataset.length < batchSize) {
      throw new ValueError(
        "DataLoader",
        `dropLast leaves no batch: batchSize is ${batchSize}, but the dataset has ${dataset.length} items`,
      );
    }
    if (sampler !== undefined) {
      expectSampler("DataLoader", sampler);
      const given = Object.entries(options).filter(([name, value]) => name !== "sampler" && value !== undefined);
      if (given.length > 0) {
        throw new ValueError(
          "DataLoader",
          `sampler says all about the batches; leave out ${given.map(([name]) => name).join(", ")}`,
        );
      }
    }
    this.dataset = dataset;
    this.batchSize = sampler?.batchSize ?? batchSize;
    this.#shuffle = shuffle;
    this.#dropLast = dropLast;
    this.#sampler = sampler;
    this.#generator = chooseGenerator("DataLoader", generator, seed);
  }

  /** The number of batches in an epoch. */
  get length(): number {
    if (this.#sampler !== undefined) return this.#sampler.length;
    const batches = this.dataset.length / this.batchSize;
    return this.#dropLast ? Math.floor(batches) : Math.ceil(batches);
  }

  *[Symbol.iterator](): Batches<S> {
    const { dataset, batchSize, length } = this;
    if (this.#sampler !== undefined) {
      for (const indices of this.#sampler) yield batchOf("DataLoader", dataset, indices);
      return;
    }
    const order = this.#shuffle
      ? (generatorOr(this.#generator).permutation(dataset.length).data as Int32Array)
      : Int32Array.from({ length: dataset.length }, (_, i) => i);
    for (let batch = 0; batch < length; batch++) {
      yield batchOf("DataLoader", dataset, order.subarray(batch * batchSize, (batch + 1) * batchSize));
    }
  }
}

type Batches<S> = globalThis.Generator<S, void, undefined>;

type Resolved = Required<Omit<DataLoaderOptions, "sampler" | "generator" | "seed">> & {
  sampler: BatchSampler | undefined;
  generator: Generator | undefined;
  seed: string | number | undefined;
};
