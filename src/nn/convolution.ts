import { checkGroups, conv2d, convTranspose2d, type Pair, pairOf } from "../autograd/convolution.ts";
import { ShapeError, ValueError } from "../tensor/errors.ts";
import { expectInteger, resolve } from "../tensor/options.ts";
import type { Generator } from "../tensor/random.ts";
import { formatShape } from "../tensor/shape.ts";
import { asTensor, type Tensor, type TensorLike } from "../tensor/tensor.ts";
import { anyGenerator } from "./generator.ts";
import { fanInUniform } from "./linear.ts";
import { Module } from "./module.ts";

export interface ConvOptions<Size = Pair> {
  stride?: Size;
  /** Zeros around the input; "same" keeps its size (stride 1), "valid" is none. Default 0. */
  padding?: Size | "same" | "valid";
  dilation?: Size;
  /** Input and output channels fall into this many groups that do not see each other. */
  groups?: number;
  bias?: boolean;
  generator?: Generator;
}

const defaults = {
  stride: 1 as Pair,
  padding: 0 as Pair | "same" | "valid",
  dilation: 1 as Pair,
  groups: 1,
  bias: true,
  generator: anyGenerator,
};

function checkChannels(where: string, inChannels: number, outChannels: number, groups: number): void {
  expectInteger(where, "inChannels", inChannels);
  expectInteger(where, "outChannels", outChannels);
  checkGroups(where, groups, inChannels, outChannels);
}

function checkPadding(where: string, padding: Pair | "same" | "valid", stride: readonly number[]): void {
  if (padding === "same" && stride.some((s) => s !== 1)) {
    throw new ValueError(where, `padding "same" needs stride 1, got ${formatShape(stride)}`);
  }
  if (padding !== "same" && padding !== "valid") pairOf(where, "padding", padding, 0);
}

/**
 * 2-d convolution (see `conv2d`): [n, inChannels, h, w] -> [n, outChannels, floor((h + 2 padding - dilation (k - 1) -
 * 1) / stride) + 1, ...].
 *
 * weight [outChannels, inChannels / groups, kh, kw] and bias [outChannels] start uniform on +-1 / sqrt(fanIn),
 * fanIn = inChannels / groups * kh * kw, as torch.nn.Conv2d.
 */
export class Conv2d extends Module {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernel: Pair;
  weight: Tensor;
  bias: Tensor | null;
  readonly stride: Pair;
  readonly padding: Pair | "same" | "valid";
  readonly dilation: Pair;
  readonly groups: number;

  constructor(inChannels: number, outChannels: number, kernel: Pair, options: ConvOptions = {}) {
    super();
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    this.kernel = kernel;
    const { bias, generator, ...geometry } = resolve("Conv2d", options, defaults);
    ({ stride: this.stride, padding: this.padding, dilation: this.dilation, groups: this.groups } = geometry);
    checkChannels("Conv2d", inChannels, outChannels, this.groups);
    const [kh, kw] = pairOf("Conv2d", "kernel", kernel, 1);
    pairOf("Conv2d", "dilation", this.dilation, 1);
    checkPadding("Conv2d", this.padding, pairOf("Conv2d", "stride", this.stride, 1));
    const perGroup = inChannels / this.groups;
    const fanIn = perGroup * kh * kw;
    this.weight = fanInUniform([outChannels, perGroup, kh, kw], fanIn, generator);
    this.bias = bias ? fanInUniform([outChannels], fanIn, generator) : null;
  }

  forward(x: TensorLike): Tensor {
    const { weight, bias, stride, padding, dilation, groups } = this;
    return conv2d(x, weight, { bias, stride, padding, dilation, groups });
  }
}

/**
 * 1-d convolution: [n, inChannels, length] -> [n, outChannels, floor((length + 2 padding - dilation (k - 1) - 1) /
 * stride) + 1].
 *
 * weight [outChannels, inChannels / groups, k] and bias [outChannels]; starting values as `Conv2d`. torch.nn.Conv1d.
 */
