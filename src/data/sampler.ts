import { asIndices, expectAxes } from "../tensor/checks.ts";
import { ValueError } from "../tensor/errors.ts";
import { expectFunction, expectInteger, resolve } from "../tensor/options.ts";
import { type Generator, generatorOr } from "../tensor/random.ts";
import type { TensorLike } from "../tensor/tensor.ts";
import { chooseGenerator, type RandomOptions } from "./random-options.ts";

/** Says which items are in each batch: one `for...of` loop is one epoch. */
export interface BatchSampler extends Iterable<ArrayLike<number>> {
  /** The number of batches in an epoch. */
  readonly length: number;
  /** The number of items in a batch, in the largest where they differ. */
  readonly batchSize: number;
}

export interface BalancedBatchSamplerOptions extends RandomOptions {
  /** Classes in a batch, >= 1. Default 8. */
  classes?: number;
  /** Items of each class in a batch, >= 1. Default 4. */
  samples?: number;
  /** Batches in an epoch, >= 1. Default as many as the items fill, at least one. */
  batches?: number;
}

/**
 * Batches of some classes with as many items of each, for losses that need positives in every batch:
 *
 *     const sampler = new BalancedBatchSampler(labels, { classes: 8, samples: 4, seed: 0 });
 *     const loader = new DataLoader(new TensorDataset(images, labels), { sampler });
 *
 * labels: [n], int32, one for each item of the dataset. Each batch draws its classes anew. The items of a class come in
 * a random order, all of an epoch's before any returns; a class with fewer than `samples` repeats them. The items of a
 * class are next to each other. As pytorch-metric-learning's MPerClassSampler, which draws items with replacement
 * between batches.
 */
export class BalancedBatchSampler implements BatchSampler {
  readonly length: number;
  readonly batchSize: number;
  readonly #classes: number;
  readonly #samples: number;
  readonly #items: number[][];
  readonly #generator: Generator | undefined;

  constructor(labels: TensorLike, options: BalancedBatchSamplerOptions = {}) {
    const where = "BalancedBatchSampler";
    const { classes, samples, batches, generator, seed } = resolve<Resolved>(where, options, {
      classes: 8,
      samples: 4,
      batches: undefined,
      generator: undefined,
      seed: undefined,
    });
    const y = asIndices(where, "labels", labels);
    expectAxes(where, "labels", y, ["n"]);
    expectInteger(where, "classes", classes);
    expectInteger(where, "samples", samples);
    if (batches !== undefined) expectInteger(where, "batches", batches);
    const byClass = new Map<number, number[]>();
    y.data.forEach((label, item) => {
      const items = byClass.get(label);
      if (items === undefined) byClass.set(label, [item]);
      else items.push(item);
    });
    if (byClass.size < classes) {
      throw new ValueError(where, `classes is ${classes}, but the labels have ${byClass.size} of them`);
    }
    this.#classes = classes;
    this.#samples = samples;
    this.#items = [...byClass.values()];
    this.batchSize = classes * samples;
    this.length = batches ?? Math.max(1, Math.floor(y.size / this.batchSize));
    this.#generator = chooseGenerator(where, generator, seed);
  }

  *[Symbol.iterator](): globalThis.Generator<Int32Array, void, undefined> {
    const generator = generatorOr(this.#generator);
    const decks = this.#items.map((items) => new Deck(items, generator));
    for (let batch = 0; batch < this.length; batch++) {
      const chosen = generator.permutation(decks.length).data.subarray(0, this.#classes);
      yield Int32Array.from(Array.from(chosen).flatMap((c) => decks[c].draw(this.#samples)));
    }
  }
}

/** Items to draw one after the other, shuffled anew when all have been drawn. */
class Deck {
  private left: number[] = [];
  private readonly items: readonly number[];
  private readonly generator: Generator;

  constructor(items: readonly number[], generator: Generator) {
    this.items = items;
    this.generator = generator;
  }

  draw(count: number): number[] {
    const drawn: number[] = [];
    while (drawn.length < count) {
      if (this.left.length === 0) this.shuffle(drawn);
      drawn.push(this.left.shift()!);
    }
    return drawn;
  }

  /** Those just drawn come last, so that a batch repeats an item only when its class is too small. */
  private shuffle(drawn: readonly number[]): void {
    const order = Array.from(this.generator.permutation(this.items.length).data, (i) => this.items[i]);
    const [recent, others] = [true, false].map((is) => order.filter((item) => drawn.includes(item) === is));
    this.left = [...others, ...recent];
  }
}

type Resolved = Required<Omit<BalancedBatchSamplerOptions, "batches" | "generator" | "seed">> & {
  batches: number | undefined;
  generator: Generator | undefined;
  seed: string | number | undefined;
};

/** Throws unless `sampler` can be iterated and has a length. */
export function expectSampler(where: string, sampler: BatchSampler): void {
  if (!Number.isInteger(sampler?.length))
    throw new ValueError(where, "sampler must have a length, its number of batches");
  expectFunction(where, "sampler[Symbol.iterator]", sampler[Symbol.iterator]);
}
