import { matmul } from "../autograd/linear.ts";
import { zeros } from "../tensor/creation.ts";
import { ShapeError } from "../tensor/errors.ts";
import { expectInteger, resolve } from "../tensor/options.ts";
import type { Generator } from "../tensor/random.ts";
import { formatShape } from "../tensor/shape.ts";
import { asTensor, type Tensor, type TensorLike } from "../tensor/tensor.ts";
import { anyGenerator } from "./generator.ts";
import * as init from "./init.ts";
import { Module } from "./module.ts";

export interface LinearOptions {
  /** Add a bias. Default true. */
  bias?: boolean;
  generator?: Generator;
}

/**
 * y = x W^T + b: [..., inFeatures] -> [..., outFeatures].
 *
 * weight [outFeatures, inFeatures] and bias [outFeatures] start uniform on +-1 / sqrt(inFeatures), as torch.nn.Linear.
 */
export class Linear extends Module {
  readonly inFeatures: number;
  readonly outFeatures: number;
  weight: Tensor;
  bias: Tensor | null;

  constructor(inFeatures: number, outFeatures: number, options: LinearOptions = {}) {
    super();
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
    const { bias, generator } = resolve("Linear", options, {
      bias: true,
      generator: anyGenerator,
    });
    expectInteger("Linear", "inFeatures", inFeatures);
    expectInteger("Linear", "outFeatures", outFeatures);
    this.weight = fanInUniform([outFeatures, inFeatures], inFeatures, generator);
    this.bias = bias ? fanInUniform([outFeatures], inFeatures, generator) : null;
  }

  forward(input: TensorLike): Tensor {
    const x = asTensor(input);
    if (x.ndim === 0 || x.shape[x.ndim - 1] !== this.inFeatures) {
      throw new ShapeError("Linear", `input ${formatShape(x.shape)} must end with ${this.inFeatures} features`);
    }
    const y = matmul(x, this.weight, { transposeB: true });
    return this.bias === null ? y : y.add(this.bias);
  }
}

/**
 * A parameter uniform on +-1 / sqrt(fanIn): what PyTorch starts linear and convolution layers with. (It gets there for
 * weights by kaiming_uniform with a = sqrt(5), whose gain sqrt(2 / 6) cancels the sqrt(3).)
 */
export function fanInUniform(shape: readonly number[], fanIn: number, generator: Generator | undefined): Tensor {
  const bound = 1 / Math.sqrt(fanIn);
  return init.uniform(zeros(shape, { requiresGrad: true }), { low: -bound, high: bound, generator });
}
