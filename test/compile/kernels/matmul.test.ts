import { describe, expect, it } from "vitest";
import type { Layout } from "../../../src/compile/kernel.ts";
import { type Epilogue, float32Matmul, lowerMatmul, matmulKernel } from "../../../src/compile/kernels/matmul.ts";
import { type MatmulPlan, planMatmul } from "../../../src/compile/kernels/matmul-plan.ts";
import type { DType } from "../../../src/tensor/dtype.ts";
import { sizeOf } from "../../../src/tensor/shape.ts";
import { Tensor } from "../../../src/tensor/tensor.ts";
import { f32, i32 } from "../../../src/wasm/instructions.ts";
import { plainGemm } from "../../../src/wasm/plain-gemm.ts";
import { runKernel } from "./run-kernel.ts";

interface Case {
  batch?: readonly number[];
  m: number;
  n: number;
  k: number;
  transposeA: boolean;
  transposeB: boolean;
  dtype: DType;
}

/** Whole numbers from -3 to 3: sums of their products are exact in float32 too, in any order. */
function integers(shape: readonly number[], dtype: DType, seed: number): Tensor {
  const values = Float64Array.from({ length: sizeOf(shape) }, (_, i) => ((((i + seed) * 7919) % 2003) % 7) - 3);
  return new Tensor(dtype === "float32" ? Float32Array.from(values) : values, shape, dtype);
}

function operands({ batch = [], m, n, k, transposeA, transposeB, dtype }: Case) {
  const a = integers([...batch, ...(transposeA ? [k, m] : [m, k])], dtype, 1);
  const b = integers([...batch, ...(transposeB ? [n, k] : [k, n])], dtype, 2);
  const output: Layout = { shape: [...batch, m, n], dtype };
  return { a, b, output };
}

function expected(a: Tensor, b: Tensor, { batch = [], m, n, k, transposeA, transposeB }: Case): Float64Array {
  const product = new Float64Array(sizeOf(batch) * m * n);
  const [x, y] = [Float64Array.from(a.data), Float64Array.from(b.data)];
  for (let i = 0; i < sizeOf(batch); i++) {
    plainGemm(product, x, y, m, n, k, transposeA, transposeB, i * m * n, i * m * k, i * k * n);
  }
  return product;
}

function expectExact(c: Case): void {
  const { a, b, output } = operands(c);
  const actual = runKernel(lowerMatmul, output, [a, b], c);
  const wanted = expected(a, b, c);
  const wrong = wanted.findIndex((value, i) => value !== actual[i]);
  expect(wrong, JSON.stringify(c)).toBe(-1);
}

const layouts = [
  { name: "NN", transposeA: false, transposeB: false },
  { name: "NT", transposeA: false, transposeB: true },
  { name: "TN", transposeA: true, transposeB: false },
  { name: "TT", transposeA: true, transposeB: true },
];

