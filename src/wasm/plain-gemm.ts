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
  // A column is stored as a row is, and cT = op(b)T op(a)T makes the inner loop the long one.
  if (n === 1 && m > 1) {
    plainGemm(c, b, a, 1, m, k, false, !transposeA, cOffset, bOffset, aOffset);
    return;
  }
  const aRow = transposeA ? 1 : k;
  const aColumn = transposeA ? m : 1;
  const bRow = transposeB ? 1 : n;
  const bColumn = transposeB ? k : 1;
  // Four rows of op(b) at a time: each sum is then loaded and stored once for four multiplications.
  const wholeFours = k - (k % 4);
  const sums = new Float64Array(n);
  for (let i = 0; i < m; i++) {
    sums.fill(0);
    for (let p = 0; p < wholeFours; p += 4) {
      const aStart = aOffset + i * aRow + p * aColumn;
      const a0 = a[aStart];
      const a1 = a[aStart + aColumn];
      const a2 = a[aStart + 2 * aColumn];
      const a3 = a[aStart + 3 * aColumn];
      let b0 = bOffset + p * bRow;
      for (let j = 0; j < n; j++) {
        sums[j] += a0 * b[b0] + a1 * b[b0 + bRow] + (a2 * b[b0 + 2 * bRow] + a3 * b[b0 + 3 * bRow]);
        b0 += bColumn;
      }
    }
    for (let p = wholeFours; p < k; p++) {
      const factor = a[aOffset + i * aRow + p * aColumn];
      const bStart = bOffset + p * bRow;
      for (let j = 0; j < n; j++) sums[j] += factor * b[bStart + j * bColumn];
    }
    c.set(sums, cOffset + i * n);
  }
}
