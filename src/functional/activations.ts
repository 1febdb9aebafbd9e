import {
  add,
  erf,
  expm1,
  gt,
  lt,
  mul,
  neg,
  sigmoid,
  softplus,
  tanh,
  type Unary,
  where,
} from "../autograd/elementwise.ts";
import { ValueError } from "../tensor/errors.ts";
import { expectOneOf, resolve } from "../tensor/options.ts";
import { asTensor, type Tensor, type TensorLike } from "../tensor/tensor.ts";

/** x where x > 0, slope x elsewhere. `slope` defaults to 0.01. */
export function leakyRelu(x: TensorLike, slope = 0.01): Tensor {
  const t = asTensor(x);
  return where(gt(t, 0), t, mul(t, slope));
}

/** x where x > 0, alpha (e^x - 1) elsewhere. The gradient at 0 is alpha. Clevert et al. 2016, arXiv:1511.07289. */
export function elu(x: TensorLike, alpha = 1): Tensor {
  const t = asTensor(x);
  const positive = gt(t, 0);
  // The inner choice keeps e^x finite on the branch that is not taken.
  return where(positive, t, mul(expm1(where(positive, 0, t)), alpha));
}

/**
 * x Phi(x), Phi the normal distribution function; with `approximate: "tanh"` the form
 * x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))). Hendrycks and Gimpel 2016, arXiv:1606.08415.
 */
export function gelu(x: TensorLike, options: { approximate?: "none" | "tanh" } = {}): Tensor {
  const { approximate } = resolve<{ approximate: "none" | "tanh" }>("gelu", options, { approximate: "none" });
  expectOneOf("gelu", "approximate", approximate, ["none", "tanh"]);
  const t = asTensor(x);
  const inner =
    approximate === "none"
      ? erf(mul(t, Math.SQRT1_2))
      : tanh(mul(add(t, mul(mul(mul(t, t), t), 0.044715)), Math.sqrt(2 / Math.PI)));
  return mul(mul(t, 0.5), add(inner, 1));
}

/** x sigmoid(x), also called swish. */
export const silu: Unary = (x) => {
  const t = asTensor(x);
  return mul(t, sigmoid(t));
};

/** x tanh(softplus(x)). Misra 2019, arXiv:1908.08681. */
export const mish: Unary = (x) => {
  const t = asTensor(x);
  return mul(t, tanh(softplus(t)));
};

/** log sigmoid(x) = -softplus(-x). */
export const logSigmoid: Unary = (x) => neg(softplus(neg(x)));

/**
 * x kept within [min, max]; either bound may be left out (undefined). The gradient is 1 inside and on the bounds,
 * 0 outside, as in PyTorch. NaN stays NaN.
 */
export function clamp(x: TensorLike, min?: TensorLike, max?: TensorLike): Tensor {
  if (typeof min === "number" && typeof max === "number" && min > max) {
    throw new ValueError("clamp", `min must be <= max, got ${min} and ${max}`);
  }
  const bound = (name: string, value: TensorLike) =>
    typeof value === "number" ? value : asTensor(value, undefined, "clamp", name);
  const [low, high] = [min === undefined ? min : bound("min", min), max === undefined ? max : bound("max", max)];
  let t = asTensor(x);
  if (low !== undefined) t = where(lt(t, low), low, t);
  if (high !== undefined) t = where(gt(t, high), high, t);
  return t;
}
