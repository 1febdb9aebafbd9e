import { afterEach, describe, expect, it } from "vitest";
import { gemmScratchBytes, multiplyScratchBytes } from "../../src/wasm/gemm-kernel.ts";
import { type FloatArray, gemm } from "../../src/wasm/matmul.ts";
import { multiples, offsetTable } from "../../src/wasm/offset-tables.ts";
import { layOut, reserve, useSimd } from "../../src/wasm/runtime.ts";

afterEach(() => useSimd(true));

/** Whole numbers from -3 to 3: sums of their products are exact in float32 too, in any order. */
function integers(length: number, seed: number): Float64Array {
  return Float64Array.from({ length }, (_, i) => ((((i + seed) * 7919) % 2003) % 7) - 3);
}

/** Fractions in [-1, 1), exact in float32. */
function fractions(length: number, seed: number): Float64Array {
  return Float64Array.from({ length }, (_, i) => Math.fround((((i + seed) * 7919) % 2003) / 1001.5 - 1));
}

/** op(a) op(b) by the definition, in float64. */
function reference(a: FloatArray, b: FloatArray, m: number, n: number, k: number, tA: boolean, tB: boolean) {
  const product = new Float64Array(m * n);
  for (let p = 0; p < k; p++) {
    for (let ij = 0; ij < m * n; ij++) {
      const i = Math.floor(ij / n);
      const j = ij % n;
      product[ij] += (tA ? a[p * m + i] : a[i * k + p]) * (tB ? b[j * k + p] : b[p * n + j]);
    }
  }
  return product;
}

const layouts = [
  { name: "NN", transposeA: false, transposeB: false },
  { name: "NT", transposeA: false, transposeB: true },
  { name: "TN", transposeA: true, transposeB: false },
  { name: "TT", transposeA: true, transposeB: true },
];
const paths = [
  { name: "SIMD", simd: true, type: Float32Array },
  { name: "plain float32", simd: false, type: Float32Array },
  { name: "plain float64", simd: false, type: Float64Array },
];

/** Where the first element differs, or -1. */
function firstDifference(actual: FloatArray, expected: FloatArray): number {
  return expected.findIndex((value: number, i: number) => value !== actual[i]);
}

describe.each(paths)("gemm on the $name path", ({ simd, type }) => {
  describe.each(layouts)("$name", ({ transposeA, transposeB }) => {
    it("agrees with the definition for every size around the tile and the cache blocks", () => {
      useSimd(simd);
      const sizes = [
        ...[1, 3, 4, 5, 11, 12, 13].flatMap((m) => [1, 3, 4, 5, 8, 9, 12, 13].map((n) => [m, n])),
        ...[
          [1, 130],
          [130, 1],
          [64, 65],
          [65, 64],
          [128, 252],
          [129, 253],
          [130, 265],
        ],
      ];
      for (const [m, n] of sizes) {
        for (const k of [1, 3, 4, 5, 12, 65, ...(m * n < 200 ? [256, 257, 520] : [])]) {
          const a = type.from(integers(m * k, 1));
          const b = type.from(integers(k * n, 2));
          const c = new type(m * n).fill(NaN);
          gemm(c, a, b, m, n, k, transposeA, transposeB);
          const expected = reference(a, b, m, n, k, transposeA, transposeB);
          expect(firstDifference(c, expected), `${m} x ${n} x ${k}`).toBe(-1);
        }
      }
    });

    it("reads and writes at offsets only", () => {
      useSimd(simd);
      const [m, n, k] = [9, 14, 7];
      const a = type.from(integers(m * k + 20, 3));
      const b = type.from(integers(k * n + 20, 4));
      const c = new type(m * n + 20).fill(-5);
      gemm(c, a, b, m, n, k, transposeA, transposeB, 6, 3, 11);
      const expected = reference(a.subarray(3), b.subarray(11), m, n, k, transposeA, transposeB);
      expect([...c.subarray(6, 6 + m * n)]).toEqual([...expected]);
      expect([...c.subarray(0, 6), ...c.subarray(6 + m * n)]).toEqual(new Array(20).fill(-5));
    });

    it("propagates NaN and Infinity, also through zeros, to their row and column only", () => {
      useSimd(simd);
      const [m, n, k] = [6, 15, 9];
      const a = new type(m * k);
      const b = new type(k * n).fill(1);
      const p = 4;
      a[transposeA ? p * m + 2 : 2 * k + p] = NaN;
      b[transposeB ? 7 * k + p : p * n + 7] = Infinity;
      const c = new type(m * n);
      gemm(c, a, b, m, n, k, transposeA, transposeB);
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < n; j++) expect(Number.isNaN(c[i * n + j]), `${i}, ${j}`).toBe(i === 2 || j === 7);
      }
    });
  });

  it("gives zeros for k = 0 and does nothing for m = 0 or n = 0", () => {
    useSimd(simd);
    const none = new type(0);
    const c = new type(30).fill(7);
    gemm(c, none, none, 5, 4, 0, false, false);
    expect([...c]).toEqual([...new Array(20).fill(0), ...new Array(10).fill(7)]);
    gemm(c, none, new type(12), 0, 4, 3, false, true);
    gemm(c, new type(12), none, 4, 0, 3, true, false);
    expect([...c]).toEqual([...new Array(20).fill(0), ...new Array(10).fill(7)]);
  });
});

