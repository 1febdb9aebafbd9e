import { conv2dOp, inputGradientOp, weightGradientOp } from "./convolution.ts";
import * as e from "./elementwise.ts";
import { gatherOp, indexAddOp, indexSelectOp, scatterOp } from "./indexing.ts";
import { matmulOp } from "./linear.ts";
import { broadcastOp, concatOp, flipOp, padOp, reshapeOp, sliceOp, sumOp, transposeOp } from "./movement.ts";
import { poolArgmax, spreadPool, sumPool } from "./pooling.ts";
import { argmax, argmin, argsortOp, cumsumOp, max, min } from "./reduction.ts";

/**
 * All primitives of the library by name: what a backend must know. A backend is a table
 * `{ [P in PrimitiveName]: Rule }`, so that a primitive it forgets is a type error.
 */
export const primitives = {
  cast: e.cast.primitive,
  stopGradient: e.stopGradient.primitive,
  where: e.where.primitive,

  add: e.add.primitive,
  sub: e.sub.primitive,
  mul: e.mul.primitive,
  div: e.div.primitive,
  pow: e.pow.primitive,
  atan2: e.atan2.primitive,
  maximum: e.maximum.primitive,
  minimum: e.minimum.primitive,
  logAddExp: e.logAddExp.primitive,
  eq: e.eq.primitive,
  ne: e.ne.primitive,
  lt: e.lt.primitive,
  le: e.le.primitive,
  gt: e.gt.primitive,
  ge: e.ge.primitive,
  logicalAnd: e.logicalAnd.primitive,
  logicalOr: e.logicalOr.primitive,

  neg: e.neg.primitive,
  abs: e.abs.primitive,
  sign: e.sign.primitive,
  floor: e.floor.primitive,
  ceil: e.ceil.primitive,
  round: e.round.primitive,
  square: e.square.primitive,
  sqrt: e.sqrt.primitive,
  rsqrt: e.rsqrt.primitive,
  reciprocal: e.reciprocal.primitive,
  exp: e.exp.primitive,
  expm1: e.expm1.primitive,
  log: e.log.primitive,
  log1p: e.log1p.primitive,
  sin: e.sin.primitive,
  cos: e.cos.primitive,
  tan: e.tan.primitive,
  asin: e.asin.primitive,
  acos: e.acos.primitive,
  atan: e.atan.primitive,
  sinh: e.sinh.primitive,
  cosh: e.cosh.primitive,
  tanh: e.tanh.primitive,
  relu: e.relu.primitive,
  sigmoid: e.sigmoid.primitive,
  softplus: e.softplus.primitive,
  erf: e.erf.primitive,
  erfc: e.erfc.primitive,
  lgamma: e.lgamma.primitive,
  polygamma: e.polygamma.primitive,

  reshape: reshapeOp.primitive,
  transpose: transposeOp.primitive,
  flip: flipOp.primitive,
  broadcastTo: broadcastOp.primitive,
  slice: sliceOp.primitive,
  pad: padOp.primitive,
  concat: concatOp.primitive,

  sum: sumOp.primitive,
  max: max.primitive,
  min: min.primitive,
  argmax: argmax.primitive,
  argmin: argmin.primitive,
  cumsum: cumsumOp.primitive,
  argsort: argsortOp.primitive,

  gather: gatherOp.primitive,
  scatter: scatterOp.primitive,
  indexSelect: indexSelectOp.primitive,
  indexAdd: indexAddOp.primitive,

  matmul: matmulOp.primitive,
  conv2d: conv2dOp.primitive,
  conv2dInputGradient: inputGradientOp.primitive,
  conv2dWeightGradient: weightGradientOp.primitive,
  poolArgmax: poolArgmax.primitive,
  sumPool: sumPool.primitive,
  spreadPool: spreadPool.primitive,
} as const;

export type PrimitiveName = keyof typeof primitives;
