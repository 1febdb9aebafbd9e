import { gemmScratchBytes } from "./gemm-kernel.ts";
import { type FloatArray, plainGemm } from "./plain-gemm.ts";
import { layOut, reserve } from "./runtime.ts";

export type { FloatArray } from "./plain-gemm.ts";

/** Multiplications below which the plain loops are faster than the copies in and out of WebAssembly memory. */
const simdThreshold = 128;

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
  const allFloat32 = c instanceof Float32Array && a instanceof Float32Array && b instanceof Float32Array;
  if (allFloat32 && m * n * k >= simdThreshold) {
    const [, aAt, bAt, cAt, end] = layOut(gemmScratchBytes(m, n, k), 4 * m * k, 4 * k * n, 4 * m * n);
    const simd = reserve(end);
    if (simd) {
      simd.floats.set(a.subarray(aOffset, aOffset + m * k), aAt / 4);
      simd.floats.set(b.subarray(bOffset, bOffset + k * n), bAt / 4);
      const [aRow, aColumn] = transposeA ? [4, 4 * m] : [4 * k, 4];
      const [bRow, bColumn] = transposeB ? [4, 4 * k] : [4 * n, 4];
      simd.kernels.gemm(cAt, 4 * n, 4, aAt, aRow, aColumn, bAt, bRow, bColumn, m, n, k, 0, 0);
      c.set(simd.floats.subarray(cAt / 4, cAt / 4 + m * n), cOffset);
      return;
    }
  }
  plainGemm(c, a, b, m, n, k, transposeA, transposeB, cOffset, aOffset, bOffset);
}
