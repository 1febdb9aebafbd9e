import { type Entry, lossOf } from "../../../registry/entry.ts";
import type { Sizes } from "../../../registry/inputs.ts";
import { grad, manualSeed, Tensor, type TensorLike, tensor } from "../../../src/index.ts";

export type Float = "float32" | "float64";

/** The ordinary arguments of an entry, in their order. */
export const ordinary = ({ inputs, sizes = {} }: Entry, more: Sizes = {}): Tensor[] =>
  Object.values(inputs).map((input) => input.ordinary({ ...sizes, ...more }));

/** Arguments in a precision, plain numbers of indices as int32; those that the loss is differentiated by as leaves. */
export function leavesOf({ inputs, sizes = {} }: Entry, values: readonly TensorLike[], float: Float): Tensor[] {
  return Object.values(inputs).map((input, i) => {
    const given = values[i];
    const { dtype } = given instanceof Tensor ? given : input.ordinary(sizes);
    if (dtype === "int32") return tensor(given, { dtype });
    return tensor(given, { dtype: float, requiresGrad: input.differentiable });
  });
}

/** A loss which draws the same lots at each call, if it draws any. */
export const seeded =
  (name: string): ReturnType<typeof lossOf> =>
  (...args) => {
    manualSeed(0);
    return lossOf(name)(...args);
  };

/**
 * 1/n, 2/n, ...: what a loss for each term is weighted by before it is differentiated, so that no two terms weigh
 * alike.
 */
export const termWeights = (value: Tensor): Tensor =>
  tensor(
    Array.from({ length: value.size }, (_, i) => (value.ndim === 0 ? 1 : (i + 1) / value.size)),
    { dtype: value.dtype === "float64" ? "float64" : "float32", shape: value.shape },
  );

/** The loss as a function of the arguments that it is differentiated by, with the others fixed; a scalar. */
export function ofDifferentiable(name: string, entry: Entry, values: readonly Tensor[], options: object) {
  const which = Object.values(entry.inputs).flatMap(({ differentiable }, i) => (differentiable ? [i] : []));
  const fn = (...given: Tensor[]): Tensor => {
    const all = [...values];
    for (const [k, i] of which.entries()) all[i] = given[k];
    const value = seeded(name)(...all, options);
    return value.ndim === 0 ? value : value.mul(termWeights(value)).sum();
  };
  return { fn, at: which.map((i) => values[i]) };
}

/** Value and gradients (null where the loss is not differentiated) of a call. */
export function differentiated(
  name: string,
  entry: Entry,
  values: readonly TensorLike[],
  options: object,
  float: Float,
) {
  const leaves = leavesOf(entry, values, float);
  const value = seeded(name)(...leaves, options);
  const total = value.ndim === 0 ? value : value.mul(termWeights(value)).sum();
  const wanted = leaves.filter((t) => t.requiresGrad);
  const gradients = total.requiresGrad ? grad(total, wanted, { allowUnused: true }) : wanted.map((t) => t.mul(0));
  return { value, gradients: leaves.map((t) => (t.requiresGrad ? gradients[wanted.indexOf(t)] : null)) };
}