describe("the rounding of gemm", () => {
  const [m, n, k] = [7, 13, 520];
  const a = Float32Array.from(fractions(m * k, 1));
  const b = Float32Array.from(fractions(k * n, 2));
  const exact = reference(a, b, m, n, k, false, false);
  const magnitude = reference(a.map(Math.abs), b.map(Math.abs), m, n, k, false, false);

  it("stays below the bound for a sum of k products in float32", () => {
    const c = new Float32Array(m * n);
    gemm(c, a, b, m, n, k, false, false);
    // |error| <= k u / (1 - k u) sum |a| |b|, whatever the order of the sum (Higham 2002, section 3.1).
    const bound = (k * 2 ** -24) / (1 - k * 2 ** -24);
    for (const [i, value] of c.entries()) expect(Math.abs(value - exact[i])).toBeLessThanOrEqual(bound * magnitude[i]);
  });

  it("is that of one rounding on the plain path", () => {
    useSimd(false);
    const c = new Float32Array(m * n);
    gemm(c, a, b, m, n, k, false, false);
    // Half a unit in the last place, and the float64 errors of this sum and of the reference's.
    for (const [i, value] of c.entries()) {
      const bound = 2 ** -24 * Math.abs(exact[i]) + 2 * k * 2 ** -53 * magnitude[i];
      expect(Math.abs(value - exact[i])).toBeLessThanOrEqual(bound);
    }
  });
});

it("gemm grows its memory as the operands do", () => {
  const [m, n, k] = [3, 700_000, 2];
  const c = new Float32Array(m * n);
  gemm(c, new Float32Array(m * k).fill(2), new Float32Array(k * n).fill(3), m, n, k, false, false);
  expect(c.every((value) => value === 12)).toBe(true);
});

it("the gemm kernel adds to c when told to, for any strides", () => {
  const [m, n, k] = [5, 6, 300];
  const [, aAt, bAt, cAt, end] = layOut(gemmScratchBytes(m, n, k), 4 * m * k, 4 * k * n, 8 * m * n);
  const simd = reserve(end);
  const a = integers(m * k, 5);
  const b = integers(k * n, 6);
  simd!.floats.set(a, aAt / 4);
  simd!.floats.set(b, bAt / 4);
  const c = simd!.floats.subarray(cAt / 4, cAt / 4 + 2 * m * n).fill(1);
  // c is stored transposed, in every second place.
  simd!.kernels.gemm(cAt, 8, 8 * m, aAt, 4 * k, 4, bAt, 4 * n, 4, m, n, k, 1, 0);
  const product = reference(a, b, m, n, k, false, false);
  const expected = Float64Array.from({ length: 2 * m * n }, (_, index) => {
    const [i, j] = [(index / 2) % m, Math.floor(index / 2 / m)];
    return index % 2 === 0 ? 1 + product[i * n + j] : 1;
  });
  expect(firstDifference(c, expected)).toBe(-1);
});

it("the multiply kernel reads but does not write where its tables go on", () => {
  const [m, n, k] = [2, 5, 3];
  const [, tableAt, aAt, bAt, cAt, end] = layOut(multiplyScratchBytes, 4 * 32, 4 * 32, 4 * 32, 4 * 64);
  const simd = reserve(end);
  // One table serves all six: rows and columns of every matrix are a float apart, so that element (i, j) is at i + j.
  simd!.integers.set(offsetTable(multiples(21, 1)), tableAt / 4);
  simd!.floats.fill(1, aAt / 4, cAt / 4);
  const c = simd!.floats.subarray(cAt / 4, cAt / 4 + 21).fill(0);
  const tables = [tableAt, tableAt];
  simd!.kernels.multiply(cAt, ...tables, aAt, ...tables, bAt, ...tables, m, n, k, 0, 0);
  expect([...c]).toEqual([...new Array(m + n - 1).fill(k), ...new Array(21 - (m + n - 1)).fill(0)]);
});

it("gemm takes operands of mixed types on the plain path", () => {
  const c = new Float64Array(1);
  gemm(c, new Float32Array([1, 2]), new Float64Array([0.1, 0.2]), 1, 1, 2, false, false);
  expect(c[0]).toBeCloseTo(0.5, 15);
});
