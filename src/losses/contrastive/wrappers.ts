import { concat } from "../../autograd/movement.ts";
import { noGrad } from "../../autograd/primitive.ts";
import "../../functional/methods.ts";
import { ShapeError, ValueError } from "../../tensor/errors.ts";
import {
  expectFunction,
  expectInteger,
  expectNonNegative,
  expectOneOf,
  expectPositive,
  integerList,
  resolve,
} from "../../tensor/options.ts";
import { formatShape } from "../../tensor/shape.ts";
import { type Tensor, tensor } from "../../tensor/tensor.ts";
import { klDivergence } from "../divergence/kullback-leibler.ts";
import { type MultipleNegativesRankingOptions, multipleNegativesRanking } from "./multiple-negatives-ranking.ts";
import { flops } from "./regularizers.ts";

// What makes another loss of a loss over embeddings: of all that `loss` takes besides embeddings (labels, targets), the
// caller makes a closure, (a, p) => supCon(concat([a, p]), labels).

/** A loss of embeddings [n, d]. */
export type EmbeddingLoss = (...embeddings: Tensor[]) => Tensor;

export interface MatryoshkaOptions {
  /**
   * The lengths to which embeddings are cut, each from 1 to d; must be given. The full length is not added by itself.
   */
  dims: readonly number[];
  /** A weight >= 0 for each. Default 1 for all. */
  weights?: readonly number[];
  /** L2-normalise what is left of each embedding. Default true. */
  normalize?: boolean;
}

/**
 * Matryoshka: sum over dims of weight loss(the first dims numbers of each embedding), so that embeddings may be cut.
 *
 * Kusupati et al. 2022, arXiv:2205.13147. Reference values: sentence-transformers' MatryoshkaLoss.
 */
export function matryoshka(loss: EmbeddingLoss, options: MatryoshkaOptions): EmbeddingLoss {
  const where = "wrappers.matryoshka";
  expectFunction(where, "loss", loss);
  const { dims, weights, normalize } = resolve(where, options, {
    dims: [] as readonly number[],
    weights: undefined as readonly number[] | undefined,
    normalize: true,
  });
  const lengths = integerList(where, "dims", dims);
  if (lengths.length === 0) throw new ValueError(where, "dims must list at least one length");
  const factors = weights ?? lengths.map(() => 1);
  if (factors.length !== lengths.length) {
    throw new ValueError(
      where,
      `weights must be ${lengths.length} numbers, one for each of dims, got ${factors.length}`,
    );
  }
  for (const weight of factors) expectNonNegative(where, "weights", weight);
  return (...embeddings) =>
    lengths
      .map((length, i) => loss(...embeddings.map((x) => cut(where, x, length, normalize))).mul(factors[i]))
      .reduce((a, b) => a.add(b));
}

/** The first `length` numbers along the last axis. */
function cut(where: string, x: Tensor, length: number, normalize: boolean): Tensor {
  if (x.ndim === 0 || length > x.shape[x.ndim - 1]) {
    throw new ShapeError(where, `dims has ${length}, more than the last axis of embeddings ${formatShape(x.shape)}`);
  }
  const first = x.slice([...x.shape.slice(1).map(() => null), { stop: length }]);
  return normalize ? first.normalize({ axis: -1 }) : first;
}

export interface AdaptiveLayerOptions {
  /** The weight of the loss of the last layer, >= 0. Default 1. */
  lastLayerWeight?: number;
  /** The weight of the mean loss of the other layers, >= 0. Default 1. */
  priorLayersWeight?: number;
  /** How layer l = 0, 1, ... counts among the others: 1; 1 / (1 + log(1 + l)); 1 / (1 + l). Default "uniform". */
  layerWeighting?: "uniform" | "log" | "linear";
  /** The weight of the divergence of each layer from the last, >= 0. Default 1. */
  klWeight?: number;
  /** The temperature of that divergence, > 0. Default 0.3. */
  klTemperature?: number;
}

