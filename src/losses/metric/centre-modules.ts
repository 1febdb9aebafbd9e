import { noGrad } from "../../autograd/primitive.ts";
import { xavierUniform } from "../../nn/init.ts";
import { Module } from "../../nn/module.ts";
import { zeros } from "../../tensor/creation.ts";
import { expectInteger } from "../../tensor/options.ts";
import type { Generator } from "../../tensor/random.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { type ElasticFaceOptions, elasticFace, type MagFaceOptions, magFace } from "./adaptive-margin.ts";
import { type P2SGradOptions, p2sGrad } from "./center.ts";
import {
  type ArcFaceOptions,
  arcFace,
  type CombinedMarginOptions,
  type CosFaceOptions,
  combinedMargin,
  cosFace,
  type NormalizedSoftmaxOptions,
  normalizedSoftmax,
} from "./margin-softmax.ts";
import {
  type LargeMarginSoftmaxOptions,
  largeMarginSoftmax,
  type SphereFaceOptions,
  sphereFace,
} from "./multiplied-angle.ts";
import { type ProxyAnchorOptions, type ProxyNCAOptions, proxyAnchor, proxyNCA } from "./proxies.ts";
import { type SoftTripleOptions, type SubCenterArcFaceOptions, softTriple, subCenterArcFace } from "./sub-centres.ts";

// Losses that own what they learn: add their parameters() to the optimizer's.

type CentreFunction<Options> = (
  embeddings: TensorLike,
  centres: Tensor,
  labels: TensorLike,
  options: Options,
) => Tensor;

/** Where the centres of a module come from: the generator of their first values, Xavier uniform. */
export interface FromGenerator {
  generator?: Generator;
}

/**
 * A loss over class centres: `weight`, [classes, embeddingSize] or [classes, centresPerClass, embeddingSize], holds
 * them, Xavier uniform at first.
 */
export class CentreLoss<Options extends object> extends Module {
  weight: Tensor;
  readonly #loss: CentreFunction<Options>;
  readonly #options: Options;

