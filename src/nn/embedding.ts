import { stopGradient, where } from "../autograd/elementwise.ts";
import { indexSelect } from "../autograd/indexing.ts";
import { asIndices, expectIndices } from "../tensor/checks.ts";
import { zeros } from "../tensor/creation.ts";
import { expectInteger, expectNumber, resolve } from "../tensor/options.ts";
import type { Generator } from "../tensor/random.ts";
import type { Tensor, TensorLike } from "../tensor/tensor.ts";
import { anyGenerator } from "./generator.ts";
import * as init from "./init.ts";
import { Module } from "./module.ts";

export interface EmbeddingOptions {
  /** The row that stands for padding: it starts at 0 and gets no gradient. */
  paddingIndex?: number | null;
  generator?: Generator;
}

/**
 * A table of vectors: whole numbers [...] in 0..count-1 -> rows [..., size].
 * weight [count, size] starts standard normal. Semantics of torch.nn.Embedding.
 */
export class Embedding extends Module {
  readonly count: number;
  readonly size: number;
  weight: Tensor;
  readonly paddingIndex: number | null;

  constructor(count: number, size: number, options: EmbeddingOptions = {}) {
    super();
    this.count = count;
    this.size = size;
    const { paddingIndex, generator } = resolve("Embedding", options, {
      paddingIndex: null as number | null,
      generator: anyGenerator,
    });
    expectInteger("Embedding", "count", count);
    expectInteger("Embedding", "size", size);
    if (paddingIndex !== null) {
      const isRow = (i: number) => Number.isInteger(i) && i >= 0 && i < count;
      expectNumber("Embedding", "paddingIndex", paddingIndex, `that is whole and in 0..${count - 1}`, isRow);
    }
    this.paddingIndex = paddingIndex;
    this.weight = init.normal(zeros([count, size], { requiresGrad: true }), { generator });
    if (paddingIndex !== null) this.weight.data.fill(0, paddingIndex * size, (paddingIndex + 1) * size);
  }

  forward(indices: TensorLike): Tensor {
    const index = asIndices("Embedding", "indices", indices);
    expectIndices("Embedding", "indices", index, this.count, "the table");
    const flat = index.reshape([-1]);
    let rows = indexSelect(this.weight, 0, flat);
    if (this.paddingIndex !== null) {
      rows = where(flat.eq(this.paddingIndex).unsqueeze(1), stopGradient(rows), rows);
    }
    return rows.reshape([...index.shape, this.size]);
  }
}