export class Conv1d extends Module {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernel: number;
  weight: Tensor;
  bias: Tensor | null;
  readonly stride: number;
  readonly padding: number | "same" | "valid";
  readonly dilation: number;
  readonly groups: number;

  constructor(inChannels: number, outChannels: number, kernel: number, options: ConvOptions<number> = {}) {
    super();
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    this.kernel = kernel;
    const o = resolve("Conv1d", options, {
      ...defaults,
      stride: 1,
      padding: 0 as number | "same" | "valid",
      dilation: 1,
    });
    ({ stride: this.stride, padding: this.padding, dilation: this.dilation, groups: this.groups } = o);
    checkChannels("Conv1d", inChannels, outChannels, this.groups);
    expectInteger("Conv1d", "kernel", kernel);
    expectInteger("Conv1d", "stride", this.stride);
    expectInteger("Conv1d", "dilation", this.dilation);
    checkPadding("Conv1d", this.padding, [this.stride]);
    const perGroup = inChannels / this.groups;
    const fanIn = perGroup * kernel;
    this.weight = fanInUniform([outChannels, perGroup, kernel], fanIn, o.generator);
    this.bias = o.bias ? fanInUniform([outChannels], fanIn, o.generator) : null;
  }

  /** An image of height 1. */
  forward(input: TensorLike): Tensor {
    const x = asTensor(input);
    const { weight, bias, stride, padding, dilation, groups } = this;
    if (x.ndim !== 3)
      throw new ShapeError("Conv1d", `input must be [n, channels, length], got ${formatShape(x.shape)}`);
    const y = conv2d(x.unsqueeze(2), weight.unsqueeze(2), {
      bias,
      stride: [1, stride],
      padding: typeof padding === "number" ? [0, padding] : padding,
      dilation: [1, dilation],
      groups,
    });
    return y.squeeze(2);
  }
}

export interface ConvTranspose2dLayerOptions extends ConvOptions {
  padding?: Pair;
  /** Rows and columns added at the end of the output. Default 0. */
  outputPadding?: Pair;
}

/**
 * The adjoint of a 2-d convolution (see `convTranspose2d`): [n, inChannels, h, w] -> [n, outChannels,
 * (h - 1) stride - 2 padding + dilation (k - 1) + outputPadding + 1, ...].
 *
 * weight [inChannels, outChannels / groups, kh, kw] and bias [outChannels] start uniform on +-1 / sqrt(fanIn), where
 * fanIn = outChannels / groups * kh * kw, as torch.nn.ConvTranspose2d has it.
 */
export class ConvTranspose2d extends Module {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernel: Pair;
  weight: Tensor;
  bias: Tensor | null;
  readonly stride: Pair;
  readonly padding: Pair;
  readonly outputPadding: Pair;
  readonly dilation: Pair;
  readonly groups: number;

  constructor(inChannels: number, outChannels: number, kernel: Pair, options: ConvTranspose2dLayerOptions = {}) {
    super();
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    this.kernel = kernel;
    const where = "ConvTranspose2d";
    const o = resolve(where, options, { ...defaults, padding: 0 as Pair, outputPadding: 0 as Pair });
    ({ stride: this.stride, padding: this.padding, outputPadding: this.outputPadding } = o);
    ({ dilation: this.dilation, groups: this.groups } = o);
    checkChannels(where, inChannels, outChannels, this.groups);
    const [kh, kw] = pairOf(where, "kernel", kernel, 1);
    pairOf(where, "stride", this.stride, 1);
    pairOf(where, "dilation", this.dilation, 1);
    pairOf(where, "padding", this.padding, 0);
    pairOf(where, "outputPadding", this.outputPadding, 0);
    const perGroup = outChannels / this.groups;
    const fanIn = perGroup * kh * kw;
    this.weight = fanInUniform([inChannels, perGroup, kh, kw], fanIn, o.generator);
    this.bias = o.bias ? fanInUniform([outChannels], fanIn, o.generator) : null;
  }

  forward(x: TensorLike): Tensor {
    const { weight, bias, stride, padding, outputPadding, dilation, groups } = this;
    return convTranspose2d(x, weight, { bias, stride, padding, outputPadding, dilation, groups });
  }
}