  constructor(
    loss: CentreFunction<Options>,
    sizes: { classes: number; centresPerClass?: number; embeddingSize: number },
    { generator, ...options }: Options & FromGenerator,
  ) {
    super();
    for (const [name, size] of Object.entries(sizes)) expectInteger(this.constructor.name, name, size);
    this.#loss = loss;
    this.#options = options as unknown as Options;
    const [classes, ...rest] = Object.values(sizes);
    // A first call checks the options now, not when the first batch comes.
    noGrad(() => loss(zeros([1, sizes.embeddingSize]), zeros([Math.min(classes, 2), ...rest]), [0], this.#options));
    this.weight = xavierUniform(zeros([classes, ...rest], { requiresGrad: true }), { generator });
  }

  /** embeddings: [n, embeddingSize]; labels: [n], int32 class indices. */
  forward(embeddings: TensorLike, labels: TensorLike): Tensor {
    return this.lossWith(embeddings, labels, {});
  }

  /** The loss with further options on top. */
  protected lossWith(embeddings: TensorLike, labels: TensorLike, options: Partial<Options>): Tensor {
    return this.#loss(embeddings, this.weight, labels, { ...this.#options, ...options });
  }
}

/** `normalizedSoftmax` with centres of its own. Options: those of the function, and `generator`. */
export class NormalizedSoftmax extends CentreLoss<NormalizedSoftmaxOptions> {
  constructor(classes: number, embeddingSize: number, options: NormalizedSoftmaxOptions & FromGenerator = {}) {
    super(normalizedSoftmax, { classes, embeddingSize }, options);
  }
}

/** `cosFace` with centres of its own. Options: those of the function, and `generator`. */
export class CosFace extends CentreLoss<CosFaceOptions> {
  constructor(classes: number, embeddingSize: number, options: CosFaceOptions & FromGenerator = {}) {
    super(cosFace, { classes, embeddingSize }, options);
  }
}

/** `arcFace` with centres of its own. Options: those of the function, and `generator`. */
export class ArcFace extends CentreLoss<ArcFaceOptions> {
  constructor(classes: number, embeddingSize: number, options: ArcFaceOptions & FromGenerator = {}) {
    super(arcFace, { classes, embeddingSize }, options);
  }
}

/** `combinedMargin` with centres of its own. Options: those of the function, and `generator`. */
export class CombinedMargin extends CentreLoss<CombinedMarginOptions> {
  constructor(classes: number, embeddingSize: number, options: CombinedMarginOptions & FromGenerator = {}) {
    super(combinedMargin, { classes, embeddingSize }, options);
  }
}

/** `sphereFace` with centres of its own. Options: those of the function, and `generator`. */
export class SphereFace extends CentreLoss<SphereFaceOptions> {
  constructor(classes: number, embeddingSize: number, options: SphereFaceOptions & FromGenerator = {}) {
    super(sphereFace, { classes, embeddingSize }, options);
  }
}

/** `largeMarginSoftmax` with centres of its own. Options: those of the function, and `generator`. */
export class LargeMarginSoftmax extends CentreLoss<LargeMarginSoftmaxOptions> {
  constructor(classes: number, embeddingSize: number, options: LargeMarginSoftmaxOptions & FromGenerator = {}) {
    super(largeMarginSoftmax, { classes, embeddingSize }, options);
  }
}

/** `magFace` with centres of its own. Options: those of the function, and `generator`. */
export class MagFace extends CentreLoss<MagFaceOptions> {
  constructor(classes: number, embeddingSize: number, options: MagFaceOptions & FromGenerator = {}) {
    super(magFace, { classes, embeddingSize }, options);
  }
}

/** `p2sGrad` with centres of its own. Options: those of the function, and `generator`. */
export class P2SGrad extends CentreLoss<P2SGradOptions> {
  constructor(classes: number, embeddingSize: number, options: P2SGradOptions & FromGenerator = {}) {
    super(p2sGrad, { classes, embeddingSize }, options);
  }
}

/** `proxyNCA` with proxies of its own. Options: those of the function, and `generator`. */
export class ProxyNCA extends CentreLoss<ProxyNCAOptions> {
  constructor(classes: number, embeddingSize: number, options: ProxyNCAOptions & FromGenerator = {}) {
    super(proxyNCA, { classes, embeddingSize }, options);
  }
}

/** `proxyAnchor` with proxies of its own. Options: those of the function, and `generator`. */
export class ProxyAnchor extends CentreLoss<ProxyAnchorOptions> {
  constructor(classes: number, embeddingSize: number, options: ProxyAnchorOptions & FromGenerator = {}) {
    super(proxyAnchor, { classes, embeddingSize }, options);
  }
}

/**
 * `elasticFace` with centres of its own. Options: those of the function; `generator` draws the centres and the margins.
 */
export class ElasticFace extends CentreLoss<ElasticFaceOptions> {
  constructor(classes: number, embeddingSize: number, options: ElasticFaceOptions = {}) {
    const { generator } = options;
    const loss: CentreFunction<ElasticFaceOptions> = (x, centres, labels, others) =>
      elasticFace(x, centres, labels, { ...others, generator });
    super(loss, { classes, embeddingSize }, options);
  }
}

/**
 * `subCenterArcFace` with centres of its own, 3 for each class unless told otherwise. Options: those of the function,
 * and `generator`.
 */
export class SubCenterArcFace extends CentreLoss<SubCenterArcFaceOptions> {
  constructor(
    classes: number,
    embeddingSize: number,
    { centresPerClass = 3, ...options }: SubCenterArcFaceOptions & FromGenerator & { centresPerClass?: number } = {},
  ) {
    super(subCenterArcFace, { classes, centresPerClass, embeddingSize }, options);
  }
}

/**
 * `softTriple` with centres of its own, 10 for each class unless told otherwise. Options: those of the function, and
 * `generator`.
 */
export class SoftTriple extends CentreLoss<SoftTripleOptions> {
  constructor(
    classes: number,
    embeddingSize: number,
    { centresPerClass = 10, ...options }: SoftTripleOptions & FromGenerator & { centresPerClass?: number } = {},
  ) {
    super(softTriple, { classes, centresPerClass, embeddingSize }, options);
  }
}
