import "./functional/methods.ts";

export { assign } from "./autograd/assign.ts";
export * from "./autograd/backward.ts";
export {
  type Conv2dOptions,
  type ConvTranspose2dOptions,
  conv2d,
  convTranspose2d,
  type Pair,
} from "./autograd/convolution.ts";
export {
  type GradcheckOptions,
  gradcheck,
  gradgradcheck,
  hessian,
  jacobian,
  jvp,
  vjp,
} from "./autograd/derivatives.ts";
export * from "./autograd/elementwise.ts";
export { gather, indexSelect, scatterAdd } from "./autograd/indexing.ts";
export { type MatmulOptions, matmul } from "./autograd/linear.ts";
export {
  broadcastTo,
  concat,
  flip,
  pad,
  type Range,
  type ReductionOptions,
  reshape,
  slice,
  sum,
  transpose,
} from "./autograd/movement.ts";
export { adaptiveAvgPool2d, avgPool2d, maxPool2d } from "./autograd/pooling.ts";
export {
  definePrimitive,
  detectAnomaly,
  noGrad,
  type Op,
  type Primitive,
  type VjpContext,
} from "./autograd/primitive.ts";
export { type PrimitiveName, primitives } from "./autograd/primitives.ts";
export { argmax, argmin, argsort, cumsum, max, min, type SortOptions } from "./autograd/reduction.ts";
export { Tape, trace } from "./autograd/trace.ts";
export { type Compiled, type CompileOptions, compile } from "./compile/compile.ts";
export * as data from "./data/index.ts";
export * from "./functional/activations.ts";
export * as functional from "./functional/index.ts";
export { clone } from "./functional/methods.ts";
export { isFinite, isNaN } from "./functional/numerics.ts";
export * from "./functional/products.ts";
export * from "./functional/reductions.ts";
export * from "./functional/rows.ts";
export * from "./functional/selection.ts";
export * from "./functional/shapes.ts";
export * as io from "./io/index.ts";
export * as losses from "./losses/index.ts";
export * as metrics from "./metrics/index.ts";
export * as nn from "./nn/index.ts";
export * as optim from "./optim/index.ts";
export * as random from "./random.ts";
export { manualSeed } from "./random.ts";
export { arange, eye, full, linspace, ones, onesLike, zeros, zerosLike } from "./tensor/creation.ts";
export type { DType, TypedArray } from "./tensor/dtype.ts";
export * from "./tensor/errors.ts";
export type { Shape } from "./tensor/shape.ts";
export { type TapeRecord, Tensor, type TensorLike, type TensorOptions, tensor } from "./tensor/tensor.ts";
