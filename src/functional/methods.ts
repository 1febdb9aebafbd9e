import { assign } from "../autograd/assign.ts";
import { backward } from "../autograd/backward.ts";
import * as elementwise from "../autograd/elementwise.ts";
import { gather, indexSelect, scatterAdd } from "../autograd/indexing.ts";
import { matmul } from "../autograd/linear.ts";
import { broadcastTo, flip, pad, reshape, slice, sum, transpose } from "../autograd/movement.ts";
import { argmax, argmin, argsort, cumsum, max, min } from "../autograd/reduction.ts";
import { Tensor } from "../tensor/tensor.ts";
import { clamp, elu, gelu, leakyRelu, logSigmoid, mish, silu } from "./activations.ts";
import { isFinite, isNaN } from "./numerics.ts";
import { dot, outer } from "./products.ts";
import { all, any, cumprod, logCumSumExp, logSumExp, mean, median, norm, prod, std, variance } from "./reductions.ts";
import { logSoftmax, normalize, softmax } from "./rows.ts";
import { maskedFill, sort, topK } from "./selection.ts";
import { diagonal, flatten, repeat, split, squeeze, swapAxes, tile, tril, triu, unsqueeze } from "./shapes.ts";

const { add, sub, mul, div, pow, neg, abs, sign, square, sqrt, rsqrt, reciprocal } = elementwise;
const { exp, expm1, log, log1p, sin, cos, tan, asin, acos, atan, atan2, sinh, cosh, tanh } = elementwise;
const { erf, erfc, lgamma, digamma, floor, ceil, round, maximum, minimum, relu, sigmoid, softplus } = elementwise;
const { logAddExp, eq, ne, lt, le, gt, ge, logicalAnd, logicalOr, logicalNot, cast, to } = elementwise;

/** The same values in an array of their own; gradients pass through. */
export const clone = (x: Tensor): Tensor => cast(x, { dtype: x.dtype });

/** Every function here takes the tensor first, and is a method of the same name without that argument. */
// biome-ignore format: one kind a line
const methods = {
  add, sub, mul, div, pow, neg, abs, sign, square, sqrt, rsqrt, reciprocal, exp, expm1, log, log1p,
  sin, cos, tan, asin, acos, atan, atan2, sinh, cosh, tanh, erf, erfc, lgamma, digamma, floor, ceil, round,
  maximum, minimum, clamp, relu, leakyRelu, elu, gelu, silu, mish, sigmoid, logSigmoid, softplus, logAddExp,
  eq, ne, lt, le, gt, ge, logicalAnd, logicalOr, logicalNot, isNaN, isFinite,
  sum, mean, prod, max, min, argmax, argmin, variance, std, logSumExp, norm, any, all,
  cumsum, cumprod, logCumSumExp, median, matmul, dot, outer,
  reshape, flatten, transpose, swapAxes, squeeze, unsqueeze, broadcastTo, slice, pad, flip, tile, repeat, split,
  diagonal, triu, tril, gather, indexSelect, scatterAdd, maskedFill, topK, sort, argsort,
  softmax, logSoftmax, normalize, to, clone, assign, backward,
};

// biome-ignore lint/suspicious/noExplicitAny: stands for whatever type the first parameter has
type Method<F> = F extends (x: any, ...rest: infer R) => infer T ? (...rest: R) => T : never;
type Methods = { [name in keyof typeof methods]: Method<(typeof methods)[name]> };

declare module "../tensor/tensor.ts" {
  interface Tensor extends Methods {}
}

for (const [name, fn] of Object.entries(methods)) {
  Object.defineProperty(Tensor.prototype, name, {
    configurable: true,
    writable: true,
    value(this: Tensor, ...rest: unknown[]) {
      return (fn as (...args: unknown[]) => unknown)(this, ...rest);
    },
  });
}
