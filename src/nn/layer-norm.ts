import { ones, zeros } from "../tensor/creation.ts";
import { ShapeError, ValueError } from "../tensor/errors.ts";
import { expectInteger, expectNonNegative, resolve } from "../tensor/options.ts";
import { checkShape, formatShape, type Shape, sameShape, sizeOf } from "../tensor/shape.ts";
import { asTensor, type Tensor, type TensorLike } from "../tensor/tensor.ts";
import { Module } from "./module.ts";

/** (x - mean) / sqrt(variance + eps) over the axes, with the variance's divisor n. */
function standardize(x: Tensor, axes: readonly number[], eps: number): Tensor {
  const centered = x.sub(x.mean(axes, { keepDims: true }));
  return centered.mul(centered.square().mean(axes, { keepDims: true }).add(eps).rsqrt());
}

export interface LayerNormOptions {
  /** Added to the variance. Default 1e-5. */
  eps?: number;
  /** Learn a scale (weight, from 1) and a shift (bias, from 0) for each element. Default true. */
  elementwiseAffine?: boolean;
  /** Learn the shift too. Default true. */
  bias?: boolean;
}

/**
 * y = (x - mean) / sqrt(variance + eps) weight + bias over the last axes of each sample: [..., ...shape] -> the same.
 * `shape` is the sizes of those axes, or the size of the last one. Ba et al. 2016, arXiv:1607.06450.
 * Semantics of torch.nn.LayerNorm.
 */
export class LayerNorm extends Module {
  weight: Tensor | null;
  bias: Tensor | null;
  readonly shape: Shape;
  readonly eps: number;

  constructor(shape: Shape | number, options: LayerNormOptions = {}) {
    super();
    const { eps, elementwiseAffine, bias } = resolve("LayerNorm", options, {
      eps: 1e-5,
      elementwiseAffine: true,
      bias: true,
    });
    this.shape = typeof shape === "number" ? [shape] : shape;
    checkShape("LayerNorm", this.shape);
    if (this.shape.length === 0 || this.shape.includes(0)) {
      throw new ShapeError("LayerNorm", `shape must have sizes >= 1, got ${formatShape(this.shape)}`);
    }
    expectNonNegative("LayerNorm", "eps", eps);
    this.eps = eps;
    this.weight = elementwiseAffine ? ones(this.shape, { requiresGrad: true }) : null;
    this.bias = elementwiseAffine && bias ? zeros(this.shape, { requiresGrad: true }) : null;
  }

  forward(input: TensorLike): Tensor {
    const x = asTensor(input);
    const { shape, weight, bias } = this;
    if (!sameShape(x.shape.slice(-shape.length), shape)) {
      throw new ShapeError("LayerNorm", `input ${formatShape(x.shape)} must end with the sizes ${formatShape(shape)}`);
    }
    let y = standardize(
      x,
      shape.map((_, i) => i - shape.length),
      this.eps,
    );
    if (weight !== null) y = y.mul(weight);
    return bias === null ? y : y.add(bias);
  }
}

export interface GroupNormOptions {
  /** Added to the variance. Default 1e-5. */
  eps?: number;
  /** Learn a scale (weight, from 1) and a shift (bias, from 0) for each channel. Default true. */
  affine?: boolean;
}

/**
 * y = (x - mean) / sqrt(variance + eps) weight + bias over each sample's groups of channels: [n, channels, ...] -> the
 * same. One group is layer norm over a whole sample, as many groups as channels is instance norm.
 * Wu and He 2018, arXiv:1803.08494. Semantics of torch.nn.GroupNorm.
 */
export class GroupNorm extends Module {
  readonly groups: number;
  readonly channels: number;
  weight: Tensor | null;
  bias: Tensor | null;
  readonly eps: number;

  constructor(groups: number, channels: number, options: GroupNormOptions = {}) {
    super();
    this.groups = groups;
    this.channels = channels;
    const { eps, affine } = resolve("GroupNorm", options, { eps: 1e-5, affine: true });
    expectInteger("GroupNorm", "groups", groups);
    expectInteger("GroupNorm", "channels", channels);
    if (channels % groups !== 0) {
      throw new ValueError("GroupNorm", `groups must divide the ${channels} channels, got ${groups}`);
    }
    expectNonNegative("GroupNorm", "eps", eps);
    this.eps = eps;
    this.weight = affine ? ones([channels], { requiresGrad: true }) : null;
    this.bias = affine ? zeros([channels], { requiresGrad: true }) : null;
  }

  forward(input: TensorLike): Tensor {
    const x = asTensor(input);
    const { groups, channels, weight, bias } = this;
    if (x.ndim < 2 || x.shape[1] !== channels) {
      throw new ShapeError("GroupNorm", `input must be [n, ${channels}, ...], got ${formatShape(x.shape)}`);
    }
    const perChannel = (t: Tensor) => t.reshape([channels, ...x.shape.slice(2).map(() => 1)]);
    const grouped = x.reshape([x.shape[0], groups, sizeOf(x.shape.slice(1)) / groups]);
    let y = standardize(grouped, [2], this.eps).reshape(x.shape);
    if (weight !== null) y = y.mul(perChannel(weight));
    return bias === null ? y : y.add(perChannel(bias));
  }
}
