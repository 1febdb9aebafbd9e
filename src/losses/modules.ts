import { noGrad } from "../autograd/primitive.ts";
import { xavierUniform } from "../nn/init.ts";
import { Module } from "../nn/module.ts";
import { zeros } from "../tensor/creation.ts";
import { expectInteger, expectNumber, expectPositive } from "../tensor/options.ts";
import type { Generator } from "../tensor/random.ts";
import { type Tensor, type TensorLike, tensor } from "../tensor/tensor.ts";
import { type GE2EOptions, ge2e } from "./metric/ge2e.ts";
import {
  type ArcFaceOptions,
  arcFace,
  type CombinedMarginOptions,
  type CosFaceOptions,
  combinedMargin,
  cosFace,
  type NormalizedSoftmaxOptions,
  normalizedSoftmax,
} from "./metric/margin-softmax.ts";

// Losses that own what they learn: add their parameters() to the optimizer's.

type CentreLoss<Options> = (embeddings: TensorLike, centres: Tensor, labels: TensorLike, options: Options) => Tensor;

/** A softmax loss over class centres: `weight` [classes, embeddingSize] holds them, Xavier uniform at first. */
class CentreSoftmax<Options extends object> extends Module {
  weight: Tensor;
  readonly #loss: CentreLoss<Options>;
  readonly #options: Options;

  constructor(
    loss: CentreLoss<Options>,
    classes: number,
    embeddingSize: number,
    { generator, ...options }: Options & { generator?: Generator },
  ) {
    super();
    expectInteger(this.constructor.name, "classes", classes);
    expectInteger(this.constructor.name, "embeddingSize", embeddingSize);
    this.#loss = loss;
    this.#options = options as unknown as Options;
    // A first call checks the options now, not when the first batch comes.
    noGrad(() => loss(zeros([1, embeddingSize]), zeros([1, embeddingSize]), [0], this.#options));
    this.weight = xavierUniform(zeros([classes, embeddingSize], { requiresGrad: true }), { generator });
  }

  /** embeddings: [n, embeddingSize]; labels: [n], int32 class indices. */
  forward(embeddings: TensorLike, labels: TensorLike): Tensor {
    return this.#loss(embeddings, this.weight, labels, this.#options);
  }
}

/** `normalizedSoftmax` with centres of its own. Options: those of the function, and `generator`. */
export class NormalizedSoftmax extends CentreSoftmax<NormalizedSoftmaxOptions> {
  constructor(
    classes: number,
    embeddingSize: number,
    options: NormalizedSoftmaxOptions & { generator?: Generator } = {},
  ) {
    super(normalizedSoftmax, classes, embeddingSize, options);
  }
}

/** `cosFace` with centres of its own. Options: those of the function, and `generator`. */
export class CosFace extends CentreSoftmax<CosFaceOptions> {
  constructor(classes: number, embeddingSize: number, options: CosFaceOptions & { generator?: Generator } = {}) {
    super(cosFace, classes, embeddingSize, options);
  }
}

/** `arcFace` with centres of its own. Options: those of the function, and `generator`. */
export class ArcFace extends CentreSoftmax<ArcFaceOptions> {
  constructor(classes: number, embeddingSize: number, options: ArcFaceOptions & { generator?: Generator } = {}) {
    super(arcFace, classes, embeddingSize, options);
  }
}

/** `combinedMargin` with centres of its own. Options: those of the function, and `generator`. */
export class CombinedMargin extends CentreSoftmax<CombinedMarginOptions> {
  constructor(classes: number, embeddingSize: number, options: CombinedMarginOptions & { generator?: Generator } = {}) {
    super(combinedMargin, classes, embeddingSize, options);
  }
}

/**
 * `ge2e` that learns its factor and offset. The factor is softplus(w), so that it stays positive however `w` moves;
 * the options w (default 10) and b (default -5) are what factor and offset start from.
 */
export class GE2E extends Module {
  w: Tensor;
  b: Tensor;
  readonly #options: Omit<GE2EOptions, "w" | "b">;

  constructor({ w = 10, b = -5, ...options }: Omit<GE2EOptions, "w" | "b"> & { w?: number; b?: number } = {}) {
    super();
    expectPositive("GE2E", "w", w);
    expectNumber("GE2E", "b", b, "that is finite", Number.isFinite);
    this.#options = options;
    noGrad(() => ge2e(zeros([1, 2, 1]), options)); // checks the options now
    this.w = tensor(w + Math.log(-Math.expm1(-w)), { requiresGrad: true }); // softplus of it is w
    this.b = tensor(b, { requiresGrad: true });
  }

  /** embeddings: [speakers, utterances, d]. */
  forward(embeddings: TensorLike): Tensor {
    return ge2e(embeddings, { ...this.#options, w: this.w.softplus(), b: this.b });
  }
}
