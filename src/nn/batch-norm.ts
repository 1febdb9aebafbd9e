import { noGrad } from "../autograd/primitive.ts";
import { ones, zeros } from "../tensor/creation.ts";
import { ShapeError } from "../tensor/errors.ts";
import { expectInteger, expectNonNegative, expectNumber, resolve } from "../tensor/options.ts";
import { formatShape } from "../tensor/shape.ts";
import { asTensor, type Tensor, type TensorLike, tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";

export interface BatchNormOptions {
  /** Added to the variance. Default 1e-5. */
  eps?: number;
  /** The share of each new batch in the running statistics; null averages over all batches. Default 0.1. */
  momentum?: number | null;
  /** Learn a scale (weight, from 1) and a shift (bias, from 0). Default true. */
  affine?: boolean;
  /** Keep running statistics for evaluation; without them, evaluation uses the batch's own. Default true. */
  trackRunningStats?: boolean;
}

/**
 * y = (x - mean) / sqrt(variance + eps) weight + bias for each channel, over the batch and all axes but the channels'.
 *
 * In training the statistics are the batch's (variance with divisor n) and the running ones move towards them
 * (variance with divisor n - 1); in evaluation they are the running ones. Ioffe and Szegedy 2015, arXiv:1502.03167.
 */
abstract class BatchNorm extends Module {
  readonly features: number;
  weight: Tensor | null;
  bias: Tensor | null;
  runningMean: Tensor | null;
  runningVar: Tensor | null;
  numBatchesTracked: Tensor | null;
  readonly eps: number;
  readonly momentum: number | null;

  constructor(features: number, options: BatchNormOptions = {}) {
    super();
    this.features = features;
    const where = new.target.name;
    const o = resolve(where, options, {
      eps: 1e-5,
      momentum: 0.1 as number | null,
      affine: true,
      trackRunningStats: true,
    });
    expectInteger(where, "features", features);
    expectNonNegative(where, "eps", o.eps);
    if (o.momentum !== null) expectNumber(where, "momentum", o.momentum, "in [0, 1] or null", (m) => m >= 0 && m <= 1);
    this.eps = o.eps;
    this.momentum = o.momentum;
    this.weight = o.affine ? ones([features], { requiresGrad: true }) : null;
    this.bias = o.affine ? zeros([features], { requiresGrad: true }) : null;
    this.runningMean = o.trackRunningStats ? zeros([features]) : null;
    this.runningVar = o.trackRunningStats ? ones([features]) : null;
    this.numBatchesTracked = o.trackRunningStats ? tensor(0, { dtype: "int32" }) : null;
  }

  /** Throws a ShapeError unless the layer takes inputs of this shape. */
  protected abstract check(x: Tensor): void;

  forward(input: TensorLike): Tensor {
    const x = asTensor(input);
    this.check(x);
    const alongChannels = [1, this.features, ...x.shape.slice(2).map(() => 1)];
    const perChannel = (t: Tensor) => t.reshape(alongChannels);
    if (!this.training && this.runningMean !== null) {
      const scale = this.scale(this.runningVar!);
      const shift = this.runningMean.mul(scale).neg();
      return x.mul(perChannel(scale)).add(perChannel(this.bias === null ? shift : shift.add(this.bias)));
    }
    const count = x.size / this.features;
    if (this.training && count <= 1) {
      throw new ShapeError(
        this.constructor.name,
        `input ${formatShape(x.shape)} has ${count} value a channel, too few for a variance; train on larger batches or call eval()`,
      );
    }
    const axes = [...x.shape.keys()].filter((axis) => axis !== 1);
    const mean = x.mean(axes, { keepDims: true });
    const centered = x.sub(mean);
    const variance = centered.square().mean(axes);
    if (this.training) this.track(mean, variance, count);
    const y = centered.mul(perChannel(this.scale(variance)));
    return this.bias === null ? y : y.add(perChannel(this.bias));
  }

  /** weight / sqrt(variance + eps), [features]. */
  private scale(variance: Tensor): Tensor {
    const scale = variance.add(this.eps).rsqrt();
    return this.weight === null ? scale : scale.mul(this.weight);
  }

  /** running <- (1 - momentum) running + momentum batch. */
  private track(mean: Tensor, variance: Tensor, count: number): void {
    const { runningMean, runningVar, numBatchesTracked, momentum } = this;
    if (runningMean === null || runningVar === null || numBatchesTracked === null) return;
    noGrad(() => {
      numBatchesTracked.assign(numBatchesTracked.add(1));
      const share = momentum ?? numBatchesTracked.reciprocal();
      const move = (running: Tensor, batch: Tensor) => running.assign(running.add(batch.sub(running).mul(share)));
      move(runningMean, mean.reshape([this.features]));
      move(runningVar, variance.mul(count / (count - 1)));
    });
  }
}

/** Batch norm of [n, features] or [n, features, length]. See `BatchNorm2d`. Semantics of torch.nn.BatchNorm1d. */
export class BatchNorm1d extends BatchNorm {
  protected check({ shape }: Tensor): void {
    if ((shape.length !== 2 && shape.length !== 3) || shape[1] !== this.features) {
      throw new ShapeError(
        "BatchNorm1d",
        `input must be [n, ${this.features}] or [n, ${this.features}, length], got ${formatShape(shape)}`,
      );
    }
  }
}

/**
 * Batch norm of [n, features, h, w]: y = (x - mean) / sqrt(variance + eps) weight + bias for each channel.
 *
 * In training the statistics are the batch's (variance with divisor n) and the running ones move towards them
 * (variance with divisor n - 1); in evaluation they are the running ones. Throws ShapeError in training when a channel
 * has a single value. Ioffe and Szegedy 2015, arXiv:1502.03167. Semantics of torch.nn.BatchNorm2d.
 */
export class BatchNorm2d extends BatchNorm {
  protected check({ shape }: Tensor): void {
    if (shape.length !== 4 || shape[1] !== this.features) {
      throw new ShapeError(
        "BatchNorm2d",
        `input must be [n, ${this.features}, height, width], got ${formatShape(shape)}`,
      );
    }
  }
}
