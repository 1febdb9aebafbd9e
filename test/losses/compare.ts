import { expect } from "vitest";
import { grad, type Tensor, type TensorLike, tensor } from "../../src/index.ts";

/** The elements, with -0 counted as 0. */
export const values = (t: Tensor): number[] => Array.from(t.data, (v) => v + 0);

/** Every element agrees with what is expected to that many digits after the point. */
export function close(found: Tensor, expected: readonly number[], digits = 6): void {
  expect(found.size).toBe(expected.length);
  for (const [i, e] of expected.entries()) expect(found.data[i], `element ${i}`).toBeCloseTo(e, digits);
}

/** The gradient of a loss at x. */
export function gradientAt(x: TensorLike, loss: (x: Tensor) => Tensor): Tensor {
  const leaf = tensor(x, { requiresGrad: true });
  return grad(loss(leaf), [leaf])[0];
}
