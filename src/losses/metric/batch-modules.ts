import { noGrad } from "../../autograd/primitive.ts";
import { Module } from "../../nn/module.ts";
import { full, zeros } from "../../tensor/creation.ts";
import { expectInteger, expectPositive } from "../../tensor/options.ts";
import { type Generator, generatorOr } from "../../tensor/random.ts";
import { type Tensor, type TensorLike, tensor } from "../../tensor/tensor.ts";
import type { BatchOptions } from "./batch.ts";
import { type ManifoldSimilarityOptions, manifoldSimilarity } from "./manifold-similarity.ts";
import { type MarginOptions, margin } from "./margin.ts";

// Losses over labelled batches that own what they learn: add their parameters() to the optimizer's.

/**
 * `margin` that learns its beta, one for each class, or one in all with `classes` null. Options: those of the function;
 * the option beta (a number, default 1.2) is what they start from.
 */
export class Margin extends Module {
  /** [classes], or [] */
  beta: Tensor;
  readonly #options: Omit<MarginOptions, "beta">;

  constructor(
    classes: number | null = null,
    { beta = 1.2, ...options }: Omit<MarginOptions, "beta"> & { beta?: number } = {},
  ) {
    super();
    if (classes !== null) expectInteger("Margin", "classes", classes);
    expectPositive("Margin", "beta", beta);
    noGrad(() => margin(zeros([1, 1]), [0], options)); // checks the options now
    this.#options = options;
    this.beta = full(classes === null ? [] : [classes], beta, { requiresGrad: true });
  }

  /** embeddings: [n, d]; labels: [n], int32 class indices. `more` goes on top of the options: references, pairs. */
  forward(embeddings: TensorLike, labels: TensorLike, more: BatchOptions = {}): Tensor {
    return margin(embeddings, labels, { ...this.#options, ...more, beta: this.beta });
  }
}

/** `manifoldSimilarity` with proxies of its own, normal at first. Options: those of the function, and `generator`. */
export class ManifoldSimilarity extends Module {
  /** [classes, embeddingSize] */
  proxies: Tensor;
  readonly #options: ManifoldSimilarityOptions;

  constructor(
    classes: number,
    embeddingSize: number,
    { generator, ...options }: ManifoldSimilarityOptions & { generator?: Generator } = {},
  ) {
    super();
    expectInteger("ManifoldSimilarity", "classes", classes);
    expectInteger("ManifoldSimilarity", "embeddingSize", embeddingSize);
    noGrad(() => manifoldSimilarity(zeros([1, embeddingSize]), zeros([1, embeddingSize]), [0], options));
    this.#options = options;
    this.proxies = tensor(generatorOr(generator).normal([classes, embeddingSize]), { requiresGrad: true });
  }

  /** embeddings: [n, embeddingSize]; labels: [n], int32 indices into the proxies. */
  forward(embeddings: TensorLike, labels: TensorLike): Tensor {
    return manifoldSimilarity(embeddings, this.proxies, labels, this.#options);
  }
}