/**
 * Adaptive layers: the loss of the last layer, plus the mean of the losses of the layers before it, plus for each of
 * those temperature KL(softmax(last / temperature) || softmax(layer / temperature)), the last layer held constant; so
 * that a model may be cut after any layer. With `matryoshka(loss)` for its loss this is 2-D Matryoshka.
 *
 * The function returned takes a list with the embeddings of each layer, last layer last, as lists of the arguments of
 * `loss`. All layers take part; sentence-transformers draws one of them for each step.
 * Li et al. 2024, arXiv:2402.14776. Reference values: the formula of sentence-transformers' AdaptiveLayerLoss.
 */
export function adaptiveLayer(
  loss: EmbeddingLoss,
  options: AdaptiveLayerOptions = {},
): (layers: readonly (readonly Tensor[])[]) => Tensor {
  const where = "wrappers.adaptiveLayer";
  expectFunction(where, "loss", loss);
  const o = resolve<Required<AdaptiveLayerOptions>>(where, options, {
    lastLayerWeight: 1,
    priorLayersWeight: 1,
    layerWeighting: "uniform",
    klWeight: 1,
    klTemperature: 0.3,
  });
  expectNonNegative(where, "lastLayerWeight", o.lastLayerWeight);
  expectNonNegative(where, "priorLayersWeight", o.priorLayersWeight);
  expectOneOf(where, "layerWeighting", o.layerWeighting, ["uniform", "log", "linear"]);
  expectNonNegative(where, "klWeight", o.klWeight);
  expectPositive(where, "klTemperature", o.klTemperature);
  const weightOf = {
    uniform: () => 1,
    log: (l: number) => 1 / (1 + Math.log(1 + l)),
    linear: (l: number) => 1 / (1 + l),
  };
  const logits = (embeddings: readonly Tensor[]) => concat(embeddings).div(o.klTemperature);
  return (layers) => {
    if (layers.length === 0) throw new ValueError(where, "layers must have at least one layer");
    const [prior, last] = [layers.slice(0, -1), layers[layers.length - 1]];
    const teacher = logits(last).detach().softmax(-1);
    return prior.reduce(
      (total, layer, l) => {
        const factor = (weightOf[o.layerWeighting](l) / prior.length) * o.priorLayersWeight;
        const divergence = klDivergence(logits(layer).logSoftmax(-1), teacher).mul(o.klTemperature * o.klWeight);
        return total.add(loss(...layer).mul(factor)).add(divergence);
      },
      loss(...last).mul(o.lastLayerWeight),
    );
  };
}

export interface SpladeOptions {
  /** The weight of `flops` of the documents, >= 0; must be given. 3e-5 is usual. */
  documentWeight: number;
  /** The weight of `flops` of the queries, >= 0. Default 0. */
  queryWeight?: number;
  /** Count only documents with more activations than this. Default null, all. */
  documentThreshold?: number | null;
  /** Count only queries with more activations than this. Default null, all. */
  queryThreshold?: number | null;
}

/**
 * SPLADE: loss(queries, ...documents), plus `flops` of the queries and of all documents together, each by its weight.
 *
 * Formal et al. 2021, arXiv:2107.05720. Reference values: sentence-transformers' SpladeLoss.
 */
export function splade(loss: EmbeddingLoss, options: SpladeOptions): EmbeddingLoss {
  const where = "wrappers.splade";
  expectFunction(where, "loss", loss);
  const o = resolve(where, options, {
    documentWeight: undefined as number | undefined,
    queryWeight: 0,
    documentThreshold: null as number | null,
    queryThreshold: null as number | null,
  });
  expectNonNegative(where, "documentWeight", o.documentWeight);
  expectNonNegative(where, "queryWeight", o.queryWeight);
  return (queries, ...documents) => {
    if (documents.length === 0) throw new ValueError(where, "needs documents after the queries");
    const ofDocuments = flops(concat(documents), { threshold: o.documentThreshold }).mul(o.documentWeight as number);
    const ofQueries = flops(queries, { threshold: o.queryThreshold }).mul(o.queryWeight);
    return loss(queries, ...documents)
      .add(ofDocuments)
      .add(ofQueries);
  };
}

