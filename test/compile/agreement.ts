import { expect } from "vitest";
import type { Tensor } from "../../src/index.ts";

/** What a dtype allows between two ways of computing a thing, of the largest magnitude in it. */
const precisions = { float32: 1e-5, float64: 1e-10, int32: 0, bool: 0 };

/** Shape, dtype and values agree: NaN with NaN, infinities exactly, numbers within `precision` of the largest. */
export function expectAgreement(
  what: string,
  found: Tensor,
  expected: Tensor,
  precision = precisions[expected.dtype],
): void {
  expect([found.dtype, found.shape], what).toEqual([expected.dtype, expected.shape]);
  let scale = 0;
  for (const v of expected.data) if (Number.isFinite(v)) scale = Math.max(scale, Math.abs(v));
  for (let i = 0; i < expected.size; i++) {
    const [f, e] = [found.data[i], expected.data[i]];
    if (Object.is(f, e) || f === e) continue;
    const near = Math.abs(f - e) <= precision * scale; // false for NaN and for infinities
    if (!near) expect.fail(`${what}[${i}] is ${f}, not ${e} (largest magnitude ${scale})`);
  }
}

/** `expectAgreement` of lists, or of the tensors of two objects. */
export function expectAllAgree(
  what: string,
  found: Readonly<Record<string, Tensor>> | readonly Tensor[],
  expected: Readonly<Record<string, Tensor>> | readonly Tensor[],
): void {
  expect(Object.keys(found), what).toEqual(Object.keys(expected));
  for (const [name, e] of Object.entries(expected)) {
    expectAgreement(`${what} ${name}`, (found as Readonly<Record<string, Tensor>>)[name], e);
  }
}
