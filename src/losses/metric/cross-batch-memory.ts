import { noGrad } from "../../autograd/primitive.ts";
import { Module } from "../../nn/module.ts";
import { expectShape, floatTensor } from "../../tensor/checks.ts";
import { zeros } from "../../tensor/creation.ts";
import { ValueError } from "../../tensor/errors.ts";
import { expectFunction, expectInteger, expectOptions, resolve } from "../../tensor/options.ts";
import { Tensor, type TensorLike, tensor } from "../../tensor/tensor.ts";
import { expectOutside } from "../../tensor/tracing.ts";
import { type BatchOptions, batchOf, type References } from "./batch.ts";
import type { Pairs, Triplets } from "./mined.ts";

/** A loss over embeddings and labels that takes references: a function, or a Module such as `Margin`. */
export type BatchLoss =
  | ((embeddings: TensorLike, labels: TensorLike, options: BatchOptions) => Tensor)
  | Module<Tensor>;

export interface CrossBatchMemoryOptions {
  /** The length of an embedding. */
  embeddingSize: number;
  /** How many embeddings are kept, >= 1. Default 1024. */
  size?: number;
  /** Further options of the loss. Default none. */
  options?: object;
  /**
   * Selects pairs of the batch and the memory, as `losses.miners` do: (embeddings, labels, { references }). Default
   * none.
   */
  miner?:
    | ((embeddings: TensorLike, labels: TensorLike, options: { references: References }) => Pairs | Triplets)
    | null;
}

/**
 * Cross-batch memory: a loss of a batch against the last `size` embeddings, its own among them, so that a small batch
 * meets many negatives.
 *
 *     const memory = new CrossBatchMemory(losses.multiSimilarity, { embeddingSize: 128, size: 4096 });
 *     memory.call(embeddings, labels).backward();
 *
 * The memory is a queue of detached copies, written before the loss is taken; no row is its own positive. In evaluation
 * nothing is written. The paper starts when embeddings drift slowly, after some epochs without the memory. The state is
 * `embeddings`, `labels` and `count`; it changes at every call, so that a call is no part of a compiled function.
 *
 * Wang et al. 2020, "Cross-batch memory for embedding learning", CVPR, arXiv:1912.06798. Semantics of
 * pytorch-metric-learning's CrossBatchMemory.
 */
export class CrossBatchMemory extends Module {
  readonly loss: BatchLoss;
  /** [size, embeddingSize], of which the first min(count, size) rows are filled. */
  embeddings: Tensor;
  /** [size], int32 */
  labels: Tensor;
  /** How many embeddings have been written in all: [], int32. */
  count: Tensor;
  readonly #options: object;
  readonly #miner: CrossBatchMemoryOptions["miner"];

  constructor(loss: BatchLoss, options: CrossBatchMemoryOptions) {
    super();
    const where = "CrossBatchMemory";
    const settings = resolve<Required<CrossBatchMemoryOptions>>(where, options, {
      embeddingSize: 0,
      size: 1024,
      options: {},
      miner: null,
    });
    if (!(loss instanceof Module)) expectFunction(where, "loss", loss);
    expectInteger(where, "embeddingSize", settings.embeddingSize);
    expectInteger(where, "size", settings.size);
    expectOptions(where, settings.options, {});
    if (settings.miner !== null) expectFunction(where, "miner", settings.miner);
    this.loss = loss;
    this.#options = settings.options;
    this.#miner = settings.miner;
    this.embeddings = zeros([settings.size, settings.embeddingSize]);
    this.labels = zeros([settings.size], { dtype: "int32" });
    this.count = tensor(0, { dtype: "int32" });
  }

  /** embeddings: [n, embeddingSize], n <= size in training; labels: [n], int32. */
  forward(embeddings: TensorLike, labels: TensorLike): Tensor {
    expectOutside("CrossBatchMemory", "the memory changes at every call; compile the model, and call this outside");
    const { x, labels: y } = batchOf("CrossBatchMemory", embeddings, labels);
    const before = { embeddings: this.embeddings, labels: this.labels, count: this.count };
    try {
      const self = this.training ? this.write(x, y) : null;
      const references = { ...this.stored(), self };
      const pairs = this.#miner ? noGrad(() => this.#miner!(x, y, { references })) : null;
      const options = { ...this.#options, references, pairs };
      return this.loss instanceof Module ? this.loss.call(x, y, options) : this.loss(x, y, options);
    } catch (error) {
      Object.assign(this, before); // a batch that has no loss is not remembered
      throw error;
    }
  }

  /** What the memory holds, oldest rows first until it is full. */
  stored(): { embeddings: Tensor; labels: Tensor } {
    const filled = Math.min(this.count.item(), this.labels.size);
    return {
      embeddings: this.embeddings.slice({ stop: filled }).clone(),
      labels: this.labels.slice({ stop: filled }).clone(),
    };
  }

  /** Forgets everything. */
  reset(): void {
    this.count = tensor(0, { dtype: "int32" });
  }

  /** Puts a batch in the place of the oldest rows; where each row went, int32 [n]. */
  private write(x: Tensor, labels: Tensor): Tensor {
    const [size, width] = this.embeddings.shape;
    const n = x.shape[0];
    if (n > size) throw new ValueError("CrossBatchMemory", `a batch of ${n} does not fit a memory of size ${size}`);
    expectShape("CrossBatchMemory", "embeddings", floatTensor("CrossBatchMemory", "embeddings", x), [n, width]);
    const start = this.count.item();
    const rows = Int32Array.from({ length: n }, (_, i) => (start + i) % size);
    const [kept, keptLabels] = [this.embeddings.data.slice(), this.labels.data.slice()];
    rows.forEach((row, i) => {
      kept.set(x.data.subarray(i * width, (i + 1) * width), row * width);
      keptLabels[row] = labels.data[i];
    });
    this.embeddings = new Tensor(kept, this.embeddings.shape, "float32");
    this.labels = new Tensor(keptLabels, this.labels.shape, "int32");
    this.count = tensor(start + n, { dtype: "int32" });
    return tensor(rows);
  }
}
