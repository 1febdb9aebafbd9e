import { where } from "../autograd/elementwise.ts";
import { matmul } from "../autograd/linear.ts";
import { zeros } from "../tensor/creation.ts";
import { ShapeError, ValueError } from "../tensor/errors.ts";
import { expectInteger, expectNumber, resolve } from "../tensor/options.ts";
import { type Generator, generatorOr } from "../tensor/random.ts";
import { formatShape, type Shape, sameShape } from "../tensor/shape.ts";
import { asTensor, type Tensor, type TensorLike } from "../tensor/tensor.ts";
import { dropout } from "./dropout.ts";
import { anyGenerator } from "./generator.ts";
import * as init from "./init.ts";
import { Linear } from "./linear.ts";
import { Module } from "./module.ts";

export interface MultiHeadAttentionOptions {
  /** Biases of the projections. Default true. */
  bias?: boolean;
  /** Probability with which an attention weight is dropped in training. Default 0. */
  dropout?: number;
  /** For the starting values and dropout. */
  generator?: Generator;
}

export interface AttentionMasks {
  /** [n, keys]: a bool is true where a key is padding and not looked at, a float is added to the scores. */
  keyPaddingMask?: TensorLike | null;
  /** [queries, keys] or [n * heads, queries, keys]: likewise, for each query. */
  attentionMask?: TensorLike | null;
}

/**
 * For each head, softmax(Q K^T / sqrt(d)) V with Q, K, V linear in query, key and value; the heads side by side go
 * through one more linear layer.
 *
 * query [n, queries, embedSize], key and value [n, keys, embedSize] -> [n, queries, embedSize]; the batch comes first
 * (`batch_first=True`). key defaults to query and value to key: self-attention. A query whose keys are all masked gives
 * NaN. Parameters inProjWeight [3 embedSize, embedSize] (Xavier uniform), inProjBias (0) and outProj, a `Linear` whose
 * bias starts at 0. Vaswani et al. 2017, arXiv:1706.03762. Semantics of torch.nn.MultiheadAttention.
 */
export class MultiHeadAttention extends Module {
  readonly embedSize: number;
  readonly heads: number;
  inProjWeight: Tensor;
  inProjBias: Tensor | null;
  outProj: Linear;
  readonly dropout: number;
  readonly generator: Generator | undefined;

  constructor(embedSize: number, heads: number, options: MultiHeadAttentionOptions = {}) {
    super();
    this.embedSize = embedSize;
    this.heads = heads;
    const where = "MultiHeadAttention";
    const { bias, dropout, generator } = resolve(where, options, {
      bias: true,
      dropout: 0,
      generator: anyGenerator,
    });
    expectInteger(where, "embedSize", embedSize);
    expectInteger(where, "heads", heads);
    if (embedSize % heads !== 0) {
      throw new ValueError(where, `heads must divide embedSize ${embedSize}, got ${heads}`);
    }
    expectNumber(where, "dropout", dropout, "in [0, 1]", (p) => p >= 0 && p <= 1);
    this.dropout = dropout;
    this.generator = generator;
    this.inProjWeight = init.xavierUniform(zeros([3 * embedSize, embedSize], { requiresGrad: true }), { generator });
    this.inProjBias = bias ? zeros([3 * embedSize], { requiresGrad: true }) : null;
    this.outProj = new Linear(embedSize, embedSize, { bias, generator });
    if (this.outProj.bias !== null) init.zeros(this.outProj.bias);
  }

  forward(query: TensorLike, key: TensorLike = query, value: TensorLike = key, masks: AttentionMasks = {}): Tensor {
    return this.attend(asTensor(query), asTensor(key), asTensor(value), masks);
  }

  private attend(query: Tensor, key: Tensor, value: Tensor, masks: AttentionMasks): Tensor {
    const { embedSize, heads } = this;
    const { keyPaddingMask, attentionMask } = resolve<Required<AttentionMasks>>("MultiHeadAttention", masks, {
      keyPaddingMask: null,
      attentionMask: null,
    });
    checkInputs(embedSize, query, key, value);
    const [n, queries] = query.shape;
    const keys = key.shape[1];
    const weights = this.inProjWeight.split(embedSize);
    const biases = this.inProjBias?.split(embedSize);
    // [n, length, embedSize] -> [n, heads, length, embedSize / heads]
    const [q, k, v] = [query, key, value].map((x, i) => {
      const projected = matmul(x, weights[i], { transposeB: true });
      const biased = biases === undefined ? projected : projected.add(biases[i]);
      return biased.reshape([n, x.shape[1], heads, embedSize / heads]).transpose([0, 2, 1, 3]);
    });
    let scores = matmul(q.div(Math.sqrt(embedSize / heads)), k, { transposeB: true }); // [n, heads, queries, keys]
    if (attentionMask !== null)
      scores = masked(
        scores,
        asMask("attentionMask", attentionMask, [
          [
            [queries, keys],
            [1, 1, queries, keys],
          ],
          [
            [n * heads, queries, keys],
            [n, heads, queries, keys],
          ],
        ]),
      );
    if (keyPaddingMask !== null) {
      scores = masked(
        scores,
        asMask("keyPaddingMask", keyPaddingMask, [
          [
            [n, keys],
            [n, 1, 1, keys],
          ],
        ]),
      );
    }
    let attention = scores.softmax(-1);
    if (this.training) attention = dropout(attention, this.dropout, generatorOr(this.generator));
    const mixed = matmul(attention, v).transpose([0, 2, 1, 3]).reshape([n, queries, embedSize]);
    return this.outProj.call(mixed);
  }
}

function checkInputs(embedSize: number, query: Tensor, key: Tensor, value: Tensor): void {
  const where = "MultiHeadAttention";
  for (const [name, { shape }] of Object.entries({ query, key, value })) {
    if (shape.length !== 3 || shape[2] !== embedSize) {
      throw new ShapeError(where, `${name} must be [n, length, ${embedSize}], got ${formatShape(shape)}`);
    }
  }
  if (key.shape[0] !== query.shape[0] || !sameShape(key.shape, value.shape)) {
    throw new ShapeError(
      where,
      `query ${formatShape(query.shape)}, key ${formatShape(key.shape)} and value ${formatShape(value.shape)} must share n, and key and value their length`,
    );
  }
}

/** The mask, whose shape must be one of the first of each pair, in the shape that broadcasts against the scores. */
function asMask(name: string, mask: TensorLike, shapes: readonly (readonly [Shape, Shape])[]): Tensor {
  const t = asTensor(mask);
  const [, broadcast] = shapes.find(([shape]) => sameShape(shape, t.shape)) ?? [];
  if (broadcast === undefined) {
    const allowed = shapes.map(([shape]) => formatShape(shape)).join(" or ");
    throw new ShapeError("MultiHeadAttention", `${name} must be ${allowed}, got ${formatShape(t.shape)}`);
  }
  return t.reshape(broadcast);
}

const masked = (scores: Tensor, mask: Tensor): Tensor =>
  mask.dtype === "bool" ? where(mask, Number.NEGATIVE_INFINITY, scores) : scores.add(mask);