describe.each(layouts)("matmul of float32 in $name form", ({ transposeA, transposeB }) => {
  const flags = { transposeA, transposeB, dtype: "float32" } as const;

  it("agrees with the definition for every small size", () => {
    for (const m of [1, 2, 3, 4, 5, 9, 13]) {
      for (const n of [1, 2, 3, 4, 5, 10, 16, 27]) {
        for (const k of [0, 1, 2, 3, 5, 8, 17]) expectExact({ m, n, k, ...flags });
      }
    }
  });

  it("agrees for one row and one column of any length", () => {
    for (const size of [30, 48, 61, 1001]) {
      for (const k of [1, 6, 450]) {
        for (const other of [1, 2, 3]) {
          expectExact({ m: other, n: size, k, ...flags });
          expectExact({ m: size, n: other, k, ...flags });
        }
      }
    }
  });

  it.each([
    [64, 128, 64],
    [65, 131, 67],
    [128, 512, 784],
    [30, 1000, 129],
    [1000, 30, 129],
    [150, 150, 801],
    [500, 8, 900],
    [8, 500, 900],
  ])("agrees for %d x %d x %d, which takes blocks and parts", (m, n, k) => {
    expectExact({ m, n, k, ...flags });
  });

  it("agrees for batches", () => {
    expectExact({ batch: [2, 3], m: 5, n: 7, k: 6, ...flags });
    expectExact({ batch: [40], m: 16, n: 16, k: 17, ...flags });
    expectExact({ batch: [3], m: 70, n: 65, k: 66, ...flags });
    expectExact({ batch: [5], m: 1, n: 20, k: 9, ...flags });
    expectExact({ batch: [5], m: 20, n: 1, k: 9, ...flags });
    expectExact({ batch: [0], m: 20, n: 3, k: 9, ...flags });
    expectExact({ batch: [2], m: 40, n: 500, k: 500, ...flags });
  });

  it("is zero for k = 0 and empty for m = 0 or n = 0", () => {
    expectExact({ m: 70, n: 30, k: 0, ...flags });
    expectExact({ m: 0, n: 3, k: 4, ...flags });
    expectExact({ m: 3, n: 0, k: 4, ...flags });
  });

  it("keeps NaN and infinity in their row and column", () => {
    for (const [m, n, k] of [
      [6, 15, 9],
      [3, 7, 6],
      [66, 130, 101],
      [17, 2, 30],
    ]) {
      const { a, b, output } = operands({ m, n, k, ...flags });
      const [p, row, column] = [4, 2, n - 1];
      a.data.fill(0);
      b.data.fill(1);
      a.data[transposeA ? p * m + row : row * k + p] = NaN;
      b.data[transposeB ? column * k + p : p * n + column] = Infinity;
      const c = runKernel(lowerMatmul, output, [a, b], flags);
      const wrong = c.findIndex((v, i) => Number.isNaN(v) !== (Math.floor(i / n) === row || i % n === column));
      expect(wrong, `${m} x ${n} x ${k}`).toBe(-1);
    }
  });

  it("rounds within the bound of a sum of k products", () => {
    for (const [m, n, k] of [
      [37, 50, 900],
      [2, 9, 900],
      [100, 1, 900],
    ]) {
      const { a, b, output } = operands({ m, n, k, ...flags });
      for (const { data } of [a, b]) for (const i of data.keys()) data[i] = Math.sin(i * 1.7 + data[i]);
      const c = runKernel(lowerMatmul, output, [a, b], flags);
      const exact = expected(a, b, { m, n, k, ...flags });
      const [x, y] = [a, b].map((t) => new Tensor(t.data.map(Math.abs) as Float32Array, t.shape, t.dtype));
      const magnitude = expected(x, y, { m, n, k, ...flags });
      // |error| <= k u / (1 - k u) sum |a| |b|, whatever the order of the sum (Higham 2002, section 3.1).
      const bound = (k * 2 ** -24) / (1 - k * 2 ** -24);
      expect(exact.findIndex((value, i) => Math.abs(c[i] - value) > bound * magnitude[i])).toBe(-1);
    }
  });

  it("applies an epilogue once to every row", () => {
    for (const c of [
      { m: 5, n: 7, k: 6 },
      { m: 100, n: 70, k: 120 },
      { m: 128, n: 300, k: 801 },
      { m: 301, n: 1, k: 400 },
      { m: 301, n: 1, k: 3 },
      { m: 3, n: 1000, k: 64 },
      { m: 1, n: 1, k: 5 },
      { m: 33, n: 3, k: 801 },
      { batch: [3], m: 9, n: 5, k: 4 },
    ]) {
      const shape = { ...c, ...flags };
      const { a, b, output } = operands(shape);
      const { n } = c;
      const doubleAndAddOne: Epilogue = (_module, f, rowStart, rowEnd, at) => {
        const address = f.let(i32.add(i32.mul(rowStart, 4 * n), at.output));
        const end = f.let(i32.add(i32.mul(rowEnd, 4 * n), at.output));
        f.while(i32.ltU(address, end), () => {
          f.do(f32.store(address, f32.add(f32.mul(f32.load(address), 2), 1)));
          f.set(address, i32.add(address, 4));
        });
      };
      const lower = (...args: Parameters<typeof lowerMatmul>) => matmulKernel(...args, doubleAndAddOne);
      const actual = runKernel(lower, output, [a, b], shape);
      const wrong = expected(a, b, shape).findIndex((value, i) => 2 * value + 1 !== actual[i]);
      expect(wrong, JSON.stringify(c)).toBe(-1);
    }
  });

  it.each<Partial<MatmulPlan>>([
    { packB: "no" },
    { packB: "part" },
    { packB: "shared", rowsInPart: 16, columnParts: 2 },
    { packB: "part", columnParts: 2 },
    { packA: true, rowBlock: 8, rowsInPart: 16 },
    { packA: true, packB: "part", rowsInPart: 16, columnParts: 3, depthStep: 7 },
    { packB: "no", depthStep: 8, rowBlock: 4 },
    { form: "dots", rowsInPart: 8, columnParts: 3 },
  ])("agrees whatever the plan: %j", (chosen) => {
    if (transposeB && chosen.packB === "no") return;
    if (!transposeA && chosen.packA) return;
    if (chosen.form === "dots" && (transposeA || !transposeB)) return;
    for (const [m, n, k] of [
      [32, 48, 24],
      [37, 53, 31],
      [22, 21, 15],
      [17, 30, 50],
    ]) {
      const c = { batch: [2], m, n, k, ...flags };
      const { a, b, output } = operands(c);
      const lower = () => float32Matmul(planMatmul({ ...c, batch: 2 }, chosen));
      const actual = runKernel(lower, output, [a, b], c);
      const wrong = expected(a, b, c).findIndex((value, i) => value !== actual[i]);
      expect(wrong, `${m} x ${n} x ${k}`).toBe(-1);
    }
  });

  it("agrees in float64", () => {
    const double = { ...flags, dtype: "float64" } as const;
    for (const m of [0, 1, 3, 4, 9]) {
      for (const n of [0, 1, 2, 5, 8]) {
        for (const k of [0, 1, 2, 7]) expectExact({ m, n, k, ...double });
      }
    }
    expectExact({ batch: [2, 2], m: 3, n: 5, k: 4, ...double });
  });
});

it("counts two operations for each product", () => {
  const [a, b]: Layout[] = [
    { shape: [3, 4, 5], dtype: "float32" },
    { shape: [3, 5, 6], dtype: "float32" },
  ];
  const output: Layout = { shape: [3, 4, 6], dtype: "float32" };
  expect(lowerMatmul(output, [a, b], { transposeA: false, transposeB: false }).operations).toBe(2 * 3 * 4 * 5 * 6);
});
