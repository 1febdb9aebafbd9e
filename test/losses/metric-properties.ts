import { expect } from "vitest";
import { detectAnomaly, grad, gradcheck, gradgradcheck, random, type Tensor, tensor } from "../../src/index.ts";
import type { Reduction } from "../../src/losses/reduction.ts";

/** Normal float64 numbers that are the same in every run. */
export const normal = (seed: string, shape: readonly number[]): Tensor =>
  new random.Generator(seed).normal(shape, { dtype: "float64" });

/** First and second derivatives against central differences. */
export function expectDerivatives(fn: (...inputs: Tensor[]) => Tensor, ...inputs: Tensor[]): void {
  expect(gradcheck(fn, inputs)).toBe(true);
  expect(gradgradcheck(fn, inputs, { atol: 1e-4, rtol: 1e-3 })).toBe(true);
}

/** sum = the sum of none; mean = sum over the number of terms. Returns the terms. */
export function expectReductions(call: (reduction: Reduction) => Tensor, count?: number): Tensor {
  const terms = call("none");
  const total = terms.sum().item();
  expect(call("sum").shape).toEqual([]);
  expect(call("sum").item()).toBeCloseTo(total, 9);
  expect(call("mean").item()).toBeCloseTo(total / (count ?? terms.size), 9);
  return terms;
}

/** Value and gradients with respect to all inputs, in float32 (or float64 where the inputs are). */
export function differentiate(fn: (...inputs: Tensor[]) => Tensor, ...inputs: Tensor[]) {
  const leaves = inputs.map((x) => tensor(x, { requiresGrad: true }));
  const value = fn(...leaves);
  const gradients = grad(value, leaves, { allowUnused: true });
  return { value: value.item(), gradients: gradients.map(({ data }) => Array.from(data, (v) => v + 0)) }; // no -0
}

/** The value, every gradient, and everything computed on the way is finite. */
export function expectFinite(what: string, fn: (...inputs: Tensor[]) => Tensor, ...inputs: Tensor[]): void {
  const { value, gradients } = detectAnomaly(() => differentiate(fn, ...inputs));
  expect(Number.isFinite(value), `${what}: value ${value}`).toBe(true);
  for (const g of gradients) expect(g.every(Number.isFinite), `${what}: gradient ${g}`).toBe(true);
}

/** Loss 0 and gradient 0, exactly. */
export function expectZero(fn: (...inputs: Tensor[]) => Tensor, ...inputs: Tensor[]): void {
  const { value, gradients } = differentiate(fn, ...inputs);
  expect(value).toBe(0);
  for (const g of gradients) expect(g.every((v) => v === 0)).toBe(true);
}

/** Float32 batches [4, 3] at which a distance, a cosine or a norm is at the end of its domain. */
export const degenerate: Record<string, number[][]> = {
  same: Array.from({ length: 4 }, () => [1, 2, 3]),
  zero: Array.from({ length: 4 }, () => [0, 0, 0]),
  opposite: [1, -1, 1, -1].map((s) => [s, 2 * s, 3 * s]),
  axes: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
    [-1, 0, 0],
  ],
  large: [
    [1e4, 0, 0],
    [-1e4, 0, 0],
    [0, 1e4, 0],
    [1e4, 1e4, -1e4],
  ],
  tiny: [
    [1e-20, 0, 0],
    [0, 1e-30, 0],
    [1e-38, 0, 1e-15],
    [0, 0, 0],
  ],
};

/** `fn` stays finite, in value and gradient, on every pair of degenerate float32 batches. */
export function expectFiniteEverywhere(name: string, fn: (a: Tensor, b: Tensor) => Tensor): void {
  for (const [i, a] of Object.entries(degenerate)) {
    for (const [j, b] of Object.entries(degenerate)) expectFinite(`${name} of ${i} and ${j}`, fn, tensor(a), tensor(b));
  }
}

/** The rows of x in another order. */
export const permuted = (x: Tensor, order: readonly number[]): Tensor => x.indexSelect(0, order);

/** Two ways to write one loss agree, in value and in gradients by all inputs. */
export function expectSame(
  one: (...inputs: Tensor[]) => Tensor,
  other: (...inputs: Tensor[]) => Tensor,
  ...inputs: Tensor[]
): void {
  const [first, second] = [one, other].map((fn) => differentiate(fn, ...inputs));
  expect(first.value).toBeCloseTo(second.value, 9);
  for (const [i, gradient] of first.gradients.entries()) {
    for (const [k, g] of gradient.entries()) expect(g, `gradient ${i}[${k}]`).toBeCloseTo(second.gradients[i][k], 9);
  }
}
