/** The arrays that the kernels of this folder read and write. */
export type FloatArray = Float32Array | Float64Array;

/**
 * c[m, n] = op(a) op(b) in plain JavaScript. Sums are taken in float64 and rounded once, so that this is also the
 * more exact of the two paths. The arguments are those of `gemm`.
 */
export function plainGemm(
  c: FloatArray,
  a: FloatArray,
  b: FloatArray,
  m: number,
  n: number,
  k: number,
  transposeA: boolean,
  transposeB: boolean,
  cOffset: number,
  aOffset: number,
  bOffset: number,
): void {
  // A column is stored as a row is: cT = op(b)T op(a)T turns the strided walk into one along memory.
  if (n === 1 && m > 1) {
    plainGemm(c, b, a, 1, m, k, false, !transposeA, cOffset, bOffset, aOffset);
    return;
  }
  const aRow = transposeA ? 1 : k;
  const aColumn = transposeA ? m : 1;
  if (transposeB) {
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let aIndex = aOffset + i * aRow;
        const bStart = bOffset + j * k;
        let sum = 0;
        for (let bIndex = bStart; bIndex < bStart + k; bIndex++) {
          sum += a[aIndex] * b[bIndex];
          aIndex += aColumn;
        }
        c[cOffset + i * n + j] = sum;
      }
    }
    return;
  }
  const sums = new Float64Array(n);
  for (let i = 0; i < m; i++) {
    sums.fill(0);
    for (let p = 0; p < k; p++) {
      const factor = a[aOffset + i * aRow + p * aColumn];
      const bStart = bOffset + p * n;
      for (let j = 0; j < n; j++) sums[j] += factor * b[bStart + j];
    }
    c.set(sums, cOffset + i * n);
  }
}
