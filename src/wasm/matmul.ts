import { type FloatArray, plainGemm } from "./plain-gemm.ts";

export type { FloatArray } from "./plain-gemm.ts";

/**
 * c[m, n] = op(a) op(b), row-major.
 *
 * op(a) is [m, k]: a is stored [m, k], or [k, m] when `transposeA`. op(b) is [k, n]: b is stored [k, n], or [n, k] when
 * `transposeB`. Offsets are in elements, for batches. With k = 0 the result is zeros.
 */
export function gemm(
  c: FloatArray,
  a: FloatArray,
  b: FloatArray,
  m: number,
  n: number,
  k: number,
  transposeA: boolean,
  transposeB: boolean,
  cOffset = 0,
  aOffset = 0,
  bOffset = 0,
): void {
  plainGemm(c, a, b, m, n, k, transposeA, transposeB, cOffset, aOffset, bOffset);
}
