import { type Pair, pairOf } from "../autograd/convolution.ts";
import {
  type AvgPool2dOptions,
  adaptiveAvgPool2d,
  avgPool2d,
  maxPool2d,
  type Pool2dOptions,
} from "../autograd/pooling.ts";
import { resolve } from "../tensor/options.ts";
import type { Tensor, TensorLike } from "../tensor/tensor.ts";
import { Module } from "./module.ts";

abstract class Pool2d<Options extends Pool2dOptions> extends Module {
  readonly kernel: Pair;
  readonly options: Options;

  constructor(where: string, kernel: Pair, options: Options, defaults: Options) {
    super();
    this.kernel = kernel;
    this.options = resolve<Options>(where, options as Partial<NoInfer<Options>>, defaults);
    pairOf(where, "kernel", kernel, 1);
    pairOf(where, "stride", this.options.stride!, 1);
    pairOf(where, "padding", this.options.padding!, 0);
  }
}

/**
 * The largest value in each window (see `maxPool2d`): [n, c, h, w] -> [n, c, oh, ow]. `stride` defaults to the kernel.
 */
export class MaxPool2d extends Pool2d<Pool2dOptions> {
  constructor(kernel: Pair, options: Pool2dOptions = {}) {
    super("MaxPool2d", kernel, options, { stride: kernel, padding: 0 });
  }

  forward(x: TensorLike): Tensor {
    return maxPool2d(x, this.kernel, this.options);
  }
}

/** The mean of each window (see `avgPool2d`): [n, c, h, w] -> [n, c, oh, ow]. `stride` defaults to the kernel. */
export class AvgPool2d extends Pool2d<AvgPool2dOptions> {
  constructor(kernel: Pair, options: AvgPool2dOptions = {}) {
    super("AvgPool2d", kernel, options, { stride: kernel, padding: 0, countIncludePad: true });
  }

  forward(x: TensorLike): Tensor {
    return avgPool2d(x, this.kernel, this.options);
  }
}

/**
 * Means over windows that divide the image into `outputSize`: [n, c, h, w] -> [n, c, ...outputSize]. 1 averages all of
 * it.
 */
export class AdaptiveAvgPool2d extends Module {
  readonly outputSize: Pair;

  constructor(outputSize: Pair) {
    super();
    this.outputSize = outputSize;
    pairOf("AdaptiveAvgPool2d", "outputSize", outputSize, 1);
  }

  forward(x: TensorLike): Tensor {
    return adaptiveAvgPool2d(x, this.outputSize);
  }
}
