import type { PrimitiveName } from "../autograd/primitives.ts";
import type { Lower } from "./kernel.ts";
import { lowerArgmax, lowerArgmin } from "./kernels/arg-extremum.ts";
import { lowerArgsort } from "./kernels/argsort.ts";
import { lowerConv2d, lowerConv2dInputGradient, lowerConv2dWeightGradient } from "./kernels/convolution.ts";
import { lowerConcat, lowerFlip, lowerPad, lowerSlice, lowerTranspose } from "./kernels/copies.ts";
import { lowerCumsum } from "./kernels/cumsum.ts";
import { lowerGather, lowerIndexAdd, lowerIndexSelect, lowerScatter } from "./kernels/indexing.ts";
import { lowerMatmul } from "./kernels/matmul.ts";
import { lowerPoolArgmax, lowerSpreadPool, lowerSumPool } from "./kernels/pooling.ts";

/**
 * How each primitive gets into a program: by a kernel of its own; fused with its neighbours into loops over elements,
 * as a function of each element or as a reduction; or, as another name of the same values, not at all.
 */
export const lowering: { readonly [P in PrimitiveName]: Lower<never> | "element" | "reduction" | "alias" } = {
  cast: "element",
  stopGradient: "alias",
  where: "element",

  add: "element",
  sub: "element",
  mul: "element",
  div: "element",
  pow: "element",
  atan2: "element",
  maximum: "element",
  minimum: "element",
  logAddExp: "element",
  eq: "element",
  ne: "element",
  lt: "element",
  le: "element",
  gt: "element",
  ge: "element",
  logicalAnd: "element",
  logicalOr: "element",

  neg: "element",
  abs: "element",
  sign: "element",
  floor: "element",
  ceil: "element",
  round: "element",
  square: "element",
  sqrt: "element",
  rsqrt: "element",
  reciprocal: "element",
  exp: "element",
  expm1: "element",
  log: "element",
  log1p: "element",
  sin: "element",
  cos: "element",
  tan: "element",
  asin: "element",
  acos: "element",
  atan: "element",
  sinh: "element",
  cosh: "element",
  tanh: "element",
  relu: "element",
  sigmoid: "element",
  softplus: "element",
  erf: "element",
  erfc: "element",
  lgamma: "element",
  polygamma: "element",

  reshape: "alias",
  transpose: lowerTranspose,
  flip: lowerFlip,
  broadcastTo: "element",
  slice: lowerSlice,
  pad: lowerPad,
  concat: lowerConcat,

  sum: "reduction",
  max: "reduction",
  min: "reduction",
  argmax: lowerArgmax,
  argmin: lowerArgmin,
  cumsum: lowerCumsum,
  argsort: lowerArgsort,

  gather: lowerGather,
  scatter: lowerScatter,
  indexSelect: lowerIndexSelect,
  indexAdd: lowerIndexAdd,

  matmul: lowerMatmul,
  conv2d: lowerConv2d,
  conv2dInputGradient: lowerConv2dInputGradient,
  conv2dWeightGradient: lowerConv2dWeightGradient,
  poolArgmax: lowerPoolArgmax,
  sumPool: lowerSumPool,
  spreadPool: lowerSpreadPool,
};

export const loweringOf = (primitive: { readonly name: string }) => lowering[primitive.name as PrimitiveName];
