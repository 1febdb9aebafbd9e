import { noGrad } from "../../autograd/primitive.ts";
import { kaimingUniform } from "../../nn/init.ts";
import { Module } from "../../nn/module.ts";
import { zeros } from "../../tensor/creation.ts";
import { expectInteger, expectNumber, expectOptions, expectPositive } from "../../tensor/options.ts";
import type { Generator } from "../../tensor/random.ts";
import { type Tensor, type TensorLike, tensor } from "../../tensor/tensor.ts";
import { type ContrastiveTensionInBatchOptions, contrastiveTensionInBatch } from "./contrastive-tension.ts";
import { type ClipOptions, clip } from "./info-nce.ts";
import { type SentencePairSoftmaxOptions, sentencePairSoftmax } from "./sentence-pairs.ts";
import { type SigLIPOptions, sigLIP } from "./sig-lip.ts";

// Losses that own what they learn: add their parameters() to the optimizer's.

const leaf = (value: number): Tensor => tensor(value, { requiresGrad: true });

/**
 * `clip` that learns its temperature e^-logitScale. `logitScale` starts at log(1 / temperature) (default 0.07); beyond
 * log(100) it counts as that, as in the paper.
 */
export class Clip extends Module {
  logitScale: Tensor;
  readonly #options: Omit<ClipOptions, "temperature">;

  constructor(given: Omit<ClipOptions, "temperature"> & { temperature?: number } = {}) {
    super();
    const defaults = { temperature: 0.07 };
    expectOptions("Clip", given, defaults);
    const { temperature = defaults.temperature, ...options } = given;
    expectPositive("Clip", "temperature", temperature);
    this.#options = options;
    noGrad(() => clip(zeros([1, 1]), zeros([1, 1]), options)); // checks the options now
    this.logitScale = leaf(-Math.log(temperature));
  }

  /** images, texts: [n, d]. */
  forward(images: TensorLike, texts: TensorLike): Tensor {
    const temperature = this.logitScale.clamp(undefined, Math.log(100)).neg().exp();
    return clip(images, texts, { ...this.#options, temperature });
  }
}

/** `sigLIP` that learns its scale e^logScale and its bias, which start from the options scale (10) and bias (-10). */
export class SigLIP extends Module {
  logScale: Tensor;
  bias: Tensor;
  readonly #options: Omit<SigLIPOptions, "scale" | "bias">;

  constructor(given: Omit<SigLIPOptions, "scale" | "bias"> & { scale?: number; bias?: number } = {}) {
    super();
    const defaults = { scale: 10, bias: -10 };
    expectOptions("SigLIP", given, defaults);
    const { scale = defaults.scale, bias = defaults.bias, ...options } = given;
    expectPositive("SigLIP", "scale", scale);
    expectNumber("SigLIP", "bias", bias, "that is finite", Number.isFinite);
    this.#options = options;
    noGrad(() => sigLIP(zeros([1, 1]), zeros([1, 1]), options)); // checks the options now
    this.logScale = leaf(Math.log(scale));
    this.bias = leaf(bias);
  }

  /** images, texts: [n, d]. */
  forward(images: TensorLike, texts: TensorLike): Tensor {
    return sigLIP(images, texts, { ...this.#options, scale: this.logScale.exp(), bias: this.bias });
  }
}

/** `contrastiveTensionInBatch` that learns its scale e^logitScale, which starts from the option scale (20). */
export class ContrastiveTensionInBatch extends Module {
  logitScale: Tensor;
  readonly #options: Omit<ContrastiveTensionInBatchOptions, "scale">;

  constructor(given: Omit<ContrastiveTensionInBatchOptions, "scale"> & { scale?: number } = {}) {
    super();
    const defaults = { scale: 20 };
    expectOptions("ContrastiveTensionInBatch", given, defaults);
    const { scale = defaults.scale, ...options } = given;
    expectPositive("ContrastiveTensionInBatch", "scale", scale);
    this.#options = options;
    noGrad(() => contrastiveTensionInBatch(zeros([1, 1]), zeros([1, 1]), options)); // checks the options now
    this.logitScale = leaf(Math.log(scale));
  }

  /** x1, x2: [n, d]. */
  forward(x1: TensorLike, x2: TensorLike): Tensor {
    return contrastiveTensionInBatch(x1, x2, { ...this.#options, scale: this.logitScale.exp() });
  }
}

/**
 * `sentencePairSoftmax` with a classifier of its own: `weight`, [classes, parts embeddingSize], Kaiming uniform as in
 * `Linear`, and `bias`, 0 at first. Options: those of the function but bias, and `generator`.
 */
export class SentencePairSoftmax extends Module {
  weight: Tensor;
  bias: Tensor;
  readonly #options: Omit<SentencePairSoftmaxOptions, "bias">;

  constructor(
    classes: number,
    embeddingSize: number,
    { generator, ...options }: Omit<SentencePairSoftmaxOptions, "bias"> & { generator?: Generator } = {},
  ) {
    super();
    expectInteger("SentencePairSoftmax", "classes", classes);
    expectInteger("SentencePairSoftmax", "embeddingSize", embeddingSize);
    const { concatenation = true, difference = true, product = false } = options;
    const size = (2 * Number(concatenation) + Number(difference) + Number(product)) * embeddingSize;
    this.#options = options;
    const one = zeros([1, embeddingSize]);
    noGrad(() => sentencePairSoftmax(one, one, zeros([classes, size]), [0], options)); // checks the options now
    this.weight = kaimingUniform(zeros([classes, size], { requiresGrad: true }), { a: Math.sqrt(5), generator });
    this.bias = zeros([classes], { requiresGrad: true });
  }

  /** x1, x2: [n, embeddingSize]; labels: [n], int32 class indices. */
  forward(x1: TensorLike, x2: TensorLike, labels: TensorLike): Tensor {
    return sentencePairSoftmax(x1, x2, this.weight, labels, { ...this.#options, bias: this.bias });
  }
}