export interface GradientCacheOptions {
  /** How many rows are encoded at a time, whole, >= 1. Default 32. */
  chunkSize?: number;
}

/** From rows of inputs to their embeddings, row by row. */
export type Encoder = (rows: Tensor) => Tensor;

/**
 * GradCache: loss(encode(x1), encode(x2), ...) and its gradients, with the activations of only one chunk of rows in
 * memory, so that a loss over the batch may see more rows than fit.
 *
 * All rows are encoded without recording; the loss is differentiated by the embeddings; each chunk is encoded once more
 * and passes its part of that gradient on. The gradients add up in `grad` of what encode and loss depend on, as after
 * backward(). Returns the value of the loss, a constant, equal to that of the whole batch at once. encode must give the
 * same twice (dropout: seed its generator anew for each chunk) and must not mix rows (batch norm).
 * Gao et al. 2021, arXiv:2101.06983. Reference: the loss without chunks.
 */
export function gradientCache(
  loss: EmbeddingLoss,
  encode: Encoder,
  inputs: readonly Tensor[],
  options: GradientCacheOptions = {},
): Tensor {
  const where = "wrappers.gradientCache";
  expectFunction(where, "loss", loss);
  expectFunction(where, "encode", encode);
  const { chunkSize } = resolve<Required<GradientCacheOptions>>(where, options, { chunkSize: 32 });
  expectInteger(where, "chunkSize", chunkSize);
  const chunks = inputs.map((x) => chunksOf(x, chunkSize));
  const embeddings = chunks.map((list) =>
    tensor(
      noGrad(() => concat(list.map(({ rows }) => encode(rows)))),
      { requiresGrad: true },
    ),
  );
  const value = loss(...embeddings);
  value.backward();
  for (const [i, list] of chunks.entries()) {
    const { grad } = embeddings[i];
    if (grad === null) continue;
    for (const { rows, range } of list) encode(rows).backward(grad.slice([range]));
  }
  return value.detach();
}

/** The rows of x in chunks of `size`, the last one shorter, and where they come from. */
const chunksOf = (x: Tensor, size: number) =>
  Array.from({ length: Math.ceil(x.shape[0] / size) }, (_, i) => {
    const range = { start: i * size, stop: Math.min((i + 1) * size, x.shape[0]) };
    return { range, rows: x.slice([range]) };
  });

export interface CachedMultipleNegativesOptions
  extends GradientCacheOptions,
    Omit<MultipleNegativesRankingOptions, "negatives"> {
  /** Hard negatives, inputs of encode, [m, ...]: candidates of all anchors. */
  negatives?: Tensor;
}

/**
 * `multipleNegativesRanking` of encode(anchors) and encode(positives) by `gradientCache`: the same value and gradients,
 * with the activations of one chunk in memory.
 *
 * anchors, positives: inputs of encode, [n, ...]. Options: chunkSize (32), negatives, and those of the loss.
 * Reference: sentence-transformers' CachedMultipleNegativesRankingLoss, which equals its loss without chunks.
 */
export function cachedMultipleNegatives(
  encode: Encoder,
  anchors: Tensor,
  positives: Tensor,
  { chunkSize, negatives, ...options }: CachedMultipleNegativesOptions = {},
): Tensor {
  const loss: EmbeddingLoss = (a, p, hard) => multipleNegativesRanking(a, p, { ...options, negatives: hard });
  const inputs = negatives === undefined ? [anchors, positives] : [anchors, positives, negatives];
  return gradientCache(loss, encode, inputs, { chunkSize });
}
